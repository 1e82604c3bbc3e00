/* Which rules are for a connector, and which of them are in force by its settings. */
#pragma once

#include "lang/rule/match.h"
#include "lang/rule/rule.h"

/* A schema to check against: a connector's (by name and type) or the metaverse's. */
struct rule_schema {
	const char *connector; /* NULL: the metaverse */
	const char *connector_type;
	const struct schema *schema;
	enum user_match match;  /* which join of a rule that has several is in force */
	const char *match_attr; /* USER_MATCH_ATTRIBUTE: which */
	/*
	 * The connector's settings that are yes or no (NULL: not known), and those that are on;
	 * NULL at the end.
	 */
	const char *const *settings, *const *settings_on;
	/* outbound rules are in force only by a setting: connector_type.writes_by_setting */
	bool writes_by_setting;
	bool own_rules; /* only rules that name the connector are for it */
};

/* Is the rule for this connector? */
bool rule_applies(const struct rule *r, const struct rule_schema *connector);
/* Is it in force there: not disabled, and what it asks of the connector's settings is so? */
bool rule_in_force(const struct rule *r, const struct rule_schema *connector);
/* Is the word in a list that ends with NULL? The list may be NULL: no. */
bool rule_setting_listed(const char *const *list, const char *name);
