/*
 * When the next cycle is due. Pure arithmetic on unix times, and the small file in the state
 * folder that carries it over a restart (scheduler.json).
 */
#pragma once

#include "base/err.h"

struct schedule {
	int64_t next; /* unix time; 0: never */
	int64_t last; /* start of the last cycle, 0: none yet */
	bool initial; /* the next cycle is an initial one (NextSyncCyclePolicyType) */
};

/*
 * The schedule at the daemon's start: a first start is due at once, an overdue cycle too; one that
 * is not yet due keeps its time, but never longer than the interval.
 */
void schedule_start(struct schedule *s, int64_t now, int64_t interval);
/* A cycle begins now. */
void schedule_begun(struct schedule *s, int64_t now, int64_t interval);
/*
 * The clock as it is now, asked at least every minute. Time that was passed over (a suspended
 * machine, a clock that was set) makes one cycle due, not one for each interval; a clock that was
 * set back by more than a minute makes one due now, or none would come before it is where it was.
 * True: it was set back.
 */
bool schedule_look(struct schedule *s, int64_t now, int64_t interval);
/* The interval was changed by a reload. */
void schedule_interval(struct schedule *s, int64_t now, int64_t interval);
/* Seconds until the next cycle is due; 0: now; -1: cycles are switched off. */
int64_t schedule_wait(const struct schedule *s, int64_t now, bool enabled);

/*
 * A missing file is an empty schedule; a damaged one too, with *ret_damaged. A time that no clock
 * shows is damage.
 */
void schedule_load(const char *dir, struct schedule *ret, bool *ret_damaged);
int schedule_save(const char *dir, const struct schedule *s, struct err *e) _must_check_;
