/*
 * Questions that the loop must not answer itself: each gets a worker, and its caller the answer
 * when it is there. What takes long tells its progress before it. A caller that goes away takes its
 * worker along.
 */
#pragma once

#include "daemon_priv.h"
#include "sync/view/question.h"

#define ASK_MAX 8 /* workers at one time */
/* for an answer; a test of a directory has the time of a run, and work has no end */
#define ASK_SECONDS 120

/* Answers the call now or later, with an error too. */
void ask_start(struct daemon *d, struct varlink_call *c, const struct question *q,
	const json_t *parameters);
/* The rules of the configuration as it is now; daemon_checked() gets the result. -EBUSY. */
int ask_check(struct daemon *d, struct varlink_call *c, struct err *e) _must_check_;
/* A worker writes to the store now: a run would find the lock taken. */
bool ask_writes(const struct daemon *d);
/* The daemon stops: the workers too. */
void ask_stop_all(struct daemon *d);

/* An error reply for a negative errno. */
void ask_reply_error(struct varlink_call *c, int code, const char *text);
