/*
 * errors: what is wrong with an object, from when a step finds it until it is good again. An error
 * stays on its row, and the step says so in its result as long as there is one.
 */
#pragma once

#include "store/error.h"
#include "sync/session.h"
#include "sync/step.h"

/* errors that are tried again also when nothing has changed, for rules that ask the clock */
#define IDLE_RETRIES 50

/* An error on an object: kept on its row, counted. Not fatal. ERROR_OUTBOUND: of the target. */
int object_error(struct sync *s, int64_t cs, enum error_phase phase, enum error_type type,
	const char *text, struct err *e) _must_check_;
/* The same by a name that the connector gives. */
int object_error_named(struct sync *s, int64_t cs, enum error_phase phase, const char *name,
	const char *text, struct err *e) _must_check_;
int object_error_outbound(struct sync *s, const struct sync_connector *target, int64_t cs,
	enum error_type type, const char *text, struct err *e) _must_check_;
/*
 * Reads which rows have an error of the phase, at the begin of a step that sets and clears them:
 * those of the connector's steps, or of all (NULL).
 */
int errors_load(struct sync *s, enum error_phase phase, const struct sync_connector *c,
	struct err *e) _must_check_;
/* Forgets the row's error of that phase, if it has one. 1: it had. */
int object_good(struct sync *s, enum error_phase phase, const struct sync_connector *target,
	int64_t cs, struct err *e) _must_check_;
/*
 * The step's result, for as long as objects have errors: also those that this step did not look
 * at. A result that is worse already stays.
 */
int tell_errors(struct sync *s, enum error_phase phase, const struct sync_connector *c,
	struct step_end *end, struct err *e) _must_check_;

/* The service accepted: what it said against it before is over. Whether it did it, an import shows.
 */
int export_error_clear(struct sync *s, int64_t cs, struct err *e) _must_check_;

/*
 * What to do about an error, by what its connector and the engine know of it; NULL: nothing is
 * known. row->step_type: the type of the connector whose step met the error.
 */
const char *error_advice(const struct error_row *row);
