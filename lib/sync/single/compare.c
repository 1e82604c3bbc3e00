/* The last part of the report: what source, rules and target have, value by value. */
#include "model/entry_json.h"
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "sync/acknowledged.h"
#include "sync/export/target.h"
#include "sync/images.h"
#include "sync/inbound/observe.h"
#include "sync/single/work.h"
#include "sync/soa.h"
#include "sync/view/fields.h"

#include <stdio.h>

#define LINKS_MAX 1000 /* names of one attribute that are listed; then their number */

/* One row of a target, and the object of the source that it comes from. */
struct pair {
	struct single *w;
	const struct sync_connector *conn;
	struct cs_row row;
	const struct schema_class *class;
	bool gone; /* the target does not have it any more; no import has found that out yet */
	const struct entry *source; /* NULL: not read now */
	const json_t *preview;
	struct entry imported, wanted;
	struct delta differs;
	struct arena a;
	json_t *list;
};

/* --- which flow gave it --- */

static bool is_applied(const json_t *flow)
{
	const char *v = json_string_value(json_object_get(flow, "verdict"));

	return v && (streq(v, flow_verdict_name(VERDICT_WON)) ||
			    streq(v, flow_verdict_name(VERDICT_MERGED)));
}

/* What flowed to the attribute: the text behind "<- "; NULL: nothing did. */
static const char *flow_to(const json_t *flows, const char *attr)
{
	json_t *f;
	size_t i;

	json_array_foreach ((json_t *)flows, i, f) {
		const char *to = json_string_value(json_object_get(f, "attribute"));
		const char *text = json_string_value(json_object_get(f, "flow"));
		const char *from = text ? strstr(text, " <- ") : NULL;

		if (to && from && streq(to, attr) && is_applied(f))
			return from + 4;
	}
	return NULL;
}

/* "[name]": the name; NULL: it is more than one attribute. */
static const char *plain_name(const char *flow, struct arena *a)
{
	size_t n = flow ? strcspn(flow + (*flow == '['), "[]") : 0;

	return flow && *flow == '[' && flow[n + 1] == ']' && (!flow[n + 2] || flow[n + 2] == ' ')
	               ? arena_dup(a, flow + 1, n)
	               : NULL;
}

/* From the source to the target in one text. */
static const char *whole_flow(struct pair *p, const char *attr)
{
	const char *conn, *out = NULL, *mv, *in = NULL;
	json_t *o;
	size_t i;

	json_array_foreach (json_object_get(p->preview, "outbound"), i, o) {
		conn = json_string_value(json_object_get(o, "connector"));
		if (conn && streq(conn, p->conn->name))
			out = flow_to(json_object_get(o, "flows"), attr);
	}
	mv = plain_name(out, &p->a);
	if (mv)
		in = flow_to(json_object_get(p->preview, "flows"), mv);
	return in ? in : out;
}

/* --- values --- */

static const char *verdict_of(const struct pair *p, unsigned attr, bool equal)
{
	if (equal)
		return "same";
	if (soa_blocks_all(&p->row) || soa_blocks(&p->row, p->class, attr))
		return "not sent";
	return p->row.imported ? "different" : "missing";
}

static const char *verdict(struct pair *p, unsigned attr, const struct attr *wanted)
{
	const struct attr *found = entry_get(&p->imported, attr);
	struct attr none = {.id = attr};
	bool equal = true;

	if (soa_blocks_all(&p->row) || soa_blocks(&p->row, p->class, attr))
		equal = attr_equal(wanted, found ? found : &none);
	for (unsigned i = 0; i < p->differs.n_attrs; i++)
		equal = equal && p->differs.attrs[i].id != attr;
	return verdict_of(p, attr, equal);
}

static json_t *values_of(const struct attr *a, struct arena *arena)
{
	return a ? values_to_json(a->values, a->count, arena) : json_null();
}

static void tell_more(json_t *list, unsigned n)
{
	char text[48];

	snprintf(text, sizeof(text), "... and %u more", n - LINKS_MAX);
	if (n > LINKS_MAX)
		json_array_append_new(list, json_string(text));
}

/* The values of one attribute of the source, references as DNs. */
static json_t *source_values(struct pair *p, const struct attr *at)
{
	json_t *list;

	if (!at->count || at->values[0].type != VALUE_REFERENCE)
		return values_of(at, &p->a);
	list = json_array();
	for (unsigned i = 0; i < MIN(at->count, (unsigned)LINKS_MAX); i++) {
		const char *anchor, *dn;

		p->w->source->type->reference(at->values[i].data, &p->a, &anchor, &dn);
		json_array_append_new(list, json_string(dn));
	}
	tell_more(list, at->count);
	return list;
}

