/*
 * The look-ups of rules that steps use. A look-up is a build_...() of ruleset_index() and a
 * function that reads what it built.
 */
#include "base/buf.h"
#include "base/codec.h"
#include "lang/expr/expr.h"
#include "lang/rule/ruleset.h"
#include "lang/rule/ruleset_priv.h"
#include "lang/rule/scope.h"

#include <inttypes.h>

static void index_add(struct ruleset *rs, enum rule_direction d, const char *connector,
	const char *class, const struct rule_schema *c)
{
	struct rule_index *ix;

	for (unsigned i = 0; i < rs->n_index; i++)
		if (rs->index[i].direction == d && streq(rs->index[i].connector, connector) &&
			streq(rs->index[i].class, class))
			return;
	ix = &rs->index[rs->n_index++];
	*ix = (struct rule_index){.direction = d, .connector = connector, .class = class};
	ix->rules = arena_alloc(&rs->arena, (rs->n_rules + 1) * sizeof(*ix->rules));
	for (unsigned i = 0; i < rs->n_rules; i++) {
		const struct rule *r = rs->rules[i];

		if (r->direction == d && rule_in_force(r, c) &&
			rule_class_fits(r->source_class, class))
			ix->rules[ix->n++] = r;
	}
	rule_needs_find(ix->rules, ix->n, &rs->arena, &ix->needs);
}

/* One entry per connector, direction and class of that direction's source. */
static void build_index(struct ruleset *rs)
{
	const struct schema *mv = NULL;
	unsigned max = 0;

	for (unsigned i = 0; i < rs->n_schemas; i++) {
		max += rs->schemas[i].schema->n_classes;
		if (!rs->schemas[i].connector)
			mv = rs->schemas[i].schema;
	}
	max += (mv ? mv->n_classes : 0) * rs->n_schemas;
	rs->index = arena_alloc(&rs->arena, (max + 1) * sizeof(*rs->index));
	for (unsigned i = 0; i < rs->n_schemas; i++) {
		const struct rule_schema *c = &rs->schemas[i];

		if (!c->connector)
			continue;
		for (unsigned k = 0; k < c->schema->n_classes; k++)
			index_add(rs, RULE_INBOUND, c->connector, c->schema->classes[k].name, c);
		for (unsigned k = 0; mv && k < mv->n_classes; k++)
			index_add(rs, RULE_OUTBOUND, c->connector, mv->classes[k].name, c);
	}
}

static void attrs_add(struct rule_attrs *set, unsigned attr)
{
	for (unsigned i = 0; i < set->n; i++)
		if (set->attrs[i] == attr)
			return;
	set->attrs[set->n++] = attr;
}

static void rule_sources(struct rule_attrs *set, const struct rule *r)
{
	for (unsigned g = 0; r->scope && g < r->scope->n_groups; g++)
		for (unsigned i = 0; i < r->scope->groups[g].n_clauses; i++)
			attrs_add(set, r->scope->groups[g].clauses[i].attr);
	for (unsigned g = 0; g < r->n_joins; g++)
		for (unsigned i = 0; i < r->joins[g].n_clauses; i++)
			attrs_add(set, r->joins[g].clauses[i].cs_attr);
	for (unsigned i = 0; i < r->n_flows; i++) {
		const struct flow *f = &r->flows[i];

		if (f->kind == FLOW_DIRECT)
			attrs_add(set, f->source);
		if (f->kind == FLOW_EXPRESSION) {
			unsigned n;
			const unsigned *attrs = expr_attrs(f->expr, &n);

			for (unsigned k = 0; k < n; k++)
				attrs_add(set, attrs[k]);
		}
	}
}

static void build_sources(struct ruleset *rs)
{
	rs->sources = arena_alloc(&rs->arena, (rs->n_schemas + 1) * sizeof(*rs->sources));
	for (unsigned i = 0; i < rs->n_schemas; i++) {
		struct rule_attrs *set = &rs->sources[rs->n_sources];

		if (!rs->schemas[i].connector)
			continue;
		set->key = rs->schemas[i].connector;
		set->n = 0;
		set->attrs = arena_alloc(&rs->arena, attr_count() * sizeof(unsigned));
		for (unsigned k = 0; k < rs->n_rules; k++)
			if (rs->rules[k]->direction == RULE_INBOUND &&
				rule_in_force(rs->rules[k], &rs->schemas[i]))
				rule_sources(set, rs->rules[k]);
		rs->n_sources++;
	}
}

