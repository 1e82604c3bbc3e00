/*
 * The export step's own state, shared by step.c (the step), page.c (which rows and links are due,
 * page by page), order.c (what must be sent first), limit.c (what may not be deleted), warning.c
 * (what the service may refuse) and result.c (what becomes of each item).
 */
#pragma once

#include "base/bitmap.h"
#include "store/cs.h"
#include "store/cs_link.h"
#include "sync/session.h"

#define EXPORT_PAGE 200        /* rows in one page */
#define EXPORT_ERRORS_MAX 5000 /* Connect Sync's stopped-error-limit */

enum export_phase {
	EXPORT_ORDERED, /* objects and deletes that wait for one another, wave by wave */
	EXPORT_OBJECTS,
	EXPORT_LINKS,
	EXPORT_DELETES,
	EXPORT_PHASE_COUNT
};

/* One row or link that was handed out; its id for the connector is page number and index. */
struct export_slot {
	struct cs_row row;     /* objects and deletes */
	struct link_item link; /* links */
	struct entry wanted;
	struct delta delta;
	struct export_item item;
	bool aside;                /* only gives up values that others want, see order.h */
	bool held;                 /* a part of the delta was refused before and must wait */
	const char *warning;       /* a value that the service may refuse, and why; NULL: none */
	const char *warning_error; /* the name of that error */
	bool done;
};

/* Rows loaded together; freed when each has its result. */
struct export_page {
	struct export_page *next;
	struct arena arena;
	int64_t number;
	struct export_slot *slots;
	unsigned n, given, done;
};

/* Where a phase is: the states that are due are walked one after the other, each by id. */
struct export_place {
	unsigned due; /* index in export_due */
	int64_t after;
	struct cs_link after_link;
};

struct export_step {
	struct export_source source; /* first: the connector hands it back */
	struct sync *sync;
	struct sync_connector *conn;
	enum export_phase phase;
	struct export_place place;
	struct bitmap handled; /* rows handed out in this phase: not again in this run */
	/* of the ordered phase */
	struct order *order;
	unsigned order_next;   /* in order->items */
	unsigned wave;         /* that is being sent */
	struct bitmap ordered; /* rows handed out in it: not again in later phases */
	struct export_page *pages, *current;
	int64_t n_pages;
	unsigned uncommitted;
	struct bitmap retried; /* sources whose failed links are sent again */
	struct bitmap refused; /* sources of links that were refused */
	struct bitmap warned;  /* objects of which the service said something in this step */
	struct limit *limit;
	/*
	 * A dry run: what would be sent goes there, and everything happens in the transaction that
	 * the caller has begun and takes back. NULL: it is real.
	 */
	struct dry_sink *dry;
	int64_t waiting; /* rows and references that wait after a failure, as far as was looked */
	int64_t started; /* unix time */
	bool sent;       /* the connector has begun to send */
	int fatal;       /* the store's first error: nothing is written any more */
	struct err error;
};

/* Begins a transaction unless there is one; commits it, unless this is a dry run. */
int export_transaction(struct export_step *st, struct err *e) _must_check_;
int export_commit(struct export_step *st, struct err *e) _must_check_;
/* Must a row, or a reference of it, that is in this state still wait after the last failure? */
int export_must_wait(struct export_step *st, enum export_state state, int64_t cs, struct arena *a,
	bool *ret, struct err *e) _must_check_;
/* May this export send the row? All of them, unless single ones were chosen. */
static inline bool export_is_chosen(const struct export_step *st, int64_t cs)
{
	return !st->sync->chosen || bitmap_get(st->sync->chosen, cs);
}
