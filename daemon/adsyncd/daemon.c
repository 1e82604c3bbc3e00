/*
 * The loop: scheduler, worker, sockets, signals, watchdog. It owns struct daemon; what takes longer
 * than a few rows is a worker's, see ask.h and job.h.
 */
#include "daemon.h"
#include "base/file.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "ask.h"
#include "log.h"

#include <systemd/sd-daemon.h>

#include <errno.h>
#include <grp.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define TICK_MAX 60 /* seconds: the clock may jump, so the schedule is looked at that often */

static int64_t interval(const struct daemon *d)
{
	return setting_number(&d->config->scheduler, "sync_cycle_interval");
}

static const char *state_dir(const struct daemon *d)
{
	return setting_text(&d->config->adsyncd, "state_directory");
}

static void save_schedule(struct daemon *d)
{
	struct err e = {0};
	char text[1100];

	if (schedule_save(state_dir(d), &d->schedule, &e) < 0)
		log_message(4, "the schedule cannot be kept over a restart: %s",
			err_format(&e, text, sizeof(text)));
}

static void arm_timer(struct daemon *d)
{
	bool enabled = setting_bool(&d->config->scheduler, "sync_cycle_enabled");
	int64_t wait = schedule_wait(&d->schedule, unix_now(), enabled);
	struct timeval tv = {0};

	if (wait < 0)
		return;
	tv.tv_sec = (time_t)MIN(wait, (int64_t)TICK_MAX);
	evtimer_add(d->timer, &tv);
}

static void notify_status(struct daemon *d)
{
	char next[TIME_TEXT_SIZE];

	if (d->job)
		sd_notifyf(0, "STATUS=Running: %s", job_name(d->job));
	else if (!setting_bool(&d->config->scheduler, "sync_cycle_enabled"))
		sd_notifyf(0, "STATUS=%sThe scheduler is off (sync_cycle_enabled)", d->last);
	else
		sd_notifyf(0, "STATUS=%sNext synchronization cycle at %s", d->last,
			time_format(d->schedule.next, next));
}

