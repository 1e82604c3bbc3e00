/* Metaverse objects and their join keys. */
#include "store/mv.h"
#include "store/query.h"

static void read_row(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct mv_row *row = ret;

	row->id = sqlite3_column_int64(st, 0);
	row->class = q_col_text(st, 1, a);
	row->image = q_col_blob(st, 2, a, &row->image_len);
	row->deleted = sqlite3_column_int(st, 3);
	row->seq = sqlite3_column_int64(st, 4);
	row->created = sqlite3_column_int64(st, 5);
	row->times = q_col_blob(st, 6, a, &row->times_len);
}

int mv_get(struct store *s, int64_t id, struct arena *a, struct mv_row *ret, struct err *e)
{
	assert(id >= 0);
	return q_get(s, Q_MV_GET, read_row, a, ret, e, I(id));
}

/* mv_insert and mv_update number their parameters alike. */
static int write_row(struct store *s, enum query q, struct mv_row *row, struct err *e)
{
	row->seq = next_seq(s);
	return q_exec(s, q, e, I(row->id), S(row->class), BLOB(row->image, row->image_len),
		I(row->deleted), I(row->seq), I(row->created), BLOB(row->times, row->times_len));
}

int mv_insert(struct store *s, struct mv_row *row, struct err *e)
{
	TRY(write_row(s, Q_MV_INSERT, row, e));
	row->id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int mv_update(struct store *s, struct mv_row *row, struct err *e)
{
	assert(row->id > 0);
	return write_row(s, Q_MV_UPDATE, row, e);
}

int mv_touch(struct store *s, int64_t id, struct err *e)
{
	assert(id >= 0);
	return q_exec(s, Q_MV_TOUCH, e, I(id), I(next_seq(s)));
}

int mv_delete(struct store *s, int64_t id, struct err *e)
{
	assert(id >= 0);
	return q_exec(s, Q_MV_DELETE, e, I(id));
}

int mv_page_changed(struct store *s, int64_t after_seq, unsigned limit, struct arena *a,
	struct mv_row **ret, unsigned *ret_n, struct err *e)
{
	return q_list(s, Q_MV_PAGE_CHANGED, read_row, a, ret, ret_n, e, I(after_seq), I(limit));
}

int mv_page_all(struct store *s, int64_t after_id, unsigned limit, struct arena *a,
	struct mv_row **ret, unsigned *ret_n, struct err *e)
{
	return q_list(s, Q_MV_PAGE_ALL, read_row, a, ret, ret_n, e, I(after_id), I(limit));
}

int mv_keys_set(struct store *s, int64_t mv, bool fresh, const struct mv_key *keys, unsigned n,
	struct err *e)
{
	assert(mv >= 0);
	if (!fresh)
		TRY(q_exec(s, Q_MV_KEY_CLEAR, e, I(mv)));
	for (unsigned i = 0; i < n; i++) {
		uint32_t attr;

		TRY(store_attr(s, keys[i].attr, &attr, e));
		TRY(q_exec(s, Q_MV_KEY_ADD, e, I(attr), I(keys[i].hash), I(mv)));
	}
	return 0;
}

int mv_keys_find(struct store *s, unsigned attr, int64_t hash, struct arena *a, int64_t **ret_ids,
	unsigned *ret_n, struct err *e)
{
	return q_list(s, Q_MV_KEY_FIND, q_read_id, a, ret_ids, ret_n, e, I(s->map.to_store[attr]),
		I(hash));
}
