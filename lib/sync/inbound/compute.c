/* Attribute flow and precedence into a metaverse object. */
#include "sync/inbound/compute.h"
#include "base/bitmap.h"
#include "base/stopwatch.h"
#include "lang/rule/scope.h"
#include "sync/images.h"

/* The rules in scope. 1 with a text when a scope cannot be decided. */
static int find_rules(struct sync *s, struct mv_source *src, struct arena *a,
	const char **ret_error, struct err *e)
{
	const struct rule *const *rules;
	struct eval ev;
	unsigned n;

	TRY(eval_fetch(&src->ctx, &src->entry, src->row.class, a, e));
	eval_init(&ev, &src->ctx, &src->entry, a);
	rules = ruleset_find(s->rules, RULE_INBOUND, src->conn->name, src->row.class, &n);
	src->rules = arena_alloc(a, (n + 1) * sizeof(*src->rules));
	for (unsigned i = 0; i < n; i++) {
		struct err se = {0};
		int in = rule_in_scope(rules[i], &ev, &se);

		if (in < 0) {
			*ret_error = arena_strdup(a, se.text);
			return 1;
		}
		if (in)
			src->rules[src->n_rules++] = rules[i];
	}
	return 0;
}

int mv_source_init(struct sync *s, struct mv_source *src, const struct cs_row *row, struct arena *a,
	const char **ret_error, struct err *e)
{
	enum watch clock;
	int r;

	*src = (struct mv_source){
		.conn = sync_connector_by_id(s, row->connector),
		.row = *row,
		.ctx = {.sync = s, .cs = row->id},
	};
	*ret_error = NULL;
	if (!src->conn) { /* no longer configured: contributes nothing */
		entry_init(&src->entry, a);
		return 0;
	}
	TRY(row_entry(s, row, false, a, &src->entry, e));
	src->ctx.conn = src->conn;
	clock = watch_enter(WATCH_RULES);
	r = find_rules(s, src, a, ret_error, e);
	watch_leave(clock);
	return r;
}

/* The source whose next rule comes first. */
static struct mv_source *next_source(struct mv_source *sources, unsigned n)
{
	struct mv_source *best = NULL;

	for (unsigned i = 0; i < n; i++) {
		struct mv_source *src = &sources[i];

		if (src->next == src->n_rules)
			continue;
		if (!best ||
			src->rules[src->next]->precedence < best->rules[best->next]->precedence ||
			(src->rules[src->next]->precedence == best->rules[best->next]->precedence &&
				src->row.connector < best->row.connector))
			best = src;
	}
	return best;
}

static const char *const VERDICTS[] = {
#define X(name, word) [VERDICT_##name] = word,
	FLOW_VERDICTS(X)
#undef X
};

const char *flow_verdict_name(enum flow_verdict v)
{
	return VERDICTS[v];
}

struct walk {
	struct sync *sync;
	struct mv_result *ret;
	const struct observer *ob;
	bool creating;
	struct bitmap *done; /* attributes that have their winner */
	unsigned *kept;      /* attributes of flows that were ignored */
	unsigned n_kept;
	struct eval ev;
	struct mv_source *src;
	const struct rule *rule;
};

static void observe(
	struct walk *w, const struct flow *f, const struct flow_result *fr, enum flow_verdict v)
{
	if (w->ob)
		w->ob->flow(w->ob->ctx, w->src, w->rule, f, fr, v);
}

static enum flow_verdict keep(struct walk *w, const struct flow *f, enum flow_verdict v)
{
	w->kept[w->n_kept++] = f->dest;
	return v;
}

static enum flow_verdict contribute(
	struct walk *w, const struct flow *f, const struct flow_result *fr)
{
	if (fr->kind == FLOW_RESULT_LINKS)
		w->ret->links[w->ret->n_links++] =
			(struct mv_link_source){f->dest, w->src->row.id, fr->links};
	else if (flow_merges(f))
		values_merge(&w->ret->entry, f->dest, fr, f->merge == MERGE_MERGE_CASE_INSENSITIVE);
	else
		entry_put(&w->ret->entry, f->dest, fr->values, fr->count);
	if (flow_merges(f))
		return VERDICT_MERGED;
	bitmap_set(w->done, f->dest);
	return VERDICT_WON;
}

static enum flow_verdict decide(struct walk *w, const struct flow *f, const struct flow_result *fr)
{
	switch (fr->kind) {
	case FLOW_RESULT_VALUES:
	case FLOW_RESULT_LINKS:
		return contribute(w, f, fr);
	case FLOW_RESULT_AUTHORITATIVE_NULL:
		bitmap_set(w->done, f->dest);
		return VERDICT_STOPPED;
	case FLOW_RESULT_IGNORE:
		return keep(w, f, VERDICT_IGNORED);
	case FLOW_RESULT_NULL_:
		return VERDICT_NOTHING;
	case FLOW_RESULT_ERROR:
		break;
	}
	if (!w->ret->error) {
		w->ret->error = fr->error;
		w->ret->error_rule = w->rule->name;
		w->ret->error_cs = w->src->row.id;
	}
	return VERDICT_FAILED;
}