/* For one line, and systemd takes no half a character: an error may be text of a server. */
static void note_last(struct daemon *d, const struct job_end *end)
{
	const char *result = json_string_value(json_object_get(end->end, "result"));

	snprintf(d->last, sizeof(d->last) - 2, "Last run (%s): %s%s", job_name(d->job),
		result ? result : "failed: ", result || !end->error ? "" : end->error);
	utf8_cut(d->last);
	for (char *p = d->last; *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	strcat(d->last, ". ");
}

/* --- runs --- */

static void on_progress(void *ctx, const json_t *progress)
{
	struct daemon *d = ctx;

	json_decref(d->progress);
	d->progress = json_incref((json_t *)progress);
	waiters_progress(d, progress);
}

static void on_end(void *ctx, const struct job_end *end)
{
	struct daemon *d = ctx;

	note_last(d, end);
	d->job = NULL;
	json_decref(d->progress);
	d->progress = NULL;
	if (end->error)
		log_message(3, "the run failed: %s", end->error);
	waiters_end(d, end);
	notify_status(d);
	daemon_idle(d);
}

static void begin_cycle(struct daemon *d)
{
	schedule_begun(&d->schedule, unix_now(), interval(d));
	save_schedule(d);
	arm_timer(d);
}

int daemon_run(struct daemon *d, enum run_profile profile, const char *connector, struct err *e)
{
	struct job_handler h = {on_progress, on_end, d};
	struct job_request rq = {.config = d->config_path,
		.profile = run_profile_name(profile),
		.connector = connector,
		.timeout = setting_number(&d->config->scheduler, "run_timeout")};
	int r;

	if (d->stopping)
		return err_set(e, -ESHUTDOWN, NULL, 0, "adsyncd is stopping");
	if (d->job)
		return err_set(e, -EALREADY, NULL, 0,
			"Sync is already running. Cannot start a new run till this one completes.");
	if (ask_writes(d))
		return err_set(e, -EBUSY, NULL, 0,
			"a change is being made right now (a setting, one object, or the source of "
			"authority of objects); try again when it has ended");
	r = job_start(d->base, &rq, &h, &d->job, e);
	if (r < 0)
		return r;
	if (run_profile_is_cycle(profile))
		begin_cycle(d);
	notify_status(d);
	return 0;
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct daemon *d = ctx;
	bool enabled = setting_bool(&d->config->scheduler, "sync_cycle_enabled");
	struct err e = {0};
	char text[1100];

	if (d->job || d->stopping || ask_writes(d))
		return; /* its end arms the timer again */
	if (schedule_look(&d->schedule, unix_now(), interval(d)) && enabled)
		log_message(5, "the clock was set back: a cycle is due now");
	if (schedule_wait(&d->schedule, unix_now(), enabled) == 0 &&
		daemon_run(d, d->schedule.initial ? RUN_INITIAL : RUN_DELTA, NULL, &e) < 0) {
		log_message(3,
			"the cycle could not begin and is tried again after one interval: %s",
			err_format(&e, text, sizeof(text)));
		begin_cycle(d);
		notify_status(d);
	}
	arm_timer(d);
}

/* --- configuration --- */

static const char *const FIXED[] = {
	"state_directory", "control_socket", "status_socket", "control_group"};

/* The rules were checked by a worker. */
static int take_config(struct daemon *d, struct err *e)
{
	_cleanup_config_ struct config *new = NULL;

	TRY(config_load(d->config_path, &new, e));
	for (unsigned i = 0; i < ARRAY_SIZE(FIXED); i++) {
		const char *a = setting_text(&d->config->adsyncd, FIXED[i]);
		const char *b = setting_text(&new->adsyncd, FIXED[i]);

		if ((a || b) && !(a && b && streq(a, b)))
			return err_set(e, -EINVAL, d->config_path, 0,
				"%s cannot change while adsyncd runs; restart it", FIXED[i]);
	}
	config_free(d->config);
	d->config = steal(&new);
	schedule_interval(&d->schedule, unix_now(), interval(d));
	save_schedule(d);
	arm_timer(d);
	notify_status(d);
	return 0;
}

static void begin_reload(struct daemon *d)
{
	struct err e = {0};
	char text[1100];
	int r = ask_check(d, NULL, &e);

	d->reload_again = r == -EBUSY && !d->stopping;
	if (r == 0 || d->reload_again)
		return;
	log_message(3, "the configuration was not reloaded, the old one stays: %s",
		err_format(&e, text, sizeof(text)));
	sd_notify(0, "READY=1"); /* for systemd the reload is over */
}

void daemon_checked(struct daemon *d, struct varlink_call *c, const char *error)
{
	struct err e = {0};
	char text[1100];
	bool good = !error && !d->stopping && take_config(d, &e) == 0;

	if (!good && !error)
		error = d->stopping ? "adsyncd is stopping" : err_format(&e, text, sizeof(text));
	if (good)
		log_message(6, "the configuration was reloaded from %s", d->config_path);
	else
		log_message(3, "the configuration was not reloaded, the old one stays: %s", error);
	if (c && good)
		varlink_reply(c, NULL, false);
	else if (c)
		ask_reply_error(c, -EINVAL, error);
	sd_notify(0, "READY=1");
}

void daemon_idle(struct daemon *d)
{
	if (d->stopping) {
		if (!d->job && !d->asks)
			event_base_loopexit(d->base, NULL);
		return;
	}
	arm_timer(d);
	if (d->reload_again)
		begin_reload(d);
}

static void on_hup(evutil_socket_t sig, short what, void *ctx)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, monotonic_ms() * 1000);
	begin_reload(ctx);
}

/* --- start and stop --- */

static void on_stop(evutil_socket_t sig, short what, void *ctx)
{
	struct daemon *d = ctx;

	if (d->stopping)
		return;
	d->stopping = true;
	sd_notify(0, "STOPPING=1");
	/* the end of the last worker ends the loop */
	if (d->job)
		job_stop(d->job);
	ask_stop_all(d);
	daemon_idle(d);
}

static void on_watchdog(evutil_socket_t fd, short what, void *ctx)
{
	sd_notify(0, "WATCHDOG=1");
}

static void event_record(enum event_id id, const char *message)
{
	struct record r = {.event = id, .message = message};

	(void)!log_record(&r);
}

