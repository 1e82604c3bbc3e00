/*
 * Directory extensions: attributes of a source that have no place in a target by themselves, chosen
 * by the setting `directory_extensions` of the source. A source knows what such an attribute is; a
 * target must be told of it before it takes values. The rules for them, the metaverse's attributes
 * and what is remembered of both sides: sync/extension.h.
 */
#pragma once

#include "connector/export.h"
#include "connector/settings.h"
#include "model/schema.h"

struct connector;

/*
 * The types of values. X(enum, word of Graph's extensionProperty, type of our value). Times are
 * text in the form of SCHEMA_TIME.
 */
#define EXTENSION_DATA(X)                 \
	X(STRING, "String", STRING)       \
	X(BOOLEAN, "Boolean", BOOLEAN)    \
	X(INTEGER, "Integer", INTEGER)    \
	X(LARGE, "LargeInteger", INTEGER) \
	X(TIME, "DateTime", STRING)       \
	X(BINARY, "Binary", BINARY)
enum extension_data {
#define X(id, ...) EXTENSION_##id,
	EXTENSION_DATA(X)
#undef X
		EXTENSION_DATA_COUNT
};
const char *extension_data_name(enum extension_data d);
/* -1: there is none. */
int extension_data_find(const char *name) _must_check_;
enum value_type extension_value_type(enum extension_data d);

struct extension {
	const char *attr; /* of the source, as its directory spells it */
	const char *name; /* in the metaverse and in the target's connector space */
	enum extension_data data;
	bool multi;
	const char *property; /* in the target; NULL: it is not known there */
	const char *id;       /* of its definition: of another one the values are gone */
	bool users, groups;   /* whose property it is */
	bool missing;         /* the target has it not yet, and it can be made */
	const char *refused;  /* why it cannot be one, half of a sentence; NULL: it can */
};

/* A rule made of the setting. */
struct extension_rule {
	const char *name, *source_class, *target_class;
};

/* Of a type that has the setting. */
struct extension_source {
	const struct extension_rule *rules; /* inbound; the last one has no name */
	/*
	 * Why an attribute of the class (NULL: of a class that can have some) cannot be one, as far
	 * as it is known offline; half of a sentence. NULL: it can.
	 */
	const char *(*problem)(const char *class, const char *attr);
	/* What is known of item->attr offline: fills data, multi, attr's spelling and `refused`. */
	void (*guess)(struct extension *item);
	/*
	 * Asks the directory's schema: fills the same. Strings in the arena. *ret_asked false: the
	 * directory has none, or does not show it; then it is a guess.
	 */
	enum conn_result (*learn)(struct connector *c, struct extension *items, unsigned n,
		struct arena *a, bool *ret_asked, struct err *e) _must_check_;
};

/* Of a type that can be given some. */
struct extension_target {
	const struct extension_rule *rules; /* outbound; the last one has no name */
	/*
	 * Looks up what the directory has of the items and, with `make`, makes what is missing:
	 * fills property, id, users and groups, or `refused`, or (without `make`) `missing`.
	 * Strings in the arena. Not OK: nothing is known.
	 */
	enum conn_result (*define)(struct connector *c, struct extension *items, unsigned n,
		bool make, struct arena *a, struct err *e) _must_check_;
	/*
	 * From here on the attributes belong to the schema of the connector with the settings, and
	 * those with a property are read and written; they are copied. Of the process.
	 */
	void (*use)(const struct settings *s, const struct extension *items, unsigned n);
};
