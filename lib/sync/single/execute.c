/*
 * One object through a whole cycle. The directories are read first, into memory; then each arrow is
 * one transaction, as in a cycle, and a kill between two of them leaves what the next cycle takes
 * up. A preview does the same in one transaction, up to the export, and takes it back.
 */
#include "base/file.h"
#include "base/timefmt.h"
#include "report/fault.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "store/outbox.h"
#include "store/run_row.h"
#include "sync/outbox.h"
#include "sync/run.h"
#include "sync/single/work.h"
#include "sync/view/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

/* --- may it begin? --- */

static int not_yet(const struct sync_connector *c, const char *why, struct err *e)
{
	return err_set(e, -EAGAIN, NULL, 0,
		"%s %s: run a cycle first (start-sync-cycle), then single objects can be "
		"synchronized",
		c->name, why);
}

/* What one object becomes may depend on all others: these must have been looked at once. */
static int check_ready(struct single *w, struct err *e)
{
	for (unsigned i = 0; i < w->s.n_connectors; i++) {
		struct sync_connector *c = &w->s.connectors[i];

		if ((c->is_source || c->is_target) && (!c->row.id || !c->row.last_import))
			return not_yet(c, "was never imported", e);
	}
	for (unsigned i = 0; i < w->s.n_connectors; i++) {
		struct sync_connector *c = &w->s.connectors[i];
		const char *digest = c->row.rules_digest;

		if (!c->is_source && !c->is_target)
			continue;
		if (!digest || !streq(digest, context_rules_digest(&w->s, c)))
			return not_yet(c,
				"has other rules, or another surface, than in the last cycle", e);
		if (c->row.full_sync_required)
			return not_yet(c, "waits for a full synchronization", e);
	}
	return 0;
}

/* --- hops --- */

/* A preview stays in its transaction. */
static int hop_end(struct single *w, enum fault_point before, enum fault_point after, struct err *e)
{
	if (w->req->preview)
		return 0;
	fault_hit(before);
	TRY(store_commit(w->s.store, e));
	fault_hit(after);
	return 0;
}

struct single_step {
	struct step_row row;
	struct sync_connector *conn;
};

static int step_begin(struct single *w, struct sync_connector *c, enum run_profile type,
	struct single_step *ret, struct err *e)
{
	*ret = (struct single_step){
		.row = {.run = w->s.run,
			.number = ++w->n_steps,
			.connector = c->row.id,
			.type = run_profile_name(type),
			.started = unix_now()},
		.conn = c,
	};
	w->s.counters = (struct counters){0};
	w->s.n_errors = 0;
	TRY(store_ensure_transaction(w->s.store, e));
	return w->req->preview ? 0 : step_row_insert(w->s.store, &ret->row, e);
}

/* In a transaction. */
static int step_done(struct single *w, struct single_step *st, enum step_result r,
	const char *error, struct err *e)
{
	json_t *json = counters_to_json(&w->s.counters);
	_cleanup_free_ char *counters = json_dumps(json, JSON_COMPACT);

	json_decref(json);
	report_result(w, r);
	st->row.ended = unix_now();
	st->row.result = step_result_word(r);
	st->row.counters = counters;
	st->row.error = error && *error ? error : NULL;
	return w->req->preview ? 0 : step_row_update(w->s.store, &st->row, e);
}

/* --- import --- */

static enum step_result found_result(struct single *w, struct sync_connector *c)
{
	const struct found *f = found_of(w, c);

	if (failure_of(w, c)->code)
		return STEP_RESULT_IMPORT_READ;
	for (unsigned i = 0; i < f->n; i++)
		if (f->objects[i].error)
			return STEP_RESULT_DISCOVERY_ERRORS;
	return w->s.n_errors ? STEP_RESULT_DISCOVERY_ERRORS : STEP_RESULT_SUCCESS;
}

