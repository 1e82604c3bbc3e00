/*
 * Rule files: JSON, one object {"rules": [...]}. A rule:
 *
 *   { "name": "In from AD - User Join", "precedence": 100, "direction": "Inbound",
 *     "connectorType": "ad",            (or "connector": "NAME" for one connector)
 *     "setting": "consistency_guid",    (only where that setting of the connector is on)
 *     "sourceObjectType": "user", "targetObjectType": "person", "linkType": "Provision",
 *     "disabled": false, "description": "...",
 *     "scope": [ [ {"attribute": "a", "operator": "EQUAL", "value": "x"}, AND ... ], OR ... ],
 *     "join":  [ [ {"csAttribute": "a", "mvAttribute": "b", "caseSensitive": false,
 *                   "projects": true} ] ],      (or an object of these, see load_join.c)
 *     "flows": [ {"dest": "a", "source": "b"}, {"dest": "c", "constant": "x"},
 *                {"dest": "d", "expression": "Trim([d])", "mergeType": "Merge",
 *                 "executeOnce": true} ] }
 *
 * Keys that only travel with a rule from and to Connect Sync's XML: id, internalId, version,
 * immutableTag, precedenceBefore, precedenceAfter, enablePasswordSync, connectorId, and "sources"
 * of an expression.
 *
 * Everything is checked here, so that a running cycle meets no mistake: unknown keys, classes,
 * attributes, operators, types, expressions. A new key is a row in rule_file_keys (rule.c).
 */
#include "lang/rule/load.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/json.h"
#include "base/timefmt.h"
#include "lang/rule/load_flow.h"
#include "lang/rule/load_join.h"
#include "lang/rule/loader.h"
#include "lang/rule/scope.h"

#include <errno.h>
#include <stdio.h>

#define FILE_MAX (4 * 1024 * 1024)

/* Of these, a change does not ask for a full sync. */
static const char *const QUIET_KEYS[] = {"description", "id", "internalId", "version",
	"immutableTag", "precedenceBefore", "precedenceAfter", "enablePasswordSync", "connectorId",
	NULL};
static const char *const CLAUSE_KEYS[] = {"attribute", "operator", "value", NULL};

static const struct rule_schema *find_schema(const struct loader *l)
{
	for (unsigned i = 0; i < l->rs->n_schemas; i++)
		if (rule_applies(l->rule, &l->rs->schemas[i]))
			return &l->rs->schemas[i];
	return NULL;
}

static const struct schema *metaverse(const struct loader *l)
{
	for (unsigned i = 0; i < l->rs->n_schemas; i++)
		if (!l->rs->schemas[i].connector)
			return l->rs->schemas[i].schema;
	return NULL;
}

static int read_class(struct loader *l, const char *key, const char *name,
	const struct schema *schema, const struct schema_class **ret)
{
	*ret = NULL;
	if (!name)
		return rule_bad(l, NULL, "%s is missing", key);
	if (rule_class_any(name) || !schema)
		return 0;
	*ret = schema_class_find(schema, name);
	return *ret ? 0
	            : rule_bad(l, name, "%s: there is no class \"%s\" in %s", key, name,
			      schema->name);
}

static int read_list(struct loader *l, struct scope_clause *c)
{
	char *copy = arena_strdup(&l->rs->arena, c->value), *save = NULL;

	c->list = arena_alloc(&l->rs->arena, (strlen(copy) / 2 + 2) * sizeof(*c->list));
	for (char *p = strtok_r(copy, ";", &save); p; p = strtok_r(NULL, ";", &save))
		c->list[c->n_list++] = p;
	return c->n_list ? 0 : rule_bad(l, NULL, "scope: the list of ISIN is empty");
}