/* What outbound rules flow to. */
static void build_targets(struct ruleset *rs)
{
	rs->targets = arena_alloc(&rs->arena, (rs->n_schemas + 1) * sizeof(*rs->targets));
	for (unsigned i = 0; i < rs->n_schemas; i++) {
		struct rule_attrs *set = &rs->targets[rs->n_targets];

		if (!rs->schemas[i].connector)
			continue;
		set->key = rs->schemas[i].connector;
		set->n = 0;
		set->attrs = arena_alloc(&rs->arena, attr_count() * sizeof(unsigned));
		for (unsigned k = 0; k < rs->n_rules; k++) {
			const struct rule *r = rs->rules[k];

			if (r->direction != RULE_OUTBOUND || !rule_in_force(r, &rs->schemas[i]))
				continue;
			for (unsigned f = 0; f < r->n_flows; f++)
				attrs_add(set, r->flows[f].dest);
		}
		rs->n_targets++;
	}
}

static void build_joins(struct ruleset *rs, const struct schema *mv)
{
	rs->joins = arena_alloc(&rs->arena, (mv->n_classes + 1) * sizeof(*rs->joins));
	for (unsigned c = 0; c < mv->n_classes; c++) {
		struct rule_attrs *set = &rs->joins[rs->n_joins++];

		set->key = mv->classes[c].name;
		set->n = 0;
		set->attrs = arena_alloc(&rs->arena, attr_count() * sizeof(unsigned));
		for (unsigned k = 0; k < rs->n_rules; k++) {
			const struct rule *r = rs->rules[k];

			if (r->disabled || r->direction != RULE_INBOUND ||
				!rule_class_fits(r->target_class, set->key))
				continue;
			for (unsigned g = 0; g < r->n_joins; g++)
				attrs_add(set, r->joins[g].clauses[0].mv_attr);
		}
	}
}

/* What the other clauses compare. */
static void build_compared(struct ruleset *rs)
{
	rs->compared.attrs = arena_alloc(&rs->arena, attr_count() * sizeof(unsigned));
	for (unsigned k = 0; k < rs->n_rules; k++) {
		const struct rule *r = rs->rules[k];

		for (unsigned g = 0; !r->disabled && g < r->n_joins; g++)
			for (unsigned i = 1; i < r->joins[g].n_clauses; i++)
				attrs_add(&rs->compared, r->joins[g].clauses[i].mv_attr);
	}
}

void ruleset_index(struct ruleset *rs)
{
	build_index(rs);
	build_sources(rs);
	build_targets(rs);
	build_compared(rs);
	for (unsigned i = 0; i < rs->n_schemas; i++)
		if (!rs->schemas[i].connector)
			build_joins(rs, rs->schemas[i].schema);
}

const struct rule *const *ruleset_all(const struct ruleset *rs, unsigned *ret_n)
{
	*ret_n = rs->n_rules;
	return (const struct rule *const *)rs->rules;
}

static const struct rule_index *find_index(const struct ruleset *rs, enum rule_direction d,
	const char *connector, const char *source_class)
{
	for (unsigned i = 0; i < rs->n_index; i++) {
		const struct rule_index *ix = &rs->index[i];

		if (ix->direction == d && streq(ix->connector, connector) &&
			streq(ix->class, source_class))
			return ix;
	}
	return NULL;
}

const struct rule *const *ruleset_find(const struct ruleset *rs, enum rule_direction d,
	const char *connector, const char *source_class, unsigned *ret_n)
{
	const struct rule_index *ix = find_index(rs, d, connector, source_class);

	*ret_n = ix ? ix->n : 0;
	return ix ? ix->rules : NULL;
}

const struct rule_needs *ruleset_needs(const struct ruleset *rs, enum rule_direction d,
	const char *connector, const char *source_class)
{
	static const struct rule_needs none;
	const struct rule_index *ix = find_index(rs, d, connector, source_class);

	return ix ? &ix->needs : &none;
}

/* Of the rules' own digests; not a protection against forgery. */
void ruleset_digest(const struct ruleset *rs, const char *connector, char ret[65])
{
	_cleanup_buf_ struct buf b = {0};
	const struct rule_schema *c = NULL;
	uint64_t h[4];

	for (unsigned i = 0; i < rs->n_schemas; i++)
		if (rs->schemas[i].connector && streq(rs->schemas[i].connector, connector))
			c = &rs->schemas[i];
	for (unsigned i = 0; c && i < rs->n_rules; i++)
		if (rule_in_force(rs->rules[i], c))
			buf_addf(&b, "%016" PRIx64 "\n", rs->rules[i]->digest);
	for (unsigned i = 0; i < 4; i++) {
		h[i] = hash64(buf_str(&b), b.len);
		buf_addf(&b, "%u", i);
	}
	hex_encode(ret, h, sizeof(h));
}

