/* The methods of org.adsyncd.Control; a new one is a function, a row, and a line in the .varlink.
 */
#include "base/timefmt.h"
#include "connector_methods.h"
#include "sync/view/show.h"
#include "sync/view/preview.h"
#include "threshold_methods.h"

#include "control_varlink.h"

#include <errno.h>
#include <stdio.h>

/* --- reading the store --- */

static void reply_error(struct varlink_call *c, const struct err *e)
{
	char text[1100];

	varlink_error(c, e->code == -ENOENT ? "NotFound" : "Failed",
		json_pack("{s:s}", "message", err_format(e, text, sizeof(text))));
}

static struct store *open_store(struct daemon *d, struct err *e)
{
	_cleanup_free_ char *path = run_store_path(d->config);
	struct store *s = NULL;

	if (access(path, F_OK) < 0) {
		err_set(e, -ENOENT, NULL, 0, "no cycle has run yet");
		return NULL;
	}
	return store_open(path, STORE_READ, &s, e) < 0 ? NULL : s;
}

/* Replies {key: value}, or the error. */
static void reply_value(struct varlink_call *c, const char *key, json_t *value, const struct err *e)
{
	json_t *o;

	if (!value) {
		reply_error(c, e);
		return;
	}
	o = json_object();
	json_object_set_new(o, key, value);
	varlink_reply(c, o, false);
}

static void call_list_runs(struct varlink_call *c, const json_t *p, void *ctx)
{
	json_int_t limit = json_integer_value(json_object_get(p, "limit"));
	struct err e = {0};
	_cleanup_store_ struct store *s = open_store(ctx, &e);

	reply_value(c, "runs",
		s ? show_runs(s, limit > 0 && limit <= 1000 ? (unsigned)limit : 20, &e) : NULL, &e);
}

static void call_get_run(struct varlink_call *c, const json_t *p, void *ctx)
{
	struct err e = {0};
	_cleanup_store_ struct store *s = open_store(ctx, &e);

	reply_value(c, "run",
		s ? show_run(s, json_integer_value(json_object_get(p, "run")), &e) : NULL, &e);
}

static void call_list_errors(struct varlink_call *c, const json_t *p, void *ctx)
{
	json_int_t limit = json_integer_value(json_object_get(p, "limit"));
	struct err e = {0};
	_cleanup_store_ struct store *s = open_store(ctx, &e);

	reply_value(c, "errors",
		s ? show_errors(s, limit > 0 && limit <= 5000 ? (unsigned)limit : 100, &e) : NULL,
		&e);
}

static void call_list_pending(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *connector = json_string_value(json_object_get(p, "connector"));
	const char *after = json_string_value(json_object_get(p, "after"));
	struct err e = {0};
	_cleanup_store_ struct store *s = open_store(ctx, &e);
	json_t *page = s ? show_pending(s, connector, after, &e) : NULL;

	if (page)
		varlink_reply(c, page, false);
	else
		reply_error(c, &e);
}

static void call_search(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *text = json_string_value(json_object_get(p, "text"));
	const char *connector = json_string_value(json_object_get(p, "connector"));
	struct err e = {0};
	_cleanup_store_ struct store *s = NULL;

	if (!text || !*text) {
		varlink_invalid(c, "text");
		return;
	}
	s = open_store(ctx, &e);
	reply_value(c, "objects", s ? show_search(s, connector, text, &e) : NULL, &e);
}

static void call_get_cs(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *connector = json_string_value(json_object_get(p, "connector"));
	const char *name = json_string_value(json_object_get(p, "name"));
	struct err e = {0};
	_cleanup_store_ struct store *s = NULL;

	if (!connector || !name) {
		varlink_invalid(c, connector ? "name" : "connector");
		return;
	}
	s = open_store(ctx, &e);
	reply_value(c, "object", s ? show_cs(s, connector, name, &e) : NULL, &e);
}

