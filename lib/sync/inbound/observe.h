/*
 * What became of each flow, for preview and lineage: the observer is called for every flow of every
 * rule in scope, also for those that lost. The steps pass no observer.
 */
#pragma once

#include "lang/rule/flow.h"

struct mv_source;

/* X(enum, word) */
#define FLOW_VERDICTS(X)                                                                   \
	X(WON, "applied")                                                                  \
	X(MERGED, "merged")                                                                \
	X(LOST, "lost")                     /* another flow had contributed before */      \
	X(NOTHING, "no value")              /* NULL: lower rules are asked */              \
	X(STOPPED, "removed")               /* AuthoritativeNull: lower rules not asked */ \
	X(IGNORED, "ignored")               /* IgnoreThisFlow */                           \
	X(ONCE, "not again (execute once)") /* the target exists already */                \
	X(NO_FLOW, "no flow (JoinNoFlow)")                                                 \
	X(NOT_SENT, "not sent") /* not in the schema, or read-only there */                \
	X(FAILED, "error")
enum flow_verdict {
#define X(name, word) VERDICT_##name,
	FLOW_VERDICTS(X)
#undef X
};
const char *flow_verdict_name(enum flow_verdict v);

struct observer {
	/* src NULL: an outbound flow. Everything is borrowed for the call. */
	void (*flow)(void *ctx, const struct mv_source *src, const struct rule *r,
		const struct flow *f, const struct flow_result *fr, enum flow_verdict v);
	void *ctx;
};
