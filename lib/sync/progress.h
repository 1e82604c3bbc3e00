/*
 * progress: what a run reports while it runs: its counters, where it is, its events. The host is
 * the process that runs it and receives them.
 */
#pragma once

#include "report/record.h"

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
	X(EXPORT_WARNING, "export-warning")                             \
	X(CONFIRMED, "export-confirmed")                                \
	X(RECOGNIZED, "recognized")                                     \
	X(TRUSTED, "values-trusted")
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

/* Where a run is; reported at most twice a second, and at each step's begin and end. */
struct progress {
	int64_t run;
	int step;    /* from 1 */
	int n_steps; /* of this run, as far as known */
	const char *connector;
	const char *type;     /* "full-import" ... */
	const char *result;   /* NULL while the step runs */
	const char *error;    /* NULL: none */
	const char *left_out; /* why the step is not done; then it has no result */
	const struct counters *counters;
};

struct run_host {
	bool (*canceled)(void *ctx);
	/* Delivers a record to the journal; 0 only when it really has it. */
	int (*record)(void *ctx, const struct record *r);
	void (*progress)(void *ctx, const struct progress *p);
	void *ctx;
};
