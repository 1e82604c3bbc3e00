/* The pure half of outbound: what the rules want an object to be in a connector. */
#include "sync/outbound/outbound.h"
#include "base/codec.h"
#include "base/stopwatch.h"
#include "lang/rule/scope.h"
#include "sync/evaluate.h"

#include <stdio.h>

struct flows {
	struct wanted *w;
	const struct bitmap *sendable, *never_empty;
	const struct observer *ob;
	bool creating;       /* the directory has not shown the object yet */
	struct bitmap *done; /* attributes that have their winner */
	struct eval *ev;
	const struct rule *rule;
};

/* Sets which attributes of the class may be sent; both NULL: the connector has no such class. */
static void set_attrs(struct flows *fl, const struct outbound *out, const char *class)
{
	for (unsigned i = 0; i < out->n_classes; i++)
		if (streq(out->classes[i].class, class)) {
			fl->sendable = &out->classes[i].attrs;
			fl->never_empty = &out->classes[i].never_empty;
		}
}

static void observe(const struct flows *fl, const struct flow *f, const struct flow_result *fr,
	enum flow_verdict v)
{
	if (fl->ob)
		fl->ob->flow(fl->ob->ctx, NULL, fl->rule, f, fr, v);
}

static enum flow_verdict keep(struct flows *fl, const struct flow *f, enum flow_verdict v)
{
	fl->w->kept[fl->w->n_kept++] = f->dest;
	return v;
}

static enum flow_verdict contribute(
	struct flows *fl, const struct flow *f, const struct flow_result *fr)
{
	struct wanted *w = fl->w;

	if (fr->kind == FLOW_RESULT_LINKS) {
		w->links[w->n_links].source = fr->links;
		w->links[w->n_links++].dest = f->dest;
	} else if (flow_merges(f)) {
		values_merge(&w->entry, f->dest, fr, f->merge == MERGE_MERGE_CASE_INSENSITIVE);
	} else {
		entry_put(&w->entry, f->dest, fr->values, fr->count);
	}
	if (flow_merges(f))
		return VERDICT_MERGED;
	bitmap_set(fl->done, f->dest);
	return VERDICT_WON;
}

/* No value: the attribute is to be cleared, unless the schema says that it is never empty. */
static void clear(struct flows *fl, const struct flow *f)
{
	if (!f->reference && !entry_get(&fl->w->entry, f->dest) &&
		!(fl->never_empty && bitmap_get(fl->never_empty, f->dest)))
		entry_clear(&fl->w->entry, f->dest);
}

static enum flow_verdict decide(
	struct flows *fl, const struct flow *f, const struct flow_result *fr)
{
	switch (fr->kind) {
	case FLOW_RESULT_VALUES:
	case FLOW_RESULT_LINKS:
		return contribute(fl, f, fr);
	case FLOW_RESULT_NULL_:
		clear(fl, f);
		return VERDICT_NOTHING;
	case FLOW_RESULT_AUTHORITATIVE_NULL:
		clear(fl, f);
		bitmap_set(fl->done, f->dest);
		return VERDICT_STOPPED;
	case FLOW_RESULT_IGNORE:
		return keep(fl, f, VERDICT_IGNORED);
	case FLOW_RESULT_ERROR:
		break;
	}
	if (!fl->w->error) {
		fl->w->error = fr->error;
		fl->w->error_rule = fl->rule->name;
	}
	return VERDICT_FAILED;
}

static void one_flow(struct flows *fl, const struct flow *f)
{
	bool sent = fl->sendable && bitmap_get(fl->sendable, f->dest), lost;
	struct flow_result fr;

	if (!sent && !fl->ob)
		return;
	lost = bitmap_get(fl->done, f->dest);
	if (lost && !fl->ob)
		return;
	fr = (struct flow_result){.kind = FLOW_RESULT_NULL_};
	if (sent && f->once && !fl->creating) {
		observe(fl, f, &fr, lost ? VERDICT_LOST : keep(fl, f, VERDICT_ONCE));
		return;
	}
	if (f->reference && f->kind == FLOW_DIRECT)
		fr = (struct flow_result){.kind = FLOW_RESULT_LINKS, .links = f->source};
	else
		flow_eval(fl->rule, f, fl->ev, &fr);
	observe(fl, f, &fr, !sent ? VERDICT_NOT_SENT : lost ? VERDICT_LOST : decide(fl, f, &fr));
}

