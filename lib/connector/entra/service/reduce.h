/*
 * Directory extensions with values that the service would refuse are left out of their object,
 * which is sent without them: they hold up nothing else.
 */
#pragma once

#include "connector/entra/graph.h"

/* An object of which something is left out. */
struct service_reduced {
	struct service_reduced *next;
	int64_t id; /* of its item */
	struct entry wanted;
	struct delta delta;
	unsigned *refused, n_refused;
	const char *error, *names;
};

/*
 * Takes them out of an item. NULL: there are none. Otherwise what is left is in the item, and what
 * was done is returned; both live in the arena.
 */
struct service_reduced *service_reduce(
	const struct connector *c, struct export_item *item, struct arena *a);
/* The outcome of the item; sent: what is left of it was taken. */
void service_reduced_outcome(
	const struct service_reduced *r, bool sent, struct arena *a, struct export_outcome *o);
