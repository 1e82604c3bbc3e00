/* Since when an authority holds, and what it held back. */
#include "store/authority.h"
#include "store/query.h"

int authority_put(struct store *s, int64_t cs, int64_t now, struct err *e)
{
	assert(cs > 0);
	return q_exec(s, Q_AUTHORITY_PUT, e, I(cs), I(now));
}

int authority_since(struct store *s, int64_t cs, int64_t *ret, struct err *e)
{
	assert(cs >= 0);
	*ret = 0;
	TRY(q_get(s, Q_AUTHORITY_GET, q_read_id, NULL, ret, e, I(cs)));
	return 0;
}

int skip_add(struct store *s, const struct skip_row *row, struct err *e)
{
	TRY(q_exec(s, Q_SKIP_ADD, e, I(row->at), I(row->run), S(row->connector), S(row->class),
		S(row->dn), S(row->anchor), S(row->source_dn), S(row->name), I(row->blocked),
		S(row->operation), S(row->attributes)));
	return q_exec(s, Q_SKIP_PURGE, e, I(SKIPS_KEPT));
}

static void read_skip(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	*(struct skip_row *)ret = (struct skip_row){
		.id = sqlite3_column_int64(st, 0),
		.at = sqlite3_column_int64(st, 1),
		.run = sqlite3_column_int64(st, 2),
		.connector = q_col_text(st, 3, a),
		.class = q_col_text(st, 4, a),
		.dn = q_col_text(st, 5, a),
		.anchor = q_col_text(st, 6, a),
		.source_dn = q_col_text(st, 7, a),
		.name = q_col_text(st, 8, a),
		.blocked = (unsigned)sqlite3_column_int(st, 9),
		.operation = q_col_text(st, 10, a),
		.attributes = q_col_text(st, 11, a),
	};
}

int skip_list(struct store *s, const char *connector, int64_t before, unsigned limit,
	struct arena *a, struct skip_row **ret, unsigned *ret_n, struct err *e)
{
	return q_list(s, Q_SKIP_LIST, read_skip, a, ret, ret_n, e, S(connector),
		I(before > 0 ? before : INT64_MAX), I(limit));
}

int skip_count(struct store *s, const char *anchor, int64_t since, int64_t *ret, struct err *e)
{
	*ret = 0;
	TRY(q_get(s, Q_SKIP_COUNT, q_read_id, NULL, ret, e, S(anchor), I(since)));
	return 0;
}
