/* References from the connector space into the metaverse, a row at a time. */
#include "sync/inbound/inbound.h"
#include "report/fault.h"
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "store/mv_link.h"

int inbound_sources(struct inbound *in, int64_t mv, struct arena *a, struct mv_source **ret,
	unsigned *ret_n, const char **ret_error, struct err *e)
{
	struct cs_row *rows;
	unsigned n;

	*ret_error = NULL;
	*ret_n = 0;
	TRY(cs_page_sources(in->sync->store, mv, a, &rows, &n, e));
	*ret = arena_alloc(a, (n + 1) * sizeof(**ret));
	for (unsigned i = 0; i < n; i++) {
		TRY(mv_source_init(in->sync, &(*ret)[*ret_n], &rows[i], a, ret_error, e));
		if (*ret_error)
			return 0;
		(*ret_n)++;
	}
	return 0;
}

static int link_set(
	struct inbound *in, int64_t mv, unsigned attr, int64_t target, bool present, struct err *e)
{
	struct mv_link l;
	int r = mv_link_get(in->sync->store, mv, attr, target, &l, e);

	TRY(r);
	if (r == STORE_NONE ? !present : l.present == present)
		return 0;
	return mv_link_put(in->sync->store, mv, attr, target, present, e);
}

static int cmp_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Adds the metaverse objects that one winner's links lead to. */
static int add_targets(struct inbound *in, const struct mv_link_source *winner, struct arena *a,
	int64_t **list, unsigned *n, struct err *e)
{
	int64_t *more, *grown;
	unsigned n_more;

	TRY(cs_link_targets_mv(in->sync->store, winner->cs, winner->cs_attr, a, &more, &n_more, e));
	if (*n == 0) {
		*list = more;
	} else if (n_more) {
		grown = arena_alloc(a, (*n + n_more) * sizeof(*grown));
		memcpy(grown, *list, *n * sizeof(*grown));
		memcpy(grown + *n, more, n_more * sizeof(*grown));
		*list = grown;
	}
	*n += n_more;
	return 0;
}

/* Of all winners of an attribute: sorted, each once. */
static int wanted_targets(struct inbound *in, unsigned attr, const struct mv_result *res,
	struct arena *a, int64_t **ret, unsigned *ret_n, struct err *e)
{
	unsigned m = 0, k = 0;

	*ret = NULL;
	for (unsigned i = 0; i < res->n_links; i++)
		if (res->links[i].attr == attr)
			TRY(add_targets(in, &res->links[i], a, ret, &m, e));
	if (m)
		qsort(*ret, m, sizeof(**ret), cmp_ids);
	for (unsigned i = 0; i < m; i++)
		if (i == 0 || (*ret)[i] != (*ret)[k - 1])
			(*ret)[k++] = (*ret)[i];
	*ret_n = k;
	return 0;
}

/* Makes the links of one attribute of one object those of its winners. */
static int relink_attr(struct inbound *in, int64_t mv, unsigned attr, const struct mv_link *have,
	unsigned n_have, const struct mv_result *res, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct store *store = in->sync->store;
	int64_t *want;
	unsigned n_want, i = 0, k = 0;

	TRY(wanted_targets(in, attr, res, &a, &want, &n_want, e));
	while (i < n_want || k < n_have) {
		if (k == n_have || (i < n_want && want[i] < have[k].target)) {
			TRY(mv_link_put(store, mv, attr, want[i++], true, e));
		} else if (i == n_want || have[k].target < want[i]) {
			if (have[k].present)
				TRY(mv_link_put(store, mv, attr, have[k].target, false, e));
			k++;
		} else {
			if (!have[k].present)
				TRY(mv_link_put(store, mv, attr, want[i], true, e));
			i++;
			k++;
		}
	}
	return 0;
}

/* Do the links of the attribute stay as they are? */
static bool is_kept(const struct mv_result *res, unsigned attr)
{
	for (unsigned i = 0; i < res->n_links; i++)
		if (res->links[i].attr == attr && !res->links[i].cs)
			return true;
	return false;
}

/* Does an earlier winner of the list have the same attribute? */
static bool came_before(const struct mv_result *res, unsigned k)
{
	for (unsigned j = 0; j < k; j++)
		if (res->links[j].attr == res->links[k].attr)
			return true;
	return false;
}

