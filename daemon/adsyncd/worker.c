/* One run, straight through. */
#include "worker.h"
#include "base/stopwatch.h"
#include "log.h"
#include "sync/run.h"
#include "sync/check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define REPORT_FD_MIN 11

static volatile sig_atomic_t stop;
static int report_fd = -1;

static void on_stop(int sig)
{
	stop = 1;
}

static bool canceled(void *ctx)
{
	return stop;
}

static int record(void *ctx, const struct record *r)
{
	return log_record(r);
}

/*
 * Takes the descriptor to a number that nothing else is opened at, and frees the one that was told:
 * no directory or child process gets hold of it, and what is opened later cannot be mistaken for
 * it.
 */
static int open_report(int fd, struct err *e)
{
	if (fd < 0)
		return 0;
	report_fd = fcntl(fd, F_DUPFD_CLOEXEC, REPORT_FD_MIN);
	if (report_fd < 0)
		return err_set(e, -errno, NULL, 0, "cannot report on %d: %s", fd, strerror(errno));
	if (fd > STDERR_FILENO)
		close(fd);
	return 0;
}

/* The line is thrown away when nobody listens. */
static void report(json_t *line)
{
	_cleanup_free_ char *text = json_dumps(line, JSON_COMPACT);
	_cleanup_free_ char *whole = xasprintf("%s\n", text);

	json_decref(line);
	if (report_fd >= 0)
		(void)!write(report_fd, whole, strlen(whole));
}

static void set_string(json_t *o, const char *key, const char *v)
{
	if (v)
		json_object_set_new(o, key, json_string(v));
}

/* Seconds of the step, for the benchmark. */
static json_t *times_json(void)
{
	json_t *o = json_object();

	for (int i = 0; i < WATCH_COUNT; i++)
		json_object_set_new(o, watch_name((enum watch)i),
			json_real((double)watch_ns((enum watch)i) / 1e9));
	return o;
}

static void progress(void *ctx, const struct progress *p)
{
	json_t *o = json_object(), *line = json_object();

	json_object_set_new(o, "run", json_integer(p->run));
	json_object_set_new(o, "step", json_integer(p->step));
	json_object_set_new(o, "steps", json_integer(p->n_steps));
	set_string(o, "connector", p->connector);
	set_string(o, "type", p->type);
	set_string(o, "result", p->result);
	set_string(o, "error", p->error);
	json_object_set_new(o, "counters", counters_to_json(p->counters));
	if (watch_on && p->result)
		json_object_set_new(o, "times", times_json());
	json_object_set_new(line, "progress", o);
	report(line);
}

static int fail(const struct err *e)
{
	json_t *line = json_object();
	char text[1100];

	err_format(e, text, sizeof(text));
	log_message(3, "%s", text);
	json_object_set_new(line, "error", json_string(text));
	report(line);
	return 2;
}

/* No core files with tokens in them; ends with the daemon. */
static void confine(void)
{
	struct rlimit none = {0};
	struct sigaction sa = {.sa_handler = on_stop};

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	umask(077);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void finding(struct test_sink *sink, const struct test_finding *f)
{
	report(json_pack("{s:{s:s, s:s, s:s}}", "finding", "check", f->check, "verdict",
		test_verdict_name(f->verdict), "text", f->text));
}

static int run_test(const struct config *cfg, const char *name)
{
	struct test_sink sink = {finding};
	struct err e = {0};

	if (connector_test(cfg, name, canceled, &sink, &e) < 0)
		return fail(&e);
	report(json_pack("{s:{s:b}}", "end", "good", 1));
	return 0;
}

int worker_main(const struct worker_options *o)
{
	_cleanup_config_ struct config *cfg = NULL;
	struct run_host host = {canceled, record, progress, NULL};
	struct run_request req = {.connector = o->connector};
	struct run_result res = {0};
	struct err e = {0};
	json_t *line, *end;
	int profile = run_profile_find(o->profile);

	confine();
	watch_init();
	if (open_report(o->report, &e) < 0)
		return fail(&e);
	if (o->test)
		return config_load(o->config, &cfg, &e) < 0 ? fail(&e)
		                                            : run_test(cfg, o->connector);
	if (profile < 0) {
		err_set(&e, -EINVAL, NULL, 0, "there is no run profile \"%s\"", o->profile);
		return fail(&e);
	}
	req.profile = (enum run_profile)profile;
	if (config_load(o->config, &cfg, &e) < 0 || run_execute(cfg, &req, &host, &res, &e) < 0)
		return fail(&e);
	end = json_object();
	json_object_set_new(end, "run", json_integer(res.run));
	json_object_set_new(end, "result", json_string(step_result_word(res.result)));
	json_object_set_new(end, "good", json_boolean(step_result_good(res.result)));
	line = json_object();
	json_object_set_new(line, "end", end);
	report(line);
	return !step_result_good(res.result);
}
