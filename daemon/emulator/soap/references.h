/*
 * References of objects of the provisioning service. Members and managers are those that Graph
 * shows; the others are kept in the bag. What a reference to an unknown object does is an order.
 */
#pragma once

#include "soap/item.h"

/* The object of a type; also a deleted one. NULL: none. */
struct object *object_by_source_anchor(
	const struct emulator *em, enum object_type t, const char *anchor);
/* "User_<id>" */
struct object *object_by_cloud_anchor(const struct emulator *em, const char *anchor);

/* How many links the item has. */
unsigned references_count(const struct item *it);
/* Fails the item when a reference of it is unknown and that is not allowed. */
void references_check(const struct emulator *em, const struct soap_call *call, struct item *it);
/* Takes those that Graph shows out of the bag that is kept, and does the changes to the others. */
void references_settle_bag(const struct emulator *em, const struct item *it, json_t *bag);
/* Sets those that Graph shows, of the object that the item has now; true: something changed. */
bool references_apply(struct emulator *em, struct item *it);
/* Gives objects the references that have waited and are found now. */
void references_resolve(struct emulator *em);
