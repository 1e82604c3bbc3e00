/*
 * run: a profile's steps executed once, in one process, against one store: counters, errors,
 * thresholds, result. Straight-line; what it reports goes through the host.
 *
 * A cycle is, in this order: import of each connector that rules start from, then of those that
 * they make objects in; inbound of each, in the same order; outbound to each target; export. Policy
 * "delta" takes the cursors and change numbers, "initial" everything. A rule change or an
 * unfinished full import makes a step full by itself.
 */
#pragma once

#include "report/step_result.h"
#include "store/store.h"
#include "sync/config.h"
#include "sync/rules.h"

/* X(enum, word) - Connect Sync's run profiles, and the two policies of a cycle */
#define RUN_PROFILES(X)                                                              \
	X(DELTA, "delta")             /* a whole cycle */                            \
	X(INITIAL, "initial")         /* a whole cycle, full import and full sync */ \
	X(FULL_IMPORT, "full-import") /* these five run one kind of step */          \
	X(DELTA_IMPORT, "delta-import")                                              \
	X(FULL_SYNC, "full-sync")                                                    \
	X(DELTA_SYNC, "delta-sync")                                                  \
	X(EXPORT, "export")
enum run_profile {
#define X(name, word) RUN_##name,
	RUN_PROFILES(X)
#undef X
		RUN_PROFILE_COUNT
};
const char *run_profile_name(enum run_profile p);
int run_profile_find(const char *name); /* -1: none */

/* X(enum, counter name of Connect Sync's run history) */
#define COUNTERS(X)                                                     \
	X(STAGE_NO_CHANGE, "stage-no-change")                           \
	X(STAGE_ADD, "stage-add")                                       \
	X(STAGE_UPDATE, "stage-update")                                 \
	X(STAGE_RENAME, "stage-rename")                                 \
	X(STAGE_DELETE, "stage-delete")                                 \
	X(STAGE_DELETE_ADD, "stage-delete-add")                         \
	X(STAGE_FAILURE, "stage-failure")                               \
	X(DISCONNECTOR_FILTERED, "disconnector-filtered")               \
	X(DISCONNECTOR_JOINED_NO_FLOW, "disconnector-joined-no-flow")   \
	X(DISCONNECTOR_JOINED_FLOW, "disconnector-joined-flow")         \
	X(DISCONNECTOR_PROJECTED_FLOW, "disconnector-projected-flow")   \
	X(DISCONNECTOR_REMAINS, "disconnector-remains")                 \
	X(CONNECTOR_FILTERED_REMOVE_MV, "connector-filtered-remove-mv") \
	X(CONNECTOR_FILTERED_LEAVE_MV, "connector-filtered-leave-mv")   \
	X(CONNECTOR_FLOW, "connector-flow")                             \
	X(CONNECTOR_NO_FLOW, "connector-no-flow")                       \
	X(CONNECTOR_DELETE_REMOVE_MV, "connector-delete-remove-mv")     \
	X(CONNECTOR_DELETE_LEAVE_MV, "connector-delete-leave-mv")       \
	X(FLOW_FAILURE, "flow-failure")                                 \
	X(PROVISIONED_ADD_FLOW, "provisioned-add-flow")                 \
	X(PROVISIONED_RENAME_FLOW, "provisioned-rename-flow")           \
	X(PROVISIONED_DISCONNECT, "provisioned-disconnect")             \
	X(EXPORT_ADD, "export-add")                                     \
	X(EXPORT_UPDATE, "export-update")                               \
	X(EXPORT_RENAME, "export-rename")                               \
	X(EXPORT_DELETE, "export-delete")                               \
	X(EXPORT_FAILURE, "export-failure")                             \
	/* ours: no counterpart in the original's run history */        \
	X(LINK_ADD, "reference-add")                                    \
	X(LINK_DELETE, "reference-delete")                              \
	X(SOA_BLOCKED, "soa-blocked")                                   \
	X(OUTSIDE_SURFACE, "outside-surface")                           \
	X(CONFIRMED, "export-confirmed")
enum counter {
#define X(name, word) COUNTER_##name,
	COUNTERS(X)
#undef X
		COUNTER_COUNT
};

struct counters {
	int64_t n[COUNTER_COUNT];
};
/* Only those that are not 0. A new reference. */
json_t *counters_to_json(const struct counters *c);

/* Where a run is; told about once a second and at each step's begin and end. */
struct progress {
	int64_t run;
	int step;    /* from 1 */
	int n_steps; /* of this run */
	const char *connector;
	const char *type;   /* "full-import" ... */
	const char *result; /* NULL while the step runs */
	const char *error;  /* NULL: none */
	const struct counters *counters;
};

struct run_host {
	bool (*canceled)(void *ctx);
	/* Delivers a record to the journal; 0 only when it really has it. */
	int (*record)(void *ctx, const struct record *r);
	void (*progress)(void *ctx, const struct progress *p);
	void *ctx;
};

struct run_request {
	enum run_profile profile;
	const char *connector; /* NULL: all; else only this one (the five single profiles) */
};

struct run_result {
	int64_t run;
	enum step_result result; /* the most severe of its steps */
};

/*
 * Runs. 0 with *ret also when steps ended badly (that is in *ret and in the store); negative with
 * *e when no run could be made at all (store locked, rules wrong, database newer).
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
