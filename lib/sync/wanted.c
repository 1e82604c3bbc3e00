/* The pure half of outbound: what the rules want an object to be in a connector. */
#include "sync/outbound.h"
#include "base/codec.h"

#include <stdio.h>

/*
 * The DN of an Entra connector space object: CN={upper-case hex of the UTF-8 text of the
 * sourceAnchor}. The documentation's example is a test: x4V0iaeB60KXxjftcwd7Hw==.
 */
static const char *anchor_dn(const struct entry *wanted, struct arena *a)
{
	static unsigned source_anchor;
	const char *text;
	char *dn, *p;

	if (!source_anchor)
		source_anchor = attr_intern("sourceAnchor");
	text = entry_string(wanted, source_anchor);
	if (!text || !*text)
		return NULL;
	dn = arena_alloc(a, strlen(text) * 2 + sizeof("CN={}"));
	p = stpcpy(dn, "CN={");
	hex_encode(p, text, strlen(text));
	strcat(p, "}");
	return dn;
}

static const struct bitmap *sendable(const struct outbound *out, const char *class)
{
	for (unsigned i = 0; i < out->n_classes; i++)
		if (streq(out->classes[i].class, class))
			return &out->classes[i].attrs;
	return NULL;
}

struct flows {
	struct wanted *w;
	const struct bitmap *sendable;
	struct bitmap *done;    /* has its winner */
	struct bitmap *cleared; /* some flow said NULL */
	struct eval *ev;
};

static void reference_flow(struct flows *fl, const struct flow *f)
{
	struct wanted *w = fl->w;

	for (unsigned i = 0; i < w->n_links; i++)
		if (w->links[i].dest == f->dest)
			return;
	w->links[w->n_links].source = f->source;
	w->links[w->n_links].dest = f->dest;
	w->n_links++;
}

static bool value_flow(struct flows *fl, const struct rule *r, const struct flow *f)
{
	struct flow_result fr;

	flow_eval(r, f, fl->ev, &fr);
	switch (fr.kind) {
	case FLOW_RESULT_VALUES:
		entry_set_all(&fl->w->entry, f->dest, fr.values, fr.count);
		bitmap_set(fl->done, f->dest);
		break;
	case FLOW_RESULT_NULL_:
		bitmap_set(fl->cleared, f->dest);
		break;
	case FLOW_RESULT_AUTHORITATIVE_NULL:
		entry_clear(&fl->w->entry, f->dest);
		bitmap_set(fl->done, f->dest);
		break;
	case FLOW_RESULT_IGNORE:
		break;
	case FLOW_RESULT_ERROR:
		fl->w->error = fr.error;
		fl->w->error_rule = r->name;
		return false;
	}
	return true;
}

/* False: a flow failed. */
static bool rule_flows(struct flows *fl, const struct rule *r)
{
	for (unsigned i = 0; i < r->n_flows; i++) {
		const struct flow *f = &r->flows[i];

		if (!fl->sendable || !bitmap_get(fl->sendable, f->dest))
			continue;
		if (f->reference && f->kind == FLOW_DIRECT) {
			reference_flow(fl, f);
			continue;
		}
		if (bitmap_get(fl->done, f->dest))
			continue;
		if (!value_flow(fl, r, f))
			return false;
		if (f->reference)
			bitmap_set(fl->done, f->dest); /* a guard adds no values */
		else if (bitmap_get(fl->cleared, f->dest) && !bitmap_get(fl->done, f->dest))
			entry_clear(&fl->w->entry, f->dest);
	}
	return true;
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

int wanted_compute(struct outbound *out, const struct mv_row *mv, struct arena *a,
	struct wanted *ret, struct err *e)
{
	static struct bitmap done, cleared; /* kept between objects: they never get large */
	struct eval_ctx ctx = {.sync = out->sync, .conn = out->conn, .mv = mv->id};
	const struct rule *const *all;
	const struct rule **rules;
	struct entry source;
	struct eval ev;
	struct flows fl = {.w = ret, .done = &done, .cleared = &cleared, .ev = &ev};
	unsigned n_all, n, max_links = 0;

	*ret = (struct wanted){0};
	entry_init(&ret->entry, a);
	if (mv->deleted)
		return 0;
	TRY(mv_entry(out->sync, mv, a, &source, e));
	eval_init(&ev, &ctx, &source, a);
	all = ruleset_find(out->sync->rules, RULE_OUTBOUND, out->conn->name, mv->class, &n_all);
	rules = arena_alloc(a, (n_all + 1) * sizeof(*rules));
	if (rules_in_scope(all, n_all, &ev, rules, &n, ret) < 0 || !ret->provision)
		return 0;
	for (unsigned i = 0; i < n; i++)
		max_links += rules[i]->n_flows;
	ret->links = arena_alloc(a, (max_links + 1) * sizeof(*ret->links));
	bitmap_clear(&done);
	bitmap_clear(&cleared);
	fl.sendable = sendable(out, ret->class);
	for (unsigned i = 0; i < n; i++)
		if (streq(rules[i]->target_class, ret->class) && !rule_flows(&fl, rules[i]))
			return 0;
	ret->dn = anchor_dn(&ret->entry, a);
	return 0;
}
