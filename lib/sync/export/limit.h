/*
 * limit: how much an export may delete or remove before a person has to say yes. Too many deletes
 * stop it before its first request; an object that would lose too many of its references keeps
 * them, and the rest goes on.
 *
 * A limit is a setting of [export] (sync/config.c). The deletion threshold may be set otherwise at
 * run time, and what is staged may be permitted once; both are rows of the store's meta. A new
 * limit is a setting, the question whether it is exceeded (limit.c) and a number in struct
 * limit_staged.
 */
#pragma once

#include "base/bitmap.h"
#include "store/store.h"
#include "sync/config.h"
#include "sync/own.h"

struct export_step;
struct step_end;

#define OVERRIDE_SECONDS 86400 /* a permission that was not used ends after a day */

/* What the next export may do once; zeros when there is no permission. */
struct limit_override {
	int64_t deletes;    /* of objects, in all */
	int64_t references; /* removed, in all */
	int64_t removals;   /* of references of one group */
	int64_t ends;       /* unix time */
};

/*
 * The deletion threshold in force for a connector (NULL: for all that have none of their own): set
 * at run time (*ret_set), whatever the configuration says, else configured. 0: off.
 */
int limit_threshold_get(struct store *s, const struct config *cfg,
	const struct connector_config *cc, struct own_value *ret, bool *ret_set,
	struct err *e) _must_check_;
/* < 0: back to the configuration. In a transaction of the caller. */
int limit_threshold_set(struct store *s, int64_t n, struct err *e) _must_check_;
int limit_override_get(struct store *s, struct limit_override *ret, struct err *e) _must_check_;
/* Zeros take it back. In a transaction of the caller. */
int limit_override_set(struct store *s, const struct limit_override *o, struct err *e) _must_check_;

/*
 * Pure: are n of so many over the percentage? Up to 20 never are. 0: any more are; negative: none
 * are, the check is off.
 */
bool limit_share_exceeded(int64_t n, int64_t of, int64_t percent);

/* Of one export step; zeros at its begin, limit_end() at its end. */
struct limit {
	struct limit_override override; /* as it was at the beginning */
	bool override_used;
	struct bitmap weighed; /* objects whose removals were looked at */
	struct bitmap held;    /* of these: too many */
};
void limit_end(struct limit *l);

/* 0 with *ret_stopped; end has the result and its text then, and event 116 is on its way. */
int limit_deletes(struct export_step *st, struct step_end *end, bool *ret_stopped,
	struct err *e) _must_check_;
/* May references of this object be removed? Asked once for each object; tells when not. */
int limit_removal(struct export_step *st, int64_t cs, const char *dn, bool *ret_held,
	struct err *e) _must_check_;

/* After the export: a permission that was needed is used up. */
int limit_done(struct export_step *st, struct err *e) _must_check_;

/* What is staged that a limit looks at, for people. */
struct limit_staged {
	int64_t deletes;
	int64_t references; /* to be removed, in all */
	int64_t removals;   /* the most of one group whose removals are held */
	int64_t held;       /* such groups */
};
/* Of all connectors that export. */
int limit_staged(struct store *s, struct limit_staged *ret, struct err *e) _must_check_;
