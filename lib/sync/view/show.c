/* Rows of the store to JSON. */
#include "sync/view/show.h"
#include "sync/export/target.h"
#include "sync/advice.h"
#include "base/timefmt.h"
#include "model/delta.h"
#include "model/entry_json.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define SEARCH_MAX 200
#define LINKS_MAX 1000 /* references shown of one object */

static void set_time(json_t *o, const char *key, int64_t t)
{
	char text[TIME_TEXT_SIZE];

	json_object_set_new(o, key, t ? json_string(time_format(t, text)) : json_null());
}

static void set_string(json_t *o, const char *key, const char *v)
{
	json_object_set_new(o, key, v ? json_string(v) : json_null());
}

static int find_connector(struct store *s, const char *name, struct arena *a,
	struct connector_row *ret, struct err *e)
{
	struct connector_row *rows;
	unsigned n;
	int r = connector_list(s, a, &rows, &n, e);

	for (unsigned i = 0; r == 0 && i < n; i++)
		if (streq(rows[i].name, name)) {
			*ret = rows[i];
			return 0;
		}
	return r < 0 ? r : err_set(e, -ENOENT, NULL, 0, "there is no connector \"%s\"", name);
}

static const char *connector_name(struct store *s, int64_t id, struct arena *a)
{
	struct connector_row *rows;
	struct err ignored;
	unsigned n;

	if (connector_list(s, a, &rows, &n, &ignored) == 0)
		for (unsigned i = 0; i < n; i++)
			if (rows[i].id == id)
				return rows[i].name;
	return "?";
}

struct error_counts {
	int64_t import, sync; /* objects; sync: of inbound from it, and of outbound to it */
};

static int count_errors(struct store *s, int64_t connector, struct error_counts *ret, struct err *e)
{
	int64_t outbound;

	TRY(error_count(s, connector, ERROR_IMPORT, &ret->import, e));
	TRY(error_count(s, connector, ERROR_SYNC, &ret->sync, e));
	TRY(error_count(s, connector, ERROR_OUTBOUND, &outbound, e));
	ret->sync += outbound;
	return 0;
}

json_t *show_connectors(struct store *s, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct connector_row *rows;
	json_t *list;
	unsigned n;

	if (connector_list(s, &a, &rows, &n, e) < 0)
		return NULL;
	list = json_array();
	for (unsigned i = 0; i < n; i++) {
		struct cs_counts c;
		struct error_counts errors;
		json_t *o = json_object();

		json_array_append_new(list, o);
		if (cs_count(s, rows[i].id, &c, e) < 0 ||
			count_errors(s, rows[i].id, &errors, e) < 0) {
			json_decref(list);
			return NULL;
		}
		set_string(o, "name", rows[i].name);
		set_string(o, "type", rows[i].type);
		set_time(o, "last_import", rows[i].last_import);
		json_object_set_new(o, "objects", json_integer(c.total - c.placeholders));
		json_object_set_new(o, "connectors", json_integer(c.connectors));
		json_object_set_new(o, "disconnectors", json_integer(c.disconnectors));
		json_object_set_new(o, "placeholders", json_integer(c.placeholders));
		json_object_set_new(o, "blocked", json_integer(c.blocked));
		json_object_set_new(o, "pending_add", json_integer(c.pending_add));
		json_object_set_new(o, "pending_update", json_integer(c.pending_update));
		json_object_set_new(o, "pending_delete", json_integer(c.pending_delete));
		json_object_set_new(o, "awaiting_confirmation", json_integer(c.awaiting));
		json_object_set_new(o, "export_errors", json_integer(c.failed));
		json_object_set_new(o, "import_errors", json_integer(errors.import));
		json_object_set_new(o, "sync_errors", json_integer(errors.sync));
		json_object_set_new(
			o, "errors", json_integer(c.failed + errors.import + errors.sync));
		json_object_set_new(o, "full_import_required",
			json_boolean(rows[i].full_import_required || rows[i].import_full_running));
		json_object_set_new(
			o, "full_sync_required", json_boolean(rows[i].full_sync_required));
	}
	return list;
}

