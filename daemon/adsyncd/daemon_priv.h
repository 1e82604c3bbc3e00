/* The daemon's state, shared by daemon.c (the loop) and methods.c (the control interface). */
#pragma once

#include "job.h"
#include "schedule.h"
#include "sync/config.h"
#include "varlink.h"

#define WAITERS_MAX 64

struct daemon {
	struct event_base *base;
	const char *config_path;
	struct config *config;
	struct schedule schedule;
	struct event *timer; /* next cycle */
	struct varlink *control, *status;
	struct job *job;
	struct job *test;               /* of a connector; NULL: none */
	struct varlink_call *test_call; /* that waits for it; NULL: it has gone */
	json_t *findings;
	json_t *progress; /* the last one of the job that runs */
	bool stopping;
	/* calls that follow the job */
	struct varlink_call *waiters[WAITERS_MAX];
	unsigned n_waiters;
};

/* Starts a run. -EBUSY with the original's words while one runs. */
int daemon_run(struct daemon *d, const char *profile, const char *connector, struct err *e);
/* Ends the loop when the daemon is stopping and no worker is left. */
void daemon_maybe_exit(struct daemon *d);
/* Reads the configuration again; the old one stays when the new one is wrong. */
int daemon_reload(struct daemon *d, struct err *e);

struct varlink_service daemon_service(struct daemon *d);
/* Tells those that wait. */
void waiters_progress(struct daemon *d, const json_t *progress);
void waiters_end(struct daemon *d, const json_t *end, const char *error);
