/* What waits for a join, see wait.h. */
#include "store/wait.h"
#include "store/query.h"

struct number_key {
	int64_t attr; /* of the store */
	int64_t hash;
};

static int cmp_keys(const void *a, const void *b)
{
	const struct number_key *x = a, *y = b;

	if (x->attr != y->attr)
		return (x->attr > y->attr) - (x->attr < y->attr);
	return (x->hash > y->hash) - (x->hash < y->hash);
}

/* Sorted, each once, with the store's numbers. */
static int number(struct store *s, const struct mv_key *keys, unsigned *n, struct number_key *ret,
	struct err *e)
{
	unsigned k = 0;

	for (unsigned i = 0; i < *n; i++) {
		uint32_t attr;

		TRY(store_attr(s, keys[i].attr, &attr, e));
		ret[i] = (struct number_key){attr, keys[i].hash};
	}
	if (*n)
		qsort(ret, *n, sizeof(*ret), cmp_keys);
	for (unsigned i = 0; i < *n; i++)
		if (i == 0 || cmp_keys(&ret[i], &ret[k - 1]) != 0)
			ret[k++] = ret[i];
	*n = k;
	return 0;
}

/* 1: the object waits for just these already. */
static int is_same(struct store *s, int64_t cs, const struct number_key *keys, unsigned n,
	bool *ret_any, struct err *e)
{
	bool same = true;
	unsigned i = 0;
	int r;

	TRY(q_start(s, Q_WAIT_LIST, e, I(cs)));
	while ((r = q_step(s, Q_WAIT_LIST, e)) > 0) {
		struct number_key there = {sqlite3_column_int64(s->stmts[Q_WAIT_LIST], 0),
			sqlite3_column_int64(s->stmts[Q_WAIT_LIST], 1)};

		same = same && i < n && cmp_keys(&there, &keys[i]) == 0;
		i++;
	}
	TRY(r);
	*ret_any = i > 0;
	return same && i == n;
}

int wait_set(struct store *s, int64_t cs, struct mv_key *keys, unsigned n, struct err *e)
{
	_cleanup_free_ struct number_key *numbered = xcalloc(n, sizeof(*numbered));
	bool any = false;
	int same;

	assert(cs >= 0);
	TRY(number(s, keys, &n, numbered, e));
	same = is_same(s, cs, numbered, n, &any, e);
	TRY(same);
	if (same)
		return n > 0;
	if (any)
		TRY(q_exec(s, Q_WAIT_CLEAR, e, I(cs)));
	for (unsigned i = 0; i < n; i++)
		TRY(q_exec(s, Q_WAIT_ADD, e, I(cs), I(numbered[i].attr), I(numbered[i].hash)));
	return n > 0;
}

int wait_any(struct store *s, struct err *e)
{
	return q_any(s, Q_WAIT_ANY, e);
}

int wait_find(struct store *s, const struct mv_key *key, struct arena *a, int64_t **ret,
	unsigned *ret_n, struct err *e)
{
	return q_list(s, Q_WAIT_FIND, q_read_id, a, ret, ret_n, e, I(s->map.to_store[key->attr]),
		I(key->hash));
}
