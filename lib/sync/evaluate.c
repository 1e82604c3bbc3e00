/* The evaluation of rules over an object: what they need is read from the store first. */
#include "sync/evaluate.h"
#include "lang/rule/scope.h"
#include "store/cs_link.h"
#include "store/mv_link.h"
#include "sync/parameters.h"

#include <assert.h>

static const char *eval_parameter(void *ctx, const char *name, struct arena *a)
{
	struct eval_ctx *ec = ctx;

	if (!ec->conn)
		return NULL;
	if (ec->partition < 0)
		ec->partition = (int)parameters_partition(ec->conn, ec->dn);
	return parameters_value(ec->conn, (unsigned)ec->partition, name);
}

/* How many references the object has, for the attributes whose number the rules use. */
static int fetch_counts(struct eval_ctx *ec, struct arena *a, struct err *e)
{
	struct store *store = ec->sync->store;
	struct eval_count *counts;
	struct link_count *all;
	unsigned n = 0;

	if (!ec->needs->n_counted)
		return 0;
	if (ec->cs) { /* one query for all attributes */
		TRY(cs_link_counts(store, ec->cs, a, &all, &n, e));
		counts = arena_alloc(a, (n + 1) * sizeof(*counts));
		for (unsigned i = 0; i < n; i++)
			counts[i] = (struct eval_count){all[i].attr, all[i].n};
	} else {
		counts = arena_zalloc(a, ec->needs->n_counted * sizeof(*counts));
		for (; ec->mv && n < ec->needs->n_counted; n++) {
			counts[n].attr = ec->needs->counted[n];
			TRY(mv_link_count(store, ec->mv, counts[n].attr, &counts[n].n, e));
		}
	}
	ec->facts.counts = counts;
	ec->facts.n_counts = n;
	return 0;
}

/* Direct members only: a nested group is not resolved. 1 yes, 0 no. */
static int is_member(struct eval_ctx *ec, const char *group_dn, struct err *e)
{
	struct store *store = ec->sync->store;
	unsigned member = sync_member_attr(ec->conn);
	struct cs_link link;
	int64_t group;
	int r;

	if (!member)
		return 0;
	r = cs_id_by_dn(store, ec->conn->row.id, group_dn, &group, e);
	if (r == 0)
		r = cs_link_get(store, group, member, ec->cs, &link, e);
	return r < 0 ? r : r == 0 && link.imported;
}

/* A %Parameter% that has no value is an error of the scope, which says so when it is evaluated. */
static int fetch_groups(struct eval_ctx *ec, struct arena *a, struct err *e)
{
	const struct rule_needs *needs = ec->needs;
	const char **groups;

	if (!needs->n_groups || !ec->cs || !ec->conn)
		return 0;
	groups = arena_alloc(a, needs->n_groups * sizeof(*groups));
	for (unsigned i = 0; i < needs->n_groups; i++) {
		const char *name = scope_parameter(needs->groups[i], a);
		const char *dn = name ? eval_parameter(ec, name, a) : needs->groups[i];
		int member = dn ? is_member(ec, dn, e) : 0;

		if (member < 0)
			return member;
		if (member)
			groups[ec->facts.n_groups++] = dn;
	}
	ec->facts.groups = groups;
	return 0;
}

int eval_fetch(struct eval_ctx *ctx, const struct entry *source, const char *class, struct arena *a,
	struct err *e)
{
	ctx->dn = source->dn;
	ctx->partition = -1;
	ctx->facts = (struct eval_facts){0};
	ctx->needs = ruleset_needs(
		ctx->sync->rules, ctx->cs ? RULE_INBOUND : RULE_OUTBOUND, ctx->conn->name, class);
	TRY(fetch_counts(ctx, a, e));
	return fetch_groups(ctx, a, e);
}

void eval_init(struct eval *ev, struct eval_ctx *ctx, const struct entry *source, struct arena *a)
{
	assert(ctx->needs);
	*ev = (struct eval){
		.source = source,
		.facts = ctx->facts,
		.parameter = eval_parameter,
		.ctx = ctx,
		.arena = a,
	};
}
