/*
 * chosen: the arrows of a cycle for a few objects, beside its watermarks: the next cycle looks at
 * them again, and finds nothing left to do. The export is step_export() with sync.chosen. Nothing
 * here ends what it writes: all of it is in a transaction of the caller.
 */
#pragma once

#include "base/bitmap.h"
#include "sync/session.h"

/* One object that a lookup has delivered. */
struct found_object {
	struct import_object object;
	enum counter change; /* what it was to the connector space; set by chosen_import() */
	const char *error;   /* it could not be read: why; only dn and anchor are known */
	int64_t cs;          /* its row; 0: none */
	bool late;           /* it does not show yet what was sent: it is not written */
};

/* What a lookup has delivered of one connector, kept until it can be written. */
struct found {
	struct import_sink sink; /* first: the connector hands it back */
	struct sync_connector *conn;
	struct found_object *objects;
	unsigned n, cap;
	struct found_flag {
		const char *class, *anchor; /* anchor NULL: the list of the class is complete */
		unsigned attr;
	} * flags;
	unsigned n_flags, cap_flags;
	struct arena arena;
};
void found_init(struct found *f, struct sync_connector *c);
void found_done(struct found *f);

/* Writes them into the connector space; objects that are gone or left out change nothing there. */
int chosen_import(struct sync *s, struct found *f, struct err *e) _must_check_;
/* Evaluates those of the rows that are the connector's; then their references that changed. */
int chosen_inbound(struct sync *s, struct sync_connector *c, const struct bitmap *rows,
	struct err *e) _must_check_;
/* Decides these metaverse objects in the connector; then their references that changed. */
int chosen_outbound(struct sync *s, struct sync_connector *c, const struct bitmap *mvs,
	struct err *e) _must_check_;