static int read_clause(struct loader *l, json_t *json, struct scope_clause *c)
{
	const char *name, *op, *value;
	const struct schema_attr *attr;
	bool membership;
	int r = rule_keys(l, json, CLAUSE_KEYS, "scope");

	if (r < 0)
		return r;
	op = rule_text(json, "operator");
	if (!op || scope_operator_find(op) < 0)
		return rule_bad(l, op, "scope: there is no operator \"%s\"", op ? op : "");
	c->op = (enum scope_operator)scope_operator_find(op);
	membership = c->op == SCOPE_ISMEMBEROF || c->op == SCOPE_ISNOTMEMBEROF;
	if (membership && l->rule->direction == RULE_OUTBOUND)
		return rule_bad(l, op,
			"scope: %s asks for a group of the connector space: inbound rules only",
			op);
	l->rule->uses_membership = l->rule->uses_membership || membership;
	name = rule_text(json, "attribute");
	if (name || !membership) {
		r = rule_attr(l, name, l->source_schema, l->source, &attr, &c->attr);
		if (r < 0)
			return r;
		c->multi = !attr || attr->flags & SCHEMA_MULTI;
		c->link = attr && attr->type == VALUE_REFERENCE;
	}
	value = rule_text(json, "value");
	if (!value && c->op != SCOPE_ISNULL && c->op != SCOPE_ISNOTNULL)
		return rule_bad(l, name, "scope: %s%s%s needs a value", op, name ? " of " : "",
			name ? name : "");
	c->value = arena_strdup(&l->rs->arena, value ? value : "");
	name = scope_parameter(c->value, &l->rs->arena);
	if (name && !rule_parameter_known(name))
		return rule_bad(l, c->value, "scope: there is no parameter %%%s%%", name);
	return c->op == SCOPE_ISIN || c->op == SCOPE_ISNOTIN ? read_list(l, c) : 0;
}

static int read_scope(struct loader *l, json_t *json)
{
	struct arena *a = &l->rs->arena;
	size_t n = json_array_size(json);
	struct scope *s;

	if (!json || n == 0)
		return json && !json_is_array(json) ? rule_bad(l, "scope", "scope is no array") : 0;
	if (n > CLAUSES_MAX)
		return rule_bad(l, "scope", "over %d scope groups", CLAUSES_MAX);
	s = arena_zalloc(a, sizeof(*s));
	s->n_groups = (unsigned)n;
	s->groups = arena_zalloc(a, n * sizeof(*s->groups));
	for (size_t g = 0; g < n; g++) {
		json_t *group = json_array_get(json, g);
		size_t m = json_array_size(group);

		if (m == 0 || m > CLAUSES_MAX)
			return rule_bad(
				l, "scope", "a scope group holds 1 to %d clauses", CLAUSES_MAX);
		s->groups[g].n_clauses = (unsigned)m;
		s->groups[g].clauses = arena_zalloc(a, m * sizeof(struct scope_clause));
		for (size_t i = 0; i < m; i++) {
			int r = read_clause(l, json_array_get(group, i), &s->groups[g].clauses[i]);

			if (r < 0)
				return r;
		}
	}
	l->rule->scope = s;
	return 0;
}

static const char *text_dup(struct arena *a, const char *s)
{
	return s && *s ? arena_strdup(a, s) : NULL;
}

