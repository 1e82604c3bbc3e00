/* One run or one question, straight through. */
#include "worker.h"
#include "base/stopwatch.h"
#include "log.h"
#include "sync/run.h"
#include "sync/view/question.h"

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

/* What nobody listens to is thrown away. */
static void report_text(const char *text)
{
	size_t n = strlen(text), done = 0;

	while (report_fd >= 0 && done < n) {
		ssize_t w = write(report_fd, text + done, n - done);

		if (w < 0 && errno != EINTR)
			return;
		done += w > 0 ? (size_t)w : 0;
	}
}

static void report(json_t *line)
{
	_cleanup_free_ char *text = json_dumps(line, JSON_COMPACT);
	_cleanup_free_ char *whole = xasprintf("%s\n", text);

	json_decref(line);
	report_text(whole);
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

/* Of all connectors: whoever prints lines of all steps can put them in columns. */
static json_t *names(const struct config *cfg)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cfg->n_connectors; i++)
		json_array_append_new(list, json_string(cfg->connectors[i].settings.name));
	return list;
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
	set_string(o, "left_out", p->left_out);
	json_object_set_new(o, "connectors", names(ctx));
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
	json_object_set_new(line, "code", json_integer(e->code));
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

/* --- a question --- */

/* For who asked; the daemon tells him, and the log has no use for it. */
static int refuse(const struct err *e)
{
	char text[1100];

	report(json_pack(
		"{s:s, s:i}", "error", err_format(e, text, sizeof(text)), "code", e->code));
	return 2;
}

static int read_parameters(json_t **ret, struct err *e)
{
	json_error_t je;

	*ret = json_loadfd(STDIN_FILENO, 0, &je);
	return json_is_object(*ret)
	               ? 0
	               : err_set(e, -EINVAL, NULL, 0, "the parameters are no JSON object");
}

static void work_progressed(void *ctx, json_t *o)
{
	report(json_pack("{s:o}", "progress", o));
}

static int answer(
	const struct config *cfg, const struct worker_options *o, json_t **ret, struct err *e)
{
	const struct question *q = question_find(o->question);
	struct work_host host = {canceled, record, work_progressed, o->uid, NULL};
	json_t *parameters = NULL;
	int r;

	if (!q)
		return err_set(e, -EINVAL, NULL, 0, "there is no question \"%s\"", o->question);
	if (!question_is_work(q)) {
		/* nothing is left half done when it is killed: it may be, at any time */
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
	}
	r = read_parameters(&parameters, e);
	if (r == 0 && question_wrong(q, parameters))
		r = err_set(e, -EINVAL, NULL, 0, "the parameter \"%s\" is wrong",
			question_wrong(q, parameters));
	if (r == 0)
		r = question_answer(cfg, q, parameters, &host, ret, e);
	json_decref(parameters);
	return r;
}

static int ask(const struct worker_options *o)
{
	_cleanup_config_ struct config *cfg = NULL;
	_cleanup_free_ char *text = NULL, *whole = NULL;
	struct err e = {0};
	json_t *reply = NULL;

	if (config_load(o->config, &cfg, &e) < 0 || answer(cfg, o, &reply, &e) < 0)
		return refuse(&e);
	text = json_dumps(reply, JSON_COMPACT);
	json_decref(reply);
	whole = xasprintf("%c%s\n", WORKER_ANSWER, text);
	report_text(whole);
	return 0;
}

/* --- a run --- */

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
	if (o->question)
		return ask(o);
	if (profile < 0) {
		err_set(&e, -EINVAL, NULL, 0, "there is no run profile \"%s\"", o->profile);
		return fail(&e);
	}
	req.profile = (enum run_profile)profile;
	if (config_load(o->config, &cfg, &e) < 0)
		return fail(&e);
	host.ctx = cfg; /* of progress() */
	if (run_execute(cfg, &req, &host, &res, &e) < 0)
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
