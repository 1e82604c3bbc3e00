/*
 * Errors of objects that the engine itself gives or knows, by Connect Sync's names (Microsoft
 * Identity Manager's list of object errors, and Connect's additions). One table: the word, when the
 * object is tried again, what to do. A new one is a row; code and SQL name it by its enumerator.
 *
 * What a directory refuses has the directory's own names: they and their advice are in the tables
 * of its connector (connector_type.error_advice), which may also say more about an error of this
 * table. Whatever the name, what is refused is sent again with growing waits.
 */
#pragma once

/* X(enum, what it says to people) */
#define ERROR_RETRIES(X)                          \
	X(CYCLE, "tried again in each cycle")     \
	X(WAIT, "tried again with growing waits") \
	X(CHANGE, "tried again when the object or what is wanted of it changes")
enum error_retry {
#define X(name, words) RETRY_##name,
	ERROR_RETRIES(X)
#undef X
};

/* X(enum, word, retry, what to do; NULL: the text says all there is) */
#define ERROR_TYPES(X)                                                                             \
	X(RULE, "sync-rule-error-function-triggered", CYCLE,                                       \
		"correct the value in the source that the text names, or the rule; "               \
		"\"adsyncctl preview\" shows what each rule gives")                                \
	X(AMBIGUOUS, "ambiguous-import-flow-from-multiple-connectors", CYCLE,                      \
		"two objects of one directory lead to one metaverse object: correct the value "    \
		"that joins them in one of the two, or take it out of scope")                      \
	X(DUPLICATE_ANCHOR, "duplicate-anchor", CYCLE,                                             \
		"two objects have one sourceAnchor: correct mS-DS-ConsistencyGuid of the one "     \
		"that was copied")                                                                 \
	X(MISSING_ANCHOR, "missing-anchor-component", CYCLE,                                       \
		"the object has none of the attributes that sourceAnchor is made of: see the "     \
		"outbound rules and the source")                                                   \
	X(INVALID_VALUE, "invalid-attribute-value", CYCLE,                                         \
		"correct the value in the directory; until then what is known of the object "      \
		"stays")                                                                           \
	X(OBJECT_TOO_LARGE, "object-too-large", CHANGE,                                            \
		"reduce the values of the object in the source")                                   \
	X(NOT_REIMPORTED, "exported-change-not-reimported", WAIT,                                  \
		"the directory keeps another value than was sent: correct the value, or the rule " \
		"that gives it")                                                                   \
	X(DUPLICATE_VALUE, "AttributeValueMustBeUnique", CYCLE,                                    \
		"correct the duplicate value in the source, or remove it from the other object")   \
	X(MEMBER_REMOVAL, "MemberRemovalThresholdExceeded", CYCLE,                                 \
		"look at \"adsyncctl pending diff\"; if the removals are right: "                  \
		"adsyncctl threshold override-once")                                               \
	X(OUTSIDE_SURFACE, "outside-surface", CHANGE,                                              \
		"this write surface cannot send it: \"adsyncctl rules validate\" says which can")  \
	X(ACCEPTED_WITH_WARNING, "accepted-with-warning", CHANGE,                                  \
		"the directory took the object and left out or changed what the text names: "      \
		"correct it in the source; the warning ends when the object is exported without "  \
		"one")                                                                             \
	X(UNKNOWN, "unknown-error", WAIT, NULL)
enum error_type {
#define X(name, word, retry, advice) ERROR_TYPE_##name,
	ERROR_TYPES(X)
#undef X
		ERROR_TYPE_COUNT /* a name that is not in the table: a connector's own */
};

const char *error_type_word(enum error_type t);
/* Of a word; ERROR_TYPE_COUNT when the table does not have it. */
enum error_type error_type_find(const char *word);
/* NULL: nothing is known. */
const char *error_type_advice(enum error_type t);
const char *error_type_retry(enum error_type t); /* for people */
