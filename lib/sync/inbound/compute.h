/*
 * The pure half of inbound: from the joined connector space objects and their rules to the
 * metaverse object, with the winner of every attribute. The store is read once for each object, in
 * mv_source_init(); after that everything is in memory.
 */
#pragma once

#include "store/cs.h"
#include "store/mv.h"
#include "sync/evaluate.h"
#include "sync/session.h"
#include "sync/inbound/observe.h"

/* One connector space object that contributes, with the rules that are in scope for it. */
struct mv_source {
	const struct sync_connector *conn;
	struct cs_row row;
	struct entry entry;
	const struct rule **rules; /* in scope, in order of precedence */
	unsigned n_rules;
	struct eval_ctx ctx;
	unsigned next; /* used while the sources' rules are walked in one order */
};

/* Whose links a reference attribute takes. Several for one attribute: merged. */
struct mv_link_source {
	unsigned attr; /* of the metaverse */
	int64_t cs;    /* 0: the links stay as they are (IgnoreThisFlow) */
	unsigned cs_attr;
};

struct mv_result {
	const char *class;
	struct entry entry;
	bool held; /* some rule in scope has link type Provision or StickyJoin */
	struct mv_link_source *links;
	unsigned n_links;
	const char *error; /* a flow failed: nothing may be changed; NULL when good */
	const char *error_rule;
	int64_t error_cs; /* the object whose flow that was */
};

/* Fills src->entry and src->rules. Scope errors are object errors: 1 with *ret_error. */
int mv_source_init(struct sync *s, struct mv_source *src, const struct cs_row *row, struct arena *a,
	const char **ret_error, struct err *e) _must_check_;

/*
 * Precedence: rules of all sources in one order, by number, then by the connector's order of
 * creation. Per attribute the first contribution wins, or all are merged. `before` is the object
 * as it is, NULL while it is being created; from it come the values of flows that are ignored or
 * executed once. Negative only when `before` is corrupt.
 */
int mv_compute(struct sync *s, struct mv_source *sources, unsigned n, const struct mv_row *before,
	const struct observer *ob, struct arena *a, struct mv_result *ret,
	struct err *e) _must_check_;
