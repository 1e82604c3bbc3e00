/* Workers for questions, see ask.h. */
#include "ask.h"

#include <errno.h>
#include <stdio.h>

struct ask {
	struct daemon *d;
	const struct question *q;
	struct varlink_call *call; /* NULL: has gone, or nobody asked (SIGHUP) */
	struct job *job;
	bool reload;
	struct ask *next;
};

void ask_reply_error(struct varlink_call *c, int code, const char *text)
{
	varlink_error(c, control_error_of(code), json_pack("{s:s}", "message", text));
}

static void unlink_ask(struct ask *a)
{
	struct ask **pp = &a->d->asks;

	while (*pp != a)
		pp = &(*pp)->next;
	*pp = a->next;
	a->d->n_asks--;
}

static void on_caught_up(void *ctx)
{
	struct ask *a = ctx;

	job_resume(a->job);
}

static void on_progress(void *ctx, const json_t *progress)
{
	struct ask *a = ctx;
	json_t *o;

	if (!a->call || !varlink_wants_more(a->call))
		return;
	o = json_object();
	json_object_set(o, "progress", (json_t *)progress);
	varlink_reply(a->call, o, true);
	if (a->q->keeps_pace && varlink_is_behind(a->call, on_caught_up))
		job_pause(a->job);
}

static void on_end(void *ctx, const struct job_end *end)
{
	struct ask *a = ctx;
	struct daemon *d = a->d;
	/* a run has the lock that a change needs */
	int code = question_changes(a->q) && end->code == -EBUSY ? -EALREADY : end->code;

	unlink_ask(a);
	if (a->reload)
		daemon_checked(d, a->call, end->error);
	else if (a->call && end->answer)
		varlink_reply_text(a->call, end->answer);
	else if (a->call)
		ask_reply_error(a->call, code, end->error ? end->error : "there is no answer");
	free(a);
	daemon_idle(d);
}

static void on_gone(struct varlink_call *c, void *ctx)
{
	struct ask *a = ctx;

	a->call = NULL;
	if (!a->reload)
		job_stop(a->job);
}

static bool is_asked(const struct daemon *d, enum question_kind kind)
{
	for (const struct ask *a = d->asks; a; a = a->next)
		if (a->q->kind == kind)
			return true;
	return false;
}

bool ask_writes(const struct daemon *d)
{
	return is_asked(d, QUESTION_CHANGE) || is_asked(d, QUESTION_WORK_CHANGE);
}

/* 0 when it may be asked now. */
static int admit(const struct daemon *d, const struct question *q, struct err *e)
{
	if (d->stopping)
		return err_set(e, -ESHUTDOWN, NULL, 0, "adsyncd is stopping");
	if (question_changes(q) && d->job)
		return err_set(
			e, -EALREADY, NULL, 0, "a run is in progress; try again when it has ended");
	if (q->kind == QUESTION_DIRECTORY && is_asked(d, QUESTION_DIRECTORY))
		return err_set(e, -EBUSY, NULL, 0,
			"a connector is being tested already; try again when that has ended");
	if (q->kind == QUESTION_WORK_CHANGE && is_asked(d, QUESTION_WORK_CHANGE))
		return err_set(e, -EALREADY, NULL, 0,
			"another request of this kind is running; try again when it has ended");
	if (d->n_asks >= ASK_MAX)
		return err_set(e, -EBUSY, NULL, 0,
			"%d questions are being answered already; try again", ASK_MAX);
	return 0;
}

static int start(struct daemon *d, struct varlink_call *c, const struct question *q,
	const json_t *parameters, bool reload, struct err *e)
{
	struct job_request rq = {.config = d->config_path,
		.question = q->name,
		.parameters = parameters,
		.streams = question_is_work(q),
		.uid = c ? varlink_peer(c) : -1,
		.timeout = question_is_work(q) ? 0 : ASK_SECONDS};
	struct job_handler h = {on_progress, on_end, NULL};
	struct ask *a;
	int r;

	TRY(admit(d, q, e));
	if (q->kind == QUESTION_DIRECTORY)
		rq.timeout = setting_number(&d->config->scheduler, "run_timeout");
	a = xcalloc(1, sizeof(*a));
	*a = (struct ask){.d = d, .q = q, .call = c, .reload = reload};
	h.ctx = a;
	r = job_start(d->base, &rq, &h, &a->job, e);
	if (r < 0) {
		free(a);
		return r;
	}
	a->next = d->asks;
	d->asks = a;
	d->n_asks++;
	if (c)
		varlink_on_gone(c, on_gone, a);
	return 0;
}

void ask_start(struct daemon *d, struct varlink_call *c, const struct question *q,
	const json_t *parameters)
{
	struct err e = {0};
	char text[1100];
	int r = start(d, c, q, parameters, false, &e);

	if (r < 0)
		ask_reply_error(c, r, err_format(&e, text, sizeof(text)));
}

int ask_check(struct daemon *d, struct varlink_call *c, struct err *e)
{
	const struct question *q = question_find("Reload");
	json_t *none;
	int r;

	for (const struct ask *a = d->asks; a; a = a->next)
		if (a->reload)
			return err_set(e, -EBUSY, NULL, 0,
				"the configuration is being read already; try again");
	none = json_object();
	r = start(d, c, q, none, true, e);
	json_decref(none);
	return r;
}

void ask_stop_all(struct daemon *d)
{
	for (struct ask *a = d->asks; a; a = a->next)
		job_stop(a->job);
}
