/* Rows of connectors. */
#include "store/connector_row.h"
#include "store/query.h"

#include <errno.h>

static void connector_read(sqlite3_stmt *st, struct arena *a, struct connector_row *ret)
{
	ret->id = sqlite3_column_int64(st, 0);
	ret->name = q_col_text(st, 1, a);
	ret->type = q_col_text(st, 2, a);
	ret->cursor = q_col_blob(st, 3, a, &ret->cursor_len);
	ret->inbound_seq = sqlite3_column_int64(st, 4);
	ret->link_seq = sqlite3_column_int64(st, 5);
	ret->outbound_seq = sqlite3_column_int64(st, 6);
	ret->rules_digest = q_col_text(st, 7, a);
	ret->full_import_required = sqlite3_column_int(st, 8);
	ret->full_sync_required = sqlite3_column_int(st, 9);
	ret->import_full_running = sqlite3_column_int(st, 10);
	ret->last_import = sqlite3_column_int64(st, 11);
}

static int connector_find(struct store *s, const char *name, struct arena *a,
	struct connector_row *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CONNECTOR_FIND, e);
	int r;

	if (!st)
		return e->code;
	q_text(st, 1, name);
	r = q_step(s, Q_CONNECTOR_FIND, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	connector_read(st, a, ret);
	q_end(s, Q_CONNECTOR_FIND);
	return 0;
}

int connector_ensure(struct store *s, const char *name, const char *type, struct arena *a,
	struct connector_row *ret, struct err *e)
{
	int r = connector_find(s, name, a, ret, e);
	sqlite3_stmt *st;

	TRY(r);
	if (r == STORE_NONE) {
		st = q_start(s, Q_CONNECTOR_INSERT, e);
		if (!st)
			return e->code;
		q_text(st, 1, name);
		q_text(st, 2, type);
		TRY(q_run(s, Q_CONNECTOR_INSERT, e));
		TRY(connector_find(s, name, a, ret, e));
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
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_CONNECTOR_LIST, e);
	int r;

	if (!st)
		return e->code;
	while ((r = q_step(s, Q_CONNECTOR_LIST, e)) > 0)
		connector_read(st, a, rows_add(&rows));
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int connector_update(struct store *s, const struct connector_row *row, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CONNECTOR_UPDATE, e);

	if (!st)
		return e->code;
	q_int(st, 1, row->id);
	q_blob(st, 2, row->cursor, row->cursor_len);
	q_int(st, 3, row->inbound_seq);
	q_int(st, 4, row->link_seq);
	q_int(st, 5, row->outbound_seq);
	q_text(st, 6, row->rules_digest);
	q_int(st, 7, row->full_import_required);
	q_int(st, 8, row->full_sync_required);
	q_int(st, 9, row->import_full_running);
	q_id(st, 10, row->last_import);
	return q_run(s, Q_CONNECTOR_UPDATE, e);
}
