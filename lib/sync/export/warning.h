/*
 * Warnings. Ours are about values that the service may refuse, found before they are sent: a value
 * that another object has, or that is not valid. The text names object, attribute and reason. The
 * object is sent nevertheless; the warning stays on it until the value is corrected.
 *
 * The service's own come with its yes: it took the object with something left out or changed. They
 * are no errors: kept on the object as ERROR_WARNING, until it is exported without one, a warning
 * of ours about it ends, or an import shows what was missing.
 */
#pragma once

#include "sync/export/export.h"

/*
 * Finds a warning about the values that are sent (delta NULL: about all). *ret_error is the name of
 * the error, *ret_text its text, in the arena; both NULL: none.
 */
int warning_find(struct sync *s, struct sync_connector *c, const struct cs_row *row,
	const struct entry *wanted, const struct delta *delta, struct arena *a,
	const char **ret_error, const char **ret_text, struct err *e) _must_check_;
/*
 * The service accepted the object: removes an earlier refusal. The slot's warning is reported once
 * and kept on the object. (After a refusal, its error has the warning's text.)
 */
int warning_accepted(
	struct export_step *st, const struct export_slot *s, struct err *e) _must_check_;
/* The service accepted what was sent: what it said with that; nothing ends an earlier warning. */
int warning_said(struct export_step *st, const struct export_slot *s,
	const struct export_outcome *o, struct err *e) _must_check_;
/* At the begin of the step: removes warnings about values that were corrected. */
int warning_recheck(struct export_step *st, struct err *e) _must_check_;
