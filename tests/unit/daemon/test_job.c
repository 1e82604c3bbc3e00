/*
 * Jobs whose worker is this program: what it does is in the environment. posix_spawn() is wrapped,
 * so that a worker can be dead before the daemon does anything else.
 */
#include "../check.h"
#include "job.h"

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
	unsigned ends, lines;
	char error[200];
};

static void on_progress(void *ctx, const json_t *progress)
{
	((struct seen *)ctx)->lines++;
}

static void on_end(void *ctx, const json_t *end, const char *error)
{
	struct seen *s = ctx;

	s->ends++;
	snprintf(s->error, sizeof(s->error), "%s", error ? error : "");
	event_base_loopbreak(s->base);
}

static void on_alarm(evutil_socket_t fd, short what, void *ctx)
{
	event_base_loopbreak(ctx);
}

/* Runs the loop until the job has ended; an alarm ends a loop that would wait for ever. */
static void run(struct seen *s, const char *does)
{
	struct job_handler h = {on_progress, on_end, s};
	struct job_request rq = {"x.conf", "delta", NULL, 60};
	struct event *alarm = evtimer_new(s->base, on_alarm, s->base);
	struct timeval tv = {30, 0};
	struct job *j = NULL;
	struct err e = {0};

	setenv("TEST_WORKER", does, 1);
	s->ends = s->lines = 0;
	assert_int_equal(job_start(s->base, &rq, &h, &j, &e), 0);
	evtimer_add(alarm, &tv);
	event_base_dispatch(s->base);
	event_free(alarm);
	assert_int_equal(s->ends, 1);
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

static int worker(int argc, char **argv)
{
	const char *does = getenv("TEST_WORKER");
	int fd = -1;

	for (int i = 1; i + 1 < argc; i++)
		if (streq(argv[i], "--report"))
			fd = atoi(argv[i + 1]);
	if (does && streq(does, "report"))
		dprintf(fd, "{\"progress\": {}}\n{\"progress\": {}}\n{\"error\": \"something\"}\n");
	_exit(7);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dies_at_once),
		cmocka_unit_test(test_dies_soon),
		cmocka_unit_test(test_reports),
	};

	if (argc > 1 && streq(argv[1], "--worker"))
		return worker(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
