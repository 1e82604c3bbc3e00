/* The roles of a connector: they follow from the rules, and a target must be writable. */
#pragma once

#include "sync/session.h"

/* Sets is_source, is_target and provisions. */
void role_set(struct sync_connector *c, const struct ruleset *rules);
