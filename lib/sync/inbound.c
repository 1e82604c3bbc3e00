/*
 * Inbound: CS.imported --> MV. Scope, join or project, attribute flow, precedence. Each object is
 * decided by pure functions (mvcompute.c, inbound_join.c) and applied here, a page of objects per
 * transaction together with the connector's watermark.
 */
#include "sync/inbound.h"
#include "base/fault.h"
#include "base/timefmt.h"
#include "sync/lineage.h"

#include <inttypes.h>
#include <stdio.h>

/* No rule holds it any more: outbound deprovisions what it had provisioned. */
static int mv_release(struct inbound *in, struct mv_row *mv, struct err *e)
{
	struct cs_row *rows;
	unsigned n;

	TRY(cs_page_joined(in->sync->store, mv->id, &in->arena, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		struct sync_connector *c = sync_connector_by_id(in->sync, rows[i].connector);

		if (c && c->exports)
			continue;
		TRY(cs_set_join(in->sync->store, rows[i].id, 0, NULL, e));
	}
	TRY(mv_link_drop_target(in->sync->store, mv->id, e));
	TRY(mv_keys_set(in->sync->store, mv->id, false, NULL, 0, e));
	mv->deleted = true;
	return mv_update(in->sync->store, mv, e);
}

/* Writes the computed object. *ret_flow: did anything change? IMAGE_TOO_LARGE: nothing is. */
static int mv_write(
	struct inbound *in, struct mv_row *mv, struct mv_result *res, bool *ret_flow, struct err *e)
{
	struct sync *s = in->sync;
	struct entry before;
	struct delta change;
	const void *image;
	size_t len;
	int r;

	r = entry_image(s, &res->entry, &in->arena, &image, &len, e);
	if (r != 0)
		return r;
	*ret_flow = !mv->id || mv->image_len != len || memcmp(mv->image, image, len) != 0;
	if (*ret_flow) {
		bool fresh = mv->id == 0;

		if (fresh) {
			mv->created = in->now;
		} else {
			TRY(mv_entry(s, mv, &in->arena, &before, e));
			delta_full(&before, &res->entry, &in->arena, &change);
			lineage_update(mv->times, mv->times_len, mv->created, &change, in->now,
				store_attr_map(s->store), &in->arena, &mv->times, &mv->times_len);
		}
		mv->image = image;
		mv->image_len = len;
		TRY(fresh ? mv_insert(s->store, mv, e) : mv_update(s->store, mv, e));
		TRY(inbound_keys(in, mv->id, mv->class, fresh ? NULL : &before, &res->entry, e));
	}
	return 0;
}

static int flow_error(struct inbound *in, const struct cs_row *row, const char *rule,
	const char *text, struct err *e)
{
	sync_count(in->sync, COUNTER_FLOW_FAILURE);
	return object_error(in->sync, row->id, ERROR_SYNC, "sync-rule-error-function-triggered",
		rule ? arena_printf(&in->arena, "rule \"%s\": %s", rule, text) : text, e);
}

/* Is an object of a connector joined that is not configured (any more)? */
static bool has_unconfigured(const struct mv_source *sources, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!sources[i].conn)
			return true;
	return false;
}

/* An established join holds until the rule that made it leaves scope. */
static bool join_holds(const struct mv_source *src)
{
	const char *by = src->row.join_rule;

	if (src->conn && src->conn->exports && src->row.want == WANT_PRESENT)
		return true; /* made by outbound */
	for (unsigned i = 0; i < src->n_rules; i++)
		if (by && streq(src->rules[i]->name, by))
			return true;
	return false;
}

static bool joins_hold(const struct mv_source *sources, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!join_holds(&sources[i]))
			return false;
	return true;
}

/* Writes what was computed of a metaverse object from all that is joined to it. */
static int mv_apply(struct inbound *in, const struct cs_row *row, struct mv_row *mv,
	struct mv_source *sources, unsigned n, bool gone, struct err *e)
{
	struct sync *s = in->sync;
	struct mv_result res;
	bool flow;
	int r;

	TRY(mv_compute(s, sources, n, mv, NULL, &in->arena, &res, e));
	/* a section that left the configuration must not become a wave of deletes */
	if (!res.held && !res.error && has_unconfigured(sources, n))
		return 0;
	if (!res.held && !res.error) {
		sync_count(s, gone ? COUNTER_CONNECTOR_DELETE_REMOVE_MV
				   : COUNTER_CONNECTOR_FILTERED_REMOVE_MV);
		return mv_release(in, mv, e);
	}
	if (res.error)
		return flow_error(in, row, res.error_rule, res.error, e);
	r = mv_write(in, mv, &res, &flow, e);
	if (r != 0)
		return r < 0 ? r : flow_error(in, row, NULL, IMAGE_TOO_LARGE_TEXT, e);
	TRY(inbound_relink(in, mv->id, &res, e));
	if (joins_hold(sources, n))
		bitmap_set(&s->fresh, mv->id);
	sync_count(s, flow ? COUNTER_CONNECTOR_FLOW : COUNTER_CONNECTOR_NO_FLOW);
	return sync_error_clear(s, row->id, e);
}

