/*
 * The daemon's state, shared by daemon.c (the loop), methods.c (the control interface) and ask.c
 * (workers that answer questions).
 */
#pragma once

#include "job.h"
#include "schedule.h"
#include "sync/run.h"
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
	json_t *progress; /* the last one of the job that runs */
	char last[200];   /* how the last run ended, for systemctl status; "": none yet */
	struct ask *asks; /* questions whose workers are at work */
	unsigned n_asks;
	bool reload_again; /* SIGHUP came while the configuration was being read */
	bool stopping;
	/* calls that follow the job */
	struct varlink_call *waiters[WAITERS_MAX];
	unsigned n_waiters;
};

/* Starts a run. -EALREADY with the original's words while one runs. */
int daemon_run(struct daemon *d, enum run_profile profile, const char *connector,
	struct err *e) _must_check_;
/* A worker has ended: what waited for that is done. */
void daemon_idle(struct daemon *d);
/*
 * A worker has checked the rules of the new configuration (error NULL: they are good): it is read
 * and taken, or the old one stays. c: who asked for it, NULL: a signal.
 */
void daemon_checked(struct daemon *d, struct varlink_call *c, const char *error);

struct varlink_service daemon_service(struct daemon *d);
/* Tells those that wait. */
void waiters_progress(struct daemon *d, const json_t *progress);
void waiters_end(struct daemon *d, const struct job_end *end);
