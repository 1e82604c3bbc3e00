/* References of connector space objects. */
#include "store/cs_link.h"
#include "store/query.h"

#include <errno.h>

static void link_read(const struct store *s, sqlite3_stmt *st, struct cs_link *ret)
{
	int64_t attr = sqlite3_column_int64(st, 1);

	ret->cs = sqlite3_column_int64(st, 0);
	ret->attr = attr > 0 && attr < ATTR_MAX ? s->map.from_store[attr] : 0;
	ret->target = sqlite3_column_int64(st, 2);
	ret->imported = sqlite3_column_int(st, 3);
	ret->wanted = sqlite3_column_int(st, 4);
	ret->state = (enum export_state)sqlite3_column_int(st, 5);
	ret->seen = sqlite3_column_int64(st, 6);
	ret->seq = sqlite3_column_int64(st, 7);
}

static int read_all(struct store *s, enum query q, struct arena *a, struct cs_link **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	int r;

	while ((r = q_step(s, q, e)) > 0)
		link_read(s, s->stmts[q], rows_add(&rows));
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

/* The store's number of an attribute, made if need be; 0 on failure. */
static uint32_t store_attr(struct store *s, unsigned attr)
{
	uint32_t id = s->map.to_store[attr];

	return id ? id : s->map.add(&s->map, attr);
}

int cs_link_list(struct store *s, int64_t cs, unsigned attr, struct arena *a, struct cs_link **ret,
	unsigned *ret_n, struct err *e)
{
	enum query q = attr ? Q_LINK_LIST : Q_LINK_LIST_ALL;
	sqlite3_stmt *st = q_start(s, q, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	if (attr)
		q_int(st, 2, s->map.to_store[attr]);
	return read_all(s, q, a, ret, ret_n, e);
}

int cs_link_list_target(struct store *s, int64_t target, struct arena *a, struct cs_link **ret,
	unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_LINK_LIST_TARGET, e);

	if (!st)
		return e->code;
	q_int(st, 1, target);
	return read_all(s, Q_LINK_LIST_TARGET, a, ret, ret_n, e);
}

int cs_link_targets_mv(struct store *s, int64_t cs, unsigned attr, struct arena *a, int64_t **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_LINK_TARGETS_MV, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, s->map.to_store[attr]);
	while ((r = q_step(s, Q_LINK_TARGETS_MV, e)) > 0)
		*(int64_t *)rows_add(&rows) = sqlite3_column_int64(st, 0);
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int cs_link_counts(struct store *s, int64_t cs, struct arena *a, struct link_count **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_LINK_COUNTS, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	while ((r = q_step(s, Q_LINK_COUNTS, e)) > 0) {
		int64_t attr = sqlite3_column_int64(st, 0);
		struct link_count *c = rows_add(&rows);

		c->attr = attr > 0 && attr < ATTR_MAX ? s->map.from_store[attr] : 0;
		c->n = sqlite3_column_int64(st, 1);
	}
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int cs_link_count(struct store *s, int64_t cs, unsigned attr, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_LINK_COUNT, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, s->map.to_store[attr]);
	TRY(q_step(s, Q_LINK_COUNT, e));
	*ret = sqlite3_column_int64(st, 0);
	q_end(s, Q_LINK_COUNT);
	return 0;
}

int cs_link_get(struct store *s, int64_t cs, unsigned attr, int64_t target, struct cs_link *ret,
	struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_LINK_GET, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, s->map.to_store[attr]);
	q_int(st, 3, target);
	r = q_step(s, Q_LINK_GET, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	link_read(s, st, ret);
	q_end(s, Q_LINK_GET);
	return 0;
}

int cs_link_set_state(struct store *s, const struct cs_link *l, struct err *e)
{
	uint32_t attr = store_attr(s, l->attr);
	sqlite3_stmt *st = q_start(s, Q_LINK_SET_STATE, e);

	if (!st)
		return e->code;
	if (!attr)
		return store_attr_error(s, e);
	q_int(st, 1, l->cs);
	q_int(st, 2, attr);
	q_int(st, 3, l->target);
	q_int(st, 4, l->state);
	return q_run(s, Q_LINK_SET_STATE, e);
}

int cs_link_put(struct store *s, struct cs_link *l, bool changed, struct err *e)
{
	uint32_t attr = store_attr(s, l->attr);
	sqlite3_stmt *st = q_start(s, Q_LINK_PUT, e);

	if (!st)
		return e->code;
	if (!attr)
		return store_attr_error(s, e);
	if (changed || !l->seq)
		l->seq = next_seq(s);
	q_int(st, 1, l->cs);
	q_int(st, 2, attr);
	q_int(st, 3, l->target);
	q_int(st, 4, l->imported);
	q_int(st, 5, l->wanted);
	q_int(st, 6, l->state);
	q_int(st, 7, l->seen);
	q_int(st, 8, l->seq);
	return q_run(s, Q_LINK_PUT, e);
}

int cs_link_delete(struct store *s, int64_t cs, unsigned attr, int64_t target, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_LINK_DELETE, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, s->map.to_store[attr]);
	q_int(st, 3, target);
	return q_run(s, Q_LINK_DELETE, e);
}

