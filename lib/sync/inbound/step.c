/*
 * The inbound step: which objects are looked at (all, what changed, what was woken, what is in
 * error), page by page, with the connector's watermark; then references.
 */
#include "sync/inbound/inbound.h"
#include "report/fault.h"
#include "base/timefmt.h"
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "store/wait.h"
#include "sync/chosen.h"
#include "sync/errors.h"
#include "sync/images.h"
#include "sync/step.h"

/* The members of an object: its rename or delete changes which groups they are in. */
static int members_of(
	struct inbound *in, int64_t cs, struct cs_link **ret, unsigned *ret_n, struct err *e)
{
	unsigned member = sync_member_attr(in->conn);

	*ret_n = 0;
	if (!in->membership || !member)
		return 0;
	return cs_link_list(in->sync->store, cs, member, &in->arena, ret, ret_n, e);
}

static int changed_object(struct inbound *in, struct cs_row *row, struct err *e)
{
	struct cs_link *members;
	unsigned n;

	TRY(members_of(in, row->id, &members, &n, e));
	TRY(inbound_object(in, row, e));
	for (unsigned i = 0; i < n; i++)
		TRY(inbound_reconsider(in, members[i].target, e));
	return 0;
}

/*
 * In a full sync: was its metaverse object already computed in this run, from all that is joined to
 * it? Then the object is not evaluated again.
 */
static bool is_done(const struct inbound *in, const struct cs_row *row)
{
	return row->mv && row->imported && !row->deleted && bitmap_get(&in->sync->fresh, row->mv) &&
	       !bitmap_get(&in->sync->errors, row->id);
}

static int full_object(struct inbound *in, struct cs_row *row, struct err *e)
{
	if (!is_done(in, row))
		return inbound_object(in, row, e);
	sync_count(in->sync, COUNTER_CONNECTOR_NO_FLOW);
	return 0;
}

static int page_apply(struct inbound *in, struct cs_row *rows, unsigned n, bool full,
	int64_t *after, struct err *e)
{
	struct sync *s = in->sync;
	struct connector_row *cr = &in->conn->row;

	TRY(store_begin(s->store, e));
	for (unsigned i = 0; i < n; i++) {
		arena_reset(&in->arena);
		TRY(full ? full_object(in, &rows[i], e) : changed_object(in, &rows[i], e));
		*after = full ? rows[i].id : rows[i].seq;
	}
	if (!full)
		cr->inbound_seq = *after;
	TRY(connector_update(s->store, cr, e));
	fault_hit(FAULT_INBOUND_BEFORE_COMMIT);
	TRY(store_commit(s->store, e));
	fault_hit(FAULT_INBOUND_AFTER_COMMIT);
	sync_progress(s, false);
	return 0;
}

static int full_objects(struct inbound *in, struct err *e)
{
	struct connector_row *cr = &in->conn->row;
	int64_t after = 0, seq_before = store_seq(in->sync->store);
	unsigned n;

	do {
		_cleanup_arena_ struct arena page = {0};
		struct cs_row *rows;

		TRY(cs_page_all(in->sync->store, cr->id, after, PAGE, &page, &rows, &n, e));
		if (n)
			TRY(page_apply(in, rows, n, true, &after, e));
		if (sync_canceled(in->sync))
			return 0;
	} while (n == PAGE);
	cr->inbound_seq = MAX(cr->inbound_seq, seq_before);
	return 0;
}

#define WOKEN_PAGES 1000 /* of objects woken in this step; the rest is left to the next */

/* Objects that changed, and those that are woken meanwhile. */
static int changed_objects(struct inbound *in, struct err *e)
{
	struct connector_row *cr = &in->conn->row;
	int64_t after = cr->inbound_seq, seq_before = store_seq(in->sync->store);
	unsigned n, woken = 0;

	do {
		_cleanup_arena_ struct arena page = {0};
		struct cs_row *rows;

		TRY(cs_page_changed(in->sync->store, cr->id, after, PAGE, &page, &rows, &n, e));
		if (n)
			TRY(page_apply(in, rows, n, false, &after, e));
		if (sync_canceled(in->sync))
			return 0;
		woken += after > seq_before;
	} while (n && woken < WOKEN_PAGES);
	return 0;
}

static int retry_page(struct inbound *in, const int64_t *ids, unsigned n, struct err *e)
{
	struct sync *s = in->sync;

	TRY(store_begin(s->store, e));
	for (unsigned i = 0; i < n; i++) {
		struct cs_row row;
		int r;

		if (bitmap_get(&in->failed, ids[i])) /* in this step */
			continue;
		arena_reset(&in->arena);
		r = cs_get(s->store, ids[i], &in->arena, &row, e);
		TRY(r);
		if (r == 0)
			TRY(inbound_object(in, &row, e));
	}
	fault_hit(FAULT_INBOUND_BEFORE_COMMIT);
	TRY(store_commit(s->store, e));
	fault_hit(FAULT_INBOUND_AFTER_COMMIT);
	sync_progress(s, false);
	return 0;
}

/*
 * Objects in error are evaluated again: what they depend on may have changed. `changed` false:
 * nothing has changed since the last time; then only if there are no more than IDLE_RETRIES, for
 * rules that use the time.
 */
static int retry_errors(struct inbound *in, bool changed, struct err *e)
{
	int64_t after = 0, ids[PAGE];
	unsigned n;

	do {
		TRY(error_page(
			in->sync->store, in->conn->row.id, ERROR_SYNC, after, PAGE, ids, &n, e));
		if (n == 0 || (n > IDLE_RETRIES && !changed))
			return 0;
		after = ids[n - 1];
		TRY(retry_page(in, ids, n, e));
	} while (n == PAGE && !sync_canceled(in->sync));
	return 0;
}