/*
 * The group of the configuration as a number, once, before the loop: a name service may take its
 * time. Without it the daemon does its work all the same.
 */
static struct varlink_access control_access(const struct daemon *d)
{
	const char *name = setting_text(&d->config->adsyncd, "control_group");
	const struct group *g;

	if (!name)
		return (struct varlink_access){0};
	g = getgrnam(name);
	if (g)
		return (struct varlink_access){.group = true, .gid = g->gr_gid};
	log_message(4,
		"there is no group \"%s\" (control_group): only root may use the control socket "
		"until adsyncd is started again",
		name);
	return (struct varlink_access){0};
}

static int listen_all(struct daemon *d, const struct varlink_service *service, struct err *e)
{
	const struct settings *s = &d->config->adsyncd;
	struct varlink_access control = control_access(d), status = {.everybody = true};

	TRY(varlink_listen(
		d->base, service, setting_text(s, "control_socket"), &control, &d->control, e));
	return varlink_listen(
		d->base, service, setting_text(s, "status_socket"), &status, &d->status, e);
}

static void load_schedule(struct daemon *d)
{
	bool damaged;

	schedule_load(state_dir(d), &d->schedule, &damaged);
	if (damaged)
		log_message(4, "%s/scheduler.json is damaged; a cycle is due now", state_dir(d));
	schedule_start(&d->schedule, unix_now(), interval(d));
}

/*
 * Before the loop. Also loads the rules once, so that a mistake in them is found at start and not
 * at night; and a store of an older version is upgraded before anybody asks for what is in it.
 */
static int prepare(struct daemon *d, struct err *e)
{
	struct err warning = {0};
	char text[1100];

	TRY(config_load(d->config_path, &d->config, e));
	TRY(question_check_rules(d->config, e));
	TRY(dir_make(state_dir(d), 0700, e));
	if (question_upgrade_store(d->config, &warning) < 0)
		log_message(4, "%s", err_format(&warning, text, sizeof(text)));
	return 0;
}

static void loop(struct daemon *d)
{
	static const struct {
		int sig;
		event_callback_fn fn;
	} signals[] = {{SIGTERM, on_stop}, {SIGINT, on_stop}, {SIGHUP, on_hup}};
	struct event *events[ARRAY_SIZE(signals) + 1] = {0};
	uint64_t usec = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++) {
		events[i] = evsignal_new(d->base, signals[i].sig, signals[i].fn, d);
		event_add(events[i], NULL);
	}
	if (sd_watchdog_enabled(0, &usec) > 0) {
		struct timeval tv = {
			(time_t)(usec / 2 / 1000000), (suseconds_t)(usec / 2 % 1000000)};

		events[ARRAY_SIZE(signals)] = event_new(d->base, -1, EV_PERSIST, on_watchdog, d);
		event_add(events[ARRAY_SIZE(signals)], &tv);
	}
	arm_timer(d);
	notify_status(d);
	sd_notify(0, "READY=1");
	event_record(EVENT_SERVICE_STARTED, "adsyncd " ADSYNC_VERSION " has started.");
	event_base_dispatch(d->base);
	event_record(EVENT_SERVICE_STOPPED, "adsyncd has stopped.");
	for (unsigned i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i])
			event_free(events[i]);
}

static void confine(void)
{
	struct rlimit none = {0};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	umask(077);
	signal(SIGPIPE, SIG_IGN);
}

int daemon_main(const char *config_path)
{
	struct daemon d = {.config_path = config_path};
	struct varlink_service service;
	struct err e = {0};
	char text[1100];
	int r = prepare(&d, &e);

	if (r == 0) {
		confine();
		d.base = event_base_new();
		d.timer = evtimer_new(d.base, on_timer, &d);
		load_schedule(&d);
		service = daemon_service(&d);
		r = listen_all(&d, &service, &e);
		if (r == 0)
			loop(&d);
		varlink_close(d.control);
		varlink_close(d.status);
		event_free(d.timer);
		event_base_free(d.base);
	}
	config_free(d.config);
	if (r < 0)
		log_message(3, "%s", err_format(&e, text, sizeof(text)));
	return r < 0 ? 1 : 0;
}
