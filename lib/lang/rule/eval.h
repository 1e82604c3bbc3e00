/*
 * Evaluation of rules: scope and flows over one source object. Pure: it reads entries and writes
 * to an arena; what it needs to know beyond the object, it asks through callbacks.
 */
#pragma once

#include "base/err.h"
#include "model/entry.h"

struct rule;
struct flow;

/* What an evaluation may look at. Everything borrowed; callbacks may be NULL. */
struct eval {
	const struct entry *source;
	/* What the import confirmed; NULL: same as source. For ImportedValue(). */
	const struct entry *imported;
	/* %Name% -> text, NULL when unknown. */
	const char *(*parameter)(void *ctx, const char *name, struct arena *a);
	/* Number of links of a reference attribute of the source (ValueCount, IsPresent on them).
	 */
	int64_t (*link_count)(void *ctx, unsigned attr);
	/* Is the source a direct member of the group with that DN? (ISMEMBEROF) 1 yes, 0 no. */
	int (*member_of)(void *ctx, const char *group_dn);
	void *ctx;
	struct arena *arena; /* receives all results */
};

/* 1 in scope, 0 not; negative with *e when the source's data make it undecidable. */
int rule_in_scope(const struct rule *r, const struct eval *ev, struct err *e);
/*
 * For people: the clause of each group that does not hold ("isCriticalSystemObject NOTEQUAL True
 * (is True)"), joined by "; or "; NULL when the rule is in scope.
 */
const char *rule_scope_reason(const struct rule *r, const struct eval *ev);
/* A clause in words: "userAccountControl ISBITNOTSET 2". */
struct scope_clause;
const char *scope_clause_text(const struct scope_clause *c, struct arena *a);

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

/*
 * Evaluates one flow that is not a reference (or a reference flow's guard expression). A direct
 * flow of an absent attribute is NULL_. Never fails otherwise: errors are a result.
 */
void flow_eval(
	const struct rule *r, const struct flow *f, const struct eval *ev, struct flow_result *ret);
/* Converts a value to a type. False: it does not fit. */
bool value_convert(struct value *v, enum value_type to, struct arena *a);
/* Adds values to those that are there, leaving out what is there already (Merge). */
void values_merge(struct entry *to, unsigned attr, const struct flow_result *r, bool ignore_case);
/* What a flow does, in words: "displayName <- Trim([displayName])". */
const char *flow_text(const struct rule *r, const struct flow *f, struct arena *a);