/* References flow as links: the result names the source attribute, or nothing if it has none. */
static void evaluate(struct walk *w, const struct flow *f, struct flow_result *fr)
{
	if (!f->reference || f->kind != FLOW_DIRECT) {
		flow_eval(w->rule, f, &w->ev, fr);
		return;
	}
	*fr = (struct flow_result){.kind = FLOW_RESULT_NULL_};
	if (eval_count(&w->ev, f->source) > 0)
		*fr = (struct flow_result){.kind = FLOW_RESULT_LINKS, .links = f->source};
}

static void one_flow(struct walk *w, const struct flow *f)
{
	bool lost = bitmap_get(w->done, f->dest);
	struct flow_result fr;

	if (lost && !w->ob)
		return;
	fr = (struct flow_result){.kind = FLOW_RESULT_NULL_};
	if (f->once && !w->creating) {
		observe(w, f, &fr, lost ? VERDICT_LOST : keep(w, f, VERDICT_ONCE));
		return;
	}
	evaluate(w, f, &fr);
	observe(w, f, &fr, lost ? VERDICT_LOST : decide(w, f, &fr));
}

/* A rule for any class sets only attributes that the object's class has. */
static bool class_has(const struct walk *w, const struct flow *f)
{
	const struct schema_class *c =
		w->ret->class && w->sync->metaverse
			? schema_class_find(w->sync->metaverse, w->ret->class)
			: NULL;

	return c && schema_attr_find(c, attr_name(f->dest));
}

static void one_rule(struct walk *w)
{
	const struct rule *r = w->rule;
	bool any = rule_class_any(r->target_class);

	if (!any && w->ret->class && !streq(r->target_class, w->ret->class))
		return; /* written for another class */
	for (unsigned i = 0; i < r->n_flows; i++) {
		const struct flow *f = &r->flows[i];
		struct flow_result none = {.kind = FLOW_RESULT_NULL_};

		if (r->link == LINK_JOIN_NO_FLOW)
			observe(w, f, &none, VERDICT_NO_FLOW);
		else if (!any || class_has(w, f))
			one_flow(w, f);
		if (w->ret->error && !w->ob)
			return;
	}
}

/* An attribute whose flow was ignored keeps its values, unless another flow has set it. */
static int keep_values(struct walk *w, const struct mv_row *before, struct arena *a, struct err *e)
{
	struct entry was;

	if (!w->n_kept || !before)
		return 0;
	TRY(mv_entry(w->sync, before, a, &was, e));
	for (unsigned i = 0; i < w->n_kept; i++) {
		unsigned attr = w->kept[i];
		const struct attr *old = entry_get(&was, attr);
		bool linked = false;

		for (unsigned k = 0; k < w->ret->n_links; k++)
			linked = linked || w->ret->links[k].attr == attr;
		if (linked || entry_get(&w->ret->entry, attr) || bitmap_get(w->done, attr))
			continue;
		if (old)
			entry_set_all(&w->ret->entry, attr, old->values, old->count);
		else
			w->ret->links[w->ret->n_links++] = (struct mv_link_source){.attr = attr};
	}
	return 0;
}

/* Sets the class and `held`, by the rules that provision or hold. Returns the number of flows. */
static unsigned count_flows(struct mv_source *sources, unsigned n, struct mv_result *ret)
{
	unsigned flows = 0;
	struct mv_source *src;

	for (unsigned i = 0; i < n; i++)
		sources[i].next = 0;
	while ((src = next_source(sources, n))) {
		const struct rule *r = src->rules[src->next++];

		flows += r->n_flows;
		if (r->link != LINK_PROVISION && r->link != LINK_STICKY_JOIN)
			continue;
		if (ret->class && !rule_class_fits(r->target_class, ret->class))
			continue;
		ret->held = true;
		if (!ret->class && r->link == LINK_PROVISION)
			ret->class = r->target_class;
	}
	for (unsigned i = 0; i < n; i++)
		sources[i].next = 0;
	return flows;
}

int mv_compute(struct sync *s, struct mv_source *sources, unsigned n, const struct mv_row *before,
	const struct observer *ob, struct arena *a, struct mv_result *ret, struct err *e)
{
	struct walk w = {
		.sync = s, .ret = ret, .ob = ob, .creating = !before, .done = &s->flow_done};
	struct mv_source *src;
	enum watch clock = watch_enter(WATCH_RULES);
	unsigned flows;
	int r;

	*ret = (struct mv_result){.class = before ? before->class : NULL};
	entry_init(&ret->entry, a);
	bitmap_clear(&s->flow_done);
	flows = count_flows(sources, n, ret);
	ret->links = arena_alloc(a, (flows * 2 + 1) * sizeof(*ret->links));
	w.kept = arena_alloc(a, (flows + 1) * sizeof(*w.kept));
	while ((src = next_source(sources, n))) {
		w.src = src;
		w.rule = src->rules[src->next++];
		eval_init(&w.ev, &src->ctx, &src->entry, a);
		one_rule(&w);
		if (ret->error && !ob)
			break;
	}
	r = ret->error && !ob ? 0 : keep_values(&w, before, a, e);
	watch_leave(clock);
	return r;
}