/* Recomputes a metaverse object. */
static int mv_refresh(
	struct inbound *in, const struct cs_row *row, int64_t id, bool gone, struct err *e)
{
	struct mv_source *sources;
	const char *error;
	struct mv_row mv;
	unsigned n;
	int r = mv_get(in->sync->store, id, &in->arena, &mv, e);

	if (r != 0 || mv.deleted)
		return MIN(r, 0);
	bitmap_unset(&in->sync->fresh, id);
	TRY(inbound_sources(in, id, &in->arena, &sources, &n, &error, e));
	if (error)
		return flow_error(in, row, NULL, error, e);
	return mv_apply(in, row, &mv, sources, n, gone, e);
}

/* The row leaves its metaverse object, which may live on through others. */
static int disconnect(struct inbound *in, struct cs_row *row, bool gone, struct err *e)
{
	int64_t mv = row->mv;

	row->mv = 0;
	TRY(cs_set_join(in->sync->store, row->id, 0, NULL, e));
	TRY(inbound_target_changed(in, row->id, mv, e));
	return mv_refresh(in, row, mv, gone, e);
}

/* The directory no longer has it. */
static int deleted_object(struct inbound *in, struct cs_row *row, struct err *e)
{
	if (row->mv)
		TRY(disconnect(in, row, true, e));
	return row_remove(in->sync, row, e);
}

static int project(
	struct inbound *in, struct mv_source *src, const struct rule *rule, struct err *e)
{
	struct sync *s = in->sync;
	struct mv_row mv = {.class = rule->target_class};
	struct mv_result res;
	bool flow;
	int r;

	TRY(mv_compute(s, src, 1, NULL, NULL, &in->arena, &res, e));
	if (res.error)
		return flow_error(in, &src->row, res.error_rule, res.error, e);
	r = mv_write(in, &mv, &res, &flow, e);
	if (r != 0)
		return r < 0 ? r : flow_error(in, &src->row, NULL, IMAGE_TOO_LARGE_TEXT, e);
	TRY(cs_set_join(s->store, src->row.id, mv.id, rule->name, e));
	if (!in->first)
		TRY(inbound_relink(in, mv.id, &res, e));
	TRY(inbound_target_changed(in, src->row.id, 0, e));
	sync_count(s, COUNTER_DISCONNECTOR_PROJECTED_FLOW);
	return sync_error_clear(s, src->row.id, e);
}

static int unjoined_object(struct inbound *in, struct mv_source *src, struct err *e)
{
	struct sync *s = in->sync;
	enum join_outcome outcome;
	const struct rule *rule = NULL;
	const char *error = NULL;
	int64_t mv = 0;

	if (src->n_rules == 0) {
		sync_count(s, COUNTER_DISCONNECTOR_FILTERED);
		return 0;
	}
	TRY(inbound_join(in, src, &outcome, &mv, &rule, &error, e));
	switch (outcome) {
	case JOIN_NONE:
		sync_count(s, COUNTER_DISCONNECTOR_REMAINS);
		return 0;
	case JOIN_PROJECT:
		return project(in, src, rule, e);
	case JOIN_ERROR:
		sync_count(s, COUNTER_FLOW_FAILURE);
		return object_error(s, src->row.id, ERROR_SYNC,
			"ambiguous-import-flow-from-multiple-connectors", error, e);
	case JOIN_FOUND:
		break;
	}
	TRY(cs_set_join(s->store, src->row.id, mv, rule->name, e));
	sync_count(s, rule->link == LINK_JOIN_NO_FLOW ? COUNTER_DISCONNECTOR_JOINED_NO_FLOW
						      : COUNTER_DISCONNECTOR_JOINED_FLOW);
	/* outbound must look at it even if no attribute changed: it has a new connector */
	TRY(mv_touch(s->store, mv, e));
	TRY(mv_refresh(in, &src->row, mv, false, e));
	return inbound_target_changed(in, src->row.id, 0, e);
}

static int lone_object(struct inbound *in, struct cs_row *row, struct err *e)
{
	struct mv_source *src = arena_alloc(&in->arena, sizeof(*src));
	struct cs_row whole; /* a page of all rows comes without images */
	const char *error;
	int r = cs_get(in->sync->store, row->id, &in->arena, &whole, e);

	if (r != 0) /* not there any more */
		return MIN(r, 0);
	TRY(mv_source_init(in->sync, src, &whole, &in->arena, &error, e));
	return error ? flow_error(in, row, NULL, error, e) : unjoined_object(in, src, e);
}

/* All that is joined is evaluated together; the row's own join may turn out to hold no longer. */
static int joined_object(struct inbound *in, struct cs_row *row, struct err *e)
{
	struct mv_source *sources;
	const char *error;
	struct mv_row mv;
	unsigned n;
	int r = mv_get(in->sync->store, row->mv, &in->arena, &mv, e);

	TRY(r);
	bitmap_unset(&in->sync->fresh, row->mv);
	TRY(inbound_sources(in, row->mv, &in->arena, &sources, &n, &error, e));
	if (error)
		return flow_error(in, row, NULL, error, e);
	for (unsigned i = 0; i < n; i++) {
		int again;

		if (sources[i].row.id != row->id || join_holds(&sources[i]))
			continue;
		again = r == 0 && !mv.deleted ? inbound_rejoin(in, &sources[i], sources, n, &mv, e)
		                              : 0;
		TRY(again);
		if (again)
			continue;
		TRY(disconnect(in, row, false, e));
		return lone_object(in, row, e);
	}
	return r == 0 && !mv.deleted ? mv_apply(in, row, &mv, sources, n, false, e) : 0;
}

