/* Statement plumbing: prepared once, bound, stepped, always reset. */
#include "store/query.h"
#include "base/stopwatch.h"
#include "store/query_list.inc"

#include <errno.h>
#include <stdio.h>

int store_error(struct store *s, const char *what, struct err *e)
{
	int code = sqlite3_errcode(s->db), r = -EIO;

	switch (code & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		r = -EBUSY;
		break;
	case SQLITE_FULL:
		r = -ENOSPC;
		break;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		r = -EUCLEAN;
		break;
	case SQLITE_READONLY:
		r = -EROFS;
		break;
	}
	if ((code & 0xff) == SQLITE_IOERR && sqlite3_system_errno(s->db) == ENOSPC)
		r = -ENOSPC;
	return err_set(e, r, s->path, 0, "%s: %s%s", what, sqlite3_errmsg(s->db),
		r == -ENOSPC ? "; make room on the disk, the next cycle goes on from here" : "");
}

sqlite3_stmt *q_start(struct store *s, enum query q, struct err *e)
{
	if (!s->stmts[q] && sqlite3_prepare_v3(s->db, query_texts[q], -1, SQLITE_PREPARE_PERSISTENT,
				    &s->stmts[q], NULL) != SQLITE_OK) {
		store_error(s, query_names[q], e);
		return NULL;
	}
	return s->stmts[q];
}

void q_end(struct store *s, enum query q)
{
	sqlite3_reset(s->stmts[q]);
	sqlite3_clear_bindings(s->stmts[q]);
}

int q_step(struct store *s, enum query q, struct err *e)
{
	enum watch before = watch_enter(WATCH_STORE);
	int rc = sqlite3_step(s->stmts[q]);

	watch_leave(before);

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE) {
		int r = store_error(s, query_names[q], e);

		q_end(s, q);
		return r;
	}
	q_end(s, q);
	return 0;
}

int q_run(struct store *s, enum query q, struct err *e)
{
	int r;

	while ((r = q_step(s, q, e)) > 0)
		;
	return r;
}

/* A parameter that was not bound would be NULL, which is an answer: only memory can be missing. */
static void bound(int rc)
{
	if (rc == SQLITE_OK)
		return;
	fputs("out of memory in SQLite\n", stderr);
	abort();
}

void q_text(sqlite3_stmt *st, int i, const char *text)
{
	bound(text ? sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC) : sqlite3_bind_null(st, i));
}

void q_blob(sqlite3_stmt *st, int i, const void *p, size_t n)
{
	bound(p ? sqlite3_bind_blob64(st, i, p, n, SQLITE_STATIC) : sqlite3_bind_null(st, i));
}

void q_int(sqlite3_stmt *st, int i, int64_t v)
{
	bound(sqlite3_bind_int64(st, i, v));
}

void q_id(sqlite3_stmt *st, int i, int64_t v)
{
	bound(v ? sqlite3_bind_int64(st, i, v) : sqlite3_bind_null(st, i));
}

const char *q_col_text(sqlite3_stmt *st, int i, struct arena *a)
{
	const void *p;

	if (sqlite3_column_type(st, i) == SQLITE_NULL)
		return NULL;
	p = sqlite3_column_text(st, i);
	bound(p ? SQLITE_OK : SQLITE_NOMEM);
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
	bound(p || !*ret_n ? SQLITE_OK : SQLITE_NOMEM);
	return arena_dup(a, p ? p : "", *ret_n);
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