static int add_classes(struct store *s, const struct connector_row *c, json_t *list, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct class_count *rows;
	unsigned n;
	int r = cs_count_classes(s, c->id, &a, &rows, &n, e);

	for (unsigned i = 0; r >= 0 && i < n; i++)
		json_array_append_new(list,
			json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:I}", "connector", c->name,
				"class", rows[i].class, "objects", (json_int_t)rows[i].objects,
				"connectors", (json_int_t)rows[i].connectors, "blocked",
				(json_int_t)rows[i].blocked, "pending", (json_int_t)rows[i].pending,
				"awaiting_confirmation", (json_int_t)rows[i].awaiting));
	return r;
}

json_t *show_statistics(struct store *s, const char *name, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct connector_row *rows;
	json_t *list = json_array();
	bool found = !name;
	unsigned n;
	int r = connector_list(s, &a, &rows, &n, e);

	for (unsigned i = 0; r >= 0 && i < n; i++) {
		if (name && !streq(name, rows[i].name))
			continue;
		found = true;
		r = add_classes(s, &rows[i], list, e);
	}
	if (r >= 0 && !found)
		r = err_set(e, -ENOENT, NULL, 0, "there is no connector \"%s\"", name);
	if (r >= 0)
		return list;
	json_decref(list);
	return NULL;
}

static json_t *run_json(const struct run_row *r)
{
	json_t *o = json_object();

	json_object_set_new(o, "run", json_integer(r->id));
	set_string(o, "policy", r->policy);
	set_time(o, "started", r->started);
	set_time(o, "ended", r->ended);
	set_string(o, "result", r->result ? r->result : "in-progress");
	return o;
}

json_t *show_runs(struct store *s, unsigned limit, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct run_row *rows;
	json_t *list;
	unsigned n;

	if (run_list(s, limit, &a, &rows, &n, e) < 0)
		return NULL;
	list = json_array();
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, run_json(&rows[i]));
	return list;
}

json_t *show_run(struct store *s, int64_t id, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct step_row *steps;
	struct run_row row;
	json_t *o, *list = json_array();
	unsigned n;
	int r = run_get(s, id, &a, &row, &steps, &n, e);

	if (r != 0) {
		json_decref(list);
		if (r > 0)
			err_set(e, -ENOENT, NULL, 0, "there is no run %" PRId64, id);
		return NULL;
	}
	o = run_json(&row);
	for (unsigned i = 0; i < n; i++) {
		json_t *st = json_object();
		json_t *counters =
			steps[i].counters ? json_loads(steps[i].counters, 0, NULL) : NULL;

		json_object_set_new(st, "step", json_integer(steps[i].number));
		set_string(st, "connector", steps[i].connector_name);
		set_string(st, "type", steps[i].type);
		set_time(st, "started", steps[i].started);
		set_time(st, "ended", steps[i].ended);
		set_string(st, "result", steps[i].result ? steps[i].result : "in-progress");
		set_string(st, "error", steps[i].error);
		json_object_set_new(st, "counters", counters ? counters : json_object());
		json_array_append_new(list, st);
	}
	json_object_set_new(o, "steps", list);
	return o;
}

void show_source(struct store *s, const struct cs_row *row, struct arena *a, json_t *o)
{
	struct cs_row *joined;
	struct err ignored;
	unsigned n = 0;

	json_object_set_new(o, "source_dn", json_null());
	if (!row->mv || cs_page_sources(s, row->mv, a, &joined, &n, &ignored) < 0)
		return;
	for (unsigned i = 0; i < n; i++)
		if (joined[i].connector != row->connector) {
			set_string(o, "source_dn", joined[i].dn);
			return;
		}
}

