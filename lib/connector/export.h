/* What a connector gets to write, and what it says of each. */
#pragma once

#include "base/err.h"
#include "model/delta.h"

/* The ladder that says who reacts; an int never holds one. X(enum, word) */
#define CONN_RESULTS(X)                                                                         \
	X(OK, "ok")                                                                             \
	X(OBJECT_BAD, "object-bad") /* record it on the object, go on with the next */          \
	X(RUN_BAD, "run-bad")       /* stop the step: configuration, rights, a broken source */ \
	X(DOWN, "down")             /* not reachable or overloaded: retry in a later cycle */   \
	X(CANCELED, "canceled")     /* the host asked to stop */
enum conn_result {
#define X(id, word) CONN_##id,
	CONN_RESULTS(X)
#undef X
};

/* X(enum, word) */
#define EXPORT_KINDS(X)                                          \
	X(OBJECT, "object") /* add, update: attributes */        \
	X(LINK, "link")     /* one reference added or removed */ \
	X(DELETE, "delete")                                      \
	X(RENAME, "rename") /* the DN becomes new_dn; only where the type can */
enum export_kind {
#define X(id, word) EXPORT_##id,
	EXPORT_KINDS(X)
#undef X
};

struct export_item {
	int64_t id; /* for export_source.result */
	enum export_kind kind;
	enum delta_op op;           /* OBJECT: ADD or UPDATE; LINK: ADD or DELETE */
	bool unknown_outcome;       /* an earlier send was not answered: look it up first */
	const char *class;          /* "user" */
	const char *dn;             /* CN={...} */
	const char *anchor;         /* NULL before the first export */
	const char *new_dn;         /* RENAME */
	const struct entry *wanted; /* OBJECT: all owned attributes */
	const struct delta *delta;  /* OBJECT: those to send */
	unsigned link_attr;         /* LINK */
	const char *target_class;
	const char *target_anchor;
	const char *target_dn; /* NULL: not known */
};

struct export_outcome {
	enum conn_result result; /* OK, OBJECT_BAD */
	const char *anchor;      /* after an add, the anchor that the service gave */
	const char
		*error_type;  /* the service's own name, or one of error_type.h; OK: may be NULL */
	const char *text;     /* the service's words; OK: a warning, see sync/export/warning.h */
	bool outside_surface; /* this write surface cannot send it: not a failure */
	/* OBJECT_BAD for these attributes alone; the others were written if rest_sent. */
	const unsigned *refused;
	unsigned n_refused;
	bool rest_sent;
	bool soa_in_cloud; /* refused, since somebody else now has the authority over the object */
};

struct export_source {
	/*
	 * 1: *ret is the next item (valid until its result is reported), 0: none left, negative:
	 * stop with *e. The items of one export() call may be sent in any order and in parallel.
	 * That they are being sent is committed when the call returns.
	 */
	int (*next)(struct export_source *s, struct export_item *ret, struct err *e) _must_check_;
	/*
	 * Outcome of one item, in any order, exactly once each unless export() fails as a whole.
	 * Committed with others when the connector waits for the network (connector_host.waiting).
	 */
	int (*result)(struct export_source *s, int64_t id, const struct export_outcome *o,
		struct err *e) _must_check_;
	/* Called before the first byte of a request with the items pulled so far leaves. */
	int (*sending)(struct export_source *s, struct err *e) _must_check_;
};
