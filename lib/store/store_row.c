/* Rows of connectors, object errors and the outbox. */
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

const char *error_phase_name(enum error_phase p)
{
	static const char *const names[] = {
#define X(name, word) [ERROR_##name] = word,
		ERROR_PHASES(X)
#undef X
	};

	return names[p];
}

static int put(struct store *s, int64_t cs, enum error_phase phase, int64_t target,
	const char *type, const char *text, int64_t now, int64_t retry_at, int *ret_count,
	struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_ERROR_PUT, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, phase);
	q_text(st, 3, type);
	q_text(st, 4, text);
	q_int(st, 5, now);
	q_int(st, 6, retry_at);
	q_id(st, 7, target);
	r = q_step(s, Q_ERROR_PUT, e);
	TRY(r);
	if (ret_count)
		*ret_count = sqlite3_column_int(st, 0);
	return q_run(s, Q_ERROR_PUT, e);
}

int error_put(struct store *s, int64_t cs, enum error_phase phase, const char *type,
	const char *text, int64_t now, int64_t retry_at, int *ret_count, struct err *e)
{
	return put(s, cs, phase, 0, type, text, now, retry_at, ret_count, e);
}

int error_put_outbound(struct store *s, int64_t cs, int64_t target, const char *type,
	const char *text, int64_t now, struct err *e)
{
	return put(s, cs, ERROR_OUTBOUND, target, type, text, now, 0, NULL, e);
}

static void error_read(sqlite3_stmt *st, struct arena *a, struct error_row *ret)
{
	ret->cs = sqlite3_column_int64(st, 0);
	ret->phase = (enum error_phase)sqlite3_column_int(st, 1);
	ret->type = q_col_text(st, 2, a);
	ret->text = q_col_text(st, 3, a);
	ret->first = sqlite3_column_int64(st, 4);
	ret->last = sqlite3_column_int64(st, 5);
	ret->count = sqlite3_column_int(st, 6);
	ret->retry_at = sqlite3_column_int64(st, 7);
	ret->dn = q_col_text(st, 8, a);
	ret->connector = q_col_text(st, 9, a);
	ret->step = q_col_text(st, 10, a);
	ret->step_type = q_col_text(st, 11, a);
}

int error_get(struct store *s, int64_t cs, enum error_phase phase, struct arena *a,
	struct error_row *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_ERROR_GET, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, phase);
	r = q_step(s, Q_ERROR_GET, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	error_read(st, a, ret);
	q_end(s, Q_ERROR_GET);
	return 0;
}

int error_retry(struct store *s, int64_t cs, enum error_phase phase, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_ERROR_RETRY, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, phase);
	TRY(q_run(s, Q_ERROR_RETRY, e));
	return sqlite3_changes(s->db) ? 0 : STORE_NONE;
}

static int clear(struct store *s, int64_t cs, enum error_phase phase, int64_t target, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_ERROR_CLEAR, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, phase);
	q_id(st, 3, target);
	return q_run(s, Q_ERROR_CLEAR, e);
}

int error_clear_but(
	struct store *s, int64_t cs, enum error_phase phase, const char *type, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_ERROR_CLEAR_BUT, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, phase);
	q_text(st, 3, type);
	return q_run(s, Q_ERROR_CLEAR_BUT, e);
}

int cs_refused_put(struct store *s, int64_t cs, unsigned attr, int64_t value, struct err *e)
{
	uint32_t id = s->map.to_store[attr] ? s->map.to_store[attr] : s->map.add(&s->map, attr);
	sqlite3_stmt *st = q_start(s, Q_REFUSED_PUT, e);

	if (!st)
		return e->code;
	if (!id)
		return store_attr_error(s, e);
	q_int(st, 1, cs);
	q_int(st, 2, id);
	q_int(st, 3, value);
	return q_run(s, Q_REFUSED_PUT, e);
}