json_t *show_errors(struct store *s, unsigned limit, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct error_row *rows;
	struct cs_row row;
	json_t *list;
	unsigned n;

	if (error_list(s, limit, &a, &rows, &n, e) < 0)
		return NULL;
	list = json_array();
	for (unsigned i = 0; i < n; i++) {
		json_t *o = json_object();

		set_string(o, "connector", rows[i].connector);
		set_string(o, "dn", rows[i].dn);
		set_string(o, "phase", error_phase_name(rows[i].phase));
		set_string(
			o, "target", streq(rows[i].step, rows[i].connector) ? NULL : rows[i].step);
		set_string(o, "type", rows[i].type);
		set_string(o, "text", rows[i].text);
		set_time(o, "first", rows[i].first);
		set_time(o, "last", rows[i].last);
		json_object_set_new(o, "count", json_integer(rows[i].count));
		set_time(o, "retry_at", rows[i].retry_at);
		set_string(o, "advice", error_advice(&rows[i]));
		if (cs_get(s, rows[i].cs, &a, &row, e) == 0)
			show_source(s, &row, &a, o);
		json_array_append_new(list, o);
	}
	return list;
}

/* --- objects --- */

static void decode(struct store *s, const void *image, size_t len, struct arena *a,
	struct entry *en, struct err *e)
{
	entry_init(en, a);
	if (image_decode(image, image ? len : 0, store_attr_map(s), en))
		return;
	entry_init(en, a);
	err_set(e, -EUCLEAN, NULL, 0, "the stored image is corrupt");
}

/* What could not be read is not shown as if it were not there. */
static json_t *whole(json_t *o, const struct err *e)
{
	if (!e->code)
		return o;
	json_decref(o);
	return NULL;
}

json_t *show_row(struct store *s, const struct cs_row *row, struct arena *a)
{
	json_t *o = json_object();

	set_string(o, "connector", connector_name(s, row->connector, a));
	set_string(o, "dn", row->dn);
	set_string(o, "anchor", row->anchor);
	set_string(o, "class", row->class);
	set_string(o, "kind", cs_kind_name(row->kind));
	set_string(o, "state", export_state_name(row->state));
	set_string(o, "wanted", cs_want_name(row->want));
	json_object_set_new(o, "blockOnPremisesSync", json_boolean(row->blocked));
	json_object_set_new(o, "mv", row->mv ? json_integer(row->mv) : json_null());
	return o;
}

static json_t *rows_json(struct store *s, const struct cs_row *rows, unsigned n, struct arena *a)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, show_row(s, &rows[i], a));
	return list;
}

json_t *show_search(struct store *s, const char *connector, const char *text, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct connector_row c = {0};
	struct cs_row *rows;
	unsigned n;

	if (connector && find_connector(s, connector, &a, &c, e) < 0)
		return NULL;
	if (cs_search(s, c.id, text, SEARCH_MAX, &a, &rows, &n, e) < 0)
		return NULL;
	return rows_json(s, rows, n, &a);
}

static json_t *links_json(struct store *s, const struct cs_row *row, struct arena *a, struct err *e)
{
	json_t *list = json_array();
	struct cs_link *links;
	unsigned n;

	if (cs_link_list(s, row->id, 0, a, &links, &n, e) < 0)
		return list;
	for (unsigned i = 0; i < MIN(n, (unsigned)LINKS_MAX); i++) {
		struct cs_row target;
		json_t *o;

		if (cs_get(s, links[i].target, a, &target, e) != 0)
			continue;
		o = json_object();
		set_string(o, "attribute", attr_name(links[i].attr));
		set_string(o, "target", target.dn);
		set_string(o, "target_anchor", target.anchor);
		json_object_set_new(o, "imported", json_boolean(links[i].imported));
		json_object_set_new(o, "wanted", json_boolean(links[i].wanted));
		set_string(o, "state", export_state_name(links[i].state));
		json_array_append_new(list, o);
	}
	return list;
}

