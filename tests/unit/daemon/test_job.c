/*
 * Jobs whose worker is this program: what it does is in the environment. posix_spawn() is wrapped,
 * so that a worker can be dead before the daemon does anything else.
 */
#include "../check.h"
#include "job.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

static bool wait_for_death;

int __real_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);
int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attr, char *const argv[], char *const envp[]);

int __wrap_posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
	const posix_spawnattr_t *attr, char *const argv[], char *const envp[])
{
	int r = __real_posix_spawn(pid, path, actions, attr, argv, envp);
	siginfo_t info;

	if (r == 0 && wait_for_death)
		assert_int_equal(waitid(P_PID, (id_t)*pid, &info, WEXITED | WNOWAIT), 0);
	return r;
}

struct seen {
	struct event_base *base;
	struct job *job;
	bool pauses; /* after each line, for a moment */
	bool paused;
	unsigned ends, lines;
	size_t answer; /* bytes */
	int code;
	char error[200];
};

static void on_rested(evutil_socket_t fd, short what, void *ctx)
{
	struct seen *s = ctx;

	s->paused = false;
	job_resume(s->job);
}

static void on_progress(void *ctx, const json_t *progress)
{
	struct timeval tv = {0, 30000};
	struct seen *s = ctx;

	s->lines++;
	if (!s->pauses || s->paused)
		return;
	s->paused = true;
	job_pause(s->job);
	event_base_once(s->base, -1, EV_TIMEOUT, on_rested, s, &tv);
}

static void on_end(void *ctx, const struct job_end *end)
{
	struct seen *s = ctx;

	s->ends++;
	s->code = end->code;
	s->answer = end->answer ? evbuffer_get_length(end->answer) : 0;
	snprintf(s->error, sizeof(s->error), "%s", end->error ? end->error : "");
	event_base_loopbreak(s->base);
}

static void on_alarm(evutil_socket_t fd, short what, void *ctx)
{
	event_base_loopbreak(ctx);
}

/* Runs the loop until the job has ended; an alarm ends a loop that would wait for ever. */
static void dispatch(struct seen *s, const struct job_request *rq, const char *does)
{
	struct job_handler h = {on_progress, on_end, s};
	struct event *alarm = evtimer_new(s->base, on_alarm, s->base);
	struct timeval tv = {60, 0};
	struct err e = {0};

	setenv("TEST_WORKER", does, 1);
	s->ends = s->lines = 0;
	assert_int_equal(job_start(s->base, rq, &h, &s->job, &e), 0);
	evtimer_add(alarm, &tv);
	event_base_dispatch(s->base);
	event_free(alarm);
	assert_int_equal(s->ends, 1);
}

static void run(struct seen *s, const char *does)
{
	struct job_request rq = {.config = "x.conf", .profile = "delta", .timeout = 60};

	dispatch(s, &rq, does);
}

static void ask(struct seen *s, const char *does, int64_t timeout)
{
	json_t *p = json_pack("{s:s}", "name", "x");
	struct job_request rq = {
		.config = "x.conf", .question = "Preview", .parameters = p, .timeout = timeout};

	dispatch(s, &rq, does);
	json_decref(p);
}

/* Its signal comes before anything that the daemon does after the start. */
static void test_dies_at_once(void **state)
{
	struct seen s = {.base = event_base_new()};

	wait_for_death = true;
	for (int i = 0; i < 50; i++) {
		run(&s, "die");
		assert_string_equal(s.error, "the worker ended with code 7");
	}
	event_base_free(s.base);
}

/* The same without help: whatever comes first, signal or end of the pipe. */
static void test_dies_soon(void **state)
{
	struct seen s = {.base = event_base_new()};

	wait_for_death = false;
	for (int i = 0; i < 50; i++)
		run(&s, "die");
	event_base_free(s.base);
}

static void test_reports(void **state)
{
	struct seen s = {.base = event_base_new()};

	wait_for_death = false;
	run(&s, "report");
	assert_int_equal(s.lines, 2);
	assert_string_equal(s.error, "something");
	event_base_free(s.base);
}