static const unsigned *attrs_find(
	const struct rule_attrs *sets, unsigned n, const char *key, unsigned *ret_n)
{
	for (unsigned i = 0; i < n; i++)
		if (streq(sets[i].key, key)) {
			*ret_n = sets[i].n;
			return sets[i].attrs;
		}
	*ret_n = 0;
	return NULL;
}

const unsigned *ruleset_source_attrs(
	const struct ruleset *rs, const char *connector, unsigned *ret_n)
{
	return attrs_find(rs->sources, rs->n_sources, connector, ret_n);
}

const unsigned *ruleset_read_attrs(
	const struct ruleset *rs, const char *connector, struct arena *a, unsigned *ret_n)
{
	unsigned n_sources, n_targets;
	const unsigned *sources = ruleset_source_attrs(rs, connector, &n_sources);
	const unsigned *targets = attrs_find(rs->targets, rs->n_targets, connector, &n_targets);
	struct rule_attrs set = {
		.attrs = arena_alloc(a, (n_sources + n_targets + 1) * sizeof(unsigned))};

	for (unsigned i = 0; i < n_sources; i++)
		attrs_add(&set, sources[i]);
	for (unsigned i = 0; i < n_targets; i++)
		attrs_add(&set, targets[i]);
	*ret_n = set.n;
	return set.attrs;
}

bool ruleset_in_force(const struct ruleset *rs, const struct rule *rule, const char *connector)
{
	for (unsigned i = 0; i < rs->n_schemas; i++)
		if (rs->schemas[i].connector && streq(rs->schemas[i].connector, connector))
			return rule_in_force(rule, &rs->schemas[i]);
	return false;
}

struct class_list {
	const char **classes;
	unsigned n;
};

static void class_add(struct class_list *l, const char *class)
{
	for (unsigned i = 0; i < l->n; i++)
		if (streq(l->classes[i], class))
			return;
	l->classes[l->n++] = class;
}

static bool class_is_sent(const struct ruleset *rs, const char *connector, const char *class)
{
	const struct schema_class *c;

	for (unsigned i = 0; i < rs->n_schemas; i++)
		if (rs->schemas[i].connector && streq(rs->schemas[i].connector, connector)) {
			c = schema_class_find(rs->schemas[i].schema, class);
			return c && !c->never_sent;
		}
	return false;
}

const char *const *ruleset_read_classes(
	const struct ruleset *rs, const char *connector, struct arena *a, unsigned *ret_n)
{
	struct class_list l = {
		arena_alloc(a, (rs->n_index + rs->n_rules + 1) * sizeof(*l.classes)), 0};

	for (unsigned i = 0; i < rs->n_index; i++) {
		const struct rule_index *ix = &rs->index[i];

		if (!ix->n || !streq(ix->connector, connector))
			continue;
		if (ix->direction == RULE_INBOUND)
			class_add(&l, ix->class);
		for (unsigned k = 0; ix->direction == RULE_OUTBOUND && k < ix->n; k++)
			if (class_is_sent(rs, connector, ix->rules[k]->target_class))
				class_add(&l, ix->rules[k]->target_class);
	}
	*ret_n = l.n;
	return l.classes;
}

const unsigned *ruleset_join_attrs(const struct ruleset *rs, const char *mv_class, unsigned *ret_n)
{
	return attrs_find(rs->joins, rs->n_joins, mv_class, ret_n);
}

const unsigned *ruleset_compared_attrs(const struct ruleset *rs, unsigned *ret_n)
{
	*ret_n = rs->compared.n;
	return rs->compared.attrs;
}

bool ruleset_uses_membership(const struct ruleset *rs, const char *connector)
{
	for (unsigned i = 0; i < rs->n_index; i++) {
		const struct rule_index *ix = &rs->index[i];

		if (ix->direction != RULE_INBOUND || !streq(ix->connector, connector))
			continue;
		for (unsigned k = 0; k < ix->n; k++)
			if (ix->rules[k]->uses_membership)
				return true;
	}
	return false;
}

const struct rule *ruleset_find_name(
	const struct ruleset *rs, const char *connector, const char *name)
{
	const struct rule_schema *c = NULL;

	for (unsigned i = 0; i < rs->n_schemas; i++)
		if (rs->schemas[i].connector && streq(rs->schemas[i].connector, connector))
			c = &rs->schemas[i];
	for (unsigned i = 0; c && i < rs->n_rules; i++)
		if (rule_applies(rs->rules[i], c) && streq(rs->rules[i]->name, name))
			return rs->rules[i];
	return NULL;
}