static int read_words(struct loader *l, json_t *json)
{
	struct rule *r = l->rule;
	const char *direction = rule_text(json, "direction"), *link = rule_text(json, "linkType");
	const char *type = rule_text(json, "connectorType"), *one = rule_text(json, "connector");
	const char *interval = rule_text(json, "softDeleteExpiryInterval");
	json_t *precedence = json_object_get(json, "precedence");
	struct arena *a = &l->rs->arena;

	if (!json_is_integer(precedence) || json_integer_value(precedence) < 1 ||
		json_integer_value(precedence) > 100000)
		return rule_bad(l, "precedence", "precedence is a number from 1 to 100000");
	r->precedence = (int)json_integer_value(precedence);
	if (direction && streq(direction, "Inbound"))
		r->direction = RULE_INBOUND;
	else if (direction && streq(direction, "Outbound"))
		r->direction = RULE_OUTBOUND;
	else
		return rule_bad(l, "direction", "direction is Inbound or Outbound");
	r->link = link ? LINK_TYPE_COUNT : LINK_JOIN;
	for (int i = 0; link && i < LINK_TYPE_COUNT; i++)
		if (streq(link_type_name((enum link_type)i), link))
			r->link = (enum link_type)i;
	if (r->link == LINK_TYPE_COUNT)
		return rule_bad(l, "linkType",
			"linkType \"%s\": Join, Provision, StickyJoin or JoinNoFlow was expected",
			link);
	if (!type && !one)
		return rule_bad(l, NULL, "give connectorType, or connector for one of them");
	r->connector_type = type ? arena_strdup(a, type) : NULL;
	r->connector = one ? arena_strdup(a, one) : NULL;
	r->setting = text_dup(a, rule_text(json, "setting"));
	if (!r->setting && json_object_get(json, "setting"))
		return rule_bad(l, "setting", "setting is the name of a setting");
	r->disabled = json_is_true(json_object_get(json, "disabled"));
	r->id = text_dup(a, rule_text(json, "id"));
	r->precedence_before = text_dup(a, rule_text(json, "precedenceBefore"));
	r->precedence_after = text_dup(a, rule_text(json, "precedenceAfter"));
	if (interval && !duration_parse(interval, &r->soft_delete))
		return rule_bad(l, "softDeleteExpiryInterval",
			"softDeleteExpiryInterval is a time [d.]HH:MM:SS, not \"%s\"", interval);
	if (r->soft_delete && r->direction == RULE_INBOUND)
		return rule_bad(l, "softDeleteExpiryInterval",
			"softDeleteExpiryInterval is for outbound rules");
	return 0;
}

/* The schema of a kind of directory that is not configured. */
static const struct rule_schema *find_general(const struct loader *l)
{
	for (unsigned i = 0; i < l->rs->n_schemas; i++) {
		const struct rule_schema *s = &l->rs->schemas[i];

		if (s->connector && !*s->connector && l->rule->connector_type &&
			streq(s->connector_type, l->rule->connector_type))
			return s;
	}
	return NULL;
}

static int read_classes(struct loader *l, json_t *json)
{
	const char *source = rule_text(json, "sourceObjectType");
	const char *target = rule_text(json, "targetObjectType");
	const struct rule_schema *connector = find_schema(l);
	bool inbound = l->rule->direction == RULE_INBOUND;
	int r;

	l->source = l->target = NULL;
	l->connector = NULL;
	if (!connector)
		connector = find_general(l);
	if (!connector && l->rule->connector && !l->rule->disabled)
		return rule_bad(l, "connector", "there is no connector \"%s\" in the configuration",
			l->rule->connector);
	if (l->rule->disabled) { /* only its form is checked */
		l->source_schema = l->target_schema = NULL;
		l->rule->source_class = text_dup(&l->rs->arena, source);
		l->rule->target_class = text_dup(&l->rs->arena, target);
		return l->rule->source_class && l->rule->target_class
		               ? 0
		               : rule_bad(l, NULL, "an object type is missing");
	}
	l->connector = connector;
	if (l->rule->setting && connector && connector->settings &&
		!rule_setting_listed(connector->settings, l->rule->setting))
		return rule_bad(l, "setting",
			"setting: a connector of type %s has no setting \"%s\" that is yes or no",
			connector->connector_type, l->rule->setting);
	l->source_schema = inbound ? (connector ? connector->schema : NULL) : metaverse(l);
	l->target_schema = inbound ? metaverse(l) : (connector ? connector->schema : NULL);
	r = read_class(l, "sourceObjectType", source, l->source_schema, &l->source);
	if (r == 0)
		r = read_class(l, "targetObjectType", target, l->target_schema, &l->target);
	if (r < 0)
		return r;
	l->rule->source_class = arena_strdup(&l->rs->arena, source);
	l->rule->target_class = arena_strdup(&l->rs->arena, target);
	if (l->rule->link == LINK_PROVISION && rule_class_any(target))
		return rule_bad(l, "targetObjectType",
			"a rule that provisions must name the class of what it makes, not *");
	return 0;
}

static struct rule *rule_new(struct ruleset *rs)
{
	struct rule *r = arena_zalloc(&rs->arena, sizeof(*r));

