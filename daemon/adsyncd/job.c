/* Starts the worker, reads its lines, ends it when it takes too long. */
#include "job.h"
#include "base/buf.h"
#include "log.h"
#include "worker.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>

#define LINE_BYTES_MAX (256 * 1024)
#define KILL_AFTER 4 /* seconds from SIGTERM */

#define REPORT_FD 3 /* of the worker, which is told of it */
#define REPORT_FD_TEXT "3"

extern char **environ;

struct job {
	struct job_handler handler;
	struct event_base *base;
	struct bufferevent *pipe;
	struct event *timer, *child;
	pid_t pid;
	char *profile;
	bool stopping, exited, eof;
	int status;
	json_t *end;
	char *error;
};

const char *job_profile(const struct job *j)
{
	return j->profile;
}

static void job_free(struct job *j)
{
	if (j->pipe)
		bufferevent_free(j->pipe);
	if (j->timer)
		event_free(j->timer);
	if (j->child)
		event_free(j->child);
	json_decref(j->end);
	free(j->error);
	free(j->profile);
	free(j);
}

static void maybe_done(struct job *j)
{
	_cleanup_free_ char *text = NULL;

	if (!j->exited || !j->eof)
		return;
	if (!j->end && !j->error) {
		if (WIFSIGNALED(j->status))
			text = xasprintf("the worker was ended by signal %d", WTERMSIG(j->status));
		else
			text = xasprintf("the worker ended with code %d", WEXITSTATUS(j->status));
	}
	j->handler.ended(j->handler.ctx, j->end, j->end ? NULL : j->error ? j->error : text);
	job_free(j);
}

static void take_line(struct job *j, const char *line)
{
	json_t *json = json_loads(line, 0, NULL);
	json_t *progress = json_object_get(json, j->profile ? "progress" : "finding");
	json_t *end = json_object_get(json, "end");
	const char *error = json_string_value(json_object_get(json, "error"));

	if (progress)
		j->handler.progress(j->handler.ctx, progress);
	if (end && !j->end)
		j->end = json_incref(end);
	if (error && !j->error)
		j->error = xstrdup(error);
	json_decref(json);
}

static void on_read(struct bufferevent *bev, void *ctx)
{
	struct job *j = ctx;
	struct evbuffer *in = bufferevent_get_input(bev);
	char *line;

	while ((line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF))) {
		take_line(j, line);
		free(line);
	}
	if (evbuffer_get_length(in) > LINE_BYTES_MAX) /* not one of ours */
		evbuffer_drain(in, evbuffer_get_length(in));
}

static void reap(struct job *j)
{
	if (!j->exited && waitpid(j->pid, &j->status, WNOHANG) == j->pid)
		j->exited = true;
}

static void on_pipe_event(struct bufferevent *bev, short what, void *ctx)
{
	struct job *j = ctx;

	j->eof = true;
	reap(j);
	maybe_done(j);
}

static void on_child(evutil_socket_t sig, short what, void *ctx)
{
	struct job *j = ctx;

	reap(j);
	maybe_done(j);
}

static void on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct job *j = ctx;

	if (j->exited)
		return;
	if (j->stopping) {
		log_message(
			4, "the worker did not stop within %d seconds and is killed", KILL_AFTER);
		kill(j->pid, SIGKILL);
		return;
	}
	log_message(3, "the run takes longer than run_timeout and is stopped");
	job_stop(j);
}

void job_stop(struct job *j)
{
	struct timeval tv = {KILL_AFTER, 0};

	if (j->exited || j->stopping)
		return;
	j->stopping = true;
	kill(j->pid, SIGTERM);
	evtimer_add(j->timer, &tv);
}

static int spawn(struct job *j, const struct job_request *rq, int fd, struct err *e)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, reset;
	char *argv[16] = {"adsyncd", "--worker", "--config", (char *)rq->config, "--log",
		(char *)log_target_name(), "--report", REPORT_FD_TEXT};
	int n = 8, r;

	if (rq->profile) {
		argv[n++] = "--profile";
		argv[n++] = (char *)rq->profile;
	} else {
		argv[n++] = "--test";
	}

	if (rq->connector) {
		argv[n++] = "--connector";
		argv[n++] = (char *)rq->connector;
	}
	sigemptyset(&none);
	sigfillset(&reset);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &reset);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, fd, REPORT_FD);
	r = posix_spawn(&j->pid, "/proc/self/exe", &actions, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attr);
	return r == 0 ? 0 : err_set(e, -r, NULL, 0, "cannot start the worker: %s", strerror(r));
}

int job_start(struct event_base *base, const struct job_request *rq, const struct job_handler *h,
	struct job **ret, struct err *e)
{
	struct timeval tv = {rq->timeout, 0};
	struct job *j;
	int fds[2], high, r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_set(e, -errno, NULL, 0, "cannot make a pipe: %s", strerror(errno));
	j = xcalloc(1, sizeof(*j));
	j->handler = *h;
	j->base = base;
	j->profile = rq->profile ? xstrdup(rq->profile) : NULL;
	/* before the worker is there: it may end at once, and its signal must find somebody */
	j->child = evsignal_new(base, SIGCHLD, on_child, j);
	event_add(j->child, NULL);
	high = fcntl(fds[1], F_DUPFD_CLOEXEC, 10); /* not REPORT_FD: dup2 must drop CLOEXEC */
	r = high < 0 ? err_set(e, -errno, NULL, 0, "cannot make a pipe: %s", strerror(errno))
	             : spawn(j, rq, high, e);
	closep(&high);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		job_free(j);
		return r;
	}
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	j->pipe = bufferevent_socket_new(base, fds[0], BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(j->pipe, on_read, NULL, on_pipe_event, j);
	bufferevent_enable(j->pipe, EV_READ);
	j->timer = evtimer_new(base, on_timer, j);
	evtimer_add(j->timer, &tv);
	*ret = j;
	return 0;
}
