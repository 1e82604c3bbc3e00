/* Joins: which metaverse object a connector space object belongs to. */
#include "sync/inbound/inbound.h"
#include "base/codec.h"
#include "base/text.h"
#include "store/cs_page.h"
#include "store/wait.h"
#include "sync/images.h"

#include <inttypes.h>

int64_t inbound_key_hash(struct arena *a, const struct value *v)
{
	const char *text = value_text(a, v);
	size_t n;
	char *folded = text_fold(a, text, strlen(text), &n);

	return (int64_t)hash64(folded, n);
}

static bool value_matches(struct arena *a, const struct value *x, const struct value *y, bool exact)
{
	const char *tx = value_text(a, x), *ty = value_text(a, y);

	/* the text of binary values is base64, where case is part of the value */
	exact = exact || x->type == VALUE_BINARY || y->type == VALUE_BINARY;
	return exact ? streq(tx, ty) : text_casecmp(tx, strlen(tx), ty, strlen(ty)) == 0;
}

static bool clause_holds(struct arena *a, const struct join_clause *c, const struct entry *cs,
	const struct entry *mv)
{
	const struct attr *x = entry_get(cs, c->cs_attr), *y = entry_get(mv, c->mv_attr);

	for (unsigned i = 0; x && i < x->count; i++)
		for (unsigned k = 0; y && k < y->count; k++)
			if (value_matches(a, &x->values[i], &y->values[k], c->case_sensitive))
				return true;
	return false;
}

/* Does the candidate meet every clause of the group, and the class of the rule? 1 yes, 0 no. */
static int candidate_holds(struct inbound *in, const struct rule *r, const struct join_group *g,
	const struct entry *cs, int64_t mv, struct err *e)
{
	struct mv_row row;
	struct entry en;
	int got = mv_get(in->sync->store, mv, &in->arena, &row, e);

	if (got != 0)
		return MIN(got, 0);
	if (row.deleted || !rule_class_fits(r->target_class, row.class))
		return 0;
	TRY(mv_entry(in->sync, &row, &in->arena, &en, e));
	for (unsigned i = 0; i < g->n_clauses; i++)
		if (!clause_holds(&in->arena, &g->clauses[i], cs, &en))
			return 0;
	return 1;
}

/* The one object that a group finds; 0 in *ret when it finds none or several. */
static int group_find(struct inbound *in, const struct rule *r, const struct join_group *g,
	const struct entry *cs, int64_t *ret, bool *ret_any_value, struct err *e)
{
	const struct join_clause *first = &g->clauses[0];
	const struct attr *values = entry_get(cs, first->cs_attr);
	int64_t found = 0;

	*ret = 0;
	for (unsigned i = 0; values && i < values->count; i++) {
		int64_t *ids;
		unsigned n;

		*ret_any_value = *ret_any_value || !first->silent;
		TRY(mv_keys_find(in->sync->store, first->mv_attr,
			inbound_key_hash(&in->arena, &values->values[i]), &in->arena, &ids, &n, e));
		for (unsigned k = 0; k < n; k++) {
			int holds = candidate_holds(in, r, g, cs, ids[k], e);

			TRY(holds);
			if (!holds || ids[k] == found)
				continue;
			if (found)
				return 0;
			found = ids[k];
		}
	}
	*ret = found;
	return 0;
}

static bool have_flows(const struct rule *const *rules, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (rules[i]->n_flows && rules[i]->link != LINK_JOIN_NO_FLOW)
			return true;
	return false;
}

/*
 * 1: another object of the same connector is joined to it already, and both have attributes to give
 * (a foreign security principal has none); *ret_dn is the DN of the other. An object that the
 * directory has deleted does not count: its join is about to end.
 */
