/*
 * Inbound: CS.imported --> MV. Scope, join or project, attribute flow, precedence, of one object.
 * compute.c decides what flows, without the store; join.c looks for the metaverse object in the
 * store; what they find is applied here, in the transaction of step.c.
 */
#include "sync/inbound/inbound.h"
#include "base/timefmt.h"
#include "store/cs_page.h"
#include "store/mv_link.h"
#include "sync/adopt.h"
#include "sync/errors.h"
#include "sync/images.h"
#include "sync/inbound/lineage.h"

#include <inttypes.h>
#include <stdio.h>

static int good(struct inbound *in, int64_t cs, struct err *e)
{
	return MIN(object_good(in->sync, ERROR_SYNC, NULL, cs, e), 0);
}

static int flow_error(
	struct inbound *in, int64_t cs, const char *rule, const char *text, struct err *e)
{
	sync_count(in->sync, COUNTER_FLOW_FAILURE);
	bitmap_set(&in->failed, cs);
	return object_error(in->sync, cs, ERROR_SYNC, ERROR_TYPE_RULE,
		rule ? arena_printf(&in->arena, "rule \"%s\": %s", rule, text) : text, e);
}

/* Does outbound end the join of the row? Yes, in connectors where rules make objects. */
static bool is_outbounds(struct sync *s, const struct cs_row *row)
{
	const struct sync_connector *c = sync_connector_by_id(s, row->connector);

	return row->want == WANT_PRESENT || (c && c->provisions);
}

/*
 * No rule holds the metaverse object any more: outbound deprovisions what it had provisioned. Other
 * objects that were joined to it are evaluated again: they may join or make another object.
 */
static int mv_release(struct inbound *in, struct mv_row *mv, struct err *e)
{
	struct cs_row *rows;
	struct entry before;
	unsigned n;

	TRY(cs_page_joined(in->sync->store, mv->id, &in->arena, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (is_outbounds(in->sync, &rows[i]))
			continue;
		TRY(row_let_go(in->sync, &rows[i], e));
		TRY(cs_set_join(in->sync->store, rows[i].id, 0, NULL, e));
		TRY(good(in, rows[i].id, e));
		TRY(cs_touch(in->sync->store, rows[i].id, e));
	}
	TRY(mv_link_drop_target(in->sync->store, mv->id, e));
	TRY(mv_entry(in->sync, mv, &in->arena, &before, e));
	TRY(inbound_keys(in, mv->id, mv->class, &before, NULL, e));
	mv->deleted = true;
	return mv_update(in->sync->store, mv, e);
}

/* Writes the computed object. *ret_flow: did it change? IMAGE_TOO_LARGE: nothing is written. */
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

/* Is one of the objects of a connector that is no longer configured? */
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

	if (src->conn && src->row.want == WANT_PRESENT)
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

/* Removes the sync errors of all sources but one. */
static int sources_good(
	struct inbound *in, const struct mv_source *sources, unsigned n, int64_t but, struct err *e)
{
	for (unsigned i = 0; i < n; i++)
		if (sources[i].row.id != but)
			TRY(good(in, sources[i].row.id, e));
	return 0;
}

/* Writes what was computed of a metaverse object from all that is joined to it. */
static int mv_apply(struct inbound *in, struct mv_row *mv, struct mv_source *sources, unsigned n,
	bool gone, struct err *e)
{
	struct sync *s = in->sync;
	struct mv_result res;
	bool flow;
	int r;

	TRY(mv_compute(s, sources, n, mv, NULL, &in->arena, &res, e));
	/* a connector removed from the configuration must not cause deletes */
	if (!res.held && !res.error && has_unconfigured(sources, n))
		return sources_good(in, sources, n, 0, e);
	if (!res.held && !res.error) {
		sync_count(s, gone ? COUNTER_CONNECTOR_DELETE_REMOVE_MV
				   : COUNTER_CONNECTOR_FILTERED_REMOVE_MV);
		return mv_release(in, mv, e);
	}
	if (res.error) {
		TRY(sources_good(in, sources, n, res.error_cs, e));
		return flow_error(in, res.error_cs, res.error_rule, res.error, e);
	}
	r = mv_write(in, mv, &res, &flow, e);
	if (r != 0)
		return r < 0 ? r : flow_error(in, sources[0].row.id, NULL, IMAGE_TOO_LARGE_TEXT, e);
	TRY(inbound_relink(in, mv->id, &res, e));
	if (joins_hold(sources, n))
		bitmap_set(&s->fresh, mv->id);
	sync_count(s, flow ? COUNTER_CONNECTOR_FLOW : COUNTER_CONNECTOR_NO_FLOW);
	return sources_good(in, sources, n, 0, e);
}

/* Recomputes a metaverse object. */
static int mv_refresh(struct inbound *in, int64_t id, bool gone, struct err *e)
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
		return flow_error(in, sources[n].row.id, NULL, error, e);
	return mv_apply(in, &mv, sources, n, gone, e);
}