	if (rs->n_rules == rs->cap) {
		struct rule **grown;

		rs->cap = rs->cap ? rs->cap * 2 : 32;
		grown = arena_alloc(&rs->arena, rs->cap * sizeof(*grown));
		if (rs->n_rules)
			memcpy(grown, rs->rules, rs->n_rules * sizeof(*grown));
		rs->rules = grown;
	}
	return rs->rules[rs->n_rules++] = r;
}

/* Of what matters for synchronization; the name counts, for joins are kept by it. */
static uint64_t digest(const json_t *json)
{
	_cleanup_json_ json_t *copy = json_copy((json_t *)json);
	_cleanup_free_ char *text = NULL;

	for (unsigned i = 0; QUIET_KEYS[i]; i++)
		json_object_del(copy, QUIET_KEYS[i]);
	text = json_dumps(copy, JSON_COMPACT | JSON_SORT_KEYS);
	return hash64(text ? text : "", text ? strlen(text) : 0);
}

static int read_rule(struct loader *l, json_t *json)
{
	const char *name = rule_text(json, "name"), *at;
	char *text;
	int r;

	if (l->rs->n_rules == RULES_MAX)
		return rule_bad(l, NULL, "over %d rules", RULES_MAX);
	l->rule = NULL;
	if (!name || !*name)
		return rule_bad(l, NULL, "a rule has no name");
	at = rule_find(l, name);
	if (at)
		l->offset = (size_t)(at - l->text);
	l->rule = rule_new(l->rs);
	l->rule->name = arena_strdup(&l->rs->arena, name);
	l->rule->file = l->path;
	l->rule->line = rule_line_at(l, l->offset);
	r = rule_keys(l, json, rule_file_keys, "rule");
	if (r == 0)
		r = read_words(l, json);
	if (r == 0)
		r = read_classes(l, json);
	if (r == 0)
		r = read_scope(l, json_object_get(json, "scope"));
	if (r == 0)
		r = rule_read_joins(l, json);
	if (r == 0)
		r = rule_read_flows(l, json_object_get(json, "flows"));
	if (r < 0)
		return r;
	/* with the join that the settings chose */
	text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	l->rule->text = arena_strdup(&l->rs->arena, text ? text : "");
	free(text);
	l->rule->digest = digest(json);
	return 0;
}

int rules_read_file(struct ruleset *rs, const char *path, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	int r = file_read(path, FILE_MAX, &text, &len, e);

	return r < 0 ? r : rules_read_text(rs, path, text, len, e);
}

#define MADE_PRECEDENCE 200 /* at least: room for rules of one's own before them */

/* Behind all rules that are there. */
static void give_precedence(const struct ruleset *rs, json_t *json)
{
	int last = MADE_PRECEDENCE - 1;

	for (unsigned i = 0; i < rs->n_rules; i++)
		last = MAX(last, rs->rules[i]->precedence);
	if (!json_object_get(json, "precedence"))
		json_object_set_new(json, "precedence", json_integer(last + 1));
}

static int read_text(struct ruleset *rs, const char *path, const char *text, size_t len, bool made,
	struct err *e)
{
	struct loader l = {.rs = rs, .path = arena_strdup(&rs->arena, path), .e = e};
	json_error_t je;
	_cleanup_json_ json_t *root = NULL;
	json_t *rules;

	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
	if (!root)
		return err_set(e, -EINVAL, path, je.line, "column %d: %s", je.column, je.text);
	l.text = text;
	l.len = len;
	rules = json_object_get(root, "rules");
	if (!json_is_array(rules) || json_object_size(root) != 1)
		return err_set(
			e, -EINVAL, path, 1, "an object with one key \"rules\" was expected");
	for (size_t i = 0; i < json_array_size(rules); i++) {
		if (made)
			give_precedence(rs, json_array_get(rules, i));
		TRY(read_rule(&l, json_array_get(rules, i)));
	}
	return 0;
}

int rules_read_text(
	struct ruleset *rs, const char *path, const char *text, size_t len, struct err *e)
{
	return read_text(rs, path, text, len, false, e);
}

int rules_read_made(struct ruleset *rs, const char *name, const char *text, struct err *e)
{
	return read_text(rs, name, text, strlen(text), true, e);
}