/* What the next export would send: attribute -> {from, to}. */
static json_t *pending_json(const struct cs_row *row, const struct entry *have,
	const struct entry *want, struct arena *a)
{
	json_t *o = json_object();
	struct delta d;

	if (row->want != WANT_PRESENT || row->blocked || row->state == EXPORT_STATE_CONFIRMED ||
		row->state == EXPORT_STATE_EXPORTED)
		return o;
	pending_delta(NULL, row, have, want, 0, a, &d);
	for (unsigned i = 0; i < d.n_attrs; i++) {
		struct entry one;
		json_t *change = json_object(), *side;

		entry_init(&one, a);
		if (d.attrs[i].before)
			entry_set_all(&one, d.attrs[i].id, d.attrs[i].before->values,
				d.attrs[i].before->count);
		side = entry_to_json(&one, a);
		json_object_set(change, "from", json_object_get(side, attr_name(d.attrs[i].id)));
		json_decref(side);
		entry_init(&one, a);
		if (d.attrs[i].after)
			entry_set_all(&one, d.attrs[i].id, d.attrs[i].after->values,
				d.attrs[i].after->count);
		side = entry_to_json(&one, a);
		json_object_set(change, "to", json_object_get(side, attr_name(d.attrs[i].id)));
		json_decref(side);
		json_object_set_new(o, attr_name(d.attrs[i].id), change);
	}
	return o;
}

json_t *show_changes(struct store *s, const struct cs_row *row, struct arena *a)
{
	struct entry imported, wanted;
	struct err ignored; /* the next cycle stops at it and tells */

	decode(s, row->imported, row->imported_len, a, &imported, &ignored);
	decode(s, row->wanted, row->wanted_len, a, &wanted, &ignored);
	return pending_json(row, &imported, &wanted, a);
}

static json_t *error_json(struct store *s, int64_t cs, struct arena *a, struct err *e)
{
	static const enum error_phase phases[] = {
		ERROR_IMPORT, ERROR_SYNC, ERROR_OUTBOUND, ERROR_EXPORT};
	struct error_row er;

	for (unsigned i = 0; i < ARRAY_SIZE(phases); i++)
		if (error_get(s, cs, phases[i], a, &er, e) == 0)
			return json_pack("{s:s, s:s, s:i}", "type", er.type, "text", er.text,
				"count", er.count);
	return json_null();
}

int show_find_row(struct store *s, const char *connector, const char *name, struct arena *a,
	struct cs_row *ret, struct err *e)
{
	struct connector_row *rows;
	bool any = false;
	unsigned n;
	int r = connector_list(s, a, &rows, &n, e);

	for (unsigned i = 0; r == 0 && i < n; i++) {
		if (connector && !streq(rows[i].name, connector))
			continue;
		any = true;
		r = cs_find_dn(s, rows[i].id, name, a, ret, e);
		if (r == STORE_NONE)
			r = cs_find_anchor(s, rows[i].id, name, a, ret, e);
		if (r == 0)
			return 0;
		r = MIN(r, 0);
	}
	if (r < 0)
		return r;
	if (connector && !any)
		return err_set(e, -ENOENT, NULL, 0, "there is no connector \"%s\"", connector);
	return err_set(e, -ENOENT, NULL, 0, "%s%s%s has no object with the DN or anchor \"%s\"",
		connector ? "connector \"" : "no connector", connector ? connector : "",
		connector ? "\"" : "", name);
}

