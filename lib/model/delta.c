/* Deltas between entries. */
#include "model/delta.h"
#include "base/buf.h"

static const char *const OPS[] = {
#define X(name, word) word,
	DELTA_OPS(X)
#undef X
};

const char *delta_op_name(enum delta_op op)
{
	return OPS[op];
}

void delta_owned(const struct entry *have, const struct entry *wanted, bool all, struct arena *a,
	struct delta *ret)
{
	ret->n_attrs = 0;
	ret->attrs = arena_alloc(a, (wanted->n_attrs + 1) * sizeof(*ret->attrs));
	for (unsigned i = 0; i < wanted->n_attrs; i++) {
		const struct attr *after = &wanted->attrs[i];
		const struct attr *before = have ? entry_get(have, after->id) : NULL;
		bool any = after->count || (before && before->count);

		if (all ? any : !attr_equal(before, after))
			ret->attrs[ret->n_attrs++] = (struct delta_attr){after->id, before, after};
	}
}

void delta_full(
	const struct entry *before, const struct entry *after, struct arena *a, struct delta *ret)
{
	unsigned i = 0, k = 0;

	ret->n_attrs = 0;
	ret->attrs = arena_alloc(a, (before->n_attrs + after->n_attrs + 1) * sizeof(*ret->attrs));
	while (i < before->n_attrs || k < after->n_attrs) {
		const struct attr *x = i < before->n_attrs ? &before->attrs[i] : NULL;
		const struct attr *y = k < after->n_attrs ? &after->attrs[k] : NULL;

		if (x && y && x->id != y->id) {
			if (x->id < y->id)
				y = NULL;
			else
				x = NULL;
		}
		i += x != NULL;
		k += y != NULL;
		if (!attr_equal(x, y))
			ret->attrs[ret->n_attrs++] = (struct delta_attr){x ? x->id : y->id, x, y};
	}
}

const char *delta_names(const struct delta *d, unsigned max, struct arena *a)
{
	_cleanup_buf_ struct buf b = {0};

	for (unsigned i = 0; i < d->n_attrs && i < max; i++) {
		buf_adds(&b, i ? ", " : "");
		buf_adds(&b, attr_name(d->attrs[i].id));
	}
	if (d->n_attrs > max)
		buf_adds(&b, ", ...");
	return arena_dup(a, buf_str(&b), b.len);
}
