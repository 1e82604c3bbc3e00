/*
 * Export: CS.wanted --> a target, in phases: objects that others wait for and those others
 * (order.h), the other objects, references, the other deletes. Before anything is sent, the deletes
 * are checked against the limits. Each result is recorded on its row; the next import confirms it.
 */
#include "base/timefmt.h"
#include "report/fault.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "sync/errors.h"
#include "sync/export/limit.h"
#include "sync/export/order.h"
#include "sync/export/page.h"
#include "sync/export/result.h"
#include "sync/export/state.h"
#include "sync/export/warning.h"
#include "sync/step.h"

#include <inttypes.h>
#include <stdio.h>

#define COMMIT_EVERY 200 /* results; lost ones after a crash are found by the next import */

/* --- the source that the connector pulls from --- */

static struct export_page *page_find(struct export_step *st, int64_t number)
{
	struct export_page *p = st->pages;

	while (p && p->number != number)
		p = p->next;
	return p;
}

static void page_drop(struct export_step *st, struct export_page *page)
{
	struct export_page **pp = &st->pages;

	if (page->done < page->n || page->given < page->n)
		return;
	while (*pp != page)
		pp = &(*pp)->next;
	*pp = page->next;
	if (st->current == page)
		st->current = NULL;
	export_page_free(page);
}

/* Keeps the first error: after it nothing is written any more, and the step ends with it. */
static int source_end(struct export_step *st, int r, const struct err *e)
{
	if (r < 0 && !st->fatal) {
		st->fatal = r;
		st->error = *e;
	}
	return r;
}

static int source_failed(const struct export_step *st, struct err *e)
{
	if (st->fatal)
		*e = st->error;
	return st->fatal;
}

static int source_next(struct export_source *source, struct export_item *ret, struct err *e)
{
	struct export_step *st = (struct export_step *)source;
	struct export_page *p = st->current;

	TRY(source_failed(st, e));
	if (st->sync->n_errors > EXPORT_ERRORS_MAX)
		return 0;
	if (!p || p->given == p->n) {
		int r = export_page_next(st, &p, e);

		if (r <= 0)
			return source_end(st, r, e);
		p->next = st->pages;
		st->pages = st->current = p;
	}
	*ret = p->slots[p->given++].item;
	return 1;
}

static int source_sending(struct export_source *source, struct err *e)
{
	struct export_step *st = (struct export_step *)source;

	st->sent = true;
	if (!st->dry)
		fault_hit(FAULT_EXPORT_MARKED);
	return 0;
}

static int source_result(
	struct export_source *source, int64_t id, const struct export_outcome *o, struct err *e)
{
	struct export_step *st = (struct export_step *)source;
	struct export_page *p = page_find(st, id >> 16);
	struct export_slot *s = &p->slots[id & 0xffff];
	int r = source_failed(st, e);

	if (r == 0)
		r = export_transaction(st, e);
	if (!st->dry)
		fault_hit(st->phase == EXPORT_LINKS ? FAULT_EXPORT_LINKS_AFTER_SEND
						    : FAULT_EXPORT_AFTER_SEND);
	if (r >= 0)
		r = result_record(st, s, o, e);
	s->done = true;
	p->done++;
	page_drop(st, p);
	if (r >= 0 && ++st->uncommitted >= COMMIT_EVERY)
		r = export_commit(st, e);
	return source_end(st, MIN(r, 0), e);
}

/* Commits the results that have come, before the connector waits for more. */
static void host_waiting(void *ctx)
{
	struct export_step *st = ctx;
	struct err e = {0};

	if (!st->fatal)
		(void)source_end(st, export_commit(st, &e), &e);
}

static bool host_canceled(void *ctx)
{
	const struct export_step *st = ctx;

	return st->fatal || sync_canceled(st->sync);
}

/* --- the phases --- */