static void call_get_mv(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *name = json_string_value(json_object_get(p, "name"));
	struct err e = {0};
	_cleanup_store_ struct store *s = NULL;

	if (!name) {
		varlink_invalid(c, "name");
		return;
	}
	s = open_store(ctx, &e);
	reply_value(c, "object", s ? show_mv(s, name, &e) : NULL, &e);
}

/* The rules as they are in the files now: a changed one can be tried before it runs. */
static void call_lineage(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *name = json_string_value(json_object_get(p, "name"));
	_cleanup_rules_ struct rules *rules = NULL;
	struct daemon *d = ctx;
	struct err e = {0};
	_cleanup_store_ struct store *s = NULL;
	json_t *list = NULL;
	int64_t mv;

	if (!name) {
		varlink_invalid(c, "name");
		return;
	}
	s = open_store(d, &e);
	if (s && rules_load(d->config, &rules, &e) == 0 &&
		show_find_mv(s, name, &mv, &e) == 0 &&
		lineage_object(d->config, rules, s, mv, &list, &e) < 0)
		list = NULL;
	reply_value(c, "lineage", list, &e);
}

static void call_preview(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *name = json_string_value(json_object_get(p, "name"));
	const char *connector = json_string_value(json_object_get(p, "connector"));
	_cleanup_rules_ struct rules *rules = NULL;
	struct daemon *d = ctx;
	struct err e = {0};
	_cleanup_store_ struct store *s = NULL;
	json_t *preview = NULL;

	if (!name) {
		varlink_invalid(c, "name");
		return;
	}
	s = open_store(d, &e);
	if (s && rules_load(d->config, &rules, &e) == 0 &&
		preview_object(d->config, rules, s, connector, name, &preview, &e) < 0)
		preview = NULL;
	reply_value(c, "preview", preview, &e);
}

/* --- connectors --- */

static void call_get_connector(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *name = json_string_value(json_object_get(p, "name"));
	struct err e = {0}, none = {0};
	_cleanup_store_ struct store *s = open_store(ctx, &none); /* before the first run: NULL */

	if (!name)
		varlink_invalid(c, "name");
	else
		reply_value(c, "connector", connector_json(ctx, name, s, &e), &e);
}

static void call_statistics(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *name = json_string_value(json_object_get(p, "name"));
	struct err e = {0};
	_cleanup_store_ struct store *s = open_store(ctx, &e);

	reply_value(c, "statistics", s ? show_statistics(s, name, &e) : NULL, &e);
}

static void call_test_connector(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *name = json_string_value(json_object_get(p, "name"));
	struct err e = {0};

	if (!name)
		varlink_invalid(c, "name");
	else if (connector_test_start(ctx, c, name, &e) < 0)
		reply_error(c, &e);
}

/* --- thresholds and retries --- */

static void call_get_threshold(struct varlink_call *c, const json_t *p, void *ctx)
{
	struct err e = {0};
	_cleanup_store_ struct store *s = open_store(ctx, &e);

	reply_value(c, "threshold", s ? threshold_json(ctx, s, &e) : NULL, &e);
}

static void reply_done(struct varlink_call *c, int r, const struct err *e)
{
	if (r == -EBUSY)
		varlink_error(c, "AlreadyRunning", json_pack("{s:s}", "message", e->text));
	else if (r < 0)
		reply_error(c, e);
	else
		varlink_reply(c, NULL, false);
}

static void call_set_threshold(struct varlink_call *c, const json_t *p, void *ctx)
{
	const json_t *n = json_object_get(p, "threshold");
	struct err e = {0};

	if (n && !json_is_null(n) && (!json_is_integer(n) || json_integer_value(n) < 0))
		varlink_invalid(c, "threshold");
	else
		reply_done(c,
			threshold_change(ctx, json_is_integer(n) ? json_integer_value(n) : -1, &e),
			&e);
}

