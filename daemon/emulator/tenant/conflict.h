/*
 * Values that another object has already: refused, or, for synchronized objects, quarantined
 * (duplicate attribute resiliency: learn.microsoft.com/entra/identity/hybrid/connect/
 * how-to-connect-syncservice-duplicate-attribute-resiliency).
 */
#pragma once

#include "graph/write.h"

/* Replaces or takes out what collides, or fills rs and is false. */
bool conflicts_settle(const struct emulator *em, const struct request *rq, enum object_type t,
	const struct object *o, struct change *c, struct response *rs);
/* The property of a deleted object that another one has the value of by now; NULL: none. */
const char *conflict_find(const struct emulator *em, const struct object *o);
/* Gives an object the quarantined values that are free now. */
void quarantine_release(struct emulator *em, struct object *o);