/* Removes the error of objects whose failed references have all been accepted. */
static int clear_retried(struct export_step *st, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	for (int64_t id = 0; (id = bitmap_next(&st->retried, id));) {
		struct cs_link *links;
		struct cs_row row;
		bool left = false;
		unsigned n;
		int r;

		arena_reset(&a);
		r = cs_get(st->sync->store, id, &a, &row, e);
		TRY(r);
		if (r == STORE_NONE || row.state == EXPORT_STATE_FAILED)
			continue;
		TRY(cs_link_list(st->sync->store, id, 0, &a, &links, &n, e));
		for (unsigned i = 0; i < n; i++)
			left = left || links[i].state == EXPORT_STATE_FAILED;
		if (!left)
			TRY(export_error_clear(st->sync, id, e));
	}
	return 0;
}

static void phase_begin(struct export_step *st, enum export_phase phase)
{
	st->phase = phase;
	st->place = (struct export_place){0};
	bitmap_clear(&st->handled);
}

static void pages_free(struct export_step *st)
{
	while (st->pages) {
		struct export_page *p = st->pages;

		st->pages = p->next;
		export_page_free(p);
	}
	st->current = NULL;
}

/* One call of the connector: what it is handed may be sent in any order. */
static int export_round(
	struct export_step *st, struct connector *con, struct step_end *end, struct err *e)
{
	struct err ee = {0};
	enum conn_result r = st->conn->type->export(con, &st->source, &ee);

	TRY(source_failed(st, e));
	TRY(export_transaction(st, e));
	if (st->phase == EXPORT_LINKS && r == CONN_OK)
		TRY(clear_retried(st, e));
	TRY(export_commit(st, e));
	pages_free(st);
	if (r != CONN_OK) {
		end->result = stop_result(r, &ee, STEP_RESULT_EXPORT_WRITE);
		err_format(&ee, end->error, sizeof(end->error));
	}
	return 0;
}

static int export_waves(
	struct export_step *st, struct connector *con, struct step_end *end, struct err *e)
{
	const struct order *o = st->order;

	while (st->order_next < o->n && step_result_good(end->result) &&
		st->sync->n_errors <= EXPORT_ERRORS_MAX) {
		st->wave = o->items[st->order_next].wave;
		TRY(export_round(st, con, end, e));
	}
	return 0;
}

static int export_phases(
	struct export_step *st, struct connector *con, struct step_end *end, struct err *e)
{
	for (unsigned ph = 0; ph < EXPORT_PHASE_COUNT && step_result_good(end->result); ph++) {
		if (st->sync->chosen && (ph == EXPORT_ORDERED || ph == EXPORT_DELETES))
			continue;
		phase_begin(st, (enum export_phase)ph);
		TRY(ph == EXPORT_ORDERED ? export_waves(st, con, end, e)
					 : export_round(st, con, end, e));
	}
	return 0;
}

/* What was exported is exported: a failure of the end is told, and is no success. */
static void export_finish(struct export_step *st, struct connector *con, struct step_end *end)
{
	struct err ee = {0};

	if (!st->sent || !st->conn->type->export_end ||
		st->conn->type->export_end(con, &ee) == CONN_OK)
		return;
	end->result = STEP_RESULT_WARNINGS;
	err_format(&ee, end->error, sizeof(end->error));
}

/* Is there anything to send? If not, the connector is not opened. */
static int has_work(struct export_step *st, bool *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	*ret = false;
	for (unsigned i = 0; i < EXPORT_DUE_COUNT && !*ret; i++) {
		struct cs_row *rows;
		struct link_item *items;
		struct cs_link start = {0};
		unsigned n, m;

		TRY(cs_page_state(
			st->sync->store, st->conn->row.id, export_due[i], 0, 1, &a, &rows, &n, e));
		TRY(cs_link_page_export(st->sync->store, st->conn->row.id, export_due[i], &start, 1,
			&a, &items, &m, e));
		*ret = n || m;
	}
	return 0;
}

/*
 * What is looked at before anything is sent. Of chosen objects nothing is deleted, and nobody is
 * asked to make room for them.
 */
static int export_checks(
	struct export_step *st, struct step_end *end, bool *ret_work, struct err *e)
{
	bool stopped;

