/*
 * The flows of a rule in a rule file, checked by type. A new key of a flow is a row of
 * flow_file_keys (rule.c) and a line in read_flow().
 */
#include "lang/rule/load_flow.h"
#include "lang/expr/expr.h"
#include "lang/rule/flow.h"
#include "lang/rule/loader.h"

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
		return rule_bad(
			l, dest, "flow to %s: a constant is text, a number, true or false", dest);
	if (f->reference || !value_convert(&f->constant, f->dest_type, a))
		return rule_bad(l, dest, "flow to %s: the target is %s, which the constant is not",
			dest, value_type_name(f->dest_type));
	return 0;
}

/* The type of the source's attribute must be one that the target's can be made of. */
static int check_types(struct loader *l, const char *dest, unsigned types, const struct flow *f)
{
	char have[128];

	if (expr_types_fit(types, f->dest_type))
		return 0;
	if (f->reference)
		return rule_bad(l, dest,
			"flow to %s: the target holds references: an attribute of references may "
			"flow to it (or IIF and Switch may choose one), not %s",
			dest, expr_types_text(types, have, sizeof(have)));
	return rule_bad(l, dest, "flow to %s: the target is %s, which cannot be made of %s", dest,
		value_type_name(f->dest_type), expr_types_text(types, have, sizeof(have)));
}

static int read_source(struct loader *l, const char *dest, const char *name, struct flow *f)
{
	const struct schema_attr *attr;
	int r = rule_attr(l, name, l->source_schema, l->source, &attr, &f->source);

	f->kind = FLOW_DIRECT;
	if (r < 0)
		return r;
	return attr ? check_types(l, dest, expr_value_types(attr->type), f) : 0;
}

static int attr_type(void *ctx, unsigned id)
{
	struct loader *l = ctx;
	const struct schema_attr *attr;
	struct err *e = l->e, ignored;
	int r;

	l->e = &ignored; /* the attributes were checked before */
	r = rule_attr(l, attr_name(id), l->source_schema, l->source, &attr, &id);
	l->e = e;
	return r == 0 && attr ? (int)attr->type : -1;
}

static int read_expression(struct loader *l, const char *dest, const char *text, struct flow *f)
{
	const struct expr_types known = {attr_type, rule_parameter_known, l};
	struct err ee = {0};
	unsigned n, types;
	const unsigned *attrs;

	f->kind = FLOW_EXPRESSION;
	f->text = arena_strdup(&l->rs->arena, text);
	if (l->rule->disabled)
		return 0;
	if (expr_compile(text, &f->expr, NULL, &ee) < 0)
		return rule_bad(l, dest, "flow to %s: %s", dest, ee.text);
	attrs = expr_attrs(f->expr, &n);
	for (unsigned i = 0; i < n; i++) {
		const struct schema_attr *attr;
		unsigned id;

		if (rule_attr(l, attr_name(attrs[i]), l->source_schema, l->source, &attr, &id) < 0)
			return err_prefix(l->e, "flow to %s", dest);
	}
	if (expr_check(f->expr, &known, &types, NULL, &ee) < 0)
		return rule_bad(l, dest, "flow to %s: %s", dest, ee.text);
	return check_types(l, dest, types, f);
}

static int read_merge(struct loader *l, const char *dest, const char *word, struct flow *f)
{
	f->merge = word ? MERGE_TYPE_COUNT : MERGE_UPDATE;
	for (int i = 0; word && i < MERGE_TYPE_COUNT; i++)
		if (streq(merge_type_name((enum merge_type)i), word))
			f->merge = (enum merge_type)i;
	if (f->merge == MERGE_TYPE_COUNT)
		return rule_bad(l, dest,
			"flow to %s: mergeType \"%s\": Update, Replace, Merge or "
			"MergeCaseInsensitive was expected",
			dest, word);
	if (flow_merges(f) && !f->dest_multi)
		return rule_bad(
			l, dest, "flow to %s: %s needs a target of several values", dest, word);
	return 0;
}

static int read_flow(struct loader *l, json_t *json, struct flow *f)
{
	const struct schema_attr *attr;
	const char *dest, *source, *expression;
	json_t *constant;
	int r = rule_keys(l, json, flow_file_keys, "flow");

	if (r < 0)
		return r;
	dest = rule_text(json, "dest");
	r = rule_attr(l, dest, l->target_schema, l->target, &attr, &f->dest);
	if (r < 0)
		return r;
	f->line = rule_line(l, dest);
	f->dest_type = attr ? attr->type : VALUE_STRING;
	f->dest_multi = attr ? attr->flags & SCHEMA_MULTI : true;
	f->dest_time = attr && attr->flags & SCHEMA_TIME;
	f->reference = f->dest_type == VALUE_REFERENCE;
	f->once = json_is_true(json_object_get(json, "executeOnce"));
	r = read_merge(l, dest, rule_text(json, "mergeType"), f);
	if (r < 0)
		return r;
	source = rule_text(json, "source");
	expression = rule_text(json, "expression");
	constant = json_object_get(json, "constant");
	if ((source != NULL) + (expression != NULL) + (constant != NULL) != 1)
		return rule_bad(
			l, dest, "flow to %s: give one of source, constant, expression", dest);
	if (source)
		return read_source(l, dest, source, f);
	return constant ? read_constant(l, dest, constant, f)
	                : read_expression(l, dest, expression, f);
}

int rule_read_flows(struct loader *l, json_t *json)
{
	size_t n = json_array_size(json);

	if (n > FLOWS_MAX || (json && !json_is_array(json)))
		return rule_bad(l, "flows", "flows is an array of at most %d", FLOWS_MAX);
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