static int is_taken(struct inbound *in, int64_t mv, const struct mv_source *self,
	const char **ret_dn, struct err *e)
{
	struct cs_row *rows;
	unsigned n;

	if (!have_flows(self->rules, self->n_rules))
		return 0;
	TRY(cs_page_joined_to(in->sync->store, mv, 0, &in->arena, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		const struct rule *const *rules;
		unsigned n_rules;

		if (rows[i].connector != self->row.connector || rows[i].id == self->row.id ||
			rows[i].deleted)
			continue;
		rules = ruleset_find(
			in->sync->rules, RULE_INBOUND, self->conn->name, rows[i].class, &n_rules);
		if (!have_flows(rules, n_rules))
			continue;
		*ret_dn = rows[i].dn;
		return 1;
	}
	return 0;
}

/* The attributes of a join group, for people: "a, b". */
static const char *group_names(struct arena *a, const struct join_group *g)
{
	const char *text = "";

	for (unsigned i = 0; i < g->n_clauses; i++)
		text = arena_printf(
			a, "%s%s%s", text, i ? ", " : "", attr_name(g->clauses[i].cs_attr));
	return text;
}

/* Tries the groups of a rule in order. 1 found (or an error in *ret_error), 0 not. */
static int rule_find(struct inbound *in, const struct mv_source *src, const struct rule *r,
	enum join_outcome *ret, int64_t *ret_mv, bool *ret_any_value, const char **ret_error,
	struct err *e)
{
	*ret_any_value = false;
	for (unsigned g = 0; g < r->n_joins; g++) {
		const char *other = NULL;
		int taken;

		TRY(group_find(in, r, &r->joins[g], &src->entry, ret_mv, ret_any_value, e));
		if (!*ret_mv)
			continue;
		taken = is_taken(in, *ret_mv, src, &other, e);
		TRY(taken);
		*ret = taken ? JOIN_ERROR : JOIN_FOUND;
		if (taken)
			*ret_error = arena_printf(&in->arena,
				"%s and %s, both of connector \"%s\", match metaverse object "
				"%" PRId64
				": rule \"%s\" joins by %s. Correct the value in one of them",
				src->row.dn, other, src->conn->name, *ret_mv, r->name,
				group_names(&in->arena, &r->joins[g]));
		return 1;
	}
	return 0;
}

int inbound_join(struct inbound *in, struct mv_source *src, enum join_outcome *ret, int64_t *ret_mv,
	const struct rule **ret_rule, const char **ret_error, struct err *e)
{
	*ret = JOIN_NONE;
	for (unsigned i = 0; i < src->n_rules; i++) {
		const struct rule *r = src->rules[i];
		bool any_value;
		int found = rule_find(in, src, r, ret, ret_mv, &any_value, ret_error, e);

		TRY(found);
		if (found) {
			*ret_rule = r;
			return 0;
		}
		/* projection only if some join attribute has a value (or there are no joins) */
		if (r->link == LINK_PROVISION && *ret == JOIN_NONE && (any_value || !r->n_joins)) {
			*ret = JOIN_PROJECT;
			*ret_rule = r;
		}
	}
	return 0;
}

/* Do the other sources hold the metaverse object, or can that not be decided? */
static int held_by_others(struct inbound *in, const struct mv_source *src, struct mv_source *all,
	unsigned n, const struct mv_row *mv, struct err *e)
{
	struct mv_source *others = arena_alloc(&in->arena, n * sizeof(*others));
	struct mv_result res;
	unsigned k = 0;

	for (unsigned i = 0; i < n; i++)
		if (&all[i] != src)
			others[k++] = all[i];
	TRY(mv_compute(in->sync, others, k, mv, NULL, &in->arena, &res, e));
	return res.held || res.error;
}

int inbound_rejoin(struct inbound *in, struct mv_source *src, struct mv_source *all, unsigned n,
	const struct mv_row *mv, struct err *e)
{
	const char *by = src->row.join_rule, *error = NULL;
	const struct rule *was = ruleset_find_name(in->sync->rules, in->conn->name, by ? by : "");
	const struct rule *now = NULL;
	enum join_outcome outcome;
	int64_t found = 0;
	int held = 0;

	if (!was || rule_class_fits(was->source_class, src->row.class))
		return 0;
	TRY(inbound_join(in, src, &outcome, &found, &now, &error, e));
	if (outcome == JOIN_PROJECT && streq(now->target_class, mv->class))
		held = held_by_others(in, src, all, n, mv, e);
	else if (outcome != JOIN_FOUND || found != mv->id)
		return 0;
	TRY(held);
	if (held)
		return 0;
	TRY(cs_set_join(in->sync->store, src->row.id, mv->id, now->name, e));
	src->row.join_rule = now->name;
	if (src->row.want == WANT_ATTRIBUTES) /* other outbound rules may be for its new class */
		TRY(mv_touch(in->sync->store, mv->id, e));
	return 1;
}

struct key_list {
	struct mv_key *keys;
	unsigned n, cap;
};

static void key_add(struct arena *a, struct key_list *l, unsigned attr, const struct value *v)
{
	if (l->n == l->cap) {
		unsigned cap = l->cap ? l->cap * 2 : 8;
		struct mv_key *grown = arena_alloc(a, cap * sizeof(*grown));

		if (l->n)
			memcpy(grown, l->keys, l->n * sizeof(*grown));
		l->keys = grown;
		l->cap = cap;
	}
	l->keys[l->n++] = (struct mv_key){attr, inbound_key_hash(a, v)};
}

/* The keys by which joins find an object. */
static struct key_list keys_of(struct inbound *in, const char *class, const struct entry *en)
{
	struct key_list l = {0};
	unsigned n;
	const unsigned *attrs = ruleset_join_attrs(in->sync->rules, class, &n);

	for (unsigned i = 0; en && i < n; i++) {
		const struct attr *a = entry_get(en, attrs[i]);

		for (unsigned k = 0; a && k < a->count; k++)
			key_add(&in->arena, &l, attrs[i], &a->values[k]);
	}
	return l;
}

static bool is_same(
	const struct entry *before, const struct entry *after, const unsigned *attrs, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!attr_equal(entry_get(before, attrs[i]), entry_get(after, attrs[i])))
			return false;
	return true;
}

