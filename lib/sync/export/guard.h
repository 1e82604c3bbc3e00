/*
 * Guards of the export: deletes are refused until they are proven. Too many deletes stop the step
 * before its first request; a group that would lose too many of its members keeps them, and the
 * rest goes on.
 */
#pragma once

#include "sync/export/export.h"
#include "sync/step.h"

#define MEMBER_REMOVAL_ERROR "MemberRemovalThresholdExceeded"

/* 0 with *ret_stopped; end has the result and its text then, and event 116 is on its way. */
int guard_deletes(struct export_step *st, struct step_end *end, bool *ret_stopped,
	struct err *e) _must_check_;
/* May references of this object be removed? Asked once for each object; tells when not. */
int guard_removal(struct export_step *st, int64_t cs, const char *dn, bool *ret_held,
	struct err *e) _must_check_;

/* After the export: a permission that was needed is used up. */
int guard_done(struct export_step *st, struct err *e) _must_check_;

/* What the guards would look at, for people. */
struct guard_counts {
	int64_t deletes;
	int64_t references; /* to be removed, in all */
	int64_t removals;   /* the most of one group whose removals are held */
	int64_t held;       /* such groups */
};
/* Of all connectors that export. */
int guard_count_all(struct store *s, struct guard_counts *ret, struct err *e) _must_check_;
