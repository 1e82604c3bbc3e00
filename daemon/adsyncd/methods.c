/*
 * The methods of org.adsyncd.Control. What only the store has to answer is a question: it has a row
 * in sync/view/question.c and a line in the .varlink file, and nothing here. A method that is about
 * the daemon itself has a function and a row here, and a line in the .varlink file.
 */
#include "ask.h"
#include "base/timefmt.h"
#include "sync/run.h"

#include "control_varlink.h"

#include <errno.h>
#include <stdio.h>

/* What the store answers: at once, or by a worker. */
static void call_question(struct varlink_call *c, const json_t *p, void *ctx)
{
	const struct question *q = question_find(varlink_method_name(c));
	const char *wrong = question_wrong(q, p);
	struct daemon *d = ctx;
	struct err e = {0};
	char text[1100];
	json_t *o = NULL;
	int r;

	if (wrong) {
		varlink_invalid(c, wrong);
		return;
	}
	if (q->kind != QUESTION_QUICK) {
		ask_start(d, c, q, p);
		return;
	}
	r = question_answer(d->config, q, p, NULL, &o, &e);
	if (r < 0)
		ask_reply_error(c, r, err_format(&e, text, sizeof(text)));
	else
		varlink_reply(c, o, false);
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
	char text[1100];
	json_t *o = json_object(), *kept = NULL;
	int r = question_answer(d->config, question_find("GetStatus"), p, NULL, &kept, &e);

	if (r < 0) {
		json_decref(o);
		ask_reply_error(c, r, err_format(&e, text, sizeof(text)));
		return;
	}
	json_object_set_new(o, "version", json_string(ADSYNC_VERSION));
	json_object_set_new(o, "pid", json_integer(getpid()));
	json_object_set_new(o, "configuration", json_string(d->config->path));
	json_object_set_new(o, "scheduler", scheduler_json(d));
	json_object_set_new(o, "running",
		d->progress ? json_incref(d->progress)
		: d->job    ? json_object()
			    : json_null());
	json_object_update(o, kept);
	json_decref(kept);
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

void waiters_end(struct daemon *d, const struct job_end *end)
{
	while (d->n_waiters) {
		struct varlink_call *c = d->waiters[--d->n_waiters];
		json_t *o = json_object();

		if (end->end) {
			json_object_set(o, "end", (json_t *)end->end);
			varlink_reply(c, o, false);
		} else {
			json_object_set_new(o, "message", json_string(end->error));
			varlink_error(c, CONTROL_ERROR_FAILED, o);
		}
	}
}

static void start(
	struct varlink_call *c, struct daemon *d, enum run_profile profile, const char *connector)
{
	struct err e = {0};
	char text[1100];
	int r = daemon_run(d, profile, connector, &e);

	if (r < 0) {
		ask_reply_error(c, r, err_format(&e, text, sizeof(text)));
	} else if (varlink_wants_more(c) && d->n_waiters < WAITERS_MAX) {
		d->waiters[d->n_waiters++] = c;
		varlink_on_gone(c, waiter_gone, d);
		varlink_reply(c, json_pack("{s:b}", "started", 1), true);
	} else {
		varlink_reply(c, json_pack("{s:b}", "started", 1), false);
	}
}

/* -1: the parameter names none. */
static int profile_of(const json_t *p, const char *parameter)
{
	const char *name = json_string_value(json_object_get(p, parameter));

	return name ? run_profile_find(name) : -1;
}

static void call_start_cycle(struct varlink_call *c, const json_t *p, void *ctx)
{
	int policy = profile_of(p, "policy");

	if (policy < 0 || !run_profile_is_cycle((enum run_profile)policy))
		varlink_invalid(c, "policy");
	else
		start(c, ctx, (enum run_profile)policy, NULL);
}

static void call_run_profile(struct varlink_call *c, const json_t *p, void *ctx)
{
	int profile = profile_of(p, "profile");
	const char *connector = json_string_value(json_object_get(p, "connector"));
	struct daemon *d = ctx;
	struct err e = {0};
	char text[1100];
	int r;

	if (profile < 0) {
		varlink_invalid(c, "profile");
	} else if (connector && !config_connector(d->config, connector)) {
		r = err_set(&e, -ENOENT, d->config->path, 0, "there is no connector \"%.200s\"",
			connector);
		ask_reply_error(c, r, err_format(&e, text, sizeof(text)));
	} else {
		start(c, d, (enum run_profile)profile, connector);
	}
}

static void call_stop(struct varlink_call *c, const json_t *p, void *ctx)
{
	struct daemon *d = ctx;

	if (!d->job) {
		varlink_error(c, CONTROL_ERROR_NOT_RUNNING, NULL);
		return;
	}
	job_stop(d->job);
	varlink_reply(c, json_pack("{s:b}", "stopped", 1), false);
}

static void call_reload(struct varlink_call *c, const json_t *p, void *ctx)
{
	struct err e = {0};
	char text[1100];
	int r = ask_check(ctx, c, &e);

	if (r < 0)
		ask_reply_error(c, r, err_format(&e, text, sizeof(text)));
}

/* What the daemon does itself, or adds something to. Of a question its row says the same socket. */
static const struct varlink_method methods[] = {
	{"GetStatus", true, call_status},
	{"StartSyncCycle", false, call_start_cycle},
	{"RunProfile", false, call_run_profile},
	{"StopSyncCycle", false, call_stop},
	{"Reload", false, call_reload},
};

/* Every question is a method: its row says on which socket. */
static bool find_question(const char *name, struct varlink_method *ret)
{
	const struct question *q = question_find(name);

	if (!q)
		return false;
	*ret = (struct varlink_method){q->name, q->socket == QUESTION_ON_BOTH, call_question};
	return true;
}

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
		.find = find_question,
		.ctx = d,
	};
}
