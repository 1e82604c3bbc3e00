/*
 * Roles. A source has inbound rules, a target has outbound rules and a type that can be written; a
 * connector may be both. A new role is a field of struct sync_connector that is set here.
 */
#include "sync/role.h"

void role_set(struct sync_connector *c, const struct ruleset *rules)
{
	unsigned n;
	const struct rule *const *all = ruleset_all(rules, &n);

	c->is_source = c->is_target = c->provisions = false;
	for (unsigned i = 0; i < n; i++) {
		if (!ruleset_in_force(rules, all[i], c->name))
			continue;
		if (all[i]->direction == RULE_INBOUND) {
			c->is_source = true;
		} else if (c->type->export) {
			c->is_target = true;
			c->provisions |= all[i]->link == LINK_PROVISION;
		}
	}
}
