/*
 * What an administrator changes in the store between runs: the deletion threshold, a permission,
 * the wait of an error. Each takes the lock of a run without waiting: -EBUSY while a run is in
 * progress. -ENOENT: no cycle has run yet, or what is named does not exist.
 */
#pragma once

#include "sync/config.h"
#include "sync/export/limit.h"

/* Sets the deletion threshold; n < 0: back to the configured one. */
int change_threshold(const struct config *cfg, int64_t n, struct err *e) _must_check_;
/*
 * Lets the next export to each target delete what is staged there now; *ret: all of them together.
 * -ENOENT: nothing is staged.
 */
int change_allow(const struct config *cfg, struct limit_override *ret, struct err *e) _must_check_;
/*
 * The next export sends the object again without waiting. `name` is a DN or an anchor in the
 * connector (NULL: in any); all objects of the same metaverse object are meant. -ENOENT: there is
 * no such object, or it has no export error.
 */
int change_retry(const struct config *cfg, const char *connector, const char *name,
	struct err *e) _must_check_;
