/* load_join: the "join" of a rule in a rule file. */
#pragma once

#include "base/util.h"

#include <jansson.h>

struct loader;

/* "join" of the rule that is being read; leaves in it what is in force. */
int rule_read_joins(struct loader *l, json_t *rule) _must_check_;
