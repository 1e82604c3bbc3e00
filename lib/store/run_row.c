/* Run history: runs and their steps. */
#include "store/run_row.h"
#include "store/query.h"

#include <errno.h>

int run_row_insert(
	struct store *s, const char *policy, int64_t started, int64_t *ret_id, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_RUN_INSERT, e);

	if (!st)
		return e->code;
	q_text(st, 1, policy);
	q_int(st, 2, started);
	TRY(q_run(s, Q_RUN_INSERT, e));
	*ret_id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int run_row_end(struct store *s, int64_t id, int64_t ended, const char *result, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_RUN_END, e);

	if (!st)
		return e->code;
	q_int(st, 1, id);
	q_int(st, 2, ended);
	q_text(st, 3, result);
	return q_run(s, Q_RUN_END, e);
}

int run_row_end_stale(struct store *s, int64_t ended, const char *result, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_RUN_END_STALE, e);

	if (!st)
		return e->code;
	q_int(st, 1, ended);
	q_text(st, 2, result);
	return q_run(s, Q_RUN_END_STALE, e);
}

int step_row_insert(struct store *s, const struct step_row *row, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_STEP_INSERT, e);

	if (!st)
		return e->code;
	q_int(st, 1, row->run);
	q_int(st, 2, row->number);
	q_id(st, 3, row->connector);
	q_text(st, 4, row->type);
	q_int(st, 5, row->started);
	return q_run(s, Q_STEP_INSERT, e);
}

int step_row_update(struct store *s, const struct step_row *row, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_STEP_UPDATE, e);

	if (!st)
		return e->code;
	q_int(st, 1, row->run);
	q_int(st, 2, row->number);
	q_int(st, 3, row->ended);
	q_text(st, 4, row->result);
	q_text(st, 5, row->counters);
	q_text(st, 6, row->error && *row->error ? row->error : NULL);
	return q_run(s, Q_STEP_UPDATE, e);
}

static void run_read(sqlite3_stmt *st, struct arena *a, struct run_row *ret)
{
	ret->id = sqlite3_column_int64(st, 0);
	ret->policy = q_col_text(st, 1, a);
	ret->started = sqlite3_column_int64(st, 2);
	ret->ended = sqlite3_column_int64(st, 3);
	ret->result = q_col_text(st, 4, a);
}

int run_row_list(struct store *s, unsigned limit, struct arena *a, struct run_row **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_RUN_LIST, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, limit);
	while ((r = q_step(s, Q_RUN_LIST, e)) > 0)
		run_read(st, a, rows_add(&rows));
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

static int step_row_list(struct store *s, int64_t run, struct arena *a, struct step_row **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st = q_start(s, Q_STEP_LIST, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, run);
	while ((r = q_step(s, Q_STEP_LIST, e)) > 0) {
		struct step_row *row = rows_add(&rows);

		row->run = sqlite3_column_int64(st, 0);
		row->number = sqlite3_column_int(st, 1);
		row->connector = sqlite3_column_int64(st, 2);
		row->connector_name = q_col_text(st, 3, a);
		row->type = q_col_text(st, 4, a);
		row->started = sqlite3_column_int64(st, 5);
		row->ended = sqlite3_column_int64(st, 6);
		row->result = q_col_text(st, 7, a);
		row->counters = q_col_text(st, 8, a);
		row->error = q_col_text(st, 9, a);
	}
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int run_row_get(struct store *s, int64_t id, struct arena *a, struct run_row *ret,
	struct step_row **ret_steps, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_RUN_GET, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, id);
	r = q_step(s, Q_RUN_GET, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	run_read(st, a, ret);
	q_end(s, Q_RUN_GET);
	return step_row_list(s, ret->id, a, ret_steps, ret_n, e);
}

int run_row_purge(struct store *s, int64_t before, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_RUN_PURGE, e);

	if (!st)
		return e->code;
	q_int(st, 1, before);
	return q_run(s, Q_RUN_PURGE, e);
}