static void call_override_threshold(struct varlink_call *c, const json_t *p, void *ctx)
{
	struct threshold_override o;
	struct err e = {0};
	int r = threshold_allow(ctx, &o, &e);

	if (r < 0)
		reply_done(c, r, &e);
	else
		varlink_reply(c,
			json_pack("{s:I, s:I, s:I}", "deletes", (json_int_t)o.deletes, "references",
				(json_int_t)o.references, "removals", (json_int_t)o.removals),
			false);
}

static void call_retry_error(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *name = json_string_value(json_object_get(p, "name"));
	const char *connector = json_string_value(json_object_get(p, "connector"));
	struct err e = {0};

	if (!name)
		varlink_invalid(c, "name");
	else
		reply_done(c, error_retry_named(ctx, connector, name, &e), &e);
}

/* --- status --- */

static json_t *scheduler_json(const struct daemon *d)
{
	const struct settings *s = &d->config->scheduler;
	char interval[TIME_TEXT_SIZE], purge[TIME_TEXT_SIZE], next[TIME_TEXT_SIZE];
	bool enabled = setting_bool(s, "sync_cycle_enabled");
	json_t *o = json_object();

	duration_format(setting_number(s, "sync_cycle_interval"), interval);
	duration_format(setting_number(s, "run_history_purge_interval"), purge);
	json_object_set_new(o, "AllowedSyncCycleInterval", json_string(interval));
	json_object_set_new(o, "CurrentlyEffectiveSyncCycleInterval", json_string(interval));
	json_object_set_new(o, "NextSyncCyclePolicyType",
		json_string(d->schedule.initial ? "Initial" : "Delta"));
	json_object_set_new(o, "NextSyncCycleStartTimeInUTC",
		enabled ? json_string(time_format(d->schedule.next, next)) : json_null());
	json_object_set_new(o, "PurgeRunHistoryInterval", json_string(purge));
	json_object_set_new(o, "SyncCycleEnabled", json_boolean(enabled));
	json_object_set_new(o, "StagingModeEnabled",
		json_boolean(setting_bool(&d->config->export, "staging_mode")));
	json_object_set_new(o, "SyncCycleInProgress", json_boolean(d->job != NULL));
	return o;
}

static void call_status(struct varlink_call *c, const json_t *p, void *ctx)
{
	struct daemon *d = ctx;
	struct err e = {0};
	_cleanup_store_ struct store *s = open_store(d, &e);
	json_t *o = json_object();
	json_t *last = s ? show_run(s, 0, &e) : NULL;
	json_t *connectors = s ? show_connectors(s, &e) : NULL;

	json_object_set_new(o, "version", json_string(ADSYNC_VERSION));
	json_object_set_new(o, "pid", json_integer(getpid()));
	json_object_set_new(o, "configuration", json_string(d->config->path));
	json_object_set_new(o, "scheduler", scheduler_json(d));
	json_object_set_new(o, "running",
		d->progress ? json_incref(d->progress)
		: d->job    ? json_object()
			    : json_null());
	json_object_set_new(o, "last_run", last ? last : json_null());
	json_object_set_new(o, "connectors", connectors ? connectors : json_array());
	varlink_reply(c, o, false);
}

/* --- runs --- */

static void waiter_gone(struct varlink_call *c, void *ctx)
{
	struct daemon *d = ctx;

	for (unsigned i = 0; i < d->n_waiters; i++)
		if (d->waiters[i] == c)
			d->waiters[i] = d->waiters[--d->n_waiters];
}

void waiters_progress(struct daemon *d, const json_t *progress)
{
	for (unsigned i = 0; i < d->n_waiters; i++) {
		json_t *o = json_object();

		json_object_set(o, "progress", (json_t *)progress);
		varlink_reply(d->waiters[i], o, true);
	}
}

