/*
 * evaluate: the evaluation of rules over one object. What they need from the store (how many
 * references it has, which groups it is in) is read before, so that evaluating them cannot fail
 * because of the store.
 */
#pragma once

#include "lang/expr/eval.h"
#include "sync/session.h"

/* An evaluation context for an object of the connector space (cs) or of the metaverse (mv). */
struct eval_ctx {
	struct sync *sync;
	const struct sync_connector *conn; /* whose parameters ... */
	const char *dn;                    /* ... for the object with this DN; NULL: none */
	int partition;                     /* where it lies; -1: not looked up yet */
	int64_t cs, mv;                    /* the object; one of them */
	const struct rule_needs *needs;    /* what the rules need; NULL before eval_fetch() */
	struct eval_facts facts;
};
/*
 * Before the rules of an object are evaluated: reads from the store what they need. `class` is the
 * object's class in the connector space or (outbound) in the metaverse.
 */
int eval_fetch(struct eval_ctx *ctx, const struct entry *source, const char *class, struct arena *a,
	struct err *e) _must_check_;
/* Prepares an evaluation, after eval_fetch(). */
void eval_init(struct eval *ev, struct eval_ctx *ctx, const struct entry *source, struct arena *a);
