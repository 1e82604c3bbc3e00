/* What the service answers to an object, as the outcome of its items. */
#pragma once

#include "connector/entra/service/batch.h"

/*
 * Finds the result of each object of the batch: by order, and where the results tell whom they are
 * about, by that. ret[i] NULL: there is none for the object.
 */
void service_match_results(const struct service_batch *b, const struct service_answer *answer,
	const struct service_result **ret);

bool service_result_good(const struct service_result *r);
/*
 * The outcome of each item of an object that was taken. False: a new object was made, and its
 * anchor is not told. Text in the arena, or of the result.
 */
bool service_accepted(const struct export_item *item, const struct service_result *r,
	struct arena *a, struct export_outcome *ret) _must_check_;
/* Is it refused since the cloud has the authority over the object? */
bool service_says_cloud(const char *words);
/* The outcome of an object, or of one reference of it, that was refused with these words. */
void service_refused(const struct export_item *item, const char *words, struct arena *a,
	struct export_outcome *ret);
/* Why the item cannot be written there at all; NULL: it can. */
const char *service_outside(struct connector *c, const struct export_item *item);
