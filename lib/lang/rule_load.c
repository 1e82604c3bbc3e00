/*
 * Rule files: JSON, one object {"rules": [...]}. A rule:
 *
 *   { "name": "In from AD - User Join", "precedence": 100, "direction": "Inbound",
 *     "connectorType": "ad",            (or "connector": "NAME" for one connector)
 *     "sourceObjectType": "user", "targetObjectType": "person", "linkType": "Provision",
 *     "disabled": false, "description": "...",
 *     "scope": [ [ {"attribute": "a", "operator": "EQUAL", "value": "x"}, AND ... ], OR ... ],
 *     "join":  [ [ {"csAttribute": "a", "mvAttribute": "b", "caseSensitive": false} ] ],
 *     "flows": [ {"dest": "a", "source": "b"}, {"dest": "c", "constant": "x"},
 *                {"dest": "d", "expression": "Trim([d])"} ] }
 *
 * Everything is checked here, so that a running cycle meets no mistake: unknown keys, classes,
 * attributes, operators, types, expressions. A new key is a row in RULE_KEYS.
 */
#include "lang/ruleset.h"
#include "lang/expr.h"
#include "base/file.h"

#include <jansson.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define FILE_MAX (4 * 1024 * 1024)

struct loader {
	struct ruleset *rs;
	const char *path;
	const char *text;
	size_t offset; /* in text: of the rule that is being read */
	struct rule *rule;
	const struct schema_class *source, *target; /* NULL: any class */
	const struct schema *source_schema;
	const struct schema *target_schema;
	struct err *e;
};

static int line_at(const struct loader *l, size_t offset)
{
	int line = 1;

	for (size_t i = 0; i < offset; i++)
		line += l->text[i] == '\n';
	return line;
}

/* The line of the first "what" behind the rule's start: close enough to find it in an editor. */
static int line_of(const struct loader *l, const char *what)
{
	char quoted[200];
	const char *at;

	snprintf(quoted, sizeof(quoted), "\"%s\"", what);
	at = strstr(l->text + l->offset, quoted);
	return line_at(l, at ? (size_t)(at - l->text) : l->offset);
}

static int bad(struct loader *l, const char *near, const char *fmt, ...) _printf_(3, 4);

static int bad(struct loader *l, const char *near, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(l->e, -EINVAL, l->path, near ? line_of(l, near) : line_at(l, l->offset),
		"rule \"%s\": %s", l->rule && l->rule->name ? l->rule->name : "?", text);
}

static const char *const RULE_KEYS[] = {"name", "precedence", "direction", "connectorType",
	"connector", "sourceObjectType", "targetObjectType", "linkType", "disabled", "description",
	"scope", "join", "flows", NULL};
static const char *const CLAUSE_KEYS[] = {"attribute", "operator", "value", NULL};
static const char *const JOIN_KEYS[] = {"csAttribute", "mvAttribute", "caseSensitive", NULL};
static const char *const FLOW_KEYS[] = {
	"dest", "source", "constant", "expression", "mergeType", NULL};

static int check_keys(struct loader *l, json_t *obj, const char *const *known, const char *where)
{
	const char *key;
	json_t *value;

	if (!json_is_object(obj))
		return bad(l, NULL, "%s: an object {...} was expected", where);
	json_object_foreach (obj, key, value) {
		unsigned i = 0;

		while (known[i] && !streq(known[i], key))
			i++;
		if (!known[i])
			return bad(l, key, "%s: unknown key \"%s\"", where, key);
	}
	return 0;
}

static const char *text_of(json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

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
		return bad(l, NULL, "%s is missing", key);
	if (streq(name, "*") || !schema)
		return 0;
	*ret = schema_class_find(schema, name);
	return *ret ? 0
	            : bad(l, name, "%s: there is no class \"%s\" in %s", key, name, schema->name);
}

/* An attribute of one side. Pseudo attributes: dn and cloudAnchor of a connector space object. */
static int read_attr(struct loader *l, const char *name, const struct schema *schema,
	const struct schema_class *class, const struct schema_attr **ret_attr, unsigned *ret)
{
	static const struct schema_attr PSEUDO = {"dn", VALUE_STRING, 0};

	if (!name)
		return bad(l, NULL, "the name of an attribute is missing");
	*ret = attr_intern(name);
	if (!*ret)
		return bad(l, name, "attribute \"%s\": the name is too long", name);
	*ret_attr = class ? schema_attr_find(class, name) : NULL;
	if (*ret_attr || !class)
		return 0;
	if (streq(name, "dn") || streq(name, "cloudAnchor")) {
		*ret_attr = &PSEUDO;
		return 0;
	}
	if (schema->open)
		return 0;
	return bad(l, name, "attribute \"%s\" is not in class %s of %s", name, class->name,
		schema->name);
}

