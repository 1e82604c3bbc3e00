/* Preview and lineage, see preview.h. */
#include "sync/view/preview.h"
#include "sync/soa.h"
#include "lang/rule/metaverse.h"
#include "lang/rule/scope.h"
#include "model/entry_json.h"
#include "store/cs.h"
#include "store/mv.h"
#include "sync/context.h"
#include "sync/evaluate.h"
#include "sync/export/target.h"
#include "sync/images.h"
#include "sync/inbound/inbound.h"
#include "sync/inbound/lineage.h"
#include "sync/outbound/outbound.h"
#include "sync/view/fields.h"
#include "sync/view/show.h"

#include <errno.h>
#include <inttypes.h>

/* --- rules and flows --- */

static json_t *scopes(const struct rule *const *rules, unsigned n, const struct eval *ev)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++) {
		const char *reason = rule_scope_reason(rules[i], ev);
		json_t *o = json_pack("{s:s, s:i, s:s, s:b}", "rule", rules[i]->name, "precedence",
			rules[i]->precedence, "link", link_type_name(rules[i]->link), "in_scope",
			reason == NULL);

		if (reason)
			set_text(o, "reason", reason);
		json_array_append_new(list, o);
	}
	return list;
}

struct flow_list {
	json_t *list;
	struct arena *a;
};

static json_t *result_json(const struct flow_result *fr, struct arena *a)
{
	switch (fr->kind) {
	case FLOW_RESULT_VALUES:
		return values_to_json(fr->values, fr->count, a);
	case FLOW_RESULT_LINKS:
		return json_pack("{s:s}", "references", attr_name(fr->links));
	case FLOW_RESULT_ERROR:
		return json_pack("{s:s}", "error", fr->error);
	case FLOW_RESULT_NULL_:
	case FLOW_RESULT_AUTHORITATIVE_NULL:
	case FLOW_RESULT_IGNORE:
		break;
	}
	return NULL;
}

static void add_flow(void *ctx, const struct mv_source *src, const struct rule *r,
	const struct flow *f, const struct flow_result *fr, enum flow_verdict v)
{
	struct flow_list *fl = ctx;
	json_t *o = json_pack("{s:s, s:s, s:i, s:s}", "attribute", attr_name(f->dest), "rule",
		r->name, "precedence", r->precedence, "verdict", flow_verdict_name(v));
	json_t *value = result_json(fr, fl->a);

	set_text(o, "flow", flow_text(r, f, fl->a));
	if (src && src->conn) {
		set_text(o, "connector", src->conn->name);
		set_text(o, "object", src->row.dn);
	}
	if (value)
		json_object_set_new(o, "value", value);
	json_array_append_new(fl->list, o);
}

/* --- one object --- */

static const char *join_text(enum join_outcome outcome, int64_t mv, const struct rule *rule,
	const char *error, struct arena *a)
{
	switch (outcome) {
	case JOIN_NONE:
		return "stays a disconnector: no rule joins or provisions it";
	case JOIN_FOUND:
		return arena_printf(a,
			"would be joined to metaverse object %" PRId64 " by rule \"%s\"", mv,
			rule->name);
	case JOIN_PROJECT:
		return arena_printf(a, "would be projected as %s by rule \"%s\"",
			rule->target_class, rule->name);
	case JOIN_ERROR:
		break;
	}
	return arena_printf(a, "error: %s", error);
}

struct preview {
	struct sync s;
	struct arena a;
	struct inbound in;
	struct cs_row row;
	struct mv_source *sources;
	unsigned n_sources;
	struct mv_row mv; /* id 0: there is none yet */
	struct mv_result res;
	json_t *out;
};

