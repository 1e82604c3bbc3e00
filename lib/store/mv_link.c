/* References between metaverse objects. */
#include "store/mv_link.h"
#include "store/query.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define PURGED "links_purged" /* in table meta */

static void link_read(const struct store *s, sqlite3_stmt *st, struct mv_link *ret)
{
	int64_t attr = sqlite3_column_int64(st, 1);

	ret->mv = sqlite3_column_int64(st, 0);
	ret->attr = attr > 0 && attr < ATTR_MAX ? s->map.from_store[attr] : 0;
	ret->target = sqlite3_column_int64(st, 2);
	ret->present = sqlite3_column_int(st, 3);
	ret->seq = sqlite3_column_int64(st, 4);
}

static int read_all(struct store *s, enum query q, struct arena *a, struct mv_link **ret,
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

int mv_link_list(struct store *s, int64_t mv, unsigned attr, struct arena *a, struct mv_link **ret,
	unsigned *ret_n, struct err *e)
{
	enum query q = attr ? Q_MV_LINK_LIST : Q_MV_LINK_LIST_ALL;
	sqlite3_stmt *st = q_start(s, q, e);

	if (!st)
		return e->code;
	q_int(st, 1, mv);
	if (attr)
		q_int(st, 2, s->map.to_store[attr]);
	return read_all(s, q, a, ret, ret_n, e);
}

int mv_link_count(struct store *s, int64_t mv, unsigned attr, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_MV_LINK_COUNT, e);

	if (!st)
		return e->code;
	q_int(st, 1, mv);
	q_int(st, 2, s->map.to_store[attr]);
	TRY(q_step(s, Q_MV_LINK_COUNT, e));
	*ret = sqlite3_column_int64(st, 0);
	q_end(s, Q_MV_LINK_COUNT);
	return 0;
}

int mv_link_get(struct store *s, int64_t mv, unsigned attr, int64_t target, struct mv_link *ret,
	struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_MV_LINK_GET, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, mv);
	q_int(st, 2, s->map.to_store[attr]);
	q_int(st, 3, target);
	r = q_step(s, Q_MV_LINK_GET, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	link_read(s, st, ret);
	q_end(s, Q_MV_LINK_GET);
	return 0;
}

int mv_link_put(
	struct store *s, int64_t mv, unsigned attr, int64_t target, bool present, struct err *e)
{
	uint32_t id = s->map.to_store[attr];
	sqlite3_stmt *st = q_start(s, Q_MV_LINK_PUT, e);

	if (!id)
		id = s->map.add(&s->map, attr);
	if (!st)
		return e->code;
	if (!id)
		return store_attr_error(s, e);
	q_int(st, 1, mv);
	q_int(st, 2, id);
	q_int(st, 3, target);
	q_int(st, 4, present);
	q_int(st, 5, next_seq(s));
	return q_run(s, Q_MV_LINK_PUT, e);
}

int mv_link_page_changed(struct store *s, int64_t after_seq, unsigned limit, struct arena *a,
	struct mv_link **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_MV_LINK_PAGE_CHANGED, e);

	if (!st)
		return e->code;
	q_int(st, 1, after_seq);
	q_int(st, 2, limit);
	return read_all(s, Q_MV_LINK_PAGE_CHANGED, a, ret, ret_n, e);
}

int mv_link_list_target(struct store *s, int64_t target, struct arena *a, struct mv_link **ret,
	unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_MV_LINK_LIST_TARGET, e);

	if (!st)
		return e->code;
	q_int(st, 1, target);
	return read_all(s, Q_MV_LINK_LIST_TARGET, a, ret, ret_n, e);
}

int mv_link_touch_target(struct store *s, int64_t target, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct mv_link *l;
	unsigned n;

	TRY(mv_link_list_target(s, target, &a, &l, &n, e));
	for (unsigned i = 0; i < n; i++)
		TRY(mv_link_put(s, l[i].mv, l[i].attr, l[i].target, l[i].present, e));
	return 0;
}

int mv_link_touch_source(struct store *s, int64_t mv, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct mv_link *l;
	unsigned n;

	TRY(mv_link_list(s, mv, 0, &a, &l, &n, e));
	for (unsigned i = 0; i < n; i++)
		TRY(mv_link_put(s, l[i].mv, l[i].attr, l[i].target, l[i].present, e));
	return 0;
}

int mv_link_drop_target(struct store *s, int64_t target, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct mv_link *l;
	unsigned n;

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
	sqlite3_stmt *st = q_start(s, Q_MV_LINK_PURGE, e);

	if (!st)
		return e->code;
	q_int(st, 1, up_to);
	TRY(q_run(s, Q_MV_LINK_PURGE, e));
	return sqlite3_changes(s->db) ? note_purged(s, up_to, e) : 0;
}
