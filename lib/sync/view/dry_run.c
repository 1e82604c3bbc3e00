/*
 * What the next export would send, message by message or object by object, and what would hold it
 * up. The export step runs as ever, in one transaction that is taken back, against a connector that
 * sends nothing and takes everything as accepted. So what a first export sends after its objects,
 * their references, is shown as well.
 */
#include "base/file.h"
#include "base/json.h"
#include "connector/dry.h"
#include "store/cs_page.h"
#include "store/outbox.h"
#include "sync/context.h"
#include "sync/run.h"
#include "sync/step.h"
#include "sync/view/fields.h"
#include "sync/view/questions.h"
#include "sync/view/show.h"

#include <errno.h>
#include <strings.h>

#define NOTES_MAX 1000 /* events that are told of one connector */

struct dry_run {
	struct dry_sink sink; /* first */
	struct rules *rules;
	struct sync s;
	const struct work_host *host;
	const char *name;         /* only of this object; NULL: of all */
	struct sync_connector *c; /* whose messages come */
	const char *only;         /* the DN of the object there; NULL: all */
	struct bitmap chosen;
	int64_t messages;
	json_t *told; /* of the answer */
	int lock;
};

static void dry_run_done(struct dry_run *d)
{
	if (d->s.store)
		store_rollback(d->s.store);
	store_close(d->s.store);
	sync_done(&d->s);
	rules_free(d->rules);
	bitmap_done(&d->chosen);
	json_decref(d->told);
	closep(&d->lock);
}

/* --- messages --- */

/* By which people know the object with a DN of the connector space. */
static int set_source(struct dry_run *d, const char *dn, json_t *json, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row;
	int r;

	json_object_set_new(json, "source_dn", json_null());
	if (!dn)
		return 0;
	r = cs_find_dn(d->s.store, d->c->row.id, dn, &a, &row, e);
	return r == 0 ? show_source(d->s.store, &row, &a, json, e) : MIN(r, 0);
}

static int add_value(struct dry_run *d, const struct dry_value *v, json_t *list, struct err *e)
{
	json_t *o;

	if (!v->change) {
		json_array_append_new(list, json_string(v->text));
		return 0;
	}
	o = json_object();
	json_array_append_new(list, o);
	set_text(o, "operation", v->change == '+' ? "add" : "remove");
	set_text(o, "anchor", v->text);
	return set_source(d, v->dn, o, e);
}

static int add_property(
	struct dry_run *d, const struct dry_property *p, json_t *properties, struct err *e)
{
	json_t *o = json_object(), *list;

	json_array_append_new(properties, o);
	set_text(o, "name", p->name);
	set_text(o, "type", p->type);
	if (!p->type)
		return 0;
	list = json_array();
	json_object_set_new(o, "values", list);
	for (unsigned i = 0; i < p->n; i++)
		TRY(add_value(d, &p->values[i], list, e));
	return 0;
}

static int tell_object(
	struct dry_run *d, const char *message, const struct dry_object *o, struct err *e)
{
	_cleanup_json_ json_t *json = NULL;
	json_t *list;

	if (d->only && (!o->dn || strcasecmp(o->dn, d->only) != 0))
		return 0;
	json = json_object();
	set_text(json, "connector", d->c->name);
	set_text(json, "message", message);
	json_object_set_new(json, "number", json_integer(d->messages));
	set_text(json, "operation", o->operation);
	set_text(json, "type", o->type);
	set_text(json, "dn", o->dn);
	TRY(set_source(d, o->dn, json, e));
	list = json_array();
	json_object_set_new(json, "properties", list);
	for (unsigned i = 0; i < o->n; i++)
		TRY(add_property(d, &o->properties[i], list, e));
	work_progress(d->host, json_pack("{s:O}", "object", json));
	return 0;
}

static int take_message(struct dry_sink *sink, const struct dry_message *m, struct err *e)
{
	struct dry_run *d = (struct dry_run *)sink;
	json_t *o;

	if (work_canceled(d->host))
		return err_set(e, -ECANCELED, NULL, 0, "the dry run was stopped");
	d->messages++;
	for (unsigned i = 0; i < m->n; i++)
		TRY(tell_object(d, m->name, &m->objects[i], e));
	if (!m->text)
		return 0;
	o = json_object();
	set_text(o, "connector", d->c->name);
	set_text(o, "name", m->name);
	set_text(o, "ending", m->ending);
	set_text(o, "text", m->text);
	work_progress(d->host, json_pack("{s:o}", "message", o));
	return 0;
}

/* --- what was found on the way --- */

/* The number of the last event that is stored; those after `after` go to the notes. */
static int last_event(struct store *s, int64_t *after, json_t *notes, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct outbox_row *rows;
	unsigned n;

	do {
		TRY(outbox_list(s, *after, 100, &a, &rows, &n, e));
		for (unsigned i = 0; i < n; i++) {
			_cleanup_json_ json_t *o = json_loads(rows[i].record, 0, NULL);

			*after = rows[i].id;
			if (notes && json_array_size(notes) < NOTES_MAX)
				json_array_append(notes, json_object_get(o, "message"));
		}
	} while (n);
	return 0;
}

static int tell_counts(struct dry_run *d, int64_t waiting, json_t *told, struct err *e)
{
	struct cs_counts counts;

	TRY(cs_count(d->s.store, d->c->row.id, &counts, e));
	json_object_set_new(told, "blocked", json_integer(counts.blocked));
	json_object_set_new(told, "waiting", json_integer(waiting));
	json_object_set_new(told, "counters", counters_to_json(&d->s.counters));
	return 0;
}

