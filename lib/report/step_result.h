/*
 * How a step ended, in the words of Connect Sync's run history. One table: what is written to the
 * history, what the most severe step of a run is, and which event tells of it. A new result is a
 * row.
 */
#pragma once

#include "report/record.h"

enum severity {
	SEVERITY_GOOD,    /* everything is done */
	SEVERITY_EMPTY,   /* there was nothing to do it with */
	SEVERITY_PARTLY,  /* the step went to its end, and left something undone */
	SEVERITY_STOPPED, /* it did not */
};

#define NO_EVENT EVENT_COUNT

#define STEP_IN_PROGRESS "in-progress" /* what stands for a result until there is one */

/* X(enum, word, severity, the event that tells of it) */
#define STEP_RESULTS(X)                                                                            \
	X(SUCCESS, "success", GOOD, NO_EVENT)                                                      \
	X(NO_OBJECTS, "completed-no-objects", EMPTY, NO_EVENT)                                     \
	X(WARNINGS, "completed-warnings", PARTLY, EVENT_STEP_WARNINGS)                             \
	X(DISCOVERY_ERRORS, "completed-discovery-errors", PARTLY, EVENT_STEP_ERRORS)               \
	X(SYNC_ERRORS, "completed-sync-errors", PARTLY, EVENT_STEP_ERRORS)                         \
	X(EXPORT_ERRORS, "completed-export-errors", PARTLY, EVENT_STEP_ERRORS)                     \
	X(NO_START_CONNECTION, "no-start-connection", STOPPED, EVENT_STOPPED_CONNECTIVITY)         \
	X(NO_START_CREDENTIALS, "no-start-credentials", STOPPED, EVENT_INVALID_CREDENTIALS)        \
	X(NO_START_MA, "no-start-ma", STOPPED, EVENT_STEP_STOPPED)                                 \
	X(CONNECTIVITY, "stopped-connectivity", STOPPED, EVENT_STOPPED_CONNECTIVITY)               \
	X(IMPORT_READ, "stopped-import-read", STOPPED, EVENT_STEP_STOPPED)                         \
	X(EXPORT_WRITE, "stopped-export-write", STOPPED, EVENT_STEP_STOPPED)                       \
	X(OBJECT_LIMIT, "stopped-object-limit", STOPPED, EVENT_STEP_STOPPED)                       \
	X(ERROR_LIMIT, "stopped-error-limit", STOPPED, EVENT_STEP_STOPPED)                         \
	/* the guard itself tells, with event 116 */                                               \
	X(DELETION_THRESHOLD, "stopped-deletion-threshold-exceeded", STOPPED, NO_EVENT)            \
	X(CANCELED, "stopped-user-termination-from-wmi-or-ui", STOPPED, EVENT_STEP_STOPPED)        \
	X(DISK_FULL, "stopped-database-disk-full", STOPPED, EVENT_STEP_STOPPED)                    \
	X(SERVER, "stopped-server", STOPPED, EVENT_STEP_STOPPED) /* our own error: the database */ \
	X(SERVER_DOWN, "stopped-server-down", STOPPED, EVENT_STEP_STOPPED) /* killed */
enum step_result {
#define X(name, word, severity, event) STEP_RESULT_##name,
	STEP_RESULTS(X)
#undef X
		STEP_RESULT_COUNT
};

const char *step_result_word(enum step_result r);
enum severity step_result_severity(enum step_result r);
/* NO_EVENT: nobody has to look, or it is told already. */
enum event_id step_result_event(enum step_result r);

/* After such a result nobody has to look. */
static inline bool step_result_good(enum step_result r)
{
	return step_result_severity(r) <= SEVERITY_EMPTY;
}

/* Did the step come to its end? What could be done is done. */
static inline bool step_result_complete(enum step_result r)
{
	return step_result_severity(r) <= SEVERITY_PARTLY;
}
