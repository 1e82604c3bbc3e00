/*
 * A run: which steps, in which order, full or delta; its record in the store; the events that tell
 * how it ended. Rules or attributes that changed make steps full by themselves.
 */
#include "sync/run.h"
#include "report/fault.h"
#include "base/file.h"
#include "base/stopwatch.h"
#include "base/timefmt.h"
#include "store/cs_page.h"
#include "store/mv_link.h"
#include "store/outbox.h"
#include "store/run_row.h"
#include "sync/context.h"
#include "sync/extension_learn.h"
#include "sync/outbox.h"
#include "sync/parameters.h"
#include "sync/session.h"
#include "sync/role.h"
#include "sync/step.h"
#include "sync/unreadable.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>

static const struct {
	const char *name;
	unsigned steps; /* RUN_IMPORTS ... */
	bool full;
} PROFILES[] = {
#define X(name, word, steps, full) [RUN_##name] = {word, steps, full},
	RUN_PROFILES(X)
#undef X
};

const char *run_profile_name(enum run_profile p)
{
	return PROFILES[p].name;
}

bool run_profile_is_cycle(enum run_profile p)
{
	return PROFILES[p].steps == RUN_CYCLE;
}

int run_profile_find(const char *name)
{
	for (int i = 0; i < RUN_PROFILE_COUNT; i++)
		if (streq(PROFILES[i].name, name))
			return i;
	return -1;
}

char *run_store_path(const struct config *cfg)
{
	return xasprintf("%s/adsyncd.db", setting_text(&cfg->adsyncd, "state_directory"));
}

/* --- preparation --- */

int run_lock(const struct config *cfg, int *ret, struct err *e)
{
	const char *dir = setting_text(&cfg->adsyncd, "state_directory");
	_cleanup_free_ char *path = xasprintf("%s/run.lock", dir);
	_cleanup_close_ int fd = -1;

	TRY(dir_make(dir, 0700, e));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_set(e, -errno, path, 0, "cannot open: %s", strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, -EBUSY, path, 0,
			"Sync is already running. Cannot start a new run till this one completes.");
	*ret = fd;
	fd = -1;
	return 0;
}

static int init_connectors(struct sync *s, struct err *e)
{
	const struct config *cfg = s->cfg;

	s->n_connectors = cfg->n_connectors;
	s->connectors = arena_zalloc(&s->arena, (s->n_connectors + 1) * sizeof(*s->connectors));
	TRY(store_begin(s->store, e));
	for (unsigned i = 0; i < cfg->n_connectors; i++) {
		struct sync_connector *c = &s->connectors[i];

		c->cfg = &cfg->connectors[i];
		c->type = c->cfg->type;
		c->name = c->cfg->settings.name;
		role_set(c, s->rules);
		unreadable_init(c, &s->arena);
		TRY(connector_ensure(s->store, c->name, c->type->name, &s->arena, &c->row, e));
		TRY(sync_parameters(s, c, e));
	}
	return store_commit(s->store, e);
}

/* When a connector's rules or surface changed: a full sync; for other attributes a full import. */
static int check_digest(struct sync *s, struct sync_connector *c, struct err *e)
{
	const char *now = context_rules_digest(s, c), *before = c->row.rules_digest;
	struct record r = {.event = EVENT_RULES_CHANGED};

	if (before && streq(before, now))
		return 0;
	if (before) {
		const char *attrs = strchr(before, '-');

		c->row.full_sync_required = true;
		if (!c->type->imports_all && (!attrs || !streq(attrs, strchr(now, '-'))))
			c->row.full_import_required = true;
		r.message = arena_printf(&s->arena,
			"The synchronization rules of connector \"%s\", or the surface that it "
			"writes through, have changed: this cycle evaluates all of its objects.",
			c->name);
		record_add(&r, RECORD_CONNECTOR, c->name);
	}
	c->row.rules_digest = now;
	TRY(store_begin(s->store, e));
	if (before)
		TRY(outbox_add(s->store, &r, e));
	TRY(connector_update(s->store, &c->row, e));
	return store_commit(s->store, e);
}

