/*
 * Statements by enum, for the files of this layer.
 *
 * Whoever asks gives the values with the statement, in the order of its parameters ?1, ?2 ...:
 *
 *	r = q_exec(s, Q_CS_SET_JOIN, e, I(id), ID(mv), S(rule));
 *
 * Texts and blobs are borrowed until the statement ends; every statement has ended when the
 * function that began it returns. All functions return 0, a positive condition named at them, or
 * the negative errno of what SQLite said, with *e naming the file. A statement that writes needs an
 * open transaction.
 */
#pragma once

#include "model/image.h"
#include "store/handle.h"
#include "store/query_list.h"

#include <assert.h>
#include <sqlite3.h>

struct store {
	sqlite3 *db;
	char *path;
	enum store_mode mode;
	sqlite3_stmt *stmts[Q_COUNT];
	int64_t seq, seq_at_begin;
	bool in_transaction;
	struct tally *tally; /* NULL: not open for writing, or about to be upgraded */
	bool taken_back;     /* a statement of the transaction failed: SQLite took its rows back */
	struct attr_map map;
	uint32_t attrs, attrs_at_begin; /* numbers given */
	struct err attr_error;          /* why one could not be given; code 0: none */
};

/* A value for a parameter: its kind is checked by the compiler. */
struct q_value {
	int type; /* SQLITE_INTEGER, SQLITE_TEXT, SQLITE_BLOB */
	union {
		int64_t i;
		const void *p;
	};
	size_t n;
};
#define I(v) ((struct q_value){.type = SQLITE_INTEGER, .i = (v)})
/* a row's id; 0 is NULL */
#define ID(v) q_id(v)
/* a text; NULL is NULL */
#define S(v) q_text(v)
/* bytes; a NULL pointer is NULL */
#define BLOB(p, n) q_blob(p, n)
static inline struct q_value q_id(int64_t v)
{
	return (struct q_value){.type = v ? SQLITE_INTEGER : SQLITE_NULL, .i = v};
}
static inline struct q_value q_text(const char *text)
{
	return (struct q_value){.type = text ? SQLITE_TEXT : SQLITE_NULL, .p = text};
}
static inline struct q_value q_blob(const void *p, size_t n)
{
	return (struct q_value){.type = p ? SQLITE_BLOB : SQLITE_NULL, .p = p, .n = n};
}
#define Q_VALUES(...)                          \
	(const struct q_value[]){__VA_ARGS__}, \
		(unsigned)(sizeof((struct q_value[]){__VA_ARGS__}) / sizeof(struct q_value))

/* Prepares, once, and binds. The statement is s->stmts[q]. */
#define q_start(s, q, e, ...) q_bind(s, q, e, Q_VALUES(__VA_ARGS__))
int q_bind(struct store *s, enum query q, struct err *e, const struct q_value *values,
	unsigned n) _must_check_;
/* One step: 1 a row, 0 done (and ended). */
int q_step(struct store *s, enum query q, struct err *e) _must_check_;
/* Ends a statement early. */
void q_end(struct store *s, enum query q);

/* A statement whose rows, if any, nobody looks at. */
#define q_exec(s, q, e, ...) q_exec_values(s, q, e, Q_VALUES(__VA_ARGS__))
int q_exec_values(struct store *s, enum query q, struct err *e, const struct q_value *values,
	unsigned n) _must_check_;

/* Fills *ret from the columns of a row; what has no number is copied to the arena. */
typedef void q_read(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret);
void q_read_id(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret); /* int64_t */
void q_read_text(
	const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret); /* const char * */

/* The first row. STORE_NONE: there is none, *ret is as it was. */
#define q_get(s, q, read, a, ret, e, ...) q_get_values(s, q, read, a, ret, e, Q_VALUES(__VA_ARGS__))
int q_get_values(struct store *s, enum query q, q_read *read, struct arena *a, void *ret,
	struct err *e, const struct q_value *values, unsigned n) _must_check_;
/* 1: there is a row, 0: there is none. */
#define q_any(s, q, e, ...) q_any_values(s, q, e, Q_VALUES(__VA_ARGS__))
int q_any_values(struct store *s, enum query q, struct err *e, const struct q_value *values,
	unsigned n) _must_check_;

/* A growing array in an arena. */
struct rows {
	struct arena *a;
	size_t size;
	void *items;
	unsigned n, cap;
};
void *rows_add(struct rows *r); /* zeroed */

/* All rows, behind those that are there. */
#define q_rows(s, q, read, rows, e, ...) q_rows_values(s, q, read, rows, e, Q_VALUES(__VA_ARGS__))
int q_rows_values(struct store *s, enum query q, q_read *read, struct rows *rows, struct err *e,
	const struct q_value *values, unsigned n) _must_check_;
/* All rows, as an array in the arena: ret points to an array of what `read` fills. */
#define q_list(s, q, read, a, ret, ret_n, e, ...)                        \
	({                                                               \
		struct rows _rows = {.a = (a), .size = sizeof(**(ret))}; \
		int _r = q_rows(s, q, read, &_rows, e, __VA_ARGS__);     \
		if (_r == 0) {                                           \
			*(ret) = _rows.items;                            \
			*(ret_n) = _rows.n;                              \
		}                                                        \
		_r;                                                      \
	})
/* The ids of all rows, into an array of the caller's for `max` (the LIMIT of the statement). */
#define q_ids(s, q, max, ret, ret_n, e, ...) \
	q_ids_values(s, q, max, ret, ret_n, e, Q_VALUES(__VA_ARGS__))
int q_ids_values(struct store *s, enum query q, unsigned max, int64_t *ret, unsigned *ret_n,
	struct err *e, const struct q_value *values, unsigned n) _must_check_;

/* Fills *e from the database's last error; returns the negative errno. */
int store_error(struct store *s, const char *what, struct err *e) _must_check_;

/* Columns, copied to the arena; NULL stays NULL. */
const char *q_col_text(sqlite3_stmt *st, int i, struct arena *a);
const void *q_col_blob(sqlite3_stmt *st, int i, struct arena *a, size_t *ret_n);
/* The process's number of the attribute whose number in the store the column has; 0: none. */
unsigned q_col_attr(const struct store *s, sqlite3_stmt *st, int i);

/* The store's number of an attribute, made if need be. */
int store_attr(struct store *s, unsigned attr, uint32_t *ret, struct err *e) _must_check_;

static inline int64_t next_seq(struct store *s)
{
	return ++s->seq;
}
