/* References of connector space objects. */
#include "store/cs_link.h"
#include "store/query.h"

static void read_row(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct cs_link *row = ret;

	row->cs = sqlite3_column_int64(st, 0);
	row->attr = q_col_attr(s, st, 1);
	row->target = sqlite3_column_int64(st, 2);
	row->imported = sqlite3_column_int(st, 3);
	row->wanted = sqlite3_column_int(st, 4);
	row->state = (enum export_state)sqlite3_column_int(st, 5);
	row->seen = sqlite3_column_int64(st, 6);
	row->seq = sqlite3_column_int64(st, 7);
}

int cs_link_list(struct store *s, int64_t cs, unsigned attr, struct arena *a, struct cs_link **ret,
	unsigned *ret_n, struct err *e)
{
	assert(cs >= 0);
	if (!attr)
		return q_list(s, Q_LINK_LIST_ALL, read_row, a, ret, ret_n, e, I(cs));
	return q_list(s, Q_LINK_LIST, read_row, a, ret, ret_n, e, I(cs), I(s->map.to_store[attr]));
}

int cs_link_list_target(struct store *s, int64_t target, struct arena *a, struct cs_link **ret,
	unsigned *ret_n, struct err *e)
{
	assert(target >= 0);
	return q_list(s, Q_LINK_LIST_TARGET, read_row, a, ret, ret_n, e, I(target));
}

int cs_link_targets_mv(struct store *s, int64_t cs, unsigned attr, struct arena *a, int64_t **ret,
	unsigned *ret_n, struct err *e)
{
	assert(cs >= 0);
	return q_list(
		s, Q_LINK_TARGETS_MV, q_read_id, a, ret, ret_n, e, I(cs), I(s->map.to_store[attr]));
}

static void read_count(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct link_count *c = ret;

	c->attr = q_col_attr(s, st, 0);
	c->n = sqlite3_column_int64(st, 1);
}

int cs_link_counts(struct store *s, int64_t cs, struct arena *a, struct link_count **ret,
	unsigned *ret_n, struct err *e)
{
	assert(cs >= 0);
	return q_list(s, Q_LINK_COUNTS, read_count, a, ret, ret_n, e, I(cs));
}

int cs_link_count(struct store *s, int64_t cs, unsigned attr, int64_t *ret, struct err *e)
{
	assert(cs >= 0);
	return q_get(s, Q_LINK_COUNT, q_read_id, NULL, ret, e, I(cs), I(s->map.to_store[attr]));
}

int cs_link_get(struct store *s, int64_t cs, unsigned attr, int64_t target, struct cs_link *ret,
	struct err *e)
{
	assert(cs >= 0 && target >= 0);
	return q_get(
		s, Q_LINK_GET, read_row, NULL, ret, e, I(cs), I(s->map.to_store[attr]), I(target));
}

int cs_link_set_state(struct store *s, const struct cs_link *l, struct err *e)
{
	uint32_t attr;

	assert(l->cs > 0 && l->target > 0 && (unsigned)l->state < EXPORT_STATE_COUNT);
	TRY(store_attr(s, l->attr, &attr, e));
	return q_exec(s, Q_LINK_SET_STATE, e, I(l->cs), I(attr), I(l->target), I(l->state));
}

int cs_link_put(struct store *s, struct cs_link *l, bool changed, struct err *e)
{
	uint32_t attr;

	assert(l->cs > 0 && l->target > 0 && (unsigned)l->state < EXPORT_STATE_COUNT);
	TRY(store_attr(s, l->attr, &attr, e));
	if (changed || !l->seq)
		l->seq = next_seq(s);
	return q_exec(s, Q_LINK_PUT, e, I(l->cs), I(attr), I(l->target), I(l->imported),
		I(l->wanted), I(l->state), I(l->seen), I(l->seq));
}

int cs_link_delete(struct store *s, int64_t cs, unsigned attr, int64_t target, struct err *e)
{
	assert(cs >= 0 && target >= 0);
	return q_exec(s, Q_LINK_DELETE, e, I(cs), I(s->map.to_store[attr]), I(target));
}

