/* Objects come, go to deletedItems, and come back. */
#pragma once

#include "tenant/emulator.h"

/*
 * A new object; with em->stable_ids its id follows from the JSON text of its sourceAnchor (n bytes,
 * 0: it has none).
 */
struct object *object_new(struct emulator *em, enum object_type t, const char *anchor, size_t n);
/* To deletedItems, or for good what has no place there. What refers to it loses the reference. */
void object_delete(struct emulator *em, struct object *o);
/* Out of deletedItems; the caller touches the object afterwards. */
void object_restore(struct emulator *em, struct object *o);