/* What was found in one connector, into its space; key: the part of the report. */
static int import_found(struct single *w, struct sync_connector *c, const char *key, struct err *e)
{
	struct found *f = found_of(w, c);
	const char *error = failure_of(w, c)->code ? failure_of(w, c)->text : NULL;
	struct single_step st;

	if (!f->n && !error)
		return 0;
	TRY(step_begin(w, c, RUN_DELTA_IMPORT, &st, e));
	c->import_bad = error != NULL;
	if (!error)
		TRY(chosen_import(&w->s, f, e));
	for (unsigned i = 0; i < f->n; i++)
		if (f->objects[i].cs)
			bitmap_set(&w->rows, f->objects[i].cs);
	TRY(step_done(w, &st, found_result(w, c), error, e));
	report_found(w, key, c, found_result(w, c));
	return 0;
}

static int import_all(struct single *w, struct err *e)
{
	TRY(store_ensure_transaction(w->s.store, e));
	for (unsigned i = 0; i < w->s.n_connectors; i++)
		TRY(import_found(w, &w->s.connectors[i], "import", e));
	TRY(hop_end(w, FAULT_IMPORT_BEFORE_COMMIT, FAULT_IMPORT_AFTER_COMMIT, e));
	return report_rules(w, e);
}

/* --- synchronization --- */

/* The metaverse objects of the rows, and the rows of these: both sets only grow. */
static int spread(struct single *w, struct err *e)
{
	for (int64_t id = 0; (id = bitmap_next(&w->rows, id));) {
		int64_t mv;

		TRY(cs_mv_of(w->s.store, id, &mv, e));
		if (mv)
			bitmap_set(&w->mvs, mv);
	}
	for (int64_t mv = 0; (mv = bitmap_next(&w->mvs, mv));) {
		_cleanup_arena_ struct arena a = {0};
		struct cs_row *rows;
		unsigned n;

		TRY(cs_page_joined(w->s.store, mv, &a, &rows, &n, e));
		for (unsigned i = 0; i < n; i++)
			bitmap_set(&w->rows, rows[i].id);
	}
	return 0;
}

static enum step_result sync_result(const struct single *w)
{
	return w->s.n_errors ? STEP_RESULT_SYNC_ERRORS : STEP_RESULT_SUCCESS;
}

static int inbound_one(struct single *w, struct sync_connector *c, struct err *e)
{
	struct single_step st;

	if (c->import_bad || !c->is_source)
		return 0;
	TRY(step_begin(w, c, RUN_DELTA_SYNC, &st, e));
	TRY(chosen_inbound(&w->s, c, &w->rows, e));
	return step_done(w, &st, sync_result(w), NULL, e);
}

static int outbound_one(struct single *w, struct sync_connector *c, struct err *e)
{
	struct single_step st;

	if (c->import_bad || !c->is_target)
		return 0;
	TRY(step_begin(w, c, RUN_DELTA_SYNC, &st, e));
	TRY(chosen_outbound(&w->s, c, &w->mvs, e));
	if (w->s.counters.n[COUNTER_SOA_BLOCKED])
		report_note(w,
			"a change was not sent to %s, because somebody else has the authority: "
			"event "
			"6956 says so, and the comparison below names the attributes",
			c->name);
	if (w->s.counters.n[COUNTER_TRUSTED])
		report_note(w,
			"it is not known what %s has of values that it does not show: they are "
			"taken to be as the rules want them; --everything sends them",
			c->name);
	return step_done(w, &st, sync_result(w), NULL, e);
}

/* As in a cycle: first the connectors in which rules make no objects. */
static int each_connector(struct single *w,
	int (*each)(struct single *w, struct sync_connector *c, struct err *e), struct err *e)
{
	for (int provisions = 0; provisions < 2; provisions++)
		for (unsigned i = 0; i < w->s.n_connectors; i++)
			if (w->s.connectors[i].provisions == provisions)
				TRY(each(w, &w->s.connectors[i], e));
	return 0;
}

static int tell_errors_of(struct single *w, int64_t cs, struct err *e)
{
	static const enum error_phase phases[] = {ERROR_IMPORT, ERROR_SYNC, ERROR_OUTBOUND};
	_cleanup_arena_ struct arena a = {0};

	for (unsigned i = 0; i < ARRAY_SIZE(phases); i++) {
		struct error_row er;
		int r = error_get(w->s.store, cs, phases[i], &a, &er, e);

		TRY(r);
		if (r == 0)
			report_note(w, "%s error of %s: %s: %s", error_phase_name(phases[i]),
				er.dn ? er.dn : "an object", er.type, er.text);
	}
	return 0;
}

