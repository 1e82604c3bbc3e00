/*
 * work: what a long question gets beside its parameters: who asked, whether to stop, where its
 * progress and its events go. The host is the process that does the work, a worker of the daemon.
 */
#pragma once

#include "report/record.h"

struct work_host {
	/* Asked between two objects: the one who asked has gone, or the daemon stops. */
	bool (*canceled)(void *ctx);
	/* Delivers a record to the journal; 0 only when it really has it. */
	int (*record)(void *ctx, const struct record *r);
	/* Tells the one who asked how far it is; takes the reference. */
	void (*progress)(void *ctx, json_t *progress);
	int64_t uid; /* of the one who asked; -1: not known */
	void *ctx;
};

static inline bool work_canceled(const struct work_host *h)
{
	return h->canceled(h->ctx);
}

static inline void work_progress(const struct work_host *h, json_t *progress)
{
	h->progress(h->ctx, progress);
}
