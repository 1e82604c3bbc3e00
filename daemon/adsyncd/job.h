/*
 * A job: a worker process, and what it reports. A run reports lines on its way; a question has one
 * answer, and one that takes long reports its progress before it.
 */
#pragma once

#include "base/err.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <jansson.h>
#include <sys/types.h>

#define JOB_ANSWER_MAX (64 * 1024 * 1024) /* bytes of an answer */

struct job;

struct job_request {
	const char *config;
	const char *profile, *connector; /* of a run; connector NULL: all */
	const char *question;            /* or this question, with its parameters */
	const json_t *parameters;
	bool streams;    /* the question tells its progress, as a run does */
	int64_t uid;     /* of the one who asked the question; -1: not known */
	int64_t timeout; /* seconds; 0: it may take as long as it takes */
};

/* One of the three is there. */
struct job_end {
	const json_t *end;       /* of a run */
	struct evbuffer *answer; /* of a question: a JSON object as text, may be taken */
	const char *error;
	int code; /* of the error: a negative errno */
};

struct job_handler {
	/* A progress object (borrowed). NULL: none are expected. */
	void (*progress)(void *ctx, const json_t *progress);
	void (*ended)(void *ctx, const struct job_end *end);
	void *ctx;
};

/* Starts the worker; the job frees itself after ended(). */
int job_start(struct event_base *base, const struct job_request *rq, const struct job_handler *h,
	struct job **ret, struct err *e) _must_check_;
/* Asks it to stop: SIGTERM, and SIGKILL four seconds later. */
void job_stop(struct job *j);
/* Its lines wait in the pipe, and with them the worker, until they are wanted again. */
void job_pause(struct job *j);
void job_resume(struct job *j);
const char *job_name(const struct job *j); /* the profile or question */
