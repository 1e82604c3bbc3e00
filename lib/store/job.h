/*
 * Jobs that move the source of authority, and their objects (upgrade/2.sql: tables soa_job,
 * soa_item). What a killed job has begun is found here. job_add, job_end, item_add and item_set
 * write.
 */
#pragma once

#include "store/store.h"

/* X(enum, word) - the numbers are in the database: only append */
#define SOA_ITEM_STATES(X)                                                                   \
	X(WAITING, "waiting")                                                                \
	X(KEPT, "backed-up")                                                                 \
	X(SENDING, "sending") /* it may have been moved; the index soa_item_open is on it */ \
	X(DONE, "done")                                                                      \
	X(FAILED, "failed")                                                                  \
	X(SAME, "nothing-to-do") /* it was there already */
enum soa_item_state {
#define X(name, word) SOA_ITEM_##name,
	SOA_ITEM_STATES(X)
#undef X
		SOA_ITEM_STATE_COUNT
};
const char *soa_item_word(enum soa_item_state s);

struct job_row {
	int64_t id;
	const char *connector;
	unsigned authority; /* enum authority */
	bool managed;
	int64_t uid, started;
};
struct item_row {
	int64_t job;
	unsigned number;
	int64_t cs;
	const char *anchor, *class, *dn;
	enum soa_item_state state;
	int64_t at;
	const char *error;
};

#define JOBS_KEPT_SECONDS (90 * 86400)

/* A new job; row->id is set. Forgets those that ended long ago. */
int job_add(struct store *s, struct job_row *row, struct err *e) _must_check_;
int job_end(struct store *s, int64_t job, int64_t now, struct err *e) _must_check_;
/* Those that have not ended, the oldest first. */
int job_list_open(struct store *s, struct arena *a, struct job_row **ret, unsigned *ret_n,
	struct err *e) _must_check_;
int item_add(struct store *s, const struct item_row *row, struct err *e) _must_check_;
/* error NULL: none. */
int item_set(struct store *s, int64_t job, unsigned number, enum soa_item_state state, int64_t now,
	const char *error, struct err *e) _must_check_;
/* Those of a job whose outcome is not known: SENDING. */
int item_list_open(struct store *s, int64_t job, struct arena *a, struct item_row **ret,
	unsigned *ret_n, struct err *e) _must_check_;