/* Every attribute that the flow names and the source has: {name: values}. */
static json_t *source_json(struct pair *p, const char *flow)
{
	json_t *o = json_object();

	for (const char *open = flow ? strchr(flow, '[') : NULL; open && p->source;
		open = strchr(open + 1, '[')) {
		size_t n = strcspn(open + 1, "]");
		unsigned id = attr_find_nocase(open + 1, n);
		const struct attr *at = id ? entry_get(p->source, id) : NULL;

		if (at && at->count)
			json_object_set_new(o, attr_name(id), source_values(p, at));
	}
	return o;
}

static void compare_value(struct pair *p, const struct attr *wanted)
{
	const char *name = attr_name(wanted->id), *flow = whole_flow(p, name);
	json_t *o = json_object();

	set_text(o, "attribute", name);
	set_text(o, "flow", flow);
	json_object_set_new(o, "source", source_json(p, flow));
	json_object_set_new(o, "wanted", values_of(wanted, &p->a));
	json_object_set_new(o, "found", values_of(entry_get(&p->imported, wanted->id), &p->a));
	set_text(o, "verdict", verdict(p, wanted->id, wanted));
	json_array_append_new(p->list, o);
}

/* --- references: the names of both sides, and whether they are the same --- */

/* As people know it: by its DN in the source. */
static int add_target(struct pair *p, int64_t cs, json_t *list, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row target, *rows;
	const char *name;
	unsigned n = 0;
	int r = cs_get(p->w->s.store, cs, &a, &target, e);

	if (r != 0 || json_array_size(list) >= LINKS_MAX)
		return MIN(r, 0);
	name = target.dn;
	if (target.mv)
		TRY(cs_page_sources(p->w->s.store, target.mv, &a, &rows, &n, e));
	for (unsigned i = 0; i < n; i++)
		if (rows[i].connector == p->w->source->row.id)
			name = rows[i].dn;
	json_array_append_new(list, json_string(name));
	return 0;
}

static int compare_links(struct pair *p, const struct cs_link *links, unsigned n, struct err *e)
{
	json_t *wanted = json_array(), *found = json_array(), *o = json_object();
	const char *flow = whole_flow(p, attr_name(links[0].attr));
	unsigned n_wanted = 0, n_found = 0;
	bool equal = true;

	json_array_append_new(p->list, o);
	set_text(o, "attribute", attr_name(links[0].attr));
	set_text(o, "flow", flow);
	json_object_set_new(o, "source", source_json(p, flow));
	json_object_set_new(o, "wanted", wanted);
	json_object_set_new(o, "found", found);
	for (unsigned i = 0; i < n; i++) {
		bool imported = links[i].imported && !p->gone;

		equal = equal && links[i].wanted == imported;
		n_wanted += links[i].wanted;
		n_found += imported;
		if (links[i].wanted)
			TRY(add_target(p, links[i].target, wanted, e));
		if (imported)
			TRY(add_target(p, links[i].target, found, e));
	}
	tell_more(wanted, n_wanted);
	tell_more(found, n_found);
	set_text(o, "verdict", verdict_of(p, links[0].attr, equal));
	return 0;
}

static int compare_references(struct pair *p, struct err *e)
{
	struct cs_link *links;
	unsigned n, to;

	TRY(cs_link_list(p->w->s.store, p->row.id, 0, &p->a, &links, &n, e));
	for (unsigned from = 0; from < n; from = to) {
		bool any = false;

		for (to = from; to < n && links[to].attr == links[from].attr; to++)
			any = any || links[to].wanted || links[to].imported;
		if (any)
			TRY(compare_links(p, links + from, to - from, e));
	}
	return 0;
}

/* --- what no rule reads --- */

static bool is_read(const unsigned *attrs, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (strcasecmp(attr_name(attrs[i]), name) == 0)
			return true;
	return false;
}

static json_t *not_synchronized(struct pair *p)
{
	const struct entry *all = p->w->everything;
	const char *own = p->w->source->type->dn_attr;
	json_t *list = json_array();
	const unsigned *attrs;
	unsigned n;

	attrs = ruleset_source_attrs(p->w->s.rules, p->w->source->name, &n);
	for (unsigned i = 0; all && i < all->n_attrs; i++) {
		const char *name = attr_name(all->attrs[i].id);

		if (all->attrs[i].count && !is_read(attrs, n, name) && !streq(name, own ? own : ""))
			json_array_append_new(
				list, json_pack("{s:s, s:o}", "attribute", name, "source",
					      values_of(&all->attrs[i], &p->a)));
	}
	return list;
}

/* --- one pair --- */

