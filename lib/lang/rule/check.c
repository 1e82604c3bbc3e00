/*
 * What only the whole set of rules can show, found when it is loaded so that no cycle meets it:
 * names and precedence given twice, merge types that differ, orders that go round in a circle.
 */
#include "lang/rule/check.h"
#include "lang/rule/ruleset_priv.h"
#include "lang/rule/scope.h"

#include <errno.h>

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && streq(a, b));
}

/* May both apply to one connector? */
static bool meet(const struct ruleset *rs, const struct rule *x, const struct rule *y)
{
	if (same(x->connector, y->connector) && same(x->connector_type, y->connector_type))
		return true;
	for (unsigned i = 0; i < rs->n_schemas; i++)
		if (rule_applies(x, &rs->schemas[i]) && rule_applies(y, &rs->schemas[i]))
			return true;
	return false;
}

static bool same_class(const char *a, const char *b)
{
	return rule_class_fits(a, b) || rule_class_any(b);
}

static int check_names(const struct rule *x, const struct rule *y, struct err *e)
{
	if (streq(x->name, y->name))
		return err_set(e, -EINVAL, y->file, y->line,
			"rule \"%s\": there is another rule of that name in %s:%d", y->name,
			x->file, x->line);
	if (x->precedence == y->precedence && x->direction == y->direction)
		return err_set(e, -EINVAL, y->file, y->line,
			"rule \"%s\": precedence %d is taken by \"%s\" in %s:%d", y->name,
			y->precedence, x->name, x->file, x->line);
	return 0;
}

bool ruleset_joins_meet(const struct ruleset *rs, const struct rule *x, const struct rule *y)
{
	return !x->disabled && !y->disabled && x->n_joins && y->n_joins &&
	       x->direction == y->direction && same_class(x->source_class, y->source_class) &&
	       (x->direction == RULE_INBOUND || same_class(x->target_class, y->target_class)) &&
	       meet(rs, x, y) && scope_overlap(x->scope, y->scope);
}

/* Accounts can be found by an attribute only when the directory's rules bring it. */
static int check_match(const struct ruleset *rs, const struct rule *x, struct err *e)
{
	for (unsigned i = 0; x->match_attr && !x->disabled && i < rs->n_rules; i++) {
		const struct rule *y = rs->rules[i];

		if (y->disabled || y->direction != RULE_INBOUND || !meet(rs, x, y))
			continue;
		for (unsigned k = 0; k < y->n_flows; k++)
			if (y->flows[k].dest == x->match_attr)
				return 0;
	}
	return !x->match_attr || x->disabled
	               ? 0
	               : err_set(e, -EINVAL, x->file, x->line,
				 "rule \"%s\": match_attribute = %s: no rule from the directory "
				 "gives "
				 "it to the metaverse, so nobody would be found",
				 x->name, attr_name(x->match_attr));
}

static bool has_merge(const struct rule *r)
{
	for (unsigned i = 0; i < r->n_flows; i++)
		if (flow_merges(&r->flows[i]))
			return true;
	return false;
}

/* All that flows to an attribute must meet in the same way. */
static int check_merge(const struct rule *x, const struct rule *y, struct err *e)
{
	if (x->disabled || y->disabled || (!has_merge(x) && !has_merge(y)) ||
		!same_class(x->target_class, y->target_class))
		return 0;
	for (unsigned i = 0; i < x->n_flows; i++)
		for (unsigned k = 0; k < y->n_flows; k++) {
			const struct flow *f = &x->flows[i], *g = &y->flows[k];

			if (f->dest != g->dest || f->merge == g->merge ||
				(!flow_merges(f) && !flow_merges(g)))
				continue;
			return err_set(e, -EINVAL, y->file, g->line,
				"rule \"%s\": flow to %s: mergeType is %s here and %s in \"%s\" "
				"(%s:%d); all contributions to an attribute must have the same",
				y->name, attr_name(g->dest), merge_type_name(g->merge),
				merge_type_name(f->merge), x->name, x->file, f->line);
		}
	return 0;
}

/* "later comes after sooner", from either of the two rules. */
struct order {
	unsigned sooner, later;
	bool done;
};

static int find_id(const struct ruleset *rs, const char *id)
{
	for (unsigned i = 0; id && i < rs->n_rules; i++)
		if (rs->rules[i]->id && streq(rs->rules[i]->id, id))
			return (int)i;
	return -1;
}

static unsigned read_orders(const struct ruleset *rs, struct order *ret)
{
	unsigned n = 0;

	for (unsigned i = 0; i < rs->n_rules; i++) {
		int after = find_id(rs, rs->rules[i]->precedence_after);
		int before = find_id(rs, rs->rules[i]->precedence_before);

		if (after >= 0)
			ret[n++] = (struct order){.sooner = (unsigned)after, .later = i};
		if (before >= 0)
			ret[n++] = (struct order){.sooner = i, .later = (unsigned)before};
	}
	return n;
}

static bool has_sooner(const struct order *orders, unsigned n, unsigned rule)
{
	for (unsigned i = 0; i < n; i++)
		if (!orders[i].done && orders[i].later == rule)
			return true;
	return false;
}

/* Takes orders away whose first rule waits for nothing; what is left goes round. */
static int check_circles(const struct ruleset *rs, struct err *e)
{
	_cleanup_free_ struct order *orders = xcalloc(rs->n_rules * 2 + 1, sizeof(*orders));
	unsigned n = read_orders(rs, orders);
	bool progress = true;

	while (progress) {
		progress = false;
		for (unsigned i = 0; i < n; i++)
			if (!orders[i].done && !has_sooner(orders, n, orders[i].sooner))
				orders[i].done = progress = true;
	}
	for (unsigned i = 0; i < n; i++) {
		const struct rule *r = rs->rules[orders[i].later];

		if (!orders[i].done)
			return err_set(e, -EINVAL, r->file, r->line,
				"rule \"%s\": precedenceBefore and precedenceAfter of the rules go "
				"round in a circle",
				r->name);
	}
	return 0;
}

/* Two flows of one rule to one attribute: the second would never be heard. */
static int check_twice(const struct rule *r, struct err *e)
{
	for (unsigned i = 0; i < r->n_flows; i++)
		for (unsigned k = i + 1; k < r->n_flows; k++)
			if (r->flows[i].dest == r->flows[k].dest && !flow_merges(&r->flows[i]))
				return err_set(e, -EINVAL, r->file, r->flows[k].line,
					"rule \"%s\": two flows to %s", r->name,
					attr_name(r->flows[k].dest));
	return 0;
}

int ruleset_check(const struct ruleset *rs, struct err *e)
{
	for (unsigned i = 0; i < rs->n_rules; i++) {
		const struct rule *x = rs->rules[i];
		int r = check_twice(x, e);

		if (r == 0)
			r = check_match(rs, x, e);
		for (unsigned k = i + 1; r == 0 && k < rs->n_rules; k++) {
			const struct rule *y = rs->rules[k];

			/* into the metaverse, rules of all connectors meet */
			if (x->direction == y->direction &&
				(x->direction == RULE_INBOUND || meet(rs, x, y)))
				r = check_merge(x, y, e);
			if (r == 0 && meet(rs, x, y))
				r = check_names(x, y, e);
		}
		if (r < 0)
			return r;
	}
	return check_circles(rs, e);
}
