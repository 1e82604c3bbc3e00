/*
 * The outbound step: which metaverse objects are looked at (all, what changed, what is in error,
 * whose grace is over), page by page; then references; then the watermark.
 */
#include "sync/outbound/outbound.h"
#include "report/fault.h"
#include "base/timefmt.h"
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "store/mv.h"
#include "store/mv_link.h"
#include "sync/chosen.h"
#include "sync/errors.h"
#include "sync/step.h"

static int page_apply(struct outbound *out, struct mv_row *rows, unsigned n, bool full,
	int64_t *after, struct err *e)
{
	struct sync *s = out->sync;

	TRY(store_begin(s->store, e));
	for (unsigned i = 0; i < n; i++) {
		arena_reset(&out->arena);
		*after = full ? rows[i].id : rows[i].seq;
		TRY(outbound_object(out, &rows[i], e));
	}
	fault_hit(FAULT_OUTBOUND_BEFORE_COMMIT);
	TRY(store_commit(s->store, e));
	fault_hit(FAULT_OUTBOUND_AFTER_COMMIT);
	sync_progress(s, false);
	return 0;
}

/*
 * The watermark covers objects and links alike, so it moves only at the end; a crash before that
 * computes the same pages again, which changes nothing.
 */
static int outbound_objects(struct outbound *out, bool full, struct err *e)
{
	int64_t after = full ? 0 : out->conn->row.outbound_seq;
	unsigned n;

	do {
		_cleanup_arena_ struct arena page = {0};
		struct mv_row *rows;

		TRY(full ? mv_page_all(out->sync->store, after, PAGE, &page, &rows, &n, e)
			 : mv_page_changed(out->sync->store, after, PAGE, &page, &rows, &n, e));
		if (n)
			TRY(page_apply(out, rows, n, full, &after, e));
		if (sync_canceled(out->sync))
			return 1;
	} while (n == PAGE);
	return 0;
}

/* Evaluates a row in error again; it may be joined to another object by now, or to none. */
static int retry_error(struct outbound *out, int64_t cs, struct err *e)
{
	struct sync *s = out->sync;
	struct mv_row mv;
	int64_t id;
	int r;

	if (bitmap_get(&out->failed, cs)) /* in this step */
		return 0;
	arena_reset(&out->arena);
	TRY(cs_mv_of(s->store, cs, &id, e));
	r = id ? mv_get(s->store, id, &out->arena, &mv, e) : STORE_NONE;
	TRY(r);
	if (r == 0)
		TRY(outbound_object(out, &mv, e));
	return bitmap_get(&out->failed, cs)
	               ? 0
	               : MIN(object_good(s, ERROR_OUTBOUND, out->conn, cs, e), 0);
}

/* Objects in error are evaluated again; if nothing has changed, only when they are few. */
static int retry_errors(struct outbound *out, bool changed, struct err *e)
{
	struct sync *s = out->sync;
	int64_t after = 0, ids[PAGE];
	unsigned n;

	do {
		TRY(error_page(
			s->store, out->conn->row.id, ERROR_OUTBOUND, after, PAGE, ids, &n, e));
		if (n == 0 || (n > IDLE_RETRIES && !changed))
			return 0;
		after = ids[n - 1];
		TRY(store_begin(s->store, e));
		for (unsigned i = 0; i < n; i++)
			TRY(retry_error(out, ids[i], e));
		fault_hit(FAULT_OUTBOUND_BEFORE_COMMIT);
		TRY(store_commit(s->store, e));
		fault_hit(FAULT_OUTBOUND_AFTER_COMMIT);
		if (sync_canceled(s))
			return 1;
	} while (n == PAGE);
	return 0;
}

static int outbound_all(struct outbound *out, bool full, struct err *e)
{
	struct connector_row *cr = &out->conn->row;
	struct store *store = out->sync->store;
	bool changed = store_seq(store) != cr->outbound_seq;
	int r = outbound_objects(out, full, e);

	if (r != 0)
		return r;
	r = retry_errors(out, changed, e);
	if (r != 0)
		return r;
	/* also in a full sync only what changed: links_rerouted() finds rows whose flows changed */
	r = outbound_links(out, cr->outbound_seq, e);
	if (r != 0)
		return r;
	TRY(store_begin(store, e));
	TRY(outbound_tell_met(out, e));
	cr->outbound_seq = store_seq(store);
	cr->full_sync_required = false;
	TRY(connector_update(store, cr, e));
	TRY(outbound_links_purge(out, e));
	TRY(cs_link_purge(store, cr->id, cr->link_seq, e));
	fault_hit(FAULT_OUTBOUND_BEFORE_COMMIT);
	return store_commit(store, e);
}

#define EXPIRED_MAX 10000 /* in one step; the rest comes with the next */

/* Evaluates the objects whose time of grace is over, also when nothing changed. */
static int outbound_expired(struct outbound *out, struct err *e)
{
	struct store *store = out->sync->store;
	_cleanup_arena_ struct arena page = {0};
	struct cs_row *rows;
	unsigned n;

	TRY(cs_page_expired(store, out->conn->row.id, out->now, EXPIRED_MAX, &page, &rows, &n, e));
	if (n == 0)
		return 0;
	TRY(store_begin(store, e));
	for (unsigned i = 0; i < n; i++) {
		struct mv_row mv = {.id = rows[i].mv, .class = "", .deleted = true};

		arena_reset(&out->arena);
		TRY(mv_get(store, rows[i].mv, &out->arena, &mv, e));
		TRY(outbound_object(out, &mv, e));
	}
	return store_commit(store, e);
}

/* Was the connector not configured while removed references were purged? It missed them then. */
static int has_missed(struct outbound *out, bool *ret, struct err *e)
{
	int64_t purged;

	TRY(mv_link_purged(out->sync->store, &purged, e));
	*ret = out->conn->row.outbound_seq < purged;
	return 0;
}

static int chosen_objects(struct outbound *out, const struct bitmap *mvs, struct err *e)
{
	struct store *store = out->sync->store;

	TRY(errors_load(out->sync, ERROR_OUTBOUND, out->conn, e));
	TRY(has_missed(out, &out->missed, e));
	for (int64_t id = 0; (id = bitmap_next(mvs, id));) {
		struct mv_row mv;
		int r;

		arena_reset(&out->arena);
		r = mv_get(store, id, &out->arena, &mv, e);
		TRY(r);
		if (r == 0)
			TRY(outbound_object(out, &mv, e));
	}
	for (int64_t id = 0; (id = bitmap_next(mvs, id));)
		TRY(outbound_links_of(out, id, out->conn->row.outbound_seq, e));
	return 0;
}

int chosen_outbound(
	struct sync *s, struct sync_connector *c, const struct bitmap *mvs, struct err *e)
{
	struct outbound out;
	int r;

	outbound_init(&out, s, c);
	r = chosen_objects(&out, mvs, e);
	outbound_done(&out);
	return r;
}

int step_outbound(
	struct sync *s, struct sync_connector *c, bool full, struct step_end *end, struct err *e)
{
	struct outbound out;
	int r;

	outbound_init(&out, s, c);
	r = errors_load(s, ERROR_OUTBOUND, c, e);
	if (r == 0)
		r = has_missed(&out, &out.missed, e);
	if (r == 0)
		r = outbound_all(&out, full, e);
	if (r == 0)
		r = outbound_expired(&out, e);
	outbound_done(&out);
	if (r < 0) {
		store_rollback(s->store);
		return r;
	}
	if (r > 0)
		end->result = STEP_RESULT_CANCELED;
	return tell_errors(s, ERROR_OUTBOUND, c, end, e);
}
