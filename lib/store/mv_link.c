/* References between metaverse objects. */
#include "store/mv_link.h"
#include "store/query.h"

#include <inttypes.h>
#include <stdio.h>

#define PURGED "links_purged" /* in table meta */

static void read_row(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct mv_link *row = ret;

	row->mv = sqlite3_column_int64(st, 0);
	row->attr = q_col_attr(s, st, 1);
	row->target = sqlite3_column_int64(st, 2);
	row->present = sqlite3_column_int(st, 3);
	row->seq = sqlite3_column_int64(st, 4);
}

int mv_link_list(struct store *s, int64_t mv, unsigned attr, struct arena *a, struct mv_link **ret,
	unsigned *ret_n, struct err *e)
{
	assert(mv >= 0);
	if (!attr)
		return q_list(s, Q_MV_LINK_LIST_ALL, read_row, a, ret, ret_n, e, I(mv));
	return q_list(
		s, Q_MV_LINK_LIST, read_row, a, ret, ret_n, e, I(mv), I(s->map.to_store[attr]));
}

int mv_link_count(struct store *s, int64_t mv, unsigned attr, int64_t *ret, struct err *e)
{
	assert(mv >= 0);
	return q_get(s, Q_MV_LINK_COUNT, q_read_id, NULL, ret, e, I(mv), I(s->map.to_store[attr]));
}

int mv_link_get(struct store *s, int64_t mv, unsigned attr, int64_t target, struct mv_link *ret,
	struct err *e)
{
	assert(mv >= 0 && target >= 0);
	return q_get(s, Q_MV_LINK_GET, read_row, NULL, ret, e, I(mv), I(s->map.to_store[attr]),
		I(target));
}

int mv_link_put(
	struct store *s, int64_t mv, unsigned attr, int64_t target, bool present, struct err *e)
{
	uint32_t id;

	assert(mv >= 0 && target >= 0);
	TRY(store_attr(s, attr, &id, e));
	return q_exec(s, Q_MV_LINK_PUT, e, I(mv), I(id), I(target), I(present), I(next_seq(s)));
}

int mv_link_page_changed(struct store *s, int64_t after_seq, unsigned limit, struct arena *a,
	struct mv_link **ret, unsigned *ret_n, struct err *e)
{
	return q_list(
		s, Q_MV_LINK_PAGE_CHANGED, read_row, a, ret, ret_n, e, I(after_seq), I(limit));
}

int mv_link_list_target(struct store *s, int64_t target, struct arena *a, struct mv_link **ret,
	unsigned *ret_n, struct err *e)
{
	assert(target >= 0);
	return q_list(s, Q_MV_LINK_LIST_TARGET, read_row, a, ret, ret_n, e, I(target));
}

int mv_link_touch_target(struct store *s, int64_t target, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct mv_link *l = NULL;
	unsigned n = 0;

	TRY(mv_link_list_target(s, target, &a, &l, &n, e));
	for (unsigned i = 0; i < n; i++)
		TRY(mv_link_put(s, l[i].mv, l[i].attr, l[i].target, l[i].present, e));
	return 0;
}

int mv_link_touch_source(struct store *s, int64_t mv, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct mv_link *l = NULL;
	unsigned n = 0;

	TRY(mv_link_list(s, mv, 0, &a, &l, &n, e));
	for (unsigned i = 0; i < n; i++)
		TRY(mv_link_put(s, l[i].mv, l[i].attr, l[i].target, l[i].present, e));
	return 0;
}

int mv_link_drop_target(struct store *s, int64_t target, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct mv_link *l = NULL;
	unsigned n = 0;

	TRY(mv_link_list_target(s, target, &a, &l, &n, e));
	for (unsigned i = 0; i < n; i++)
		if (l[i].present)
			TRY(mv_link_put(s, l[i].mv, l[i].attr, l[i].target, false, e));
	return 0;
}

int mv_link_purged(struct store *s, int64_t *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *text = "0";

	TRY(meta_get(s, PURGED, &a, &text, e));
	*ret = strtoll(text, NULL, 10);
	return 0;
}

static int note_purged(struct store *s, int64_t up_to, struct err *e)
{
	char text[24];
	int64_t before;

	TRY(mv_link_purged(s, &before, e));
	if (up_to <= before)
		return 0;
	snprintf(text, sizeof(text), "%" PRId64, up_to);
	return meta_set(s, PURGED, text, e);
}

int mv_link_purge(struct store *s, int64_t up_to, struct err *e)
{
	TRY(q_exec(s, Q_MV_LINK_PURGE, e, I(up_to)));
	return sqlite3_changes(s->db) ? note_purged(s, up_to, e) : 0;
}
