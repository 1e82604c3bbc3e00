/*
 * What rules ask beside the object: scopes whether it has references or is a member of a group,
 * expressions how many references it has, and inbound a flow of references whether there are any
 * (outbound, it takes them row by row).
 */
#include "lang/rule/needs.h"
#include "base/arena.h"
#include "lang/expr/expr.h"
#include "lang/rule/scope.h"

struct finder {
	unsigned *counted;
	unsigned n_counted;
	const char **groups;
	unsigned n_groups, cap_groups;
	struct arena *a;
};

static void add_counted(struct finder *f, unsigned attr)
{
	for (unsigned i = 0; i < f->n_counted; i++)
		if (f->counted[i] == attr)
			return;
	f->counted[f->n_counted++] = attr;
}

static void add_group(struct finder *f, const char *group)
{
	for (unsigned i = 0; i < f->n_groups; i++)
		if (streq(f->groups[i], group))
			return;
	if (f->n_groups == f->cap_groups) {
		const char **grown;

		f->cap_groups = f->cap_groups ? f->cap_groups * 2 : 8;
		grown = arena_alloc(f->a, f->cap_groups * sizeof(*grown));
		if (f->n_groups)
			memcpy(grown, f->groups, f->n_groups * sizeof(*grown));
		f->groups = grown;
	}
	f->groups[f->n_groups++] = group;
}

static void find_in_scope(struct finder *f, const struct scope *s)
{
	for (unsigned g = 0; s && g < s->n_groups; g++)
		for (unsigned i = 0; i < s->groups[g].n_clauses; i++) {
			const struct scope_clause *c = &s->groups[g].clauses[i];

			if (c->op == SCOPE_ISMEMBEROF || c->op == SCOPE_ISNOTMEMBEROF)
				add_group(f, c->value);
			else if (c->link && (c->op == SCOPE_ISNULL || c->op == SCOPE_ISNOTNULL))
				add_counted(f, c->attr);
		}
}

static void find_in_flow(struct finder *f, const struct rule *r, const struct flow *flow)
{
	const unsigned *attrs;
	unsigned n;

	switch (flow->kind) {
	case FLOW_DIRECT:
		if (flow->reference && r->direction == RULE_INBOUND)
			add_counted(f, flow->source);
		break;
	case FLOW_EXPRESSION:
		attrs = expr_counted(flow->expr, &n);
		for (unsigned i = 0; i < n; i++)
			add_counted(f, attrs[i]);
		break;
	case FLOW_CONSTANT:
		break;
	}
}

void rule_needs_find(
	const struct rule *const *rules, unsigned n, struct arena *a, struct rule_needs *ret)
{
	struct finder f = {.counted = arena_alloc(a, attr_count() * sizeof(unsigned)), .a = a};

	for (unsigned i = 0; i < n; i++) {
		find_in_scope(&f, rules[i]->scope);
		for (unsigned k = 0; k < rules[i]->n_flows; k++)
			find_in_flow(&f, rules[i], &rules[i]->flows[k]);
	}
	*ret = (struct rule_needs){
		.counted = f.counted,
		.n_counted = f.n_counted,
		.groups = f.groups,
		.n_groups = f.n_groups,
	};
}
