/*
 * evaluate: the evaluation of rules over one object. What they ask beside it (how many references
 * it has, which groups it is in, its parameters) is found out before, so that the rules themselves
 * cannot fail because of the store.
 */
#pragma once

#include "lang/expr/eval.h"
#include "sync/session.h"

/* An evaluation context for an object of a connector (NULL: of the metaverse). */
struct eval_ctx {
	struct sync *sync;
	const struct sync_connector *conn; /* whose parameters ... */
	const char *dn;                    /* ... for the object with this DN; NULL: none */
	int partition;                     /* where it lies; -1: not looked yet */
	int64_t cs, mv;                    /* the object; one of them */
	const struct rule_needs *needs;    /* what was found out: eval_fetch(); NULL: nothing yet */
	struct eval_facts facts;
};
/*
 * Before the rules of an object are evaluated: finds out in the store what they ask beside it. The
 * class is the object's, in the connector space or (outbound) in the metaverse.
 */
int eval_fetch(struct eval_ctx *ctx, const struct entry *source, const char *class, struct arena *a,
	struct err *e) _must_check_;
/* Prepares an evaluation over what was found out; it cannot fail. */
void eval_init(struct eval *ev, struct eval_ctx *ctx, const struct entry *source, struct arena *a);
