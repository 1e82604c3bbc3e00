/*
 * What an administrator changes in the store between runs: the deletion threshold, a permission,
 * the wait of an error. Each takes the lock of a run without waiting: -EBUSY beside a run, whoever
 * started it. -ENOENT: no cycle has run yet, or there is no such thing.
 */
#pragma once

#include "sync/config.h"
#include "sync/export/limit.h"

/* n < 0: as configured. */
int change_threshold(const struct config *cfg, int64_t n, struct err *e) _must_check_;
/* Lets the next export delete what is staged now, which is in *ret. -ENOENT: nothing is. */
int change_allow(const struct config *cfg, struct limit_override *ret, struct err *e) _must_check_;
/*
 * The next export sends the object again, whatever its wait: by DN or anchor, of AD or of Entra;
 * connector NULL: any. -ENOENT: there is none, or it has no error.
 */
int change_retry(const struct config *cfg, const char *connector, const char *name,
	struct err *e) _must_check_;
