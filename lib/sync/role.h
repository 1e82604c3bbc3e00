/* The roles of a connector: what the loaded rules make of it, never its kind. */
#pragma once

#include "lang/rule/rule.h"
#include "sync/session.h"

/* Is the rule for objects of the connector, and in force there? */
bool role_applies(const struct rule *rule, const struct sync_connector *c);
/* Sets is_source, is_target and provisions. */
void role_set(struct sync_connector *c, const struct ruleset *rules);