static int read_list(struct loader *l, struct scope_clause *c)
{
	char *copy = arena_strdup(&l->rs->arena, c->value), *save = NULL;

	c->list = arena_alloc(&l->rs->arena, (strlen(copy) / 2 + 2) * sizeof(*c->list));
	for (char *p = strtok_r(copy, ";", &save); p; p = strtok_r(NULL, ";", &save))
		c->list[c->n_list++] = p;
	return c->n_list ? 0 : bad(l, NULL, "scope: the list of ISIN is empty");
}

static int read_clause(struct loader *l, json_t *json, struct scope_clause *c)
{
	const char *name, *op, *value;
	const struct schema_attr *attr;
	int r = check_keys(l, json, CLAUSE_KEYS, "scope");

	if (r < 0)
		return r;
	name = text_of(json, "attribute");
	r = read_attr(l, name, l->source_schema, l->source, &attr, &c->attr);
	if (r < 0)
		return r;
	op = text_of(json, "operator");
	if (!op || scope_operator_find(op) < 0)
		return bad(l, op, "scope: there is no operator \"%s\"", op ? op : "");
	c->op = (enum scope_operator)scope_operator_find(op);
	value = text_of(json, "value");
	if (!value && c->op != SCOPE_ISNULL && c->op != SCOPE_ISNOTNULL)
		return bad(l, name, "scope: %s of \"%s\" needs a value", op, name);
	c->value = arena_strdup(&l->rs->arena, value ? value : "");
	return c->op == SCOPE_ISIN || c->op == SCOPE_ISNOTIN ? read_list(l, c) : 0;
}

