/* context: what the steps share, for whoever looks at single objects and is no run. */
#pragma once

#include "sync/rules.h"
#include "sync/session.h"

/*
 * Prepares *s without a write: the connectors have their rows as the store has them; of one that no
 * cycle has met the row's id is 0. cfg, rules and store are borrowed. sync_done() also when it
 * fails.
 */
int context_init(struct sync *s, const struct config *cfg, const struct rules *rules,
	struct store *store, struct err *e) _must_check_;
/*
 * Digest of the connector's rules, and of the attributes that they read in any order with the
 * surface that they are sent to: "64 digits-16 digits", in the run's arena. Compared with
 * connector_row.rules_digest: other rules, or another surface, than in the last cycle?
 */
const char *context_rules_digest(struct sync *s, const struct sync_connector *c);
