/*
 * What the store holds, as JSON for the control socket. Pure reading; every list is bounded. All
 * return a new reference, or NULL with *e (-ENOENT: there is no such object).
 */
#pragma once

#include "store/cs.h"
#include "sync/config.h"

#include <jansson.h>

json_t *show_connectors(struct store *s, struct err *e);
/* A row for each class of object in the connector; name NULL: in every connector. */
json_t *show_statistics(struct store *s, const char *name, struct err *e);
json_t *show_runs(struct store *s, unsigned limit, struct err *e);
/* id 0: the last one. */
json_t *show_run(struct store *s, int64_t id, struct err *e);
json_t *show_errors(struct store *s, unsigned limit, struct err *e);
/* connector NULL: all. */
json_t *show_search(struct store *s, const char *connector, const char *text, struct err *e);
/*
 * Objects with a pending export, with what would be sent: {"objects": [...], "next": "..."}. after:
 * the "next" of the page before, NULL at the beginning; connector NULL: all.
 */
json_t *show_pending(struct store *s, const char *connector, const char *after, struct err *e);
/* `name`: a DN or an anchor. */
json_t *show_cs(struct store *s, const char *connector, const char *name, struct err *e);
/* `name`: the number of a metaverse object, or the DN or anchor of an object joined to it. */
json_t *show_mv(struct store *s, const char *name, struct err *e);
/*
 * The deletion threshold in force and configured, what is staged, an unused permission, and the
 * limits of each connector.
 */
json_t *show_threshold(const struct config *cfg, struct store *s, struct err *e);
/*
 * Its settings and, with a store, the state of its import and its numbers. Secrets are not shown,
 * only where they are.
 */
json_t *show_connector(const struct config *cfg, struct store *s, const char *name, struct err *e);
/* The number of the metaverse object that a number, DN or anchor names. */
int show_find_mv(struct store *s, const char *name, int64_t *ret, struct err *e) _must_check_;

/* A row, as a part of the above. */
json_t *show_row(struct store *s, const struct cs_row *row, struct arena *a);
/* Sets "source_dn": the DN of the object that it comes from, in another connector. */
int show_source(struct store *s, const struct cs_row *row, struct arena *a, json_t *o,
	struct err *e) _must_check_;
/* What an export would change of it: attribute -> {from, to}. */
json_t *show_changes(struct store *s, const struct cs_row *row, struct arena *a);
/* Appends a row with what an export would send of it: operation, changes, references. */
int show_pending_object(struct store *s, const struct cs_row *row, struct arena *a, json_t *list,
	struct err *e) _must_check_;
/* By DN or anchor in one connector, or with connector NULL in any. */
int show_find_row(struct store *s, const char *connector, const char *name, struct arena *a,
	struct cs_row *ret, struct err *e) _must_check_;