/* In the transaction that is taken back. */
static int export_and_tell(struct dry_run *d, json_t *told, struct err *e)
{
	struct step_end end = {.result = STEP_RESULT_SUCCESS};
	json_t *notes = json_array();
	int64_t event = 0, waiting;

	json_object_set_new(told, "notes", notes);
	TRY(last_event(d->s.store, &event, NULL, e));
	TRY(step_export_dry(&d->s, d->c, &d->sink, &waiting, &end, e));
	TRY(last_event(d->s.store, &event, notes, e));
	TRY(tell_counts(d, waiting, told, e));
	set_text(told, "result", step_result_word(end.result));
	set_text(told, "text", *end.error ? end.error : NULL);
	json_object_set_new(
		told, "stopped", json_boolean(end.result == STEP_RESULT_DELETION_THRESHOLD));
	return end.result == STEP_RESULT_CANCELED
	               ? err_set(e, -ECANCELED, NULL, 0, "the dry run was stopped")
	               : 0;
}

static int dry_export(struct dry_run *d, struct err *e)
{
	json_t *told = json_pack("{s:s}", "name", d->c->name);

	json_array_append_new(d->told, told);
	d->s.counters = (struct counters){0};
	d->s.n_errors = 0;
	TRY(store_begin(d->s.store, e));
	TRY(export_and_tell(d, told, e));
	store_rollback(d->s.store);
	return 0;
}

/* --- of what --- */

/*
 * The row of the named object in the connector. One that is to be changed is sent by itself; a
 * delete comes after everything else. 1: it has none there.
 */
static int choose(struct dry_run *d, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row, *rows;
	unsigned n;

	d->only = NULL;
	d->s.chosen = NULL;
	if (!d->name)
		return 0;
	TRY(show_find_row(d->s.store, NULL, d->name, &a, &row, e));
	if (row.connector == d->c->row.id) {
		rows = &row;
		n = 1;
	} else if (row.mv) {
		TRY(cs_page_joined(d->s.store, row.mv, &a, &rows, &n, e));
	} else {
		return 1;
	}
	for (unsigned i = 0; i < n; i++) {
		if (rows[i].connector != d->c->row.id)
			continue;
		d->only = arena_strdup(&d->s.arena, rows[i].dn);
		if (rows[i].want == WANT_ABSENT)
			return 0;
		bitmap_clear(&d->chosen);
		bitmap_set(&d->chosen, rows[i].id);
		d->s.chosen = &d->chosen;
		return 0;
	}
	return 1;
}

/* Why there are no messages for a connector; NULL: there are. */
static const char *why_not(const struct sync_connector *c)
{
	if (!c->is_target)
		return "no rule exports to it";
	if (!c->row.id)
		return "no cycle has run with it yet";
	return c->type->no_dry_run ? c->type->no_dry_run(&c->cfg->settings)
	                           : "what is sent to directories of its type cannot be shown";
}

static int each_target(struct dry_run *d, const char *connector, struct err *e)
{
	bool any = false;

	for (unsigned i = 0; i < d->s.n_connectors; i++) {
		struct sync_connector *c = &d->s.connectors[i];
		const char *why = why_not(c);
		int none;

		if (connector && !streq(c->name, connector))
			continue;
		any = true;
		if (connector && why)
			return err_set(e, -EINVAL, NULL, 0, "connector \"%s\": %s", c->name, why);
		if (why && c->is_target)
			json_array_append_new(
				d->told, json_pack("{s:s, s:s}", "name", c->name, "left_out", why));
		if (why)
			continue;
		d->c = c;
		none = choose(d, e);
		TRY(none);
		if (!none)
			TRY(dry_export(d, e));
	}
	if (!any && connector)
		return err_set(e, -ENOENT, NULL, 0, "there is no connector \"%s\"", connector);
	return 0;
}

static int prepare(
	struct dry_run *d, const struct config *cfg, const struct run_host *host, struct err *e)
{
	_cleanup_free_ char *path = run_store_path(cfg);
	struct store *store = NULL;

	if (access(path, F_OK) < 0)
		return err_set(e, -ENOENT, NULL, 0, "no cycle has run yet");
	TRY(run_lock(cfg, &d->lock, e));
	TRY(rules_load(cfg, &d->rules, e));
	TRY(store_open(path, STORE_WRITE, &store, e));
	TRY(context_init(&d->s, cfg, d->rules, store, e));
	d->s.host = host;
	return 0;
}

int view_dry_run(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e)
{
	const struct run_host run_host = {host->canceled, host->record, NULL, host->ctx};
	struct dry_run d = {
		.sink = {json_is_true(json_object_get(p, "objects")), take_message},
		.host = host,
		.name = json_string_value(json_object_get(p, "name")),
		.told = json_array(),
		.lock = -1,
	};
	int r = prepare(&d, cfg, &run_host, e);

	if (r == 0)
		r = each_target(&d, json_string_value(json_object_get(p, "connector")), e);
	if (r == 0)
		*ret = json_pack("{s:O, s:I, s:b}", "connectors", d.told, "messages",
			(json_int_t)d.messages, "staging",
			setting_bool(&cfg->export, "staging_mode"));
	dry_run_done(&d);
	return r;
}
