/* Connector space rows, one at a time. */
#include "store/cs_priv.h"
#include "base/text.h"
#include "model/dn.h"

#include <errno.h>

static const char *const KINDS[] = {
#define X(name, word) word,
	CS_KINDS(X)
#undef X
};
static const char *const WANTS[] = {
#define X(name, word) word,
	CS_WANTS(X)
#undef X
};
static const char *const STATES[] = {
#define X(name, word) word,
	EXPORT_STATES(X)
#undef X
};

const char *cs_kind_name(enum cs_kind k)
{
	return KINDS[k];
}

const char *cs_want_name(enum cs_want w)
{
	return WANTS[w];
}

const char *export_state_name(enum export_state s)
{
	return STATES[s];
}

void cs_read(sqlite3_stmt *st, struct arena *a, struct cs_row *ret)
{
	ret->id = sqlite3_column_int64(st, 0);
	ret->connector = sqlite3_column_int64(st, 1);
	ret->class = q_col_text(st, 2, a);
	ret->kind = (enum cs_kind)sqlite3_column_int(st, 3);
	ret->dn = q_col_text(st, 4, a);
	ret->transient = sqlite3_column_int(st, 5);
	ret->anchor = q_col_text(st, 6, a);
	ret->imported = q_col_blob(st, 7, a, &ret->imported_len);
	ret->wanted = q_col_blob(st, 8, a, &ret->wanted_len);
	ret->want = (enum cs_want)sqlite3_column_int(st, 9);
	ret->state = (enum export_state)sqlite3_column_int(st, 10);
	ret->blocked = sqlite3_column_int(st, 11);
	ret->export_all = sqlite3_column_int(st, 12);
	ret->deleted = sqlite3_column_int(st, 13);
	ret->mv = sqlite3_column_int64(st, 14);
	ret->join_rule = q_col_text(st, 15, a);
	ret->seq = sqlite3_column_int64(st, 16);
	ret->links = sqlite3_column_int64(st, 17);
	ret->delete_after = sqlite3_column_int64(st, 18);
}

static int find_one(
	struct store *s, enum query q, struct arena *a, struct cs_row *ret, struct err *e)
{
	int r = q_step(s, q, e);

	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	cs_read(s->stmts[q], a, ret);
	q_end(s, q);
	return 0;
}

int cs_get(struct store *s, int64_t id, struct arena *a, struct cs_row *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_GET, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	return find_one(s, Q_CS_GET, a, ret, e);
}

int cs_find_anchor(struct store *s, int64_t connector, const char *anchor, struct arena *a,
	struct cs_row *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_FIND_ANCHOR, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, anchor);
	return find_one(s, Q_CS_FIND_ANCHOR, a, ret, e);
}

int cs_find_dn(struct store *s, int64_t connector, const char *dn, struct arena *a,
	struct cs_row *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_FIND_DN, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, dn_key(a, dn));
	return find_one(s, Q_CS_FIND_DN, a, ret, e);
}

int cs_find_aside(struct store *s, int64_t connector, const char *dn, const char *class,
	struct arena *a, struct cs_row *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_FIND_ASIDE, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, dn);
	q_text(st, 3, class);
	return find_one(s, Q_CS_FIND_ASIDE, a, ret, e);
}

static int find_id(struct store *s, enum query q, int64_t connector, const char *text,
	int64_t *ret_id, struct err *e)
{
	sqlite3_stmt *st = q_start(s, q, e);
	int r;

	*ret_id = 0;
	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, text);
	r = q_step(s, q, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	*ret_id = sqlite3_column_int64(st, 0);
	q_end(s, q);
	return 0;
}

int cs_id_by_dn(struct store *s, int64_t connector, const char *dn, int64_t *ret_id, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	return find_id(s, Q_CS_ID_BY_DN, connector, dn_key(&a, dn), ret_id, e);
}

int cs_id_by_anchor(
	struct store *s, int64_t connector, const char *anchor, int64_t *ret_id, struct err *e)
{
	return find_id(s, Q_CS_ID_BY_ANCHOR, connector, anchor, ret_id, e);
}

int cs_is_imported(struct store *s, int64_t connector, const char *anchor, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_IS_IMPORTED, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, anchor);
	r = q_step(s, Q_CS_IS_IMPORTED, e);
	if (r > 0)
		r = sqlite3_column_int(st, 0);
	q_end(s, Q_CS_IS_IMPORTED);
	return r;
}

int cs_set_anchor(struct store *s, int64_t id, const char *anchor, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_SET_ANCHOR, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	q_text(st, 2, anchor);
	return q_run(s, Q_CS_SET_ANCHOR, e);
}

