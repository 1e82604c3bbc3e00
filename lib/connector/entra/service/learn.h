/*
 * Was it done? A request that was never answered may have done all of its work, or none. Before
 * anything of it is sent again Graph is asked, with the connector's own token.
 */
#pragma once

#include "connector/connector.h"

/*
 * For each of n items: *ret_done, the directory shows what the item asks for; *ret_anchor, in the
 * arena, of an object that was found, done or not, NULL: none was. Nothing else may be in flight.
 *
 * "Not done" is said only after Graph, which shows a change some time after it was made, was asked
 * for `service_patience` seconds. What Graph cannot show cannot be learnt, and counts as not done:
 * it is sent again with the same values, which does no harm.
 *
 * CONN_OK: every item is told. CONN_DOWN, CONN_RUN_BAD, CONN_CANCELED: Graph did not tell, and
 * nothing may be concluded.
 */
enum conn_result service_learn(struct connector *c, const struct export_item *items, unsigned n,
	bool *ret_done, const char **ret_anchor, struct arena *a, struct err *e) _must_check_;