static int inbound_object(struct inbound *in, struct cs_row *row, struct err *e)
{
	if (row->kind == CS_PLACEHOLDER)
		return 0;
	if (row->deleted)
		return deleted_object(in, row, e);
	if (!row->imported)
		return row->mv ? mv_touch(in->sync->store, row->mv, e) : 0;
	if (!row->mv && row->want == WANT_ABSENT) {
		/* to be deleted: outbound takes it back if it is wanted again, by its DN */
		sync_count(in->sync, COUNTER_DISCONNECTOR_REMAINS);
		return 0;
	}
	return row->mv ? joined_object(in, row, e) : lone_object(in, row, e);
}

int inbound_reconsider(struct inbound *in, int64_t cs, struct err *e)
{
	struct arena outer = in->arena; /* the caller's objects stay; each member's memory goes */
	struct cs_row row;
	int r;

	in->arena = (struct arena){0};
	r = cs_get(in->sync->store, cs, &in->arena, &row, e);
	if (r == 0 && !row.deleted)
		r = inbound_object(in, &row, e);
	arena_done(&in->arena);
	in->arena = outer;
	return MIN(r, 0);
}

/* Ids of all that an object has as member: a rename or a delete changes what they belong to. */
static int members_of(
	struct inbound *in, int64_t cs, struct cs_link **ret, unsigned *ret_n, struct err *e)
{
	*ret_n = 0;
	return in->membership ? cs_link_list(in->sync->store, cs, attr_intern("member"), &in->arena,
					ret, ret_n, e)
	                      : 0;
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
 * In a full sync, an object whose metaverse object was computed by an earlier step of this run,
 * from all that is joined to it, needs no second look.
 */
static bool is_done(const struct inbound *in, const struct cs_row *row)
{
	return row->mv && row->imported && !row->deleted && bitmap_get(&in->sync->fresh, row->mv) &&
	       !bitmap_get(&in->sync->sync_errors, row->id);
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

static int inbound_objects(struct inbound *in, bool full, struct err *e)
{
	struct connector_row *cr = &in->conn->row;
	int64_t after = full ? 0 : cr->inbound_seq;
	int64_t seq_before = store_seq(in->sync->store);
	unsigned n;

	do {
		_cleanup_arena_ struct arena page = {0};
		struct cs_row *rows;

		TRY(full ? cs_page_all(in->sync->store, cr->id, after, PAGE, &page, &rows, &n, e)
			 : cs_page_changed(
				   in->sync->store, cr->id, after, PAGE, &page, &rows, &n, e));
		if (n)
			TRY(page_apply(in, rows, n, full, &after, e));
		if (sync_canceled(in->sync))
			return 0;
	} while (n == PAGE);
	if (full)
		cr->inbound_seq = MAX(cr->inbound_seq, seq_before);
	return 0;
}

/* Which attributes joins look up, as a word: other rules need other keys. */
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

/* New rules may join by other attributes: the keys of what is there are made again, at once. */
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

/* A connector that rules export to is done only after outbound. */
static int full_done(struct inbound *in, struct err *e)
{
	struct connector_row *cr = &in->conn->row;

	if (in->conn->exports)
		return 0;
	cr->full_sync_required = false;
	TRY(store_begin(in->sync->store, e));
	TRY(connector_update(in->sync->store, cr, e));
	return store_commit(in->sync->store, e);
}

int step_inbound(
	struct sync *s, struct sync_connector *c, bool full, struct step_end *end, struct err *e)
{
	struct inbound in = {
		.sync = s,
		.conn = c,
		.first = c->row.link_seq == 0,
		.membership = ruleset_uses_membership(s->rules, c->name),
		.now = unix_now(),
	};
	int r = sync_errors_load(s, e);

	if (r >= 0)
		r = rekey(&in, e);
	if (r >= 0)
		r = inbound_objects(&in, full, e);
	if (r >= 0 && !sync_canceled(s))
		r = inbound_links(&in, e);
	if (r >= 0 && full && !sync_canceled(s))
		r = full_done(&in, e);
	if (r >= 0 && sync_canceled(s))
		end->result = "stopped-user-termination-from-wmi-or-ui";
	arena_done(&in.arena);
	arena_done(&in.link_arena);
	if (r < 0) {
		store_rollback(s->store);
		return r;
	}
	if (s->n_errors && run_result_good(end->result)) {
		end->result = "completed-sync-errors";
		snprintf(end->error, sizeof(end->error),
			"%d object(s) have synchronization errors: adsyncctl errors", s->n_errors);
	}
	return 0;
}