static int read_scope(struct loader *l, json_t *json)
{
	struct arena *a = &l->rs->arena;
	size_t n = json_array_size(json);
	struct scope *s;

	if (!json || n == 0)
		return json && !json_is_array(json) ? bad(l, "scope", "scope is no array") : 0;
	if (n > CLAUSES_MAX)
		return bad(l, "scope", "over %d scope groups", CLAUSES_MAX);
	s = arena_zalloc(a, sizeof(*s));
	s->n_groups = (unsigned)n;
	s->groups = arena_zalloc(a, n * sizeof(*s->groups));
	for (size_t g = 0; g < n; g++) {
		json_t *group = json_array_get(json, g);
		size_t m = json_array_size(group);

		if (m == 0 || m > CLAUSES_MAX)
			return bad(l, "scope", "a scope group holds 1 to %d clauses", CLAUSES_MAX);
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

static int read_join_clause(struct loader *l, json_t *json, struct join_clause *c)
{
	bool inbound = l->rule->direction == RULE_INBOUND;
	const struct schema_attr *attr;
	int r = check_keys(l, json, JOIN_KEYS, "join");

	if (r < 0)
		return r;
	r = read_attr(l, text_of(json, "csAttribute"),
		inbound ? l->source_schema : l->target_schema, inbound ? l->source : l->target,
		&attr, &c->cs_attr);
	if (r < 0)
		return r;
	c->case_sensitive = json_is_true(json_object_get(json, "caseSensitive"));
	return read_attr(l, text_of(json, "mvAttribute"),
		inbound ? l->target_schema : l->source_schema, inbound ? l->target : l->source,
		&attr, &c->mv_attr);
}

static int read_joins(struct loader *l, json_t *json)
{
	struct arena *a = &l->rs->arena;
	size_t n = json_array_size(json);

	if (n > CLAUSES_MAX || (json && !json_is_array(json)))
		return bad(l, "join", "join is an array of at most %d groups", CLAUSES_MAX);
	l->rule->joins = arena_zalloc(a, (n + 1) * sizeof(*l->rule->joins));
	l->rule->n_joins = (unsigned)n;
	for (size_t g = 0; g < n; g++) {
		json_t *group = json_array_get(json, g);
		size_t m = json_array_size(group);
		struct join_group *jg = &l->rule->joins[g];

		if (m == 0 || m > CLAUSES_MAX)
			return bad(l, "join", "a join group holds 1 to %d clauses", CLAUSES_MAX);
		jg->n_clauses = (unsigned)m;
		jg->clauses = arena_zalloc(a, m * sizeof(*jg->clauses));
		for (size_t i = 0; i < m; i++) {
			int r = read_join_clause(l, json_array_get(group, i), &jg->clauses[i]);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int read_constant(struct loader *l, const char *dest, json_t *json, struct flow *f)
{
	struct arena *a = &l->rs->arena;

	f->kind = FLOW_CONSTANT;
	if (json_is_boolean(json))
		f->constant = value_boolean(json_is_true(json));
	else if (json_is_integer(json))
		f->constant = value_integer(json_integer_value(json));
	else if (json_is_string(json))
		f->constant = value_string(arena_strdup(a, json_string_value(json)));
	else
		return bad(
			l, dest, "flow to %s: a constant is text, a number, true or false", dest);
	return 0;
}

static int read_source(struct loader *l, const char *dest, const char *name, struct flow *f)
{
	const struct schema_attr *attr;
	int r = read_attr(l, name, l->source_schema, l->source, &attr, &f->source);

	f->kind = FLOW_DIRECT;
	if (r < 0)
		return r;
	if (attr && (attr->type == VALUE_REFERENCE) != f->reference)
		return bad(l, dest, "flow to %s: a reference flows to a reference only, not %s",
			dest, name);
	if (attr && attr->type == VALUE_BINARY && f->dest_type != VALUE_BINARY &&
		f->dest_type != VALUE_STRING)
		return bad(l, dest, "flow to %s: %s is binary, the target is %s", dest, name,
			value_type_name(f->dest_type));
	return 0;
}

static int read_expression(struct loader *l, const char *dest, const char *text, struct flow *f)
{
	struct err ee = {0};
	unsigned column, n;
	const unsigned *attrs;

	f->kind = FLOW_EXPRESSION;
	if (expr_compile(text, &f->expr, &column, &ee) < 0)
		return bad(l, dest, "flow to %s: %s", dest, ee.text);
	attrs = expr_attrs(f->expr, &n);
	for (unsigned i = 0; i < n; i++) {
		const struct schema_attr *attr;
		unsigned id;

		if (read_attr(l, attr_name(attrs[i]), l->source_schema, l->source, &attr, &id) < 0)
			return err_prefix(l->e, "flow to %s", dest);
	}
	return 0;
}

static int read_flow(struct loader *l, json_t *json, struct flow *f)
{
	const struct schema_attr *attr;
	const char *dest, *source, *expression, *merge;
	json_t *constant;
	int r = check_keys(l, json, FLOW_KEYS, "flow");

	if (r < 0)
		return r;
	dest = text_of(json, "dest");
	r = read_attr(l, dest, l->target_schema, l->target, &attr, &f->dest);
	if (r < 0)
		return r;
	f->line = line_of(l, dest);
	f->dest_type = attr ? attr->type : VALUE_STRING;
	f->dest_multi = attr ? attr->flags & SCHEMA_MULTI : true;
	f->reference = f->dest_type == VALUE_REFERENCE;
	merge = text_of(json, "mergeType");
	if (merge && !streq(merge, "Update"))
		return bad(l, dest, "flow to %s: mergeType \"%s\" is not supported, only Update",
			dest, merge);
	source = text_of(json, "source");
	expression = text_of(json, "expression");
	constant = json_object_get(json, "constant");
	if ((source != NULL) + (expression != NULL) + (constant != NULL) != 1)
		return bad(l, dest, "flow to %s: give one of source, constant, expression", dest);
	if (source)
		return read_source(l, dest, source, f);
	return constant ? read_constant(l, dest, constant, f)
	                : read_expression(l, dest, expression, f);
}

static int read_flows(struct loader *l, json_t *json)
{
	size_t n = json_array_size(json);

	if (n > FLOWS_MAX || (json && !json_is_array(json)))
		return bad(l, "flows", "flows is an array of at most %d", FLOWS_MAX);
	l->rule->flows = arena_zalloc(&l->rs->arena, (n + 1) * sizeof(*l->rule->flows));
	for (size_t i = 0; i < n; i++) {
		int r;

		l->rule->n_flows = (unsigned)i + 1; /* so that its expression is freed */
		r = read_flow(l, json_array_get(json, i), &l->rule->flows[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_words(struct loader *l, json_t *json)
{
	struct rule *r = l->rule;
	const char *direction = text_of(json, "direction"), *link = text_of(json, "linkType");
	const char *type = text_of(json, "connectorType"), *one = text_of(json, "connector");
	json_t *precedence = json_object_get(json, "precedence");
	struct arena *a = &l->rs->arena;

	if (!json_is_integer(precedence) || json_integer_value(precedence) < 1 ||
		json_integer_value(precedence) > 100000)
		return bad(l, "precedence", "precedence is a number from 1 to 100000");
	r->precedence = (int)json_integer_value(precedence);
	if (direction && streq(direction, "Inbound"))
		r->direction = RULE_INBOUND;
	else if (direction && streq(direction, "Outbound"))
		r->direction = RULE_OUTBOUND;
	else
		return bad(l, "direction", "direction is Inbound or Outbound");
	if (!link || streq(link, "Join"))
		r->link = LINK_JOIN;
	else if (streq(link, "Provision"))
		r->link = LINK_PROVISION;
	else
		return bad(
			l, "linkType", "linkType \"%s\" is not supported: Join or Provision", link);
	if (!type == !one)
		return bad(l, NULL, "give one of connectorType and connector");
	r->connector_type = type ? arena_strdup(a, type) : NULL;
	r->connector = one ? arena_strdup(a, one) : NULL;
	r->disabled = json_is_true(json_object_get(json, "disabled"));
	return 0;
}

static int read_classes(struct loader *l, json_t *json)
{
	const char *source = text_of(json, "sourceObjectType");
	const char *target = text_of(json, "targetObjectType");
	const struct rule_schema *connector = find_schema(l);
	bool inbound = l->rule->direction == RULE_INBOUND;
	int r;

	if (!connector && l->rule->connector)
		return bad(l, "connector", "there is no connector \"%s\" in the configuration",
			l->rule->connector);
	l->source_schema = inbound ? (connector ? connector->schema : NULL) : metaverse(l);
	l->target_schema = inbound ? metaverse(l) : (connector ? connector->schema : NULL);
	r = read_class(l, "sourceObjectType", source, l->source_schema, &l->source);
	if (r == 0)
		r = read_class(l, "targetObjectType", target, l->target_schema, &l->target);
	if (r < 0)
		return r;
	l->rule->source_class = arena_strdup(&l->rs->arena, source);
	l->rule->target_class = arena_strdup(&l->rs->arena, target);
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

static int read_rule(struct loader *l, json_t *json)
{
	const char *name = text_of(json, "name");
	char *text;
	int r;

	if (l->rs->n_rules == RULES_MAX)
		return bad(l, NULL, "over %d rules", RULES_MAX);
	l->rule = NULL;
	if (!name || !*name)
		return bad(l, NULL, "a rule has no name");
	{
		char quoted[300];
		const char *at;

		snprintf(quoted, sizeof(quoted), "\"%s\"", name);
		at = strstr(l->text + l->offset, quoted);
		if (at)
			l->offset = (size_t)(at - l->text);
	}
	l->rule = rule_new(l->rs);
	l->rule->name = arena_strdup(&l->rs->arena, name);
	l->rule->file = l->path;
	l->rule->line = line_at(l, l->offset);
	text = json_dumps(json, JSON_COMPACT | JSON_SORT_KEYS);
	l->rule->text = arena_strdup(&l->rs->arena, text ? text : "");
	free(text);
	r = check_keys(l, json, RULE_KEYS, "rule");
	if (r == 0)
		r = read_words(l, json);
	if (r == 0)
		r = read_classes(l, json);
	if (r == 0)
		r = read_scope(l, json_object_get(json, "scope"));
	if (r == 0)
		r = read_joins(l, json_object_get(json, "join"));
	if (r == 0)
		r = read_flows(l, json_object_get(json, "flows"));
	return r;
}

int rules_read_file(struct ruleset *rs, const char *path, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct loader l = {.rs = rs, .path = arena_strdup(&rs->arena, path), .e = e};
	json_error_t je;
	json_t *root, *rules;
	size_t len;
	int r = file_read(path, FILE_MAX, &text, &len, e);

	if (r < 0)
		return r;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
	if (!root)
		return err_set(e, -EINVAL, path, je.line, "column %d: %s", je.column, je.text);
	l.text = text;
	rules = json_object_get(root, "rules");
	if (!json_is_array(rules) || json_object_size(root) != 1)
		r = err_set(e, -EINVAL, path, 1, "an object with one key \"rules\" was expected");
	for (size_t i = 0; r == 0 && i < json_array_size(rules); i++)
		r = read_rule(&l, json_array_get(rules, i));
	json_decref(root);
	return r;
}
