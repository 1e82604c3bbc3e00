/* Run history: runs and their steps. */
#include "store/run_row.h"
#include "store/query.h"

int run_row_insert(
	struct store *s, const char *policy, int64_t started, int64_t *ret_id, struct err *e)
{
	TRY(q_exec(s, Q_RUN_INSERT, e, S(policy), I(started)));
	*ret_id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int run_row_end(struct store *s, int64_t id, int64_t ended, const char *result, struct err *e)
{
	assert(id >= 0);
	return q_exec(s, Q_RUN_END, e, I(id), I(ended), S(result));
}

int run_row_end_stale(struct store *s, int64_t ended, const char *result, struct err *e)
{
	return q_exec(s, Q_RUN_END_STALE, e, I(ended), S(result));
}

int step_row_insert(struct store *s, const struct step_row *row, struct err *e)
{
	assert(row->run > 0 && row->number > 0);
	return q_exec(s, Q_STEP_INSERT, e, I(row->run), I(row->number), ID(row->connector),
		S(row->type), I(row->started));
}

int step_row_update(struct store *s, const struct step_row *row, struct err *e)
{
	assert(row->run > 0 && row->number > 0);
	return q_exec(s, Q_STEP_UPDATE, e, I(row->run), I(row->number), I(row->ended),
		S(row->result), S(row->counters), S(row->error && *row->error ? row->error : NULL));
}

static void read_run(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct run_row *row = ret;

	row->id = sqlite3_column_int64(st, 0);
	row->policy = q_col_text(st, 1, a);
	row->started = sqlite3_column_int64(st, 2);
	row->ended = sqlite3_column_int64(st, 3);
	row->result = q_col_text(st, 4, a);
}

static void read_step(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct step_row *row = ret;

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

int run_row_list(struct store *s, unsigned limit, struct arena *a, struct run_row **ret,
	unsigned *ret_n, struct err *e)
{
	return q_list(s, Q_RUN_LIST, read_run, a, ret, ret_n, e, I(limit));
}

int run_row_get(struct store *s, int64_t id, struct arena *a, struct run_row *ret,
	struct step_row **ret_steps, unsigned *ret_n, struct err *e)
{
	int r = q_get(s, Q_RUN_GET, read_run, a, ret, e, I(id));

	if (r != 0)
		return r;
	return q_list(s, Q_STEP_LIST, read_step, a, ret_steps, ret_n, e, I(ret->id));
}

int run_row_purge(struct store *s, int64_t before, struct err *e)
{
	return q_exec(s, Q_RUN_PURGE, e, I(before));
}