int cs_refused_get(struct store *s, int64_t cs, unsigned attr, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_REFUSED_GET, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	q_int(st, 2, s->map.to_store[attr]);
	r = q_step(s, Q_REFUSED_GET, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	*ret = sqlite3_column_int64(st, 0);
	q_end(s, Q_REFUSED_GET);
	return 0;
}

int cs_refused_clear(struct store *s, int64_t cs, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_REFUSED_CLEAR, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	return q_run(s, Q_REFUSED_CLEAR, e);
}

int error_clear(struct store *s, int64_t cs, enum error_phase phase, struct err *e)
{
	return clear(s, cs, phase, 0, e);
}

int error_clear_outbound(struct store *s, int64_t cs, int64_t target, struct err *e)
{
	return clear(s, cs, ERROR_OUTBOUND, target, e);
}

int error_clear_all(struct store *s, int64_t cs, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_ERROR_CLEAR_ALL, e);

	if (!st)
		return e->code;
	q_int(st, 1, cs);
	return q_run(s, Q_ERROR_CLEAR_ALL, e);
}

int error_page(struct store *s, int64_t connector, enum error_phase phase, int64_t after,
	unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_ERROR_PAGE, e);
	unsigned n = 0;
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, phase);
	q_int(st, 3, after);
	q_int(st, 4, limit);
	while ((r = q_step(s, Q_ERROR_PAGE, e)) > 0)
		ret_ids[n++] = sqlite3_column_int64(st, 0);
	*ret_n = n;
	return r;
}

int error_count(
	struct store *s, int64_t connector, enum error_phase phase, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_ERROR_COUNT, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, phase);
	TRY(q_step(s, Q_ERROR_COUNT, e));
	*ret = sqlite3_column_int64(st, 0);
	q_end(s, Q_ERROR_COUNT);
	return 0;
}

int error_count_export(struct store *s, int64_t connector, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_ERROR_COUNT_EXPORT, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	TRY(q_step(s, Q_ERROR_COUNT_EXPORT, e));
	*ret = sqlite3_column_int64(st, 0);
	q_end(s, Q_ERROR_COUNT_EXPORT);
	return 0;
}

int error_ids(struct store *s, enum error_phase phase, void (*found)(void *ctx, int64_t cs),
	void *ctx, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_ERROR_IDS, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, phase);
	while ((r = q_step(s, Q_ERROR_IDS, e)) > 0)
		found(ctx, sqlite3_column_int64(st, 0));
	return r;
}

int error_list(struct store *s, unsigned limit, struct arena *a, struct error_row **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_ERROR_LIST, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, limit);
	while ((r = q_step(s, Q_ERROR_LIST, e)) > 0)
		error_read(st, a, rows_add(&rows));
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int outbox_add(struct store *s, const struct record *r, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_OUTBOX_ADD, e);
	json_t *json = record_to_json(r);
	char *text = json_dumps(json, JSON_COMPACT);
	int ret;

	json_decref(json);
	if (!st || !text) {
		free(text);
		return st ? err_set(e, -EILSEQ, s->path, 0, "an event is not UTF-8") : e->code;
	}
	q_text(st, 1, text);
	ret = q_run(s, Q_OUTBOX_ADD, e);
	free(text);
	return ret;
}

int outbox_list(struct store *s, int64_t after, unsigned limit, struct arena *a,
	struct outbox_row **ret, unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_OUTBOX_LIST, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, after);
	q_int(st, 2, limit);
	while ((r = q_step(s, Q_OUTBOX_LIST, e)) > 0) {
		struct outbox_row *row = rows_add(&rows);

		row->id = sqlite3_column_int64(st, 0);
		row->record = q_col_text(st, 1, a);
	}
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int outbox_delete(struct store *s, int64_t up_to, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_OUTBOX_DELETE, e);

	if (!st)
		return e->code;
	q_int(st, 1, up_to);
	return q_run(s, Q_OUTBOX_DELETE, e);
}
