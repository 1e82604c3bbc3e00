/* To whom a rule applies, and where it is in force. */
#include "lang/rule/in_force.h"

bool rule_applies(const struct rule *r, const struct rule_schema *c)
{
	if (!c->connector)
		return false;
	return r->connector ? streq(r->connector, c->connector)
	                    : !c->own_rules && streq(r->connector_type, c->connector_type);
}

bool rule_setting_listed(const char *const *list, const char *name)
{
	for (unsigned i = 0; list && list[i]; i++)
		if (streq(list[i], name))
			return true;
	return false;
}

bool rule_in_force(const struct rule *r, const struct rule_schema *c)
{
	if (r->disabled || !rule_applies(r, c))
		return false;
	if (r->setting)
		return rule_setting_listed(c->settings_on, r->setting);
	return r->direction == RULE_INBOUND || !c->writes_by_setting;
}
