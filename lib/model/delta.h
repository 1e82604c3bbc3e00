/*
 * delta: what turns one entry into another, and what of a difference is none to a directory, which
 * may show a value in another form than it was sent.
 */
#pragma once

#include "model/entry.h"
#include "model/schema.h"

/* X(enum name, word) - the operations of Connect Sync's pending imports and exports */
#define DELTA_OPS(X)        \
	X(NONE, "none")     \
	X(ADD, "add")       \
	X(UPDATE, "update") \
	X(DELETE, "delete")

enum delta_op {
#define X(name, word) DELTA_##name,
	DELTA_OPS(X)
#undef X
		DELTA_OP_COUNT
};

const char *delta_op_name(enum delta_op op);

/* One attribute's change: the whole value set before and after; NULL is absent. */
struct delta_attr {
	unsigned id;
	const struct attr *before;
	const struct attr *after;
};

struct delta {
	struct delta_attr *attrs;
	unsigned n_attrs;
};

/*
 * The attributes that `wanted` speaks of (also to clear them) and that differ in `have`. What
 * wanted does not mention is left alone. With `all`, every attribute that wanted mentions and
 * that has a value there, or has one in `have`. Pure; memory from the arena, pointing into both.
 */
void delta_owned(const struct entry *have, const struct entry *wanted, bool all, struct arena *a,
	struct delta *ret);

/* Every attribute that differs between the two, in either direction. */
void delta_full(
	const struct entry *before, const struct entry *after, struct arena *a, struct delta *ret);

/*
 * Leaves out what is one value to the directory, which may show it in another form than it was
 * sent: with other blanks around it, a time in another form, and in another case where the class's
 * attribute says so (NULL: the class is not known). A `before` without values is one that is not
 * known, and stays.
 */
void delta_settle(struct delta *d, const struct schema_class *class);

/* "displayName, title": names of the changed attributes, at most max of them, then "...". */
const char *delta_names(const struct delta *d, unsigned max, struct arena *a);
