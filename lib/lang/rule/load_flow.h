/* load_flow: the flows of a rule in a rule file, checked by type. */
#pragma once

#include "base/util.h"

#include <jansson.h>

struct loader;

/* "flows": [...] of the rule that is being read. */
int rule_read_flows(struct loader *l, json_t *json) _must_check_;
