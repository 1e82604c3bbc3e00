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
		uint32_t attr = s->map.to_store[keys[i].attr];

		if (!attr)
			attr = s->map.add(&s->map, keys[i].attr);
		if (!attr)
			return store_attr_error(s, e);
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
	sqlite3_stmt *st = q_start(s, Q_WAIT_LIST, e);
	bool same = true;
	unsigned i = 0;
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	while ((r = q_step(s, Q_WAIT_LIST, e)) > 0) {
		struct number_key there = {
			sqlite3_column_int64(st, 0), sqlite3_column_int64(st, 1)};

		same = same && i < n && cmp_keys(&there, &keys[i]) == 0;
		i++;
	}
	TRY(r);
	*ret_any = i > 0;
	return same && i == n;
}

static int wait_clear(struct store *s, int64_t cs, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_WAIT_CLEAR, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	return q_run(s, Q_WAIT_CLEAR, e);
}

static int wait_add(struct store *s, int64_t cs, const struct number_key *key, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_WAIT_ADD, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, key->attr);
	q_int(st, 3, key->hash);
	return q_run(s, Q_WAIT_ADD, e);
}

int wait_set(struct store *s, int64_t cs, struct mv_key *keys, unsigned n, struct err *e)
{
	_cleanup_free_ struct number_key *numbered = xcalloc(n, sizeof(*numbered));
	bool any = false;
	int same;

	TRY(number(s, keys, &n, numbered, e));
	same = is_same(s, cs, numbered, n, &any, e);
	TRY(same);
	if (same)
		return n > 0;
	if (any)
		TRY(wait_clear(s, cs, e));
	for (unsigned i = 0; i < n; i++)
		TRY(wait_add(s, cs, &numbered[i], e));
	return n > 0;
}

int wait_any(struct store *s, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_WAIT_ANY, e);
	int r;

	if (!st)
		return e->code;
	r = q_step(s, Q_WAIT_ANY, e);
	if (r > 0)
		q_end(s, Q_WAIT_ANY);
	return r;
}

int wait_find(struct store *s, const struct mv_key *key, struct arena *a, int64_t **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_WAIT_FIND, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, s->map.to_store[key->attr]);
	q_int(st, 2, key->hash);
	while ((r = q_step(s, Q_WAIT_FIND, e)) > 0)
		*(int64_t *)rows_add(&rows) = sqlite3_column_int64(st, 0);
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}