static int wake(struct inbound *in, const struct key_list *l, struct err *e)
{
	for (unsigned i = 0; in->waits && i < l->n; i++) {
		int64_t *ids;
		unsigned n;

		TRY(wait_find(in->sync->store, &l->keys[i], &in->arena, &ids, &n, e));
		for (unsigned k = 0; k < n; k++)
			TRY(cs_touch(in->sync->store, ids[k], e));
	}
	return 0;
}

int inbound_keys(struct inbound *in, int64_t mv, const char *class, const struct entry *before,
	const struct entry *after, struct err *e)
{
	unsigned n, n_compared;
	const unsigned *attrs = ruleset_join_attrs(in->sync->rules, class, &n);
	const unsigned *compared = ruleset_compared_attrs(in->sync->rules, &n_compared);
	bool same = before && after && is_same(before, after, attrs, n);
	struct key_list old, new;

	if (same && is_same(before, after, compared, n_compared))
		return 0;
	new = keys_of(in, class, after);
	old = keys_of(in, class, same ? NULL : before);
	if (!same)
		TRY(mv_keys_set(in->sync->store, mv, !before, new.keys, new.n, e));
	TRY(wake(in, &old, e));
	return wake(in, &new, e);
}

int inbound_wait(struct inbound *in, const struct mv_source *src, struct err *e)
{
	struct key_list l = {0};
	int r;

	for (unsigned i = 0; i < src->n_rules; i++) {
		const struct rule *rule = src->rules[i];

		for (unsigned g = 0; g < rule->n_joins; g++) {
			const struct join_clause *first = &rule->joins[g].clauses[0];
			const struct attr *values = entry_get(&src->entry, first->cs_attr);

			for (unsigned k = 0; values && k < values->count; k++)
				key_add(&in->arena, &l, first->mv_attr, &values->values[k]);
		}
	}
	if (!l.n)
		return inbound_wait_over(in, src->row.id, e);
	r = wait_set(in->sync->store, src->row.id, l.keys, l.n, e);
	in->waits = in->waits || r > 0;
	return MIN(r, 0);
}

int inbound_wait_over(struct inbound *in, int64_t cs, struct err *e)
{
	return in->waits ? wait_set(in->sync->store, cs, NULL, 0, e) : 0;
}