/* The sources of its metaverse object: all that is joined to it, and the object itself. */
static int find_sources(struct preview *p, struct mv_source *self, struct err *e)
{
	enum join_outcome outcome = JOIN_FOUND;
	const struct rule *rule = NULL;
	const char *error = NULL;
	int64_t mv = p->row.mv;

	if (!mv)
		TRY(inbound_join(&p->in, self, &outcome, &mv, &rule, &error, e));
	if (p->row.mv)
		set_text(p->out, "join",
			arena_printf(&p->a, "joined to metaverse object %" PRId64 " by rule \"%s\"",
				mv, p->row.join_rule ? p->row.join_rule : "-"));
	else
		set_text(p->out, "join", join_text(outcome, mv, rule, error, &p->a));
	if (outcome == JOIN_NONE || outcome == JOIN_ERROR)
		return 0;
	if (outcome == JOIN_FOUND) {
		TRY(mv_get(p->s.store, mv, &p->a, &p->mv, e));
		TRY(inbound_sources(&p->in, mv, &p->a, &p->sources, &p->n_sources, &error, e));
	}
	if (!p->row.mv) {
		struct mv_source *all = arena_alloc(&p->a, (p->n_sources + 1) * sizeof(*all));

		if (p->n_sources)
			memcpy(all, p->sources, p->n_sources * sizeof(*all));
		all[p->n_sources++] = *self;
		p->sources = all;
	}
	if (error)
		set_text(p->out, "error", error);
	return 0;
}

static int preview_inbound(struct preview *p, struct err *e)
{
	struct flow_list flows = {json_array(), &p->a};
	const struct observer ob = {add_flow, &flows};
	const struct rule *const *rules;
	struct mv_source self;
	const char *error;
	struct eval ev;
	unsigned n;

	TRY(mv_source_init(&p->s, &self, &p->row, &p->a, &error, e));
	json_object_set_new(p->out, "flows", flows.list);
	if (!self.conn || error) {
		set_text(p->out, "error", error ? error : "its connector is not configured");
		return 0;
	}
	p->in = (struct inbound){.sync = &p->s, .conn = (struct sync_connector *)self.conn};
	rules = ruleset_find(p->s.rules, RULE_INBOUND, self.conn->name, p->row.class, &n);
	eval_init(&ev, &self.ctx, &self.entry, &p->a);
	json_object_set_new(p->out, "rules", scopes(rules, n, &ev));
	TRY(find_sources(p, &self, e));
	if (!p->n_sources)
		return 0;
	TRY(mv_compute(
		&p->s, p->sources, p->n_sources, p->mv.id ? &p->mv : NULL, &ob, &p->a, &p->res, e));
	set_text(p->out, "class", p->res.class);
	if (p->res.error)
		set_text(p->out, "error",
			arena_printf(&p->a, "rule \"%s\": %s", p->res.error_rule, p->res.error));
	else if (!p->res.held)
		set_text(p->out, "metaverse",
			"no rule joins or projects its objects any more: it would be deleted");
	return 0;
}

/* --- outbound --- */

static json_t *attr_json(const struct attr *a, struct arena *arena)
{
	return a ? values_to_json(a->values, a->count, arena) : json_null();
}

static int set_pending(struct preview *p, const struct sync_connector *c, const struct cs_row *row,
	const struct wanted *w, json_t *out, struct err *e)
{
	struct cs_row made = {.class = w->class}; /* if there is no row yet */
	json_t *changes = json_object();
	struct entry imported;
	struct delta d;

	if (!row->id)
		row = &made;
	json_object_set_new(out, "pending_export", changes);
	TRY(row_entry(&p->s, row, false, &p->a, &imported, e));
	pending_delta(row_class(c->cfg, row), row, &imported, &w->entry, 0, &p->a, &d);
	for (unsigned i = 0; i < d.n_attrs; i++)
		json_object_set_new(changes, attr_name(d.attrs[i].id),
			json_pack("{s:o, s:o}", "from", attr_json(d.attrs[i].before, &p->a), "to",
				attr_json(d.attrs[i].after, &p->a)));
	return 0;
}

static const char *outbound_text(const struct sync_connector *c, const struct wanted *w,
	const struct cs_row *row, struct arena *a)
{
	bool managed = row->id && row->want == WANT_PRESENT;

	if (w->error)
		return arena_printf(a, "error in rule \"%s\": %s", w->error_rule, w->error);
	if (!w->provision && managed && soa_keeps_object(row))
		return arena_printf(a, "would be disconnected; the object is kept: %s",
			soa_reason(c->type, row->blocked));
	if (w->attributes)
		return arena_printf(a,
			"gets attributes by rule \"%s\"; no rule creates or deletes it", w->rule);
	if (!w->provision)
		return managed ? "would be deleted: no rule provisions it any more"
		               : "no rule provisions it";
	if (!w->dn)
		return arena_printf(a, "error: the rules give no %s", c->type->identity_attr);
	if (soa_blocks_all(row))
		return arena_printf(a, "nothing is sent: %s", soa_reason(c->type, row->blocked));
	return managed ? arena_printf(a, "provisioned as %s by rule \"%s\"%s%s", w->class, w->rule,
				 row->blocked ? "; some of it is not sent: " : "",
				 row->blocked ? soa_reason(c->type, row->blocked) : "")
	               : arena_printf(
				 a, "would be provisioned as %s by rule \"%s\"", w->class, w->rule);
}

