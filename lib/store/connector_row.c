/* Rows of connectors. */
#include "store/connector_row.h"
#include "store/query.h"

#include <errno.h>

static void read_row(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct connector_row *row = ret;

	row->id = sqlite3_column_int64(st, 0);
	row->name = q_col_text(st, 1, a);
	row->type = q_col_text(st, 2, a);
	row->cursor = q_col_blob(st, 3, a, &row->cursor_len);
	row->inbound_seq = sqlite3_column_int64(st, 4);
	row->link_seq = sqlite3_column_int64(st, 5);
	row->outbound_seq = sqlite3_column_int64(st, 6);
	row->rules_digest = q_col_text(st, 7, a);
	row->full_import_required = sqlite3_column_int(st, 8);
	row->full_sync_required = sqlite3_column_int(st, 9);
	row->import_full_running = sqlite3_column_int(st, 10);
	row->last_import = sqlite3_column_int64(st, 11);
}

static int find(struct store *s, const char *name, struct arena *a, struct connector_row *ret,
	struct err *e)
{
	return q_get(s, Q_CONNECTOR_FIND, read_row, a, ret, e, S(name));
}

int connector_ensure(struct store *s, const char *name, const char *type, struct arena *a,
	struct connector_row *ret, struct err *e)
{
	int r = find(s, name, a, ret, e);

	TRY(r);
	if (r == STORE_NONE) {
		TRY(q_exec(s, Q_CONNECTOR_INSERT, e, S(name), S(type)));
		TRY(find(s, name, a, ret, e));
	}
	if (!streq(ret->type, type))
		return err_set(e, -EINVAL, s->path, 0,
			"connector \"%s\" is of type %s in the database, but %s in the "
			"configuration; give the new one another name",
			name, ret->type, type);
	return 0;
}

int connector_list(struct store *s, struct arena *a, struct connector_row **ret, unsigned *ret_n,
	struct err *e)
{
	return q_list(s, Q_CONNECTOR_LIST, read_row, a, ret, ret_n, e);
}

int connector_update(struct store *s, const struct connector_row *row, struct err *e)
{
	assert(row->id > 0);
	return q_exec(s, Q_CONNECTOR_UPDATE, e, I(row->id), BLOB(row->cursor, row->cursor_len),
		I(row->inbound_seq), I(row->link_seq), I(row->outbound_seq), S(row->rules_digest),
		I(row->full_import_required), I(row->full_sync_required),
		I(row->import_full_running), ID(row->last_import));
}
