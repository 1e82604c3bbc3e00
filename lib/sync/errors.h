/*
 * errors: what is wrong with an object, until a step finds it good again. An error stays on its
 * row, and as long as there is one, the step's result says so.
 */
#pragma once

#include "store/error.h"
#include "sync/session.h"
#include "sync/step.h"

/* up to so many errors are tried again although nothing has changed, for rules that use the time */
#define IDLE_RETRIES 50

/* An error of an object: kept on its row and counted. Not fatal. */
int object_error(struct sync *s, int64_t cs, enum error_phase phase, enum error_type type,
	const char *text, struct err *e) _must_check_;
/* The same by a name that the connector gives. */
int object_error_named(struct sync *s, int64_t cs, enum error_phase phase, const char *name,
	const char *text, struct err *e) _must_check_;
/* An error of outbound to the target, kept on any row of the object. */
int object_error_outbound(struct sync *s, const struct sync_connector *target, int64_t cs,
	enum error_type type, const char *text, struct err *e) _must_check_;
/*
 * At the begin of a step that sets and clears errors: reads which rows have an error of the phase,
 * from steps of the connector (NULL: of all).
 */
int errors_load(struct sync *s, enum error_phase phase, const struct sync_connector *c,
	struct err *e) _must_check_;
/* Forgets the row's error of that phase, if it has one. 1: it had. */
int object_good(struct sync *s, enum error_phase phase, const struct sync_connector *target,
	int64_t cs, struct err *e) _must_check_;
/*
 * Sets the step's result while objects have errors, also those that this step did not look at. A
 * result that is not good already stays.
 */
int tell_errors(struct sync *s, enum error_phase phase, const struct sync_connector *c,
	struct step_end *end, struct err *e) _must_check_;

/*
 * The service accepted the object: its export error is removed, but not ERROR_TYPE_NOT_REIMPORTED,
 * which only an import can end.
 */
int export_error_clear(struct sync *s, int64_t cs, struct err *e) _must_check_;

/*
 * Advice for an error, from its connector or the engine; NULL: none. row->step_type: the type of
 * the connector whose step met the error.
 */
const char *error_advice(const struct error_row *row);