static int synchronize(struct single *w, struct err *e)
{
	TRY(store_ensure_transaction(w->s.store, e));
	TRY(spread(w, e));
	TRY(each_connector(w, inbound_one, e));
	TRY(spread(w, e));
	TRY(hop_end(w, FAULT_INBOUND_BEFORE_COMMIT, FAULT_INBOUND_AFTER_COMMIT, e));
	TRY(store_ensure_transaction(w->s.store, e));
	TRY(each_connector(w, outbound_one, e));
	TRY(spread(w, e));
	if (w->req->everything)
		TRY(send_again(w, e));
	TRY(hop_end(w, FAULT_OUTBOUND_BEFORE_COMMIT, FAULT_OUTBOUND_AFTER_COMMIT, e));
	for (int64_t id = 0; (id = bitmap_next(&w->rows, id));)
		TRY(tell_errors_of(w, id, e));
	return 0;
}

/* --- export, and what it came to --- */

static const char *skip_reason(const struct single *w, const struct sync_connector *c)
{
	if (w->req->preview)
		return "this is a preview";
	if (setting_bool(&w->s.cfg->export, "staging_mode"))
		return "staging_mode is on";
	return c->import_bad ? "it could not be read" : NULL;
}

/* An error that still waits for its next try is tried now. */
static int end_waits(struct single *w, struct err *e)
{
	TRY(store_ensure_transaction(w->s.store, e));
	for (int64_t id = 0; (id = bitmap_next(&w->rows, id));)
		TRY(error_retry(w->s.store, id, ERROR_EXPORT, e));
	return store_commit(w->s.store, e);
}

static int send(struct single *w, struct sync_connector *c, json_t *report, struct err *e)
{
	struct step_end end = {.result = STEP_RESULT_SUCCESS};
	struct single_step st;

	TRY(end_waits(w, e));
	TRY(step_begin(w, c, RUN_EXPORT, &st, e));
	TRY(store_commit(w->s.store, e));
	w->s.chosen = &w->rows;
	TRY(step_export(&w->s, c, &end, e));
	w->s.chosen = NULL;
	TRY(store_begin(w->s.store, e));
	TRY(step_done(w, &st, end.result, end.error, e));
	TRY(store_commit(w->s.store, e));
	return report_outcome(w, c, report, end.result, end.error, e);
}

static int confirm(struct single *w, struct sync_connector *c, struct err *e)
{
	if (!c->type->lookup)
		return 0;
	TRY(read_back(w, c, e));
	TRY(store_ensure_transaction(w->s.store, e));
	TRY(import_found(w, c, "confirm", e));
	return hop_end(w, FAULT_IMPORT_BEFORE_COMMIT, FAULT_IMPORT_AFTER_COMMIT, e);
}

static int export_one(struct single *w, struct sync_connector *c, struct err *e)
{
	const char *skip = skip_reason(w, c);
	json_t *report;

	if (!c->is_target)
		return 0;
	TRY(report_pending(w, c, &report, e));
	set_text(report, "skipped", skip);
	if (skip || !json_array_size(json_object_get(report, "objects")))
		return 0;
	TRY(send(w, c, report, e));
	return confirm(w, c, e);
}

/* --- the run --- */

/* Nobody else runs: a run that is not ended in the store was killed. */
static int run_begin(struct single *w, struct err *e)
{
	if (w->req->preview)
		return 0;
	TRY(store_begin(w->s.store, e));
	TRY(run_row_end_stale(
		w->s.store, unix_now(), step_result_word(STEP_RESULT_SERVER_DOWN), e));
	TRY(run_row_insert(w->s.store, SINGLE_RUN, unix_now(), &w->s.run, e));
	TRY(store_commit(w->s.store, e));
	json_object_set_new(w->report, "run", json_integer(w->s.run));
	return 0;
}

