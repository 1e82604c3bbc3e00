/* The report, part by part, as JSON. */
#include "base/json.h"
#include "store/error.h"
#include "sync/single/work.h"
#include "sync/view/fields.h"
#include "sync/view/preview.h"
#include "sync/view/show.h"

#include <stdarg.h>
#include <stdio.h>

void report_note(struct single *w, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(json_object_get(w->report, "notes"), json_string(text));
}

void report_result(struct single *w, enum step_result r)
{
	if (step_result_severity(r) > step_result_severity(w->result))
		w->result = r;
}

static const char *change_word(const struct found_object *fo)
{
	if (fo->error)
		return "error";
	if (fo->late)
		return "not shown yet";
	if (fo->object.deleted)
		return "not there";
	if (fo->object.left)
		return "left out";
	switch ((int)fo->change) {
	case COUNTER_STAGE_ADD:
		return "added";
	case COUNTER_STAGE_UPDATE:
		return "changed";
	case COUNTER_STAGE_RENAME:
		return "renamed";
	case COUNTER_STAGE_DELETE_ADD:
		return "of another class";
	case COUNTER_STAGE_FAILURE:
		return "error";
	default:
		return "unchanged";
	}
}

void report_found(struct single *w, const char *key, struct sync_connector *c, enum step_result r)
{
	const struct found *f = found_of(w, c);
	const struct err *failure = failure_of(w, c);
	json_t *o = json_pack("{s:s, s:s}", "connector", c->name, "result", step_result_word(r));
	json_t *list = json_array();

	set_text(o, "error", failure->code ? failure->text : NULL);
	json_object_set_new(o, "objects", list);
	for (unsigned i = 0; i < f->n; i++) {
		const struct entry *en = f->objects[i].object.entry;
		json_t *one = json_object();

		set_text(one, "dn", en->dn);
		set_text(one, "anchor", en->anchor);
		set_text(one, "class", en->class);
		set_text(one, "change", change_word(&f->objects[i]));
		set_text(one, "error", f->objects[i].error);
		json_array_append_new(list, one);
	}
	json_array_append_new(json_object_get(w->report, key), o);
	report_result(w, r);
}

int report_rules(struct single *w, struct err *e)
{
	const struct found *f = found_of(w, w->source);

	for (unsigned i = 0; i < f->n; i++) {
		const char *anchor = f->objects[i].object.entry->anchor;
		json_t *o = NULL;

		if (!f->objects[i].cs || f->objects[i].change == COUNTER_COUNT)
			continue;
		TRY(preview_object(w->s.cfg, w->rules, w->s.store, w->source->name, anchor, &o, e));
		json_object_set_new(w->previews, anchor, o);
		if (w->name.anchor && streq(anchor, w->name.anchor))
			json_object_set(w->report, "synchronization", o);
	}
	return 0;
}

/* Is something of it due, or wanted and not confirmed? */
static bool has_export(const json_t *o)
{
	return json_object_size(json_object_get(o, "changes")) ||
	       json_array_size(json_object_get(o, "references")) ||
	       streq(json_string_value(json_object_get(o, "operation")), "delete");
}

int report_pending(struct single *w, struct sync_connector *c, json_t **ret, struct err *e)
{
	_cleanup_json_ json_t *all = json_array();
	json_t *list = json_array(), *one;
	size_t k;

	*ret = json_pack("{s:s, s:o}", "connector", c->name, "objects", list);
	json_array_append_new(json_object_get(w->report, "export"), *ret);
	for (int64_t id = 0; (id = bitmap_next(&w->rows, id));) {
		_cleanup_arena_ struct arena a = {0};
		struct cs_row row;
		int r = cs_get(w->s.store, id, &a, &row, e);

		TRY(r);
		if (r == 0 && row.connector == c->row.id && row.want != WANT_NOTHING) {
			TRY(show_pending_object(w->s.store, &row, &a, all, e));
			json_object_set_new(json_array_get(all, json_array_size(all) - 1), "id",
				json_integer(id));
		}
	}
	json_array_foreach (all, k, one) {
		bool gone = streq(json_string_value(json_object_get(one, "operation")), "delete");

		if (has_export(one))
			json_array_append(list, one);
		if (gone)
			report_note(w,
				"the rules want %s deleted from %s: that is staged and left to the "
				"next cycle, with its limits",
				json_string_value(json_object_get(one, "dn")), c->name);
	}
	return 0;
}

/* What is left of the row, after the export. */
static int outcome_of(struct single *w, json_t *o, bool sent, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct error_row er;
	struct cs_row row;
	int r = cs_get(w->s.store, json_integer_value(json_object_get(o, "id")), &a, &row, e);

	TRY(r);
	set_text(o, "outcome", NULL);
	set_text(o, "error", NULL);
	if (r != 0 || !sent)
		return 0;
	set_text(o, "outcome", export_state_name(row.state));
	set_text(o, "anchor", row.anchor);
	r = error_get(w->s.store, row.id, ERROR_EXPORT, &a, &er, e);
	if (r == STORE_NONE)
		r = error_get(w->s.store, row.id, ERROR_WARNING, &a, &er, e);
	if (r == 0)
		set_text(o, "error", arena_printf(&a, "%s: %s", er.type, er.text));
	return MIN(r, 0);
}

int report_outcome(struct single *w, struct sync_connector *c, json_t *o, enum step_result r,
	const char *error, struct err *e)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(o, "objects"), i, one)
		TRY(outcome_of(w, one, true, e));
	set_text(o, "result", step_result_word(r));
	set_text(o, "error", error && *error ? error : NULL);
	report_result(w, r);
	return 0;
}