int inbound_relink(struct inbound *in, int64_t mv, const struct mv_result *res, struct err *e)
{
	struct mv_link *have;
	unsigned n, from, to;

	TRY(mv_link_list(in->sync->store, mv, 0, &in->arena, &have, &n, e));
	for (from = 0; from < n; from = to) { /* in order of attribute */
		unsigned attr = have[from].attr;

		for (to = from; to < n && have[to].attr == attr; to++)
			;
		if (!is_kept(res, attr))
			TRY(relink_attr(in, mv, attr, have + from, to - from, res, e));
	}
	for (unsigned k = 0; k < res->n_links; k++) {
		bool there = false;

		for (unsigned i = 0; i < n && !there; i++)
			there = have[i].attr == res->links[k].attr;
		if (!there && !came_before(res, k) && !is_kept(res, res->links[k].attr))
			TRY(relink_attr(in, mv, res->links[k].attr, NULL, 0, res, e));
	}
	return 0;
}

/* 1: the winner refers to one of the objects. */
static int refers_to_one(struct inbound *in, const struct mv_link_source *w,
	const struct cs_row *rows, unsigned n, struct err *e)
{
	for (unsigned i = 0; i < n; i++) {
		struct cs_link l;
		int r = cs_link_get(in->sync->store, w->cs, w->cs_attr, rows[i].id, &l, e);

		TRY(r);
		if (r == 0 && l.imported)
			return 1;
	}
	return 0;
}

/* 1: the link's winner refers to an object that is still joined to the target. */
static int still_refers(struct inbound *in, const struct mv_link *l, const struct cs_row *joined,
	unsigned n_joined, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct mv_source *sources;
	struct mv_result res;
	const char *error;
	struct mv_row mv;
	unsigned n;
	int r = mv_get(in->sync->store, l->mv, &a, &mv, e);

	if (r != 0)
		return MIN(r, 0);
	TRY(inbound_sources(in, l->mv, &a, &sources, &n, &error, e));
	if (!error)
		TRY(mv_compute(in->sync, sources, n, &mv, NULL, &a, &res, e));
	if (error || res.error || is_kept(&res, l->attr))
		return 1; /* it stays as long as it cannot be decided */
	for (unsigned i = 0; i < res.n_links; i++) {
		if (res.links[i].attr != l->attr)
			continue;
		r = refers_to_one(in, &res.links[i], joined, n_joined, e);
		if (r != 0)
			return r;
	}
	return 0;
}

/*
 * One object left the metaverse object `mv`. References to `mv` end, unless they also refer to
 * another object that is joined to it, for example in another forest.
 */
static int target_left(struct inbound *in, int64_t mv, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row *joined;
	struct mv_link *links;
	unsigned n, n_links, sources = 0;

	TRY(cs_page_joined(in->sync->store, mv, &a, &joined, &n, e));
	for (unsigned i = 0; i < n; i++) {
		const struct sync_connector *c =
			sync_connector_by_id(in->sync, joined[i].connector);

		sources += !(c && c->provisions) && joined[i].want != WANT_PRESENT;
	}
	if (!sources)
		return mv_link_drop_target(in->sync->store, mv, e);
	TRY(mv_link_list_target(in->sync->store, mv, &a, &links, &n_links, e));
	for (unsigned i = 0; i < n_links; i++) {
		int stays = links[i].present ? still_refers(in, &links[i], joined, n, e) : 1;

		TRY(stays);
		if (!stays)
			TRY(mv_link_put(in->sync->store, links[i].mv, links[i].attr, mv, false, e));
	}
	return 0;
}

int inbound_target_changed(struct inbound *in, int64_t cs, int64_t old_mv, struct err *e)
{
	if (old_mv)
		TRY(target_left(in, old_mv, e));
	return in->first ? 0 : cs_link_touch_target(in->sync->store, cs, e);
}

/* Winners of the object that the link belongs to; kept until a link of another object comes. */
static int load_winners(struct inbound *in, int64_t cs, struct err *e)
{
	struct mv_source *sources;
	struct mv_result res;
	const char *error;
	struct cs_row row;
	struct mv_row mv;
	unsigned n;
	int r;

	if (in->link_cs == cs)
		return 0;
	in->link_cs = cs;
	in->link_mv = 0;
	arena_reset(&in->link_arena);
	r = cs_get(in->sync->store, cs, &in->link_arena, &row, e);
	TRY(r);
	if (r == STORE_NONE || !row.mv)
		return 0;
	r = mv_get(in->sync->store, row.mv, &in->link_arena, &mv, e);
	if (r != 0 || mv.deleted)
		return MIN(r, 0);
	TRY(inbound_sources(in, row.mv, &in->link_arena, &sources, &n, &error, e));
	if (error)
		return 0;
	TRY(mv_compute(in->sync, sources, n, &mv, NULL, &in->link_arena, &res, e));
	if (res.error)
		return 0;
	in->link_mv = row.mv;
	in->link_winners = res.links;
	in->n_link_winners = res.n_links;
	/* no winner when the last link was removed: one_link() removes the rows then */
	return 0;
}

