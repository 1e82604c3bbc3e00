/*
 * schema: what a connector (or the metaverse) can hold: classes and their attributes. Connectors
 * give theirs as const tables or build them when they open; the rules are checked against them.
 */
#pragma once

#include "model/attr.h"
#include "model/value.h"

enum schema_flag {
	SCHEMA_MULTI = 1 << 0,      /* several values */
	SCHEMA_READ_ONLY = 1 << 1,  /* imported, never exported */
	SCHEMA_WRITE_ONCE = 1 << 2, /* may be sent when the object is created, not later */
	SCHEMA_NEVER_EMPTY =
		1 << 5,        /* the directory gives it a value of its own when there is none */
	SCHEMA_LOCAL = 1 << 4, /* the rules may name it, but the directory has no such attribute */
	/* taken and never shown: what was accepted counts as what the directory has */
	SCHEMA_UNREADABLE = 1 << 3,
	SCHEMA_TIME = 1 << 6, /* text that is a time, in one form: yyyyMMddHHmmss.0Z, in UTC */
	/* the directory compares without case, and may show another */
	SCHEMA_NO_CASE = 1 << 9,
	/* exported only where the directory has no value: one that is there is never overwritten */
	SCHEMA_FILL_ONLY = 1 << 10,
};

struct schema_attr {
	const char *name;
	enum value_type type;
	unsigned flags;
	unsigned authority; /* besides AUTHORITY_ALL, who may have it: a mask of enum authority */
};

struct schema_class {
	const char *name;
	const struct schema_attr *attrs;
	unsigned n_attrs;
	bool never_sent; /* rules may make such objects here, and no export sends them */
	/* the directory itself finds whom an object is: other joins are kept, and not applied */
	bool matched_there;
};

/* Another name under which rules may know an attribute. */
struct schema_alias {
	const char *alias, *name;
};

struct schema {
	const char *name; /* "metaverse", or the connector's type */
	const struct schema_class *classes;
	unsigned n_classes;
	/* AD only: an attribute that the table lacks is a string, multi-valued, readable */
	bool open;
	const struct schema_alias *aliases;
	unsigned n_aliases;
};

/* NULL when there is none. */
const struct schema_class *schema_class_find(const struct schema *s, const char *class);
const struct schema_attr *schema_attr_find(const struct schema_class *c, const char *attr);
/* The name itself when it is no alias. */
const char *schema_attr_name(const struct schema *s, const char *name);
