/*
 * move: a job that moves the authority over objects, one after the other in the order that is told.
 * Each object goes these steps, and what a step has done is committed before the next one begins:
 *
 *	read who has the authority now; whoever has it already is left alone
 *	backup of both sides, on the disk
 *	marked as being sent
 *	sent, and read back
 *	recorded: the row's mask, the state of the item, the event; all in one transaction
 *
 * A job that was killed leaves items that are marked: what became of them is asked of the directory
 * by move_settle(), before the next job begins. The caller holds the lock of a run all the time, so
 * that no cycle exports what has just been given away.
 */
#pragma once

#include "sync/migration/gather.h"

struct move_order {
	const struct authority_def *authority;
	bool managed;     /* to the target's side; else back to the source */
	bool go_on;       /* others are moved after one has failed */
	const char *kind; /* "convert", "rollback": for records */
	const char *who;  /* audit_who() of uid */
	int64_t uid;
};

/* X(enum, word) */
#define MOVE_OUTCOMES(X)                                                          \
	X(NOT_BEGUN, "not-begun")                                                 \
	X(DONE, "done")                                                           \
	X(SAME, "nothing-to-do")                                                  \
	X(FAILED, "failed")                                                       \
	X(REFUSED, "refused")       /* by the checks, or since it is not known */ \
	X(UNKNOWN, "not-known-yet") /* it was sent, and no answer came */
enum move_outcome {
#define X(id, word) MOVE_##id,
	MOVE_OUTCOMES(X)
#undef X
};
const char *move_outcome_word(enum move_outcome o);

struct move_item {
	struct subject subject;
	enum move_outcome outcome;
	const char *text; /* why; NULL: nothing to say */
	unsigned number;  /* of the job's item */
};

/*
 * Moves the items whose outcome is NOT_BEGUN, and fills it. 0: all that was to be done was done, or
 * it stopped at a failure. Negative: the job was cut short (-ECANCELED: whoever asked has gone);
 * what had been done is in the items, and in the store. *ret_job: its number.
 */
int move_run(struct migration *m, struct gather *g, const struct move_order *order,
	struct move_item *items, unsigned n, int64_t *ret_job, struct err *e) _must_check_;

/*
 * Asks the directory what became of the items of jobs that were cut short, and ends these jobs.
 * Only of jobs about the same authority: another one may not be there to be asked any more.
 */
int move_settle(struct migration *m, enum authority authority, unsigned *ret_settled,
	struct err *e) _must_check_;