/* A link was removed, but another winner may have it: all links of the object are set again. */
static int link_removed(struct inbound *in, struct err *e)
{
	struct mv_result res = {
		.links = in->link_winners,
		.n_links = in->n_link_winners,
	};

	return inbound_relink(in, in->link_mv, &res, e);
}

/*
 * 1: the winner refers to the target by another of the target's objects, too. Example: an account,
 * and the foreign security principal for it in another forest.
 */
static int leads_to_other(
	struct inbound *in, const struct mv_link_source *w, int64_t target, struct err *e)
{
	struct cs_row *rows;
	unsigned n;

	TRY(cs_page_joined_to(in->sync->store, target, 0, &in->arena, &rows, &n, e));
	return refers_to_one(in, w, rows, n, e);
}

static int one_link(struct inbound *in, const struct cs_link *l, struct err *e)
{
	bool won = false;
	int64_t target;
	int present;

	TRY(load_winners(in, l->cs, e));
	if (!in->link_mv)
		return 0;
	TRY(cs_mv_of(in->sync->store, l->target, &target, e));
	if (!target)
		return 0;
	for (unsigned i = 0; i < in->n_link_winners; i++) {
		const struct mv_link_source *w = &in->link_winners[i];
		unsigned shared = 0;

		if (w->cs != l->cs || w->cs_attr != l->attr)
			continue;
		won = true;
		for (unsigned k = 0; k < in->n_link_winners; k++)
			shared += in->link_winners[k].attr == w->attr;
		if (!l->imported && shared > 1)
			return link_removed(in, e);
		present = l->imported ? 1 : leads_to_other(in, w, target, e);
		TRY(present);
		TRY(link_set(in, in->link_mv, w->attr, target, present, e));
	}
	/* removed, and the attribute has no winner any more */
	return won || l->imported ? 0 : link_removed(in, e);
}

int inbound_links_of(struct inbound *in, int64_t cs, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n;

	in->link_cs = 0;
	TRY(cs_link_list(in->sync->store, cs, 0, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (links[i].seq <= in->conn->row.link_seq)
			continue;
		arena_reset(&in->arena);
		TRY(one_link(in, &links[i], e));
	}
	in->link_cs = 0;
	return 0;
}

int inbound_links(struct inbound *in, struct err *e)
{
	struct sync *s = in->sync;
	struct connector_row *cr = &in->conn->row;
	int64_t before = cr->link_seq, seen = store_seq(s->store);
	unsigned n, member = sync_member_attr(in->conn);

	do {
		_cleanup_arena_ struct arena page = {0};
		struct cs_link *links;

		TRY(cs_link_page_changed(
			s->store, cr->id, cr->link_seq, PAGE, &page, &links, &n, e));
		if (n == 0)
			break;
		TRY(store_begin(s->store, e));
		for (unsigned i = 0; i < n; i++) {
			arena_reset(&in->arena);
			if (in->membership && links[i].attr == member) {
				TRY(inbound_reconsider(in, links[i].target, e));
				in->link_cs = 0; /* its joins may have changed */
			}
			TRY(one_link(in, &links[i], e));
			cr->link_seq = links[i].seq;
		}
		TRY(connector_update(s->store, cr, e));
		fault_hit(FAULT_INBOUND_BEFORE_COMMIT);
		TRY(store_commit(s->store, e));
		fault_hit(FAULT_INBOUND_AFTER_COMMIT);
		sync_progress(s, false);
		if (sync_canceled(s))
			return 0;
	} while (n == PAGE);
	/* also past the links of other connectors, so that they are not walked again */
	if (before == seen)
		return 0;
	cr->link_seq = MAX(cr->link_seq, seen);
	TRY(store_begin(s->store, e));
	TRY(connector_update(s->store, cr, e));
	if (!in->conn->is_target) /* for a target, outbound does it */
		TRY(cs_link_purge(s->store, cr->id, cr->link_seq, e));
	return store_commit(s->store, e);
}
