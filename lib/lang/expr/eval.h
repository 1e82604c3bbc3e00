/*
 * eval: what an evaluation of an expression, a scope or a flow may look at. It is pure: it reads
 * entries and what was found out before about the object, and writes to an arena. So it has no
 * error of its own: what may fail is done by the step before, which fills this in, and learns from
 * ruleset_needs() what the rules will ask. Everything in it is borrowed.
 */
#pragma once

#include "model/entry.h"

struct eval_count {
	unsigned attr;
	int64_t n;
};

/* What the source's own attributes do not say. */
struct eval_facts {
	/* references by attribute: links are not attributes; one that is not here has none */
	const struct eval_count *counts;
	unsigned n_counts;
	/* DNs, as the rules write them, of the groups that it is a direct member of */
	const char *const *groups;
	unsigned n_groups;
};

struct eval {
	const struct entry *source;
	/* What the import confirmed; NULL: same as source. For ImportedValue(). */
	const struct entry *imported;
	struct eval_facts facts;
	/* %Name% -> text, NULL when unknown; pure, may be NULL. */
	const char *(*parameter)(void *ctx, const char *name, struct arena *a);
	void *ctx;
	struct arena *arena; /* receives all results */
};

static inline int64_t eval_count(const struct eval *ev, unsigned attr)
{
	for (unsigned i = 0; i < ev->facts.n_counts; i++)
		if (ev->facts.counts[i].attr == attr)
			return ev->facts.counts[i].n;
	return 0;
}

static inline bool eval_is_member(const struct eval *ev, const char *group)
{
	for (unsigned i = 0; i < ev->facts.n_groups; i++)
		if (streq(ev->facts.groups[i], group))
			return true;
	return false;
}
