/*
 * Values that another object has already: refused, or, for synchronized objects, quarantined
 * (duplicate attribute resiliency: learn.microsoft.com/entra/identity/hybrid/connect/
 * how-to-connect-syncservice-duplicate-attribute-resiliency).
 */
#pragma once

#include "tenant/change.h"
#include "tenant/emulator.h"
#include "tenant/refusal.h"

/*
 * Replaces or takes out what collides when synchronization writes it (sync); false with ret filled:
 * the change is refused. o NULL: a new object.
 */
bool conflicts_settle(const struct emulator *em, bool sync, enum object_type t,
	const struct object *o, struct change *c, struct refusal *ret);
/* The property of a deleted object whose value another one has got meanwhile; NULL: none. */
const char *conflict_find(const struct emulator *em, const struct object *o);
/* Gives an object the quarantined values that are free now. */
void quarantine_release(struct emulator *em, struct object *o);
