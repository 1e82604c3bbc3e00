/* The status of connectors, runs and errors, as JSON. */
#include "sync/errors.h"
#include "store/connector_row.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "store/run_row.h"
#include "sync/view/fields.h"
#include "sync/view/show.h"

#include <errno.h>
#include <inttypes.h>

struct error_counts {
	int64_t import, sync; /* objects; sync: in inbound from it, and in outbound to it */
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
		set_text(o, "name", rows[i].name);
		set_text(o, "type", rows[i].type);
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
	set_text(o, "policy", r->policy);
	set_time(o, "started", r->started);
	set_time(o, "ended", r->ended);
	set_text(o, "result", r->result ? r->result : STEP_IN_PROGRESS);
	return o;
}

json_t *show_runs(struct store *s, unsigned limit, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct run_row *rows;
	json_t *list;
	unsigned n;

	if (run_row_list(s, limit, &a, &rows, &n, e) < 0)
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
	int r = run_row_get(s, id, &a, &row, &steps, &n, e);

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
		set_text(st, "connector", steps[i].connector_name);
		set_text(st, "type", steps[i].type);
		set_time(st, "started", steps[i].started);
		set_time(st, "ended", steps[i].ended);
		set_text(st, "result", steps[i].result ? steps[i].result : STEP_IN_PROGRESS);
		set_text(st, "error", steps[i].error);
		json_object_set_new(st, "counters", counters ? counters : json_object());
		json_array_append_new(list, st);
	}
	json_object_set_new(o, "steps", list);
	return o;
}

json_t *show_errors(struct store *s, unsigned limit, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct error_row *rows;
	struct cs_row row;
	json_t *list;
	unsigned n;
	int r = 0;

	if (error_list(s, limit, &a, &rows, &n, e) < 0)
		return NULL;
	list = json_array();
	for (unsigned i = 0; r >= 0 && i < n; i++) {
		json_t *o = json_object();

		set_text(o, "connector", rows[i].connector);
		set_text(o, "dn", rows[i].dn);
		set_text(o, "phase", error_phase_name(rows[i].phase));
		set_text(o, "target", streq(rows[i].step, rows[i].connector) ? NULL : rows[i].step);
		set_text(o, "type", rows[i].type);
		set_text(o, "text", rows[i].text);
		set_time(o, "first", rows[i].first);
		set_time(o, "last", rows[i].last);
		json_object_set_new(o, "count", json_integer(rows[i].count));
		set_time(o, "retry_at", rows[i].retry_at);
		set_text(o, "advice", error_advice(&rows[i]));
		r = cs_get(s, rows[i].cs, &a, &row, e);
		if (r == 0)
			r = show_source(s, &row, &a, o, e);
		json_array_append_new(list, o);
	}
	if (r < 0) {
		json_decref(list);
		return NULL;
	}
	return list;
}
