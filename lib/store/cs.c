/* Connector space rows, one at a time. */
#include "store/cs.h"
#include "store/cs_priv.h"
#include "base/text.h"
#include "model/dn.h"

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
	assert((unsigned)k < CS_KIND_COUNT);
	return KINDS[k];
}

const char *cs_want_name(enum cs_want w)
{
	assert((unsigned)w < CS_WANT_COUNT);
	return WANTS[w];
}

const char *export_state_name(enum export_state s)
{
	assert((unsigned)s < EXPORT_STATE_COUNT);
	return STATES[s];
}

void cs_read(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct cs_row *row = ret;

	row->id = sqlite3_column_int64(st, 0);
	row->connector = sqlite3_column_int64(st, 1);
	row->class = q_col_text(st, 2, a);
	row->kind = (enum cs_kind)sqlite3_column_int(st, 3);
	row->dn = q_col_text(st, 4, a);
	row->transient = sqlite3_column_int(st, 5);
	row->anchor = q_col_text(st, 6, a);
	row->imported = q_col_blob(st, 7, a, &row->imported_len);
	row->wanted = q_col_blob(st, 8, a, &row->wanted_len);
	row->want = (enum cs_want)sqlite3_column_int(st, 9);
	row->state = (enum export_state)sqlite3_column_int(st, 10);
	row->blocked = (unsigned)sqlite3_column_int(st, 11);
	row->export_all = sqlite3_column_int(st, 12);
	row->deleted = sqlite3_column_int(st, 13);
	row->mv = sqlite3_column_int64(st, 14);
	row->join_rule = q_col_text(st, 15, a);
	row->seq = sqlite3_column_int64(st, 16);
	row->links = sqlite3_column_int64(st, 17);
	row->delete_after = sqlite3_column_int64(st, 18);
	row->acknowledged = q_col_blob(st, 19, a, &row->acknowledged_len);
}

int cs_get(struct store *s, int64_t id, struct arena *a, struct cs_row *ret, struct err *e)
{
	assert(id >= 0);
	return q_get(s, Q_CS_GET, cs_read, a, ret, e, I(id));
}

int cs_find_anchor(struct store *s, int64_t connector, const char *anchor, struct arena *a,
	struct cs_row *ret, struct err *e)
{
	assert(connector >= 0);
	return q_get(s, Q_CS_FIND_ANCHOR, cs_read, a, ret, e, I(connector), S(anchor));
}

int cs_find_dn(struct store *s, int64_t connector, const char *dn, struct arena *a,
	struct cs_row *ret, struct err *e)
{
	assert(connector >= 0);
	return q_get(s, Q_CS_FIND_DN, cs_read, a, ret, e, I(connector), S(dn_key(a, dn)));
}

int cs_find_aside(struct store *s, int64_t connector, const char *dn, const char *class,
	struct arena *a, struct cs_row *ret, struct err *e)
{
	assert(connector >= 0);
	return q_get(s, Q_CS_FIND_ASIDE, cs_read, a, ret, e, I(connector), S(dn), S(class));
}

int cs_id_by_dn(struct store *s, int64_t connector, const char *dn, int64_t *ret_id, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	assert(connector >= 0);
	*ret_id = 0;
	return q_get(s, Q_CS_ID_BY_DN, q_read_id, NULL, ret_id, e, I(connector), S(dn_key(&a, dn)));
}

int cs_id_by_anchor(
	struct store *s, int64_t connector, const char *anchor, int64_t *ret_id, struct err *e)
{
	assert(connector >= 0);
	*ret_id = 0;
	return q_get(s, Q_CS_ID_BY_ANCHOR, q_read_id, NULL, ret_id, e, I(connector), S(anchor));
}

int cs_is_imported(struct store *s, int64_t connector, const char *anchor, struct err *e)
{
	int64_t is = 0;

	assert(connector >= 0);
	TRY(q_get(s, Q_CS_IS_IMPORTED, q_read_id, NULL, &is, e, I(connector), S(anchor)));
	return is != 0;
}

int cs_set_anchor(struct store *s, int64_t id, const char *anchor, struct err *e)
{
	assert(id >= 0);
	return q_exec(s, Q_CS_SET_ANCHOR, e, I(id), S(anchor));
}

