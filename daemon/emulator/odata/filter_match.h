/* Does a $filter hold? */
#pragma once

#include "odata/filter.h"
#include "tenant/directory.h"

/* 1 true, 0 false, -1: the type has no such property, or it cannot be compared in that way (*why).
 */
int filter_match(const struct filter *f, const struct object *o, const char **why);
int filter_match_json(const struct filter *f, const json_t *json, const char **why);
