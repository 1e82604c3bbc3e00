/*
 * The deletion threshold as Connect Sync keeps it: a number in the configuration that an
 * administrator may set otherwise at run time, and a permission for one export that is to exceed
 * it. Both are rows of the store's meta.
 */
#pragma once

#include "store/store.h"
#include "sync/config.h"

#define OVERRIDE_SECONDS 86400 /* a permission that was not used ends after a day */

/* What the next export may do once; zeros when there is no permission. */
struct threshold_override {
	int64_t deletes;    /* of objects, in all */
	int64_t references; /* removed, in all */
	int64_t removals;   /* of references of one group */
	int64_t ends;       /* unix time */
};

/* In force: set at run time, else configured. 0: off. */
int threshold_get(
	struct store *s, const struct config *cfg, int64_t *ret, struct err *e) _must_check_;
/* < 0: back to the configuration. In a transaction of the caller. */
int threshold_set(struct store *s, int64_t n, struct err *e) _must_check_;
int threshold_override_get(
	struct store *s, struct threshold_override *ret, struct err *e) _must_check_;
/* Zeros take it back. In a transaction of the caller. */
int threshold_override_set(
	struct store *s, const struct threshold_override *o, struct err *e) _must_check_;