/* cs_insert and cs_update number their parameters alike. */
static int write_row(struct store *s, enum query q, const struct cs_row *row, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	assert(row->connector > 0 && (unsigned)row->kind < CS_KIND_COUNT);
	assert((unsigned)row->want < CS_WANT_COUNT && (unsigned)row->state < EXPORT_STATE_COUNT);
	return q_exec(s, q, e, I(row->id), I(row->connector), S(row->class), I(row->kind),
		S(row->dn), S(row->transient ? NULL : dn_key(&a, row->dn)), S(row->anchor),
		BLOB(row->imported, row->imported_len), BLOB(row->wanted, row->wanted_len),
		I(row->want), I(row->state), I(row->blocked), I(row->export_all), I(row->deleted),
		ID(row->mv), S(row->join_rule), I(row->seq), I(row->links), I(row->delete_after),
		BLOB(row->acknowledged, row->acknowledged_len));
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
	assert(row->id > 0);
	if (changed)
		row->seq = next_seq(s);
	return write_row(s, Q_CS_UPDATE, row, e);
}

int cs_set_exported(struct store *s, const struct cs_row *row, struct err *e)
{
	assert(row->id > 0 && (unsigned)row->state < EXPORT_STATE_COUNT);
	return q_exec(s, Q_CS_SET_EXPORTED, e, I(row->id), S(row->anchor), I(row->state),
		BLOB(row->acknowledged, row->acknowledged_len));
}

int cs_set_acknowledged(struct store *s, const struct cs_row *row, struct err *e)
{
	assert(row->id > 0 && (unsigned)row->state < EXPORT_STATE_COUNT);
	return q_exec(s, Q_CS_SET_ACKNOWLEDGED, e, I(row->id), I(row->state),
		BLOB(row->acknowledged, row->acknowledged_len));
}

int cs_mv_of(struct store *s, int64_t id, int64_t *ret, struct err *e)
{
	assert(id >= 0);
	*ret = 0;
	TRY(q_get(s, Q_CS_MV_OF, q_read_id, NULL, ret, e, I(id)));
	return 0;
}

static void read_joined(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	*(struct cs_row *)ret = (struct cs_row){
		.id = sqlite3_column_int64(st, 0),
		.class = q_col_text(st, 1, a),
		.want = (enum cs_want)sqlite3_column_int(st, 2),
		.blocked = (unsigned)sqlite3_column_int(st, 3),
	};
}

int cs_joined_in(struct store *s, int64_t mv, int64_t connector, struct arena *a,
	struct cs_row *ret, struct err *e)
{
	int r;

	assert(mv >= 0 && connector >= 0);
	r = q_get(s, Q_CS_JOINED_IN, read_joined, a, ret, e, I(mv), I(connector));
	if (r != 0)
		return r;
	ret->connector = connector;
	ret->mv = mv;
	return 0;
}

int cs_set_state(struct store *s, int64_t id, enum export_state state, struct err *e)
{
	assert(id >= 0 && (unsigned)state < EXPORT_STATE_COUNT);
	return q_exec(s, Q_CS_SET_STATE, e, I(id), I(state));
}

int cs_set_join(struct store *s, int64_t id, int64_t mv, const char *rule, struct err *e)
{
	assert(id >= 0 && mv >= 0);
	return q_exec(s, Q_CS_SET_JOIN, e, I(id), ID(mv), S(rule));
}

int cs_set_transient(struct store *s, int64_t id, struct err *e)
{
	assert(id >= 0);
	return q_exec(s, Q_CS_SET_TRANSIENT, e, I(id));
}

int cs_touch(struct store *s, int64_t id, struct err *e)
{
	assert(id >= 0);
	return q_exec(s, Q_CS_TOUCH, e, I(id), I(next_seq(s)));
}

int cs_delete(struct store *s, int64_t id, struct err *e)
{
	assert(id >= 0);
	TRY(q_exec(s, Q_CS_DELETE, e, I(id)));
	return sqlite3_changes(s->db) ? 0 : STORE_NONE;
}

int cs_key_add(struct store *s, int64_t connector, int64_t hash, int64_t cs, struct err *e)
{
	assert(connector >= 0 && cs >= 0);
	return q_exec(s, Q_CS_KEY_ADD, e, I(connector), I(hash), I(cs));
}

int cs_key_delete(struct store *s, int64_t connector, int64_t hash, int64_t cs, struct err *e)
{
	assert(connector >= 0 && cs >= 0);
	return q_exec(s, Q_CS_KEY_DELETE, e, I(connector), I(hash), I(cs));
}

int cs_key_find(struct store *s, int64_t connector, int64_t hash, int64_t other_than,
	unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_ids(s, Q_CS_KEY_FIND, limit, ret_ids, ret_n, e, I(connector), I(hash),
		I(other_than), I(limit));
}