int cs_link_page_changed(struct store *s, int64_t connector, int64_t after_seq, unsigned limit,
	struct arena *a, struct cs_link **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_LINK_PAGE_CHANGED, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, after_seq);
	q_int(st, 3, limit);
	return read_all(s, Q_LINK_PAGE_CHANGED, a, ret, ret_n, e);
}

static int touch(struct store *s, const struct cs_link *l, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_LINK_TOUCH, e);

	if (!st)
		return e->code;
	q_int(st, 1, l->cs);
	q_int(st, 2, s->map.to_store[l->attr]);
	q_int(st, 3, l->target);
	q_int(st, 4, next_seq(s));
	return q_run(s, Q_LINK_TOUCH, e);
}

int cs_link_touch_target(struct store *s, int64_t target, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list_target(s, target, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++)
		TRY(touch(s, &links[i], e));
	return 0;
}

int cs_link_is_target(struct store *s, int64_t target, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_LINK_IS_TARGET, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, target);
	r = q_step(s, Q_LINK_IS_TARGET, e);
	if (r > 0)
		q_end(s, Q_LINK_IS_TARGET);
	return r;
}

int cs_link_page_unseen(struct store *s, int64_t connector, int64_t run, int64_t after_cs,
	unsigned limit, struct arena *a, struct cs_link **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_LINK_PAGE_UNSEEN, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, run);
	q_int(st, 3, after_cs);
	q_int(st, 4, limit);
	return read_all(s, Q_LINK_PAGE_UNSEEN, a, ret, ret_n, e);
}

int cs_link_purge(struct store *s, int64_t connector, int64_t up_to, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_LINK_PURGE, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, up_to);
	return q_run(s, Q_LINK_PURGE, e);
}

int cs_link_repoint(struct store *s, int64_t from, int64_t to, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list_target(s, from, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		struct cs_link old = links[i], there;
		int r = cs_link_get(s, old.cs, old.attr, to, &there, e);

		TRY(r);
		TRY(cs_link_delete(s, old.cs, old.attr, from, e));
		if (r == 0) {
			there.imported |= old.imported;
			there.seen = MAX(there.seen, old.seen);
			old = there;
		}
		old.target = to;
		TRY(cs_link_put(s, &old, true, e));
	}
	return 0;
}

int cs_link_page_export(struct store *s, int64_t connector, enum export_state state,
	const struct cs_link *after, unsigned limit, struct arena *a, struct link_item **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_LINK_PAGE_EXPORT, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, state);
	q_int(st, 3, after->cs);
	q_int(st, 4, after->attr ? s->map.to_store[after->attr] : 0);
	q_int(st, 5, after->target);
	q_int(st, 6, limit);
	while ((r = q_step(s, Q_LINK_PAGE_EXPORT, e)) > 0) {
		struct link_item *item = rows_add(&rows);

		link_read(s, st, &item->link);
		item->class = q_col_text(st, 8, a);
		item->dn = q_col_text(st, 9, a);
		item->anchor = q_col_text(st, 10, a);
		item->target_class = q_col_text(st, 11, a);
		item->target_anchor = q_col_text(st, 12, a);
	}
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

static int count_of(struct store *s, enum query q, int64_t connector, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, q, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	TRY(q_step(s, q, e));
	*ret = sqlite3_column_int64(st, 0);
	q_end(s, q);
	return 0;
}

int cs_link_count_removals(struct store *s, int64_t connector, int64_t *ret, struct err *e)
{
	return count_of(s, Q_LINK_COUNT_REMOVALS, connector, ret, e);
}

int cs_link_page_sources(struct store *s, int64_t connector, enum export_state state, int64_t after,
	unsigned limit, struct arena *a, int64_t **ret, unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_LINK_PAGE_SOURCES, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, state);
	q_int(st, 3, after);
	q_int(st, 4, limit);
	while ((r = q_step(s, Q_LINK_PAGE_SOURCES, e)) > 0)
		*(int64_t *)rows_add(&rows) = sqlite3_column_int64(st, 0);
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int cs_link_count_removals_of(
	struct store *s, int64_t cs, int64_t *ret_removals, int64_t *ret_all, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_LINK_COUNT_REMOVALS_OF, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	TRY(q_step(s, Q_LINK_COUNT_REMOVALS_OF, e));
	*ret_removals = sqlite3_column_int64(st, 0);
	*ret_all = sqlite3_column_int64(st, 1);
	q_end(s, Q_LINK_COUNT_REMOVALS_OF);
	return 0;
}

int cs_link_count_imported(struct store *s, int64_t connector, int64_t *ret, struct err *e)
{
	return count_of(s, Q_LINK_COUNT_IMPORTED, connector, ret, e);
}