/* Objects of a connector that left the configuration stay as they are; somebody should know. */
static int warn_unconfigured(struct sync *s, struct err *e)
{
	struct connector_row *rows;
	unsigned n;

	TRY(connector_list(s->store, &s->arena, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		int64_t imported;

		if (config_connector(s->cfg, rows[i].name))
			continue;
		TRY(cs_count_imported(s->store, rows[i].id, &imported, e));
		if (!imported)
			continue;
		TRY(outbox_warn(s, rows[i].name,
			arena_printf(&s->arena,
				"Connector \"%s\" is no longer in %s. Its %" PRId64
				" objects are kept; nothing is deleted because of that.",
				rows[i].name, s->cfg->path, imported),
			e));
	}
	return 0;
}

/*
 * A connector that no rule exports to any more. Objects that rules made or were to delete stay as
 * they are, with a warning. What rules wanted of objects that inbound joined is forgotten. Nothing
 * is sent.
 */
static int check_left(struct sync *s, struct sync_connector *c, struct err *e)
{
	int64_t present = 0, absent = 0, attributes = 0;

	if (c->is_target)
		return 0;
	TRY(cs_count_want(s->store, c->row.id, WANT_PRESENT, &present, e));
	TRY(cs_count_want(s->store, c->row.id, WANT_ABSENT, &absent, e));
	TRY(cs_count_want(s->store, c->row.id, WANT_ATTRIBUTES, &attributes, e));
	c->lets_go = attributes > 0;
	if (present || absent)
		return outbox_warn(s, c->name,
			arena_printf(&s->arena,
				"No rule exports to connector \"%s\" any more; the %" PRId64
				" objects that rules created or wanted to delete in it are kept, "
				"and nothing is sent to it.",
				c->name, present + absent),
			e);
	return 0;
}

/* A target that was not configured for a while has missed removed references: a full sync. */
static int check_missed(struct sync *s, struct sync_connector *c, struct err *e)
{
	int64_t purged;

	TRY(mv_link_purged(s->store, &purged, e));
	if (c->provisions && c->row.outbound_seq < purged)
		c->row.full_sync_required = true;
	return 0;
}

/* The directories are asked about extensions when the run talks to them anyway. */
static int learn_extensions(struct sync *s, const struct run_request *req, struct err *e)
{
	unsigned steps = PROFILES[req->profile].steps;
	struct extension_asking how = {
		.only = req->connector,
		.again = PROFILES[req->profile].full,
		.make = steps & RUN_EXPORTS && !setting_bool(&s->cfg->export, "staging_mode"),
	};

	if (!(steps & (RUN_IMPORTS | RUN_EXPORTS)))
		return 0;
	TRY(extensions_learn(s, &how, e));
	return outbox_deliver(s, e);
}

static int prepare(
	struct sync *s, const struct run_request *req, struct rules **ret_rules, struct err *e)
{
	int64_t purge = setting_number(&s->cfg->scheduler, "run_history_purge_interval");
	int64_t now = unix_now();

	TRY(learn_extensions(s, req, e));
	TRY(rules_load(s->cfg, ret_rules, e));
	s->rules = (*ret_rules)->set;
	s->extensions = (*ret_rules)->extensions;
	s->metaverse = (*ret_rules)->metaverse;
	TRY(init_connectors(s, e));
	TRY(warn_unconfigured(s, e));
	for (unsigned i = 0; i < s->n_connectors; i++) {
		TRY(check_left(s, &s->connectors[i], e));
		TRY(check_missed(s, &s->connectors[i], e));
		TRY(check_digest(s, &s->connectors[i], e));
	}
	TRY(store_begin(s->store, e));
	TRY(run_row_end_stale(s->store, now, step_result_word(STEP_RESULT_SERVER_DOWN), e));
	TRY(run_row_purge(s->store, now - purge, e));
	return store_commit(s->store, e);
}

/* --- steps --- */

enum step_kind { STEP_IMPORT, STEP_INBOUND, STEP_OUTBOUND, STEP_EXPORT };

struct plan_step {
	enum step_kind kind;
	struct sync_connector *conn;
	bool full;
	bool again; /* a second inbound, if a later one has changed objects of this connector */
};

struct plan {
	struct plan_step *steps;
	unsigned n;
	const char *left_out; /* steps that were not done, with the reasons; "" */
};

/* The profile that runs such a step alone: the step has its name. */
static enum run_profile step_profile(const struct plan_step *p)
{
	switch (p->kind) {
	case STEP_IMPORT:
		return p->full ? RUN_FULL_IMPORT : RUN_DELTA_IMPORT;
	case STEP_INBOUND:
	case STEP_OUTBOUND:
		return p->full ? RUN_FULL_SYNC : RUN_DELTA_SYNC;
	case STEP_EXPORT:
		break;
	}
	return RUN_EXPORT;
}

/* Does the connector get such a step, in the half of the plan with this `provisions`? */
static bool is_meant(const struct sync_connector *c, enum step_kind kind, bool provisions)
{
	if (c->provisions != provisions)
		return false;
	switch (kind) {
	case STEP_IMPORT:
	case STEP_INBOUND:
		return true;
	case STEP_OUTBOUND:
		return c->is_target || c->lets_go;
	case STEP_EXPORT:
		break;
	}
	return c->is_target;
}

static void plan_kind(struct sync *s, struct plan *plan, enum step_kind kind, bool provisions,
	bool full, const char *only)
{
	for (unsigned i = 0; i < s->n_connectors; i++) {
		struct sync_connector *c = &s->connectors[i];
		bool is_full = kind == STEP_IMPORT
		                       ? full || sync_needs_full_import(c)
		                       : kind != STEP_EXPORT &&
		                                 (full || c->row.full_sync_required ||
							 (kind == STEP_OUTBOUND && c->lets_go));

		if (is_meant(c, kind, provisions) && (!only || streq(only, c->name)))
			plan->steps[plan->n++] = (struct plan_step){kind, c, is_full};
	}
}

/*
 * First the connectors in which rules make no objects, then the others. So an object is imported
 * before what was made from it, and what is written to it (the anchor of a user) is exported before
 * the user is made elsewhere.
 */
static void plan_both(
	struct sync *s, struct plan *plan, enum step_kind kind, bool full, const char *only)
{
	plan_kind(s, plan, kind, false, full, only);
	plan_kind(s, plan, kind, true, full, only);
}

/* Objects of one connector may have waited for objects of another one. */
static void plan_again(struct sync *s, struct plan *plan)
{
	for (unsigned i = 0; i < s->n_connectors; i++)
		plan->steps[plan->n++] = (struct plan_step){
			.kind = STEP_INBOUND, .conn = &s->connectors[i], .again = true};
}

/* The order of a cycle: Connect Sync's scheduler. */
static void make_plan(struct sync *s, const struct run_request *req, struct plan *plan)
{
	bool staging = setting_bool(&s->cfg->export, "staging_mode");
	enum run_profile p = req->profile;
	unsigned steps = PROFILES[p].steps;
	bool full = PROFILES[p].full;

	plan->steps = arena_zalloc(&s->arena, (s->n_connectors * 6 + 1) * sizeof(*plan->steps));
	if (steps & RUN_IMPORTS)
		plan_both(s, plan, STEP_IMPORT, full, req->connector);
	if (steps & RUN_SYNCS) {
		plan_both(s, plan, STEP_INBOUND, full, req->connector);
		plan_again(s, plan);
		plan_both(s, plan, STEP_OUTBOUND, full, NULL);
	}
	/* in staging mode a cycle plans no exports; one that is asked for does not begin */
	if (steps & RUN_EXPORTS && !(staging && run_profile_is_cycle(p)))
		plan_both(s, plan, STEP_EXPORT, full, req->connector);
}

/* Why a step is left out; NULL: it is not. */
static const char *skip_reason(const struct plan_step *p)
{
	switch (p->kind) {
	case STEP_IMPORT:
		return NULL;
	case STEP_INBOUND:
		return p->conn->import_bad ? "its import failed" : NULL;
	case STEP_OUTBOUND:
		return p->conn->import_bad ? "the import from it failed" : NULL;
	case STEP_EXPORT:
		break;
	}
	return p->conn->import_bad ? "the import from it failed" : NULL;
}

static int step_call(struct sync *s, const struct plan_step *p, struct step_end *end, struct err *e)
{
	switch (p->kind) {
	case STEP_IMPORT:
		return step_import(s, p->conn, p->full, end, e);
	case STEP_INBOUND:
		return step_inbound(s, p->conn, p->full, end, e);
	case STEP_OUTBOUND:
		return step_outbound(s, p->conn, p->full, end, e);
	case STEP_EXPORT:
		break;
	}
	if (setting_bool(&s->cfg->export, "staging_mode")) {
		end->result = STEP_RESULT_NO_START_MA;
		snprintf(end->error, sizeof(end->error),
			"nothing was exported: staging_mode is on in [export]");
		return 0;
	}
	return step_export(s, p->conn, end, e);
}

/* An event for a step that somebody should look at. */
static int report_step(
	struct sync *s, const struct plan_step *p, const struct step_end *end, struct err *e)
{
	struct record r = {.event = step_result_event(end->result)};
	char run[24];

	if (r.event == NO_EVENT)
		return 0;
	snprintf(run, sizeof(run), "%" PRId64, s->run);
	r.message = arena_printf(&s->arena, "Step %s of connector \"%s\" ended with %s. %s",
		run_profile_name(step_profile(p)), p->conn->name, step_result_word(end->result),
		end->error);
	record_add(&r, RECORD_CONNECTOR, p->conn->name);
	record_add(&r, RECORD_STEP, run_profile_name(step_profile(p)));
	record_add(&r, RECORD_ERROR, step_result_word(end->result));
	record_add(&r, RECORD_RUN, run);
	TRY(store_begin(s->store, e));
	TRY(outbox_add(s->store, &r, e));
	return store_commit(s->store, e);
}

static int save_step(struct sync *s, const struct step_row *row, bool insert, struct err *e)
{
	TRY(store_begin(s->store, e));
	TRY(insert ? step_row_insert(s->store, row, e) : step_row_update(s->store, row, e));
	return store_commit(s->store, e);
}

static void note_result(const struct plan_step *p, enum step_result result)
{
	bool good = step_result_complete(result);

	if (p->kind == STEP_IMPORT) {
		p->conn->import_bad = !good;
		p->conn->imported = good;
	}
	if (p->kind == STEP_INBOUND)
		p->conn->synced = good;
}

/* 1: the step is to be done. */
static int is_due(struct sync *s, const struct plan_step *p, struct err *e)
{
	if (skip_reason(p))
		return 0;
	if (!p->again)
		return 1;
	return p->conn->synced
	               ? cs_has_changed(s->store, p->conn->row.id, p->conn->row.inbound_seq, e)
	               : 0;
}

/* The result of a step that failed because of the store. */
static enum step_result own_failure(int r)
{
	return r == -ENOSPC ? STEP_RESULT_DISK_FULL : STEP_RESULT_SERVER;
}

/* Runs one step and keeps its record. Negative: the store failed. */
static int run_step(struct sync *s, const struct plan_step *p, int number,
	enum step_result *ret_result, struct err *e)
{
	struct step_end end = {.result = STEP_RESULT_SUCCESS};
	struct step_row row = {
		.run = s->run,
		.number = number,
		.connector = p->conn->row.id,
		.type = run_profile_name(step_profile(p)),
		.started = unix_now(),
	};
	_cleanup_free_ char *counters = NULL;
	json_t *json;
	int r;

	s->counters = (struct counters){0};
	s->n_errors = 0;
	s->progress.step = number;
	s->progress.connector = p->conn->name;
	s->progress.type = row.type;
	s->progress.result = s->progress.error = NULL;
	TRY(save_step(s, &row, true, e));
	sync_progress(s, true);
	watch_reset();
	r = step_call(s, p, &end, e);
	watch_leave(WATCH_REST);
	if (r < 0) {
		end.result = own_failure(r);
		err_format(e, end.error, sizeof(end.error));
	}
	json = counters_to_json(&s->counters);
	counters = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	row.ended = unix_now();
	row.result = step_result_word(end.result);
	row.counters = counters;
	row.error = end.error[0] ? end.error : NULL;
	s->progress.result = row.result;
	s->progress.error = row.error;
	*ret_result = end.result;
	if (r < 0) {
		struct err ignored;

		sync_progress(s, true);
		store_rollback(s->store); /* a failed transaction is void */
		/* the step's own error goes up; its record is written as well as it can be */
		if (save_step(s, &row, false, &ignored) < 0)
			store_rollback(s->store);
		return r;
	}
	TRY(save_step(s, &row, false, e));
	note_result(p, end.result);
	sync_progress(s, true);
	return report_step(s, p, &end, e);
}

/* A planned step that is not done: told at once, without a number, and in the event at the end. */
static void leave_out(struct sync *s, struct plan *plan, const struct plan_step *p)
{
	const char *type = run_profile_name(step_profile(p)), *why = skip_reason(p);

	plan->left_out = arena_printf(&s->arena, "%s%s%s of \"%s\" (%s)", plan->left_out,
		plan->left_out[0] ? ", " : "", type, p->conn->name, why);
	s->counters = (struct counters){0};
	s->progress.step = 0;
	s->progress.n_steps--;
	s->progress.connector = p->conn->name;
	s->progress.type = type;
	s->progress.result = s->progress.error = NULL;
	s->progress.left_out = why;
	sync_progress(s, true);
	s->progress.left_out = NULL;
}

static int run_steps(struct sync *s, struct plan *plan, struct run_result *ret, struct err *e)
{
	int number = 0;

	for (unsigned i = 0; i < plan->n; i++)
		s->progress.n_steps += !plan->steps[i].again;
	for (unsigned i = 0; i < plan->n; i++) {
		struct plan_step *p = &plan->steps[i];
		enum step_result result;
		int due;

		if (sync_canceled(s)) {
			ret->result = STEP_RESULT_CANCELED;
			return 0;
		}
		due = is_due(s, p, e);
		TRY(due);
		s->progress.n_steps += p->again && due;
		if (!due && !p->again)
			leave_out(s, plan, p);
		if (!due)
			continue;
		/* the import may have found that all objects are to be evaluated */
		if (p->kind == STEP_INBOUND && !p->again)
			p->full |= p->conn->row.full_sync_required;
		TRY(run_step(s, p, ++number, &result, e));
		if (step_result_severity(result) > step_result_severity(ret->result))
			ret->result = result;
	}
	return 0;
}

static int finish(struct sync *s, const struct run_request *req, const struct plan *plan,
	struct run_result *ret, struct err *e)
{
	bool any_left = plan->left_out[0] != '\0';
	bool good = step_result_good(ret->result);
	struct record r = {.event = good ? EVENT_RUN_FINISHED : EVENT_CYCLE_FAILED};
	char run[24];

	snprintf(run, sizeof(run), "%" PRId64, s->run);
	r.message = arena_printf(&s->arena, "Run %s (%s) ended: %s.%s%s%s", run,
		run_profile_name(req->profile), step_result_word(ret->result),
		any_left ? " Steps left out: " : "", plan->left_out, any_left ? "." : "");
	record_add(&r, RECORD_RUN, run);
	if (!good)
		record_add(&r, RECORD_ERROR, step_result_word(ret->result));
	fault_hit(FAULT_RUN_BEFORE_FINISH);
	TRY(store_begin(s->store, e));
	TRY(run_row_end(s->store, s->run, unix_now(), step_result_word(ret->result), e));
	TRY(outbox_add(s->store, &r, e));
	TRY(store_commit(s->store, e));
	return outbox_deliver(s, e);
}

/* The run's record; a cycle says that it has begun, as the original's scheduler does. */
static int begin(struct sync *s, const struct run_request *req, struct err *e)
{
	struct record r = {.event = EVENT_SCHEDULER};
	char run[24];

	TRY(store_begin(s->store, e));
	TRY(run_row_insert(s->store, run_profile_name(req->profile), unix_now(), &s->run, e));
	snprintf(run, sizeof(run), "%" PRId64, s->run);
	r.message = arena_printf(
		&s->arena, "Cycle %s (%s) has begun.", run, run_profile_name(req->profile));
	record_add(&r, RECORD_RUN, run);
	if (req->profile == RUN_DELTA || req->profile == RUN_INITIAL)
		TRY(outbox_add(s->store, &r, e));
	TRY(store_commit(s->store, e));
	return outbox_deliver(s, e);
}

static int run_all(struct sync *s, const struct run_request *req, struct run_result *ret,
	struct rules **ret_rules, struct err *e)
{
	struct plan plan = {.left_out = ""};
	int r;

	TRY(prepare(s, req, ret_rules, e));
	TRY(outbox_deliver(s, e));
	if (req->connector && !config_connector(s->cfg, req->connector))
		return err_set(e, -EINVAL, s->cfg->path, 0, "there is no connector \"%s\"",
			req->connector);
	make_plan(s, req, &plan);
	TRY(begin(s, req, e));
	ret->run = s->run;
	s->progress.run = s->run;
	ret->result = STEP_RESULT_SUCCESS;
	r = run_steps(s, &plan, ret, e);
	if (r < 0) {
		struct err ignored;

		store_rollback(s->store);
		/* the run's own error goes up; its record is closed as well as it can be */
		if (store_begin(s->store, &ignored) == 0) {
			if (run_row_end(s->store, s->run, unix_now(),
				    step_result_word(own_failure(r)), &ignored) < 0 ||
				store_commit(s->store, &ignored) < 0)
				store_rollback(s->store);
		}
		return r;
	}
	return finish(s, req, &plan, ret, e);
}

int run_execute(const struct config *cfg, const struct run_request *req,
	const struct run_host *host, struct run_result *ret, struct err *e)
{
	_cleanup_free_ char *path = run_store_path(cfg);
	struct sync s = {.cfg = cfg, .host = host};
	_cleanup_rules_ struct rules *rules = NULL;
	_cleanup_close_ int lock = -1;
	int r = run_lock(cfg, &lock, e);

	if (r == 0)
		r = store_open(path, STORE_WRITE, &s.store, e);
	if (r == 0)
		r = run_all(&s, req, ret, &rules, e);
	if (r < 0 && s.store)
		store_rollback(s.store);
	store_close(s.store);
	sync_done(&s);
	return r;
}
