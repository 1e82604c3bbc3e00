/* everybody: each object of the target that an authority can be over, one after the other. */
#pragma once

#include "sync/migration/identity.h"

/*
 * Calls back for each, and tells the progress. -ECANCELED: whoever asked has gone. What the
 * function returns below 0 ends it.
 */
int everybody(struct migration *m, int (*found)(void *ctx, const struct subject *s, struct err *e),
	void *ctx, struct err *e) _must_check_;
