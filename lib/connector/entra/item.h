/* Sub-requests made of export items. */
#pragma once

#include "connector/entra/part.h"

/* The part for an item; it may take more of the same kind: part_join(). */
struct part *part_new(const struct connector *c, const struct export_item *item);
/* Takes another reference of the same object and attribute. False: it does not fit. */
bool part_join(struct part *p, const struct export_item *item);
/* How a new object comes into being: PART_CREATE, or what is asked or done before. */
enum part_kind part_create_kind(const struct connector *c, struct part *p);
