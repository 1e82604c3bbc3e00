/* Starts the worker, reads its lines, ends it when it takes too long. */
#include "job.h"
#include "base/buf.h"
#include "log.h"
#include "worker.h"

#include <event2/bufferevent.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/mman.h>
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
	char *name;    /* the profile or question */
	bool question; /* what the worker writes is one answer, or an error */
	bool streams;  /* ... with lines of progress before it */
	bool stopping, exited, eof;
	int64_t timeout;
	int status;
	json_t *end;
	char *error;
	int code; /* of the error */
};

const char *job_name(const struct job *j)
{
	return j->name;
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
	free(j->name);
	free(j);
}

static void set_error(struct job *j, int code, const char *text)
{
	if (j->error)
		return;
	j->error = xstrdup(text);
	j->code = code;
}

static void take_line(struct job *j, const char *line)
{
	json_t *json = json_loads(line, 0, NULL);
	json_t *progress = json_object_get(json, "progress");
	json_t *end = json_object_get(json, "end");
	const char *error = json_string_value(json_object_get(json, "error"));
	json_int_t code = json_integer_value(json_object_get(json, "code"));

	if (progress && j->handler.progress)
		j->handler.progress(j->handler.ctx, progress);
	if (end && !j->end)
		j->end = json_incref(end);
	if (error)
		set_error(j, code < 0 && code > -4096 ? (int)code : -EIO, error);
	json_decref(json);
}

static void take_lines(struct job *j, struct evbuffer *in)
{
	char *line;

	while ((line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF))) {
		take_line(j, line);
		free(line);
	}
	if (evbuffer_get_length(in) > LINE_BYTES_MAX) /* not one of ours */
		evbuffer_drain(in, evbuffer_get_length(in));
}

/* The lines before the answer; of a question, whose answer is the rest. */
static void take_progress(struct job *j, struct evbuffer *in)
{
	char first;

	while (evbuffer_copyout(in, &first, 1) == 1 && first != WORKER_ANSWER) {
		char *line = evbuffer_readln(in, NULL, EVBUFFER_EOL_LF);

		if (!line)
			return;
		take_line(j, line);
		free(line);
	}
}

/* An answer is whole with the newline at its end; anything else is lines, one with an error. */
static struct evbuffer *take_answer(struct job *j)
{
	struct evbuffer *in = bufferevent_get_input(j->pipe);
	struct evbuffer_ptr last;
	size_t n;
	char first, end;

	if (j->streams)
		take_progress(j, in);
	n = evbuffer_get_length(in);
	if (j->error || !j->question || n < 2)
		return NULL;
	evbuffer_ptr_set(in, &last, n - 1, EVBUFFER_PTR_SET);
	if (evbuffer_copyout(in, &first, 1) == 1 && first == WORKER_ANSWER &&
		evbuffer_copyout_from(in, &last, &end, 1) == 1 && end == '\n') {
		evbuffer_drain(in, 1);
		return in;
	}
	take_lines(j, in);
	return NULL;
}

static void maybe_done(struct job *j)
{
	_cleanup_free_ char *text = NULL;
	struct job_end end = {0};

	if (!j->exited || !j->eof)
		return;
	end.end = j->end;
	end.answer = take_answer(j);
	if (!end.end && !end.answer && !j->error) {
		if (WIFSIGNALED(j->status))
			text = xasprintf("the worker was ended by signal %d", WTERMSIG(j->status));
		else
			text = xasprintf("the worker ended with code %d", WEXITSTATUS(j->status));
		set_error(j, -EIO, text);
	}
	if (!end.end && !end.answer) {
		end.error = j->error;
		end.code = j->code;
	}
	j->handler.ended(j->handler.ctx, &end);
	job_free(j);
}

static void on_read(struct bufferevent *bev, void *ctx)
{
	struct job *j = ctx;
	struct evbuffer *in = bufferevent_get_input(bev);

	if (j->streams)
		take_progress(j, in);
	if (!j->question) {
		take_lines(j, in);
	} else if (evbuffer_get_length(in) > JOB_ANSWER_MAX) {
		evbuffer_drain(in, evbuffer_get_length(in));
		set_error(j, -E2BIG, "the answer is too large");
		job_stop(j);
	}
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
	if (j->question) {
		_cleanup_free_ char *text = xasprintf(
			"no answer within %" PRId64 " seconds: it was stopped", j->timeout);

		set_error(j, -ETIMEDOUT, text);
	} else {
		log_message(3, "the run takes longer than run_timeout and is stopped");
	}
	job_stop(j);
}

/* One that is to end is read to its end. */
void job_pause(struct job *j)
{
	if (!j->stopping)
		bufferevent_disable(j->pipe, EV_READ);
}

void job_resume(struct job *j)
{
	bufferevent_enable(j->pipe, EV_READ);
}

void job_stop(struct job *j)
{
	struct timeval tv = {KILL_AFTER, 0};

	job_resume(j);
	if (j->exited || j->stopping)
		return;
	j->stopping = true;
	kill(j->pid, SIGTERM);
	evtimer_add(j->timer, &tv);
}

/* The parameters in a file of memory: other users see the arguments of a process. */
static int parameters_open(const json_t *parameters, int *ret, struct err *e)
{
	_cleanup_close_ int fd = memfd_create("parameters", MFD_CLOEXEC);

	if (fd < 0 || (parameters && json_dumpfd(parameters, fd, JSON_COMPACT) < 0) ||
		lseek(fd, 0, SEEK_SET) < 0)
		return err_set(
			e, -errno, NULL, 0, "cannot pass the parameters: %s", strerror(errno));
	*ret = fd;
	fd = -1;
	return 0;
}

static int add_arguments(const struct job_request *rq, const char *uid, char **argv, int n)
{
	if (rq->question) {
		argv[n++] = "--question";
		argv[n++] = (char *)rq->question;
		argv[n++] = "--uid";
		argv[n++] = (char *)uid;
		return n;
	}
	argv[n++] = "--profile";
	argv[n++] = (char *)rq->profile;
	if (rq->connector) {
		argv[n++] = "--connector";
		argv[n++] = (char *)rq->connector;
	}
	return n;
}

static int spawn(struct job *j, const struct job_request *rq, int fd, struct err *e)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, reset;
	char *argv[16] = {"adsyncd", "--worker", "--config", (char *)rq->config, "--log",
		(char *)log_target_name(), "--report", REPORT_FD_TEXT};
	_cleanup_free_ char *uid = xasprintf("%" PRId64, rq->uid);
	_cleanup_close_ int in = -1;
	int r;

	add_arguments(rq, uid, argv, 8);
	if (rq->question)
		TRY(parameters_open(rq->parameters, &in, e));
	sigemptyset(&none);
	sigfillset(&reset);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &reset);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&actions);
	if (rq->question)
		posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	else
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
	j->name = xstrdup(rq->question ? rq->question : rq->profile);
	j->question = rq->question != NULL;
	j->streams = j->question && rq->streams;
	j->timeout = rq->timeout;
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
	if (rq->timeout)
		evtimer_add(j->timer, &tv);
	*ret = j;
	return 0;
}
