/* Attribute flow and precedence into a metaverse object. */
#include "sync/mvcompute.h"
#include "sync/bitmap.h"

int mv_source_init(struct sync *s, struct mv_source *src, const struct cs_row *row, struct arena *a,
	const char **ret_error, struct err *e)
{
	struct eval_ctx ctx = {.sync = s, .cs = row->id};
	const struct rule *const *rules;
	struct eval ev;
	unsigned n;

	*src = (struct mv_source){
		.conn = sync_connector_by_id(s, row->connector),
		.row = *row,
	};
	*ret_error = NULL;
	if (!src->conn) { /* no longer configured: contributes nothing */
		entry_init(&src->entry, a);
		return 0;
	}
	TRY(row_entry(s, row, false, a, &src->entry, e));
	ctx.conn = src->conn;
	eval_init(&ev, &ctx, &src->entry, a);
	rules = ruleset_find(s->rules, RULE_INBOUND, src->conn->name, row->class, &n);
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

struct walk {
	struct mv_result *ret;
	struct bitmap *done; /* attributes that have their winner */
	struct eval ev;
	struct eval_ctx ctx;
};

static void link_flow(struct walk *w, const struct mv_source *src, const struct flow *f)
{
	struct mv_result *ret = w->ret;

	if (w->ev.link_count(&w->ctx, f->source) == 0)
		return;
	bitmap_set(w->done, f->dest);
	ret->links[ret->n_links++] = (struct mv_link_source){f->dest, src->row.id, f->source};
}

/* False: the flow failed, and with it the object. */
static bool value_flow(struct walk *w, const struct rule *r, const struct flow *f)
{
	struct flow_result fr;

	flow_eval(r, f, &w->ev, &fr);
	switch (fr.kind) {
	case FLOW_RESULT_VALUES:
		entry_set_all(&w->ret->entry, f->dest, fr.values, fr.count);
		bitmap_set(w->done, f->dest);
		break;
	case FLOW_RESULT_AUTHORITATIVE_NULL:
		bitmap_set(w->done, f->dest);
		break;
	case FLOW_RESULT_ERROR:
		w->ret->error = fr.error;
		w->ret->error_rule = r->name;
		return false;
	case FLOW_RESULT_NULL_:
	case FLOW_RESULT_IGNORE:
		break;
	}
	return true;
}

void mv_compute(struct sync *s, struct mv_source *sources, unsigned n, struct arena *a,
	struct mv_result *ret)
{
	static struct bitmap done; /* kept between objects: it never gets large */
	struct walk w = {.ret = ret, .done = &done, .ctx = {.sync = s}};
	struct mv_source *src;
	unsigned max_links = 0;

	*ret = (struct mv_result){0};
	entry_init(&ret->entry, a);
	bitmap_clear(&done);
	for (unsigned i = 0; i < n; i++) {
		sources[i].next = 0;
		for (unsigned k = 0; k < sources[i].n_rules; k++)
			max_links += sources[i].rules[k]->n_flows;
	}
	ret->links = arena_alloc(a, (max_links + 1) * sizeof(*ret->links));
	while ((src = next_source(sources, n))) {
		const struct rule *r = src->rules[src->next++];

		w.ctx.conn = src->conn;
		w.ctx.cs = src->row.id;
		eval_init(&w.ev, &w.ctx, &src->entry, a);
		if (r->link == LINK_PROVISION) {
			ret->held = true;
			if (!ret->class)
				ret->class = r->target_class;
		}
		for (unsigned i = 0; i < r->n_flows; i++) {
			const struct flow *f = &r->flows[i];

			if (bitmap_get(&done, f->dest))
				continue;
			if (f->reference && f->kind == FLOW_DIRECT)
				link_flow(&w, src, f);
			else if (!value_flow(&w, r, f))
				return;
		}
	}
}