static int run_end(struct single *w, struct err *e)
{
	struct record r = {
		.event = step_result_good(w->result) ? EVENT_RUN_FINISHED : EVENT_CYCLE_FAILED};
	char run[24];

	if (w->req->preview)
		return 0;
	snprintf(run, sizeof(run), "%" PRId64, w->s.run);
	r.message = arena_printf(&w->s.arena, "Run %s (" SINGLE_RUN ", %s) ended: %s.", run,
		w->name.dn ? w->name.dn : w->req->name, step_result_word(w->result));
	record_add(&r, RECORD_RUN, run);
	if (!step_result_good(w->result))
		record_add(&r, RECORD_ERROR, step_result_word(w->result));
	fault_hit(FAULT_RUN_BEFORE_FINISH);
	TRY(store_ensure_transaction(w->s.store, e));
	TRY(run_row_end(w->s.store, w->s.run, unix_now(), step_result_word(w->result), e));
	TRY(outbox_add(w->s.store, &r, e));
	TRY(store_commit(w->s.store, e));
	return outbox_deliver(&w->s, e);
}

static int work(struct single *w, struct err *e)
{
	int there = gather(w, e);

	TRY(there);
	set_text(w->report, "connector", w->source->name);
	set_text(w->report, "dn", w->name.dn);
	set_text(w->report, "anchor", w->name.anchor);
	TRY(run_begin(w, e));
	if (there == 0) {
		TRY(import_all(w, e));
		TRY(synchronize(w, e));
		TRY(each_connector(w, export_one, e));
		TRY(compare_all(w, e));
	} else {
		report_result(w, STEP_RESULT_NO_OBJECTS);
	}
	TRY(run_end(w, e));
	set_text(w->report, "result", step_result_word(w->result));
	return 0;
}

static json_t *empty_report(const struct single_request *req)
{
	return json_pack("{s:n, s:n, s:n, s:b, s:n, s:n, s:[], s:[], s:n, s:[], s:[], s:[]}",
		"connector", "dn", "anchor", "preview", req->preview, "run", "result", "notes",
		"import", "synchronization", "export", "confirm", "comparison");
}

static int prepare(
	struct single *w, const struct config *cfg, const struct run_host *host, struct err *e)
{
	_cleanup_free_ char *path = run_store_path(cfg);
	struct store *store = NULL;

	if (access(path, F_OK) < 0)
		return err_set(e, -ENOENT, NULL, 0, "no cycle has run yet");
	TRY(rules_load(cfg, &w->rules, e));
	TRY(store_open(path, STORE_WRITE, &store, e));
	w->s.store = store;
	TRY(context_init(&w->s, cfg, w->rules, store, e));
	w->s.host = host;
	w->found = arena_zalloc(&w->arena, (w->s.n_connectors + 1) * sizeof(*w->found));
	w->failures = arena_zalloc(&w->arena, (w->s.n_connectors + 1) * sizeof(*w->failures));
	for (unsigned i = 0; i < w->s.n_connectors; i++)
		found_init(&w->found[i], &w->s.connectors[i]);
	return check_ready(w, e);
}

static void finish(struct single *w)
{
	if (w->s.store)
		store_rollback(w->s.store); /* a preview, or an error */
	for (unsigned i = 0; w->found && i < w->s.n_connectors; i++)
		found_done(&w->found[i]);
	found_done(&w->shown);
	bitmap_done(&w->rows);
	bitmap_done(&w->mvs);
	store_close(w->s.store);
	sync_done(&w->s);
	rules_free(w->rules);
	arena_done(&w->arena);
	json_decref(w->previews);
}

int single_execute(const struct config *cfg, const struct single_request *req,
	const struct run_host *host, json_t **ret, struct err *e)
{
	struct single w = {.req = req, .report = empty_report(req), .previews = json_object()};
	_cleanup_close_ int lock = -1;
	int r = run_lock(cfg, &lock, e);

	if (r == 0)
		r = prepare(&w, cfg, host, e);
	if (r == 0)
		r = work(&w, e);
	finish(&w);
	if (r < 0)
		json_decref(w.report);
	else
		*ret = w.report;
	return MIN(r, 0);
}