static int inbound_objects(struct inbound *in, bool full, struct err *e)
{
	bool changed = store_seq(in->sync->store) != in->conn->row.link_seq;

	if (full)
		TRY(full_objects(in, e));
	if (!sync_canceled(in->sync))
		TRY(changed_objects(in, e));
	return sync_canceled(in->sync) ? 0 : retry_errors(in, changed, e);
}

/* Which attributes joins look up, as a text to compare: other rules need other keys. */
static const char *key_attrs(struct inbound *in, const struct schema *mv)
{
	const char *text = "";

	for (unsigned c = 0; mv && c < mv->n_classes; c++) {
		const char *class = mv->classes[c].name;
		unsigned n;
		const unsigned *attrs = ruleset_join_attrs(in->sync->rules, class, &n);

		text = arena_printf(&in->arena, "%s%s:", text, class);
		for (unsigned i = 0; i < n; i++)
			text = arena_printf(&in->arena, "%s %s", text, attr_name(attrs[i]));
	}
	return text;
}

static int rekey_page(struct inbound *in, struct mv_row *rows, unsigned n, struct err *e)
{
	for (unsigned i = 0; i < n; i++) {
		_cleanup_arena_ struct arena a = {0};
		struct entry en;

		if (rows[i].deleted)
			continue;
		TRY(mv_keys_set(in->sync->store, rows[i].id, false, NULL, 0, e));
		TRY(mv_entry(in->sync, &rows[i], &a, &en, e));
		TRY(inbound_keys(in, rows[i].id, rows[i].class, NULL, &en, e));
	}
	return 0;
}

/* New rules may join by other attributes: then the keys of all metaverse objects are made anew. */
static int rekey(struct inbound *in, struct err *e)
{
	const char *now = key_attrs(in, in->sync->metaverse), *before;
	struct store *store = in->sync->store;
	int64_t after = 0;
	unsigned n;
	int r = meta_get(store, "join_attributes", &in->arena, &before, e);

	TRY(r);
	if (r == 0 && streq(before, now))
		return 0;
	TRY(store_begin(store, e));
	do {
		_cleanup_arena_ struct arena page = {0};
		struct mv_row *rows;

		TRY(mv_page_all(store, after, PAGE, &page, &rows, &n, e));
		TRY(rekey_page(in, rows, n, e));
		after = n ? rows[n - 1].id : after;
	} while (n == PAGE);
	TRY(meta_set(store, "join_attributes", now, e));
	return store_commit(store, e);
}

/* The full sync of a source is done; that of a target only after outbound. */
static int full_done(struct inbound *in, struct err *e)
{
	struct connector_row *cr = &in->conn->row;

	if (in->conn->is_target)
		return 0;
	cr->full_sync_required = false;
	TRY(store_begin(in->sync->store, e));
	TRY(connector_update(in->sync->store, cr, e));
	return store_commit(in->sync->store, e);
}

static struct inbound inbound_of(struct sync *s, struct sync_connector *c)
{
	return (struct inbound){
		.sync = s,
		.conn = c,
		.first = c->row.link_seq == 0,
		.membership = ruleset_uses_membership(s->rules, c->name),
		.now = unix_now(),
	};
}

static void inbound_done(struct inbound *in)
{
	arena_done(&in->arena);
	arena_done(&in->link_arena);
	bitmap_done(&in->failed);
}

static int chosen_object(struct inbound *in, int64_t cs, bool links, struct err *e)
{
	struct cs_row row;
	int r;

	arena_reset(&in->arena);
	r = cs_get(in->sync->store, cs, &in->arena, &row, e);
	if (r != 0 || row.connector != in->conn->row.id)
		return MIN(r, 0);
	return links ? inbound_links_of(in, cs, e) : changed_object(in, &row, e);
}

/* Objects first: a reference counts when both of its ends are joined. */
static int chosen_objects(struct inbound *in, const struct bitmap *rows, struct err *e)
{
	int r;

	TRY(errors_load(in->sync, ERROR_SYNC, NULL, e));
	r = wait_any(in->sync->store, e);
	TRY(r);
	in->waits = r > 0;
	for (int links = 0; links < 2; links++)
		for (int64_t id = 0; (id = bitmap_next(rows, id));)
			TRY(chosen_object(in, id, links, e));
	return 0;
}

int chosen_inbound(
	struct sync *s, struct sync_connector *c, const struct bitmap *rows, struct err *e)
{
	struct inbound in = inbound_of(s, c);
	int r = chosen_objects(&in, rows, e);

	inbound_done(&in);
	return r;
}

int step_inbound(
	struct sync *s, struct sync_connector *c, bool full, struct step_end *end, struct err *e)
{
	struct inbound in = inbound_of(s, c);
	int r = errors_load(s, ERROR_SYNC, NULL, e);

	if (r >= 0)
		r = rekey(&in, e);
	if (r >= 0)
		r = wait_any(s->store, e);
	in.waits = r > 0;
	if (r >= 0)
		r = inbound_objects(&in, full, e);
	if (r >= 0 && !sync_canceled(s))
		r = inbound_links(&in, e);
	if (r >= 0 && full && !sync_canceled(s))
		r = full_done(&in, e);
	if (r >= 0 && sync_canceled(s))
		end->result = STEP_RESULT_CANCELED;
	inbound_done(&in);
	if (r < 0) {
		store_rollback(s->store);
		return r;
	}
	return tell_errors(s, ERROR_SYNC, c, end, e);
}