/* The object of the source that the row is made of, with its values and its rules. */
static int find_source(struct pair *p, const char **ret_anchor, const char **ret_dn, struct err *e)
{
	const struct found *f = found_of(p->w, p->w->source);
	struct cs_row *rows;
	unsigned n = 0;

	*ret_anchor = *ret_dn = NULL;
	if (p->row.mv)
		TRY(cs_page_sources(p->w->s.store, p->row.mv, &p->a, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (rows[i].connector != p->w->source->row.id || !rows[i].anchor)
			continue;
		*ret_anchor = rows[i].anchor;
		*ret_dn = rows[i].dn;
		for (unsigned k = 0; k < f->n; k++)
			if (f->objects[k].object.entry->anchor &&
				streq(f->objects[k].object.entry->anchor, rows[i].anchor))
				p->source = f->objects[k].object.entry;
		p->preview = json_object_get(p->w->previews, rows[i].anchor);
	}
	return 0;
}

/* Did the last look at the target say that it does not have the object? */
static bool is_gone(struct single *w, const struct pair *p)
{
	const struct found *f = found_of(w, p->conn);

	for (unsigned i = 0; p->row.anchor && i < f->n; i++)
		if (f->objects[i].object.deleted && !f->objects[i].late &&
			streq(f->objects[i].object.entry->anchor, p->row.anchor))
			return true;
	return false;
}

/* What is known of it is no longer true. */
static void note_gone(struct single *w, struct pair *p)
{
	p->gone = true;
	p->row.imported = NULL;
	p->row.imported_len = 0;
	acknowledged_forget(&p->row);
	report_result(w, STEP_RESULT_WARNINGS);
	report_note(w,
		"%s does not have %s any more: the next cycle finds that out and does what the "
		"rules say",
		p->conn->name, p->row.dn);
}

static int fill(struct pair *p, json_t *o, struct err *e)
{
	const char *anchor, *dn;
	bool main;

	TRY(find_source(p, &anchor, &dn, e));
	main = anchor && p->w->name.anchor && streq(anchor, p->w->name.anchor);
	if (main && p->w->everything)
		p->source = p->w->everything;
	set_text(o, "dn", dn);
	set_text(o, "connector", p->conn->name);
	set_text(o, "target", p->row.dn);
	set_text(o, "anchor", p->row.anchor);
	set_text(o, "state", export_state_name(p->row.state));
	set_text(o, "authority", soa_words(p->conn->type, p->row.blocked, &p->a));
	json_object_set_new(o, "is_there", json_boolean(p->row.imported != NULL));
	json_object_set_new(o, "attributes", p->list);
	json_object_set_new(o, "not_synchronized", main ? not_synchronized(p) : json_array());
	TRY(row_entry(&p->w->s, &p->row, false, &p->a, &p->imported, e));
	TRY(row_entry(&p->w->s, &p->row, true, &p->a, &p->wanted, e));
	p->class = row_class(p->conn->cfg, &p->row);
	pending_delta(p->class, &p->row, &p->imported, &p->wanted,
		PENDING_DIFFERENCES | (p->row.imported ? PENDING_SETTLED : 0), &p->a, &p->differs);
	for (unsigned i = 0; i < p->wanted.n_attrs; i++)
		compare_value(p, &p->wanted.attrs[i]);
	return compare_references(p, e);
}

static int compare_row(struct single *w, int64_t id, int64_t main_mv, bool main, struct err *e)
{
	struct pair p = {.w = w};
	json_t *o;
	int r = cs_get(w->s.store, id, &p.a, &p.row, e);

	p.conn = r == 0 ? sync_connector_by_id(&w->s, p.row.connector) : NULL;
	if (p.conn && p.conn->is_target && want_has_values(p.row.want) &&
		(p.row.mv == main_mv) == main) {
		o = json_object();
		p.list = json_array();
		json_array_append_new(json_object_get(w->report, "comparison"), o);
		if (is_gone(w, &p))
			note_gone(w, &p);
		r = fill(&p, o, e);
	}
	arena_done(&p.a);
	return MIN(r, 0);
}

/* The object itself first, then those that it refers to. */
int compare_all(struct single *w, struct err *e)
{
	int64_t cs = 0, mv = 0;

	if (w->name.anchor)
		TRY(cs_id_by_anchor(w->s.store, w->source->row.id, w->name.anchor, &cs, e));
	if (cs)
		TRY(cs_mv_of(w->s.store, cs, &mv, e));
	for (int main = 1; main >= 0; main--)
		for (int64_t id = 0; (id = bitmap_next(&w->rows, id));)
			TRY(compare_row(w, id, mv, main, e));
	return 0;
}
