/*
 * What the service will not like about an object, found before it is sent and named with object,
 * attribute and reason: a value that another object has, or that cannot be. The service decides
 * what becomes of it; what was told stays until the value is mended.
 */
#pragma once

#include "sync/export/export.h"

/*
 * Is there something to tell about the values that are sent (delta NULL: about all)? *ret_error is
 * the name of the error, *ret_text its words, in the arena; both NULL: no.
 */
int warning_find(struct sync *s, struct sync_connector *c, const struct cs_row *row,
	const struct entry *wanted, const struct delta *delta, struct arena *a,
	const char **ret_error, const char **ret_text, struct err *e) _must_check_;
/*
 * The service took the object: what it had refused before is over. What the slot warns of is told,
 * once, and kept on the object; a refusal carries the warning's words itself.
 */
int warning_accepted(
	struct export_step *st, const struct export_slot *s, struct err *e) _must_check_;
/* At the begin of the step: takes back what was told and is mended. */
int warning_recheck(struct export_step *st, struct err *e) _must_check_;
