/* What the answer to a sub-request means, and to what it leads. */
#pragma once

#include "connector/entra/part.h"

enum part_verdict {
	PART_DONE,    /* *ret_outcome holds for every item */
	PART_AGAIN,   /* overloaded: send the same once more, later */
	PART_UNKNOWN, /* the outcome is not known: look it up */
	PART_CHANGED, /* the part was turned into its next request: send it */
	PART_SPLIT,   /* several references refused as a whole: send them one by one */
};

/*
 * What the answer to a sub-request means. Strings of the outcome live in the arena.
 */
enum part_verdict part_answer(const struct connector *c, struct part *p, long status,
	const json_t *body, struct arena *a, struct export_outcome *ret_outcome) _must_check_;