	*ret_work = false;
	TRY(errors_load(st->sync, ERROR_WARNING, st->conn, e));
	if (st->sync->chosen) {
		TRY(limit_begin(st, e));
		return has_work(st, ret_work, e);
	}
	TRY(warning_recheck(st, e));
	TRY(limit_deletes(st, end, &stopped, e));
	if (stopped)
		return 0;
	TRY(has_work(st, ret_work, e));
	return *ret_work ? order_make(st, st->order, e) : 0;
}

static int export_with(struct export_step *st, struct step_end *end, struct err *e)
{
	struct sync_connector *c = st->conn;
	struct connector_host host = {
		.waiting = host_waiting,
		.canceled = host_canceled,
		.ctx = st,
		.cursor = c->row.cursor,
		.cursor_len = c->row.cursor_len,
		.dry = st->dry,
	};
	struct connector *con = NULL;
	struct err ee = {0};
	bool work, done;
	int ret;

	TRY(export_checks(st, end, &work, e));
	if (!work)
		return 0;
	TRY(export_commit(st, e));
	if (c->type->open(&c->cfg->settings, &host, &con, &ee) != CONN_OK) {
		end->result = STEP_RESULT_NO_START_MA;
		err_format(&ee, end->error, sizeof(end->error));
		return 0;
	}
	ret = export_phases(st, con, end, e);
	done = ret == 0 && step_result_good(end->result);
	if (done)
		export_finish(st, con, end);
	c->type->close(con);
	return done ? limit_done(st, e) : ret;
}

/*
 * The result, as long as objects have errors, also those that still wait for their retry. Warnings
 * are told by the run that got them.
 */
static int tell_lasting(
	struct sync *s, struct sync_connector *c, struct step_end *end, struct err *e)
{
	int64_t n = 0;

	if (s->n_errors > EXPORT_ERRORS_MAX)
		end->result = STEP_RESULT_ERROR_LIMIT;
	if (!s->chosen)
		TRY(error_count_export(s->store, c->row.id, &n, e));
	n = MAX(n, s->n_errors);
	if (n && (step_result_good(end->result) || end->result == STEP_RESULT_WARNINGS))
		end->result = STEP_RESULT_EXPORT_ERRORS;
	if (n && !end->error[0])
		snprintf(end->error, sizeof(end->error),
			"%" PRId64 " object(s) have export errors: adsyncctl errors", n);
	n = s->counters.n[COUNTER_EXPORT_WARNING];
	if (n && step_result_good(end->result)) {
		end->result = STEP_RESULT_WARNINGS;
		snprintf(end->error, sizeof(end->error),
			"the directory said something about %" PRId64
			" export(s) that it accepted: adsyncctl errors",
			n);
	}
	return 0;
}

static int export_to(struct sync *s, struct sync_connector *c, struct dry_sink *dry,
	int64_t *ret_waiting, struct step_end *end, struct err *e)
{
	struct limit limit = {0};
	struct order order = {0};
	struct export_step st = {
		.limit = &limit,
		.order = &order,
		.source = {.next = source_next, .result = source_result, .sending = source_sending},
		.sync = s,
		.conn = c,
		.dry = dry,
		.started = unix_now(),
	};
	int r = export_with(&st, end, e);

	*ret_waiting = st.waiting;
	pages_free(&st);
	limit_end(&limit);
	order_done(&order);
	bitmap_done(&st.handled);
	bitmap_done(&st.ordered);
	bitmap_done(&st.retried);
	bitmap_done(&st.refused);
	bitmap_done(&st.warned);
	if (r < 0) {
		store_rollback(s->store);
		return r;
	}
	return tell_lasting(s, c, end, e);
}

int step_export(struct sync *s, struct sync_connector *c, struct step_end *end, struct err *e)
{
	int64_t waiting;

	return export_to(s, c, NULL, &waiting, end, e);
}

int step_export_dry(struct sync *s, struct sync_connector *c, struct dry_sink *dry,
	int64_t *ret_waiting, struct step_end *end, struct err *e)
{
	return export_to(s, c, dry, ret_waiting, end, e);
}
