/*
 * readiness: may the source of authority of an object change? What there is to find is the table
 * readiness_table.inc. lib/sync/migration/check.h asks about everything that the steps know; a type
 * of directory answers what its attributes mean, by the functions here. They are pure.
 */
#pragma once

#include "base/util.h"
#include "model/entry.h"

/* X(enum, word of --json) */
#define READINESS_SEVERITIES(X) \
	X(BLOCKS, "blocks")     \
	X(WARNS, "warns")       \
	X(INFO, "info")
enum readiness_severity {
#define X(id, word) SEVERITY_##id,
	READINESS_SEVERITIES(X)
#undef X
		SEVERITY_COUNT
};
const char *readiness_severity_word(enum readiness_severity s);

enum readiness {
#define READINESS(id, code, severity, why, advice) READINESS_##id,
#include "connector/readiness_table.inc"
#undef READINESS
	READINESS_COUNT
};
struct readiness_row {
	const char *code;
	enum readiness_severity severity;
	const char *why, *advice;
};
/* The table, by enum readiness. */
extern const struct readiness_row readiness_rows[READINESS_COUNT];

struct readiness_sink {
	/* attr NULL: it is about the object; text: what was found, a sentence without an end */
	void (*finding)(
		struct readiness_sink *s, enum readiness what, const char *attr, const char *text);
};
void readiness_tell(struct readiness_sink *s, enum readiness what, const char *attr,
	const char *fmt, ...) _printf_(4, 5);

/* What kind of object a class stands for. */
enum subject_kind {
	SUBJECT_OTHER,
	SUBJECT_USER,
	SUBJECT_GROUP,
	SUBJECT_CONTACT,
};

/* How a value of an attribute is to be seen. */
enum attr_use {
	ATTR_USE_VALUE,   /* people or programs keep something in it */
	ATTR_USE_OWN,     /* the directory's own bookkeeping: nobody misses it elsewhere */
	ATTR_USE_TOLD,    /* look() says what there is to say */
	ATTR_USE_KEPT,    /* a reference that a change of authority keeps (manager, members) */
	ATTR_USE_PARENTS, /* a reference that only mirrors others */
};

/* What a type of directory knows of its objects; see connector_type.readiness. */
struct readiness_facts {
	const char *changed_attr; /* when an object was changed last, as SCHEMA_TIME */
	enum subject_kind (*kind)(const char *class);
	enum attr_use (*use)(const char *attr);
	/* Does the value name an object: in `data`? For attributes whose type is not known. */
	bool (*is_reference)(const struct value *v);
	/* Tells what the attributes of a whole object mean. */
	void (*look)(const struct entry *en, struct readiness_sink *sink);
};