static void rule_flows(struct flows *fl)
{
	struct flow_result none = {.kind = FLOW_RESULT_NULL_};

	for (unsigned i = 0; i < fl->rule->n_flows; i++) {
		const struct flow *f = &fl->rule->flows[i];

		if (fl->rule->link == LINK_JOIN_NO_FLOW)
			observe(fl, f, &none, VERDICT_NO_FLOW);
		else
			one_flow(fl, f);
		if (fl->w->error && !fl->ob)
			return;
	}
}

static int rules_in_scope(const struct rule *const *all, unsigned n_all, const struct eval *ev,
	const struct rule **ret, unsigned *ret_n, struct wanted *w)
{
	*ret_n = 0;
	for (unsigned i = 0; i < n_all; i++) {
		struct err se = {0};
		int in = rule_in_scope(all[i], ev, &se);

		if (in < 0) {
			w->error = arena_strdup(ev->arena, se.text);
			w->error_rule = all[i]->name;
			return -1;
		}
		if (!in)
			continue;
		ret[(*ret_n)++] = all[i];
		if (all[i]->link == LINK_PROVISION && !w->provision) {
			w->provision = true;
			w->class = all[i]->target_class;
			w->rule = all[i]->name;
		}
	}
	return 0;
}

/* No rule makes the object: does a rule in scope flow to the one that inbound joined? */
static void find_attributes(const struct outbound *out, const struct wanted_source *src,
	const struct rule *const *rules, unsigned n, struct wanted *w)
{
	if (w->provision || !src->joined || out->conn->provisions)
		return;
	for (unsigned i = 0; i < n && !w->attributes; i++) {
		if (!rule_class_fits(rules[i]->target_class, src->joined))
			continue;
		w->attributes = true;
		w->class = src->joined;
		w->rule = rules[i]->name;
	}
}

/* A hash of which references flow where; 0: none. */
static int64_t links_digest(const struct wanted *w)
{
	uint64_t h = 0;

	for (unsigned i = 0; i < w->n_links; i++) {
		unsigned pair[2] = {w->links[i].source, w->links[i].dest};

		h += hash64(attr_name(pair[0]), strlen(attr_name(pair[0]))) ^
		     (hash64(attr_name(pair[1]), strlen(attr_name(pair[1]))) << 1);
	}
	return (int64_t)h;
}

static int compute(struct outbound *out, const struct wanted_source *src, const struct observer *ob,
	struct arena *a, struct wanted *ret, struct err *e)
{
	struct bitmap *done = &out->sync->flow_done;
	struct eval_ctx ctx = {.sync = out->sync, .conn = out->conn, .mv = src->mv};
	const struct rule *const *all;
	const struct rule **rules;
	struct eval ev;
	struct flows fl = {
		.w = ret,
		.ob = ob,
		.creating = src->creating,
		.done = done,
		.ev = &ev,
	};
	unsigned n_all, n, max = 0;

	*ret = (struct wanted){0};
	entry_init(&ret->entry, a);
	if (!src->entry)
		return 0;
	TRY(eval_fetch(&ctx, src->entry, src->class, a, e));
	eval_init(&ev, &ctx, src->entry, a);
	all = ruleset_find(out->sync->rules, RULE_OUTBOUND, out->conn->name, src->class, &n_all);
	rules = arena_alloc(a, (n_all + 1) * sizeof(*rules));
	if (rules_in_scope(all, n_all, &ev, rules, &n, ret) < 0)
		return 0;
	find_attributes(out, src, rules, n, ret);
	if (!ret->provision && !ret->attributes)
		return 0;
	for (unsigned i = 0; i < n; i++)
		max += rules[i]->n_flows;
	ret->links = arena_alloc(a, (max + 1) * sizeof(*ret->links));
	ret->kept = arena_alloc(a, (max + 1) * sizeof(*ret->kept));
	bitmap_clear(done);
	set_attrs(&fl, out, ret->class);
	for (unsigned i = 0; i < n; i++) {
		if (!rule_class_fits(rules[i]->target_class, ret->class))
			continue;
		fl.rule = rules[i];
		rule_flows(&fl);
		if (ret->error && !ob)
			return 0;
	}
	if (out->conn->type->settle)
		out->conn->type->settle(ret->class, &ret->entry);
	ret->dn = out->conn->type->target_dn ? out->conn->type->target_dn(&ret->entry, a) : NULL;
	ret->links_digest = links_digest(ret);
	return 0;
}

int wanted_compute(struct outbound *out, const struct wanted_source *src, const struct observer *ob,
	struct arena *a, struct wanted *ret, struct err *e)
{
	enum watch clock = watch_enter(WATCH_RULES);
	int r = compute(out, src, ob, a, ret, e);

	watch_leave(clock);
	return r;
}
