/* The roles of a connector: what the loaded rules make of it, never its kind. */
#pragma once

#include "sync/session.h"

/* Sets is_source, is_target and provisions. */
void role_set(struct sync_connector *c, const struct ruleset *rules);
