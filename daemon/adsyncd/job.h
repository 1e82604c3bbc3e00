/*
 * A job: one run that is due, its worker process, and what the worker reports. At most one at a
 * time.
 */
#pragma once

#include "base/err.h"

#include <jansson.h>
#include <event2/event.h>
#include <sys/types.h>

struct job;

struct job_request {
	/* profile NULL: a test of the connector; connector NULL: all */
	const char *config, *profile, *connector;
	int64_t timeout; /* seconds */
};

struct job_handler {
	/* A progress object, of a test a finding (borrowed). */
	void (*progress)(void *ctx, const json_t *progress);
	/* Has ended: the "end" object, or an error text. */
	void (*ended)(void *ctx, const json_t *end, const char *error);
	void *ctx;
};

/* Starts the worker; the job frees itself after ended(). */
int job_start(struct event_base *base, const struct job_request *rq, const struct job_handler *h,
	struct job **ret, struct err *e) _must_check_;
/* Asks it to stop: SIGTERM, and SIGKILL four seconds later. */
void job_stop(struct job *j);
const char *job_profile(const struct job *j); /* NULL: a test */
