/* Errors on objects. */
#include "store/error.h"
#include "store/query.h"

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
