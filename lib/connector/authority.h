/*
 * Somebody else's authority over objects of a directory: what it is called, and moving it. All
 * functions need an open connector with nothing in flight.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "connector/export.h"
#include "model/authority.h"

struct connector;

/*
 * Somebody else who may have the authority over an object of the directory, and over what of it.
 * Over which objects, the import tells: import_sink.flag().
 */
struct authority_def {
	const char *attr; /* the attribute of the entry that says so */
	enum authority authority;
	/* for people: what says so in the directory, and the half of a sentence why a change was
	 * not sent */
	const char *word, *reason;
	const char *const *classes; /* of objects that it may be over; NULL-terminated */
};

#define AUTHORITY_BATCH 20 /* items in one call */

struct authority_item {
	const char *class, *anchor;
	bool is; /* out, of get: the directory's side has it */
	/* out: OK, OBJECT_BAD; the others of the call go on */
	enum conn_result result;
	const char
		*error; /* OBJECT_BAD: the directory's name for it, and its words, in the arena */
	const char *text;
};

/* Another object that has to do with one whose authority is to move. */
struct authority_reference {
	const char *anchor; /* in the form of the connector; NULL: of no class that is imported */
	const char *name;
	bool holder;   /* it is a group that holds the object; else a member of it */
	bool mastered; /* a source has the authority over it */
};

struct authority_type {
	/* The directory's own id in an anchor; borrowed from it. */
	const char *(*id)(const char *anchor);
	/* Reads, now, who has the authority. Not OK: nothing is known of any item. */
	enum conn_result (*get)(struct connector *c, enum authority authority,
		struct authority_item *items, unsigned n, struct arena *a,
		struct err *e) _must_check_;
	/*
	 * Gives it to the directory's side, or takes it back. DOWN, CANCELED and RUN_BAD: each may
	 * have been done or not. A second call does no harm. The caller reads back.
	 */
	enum conn_result (*set)(struct connector *c, enum authority authority, bool managed,
		struct authority_item *items, unsigned n, struct arena *a,
		struct err *e) _must_check_;
	/*
	 * Members of the object, and groups that hold it which somebody has made by hand; in the
	 * arena. OBJECT_BAD: it is not there, or may not be read.
	 */
	enum conn_result (*references)(struct connector *c, const char *anchor, struct arena *a,
		struct authority_reference **ret, unsigned *ret_n, struct err *e) _must_check_;
};
