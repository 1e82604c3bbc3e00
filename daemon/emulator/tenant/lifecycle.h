/* Objects are created, go to deletedItems, and are restored. */
#pragma once

#include "tenant/emulator.h"

/*
 * A new object; with em->stable_ids its id follows from the JSON text of its sourceAnchor (n bytes,
 * 0: it has none).
 */
struct object *object_new(struct emulator *em, enum object_type t, const char *anchor, size_t n);
/* To deletedItems; contacts and devices, which it does not take, are deleted for good. What refers
 * to it loses the reference. */
void object_delete(struct emulator *em, struct object *o);
/* Out of deletedItems; the caller touches the object afterwards. */
void object_restore(struct emulator *em, struct object *o);
