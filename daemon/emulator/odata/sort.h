/* $orderby */
#pragma once

#include "odata/query.h"
#include "tenant/directory.h"

/* In the order that $orderby names; query_check() was there. */
void objects_sort(const struct object **list, size_t n, const struct query *q);
