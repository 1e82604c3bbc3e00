/* Refused attributes, each with a hash of its values. */
#include "sync/export/refused.h"
#include "base/codec.h"
#include "store/error.h"
#include "store/refused.h"

/* The hash does not depend on the order of the values. */
static int64_t values_hash(const struct attr *a)
{
	uint64_t h = 0;

	for (unsigned i = 0; a && i < a->count; i++) {
		const struct value *v = &a->values[i];

		h += v->data ? hash64(v->data, v->len) : hash64(&v->num, sizeof(v->num));
		h += (uint64_t)v->type + 1;
	}
	return (int64_t)h;
}

int refused_record(struct store *s, int64_t cs, const struct entry *wanted, const unsigned *attrs,
	unsigned n, struct err *e)
{
	TRY(cs_refused_clear(s, cs, e));
	for (unsigned i = 0; i < n; i++)
		TRY(cs_refused_put(s, cs, attrs[i], values_hash(entry_get(wanted, attrs[i])), e));
	return 0;
}

int refused_hold(
	struct store *s, int64_t cs, int64_t now, struct delta *d, bool *ret_held, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct error_row er;
	unsigned kept = 0, had = d->n_attrs;
	int r = error_get(s, cs, ERROR_EXPORT, &a, &er, e);

	*ret_held = false;
	TRY(r);
	if (r == STORE_NONE || er.retry_at <= now)
		return 0;
	for (unsigned i = 0; i < had; i++) {
		int64_t hash;

		r = cs_refused_get(s, cs, d->attrs[i].id, &hash, e);
		TRY(r);
		if (r == STORE_NONE || hash != values_hash(d->attrs[i].after))
			d->attrs[kept++] = d->attrs[i];
	}
	d->n_attrs = kept;
	*ret_held = kept < had;
	return 0;
}