static int preview_connector(
	struct preview *p, struct sync_connector *c, json_t **ret, struct err *e)
{
	struct flow_list flows = {json_array(), &p->a};
	const struct observer ob = {add_flow, &flows};
	struct eval_ctx ctx = {.sync = &p->s, .conn = c, .mv = p->mv.id};
	bool lives = p->res.held && !p->res.error && p->res.class;
	struct wanted_source src = {
		.mv = p->mv.id,
		.class = p->res.class,
		.entry = lives ? &p->res.entry : NULL,
	};
	const struct rule *const *rules;
	struct cs_row row = {0};
	struct outbound out;
	const char *source_dn;
	struct wanted w;
	struct eval ev = {0};
	int64_t source_cs;
	unsigned n = 0;
	int r = 0;

	*ret = json_pack("{s:s, s:o}", "connector", c->name, "flows", flows.list);
	outbound_init(&out, &p->s, c);
	if (p->mv.id)
		r = outbound_row(&out, p->mv.id, &p->a, &row, &source_dn, &source_cs, e);
	/* if several rows are joined there: the one that was asked for */
	if (!c->provisions && c->row.id == p->row.connector && p->row.mv == p->mv.id)
		row = p->row;
	src.creating = !row.imported;
	src.joined = row.id && row_is_inbounds(&row) ? row.class : NULL;
	if (r == 0)
		r = wanted_compute(&out, &src, &ob, &p->a, &w, e);
	if (r == 0 && lives)
		r = eval_fetch(&ctx, &p->res.entry, p->res.class, &p->a, e);
	if (r == 0) {
		rules = lives ? ruleset_find(p->s.rules, RULE_OUTBOUND, c->name, p->res.class, &n)
		              : NULL;
		if (lives)
			eval_init(&ev, &ctx, &p->res.entry, &p->a);
		json_object_set_new(*ret, "rules", scopes(rules, n, &ev));
		set_text(*ret, "result", outbound_text(c, &w, &row, &p->a));
		set_text(*ret, "object", row.id ? row.dn : w.dn);
	}
	if (r == 0 && (w.provision || w.attributes) && !w.error && !soa_blocks_all(&row))
		r = set_pending(p, c, &row, &w, *ret, e);
	outbound_done(&out);
	return r;
}

static int preview_outbound(struct preview *p, struct err *e)
{
	json_t *list = json_array();

	json_object_set_new(p->out, "outbound", list);
	for (unsigned i = 0; i < p->s.n_connectors; i++) {
		json_t *one = NULL;
		int r;

		if (!p->s.connectors[i].is_target)
			continue;
		r = preview_connector(p, &p->s.connectors[i], &one, e);
		if (one)
			json_array_append_new(list, one);
		if (r < 0)
			return r;
	}
	return 0;
}

static int preview_row(struct preview *p, struct err *e)
{
	const struct sync_connector *c = sync_connector_by_id(&p->s, p->row.connector);

	if (!c) /* its connector is not configured any more */
		return err_set(e, -ENOENT, NULL, 0,
			"the connector of \"%s\" is not in the configuration", p->row.dn);
	set_text(p->out, "connector", c->name);
	set_text(p->out, "dn", p->row.dn);
	set_text(p->out, "object_class", p->row.class);
	if (!p->row.imported) {
		set_text(p->out, "join", "the object has not been imported");
		return 0;
	}
	TRY(preview_inbound(p, e));
	return p->n_sources ? preview_outbound(p, e) : 0;
}

