/* Statement plumbing: prepared once, bound, stepped, always reset. */
#include "store/query.h"
#include "base/stopwatch.h"
#include "store/query_list.inc"

#include <errno.h>
#include <stdio.h>

/* The low byte of a result code is the code; what stands above it says more about the same. */
static int primary(int code)
{
	return code & 0xff;
}

static int code_errno(int code, int system)
{
	switch (primary(code)) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return -EBUSY;
	case SQLITE_FULL:
		return -ENOSPC;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return -EUCLEAN;
	case SQLITE_READONLY:
		return -EROFS;
	case SQLITE_NOMEM:
		return -ENOMEM;
	case SQLITE_TOOBIG:
		return -E2BIG;
	case SQLITE_IOERR:
		return system == ENOSPC || system == EDQUOT ? -ENOSPC : -EIO;
	}
	return -EIO;
}

int store_error(struct store *s, const char *what, struct err *e)
{
	int code = sqlite3_errcode(s->db), r = code_errno(code, sqlite3_system_errno(s->db));

	/* without an error its text would be "not an error" */
	switch (primary(code)) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return err_set(e, r, s->path, 0, "%s: the database gave no answer", what);
	}
	return err_set(e, r, s->path, 0, "%s: %s%s", what, sqlite3_errmsg(s->db),
		r == -ENOSPC ? "; make room on the disk, the next cycle goes on from here" : "");
}

static int prepare(struct store *s, enum query q, struct err *e)
{
	if (sqlite3_prepare_v3(s->db, query_texts[q], -1, SQLITE_PREPARE_PERSISTENT, &s->stmts[q],
		    NULL) != SQLITE_OK)
		return store_error(s, query_names[q], e);
	return 0;
}

static int bind_value(sqlite3_stmt *st, int i, const struct q_value *v)
{
	switch (v->type) {
	case SQLITE_INTEGER:
		return sqlite3_bind_int64(st, i, v->i);
	case SQLITE_TEXT:
		return sqlite3_bind_text(st, i, v->p, -1, SQLITE_STATIC);
	case SQLITE_BLOB:
		return sqlite3_bind_blob64(st, i, v->p, v->n, SQLITE_STATIC);
	}
	return SQLITE_OK; /* NULL: what a parameter is before it is bound */
}

int q_bind(struct store *s, enum query q, struct err *e, const struct q_value *values, unsigned n)
{
	sqlite3_stmt *st;

	assert(e);
	if (!s->stmts[q])
		TRY(prepare(s, q, e));
	st = s->stmts[q];
	assert(n == (unsigned)sqlite3_bind_parameter_count(st));
	assert(!sqlite3_stmt_busy(st));
	assert(s->in_transaction || sqlite3_stmt_readonly(st) || q == Q_BEGIN);
	for (unsigned i = 0; i < n; i++)
		if (bind_value(st, (int)i + 1, &values[i]) != SQLITE_OK) {
			int r = store_error(s, query_names[q], e);

			q_end(s, q);
			return r;
		}
	return 0;
}

void q_end(struct store *s, enum query q)
{
	sqlite3_reset(s->stmts[q]);
	sqlite3_clear_bindings(s->stmts[q]);
}

int q_step(struct store *s, enum query q, struct err *e)
{
	enum watch before = watch_enter(WATCH_STORE);
	int r = 0, rc = sqlite3_step(s->stmts[q]);

	watch_leave(before);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE) {
		r = store_error(s, query_names[q], e);
		s->taken_back = s->in_transaction;
	}
	q_end(s, q);
	return r;
}

int q_exec_values(
	struct store *s, enum query q, struct err *e, const struct q_value *values, unsigned n)
{
	int r;

	TRY(q_bind(s, q, e, values, n));
	while ((r = q_step(s, q, e)) > 0)
		;
	return r;
}

int q_get_values(struct store *s, enum query q, q_read *read, struct arena *a, void *ret,
	struct err *e, const struct q_value *values, unsigned n)
{
	int r;

	TRY(q_bind(s, q, e, values, n));
	r = q_step(s, q, e);
	if (r <= 0)
		return r < 0 ? r : STORE_NONE;
	read(s, s->stmts[q], a, ret);
	q_end(s, q);
	return 0;
}

int q_any_values(
	struct store *s, enum query q, struct err *e, const struct q_value *values, unsigned n)
{
	int r;

	TRY(q_bind(s, q, e, values, n));
	r = q_step(s, q, e);
	if (r > 0)
		q_end(s, q);
	return r;
}

int q_rows_values(struct store *s, enum query q, q_read *read, struct rows *rows, struct err *e,
	const struct q_value *values, unsigned n)
{
	int r;

	TRY(q_bind(s, q, e, values, n));
	while ((r = q_step(s, q, e)) > 0)
		read(s, s->stmts[q], rows->a, rows_add(rows));
	return r;
}

int q_ids_values(struct store *s, enum query q, unsigned max, int64_t *ret, unsigned *ret_n,
	struct err *e, const struct q_value *values, unsigned n)
{
	unsigned k = 0;
	int r;

	TRY(q_bind(s, q, e, values, n));
	while ((r = q_step(s, q, e)) > 0) {
		assert(k < max);
		ret[k++] = sqlite3_column_int64(s->stmts[q], 0);
	}
	TRY(r);
	*ret_n = k;
	return 0;
}

void q_read_id(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	*(int64_t *)ret = sqlite3_column_int64(st, 0);
}

void q_read_text(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	*(const char **)ret = q_col_text(st, 0, a);
}

/* A column without its bytes would be an answer; only memory can be missing. */
static void have(const void *p)
{
	if (p)
		return;
	fputs("out of memory in SQLite\n", stderr);
	abort();
}

const char *q_col_text(sqlite3_stmt *st, int i, struct arena *a)
{
	const void *p;

	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		return NULL;
	p = sqlite3_column_text(st, i);
	have(p);
	return arena_dup(a, p, (size_t)sqlite3_column_bytes(st, i));
}

const void *q_col_blob(sqlite3_stmt *st, int i, struct arena *a, size_t *ret_n)
{
	const void *p;

	*ret_n = 0;
	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		return NULL;
	p = sqlite3_column_blob(st, i);
	*ret_n = (size_t)sqlite3_column_bytes(st, i);
	if (*ret_n)
		have(p);
	return arena_dup(a, p ? p : "", *ret_n);
}

unsigned q_col_attr(const struct store *s, sqlite3_stmt *st, int i)
{
	int64_t id = sqlite3_column_int64(st, i);

	if (id <= 0 || id >= ATTR_MAX)
		return 0;
	if (!s->map.from_store[id])
		s->map.find(&s->map, (uint32_t)id);
	return s->map.from_store[id];
}

void *rows_add(struct rows *r)
{
	if (r->n == r->cap) {
		unsigned cap = r->cap ? r->cap * 2 : 16;
		void *grown = arena_alloc(r->a, cap * r->size);

		if (r->n)
			memcpy(grown, r->items, r->n * r->size);
		r->items = grown;
		r->cap = cap;
	}
	return memset((char *)r->items + r->size * r->n++, 0, r->size);
}
