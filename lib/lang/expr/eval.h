/*
 * eval: what an evaluation of an expression, a scope or a flow may look at. It is pure: it reads
 * entries and writes to an arena; what it needs to know beyond the object, it asks through
 * callbacks. The step that evaluates fills this in; everything in it is borrowed.
 */
#pragma once

#include "model/entry.h"

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
