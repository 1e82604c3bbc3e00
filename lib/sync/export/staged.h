/*
 * staged: how much the next export would delete and remove: what limits check (limit.h), what a
 * permission is given for, and what people are shown. A new kind is a number in struct staged. What
 * an authority keeps is not counted, since it is not sent (soa.h).
 */
#pragma once

#include "store/connector_row.h"
#include "sync/config.h"

struct staged {
	int64_t deletes;
	int64_t references; /* to be removed, in all */
	int64_t removals;   /* the most of one group whose removals are held */
	int64_t held;       /* such groups */
};

/* In one target; zeros when it cannot be written. */
int staged_in(struct store *s, const struct config *cfg, const struct connector_row *row,
	struct staged *ret, struct err *e) _must_check_;
/* In all connectors that can be exported to. */
int staged_all(
	struct store *s, const struct config *cfg, struct staged *ret, struct err *e) _must_check_;

/* References to be removed in a target; cc NULL: it is not configured any more. */
int staged_removals(struct store *s, const struct connector_config *cc, int64_t connector,
	int64_t *ret, struct err *e) _must_check_;
/* Of one object of it; *ret_of: all references of it that the directory has. */
int staged_removals_of(struct store *s, const struct connector_config *cc, int64_t cs, int64_t *ret,
	int64_t *ret_of, struct err *e) _must_check_;
