/* Jobs that move the source of authority. */
#include "store/job.h"
#include "store/query.h"

static const char *const STATES[] = {
#define X(name, word) word,
	SOA_ITEM_STATES(X)
#undef X
};

const char *soa_item_word(enum soa_item_state s)
{
	assert((unsigned)s < SOA_ITEM_STATE_COUNT);
	return STATES[s];
}

int job_add(struct store *s, struct job_row *row, struct err *e)
{
	TRY(q_exec(s, Q_JOB_PURGE, e, I(row->started - JOBS_KEPT_SECONDS)));
	TRY(q_exec(s, Q_JOB_ADD, e, S(row->connector), I(row->authority), I(row->managed),
		I(row->uid), I(row->started)));
	row->id = sqlite3_last_insert_rowid(s->db);
	return 0;
}

int job_end(struct store *s, int64_t job, int64_t now, struct err *e)
{
	assert(job > 0);
	return q_exec(s, Q_JOB_END, e, I(job), I(now));
}

static void read_job(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	*(struct job_row *)ret = (struct job_row){
		.id = sqlite3_column_int64(st, 0),
		.connector = q_col_text(st, 1, a),
		.authority = (unsigned)sqlite3_column_int(st, 2),
		.managed = sqlite3_column_int(st, 3),
		.uid = sqlite3_column_int64(st, 4),
		.started = sqlite3_column_int64(st, 5),
	};
}

int job_list_open(
	struct store *s, struct arena *a, struct job_row **ret, unsigned *ret_n, struct err *e)
{
	return q_list(s, Q_JOB_OPEN, read_job, a, ret, ret_n, e);
}

int item_add(struct store *s, const struct item_row *row, struct err *e)
{
	assert(row->job > 0 && row->number > 0);
	return q_exec(s, Q_ITEM_ADD, e, I(row->job), I(row->number), I(row->cs), S(row->anchor),
		S(row->class), S(row->dn), I(row->state), I(row->at));
}

int item_set(struct store *s, int64_t job, unsigned number, enum soa_item_state state, int64_t now,
	const char *error, struct err *e)
{
	assert((unsigned)state < SOA_ITEM_STATE_COUNT);
	return q_exec(s, Q_ITEM_SET, e, I(job), I(number), I(state), I(now), S(error));
}

static void read_item(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	*(struct item_row *)ret = (struct item_row){
		.job = sqlite3_column_int64(st, 0),
		.number = (unsigned)sqlite3_column_int(st, 1),
		.cs = sqlite3_column_int64(st, 2),
		.anchor = q_col_text(st, 3, a),
		.class = q_col_text(st, 4, a),
		.dn = q_col_text(st, 5, a),
		.state = (enum soa_item_state)sqlite3_column_int(st, 6),
		.at = sqlite3_column_int64(st, 7),
		.error = q_col_text(st, 8, a),
	};
}

int item_list_open(struct store *s, int64_t job, struct arena *a, struct item_row **ret,
	unsigned *ret_n, struct err *e)
{
	assert(job > 0);
	return q_list(s, Q_ITEM_OPEN, read_item, a, ret, ret_n, e, I(job));
}
