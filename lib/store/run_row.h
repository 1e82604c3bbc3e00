/*
 * Run history: runs and their steps (store.sql: tables run, run_step). All but run_row_list and
 * run_row_get write.
 */
#pragma once

#include "store/store.h"

struct run_row {
	int64_t id;
	const char *policy;
	int64_t started, ended; /* ended 0: not ended */
	const char *result;     /* NULL: not ended */
};

struct step_row {
	int64_t run;
	int number;
	int64_t connector;
	const char *connector_name;
	const char *type;
	int64_t started, ended;
	const char *result;   /* NULL: not ended */
	const char *counters; /* JSON text or NULL */
	const char *error;    /* NULL: none */
};

int run_row_insert(struct store *s, const char *policy, int64_t started, int64_t *ret_id,
	struct err *e) _must_check_;
int run_row_end(
	struct store *s, int64_t id, int64_t ended, const char *result, struct err *e) _must_check_;
/* Marks runs that were killed as ended with `result`. */
int run_row_end_stale(
	struct store *s, int64_t ended, const char *result, struct err *e) _must_check_;
int step_row_insert(struct store *s, const struct step_row *row, struct err *e) _must_check_;
int step_row_update(struct store *s, const struct step_row *row, struct err *e) _must_check_;
/* Newest first, at most limit. */
int run_row_list(struct store *s, unsigned limit, struct arena *a, struct run_row **ret,
	unsigned *ret_n, struct err *e) _must_check_;
/* id 0: the newest. */
int run_row_get(struct store *s, int64_t id, struct arena *a, struct run_row *ret,
	struct step_row **ret_steps, unsigned *ret_n, struct err *e) _must_check_;
/* Deletes runs that ended before the given time. */
int run_row_purge(struct store *s, int64_t before, struct err *e) _must_check_;