int cs_link_page_changed(struct store *s, int64_t connector, int64_t after_seq, unsigned limit,
	struct arena *a, struct cs_link **ret, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_list(s, Q_LINK_PAGE_CHANGED, read_row, a, ret, ret_n, e, I(connector),
		I(after_seq), I(limit));
}

int cs_link_touch_target(struct store *s, int64_t target, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links = NULL;
	unsigned n = 0;

	TRY(cs_link_list_target(s, target, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++)
		TRY(q_exec(s, Q_LINK_TOUCH, e, I(links[i].cs), I(s->map.to_store[links[i].attr]),
			I(links[i].target), I(next_seq(s))));
	return 0;
}

int cs_link_is_target(struct store *s, int64_t target, struct err *e)
{
	assert(target >= 0);
	return q_any(s, Q_LINK_IS_TARGET, e, I(target));
}

int cs_link_page_unseen(struct store *s, int64_t connector, int64_t run, int64_t after_cs,
	unsigned limit, struct arena *a, struct cs_link **ret, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_list(s, Q_LINK_PAGE_UNSEEN, read_row, a, ret, ret_n, e, I(connector), I(run),
		I(after_cs), I(limit));
}

int cs_link_purge(struct store *s, int64_t connector, int64_t up_to, struct err *e)
{
	assert(connector >= 0);
	return q_exec(s, Q_LINK_PURGE, e, I(connector), I(up_to));
}

int cs_link_repoint(struct store *s, int64_t from, int64_t to, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links = NULL;
	unsigned n = 0;

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

static void read_item(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct link_item *item = ret;

	read_row(s, st, a, &item->link);
	item->class = q_col_text(st, 8, a);
	item->dn = q_col_text(st, 9, a);
	item->anchor = q_col_text(st, 10, a);
	item->target_class = q_col_text(st, 11, a);
	item->target_anchor = q_col_text(st, 12, a);
	item->blocked = (unsigned)sqlite3_column_int(st, 13);
	item->target_dn = q_col_text(st, 14, a);
}

int cs_link_page_export(struct store *s, int64_t connector, enum export_state state,
	const struct cs_link *after, unsigned limit, struct arena *a, struct link_item **ret,
	unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_list(s, Q_LINK_PAGE_EXPORT, read_item, a, ret, ret_n, e, I(connector), I(state),
		I(after->cs), I(after->attr ? s->map.to_store[after->attr] : 0), I(after->target),
		I(limit));
}

int cs_link_page_sources(struct store *s, int64_t connector, enum export_state state, int64_t after,
	unsigned limit, struct arena *a, int64_t **ret, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_list(s, Q_LINK_PAGE_SOURCES, q_read_id, a, ret, ret_n, e, I(connector), I(state),
		I(after), I(limit));
}

static void read_removals(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct link_removals *row = ret;

	row->class = q_col_text(st, 0, a);
	row->blocked = (unsigned)sqlite3_column_int(st, 1);
	row->attr = q_col_attr(s, st, 2);
	row->n = sqlite3_column_int64(st, 3);
	row->of = sqlite3_column_int64(st, 4);
}

int cs_link_count_removals(struct store *s, int64_t connector, struct arena *a,
	struct link_removals **ret, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_list(s, Q_LINK_COUNT_REMOVALS, read_removals, a, ret, ret_n, e, I(connector));
}

int cs_link_count_removals_of(struct store *s, int64_t cs, struct arena *a,
	struct link_removals **ret, unsigned *ret_n, struct err *e)
{
	assert(cs >= 0);
	return q_list(s, Q_LINK_COUNT_REMOVALS_OF, read_removals, a, ret, ret_n, e, I(cs));
}

int cs_link_count_imported(struct store *s, int64_t connector, int64_t *ret, struct err *e)
{
	assert(connector >= 0);
	return q_get(s, Q_LINK_COUNT_IMPORTED, q_read_id, NULL, ret, e, I(connector));
}