/* cs_insert and cs_update number their parameters alike. */
static int write_row(struct store *s, enum query q, const struct cs_row *row, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	sqlite3_stmt *st = q_start(s, q, e);

	if (!st)
		return e->code;
	if (q == Q_CS_UPDATE)
		q_int(st, 1, row->id);
	q_int(st, 2, row->connector);
	q_text(st, 3, row->class);
	q_int(st, 4, row->kind);
	q_text(st, 5, row->dn);
	q_text(st, 6, row->transient ? NULL : dn_key(&a, row->dn));
	q_text(st, 7, row->anchor);
	q_blob(st, 8, row->imported, row->imported_len);
	q_blob(st, 9, row->wanted, row->wanted_len);
	q_int(st, 10, row->want);
	q_int(st, 11, row->state);
	q_int(st, 12, row->blocked);
	q_int(st, 13, row->export_all);
	q_int(st, 14, row->deleted);
	q_id(st, 15, row->mv);
	q_text(st, 16, row->join_rule);
	q_int(st, 17, row->seq);
	q_int(st, 18, row->links);
	q_int(st, 19, row->delete_after);
	return q_run(s, q, e);
}

int cs_insert(struct store *s, struct cs_row *row, struct err *e)
{
	row->seq = next_seq(s);
	TRY(write_row(s, Q_CS_INSERT, row, e));
	row->id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int cs_update(struct store *s, struct cs_row *row, bool changed, struct err *e)
{
	if (changed)
		row->seq = next_seq(s);
	return write_row(s, Q_CS_UPDATE, row, e);
}

int cs_set_exported(
	struct store *s, int64_t id, const char *anchor, enum export_state state, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_SET_EXPORTED, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	q_text(st, 2, anchor);
	q_int(st, 3, state);
	return q_run(s, Q_CS_SET_EXPORTED, e);
}

int cs_mv_of(struct store *s, int64_t id, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_MV_OF, e);
	int r;

	if (!st)
		return e->code;
	*ret = 0;
	q_int(st, 1, id);
	r = q_step(s, Q_CS_MV_OF, e);
	if (r <= 0)
		return r;
	*ret = sqlite3_column_int64(st, 0);
	q_end(s, Q_CS_MV_OF);
	return 0;
}

int cs_joined_in(struct store *s, int64_t mv, int64_t connector, struct arena *a,
	struct cs_row *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_JOINED_IN, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, mv);
	q_int(st, 2, connector);
	r = q_step(s, Q_CS_JOINED_IN, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	*ret = (struct cs_row){
		.id = sqlite3_column_int64(st, 0),
		.connector = connector,
		.class = q_col_text(st, 1, a),
		.want = (enum cs_want)sqlite3_column_int(st, 2),
		.blocked = sqlite3_column_int(st, 3),
		.mv = mv,
	};
	q_end(s, Q_CS_JOINED_IN);
	return 0;
}

int cs_set_state(struct store *s, int64_t id, enum export_state state, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_SET_STATE, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	q_int(st, 2, state);
	return q_run(s, Q_CS_SET_STATE, e);
}

int cs_set_join(struct store *s, int64_t id, int64_t mv, const char *rule, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_SET_JOIN, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	q_id(st, 2, mv);
	q_text(st, 3, rule);
	return q_run(s, Q_CS_SET_JOIN, e);
}

int cs_set_transient(struct store *s, int64_t id, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_SET_TRANSIENT, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	return q_run(s, Q_CS_SET_TRANSIENT, e);
}

int cs_touch(struct store *s, int64_t id, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_TOUCH, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	q_int(st, 2, next_seq(s));
	return q_run(s, Q_CS_TOUCH, e);
}

int cs_delete(struct store *s, int64_t id, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_DELETE, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	TRY(q_run(s, Q_CS_DELETE, e));
	return sqlite3_changes(s->db) ? 0 : STORE_NONE;
}

static int key_run(
	struct store *s, enum query q, int64_t connector, int64_t hash, int64_t cs, struct err *e)
{
	sqlite3_stmt *st = q_start(s, q, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, hash);
	q_int(st, 3, cs);
	return q_run(s, q, e);
}

int cs_key_add(struct store *s, int64_t connector, int64_t hash, int64_t cs, struct err *e)
{
	return key_run(s, Q_CS_KEY_ADD, connector, hash, cs, e);
}

int cs_key_delete(struct store *s, int64_t connector, int64_t hash, int64_t cs, struct err *e)
{
	return key_run(s, Q_CS_KEY_DELETE, connector, hash, cs, e);
}

int cs_key_find(struct store *s, int64_t connector, int64_t hash, int64_t other_than,
	unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_KEY_FIND, e);
	unsigned n = 0;
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, hash);
	q_int(st, 3, other_than);
	q_int(st, 4, limit);
	while ((r = q_step(s, Q_CS_KEY_FIND, e)) > 0)
		ret_ids[n++] = sqlite3_column_int64(st, 0);
	*ret_n = n;
	return r;
}