/* An answer is what ends with a newline; anything less is an error. */
static void test_answers(void **state)
{
	struct seen s = {.base = event_base_new()};

	wait_for_death = false;
	ask(&s, "answer", 60); /* what it was asked */
	assert_int_equal(s.answer, strlen("{\"name\":\"x\"}\n"));
	assert_string_equal(s.error, "");
	ask(&s, "large", 60);
	assert_int_equal(s.answer, 3 * 1024 * 1024 + 1);
	ask(&s, "half", 60);
	assert_int_equal(s.answer, 0);
	assert_string_equal(s.error, "the worker ended with code 7");
	ask(&s, "report", 60);
	assert_string_equal(s.error, "something");
	ask(&s, "die", 60);
	assert_string_equal(s.error, "the worker ended with code 7");
	ask(&s, "hang", 1);
	assert_int_equal(s.code, -ETIMEDOUT);
	event_base_free(s.base);
}

/* What takes long tells its progress first; its answer is what comes behind. */
static void test_streams(void **state)
{
	struct job_request rq = {
		.config = "x.conf", .question = "SoaStatus", .streams = true, .uid = 7};
	struct seen s = {.base = event_base_new()};

	wait_for_death = false;
	dispatch(&s, &rq, "stream");
	assert_int_equal(s.lines, 3);
	assert_int_equal(s.answer, strlen("{\"uid\":7}\n"));
	assert_string_equal(s.error, "");
	dispatch(&s, &rq, "report");
	assert_int_equal(s.lines, 2);
	assert_string_equal(s.error, "something");
	dispatch(&s, &rq, "half");
	assert_int_equal(s.lines, 0);
	assert_string_equal(s.error, "the worker ended with code 7");
	/* who cannot listen for a while misses nothing */
	s.pauses = true;
	dispatch(&s, &rq, "many");
	assert_int_equal(s.lines, 100);
	assert_int_equal(s.answer, strlen("{}\n"));
	s.pauses = false;
	/* one that does not stream has no such lines */
	rq.streams = false;
	rq.timeout = 60;
	dispatch(&s, &rq, "stream");
	assert_int_equal(s.answer, 0);
	event_base_free(s.base);
}

static void say(int fd, const char *text, size_t n)
{
	while (n > 0) {
		ssize_t w = write(fd, text, n);

		if (w < 0)
			_exit(8);
		text += w;
		n -= (size_t)w;
	}
}

static int worker(int argc, char **argv)
{
	const char *does = getenv("TEST_WORKER");
	const char *uid = "";
	int fd = -1;

	for (int i = 1; i + 1 < argc; i++)
		if (streq(argv[i], "--report"))
			fd = atoi(argv[i + 1]);
		else if (streq(argv[i], "--uid"))
			uid = argv[i + 1];
	if (does && streq(does, "report"))
		dprintf(fd, "{\"progress\": {}}\n{\"progress\": {}}\n{\"error\": \"something\"}\n");
	if (does && streq(does, "stream")) {
		dprintf(fd, "{\"progress\": {}}\n{\"progress\": {\"a\": 1}}\n{\"prog");
		usleep(20000); /* a line in two pieces */
		dprintf(fd, "ress\": {}}\n+{\"uid\":%s}\n", uid);
	}
	if (does && streq(does, "many")) {
		for (unsigned i = 0; i < 100; i++)
			dprintf(fd, "{\"progress\": {\"a\": \"%04000u\"}}\n", i);
		dprintf(fd, "+{}\n");
	}
	if (does && streq(does, "answer")) {
		char text[100];
		ssize_t n = read(STDIN_FILENO, text, sizeof(text));

		say(fd, "+", 1);
		say(fd, text, (size_t)n);
		say(fd, "\n", 1);
	}
	if (does && streq(does, "half"))
		say(fd, "+{\"name\": ", 10);
	if (does && streq(does, "large")) {
		size_t n = 3 * 1024 * 1024;
		char *text = xmalloc(n);

		memset(text, 'x', n);
		say(fd, "+", 1);
		say(fd, text, n);
		say(fd, "\n", 1);
		free(text);
	}
	if (does && streq(does, "hang"))
		sleep(60);
	_exit(7);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dies_at_once),
		cmocka_unit_test(test_dies_soon),
		cmocka_unit_test(test_reports),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_streams),
	};

	if (argc > 1 && streq(argv[1], "--worker"))
		return worker(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
