/*
 * result: what an expression, or a whole flow, gives: values, or a word that steers the flow, or
 * an error. A new kind is a row here; the compiler then names every switch that has to know it.
 */
#pragma once

#include "model/value.h"

/* X(enum, word) */
#define FLOW_RESULTS(X)                                                                        \
	X(VALUES, "values")                                                                    \
	X(NULL_, "NULL") /* no contribution; a lower rule may contribute */                    \
	X(AUTHORITATIVE_NULL, "AuthoritativeNull") /* absent, and lower rules are not asked */ \
	X(IGNORE, "IgnoreThisFlow")                /* as if there were no such flow */         \
	X(LINKS, "references")                     /* those of an attribute of the source */   \
	X(ERROR, "Error")                          /* Error("..."), or the data do not fit */
enum flow_result_kind {
#define X(name, word) FLOW_RESULT_##name,
	FLOW_RESULTS(X)
#undef X
};
const char *flow_result_name(enum flow_result_kind k);

struct flow_result {
	enum flow_result_kind kind;
	struct value *values; /* VALUES: at least one, converted to the target's type */
	unsigned count;
	unsigned links;    /* LINKS: the attribute */
	const char *error; /* ERROR */
};