int preview_object(const struct config *cfg, const struct rules *rules, struct store *store,
	const char *connector, const char *name, json_t **ret, struct err *e)
{
	struct preview p = {.out = json_object()};
	int r = context_init(&p.s, cfg, rules, store, e);

	if (r == 0)
		r = show_find_row(store, connector, name, &p.a, &p.row, e);
	if (r == 0)
		r = preview_row(&p, e);
	arena_done(&p.in.arena);
	sync_done(&p.s);
	arena_done(&p.a);
	if (r < 0)
		json_decref(p.out);
	else
		*ret = p.out;
	return MIN(r, 0);
}

/* --- lineage --- */

struct lineage {
	struct sync *s;
	const struct mv_row *mv;
	const struct mv_result *res;
	json_t *list;
	struct arena *a;
};

static void add_winner(void *ctx, const struct mv_source *src, const struct rule *r,
	const struct flow *f, const struct flow_result *fr, enum flow_verdict v)
{
	struct lineage *l = ctx;
	char time[TIME_TEXT_SIZE];
	json_t *o, *value;

	if (v != VERDICT_WON && v != VERDICT_MERGED)
		return;
	o = json_pack("{s:s, s:s, s:i}", "attribute", attr_name(f->dest), "rule", r->name,
		"precedence", r->precedence);
	value = result_json(fr, l->a);
	json_object_set_new(o, "value", value ? value : json_null());
	set_text(o, "connector", src->conn ? src->conn->name : "?");
	set_text(o, "object", src->row.dn);
	if (fr->kind == FLOW_RESULT_VALUES) /* the times of references are not kept */
		set_text(o, "time",
			time_format(lineage_time(l->mv->times, l->mv->times_len, l->mv->created,
					    f->dest, store_attr_map(l->s->store)),
				time));
	json_array_append_new(l->list, o);
}

static bool is_listed(const json_t *list, const char *attr)
{
	size_t i;
	json_t *o;

	json_array_foreach ((json_t *)list, i, o)
		if (streq(json_string_value(json_object_get(o, "attribute")), attr))
			return true;
	return false;
}

/* Values that no rule gives now: kept by IgnoreThisFlow or execute-once, or from older rules. */
static int add_kept(struct lineage *l, struct err *e)
{
	struct entry en;
	char time[TIME_TEXT_SIZE];

	TRY(mv_entry(l->s, l->mv, l->a, &en, e));
	for (unsigned i = 0; i < en.n_attrs; i++) {
		const struct attr *at = &en.attrs[i];

		if (is_listed(l->list, attr_name(at->id)))
			continue;
		json_array_append_new(l->list,
			json_pack("{s:s, s:o, s:n, s:n, s:s, s:s}", "attribute", attr_name(at->id),
				"value", values_to_json(at->values, at->count, l->a), "rule",
				"connector", "object",
				"no rule gives a value now; the last one is kept until a rule does",
				"time",
				time_format(
					lineage_time(l->mv->times, l->mv->times_len, l->mv->created,
						at->id, store_attr_map(l->s->store)),
					time)));
	}
	return 0;
}

static int lineage_of(struct sync *s, int64_t id, struct arena *a, json_t *list, struct err *e)
{
	struct inbound in = {.sync = s};
	struct mv_source *sources;
	struct mv_result res;
	struct mv_row mv;
	struct lineage l = {s, &mv, &res, list, a};
	const struct observer ob = {add_winner, &l};
	const char *error;
	unsigned n;
	int r = mv_get(s->store, id, a, &mv, e);

	TRY(r);
	if (r == STORE_NONE)
		return err_set(e, -ENOENT, NULL, 0, "there is no metaverse object %" PRId64, id);
	TRY(inbound_sources(&in, id, a, &sources, &n, &error, e));
	if (error)
		return err_set(e, -EINVAL, NULL, 0, "%s", error);
	TRY(mv_compute(s, sources, n, &mv, &ob, a, &res, e));
	return add_kept(&l, e);
}

int lineage_object(const struct config *cfg, const struct rules *rules, struct store *store,
	int64_t mv, json_t **ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct sync s;
	json_t *list = json_array();
	int r = context_init(&s, cfg, rules, store, e);

	if (r == 0)
		r = lineage_of(&s, mv, &a, list, e);
	sync_done(&s);
	if (r < 0)
		json_decref(list);
	else
		*ret = list;
	return r;
}
