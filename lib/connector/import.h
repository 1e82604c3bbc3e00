/* What a connector delivers to the import step, and how. */
#pragma once

#include "base/err.h"
#include "model/delta.h"

struct ref_change {
	unsigned attr;      /* member, manager ... */
	const char *target; /* as a reference value: see connector_type.refs_are_anchors */
	bool add;           /* else removed */
};

struct import_object {
	/*
	 * Anchor set. Class and dn may be NULL in a partial one: as known. Reference attributes are
	 * whole lists.
	 */
	struct entry *entry;
	bool partial; /* only the attributes named changed; otherwise all are here */
	bool deleted; /* it is gone, and so are the references to it; only the anchor counts */
	bool left;    /* it left what is imported but exists; only the anchor counts */
	/*
	 * The entry also has what this directory does not show otherwise (SCHEMA_UNREADABLE), all
	 * of it: what it does not mention of that is not there.
	 */
	bool tells_hidden;
	const struct ref_change *changes; /* single changes beside whole lists */
	unsigned n_changes;
};

struct container_move {
	const char *anchor, *dn; /* the DN that it has now */
};

/*
 * Where the connector delivers. Every function returns 0 or a negative errno; after that the
 * connector must end at once with CONN_RUN_BAD. What is delivered is written in a transaction that
 * the step begins by itself and commits when the connector waits for the network
 * (connector_host.waiting), at a cursor, and from time to time.
 */
struct import_sink {
	int (*object)(
		struct import_sink *s, const struct import_object *o, struct err *e) _must_check_;
	/*
	 * An object that could not be read: counted and kept as a discovery error; the import goes
	 * on. anchor NULL: it could not be read either.
	 */
	int (*bad)(struct import_sink *s, const char *dn, const char *anchor,
		const char *error_type, const char *text, struct err *e) _must_check_;
	/*
	 * This cursor covers everything that was delivered up to here: both are committed together.
	 * An empty one: the next import must be a full one. import_answer.full must be set before.
	 */
	int (*cursor)(
		struct import_sink *s, const void *cursor, size_t n, struct err *e) _must_check_;
	/*
	 * The complete set of the class's objects whose boolean attribute, one of those of
	 * connector_type.authorities, is true: one call per object, then one with anchor NULL. The
	 * step compares it with the rows that it holds. One set after the other.
	 */
	int (*flag)(struct import_sink *s, const char *class, unsigned attr, const char *anchor,
		struct err *e) _must_check_;
	/*
	 * A delta import is not possible after all: from here on everything is delivered, as in a
	 * full import. The reason is for people.
	 */
	int (*full)(struct import_sink *s, const char *reason, struct err *e) _must_check_;
	/* Something that the operator should know; the import goes on. */
	void (*note)(struct import_sink *s, const char *text);
	/*
	 * The class was not read, or not to its end: its objects that were not delivered are not
	 * gone, and stay as they are. Called after the last object of the class.
	 */
	int (*keep)(struct import_sink *s, const char *class, struct err *e) _must_check_;
	/* The names that the directory gives itself, kept for connector_type.parameter(). */
	int (*names)(struct import_sink *s, const char *text, struct err *e) _must_check_;
	/* 1: by earlier imports the directory has an object with this anchor, 0: it has not. */
	int (*known)(struct import_sink *s, const char *anchor, struct err *e) _must_check_;

	/*
	 * Containers (OUs ...), kept so that the DNs of what is below follow when one is renamed.
	 * container: it is there, under this DN. 0: as known, or new; IMPORT_MOVED: it is known
	 * under another DN (*ret_old, valid until the next call), which stays until
	 * containers_moved() is told; IMPORT_OTHER: `sure` is false and the anchor is not known as
	 * one. In a full import the new DN simply holds.
	 */
	int (*container)(struct import_sink *s, const char *anchor, const char *dn, bool sure,
		const char **ret_old, struct err *e) _must_check_;
	int (*container_gone)(
		struct import_sink *s, const char *anchor, struct err *e) _must_check_;
	/* All at once, since they may have taken each other's names. */
	int (*containers_moved)(struct import_sink *s, const struct container_move *moves,
		unsigned n, struct err *e) _must_check_;
};
#define IMPORT_MOVED 1
#define IMPORT_OTHER 2

struct import_request {
	/* Deliver everything, whatever the cursor covers. */
	bool full;
	const void *cursor; /* of the last committed import; NULL: there was none */
	size_t cursor_len;
	const char *names; /* that the last import kept; NULL: none */
	/* attributes that the rules read, besides what the connector always needs */
	const unsigned *attrs;
	unsigned n_attrs;
	/* classes of which some rule reads objects, or makes them and they are sent */
	const char *const *classes;
	unsigned n_classes;
};

/* Are objects of the class of use? */
static inline bool import_reads(const struct import_request *req, const char *class)
{
	for (unsigned i = 0; i < req->n_classes; i++)
		if (strcmp(req->classes[i], class) == 0)
			return true;
	return false;
}

struct import_answer {
	bool full;    /* everything was delivered: what was not seen is gone (obsolete) */
	bool nothing; /* the source says nothing has changed since the cursor */
	bool retries; /* what could not be read is in the cursor and tried again by itself */
};