json_t *show_cs(struct store *s, const char *connector, const char *name, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry imported, wanted;
	struct cs_row row;
	json_t *o;

	if (show_find_row(s, connector, name, &a, &row, e) < 0)
		return NULL;
	e->code = 0;
	decode(s, row.imported, row.imported_len, &a, &imported, e);
	decode(s, row.wanted, row.wanted_len, &a, &wanted, e);
	o = show_row(s, &row, &a);
	set_string(o, "rule", row.join_rule);
	json_object_set_new(o, "imported", entry_to_json(&imported, &a));
	json_object_set_new(o, "wanted_attributes", entry_to_json(&wanted, &a));
	json_object_set_new(o, "pending_export", pending_json(&row, &imported, &wanted, &a));
	json_object_set_new(o, "references", links_json(s, &row, &a, e));
	json_object_set_new(o, "error", error_json(s, row.id, &a, e));
	return whole(o, e);
}

/* A number, else the DN or anchor of a joined object in any connector. */
static int find_mv(struct store *s, const char *name, struct arena *a, int64_t *ret, struct err *e)
{
	struct connector_row *rows;
	struct cs_row row;
	unsigned n;
	char *end;
	int r;

	*ret = strtoll(name, &end, 10);
	if (*name && !*end)
		return 0;
	r = connector_list(s, a, &rows, &n, e);
	for (unsigned i = 0; r == 0 && i < n; i++) {
		r = cs_find_dn(s, rows[i].id, name, a, &row, e);
		if (r == STORE_NONE)
			r = cs_find_anchor(s, rows[i].id, name, a, &row, e);
		if (r == 0 && row.mv) {
			*ret = row.mv;
			return 0;
		}
		r = MIN(r, 0);
	}
	return r < 0 ? r
	             : err_set(e, -ENOENT, NULL, 0,
			       "no metaverse object is joined to an object named \"%s\"", name);
}

static json_t *mv_links_json(struct store *s, int64_t mv, struct arena *a, struct err *e)
{
	static unsigned display_name;
	json_t *list = json_array();
	struct mv_link *links;
	unsigned n;

	if (!display_name)
		display_name = attr_intern("displayName");
	if (mv_link_list(s, mv, 0, a, &links, &n, e) < 0)
		return list;
	for (unsigned i = 0; i < MIN(n, (unsigned)LINKS_MAX); i++) {
		struct mv_row target;
		struct entry en;
		json_t *o;

		if (!links[i].present || mv_get(s, links[i].target, a, &target, e) != 0)
			continue;
		decode(s, target.image, target.image_len, a, &en, e);
		o = json_object();
		set_string(o, "attribute", attr_name(links[i].attr));
		json_object_set_new(o, "target", json_integer(links[i].target));
		set_string(o, "displayName", entry_string(&en, display_name));
		json_array_append_new(list, o);
	}
	return list;
}

int show_find_mv(struct store *s, const char *name, int64_t *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	return find_mv(s, name, &a, ret, e);
}

json_t *show_mv(struct store *s, const char *name, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row *rows;
	struct mv_row mv;
	struct entry en;
	json_t *o, *list = json_array();
	unsigned n = 0;
	int64_t id;
	int r = find_mv(s, name, &a, &id, e);

	if (r == 0)
		r = mv_get(s, id, &a, &mv, e);
	if (r == STORE_NONE)
		r = err_set(e, -ENOENT, NULL, 0, "there is no metaverse object %" PRId64, id);
	if (r == 0)
		r = cs_page_joined(s, id, &a, &rows, &n, e);
	if (r < 0) {
		json_decref(list);
		return NULL;
	}
	e->code = 0;
	decode(s, mv.image, mv.image_len, &a, &en, e);
	for (unsigned i = 0; i < n; i++) {
		json_t *c = show_row(s, &rows[i], &a);

		set_string(c, "rule", rows[i].join_rule);
		json_array_append_new(list, c);
	}
	o = json_object();
	json_object_set_new(o, "mv", json_integer(id));
	set_string(o, "class", mv.class);
	json_object_set_new(o, "attributes", entry_to_json(&en, &a));
	json_object_set_new(o, "references", mv_links_json(s, id, &a, e));
	json_object_set_new(o, "connectors", list);
	return whole(o, e);
}