/* The row leaves its metaverse object, which stays if other rows hold it. */
static int disconnect(struct inbound *in, struct cs_row *row, bool gone, struct err *e)
{
	int64_t mv = row->mv;
	struct mv_row left;
	int r;

	TRY(row_let_go(in->sync, row, e));
	row->mv = 0;
	TRY(cs_set_join(in->sync->store, row->id, 0, NULL, e));
	TRY(inbound_target_changed(in, row->id, mv, e));
	TRY(good(in, row->id, e));
	TRY(mv_refresh(in, mv, gone, e));
	r = mv_get(in->sync->store, mv, &in->arena, &left, e);
	if (r == 0 && !left.deleted)
		sync_count(in->sync, gone ? COUNTER_CONNECTOR_DELETE_LEAVE_MV
					  : COUNTER_CONNECTOR_FILTERED_LEAVE_MV);
	return MIN(r, 0);
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
		return flow_error(in, src->row.id, res.error_rule, res.error, e);
	TRY(inbound_wait_over(in, src->row.id, e));
	r = mv_write(in, &mv, &res, &flow, e);
	if (r != 0)
		return r < 0 ? r : flow_error(in, src->row.id, NULL, IMAGE_TOO_LARGE_TEXT, e);
	TRY(cs_set_join(s->store, src->row.id, mv.id, rule->name, e));
	if (!in->first)
		TRY(inbound_relink(in, mv.id, &res, e));
	TRY(inbound_target_changed(in, src->row.id, 0, e));
	sync_count(s, COUNTER_DISCONNECTOR_PROJECTED_FLOW);
	return good(in, src->row.id, e);
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
		TRY(inbound_wait_over(in, src->row.id, e));
		return good(in, src->row.id, e);
	}
	TRY(inbound_join(in, src, &outcome, &mv, &rule, &error, e));
	switch (outcome) {
	case JOIN_NONE:
		sync_count(s, COUNTER_DISCONNECTOR_REMAINS);
		TRY(inbound_wait(in, src, e));
		return good(in, src->row.id, e);
	case JOIN_PROJECT:
		return project(in, src, rule, e);
	case JOIN_ERROR:
		sync_count(s, COUNTER_FLOW_FAILURE);
		bitmap_set(&in->failed, src->row.id);
		return object_error(s, src->row.id, ERROR_SYNC, ERROR_TYPE_AMBIGUOUS, error, e);
	case JOIN_FOUND:
		break;
	}
	TRY(inbound_wait_over(in, src->row.id, e));
	TRY(good(in, src->row.id, e));
	TRY(cs_set_join(s->store, src->row.id, mv, rule->name, e));
	sync_count(s, rule->link == LINK_JOIN_NO_FLOW ? COUNTER_DISCONNECTOR_JOINED_NO_FLOW
						      : COUNTER_DISCONNECTOR_JOINED_FLOW);
	/* outbound must look at it even if no attribute changed: a new object is joined */
	TRY(mv_touch(s->store, mv, e));
	TRY(mv_refresh(in, mv, false, e));
	return inbound_target_changed(in, src->row.id, 0, e);
}

static int lone_object(struct inbound *in, struct cs_row *row, struct err *e)
{
	struct mv_source *src = arena_alloc(&in->arena, sizeof(*src));
	struct cs_row whole; /* a page of all rows comes without images */
	const char *error;
	int r = cs_get(in->sync->store, row->id, &in->arena, &whole, e);

	if (r != 0) /* the row is gone */
		return MIN(r, 0);
	TRY(mv_source_init(in->sync, src, &whole, &in->arena, &error, e));
	return error ? flow_error(in, row->id, NULL, error, e) : unjoined_object(in, src, e);
}

/* All joined objects are evaluated together. The row's own join may have ended. */
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
		return flow_error(in, sources[n].row.id, NULL, error, e);
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
	return r == 0 && !mv.deleted ? mv_apply(in, &mv, sources, n, false, e)
	                             : good(in, row->id, e);
}

int inbound_object(struct inbound *in, struct cs_row *row, struct err *e)
{
	if (row->kind == CS_PLACEHOLDER)
		return 0;
	if (row->deleted)
		return deleted_object(in, row, e);
	if (!row->imported) {
		TRY(good(in, row->id, e));
		return row->mv ? mv_touch(in->sync->store, row->mv, e) : 0;
	}
	if (!row->mv && row->want == WANT_ABSENT) {
		/* to be deleted: if it is wanted again, outbound joins it by its DN */
		sync_count(in->sync, COUNTER_DISCONNECTOR_REMAINS);
		return good(in, row->id, e);
	}
	return row->mv ? joined_object(in, row, e) : lone_object(in, row, e);
}

int inbound_reconsider(struct inbound *in, int64_t cs, struct err *e)
{
	struct arena outer = in->arena; /* stays; the memory of this object is freed */
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
