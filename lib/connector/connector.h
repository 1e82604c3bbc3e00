/*
 * connector: a const vtable between a directory and the import and export steps. A connector
 * emits entries and a cursor, and sends deltas; it knows nothing of the store, the metaverse or
 * the rules. A new kind of directory is a file with a struct connector_type and a row in
 * connector_types[].
 */
#pragma once

#include "base/err.h"
#include "base/record.h"
#include "connector/settings.h"
#include "model/delta.h"
#include "model/schema.h"

/* Who reacts: see convention 5 of the design. */
enum conn_result {
	CONN_OK,
	CONN_OBJECT_BAD, /* record it on the object, go on with the next */
	CONN_RUN_BAD,    /* stop the step: configuration, rights, a broken source */
	CONN_DOWN,       /* not reachable or overloaded: retry in a later cycle */
	CONN_CANCELED,   /* the host asked to stop */
};

/* What the run gives to a connector while it is open. */
struct connector_host {
	bool (*canceled)(void *ctx); /* asked between requests, at least every second */
	void (*record)(void *ctx, const struct record *r);
	void *ctx;
};

/* --- import --- */

struct ref_change {
	unsigned attr;      /* member, manager ... */
	const char *target; /* DN or anchor: connector_type.refs_are_anchors */
	bool add;           /* else removed */
};

struct import_object {
	/* class and anchor set; dn NULL: as known (partial); reference attributes are whole lists
	 */
	struct entry *entry;
	bool partial; /* only the attributes named changed; otherwise all are here */
	bool deleted; /* only the anchor counts */
	const struct ref_change *changes; /* single changes beside whole lists */
	unsigned n_changes;
};

/*
 * Where the connector delivers. Every function returns 0 or a negative errno that the connector
 * must forward at once as CONN_RUN_BAD with *e as the sink filled it.
 */
struct import_sink {
	int (*object)(struct import_sink *s, const struct import_object *o, struct err *e);
	/* An object that could not be read: counted and kept as a discovery error, import goes on.
	 */
	int (*bad)(struct import_sink *s, const char *dn_or_anchor, const char *error_type,
		const char *text, struct err *e);
	/*
	 * All that was delivered up to here is covered by this cursor: both are committed. Empty:
	 * the next import has to be a full one. import_answer.full must be set before.
	 */
	int (*cursor)(struct import_sink *s, const void *cursor, size_t n, struct err *e);
	/*
	 * The complete set of the class's objects whose boolean attribute is true, one call per
	 * object, then one with anchor NULL. The step compares it with the rows that it holds.
	 */
	int (*flag)(struct import_sink *s, const char *class, unsigned attr, const char *anchor,
		struct err *e);
};

struct import_request {
	bool full;          /* ignore the cursor: deliver everything */
	const void *cursor; /* of the last committed import, NULL at the first */
	size_t cursor_len;
	/* attributes that the rules read, besides what the connector always needs */
	const unsigned *attrs;
	unsigned n_attrs;
};

struct import_answer {
	bool full;    /* everything was delivered: what was not seen is gone (obsolete) */
	bool nothing; /* the source says nothing has changed since the cursor */
};

/* --- export --- */

enum export_kind {
	EXPORT_OBJECT, /* add, update: attributes */
	EXPORT_LINK,   /* one reference added or removed */
	EXPORT_DELETE,
};

struct export_item {
	int64_t id; /* for export_sink.result */
	enum export_kind kind;
	enum delta_op op;     /* OBJECT: ADD or UPDATE; LINK: ADD or DELETE */
	bool unknown_outcome; /* an earlier send was never answered: look it up by anchor first */
	const char *class;    /* "user" */
	const char *dn;       /* CN={...} */
	const char *anchor;   /* NULL before the first export */
	const struct entry *wanted; /* OBJECT: all owned attributes */
	const struct delta *delta;  /* OBJECT: those to send */
	unsigned link_attr;         /* LINK */
	const char *target_class;
	const char *target_anchor;
};

struct export_outcome {
	enum conn_result result; /* OK, OBJECT_BAD */
	const char *anchor;      /* after an add, the anchor that the service gave */
	const char *error_type;  /* OBJECT_BAD: "AttributeValueMustBeUnique" ... */
	const char *text;        /* the service's words */
	bool outside_surface;    /* not sendable on this write surface: not a failure */
	bool soa_in_cloud;       /* refused since isCloudManaged is true */
};

struct export_source {
	/*
	 * 1: *ret is the next item (valid until its result is reported), 0: none left, negative:
	 * stop with *e. The items of one export() call may be sent in any order and in parallel.
	 */
	int (*next)(struct export_source *s, struct export_item *ret, struct err *e);
	/* Outcome of one item, in any order, exactly once each unless export() fails as a whole. */
	int (*result)(
		struct export_source *s, int64_t id, const struct export_outcome *o, struct err *e);
	/* Called when items pulled so far really leave (before the first byte of a request). */
	int (*sending)(struct export_source *s, struct err *e);
};

struct connector; /* an open one; each type has its own struct with this first */

struct connector_type {
	const char *name; /* "ad", "entra" */
	bool refs_are_anchors;
	const struct option_def *options;
	unsigned n_options;
	/* Checks what the table cannot; offline. */
	int (*check)(const struct settings *s, struct err *e);
	/* Offline: what the rules are checked against; static. settings NULL: none configured. */
	const struct schema *(*schema)(const struct settings *s);
	/*
	 * %Domain.FQDN%, %Domain.Netbios%, %Forest.FQDN% ... NULL for an unknown one; offline.
	 * The text lives in the arena or in s.
	 */
	const char *(*parameter)(const struct settings *s, const char *name, struct arena *a);

	/* Prepares; connects lazily. `host` outlives the connector. */
	enum conn_result (*open)(const struct settings *s, const struct connector_host *host,
		struct connector **ret, struct err *e);
	void (*close)(struct connector *c); /* NULL is fine */
	enum conn_result (*import)(struct connector *c, const struct import_request *req,
		struct import_sink *sink, struct import_answer *ret, struct err *e);
	/* NULL: the connector does not export. */
	enum conn_result (*export)(
		struct connector *c, struct export_source *source, struct err *e);
};

extern const struct connector_type *const connector_types[]; /* NULL-terminated */
const struct connector_type *connector_type_find(const char *name);
