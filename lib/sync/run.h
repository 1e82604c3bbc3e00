/*
 * run: executes the steps of a profile once, in one process, against one store. What it reports
 * goes through the host.
 *
 * A cycle is, in this order: import of each connector, first of those in which rules make no
 * objects; inbound of each, in the same order, and once more where a later inbound has changed
 * objects; outbound to each target; export. Policy "delta" takes what has changed, "initial"
 * everything. A rule change or an unfinished full import makes a step full by itself.
 */
#pragma once

#include "report/step_result.h"
#include "sync/progress.h"
#include "sync/rules.h"

/* the kinds of steps that a profile has */
enum {
	RUN_IMPORTS = 1 << 0,
	RUN_SYNCS = 1 << 1,
	RUN_EXPORTS = 1 << 2,
	RUN_CYCLE = RUN_IMPORTS | RUN_SYNCS | RUN_EXPORTS,
};
/*
 * X(enum, word, steps, full) - Connect Sync's run profiles, and the two policies of a cycle. A step
 * has the name of the profile that runs it alone.
 */
#define RUN_PROFILES(X)                                     \
	X(DELTA, "delta", RUN_CYCLE, false)                 \
	X(INITIAL, "initial", RUN_CYCLE, true)              \
	X(FULL_IMPORT, "full-import", RUN_IMPORTS, true)    \
	X(DELTA_IMPORT, "delta-import", RUN_IMPORTS, false) \
	X(FULL_SYNC, "full-sync", RUN_SYNCS, true)          \
	X(DELTA_SYNC, "delta-sync", RUN_SYNCS, false)       \
	X(EXPORT, "export", RUN_EXPORTS, false)
enum run_profile {
#define X(name, ...) RUN_##name,
	RUN_PROFILES(X)
#undef X
		RUN_PROFILE_COUNT
};
const char *run_profile_name(enum run_profile p);
bool run_profile_is_cycle(
	enum run_profile p); /* has all kinds of steps: a policy of the scheduler */
int run_profile_find(const char *name) _must_check_; /* -1: none */

struct run_request {
	enum run_profile profile;
	const char *connector; /* NULL: all; else only this one, but outbound always goes to all */
};

struct run_result {
	int64_t run;
	enum step_result result; /* the most severe of its steps */
};

/*
 * Runs. 0 with *ret also when steps ended badly (that is in *ret and in the store). Negative with
 * *e when no run could begin (store locked, rules wrong, database newer), or when the store failed
 * in the middle of it.
 */
int run_execute(const struct config *cfg, const struct run_request *req,
	const struct run_host *host, struct run_result *ret, struct err *e) _must_check_;

/*
 * Takes the lock that a run holds from its begin to its end, without waiting; closing *ret gives it
 * back. -EBUSY: somebody has it.
 */
int run_lock(const struct config *cfg, int *ret, struct err *e) _must_check_;

/* Path of the database of a configuration; the caller frees. */
char *run_store_path(const struct config *cfg);
