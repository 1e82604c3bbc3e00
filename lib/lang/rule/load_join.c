/*
 * The "join" of a rule: an array of groups, or one such array for each way in which users of
 * several directories are found to be one person (setting match_users). The setting's array takes
 * the place of the whole, so that what a rule shows, and its digest, is what is in force.
 */
#include "lang/rule/load_join.h"
#include "lang/rule/loader.h"

static const char *const JOIN_KEYS[] = {
	"csAttribute", "mvAttribute", "caseSensitive", "projects", NULL};

/* In place of an attribute's name: the one that the setting match_attribute names. */
#define MATCH_ATTRIBUTE "%match_attribute%"

static int read_clause(struct loader *l, json_t *json, struct join_clause *c)
{
	bool inbound = l->rule->direction == RULE_INBOUND;
	const char *cs = rule_text(json, "csAttribute"), *mv = rule_text(json, "mvAttribute");
	const struct schema_attr *attr;
	int r = rule_keys(l, json, JOIN_KEYS, "join");

	if (r < 0)
		return r;
	if (!l->match_attr &&
		((cs && streq(cs, MATCH_ATTRIBUTE)) || (mv && streq(mv, MATCH_ATTRIBUTE))))
		return 0; /* another way than this is chosen */
	r = rule_attr(l, cs, inbound ? l->source_schema : l->target_schema,
		inbound ? l->source : l->target, &attr, &c->cs_attr);
	if (r < 0)
		return r;
	c->case_sensitive = json_is_true(json_object_get(json, "caseSensitive"));
	c->silent = json_is_false(json_object_get(json, "projects"));
	return rule_attr(l, mv, inbound ? l->target_schema : l->source_schema,
		inbound ? l->target : l->source, &attr, &c->mv_attr);
}

static int read_groups(struct loader *l, json_t *json)
{
	struct arena *a = &l->rs->arena;
	size_t n = json_array_size(json);

	if (n > CLAUSES_MAX || (json && !json_is_array(json)))
		return rule_bad(l, "join", "join is an array of at most %d groups", CLAUSES_MAX);
	l->rule->joins = arena_zalloc(a, (n + 1) * sizeof(*l->rule->joins));
	l->rule->n_joins = (unsigned)n;
	for (size_t g = 0; g < n; g++) {
		json_t *group = json_array_get(json, g);
		size_t m = json_array_size(group);
		struct join_group *jg = &l->rule->joins[g];

		if (m == 0 || m > CLAUSES_MAX)
			return rule_bad(
				l, "join", "a join group holds 1 to %d clauses", CLAUSES_MAX);
		jg->n_clauses = (unsigned)m;
		jg->clauses = arena_zalloc(a, m * sizeof(*jg->clauses));
		for (size_t i = 0; i < m; i++) {
			int r = read_clause(l, json_array_get(group, i), &jg->clauses[i]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Puts the name in the place that is kept for it. */
static void set_attribute(json_t *groups, const char *name)
{
	static const char *const keys[] = {"csAttribute", "mvAttribute"};
	size_t g, i;
	json_t *group, *clause;

	json_array_foreach (groups, g, group)
		json_array_foreach (group, i, clause)
			for (unsigned k = 0; k < ARRAY_SIZE(keys); k++) {
				const char *text = rule_text(clause, keys[k]);

				if (text && streq(text, MATCH_ATTRIBUTE))
					json_object_set_new(clause, keys[k], json_string(name));
			}
}

/* The attribute must be one of the metaverse's class; ruleset_check() sees what flows there. */
static int check_attribute(struct loader *l)
{
	l->rule->match_attr = attr_intern(l->match_attr);
	if (!l->target || schema_attr_find(l->target, l->match_attr))
		return 0;
	return rule_bad(l, "join",
		"match_attribute = %s: class %s of the metaverse has no attribute of that name",
		l->match_attr, l->target->name);
}

/* All ways are checked, the chosen one last: it stays. */
static int read_ways(struct loader *l, json_t *rule, json_t *ways)
{
	const struct rule_schema *s = l->connector;
	enum user_match chosen = s ? s->match : USER_MATCH_ONCE;
	json_t *groups = json_object_get(ways, user_match_name(chosen));
	int r = rule_keys(l, ways, user_match_names, "join");

	if (r == 0 && l->rule->direction == RULE_OUTBOUND)
		return rule_bad(l, "join", "join: match_users is for inbound rules");
	for (int i = 0; r == 0 && i < USER_MATCH_COUNT; i++) {
		if (!json_is_array(json_object_get(ways, user_match_names[i])))
			return rule_bad(l, "join", "join: there is none for match_users = %s",
				user_match_names[i]);
		r = read_groups(l, json_object_get(ways, user_match_names[i]));
	}
	if (r < 0)
		return r;
	if (chosen == USER_MATCH_ATTRIBUTE) {
		l->match_attr = s->match_attr;
		set_attribute(groups, l->match_attr);
		r = check_attribute(l);
	}
	json_object_set(rule, "join", groups);
	return r == 0 ? read_groups(l, groups) : r;
}

int rule_read_joins(struct loader *l, json_t *rule)
{
	json_t *join = json_object_get(rule, "join");

	l->match_attr = NULL;
	return json_is_object(join) ? read_ways(l, rule, join) : read_groups(l, join);
}
