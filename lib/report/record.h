/*
 * Records: what a run reports to the operator. One table of events: number and source as in
 * Connect Sync's Application log, a MESSAGE_ID of its own for journalctl, a priority. The
 * library only makes records; the daemon writes them to the journal. A new event is a row here
 * and an entry in packaging/systemd/adsyncd.catalog (a test compares the two).
 */
#pragma once

#include "base/util.h"

#include <jansson.h>

/* X(enum name, event number, syslog priority, source, MESSAGE_ID) */
#define EVENTS(X)                                                                                \
	X(SERVICE_STARTED, 2001, 6, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d2001")                \
	X(SERVICE_STOPPED, 2002, 6, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d2002")                \
	X(SCHEDULER, 904, 6, "Directory Synchronization", "4e1c0a1df2f44d2f9c7e0f1b7a5d0904")    \
	X(RUN_FINISHED, 906, 6, "Directory Synchronization", "4e1c0a1df2f44d2f9c7e0f1b7a5d0906") \
	X(DELETION_THRESHOLD, 116, 4, "Directory Synchronization",                               \
		"4e1c0a1df2f44d2f9c7e0f1b7a5d0116")                                              \
	X(CYCLE_FAILED, 109, 3, "Directory Synchronization", "4e1c0a1df2f44d2f9c7e0f1b7a5d0109") \
	X(INVALID_CREDENTIALS, 6000, 3, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6000")            \
	X(STOPPED_CONNECTIVITY, 6050, 3, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6050")           \
	X(STEP_ERRORS, 6100, 4, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6100")                    \
	X(STEP_WARNINGS, 6105, 4, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6105")                  \
	X(RULES_CHANGED, 6127, 5, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6127")                  \
	X(STEP_STOPPED, 6803, 3, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6803")                   \
	X(EXPORT_ERROR, 6941, 3, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6941")                   \
	X(EXPORT_WARNING, 6942, 4, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6942")                 \
	X(OUTSIDE_SURFACE, 6952, 5, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6952")                \
	X(SOA_BLOCKED, 6956, 5, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6956")                    \
	X(SOA_MOVED, 6957, 5, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6957")                      \
	X(SOA_NOT_MOVED, 6958, 4, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6958")                  \
	X(CONNECTOR_NOTE, 6990, 5, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6990")                 \
	X(FULL_IMPORT, 6991, 5, "ADSync", "4e1c0a1df2f44d2f9c7e0f1b7a5d6991")

enum event_id {
#define X(name, number, prio, source, id) EVENT_##name,
	EVENTS(X)
#undef X
		EVENT_COUNT
};

struct event {
	const char *name;       /* "SOA_BLOCKED" */
	int number;             /* 6956 */
	int priority;           /* syslog level */
	const char *source;     /* "ADSync" */
	const char *message_id; /* 32 hex digits */
};

const struct event *event_get(enum event_id id);
/* By name or by number; -1 when there is none. */
int event_find(const char *name) _must_check_;

/* The fields that any event may carry, in the journal under these names. */
#define RECORD_CONNECTOR "ADSYNC_CONNECTOR"
#define RECORD_DN "ADSYNC_DN"
#define RECORD_CLOUD_ANCHOR "ADSYNC_CLOUD_ANCHOR"
#define RECORD_RUN "ADSYNC_RUN"
#define RECORD_STEP "ADSYNC_STEP"
#define RECORD_ERROR "ADSYNC_ERROR"
#define RECORD_ATTRIBUTES "ADSYNC_ATTRIBUTES"
#define RECORD_OPERATION "ADSYNC_OPERATION"
/* of what an administrator has done: from and to which state, who, in which job, the result */
#define RECORD_FROM "ADSYNC_FROM"
#define RECORD_TO "ADSYNC_TO"
#define RECORD_USER "ADSYNC_USER"
#define RECORD_UID "ADSYNC_UID"
#define RECORD_JOB "ADSYNC_JOB"
#define RECORD_RESULT "ADSYNC_RESULT"

#define RECORD_FIELDS_MAX 16

struct record {
	enum event_id event;
	const char *message; /* one sentence for people */
	struct {
		const char *name; /* RECORD_... */
		const char *value;
	} fields[RECORD_FIELDS_MAX];
	unsigned n_fields;
};

/* Adds a field; a NULL or empty value adds none. Borrowed pointers. */
void record_add(struct record *r, const char *name, const char *value);

/* {"event":"SOA_BLOCKED","message":"...","fields":{...}}; a new reference. */
json_t *record_to_json(const struct record *r) _must_check_;
/* The strings stay owned by `json`. False when it is no record. */
bool record_from_json(const json_t *json, struct record *ret) _must_check_;
