/*
 * limit: how much an export may delete or remove before a person must permit it. Too many deletes
 * stop the export before its first request. An object that would lose too many of its references
 * keeps them, and the rest is exported.
 *
 * A limit is a setting of [export] (sync/config.c). The deletion threshold can be changed at run
 * time, and what is staged in each target can be permitted once; both are rows of the store's meta.
 * A new limit is a setting, a check in limit.c and a number in struct staged.
 */
#pragma once

#include "base/bitmap.h"
#include "store/store.h"
#include "sync/config.h"
#include "sync/own.h"

struct export_step;
struct step_end;

#define OVERRIDE_SECONDS 86400 /* a permission that was not used ends after a day */

/* What the next export to a target may do once; zeros when there is no permission. */
struct limit_override {
	int64_t deletes;    /* of objects of the target, in all */
	int64_t references; /* removed, in all */
	int64_t removals;   /* of references of one group */
	int64_t ends;       /* unix time */
};

/*
 * The deletion threshold in force for a connector (NULL: for those without one of their own). One
 * set at run time (*ret_set) replaces all that are configured. 0: off.
 */
int limit_threshold_get(struct store *s, const struct config *cfg,
	const struct connector_config *cc, struct own_value *ret, bool *ret_set,
	struct err *e) _must_check_;
/* n < 0: back to the configuration. In a transaction of the caller. */
int limit_threshold_set(struct store *s, int64_t n, struct err *e) _must_check_;
/* The permission of a target (row of its connector); zeros: it has none, or its day is over. */
int limit_override_get(
	struct store *s, int64_t connector, struct limit_override *ret, struct err *e) _must_check_;
/* All zero: no permission any more. In a transaction of the caller. */
int limit_override_set(struct store *s, int64_t connector, const struct limit_override *o,
	struct err *e) _must_check_;
/* Those of all targets together: the sums, the most of one group, the last end. */
int limit_override_sum(struct store *s, struct limit_override *ret, struct err *e) _must_check_;

/*
 * Pure: are n more than `percent` of `of`? Up to 20 never are. percent 0: any more are; negative:
 * the check is off, and no number is.
 */
bool limit_share_exceeded(int64_t n, int64_t of, int64_t percent);

/* Of one export step: zero at its begin, limit_end() frees it. */
struct limit {
	struct limit_override override; /* as it was at the beginning */
	bool override_used;
	struct bitmap weighed; /* objects whose removals were checked */
	struct bitmap held;    /* those with too many */
};
void limit_end(struct limit *l);

/* Before an export without deletes: limit_removal() then knows what is permitted. */
int limit_begin(struct export_step *st, struct err *e) _must_check_;
/* *ret_stopped: too many deletes. Then `end` has result and text, and event 116 is stored. */
int limit_deletes(struct export_step *st, struct step_end *end, bool *ret_stopped,
	struct err *e) _must_check_;
/* *ret_held: the object keeps its references. Checked and reported once for each object. */
int limit_removal(struct export_step *st, int64_t cs, const char *dn, bool *ret_held,
	struct err *e) _must_check_;

/* After a good export: deletes the target's permission if it was needed. */
int limit_done(struct export_step *st, struct err *e) _must_check_;