void waiters_end(struct daemon *d, const json_t *end, const char *error)
{
	while (d->n_waiters) {
		struct varlink_call *c = d->waiters[--d->n_waiters];
		json_t *o = json_object();

		if (end) {
			json_object_set(o, "end", (json_t *)end);
			varlink_reply(c, o, false);
		} else {
			json_object_set_new(o, "message", json_string(error));
			varlink_error(c, "Failed", o);
		}
	}
}

static void start(
	struct varlink_call *c, struct daemon *d, const char *profile, const char *connector)
{
	struct err e = {0};
	int r = daemon_run(d, profile, connector, &e);

	if (r == -EBUSY) {
		varlink_error(c, "AlreadyRunning", json_pack("{s:s}", "message", e.text));
	} else if (r < 0) {
		reply_error(c, &e);
	} else if (varlink_wants_more(c) && d->n_waiters < WAITERS_MAX) {
		d->waiters[d->n_waiters++] = c;
		varlink_on_gone(c, waiter_gone, d);
		varlink_reply(c, json_pack("{s:b}", "started", 1), true);
	} else {
		varlink_reply(c, json_pack("{s:b}", "started", 1), false);
	}
}

static void call_start_cycle(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *policy = json_string_value(json_object_get(p, "policy"));

	if (!policy || (!streq(policy, "delta") && !streq(policy, "initial")))
		varlink_invalid(c, "policy");
	else
		start(c, ctx, policy, NULL);
}

static void call_run_profile(struct varlink_call *c, const json_t *p, void *ctx)
{
	const char *profile = json_string_value(json_object_get(p, "profile"));
	const char *connector = json_string_value(json_object_get(p, "connector"));
	struct daemon *d = ctx;

	if (!profile || run_profile_find(profile) < 0)
		varlink_invalid(c, "profile");
	else if (connector && !config_connector(d->config, connector))
		varlink_error(c, "NotFound",
			json_pack("{s:s}", "message", "there is no connector of that name"));
	else
		start(c, d, profile, connector);
}

static void call_stop(struct varlink_call *c, const json_t *p, void *ctx)
{
	struct daemon *d = ctx;

	if (!d->job) {
		varlink_error(c, "NotRunning", NULL);
		return;
	}
	job_stop(d->job);
	varlink_reply(c, json_pack("{s:b}", "stopped", 1), false);
}

static void call_reload(struct varlink_call *c, const json_t *p, void *ctx)
{
	struct err e = {0};

	if (daemon_reload(ctx, &e) < 0)
		reply_error(c, &e);
	else
		varlink_reply(c, NULL, false);
}

static const struct varlink_method methods[] = {
	{"GetStatus", true, call_status},
	{"ListRuns", true, call_list_runs},
	{"GetRun", true, call_get_run},
	{"StartSyncCycle", false, call_start_cycle},
	{"RunProfile", false, call_run_profile},
	{"StopSyncCycle", false, call_stop},
	{"Reload", false, call_reload},
	{"ListErrors", false, call_list_errors},
	{"ListPending", false, call_list_pending},
	{"SearchConnectorSpace", false, call_search},
	{"GetConnectorSpaceObject", false, call_get_cs},
	{"GetMetaverseObject", false, call_get_mv},
	{"GetLineage", false, call_lineage},
	{"Preview", false, call_preview},
	{"GetConnector", false, call_get_connector},
	{"GetConnectorStatistics", false, call_statistics},
	{"TestConnector", false, call_test_connector},
	{"GetThreshold", false, call_get_threshold},
	{"SetThreshold", false, call_set_threshold},
	{"OverrideThreshold", false, call_override_threshold},
	{"RetryError", false, call_retry_error},
};

struct varlink_service daemon_service(struct daemon *d)
{
	return (struct varlink_service){
		.interface = "org.adsyncd.Control",
		.description = control_varlink,
		.vendor = "adsyncd",
		.product = "adsyncd",
		.version = ADSYNC_VERSION,
		.url = "",
		.methods = methods,
		.n_methods = ARRAY_SIZE(methods),
		.ctx = d,
	};
}
