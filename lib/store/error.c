/* Errors on objects. */
#include "store/error.h"
#include "store/query.h"
#include "store/tally.h"

static const char *const PHASES[] = {
#define X(name, word) [ERROR_##name] = word,
	ERROR_PHASES(X)
#undef X
};

const char *error_phase_name(enum error_phase p)
{
	assert((unsigned)p < ERROR_PHASE_COUNT);
	return PHASES[p];
}

static void read_row(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct error_row *row = ret;

	row->cs = sqlite3_column_int64(st, 0);
	row->phase = (enum error_phase)sqlite3_column_int(st, 1);
	row->type = q_col_text(st, 2, a);
	row->known = error_type_find(row->type);
	row->text = q_col_text(st, 3, a);
	row->first = sqlite3_column_int64(st, 4);
	row->last = sqlite3_column_int64(st, 5);
	row->count = sqlite3_column_int(st, 6);
	row->retry_at = sqlite3_column_int64(st, 7);
	row->dn = q_col_text(st, 8, a);
	row->connector = q_col_text(st, 9, a);
	row->step = q_col_text(st, 10, a);
	row->step_type = q_col_text(st, 11, a);
}

/* target 0: the error is of the object's own connector. */
static int put(struct store *s, int64_t cs, enum error_phase phase, int64_t target,
	const char *type, const char *text, int64_t now, int64_t retry_at, int *ret_count,
	struct err *e)
{
	int r;

	assert(cs >= 0 && (unsigned)phase < ERROR_PHASE_COUNT);
	TRY(q_start(s, Q_ERROR_PUT, e, I(cs), I(phase), S(type), S(text), I(now), I(retry_at),
		ID(target)));
	while ((r = q_step(s, Q_ERROR_PUT, e)) > 0)
		if (ret_count)
			*ret_count = sqlite3_column_int(s->stmts[Q_ERROR_PUT], 0);
	return r;
}

int error_put(struct store *s, int64_t cs, enum error_phase phase, const char *type,
	const char *text, int64_t now, int64_t retry_at, int *ret_count, struct err *e)
{
	return put(s, cs, phase, 0, type, text, now, retry_at, ret_count, e);
}

int error_put_outbound(struct store *s, int64_t cs, int64_t target, const char *type,
	const char *text, int64_t now, struct err *e)
{
	assert(target >= 0);
	return put(s, cs, ERROR_OUTBOUND, target, type, text, now, 0, NULL, e);
}

int error_get(struct store *s, int64_t cs, enum error_phase phase, struct arena *a,
	struct error_row *ret, struct err *e)
{
	assert(cs >= 0);
	return q_get(s, Q_ERROR_GET, read_row, a, ret, e, I(cs), I(phase));
}

int error_retry(struct store *s, int64_t cs, enum error_phase phase, struct err *e)
{
	assert(cs >= 0);
	TRY(q_exec(s, Q_ERROR_RETRY, e, I(cs), I(phase)));
	return sqlite3_changes(s->db) ? 0 : STORE_NONE;
}

int error_clear(struct store *s, int64_t cs, enum error_phase phase, struct err *e)
{
	assert(cs >= 0);
	return q_exec(s, Q_ERROR_CLEAR, e, I(cs), I(phase), ID(0));
}

int error_clear_outbound(struct store *s, int64_t cs, int64_t target, struct err *e)
{
	assert(cs >= 0 && target >= 0);
	return q_exec(s, Q_ERROR_CLEAR, e, I(cs), I(ERROR_OUTBOUND), I(target));
}

int error_clear_but(
	struct store *s, int64_t cs, enum error_phase phase, enum error_type type, struct err *e)
{
	assert(cs >= 0);
	return q_exec(s, Q_ERROR_CLEAR_BUT, e, I(cs), I(phase), S(error_type_word(type)));
}

int error_clear_all(struct store *s, int64_t cs, struct err *e)
{
	assert(cs >= 0);
	return q_exec(s, Q_ERROR_CLEAR_ALL, e, I(cs));
}

int error_page(struct store *s, int64_t connector, enum error_phase phase, int64_t after,
	unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_ids(s, Q_ERROR_PAGE, limit, ret_ids, ret_n, e, I(connector), I(phase), I(after),
		I(limit));
}

int error_count(
	struct store *s, int64_t connector, enum error_phase phase, int64_t *ret, struct err *e)
{
	assert(connector >= 0);
	TRY(tally_flush(s, e));
	return q_get(s, Q_ERROR_COUNT, q_read_id, NULL, ret, e, I(connector), I(phase));
}

int error_count_export(struct store *s, int64_t connector, int64_t *ret, struct err *e)
{
	assert(connector >= 0);
	return q_get(s, Q_ERROR_COUNT_EXPORT, q_read_id, NULL, ret, e, I(connector));
}

int error_ids(struct store *s, enum error_phase phase, void (*found)(void *ctx, int64_t cs),
	void *ctx, struct err *e)
{
	int r;

	TRY(q_start(s, Q_ERROR_IDS, e, I(phase)));
	while ((r = q_step(s, Q_ERROR_IDS, e)) > 0)
		found(ctx, sqlite3_column_int64(s->stmts[Q_ERROR_IDS], 0));
	return r;
}

int error_list(struct store *s, unsigned limit, struct arena *a, struct error_row **ret,
	unsigned *ret_n, struct err *e)
{
	return q_list(s, Q_ERROR_LIST, read_row, a, ret, ret_n, e, I(limit));
}
