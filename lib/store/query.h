/*
 * Statements by enum, for the files of this layer. q_start() resets and binds nothing; the bind
 * calls keep borrowed pointers until the next q_start() of the same statement.
 */
#pragma once

#include "store/store.h"
#include "store/query_list.h"

#include <sqlite3.h>

struct store {
	sqlite3 *db;
	char *path;
	enum store_mode mode;
	sqlite3_stmt *stmts[Q_COUNT];
	int64_t seq, seq_at_begin;
	bool in_transaction;
	struct attr_map map;
	uint32_t attrs, attrs_at_begin; /* numbers given */
	struct err attr_error;          /* why one could not be given; code 0: none */
};

/* The statement, ready to bind; NULL with *e. */
sqlite3_stmt *q_start(struct store *s, enum query q, struct err *e);
/* One step: 1 a row, 0 done (and reset), negative with *e. */
int q_step(struct store *s, enum query q, struct err *e) _must_check_;
/* For statements without rows. */
int q_run(struct store *s, enum query q, struct err *e) _must_check_;
/* Ends a statement early; every statement is reset before a function returns. */
void q_end(struct store *s, enum query q);
/* Fills *e from the database's last error; returns the negative errno. */
int store_error(struct store *s, const char *what, struct err *e);

void q_text(sqlite3_stmt *st, int i, const char *text);        /* NULL binds NULL */
void q_blob(sqlite3_stmt *st, int i, const void *p, size_t n); /* p NULL binds NULL */
void q_int(sqlite3_stmt *st, int i, int64_t v);
void q_id(sqlite3_stmt *st, int i, int64_t v); /* 0 binds NULL */

/* Columns, copied to the arena; NULL stays NULL. */
const char *q_col_text(sqlite3_stmt *st, int i, struct arena *a);
const void *q_col_blob(sqlite3_stmt *st, int i, struct arena *a, size_t *ret_n);

static inline int64_t next_seq(struct store *s)
{
	return ++s->seq;
}

/* A growing array in an arena, for pages of rows. */
struct rows {
	struct arena *a;
	size_t size;
	void *items;
	unsigned n, cap;
};
void *rows_add(struct rows *r); /* zeroed */
