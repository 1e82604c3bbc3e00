/* Metaverse objects and their join keys. */
#include "store/mv.h"
#include "store/query.h"

#include <errno.h>

static void mv_read(sqlite3_stmt *st, struct arena *a, struct mv_row *ret)
{
	ret->id = sqlite3_column_int64(st, 0);
	ret->class = q_col_text(st, 1, a);
	ret->image = q_col_blob(st, 2, a, &ret->image_len);
	ret->deleted = sqlite3_column_int(st, 3);
	ret->seq = sqlite3_column_int64(st, 4);
	ret->created = sqlite3_column_int64(st, 5);
	ret->times = q_col_blob(st, 6, a, &ret->times_len);
}

int mv_get(struct store *s, int64_t id, struct arena *a, struct mv_row *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_MV_GET, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, id);
	r = q_step(s, Q_MV_GET, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	mv_read(st, a, ret);
	q_end(s, Q_MV_GET);
	return 0;
}

/* mv_insert and mv_update number their parameters alike. */
static int write_row(struct store *s, enum query q, struct mv_row *row, struct err *e)
{
	sqlite3_stmt *st = q_start(s, q, e);

	if (!st)
		return e->code;
	row->seq = next_seq(s);
	if (q == Q_MV_UPDATE)
		q_int(st, 1, row->id);
	q_text(st, 2, row->class);
	q_blob(st, 3, row->image, row->image_len);
	q_int(st, 4, row->deleted);
	q_int(st, 5, row->seq);
	q_int(st, 6, row->created);
	q_blob(st, 7, row->times, row->times_len);
	return q_run(s, q, e);
}

int mv_insert(struct store *s, struct mv_row *row, struct err *e)
{
	TRY(write_row(s, Q_MV_INSERT, row, e));
	row->id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int mv_update(struct store *s, struct mv_row *row, struct err *e)
{
	return write_row(s, Q_MV_UPDATE, row, e);
}

int mv_touch(struct store *s, int64_t id, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_MV_TOUCH, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	q_int(st, 2, next_seq(s));
	return q_run(s, Q_MV_TOUCH, e);
}

int mv_delete(struct store *s, int64_t id, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_MV_DELETE, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	return q_run(s, Q_MV_DELETE, e);
}

static int read_all(struct store *s, enum query q, struct arena *a, struct mv_row **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	int r;

	while ((r = q_step(s, q, e)) > 0)
		mv_read(s->stmts[q], a, rows_add(&rows));
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int mv_page_changed(struct store *s, int64_t after_seq, unsigned limit, struct arena *a,
	struct mv_row **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_MV_PAGE_CHANGED, e);

	if (!st)
		return e->code;
	q_int(st, 1, after_seq);
	q_int(st, 2, limit);
	return read_all(s, Q_MV_PAGE_CHANGED, a, ret, ret_n, e);
}

int mv_page_all(struct store *s, int64_t after_id, unsigned limit, struct arena *a,
	struct mv_row **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_MV_PAGE_ALL, e);

	if (!st)
		return e->code;
	q_int(st, 1, after_id);
	q_int(st, 2, limit);
	return read_all(s, Q_MV_PAGE_ALL, a, ret, ret_n, e);
}

static int keys_clear(struct store *s, int64_t mv, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_MV_KEY_CLEAR, e);

	if (!st)
		return e->code;
	q_int(st, 1, mv);
	return q_run(s, Q_MV_KEY_CLEAR, e);
}

int mv_keys_set(struct store *s, int64_t mv, bool fresh, const struct mv_key *keys, unsigned n,
	struct err *e)
{
	sqlite3_stmt *st;

	if (!fresh)
		TRY(keys_clear(s, mv, e));
	for (unsigned i = 0; i < n; i++) {
		uint32_t attr = s->map.to_store[keys[i].attr];

		if (!attr)
			attr = s->map.add(&s->map, keys[i].attr);
		st = q_start(s, Q_MV_KEY_ADD, e);
		if (!st)
			return e->code;
		if (!attr)
			return store_attr_error(s, e);
		q_int(st, 1, attr);
		q_int(st, 2, keys[i].hash);
		q_int(st, 3, mv);
		TRY(q_run(s, Q_MV_KEY_ADD, e));
	}
	return 0;
}

int mv_keys_find(struct store *s, unsigned attr, int64_t hash, struct arena *a, int64_t **ret_ids,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret_ids)};
	sqlite3_stmt *st = q_start(s, Q_MV_KEY_FIND, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, s->map.to_store[attr]);
	q_int(st, 2, hash);
	while ((r = q_step(s, Q_MV_KEY_FIND, e)) > 0)
		*(int64_t *)rows_add(&rows) = sqlite3_column_int64(st, 0);
	*ret_ids = rows.items;
	*ret_n = rows.n;
	return r;
}
