/* References from the metaverse into the wanted links of a connector, a row at a time. */
#include "sync/outbound/outbound.h"
#include "sync/soa.h"
#include "sync/soa_apply.h"
#include "report/fault.h"
#include "store/mv.h"
#include "store/mv_link.h"
#include "sync/export/target.h"
#include "sync/unreadable.h"

/* Reports which references of an object changed and are not sent. */
static int report_blocked(struct outbound *out, struct err *e)
{
	struct cs_row *row = &out->link_row;
	const char *source_dn;
	struct cs_row ignored;
	int64_t source_cs;

	if (!out->link_changed.len)
		return 0;
	TRY(outbound_row(out, out->link_mv, &out->link_arena, &ignored, &source_dn, &source_cs, e));
	TRY(soa_event(
		out->sync, out->conn, row, source_dn, DELTA_UPDATE, out->link_changed.data, e));
	buf_clear(&out->link_changed);
	return 0;
}

static int load_source(struct outbound *out, int64_t mv, struct err *e)
{
	const char *source_dn;
	struct mv_row row;
	int64_t source_cs;
	int r;

	if (out->link_mv == mv)
		return 0;
	TRY(report_blocked(out, e));
	arena_reset(&out->link_arena);
	out->link_mv = mv;
	out->link_row.id = 0;
	r = mv_get(out->sync->store, mv, &out->link_arena, &row, e);
	if (r != 0)
		return MIN(r, 0);
	TRY(outbound_row(out, mv, &out->link_arena, &out->link_row, &source_dn, &source_cs, e));
	TRY(wanted_of_row(out, &row, &out->link_row, &out->link_arena, &out->link_wanted, e));
	if (!out->link_wanted.provision || out->link_wanted.error)
		out->link_row.id = 0;
	return 0;
}

/* Adds a name to "member, manager", once. */
static void add_name(struct buf *names, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = buf_str(names); *p; p += strspn(p, ", ")) {
		size_t len = strcspn(p, ",");

		if (len == n && memcmp(p, name, n) == 0)
			return;
		p += len;
	}
	buf_addf(names, "%s%s", names->len ? ", " : "", name);
}

static void note_blocked(struct outbound *out, unsigned attr)
{
	if (!bitmap_get(&out->baseline, out->link_row.id))
		add_name(&out->link_changed, attr_name(attr));
}

static int set_wanted(struct outbound *out, unsigned attr, int64_t target, bool wanted,
	bool authority_moved, struct err *e)
{
	struct cs_row *row = &out->link_row;
	struct store *store = out->sync->store;
	struct cs_link l;
	int r = cs_link_get(store, row->id, attr, target, &l, e);

	TRY(r);
	if (r == STORE_NONE) {
		if (!wanted)
			return 0;
		l = (struct cs_link){.cs = row->id, .attr = attr, .target = target};
		TRY(outbound_trusts_link(out, row, attr, &l.imported, e));
	} else if (l.wanted == wanted && (wanted || l.imported == wanted || l.state)) {
		return 0;
	}
	if (l.wanted != wanted && !authority_moved &&
		soa_blocks(row, soa_class(out->conn->cfg, row), attr))
		note_blocked(out, attr);
	l.wanted = wanted;
	/* kept also while blocked: it is not exported then, and a roll-back sends it */
	link_set_state(&l, l.imported == wanted ? EXPORT_EVENT_SETTLED : EXPORT_EVENT_CHANGED);
	return cs_link_put(store, &l, false, e);
}

static int one_link(struct outbound *out, const struct mv_link *l, struct err *e)
{
	struct cs_row target;

	TRY(load_source(out, l->mv, e));
	if (!out->link_row.id || out->link_row.want != WANT_PRESENT)
		return 0;
	for (unsigned i = 0; i < out->link_wanted.n_links; i++) {
		bool allowed;
		int r;

		if (out->link_wanted.links[i].source != l->attr)
			continue;
		r = cs_joined_in(
			out->sync->store, l->target, out->conn->row.id, &out->arena, &target, e);
		TRY(r);
		if (r == STORE_NONE)
			continue;
		allowed = soa_keeps_reference(out->conn->type, &out->link_row, &target);
		TRY(set_wanted(out, out->link_wanted.links[i].dest, target.id,
			l->present && allowed, l->present && !allowed, e));
	}
	return 0;
}

int outbound_links_of(struct outbound *out, int64_t mv, int64_t after_seq, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct mv_link *links;
	unsigned n;

	if (!out->conn->provisions)
		return 0;
	out->link_mv = 0;
	TRY(mv_link_list(out->sync->store, mv, 0, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (links[i].seq <= after_seq)
			continue;
		arena_reset(&out->arena);
		TRY(one_link(out, &links[i], e));
	}
	TRY(report_blocked(out, e));
	out->link_mv = 0;
	return 0;
}

int outbound_links(struct outbound *out, int64_t after_seq, struct err *e)
{
	struct sync *s = out->sync;
	unsigned n;

	if (!out->conn->provisions) /* only objects that rules make get references */
		return 0;
	out->link_mv = 0;
	do {
		_cleanup_arena_ struct arena page = {0};
		struct mv_link *links;

		TRY(mv_link_page_changed(s->store, after_seq, PAGE, &page, &links, &n, e));
		if (n == 0)
			break;
		TRY(store_begin(s->store, e));
		for (unsigned i = 0; i < n; i++) {
			arena_reset(&out->arena);
			TRY(one_link(out, &links[i], e));
			after_seq = links[i].seq;
		}
		TRY(report_blocked(out, e));
		out->link_mv = 0;
		fault_hit(FAULT_OUTBOUND_BEFORE_COMMIT);
		TRY(store_commit(s->store, e));
		fault_hit(FAULT_OUTBOUND_AFTER_COMMIT);
		sync_progress(s, false);
		if (sync_canceled(s))
			return 1;
	} while (n == PAGE);
	return 0;
}

/*
 * The change number that every target in which rules make objects has seen. Targets that are no
 * longer configured do not count.
 */
static int64_t seen_by_all(const struct outbound *out)
{
	int64_t seen = store_seq(out->sync->store);

	for (unsigned i = 0; i < out->sync->n_connectors; i++)
		if (out->sync->connectors[i].provisions)
			seen = MIN(seen, out->sync->connectors[i].row.outbound_seq);
	return seen;
}

int outbound_links_purge(struct outbound *out, struct err *e)
{
	return mv_link_purge(out->sync->store, seen_by_all(out), e);
}

/* Does the metaverse have the reference, by a flow that leads to the attribute? 1 yes, 0 no. */
static int link_is_there(struct outbound *out, const struct wanted *w, int64_t mv,
	const struct cs_link *l, struct err *e)
{
	int64_t target;

	TRY(cs_mv_of(out->sync->store, l->target, &target, e));
	for (unsigned i = 0; target && i < w->n_links; i++) {
		struct mv_link ml;
		int r;

		if (w->links[i].dest != l->attr)
			continue;
		r = mv_link_get(out->sync->store, mv, w->links[i].source, target, &ml, e);
		TRY(r);
		if (r == 0 && ml.present)
			return 1;
	}
	return 0;
}

/* All flows to the attribute were ignored: the references stay as they are. */
static bool is_kept(const struct wanted *w, unsigned attr)
{
	for (unsigned i = 0; i < w->n_links; i++)
		if (w->links[i].dest == attr)
			return false;
	for (unsigned i = 0; i < w->n_kept; i++)
		if (w->kept[i] == attr)
			return true;
	return false;
}

/* Does a reference of the metaverse flow to the attribute? */
static bool has_flow(const struct wanted *w, unsigned attr)
{
	for (unsigned i = 0; i < w->n_links; i++)
		if (w->links[i].dest == attr)
			return true;
	return false;
}

int outbound_links_overwrite(
	struct outbound *out, const struct cs_row *row, const struct wanted *w, struct err *e)
{
	const struct unreadable *u = unreadable_of(out->conn, row->class);
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list(out->sync->store, row->id, 0, &out->arena, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		struct cs_link *l = &links[i];
		bool settled = l->state == EXPORT_STATE_NONE || l->state == EXPORT_STATE_CONFIRMED;

		if (unreadable_has(u, l->attr)) /* whether it is still there is not known */
			l->imported = l->imported && !l->wanted;
		/* what is wanted later in this step is set back to what it was */
		if (l->imported == l->wanted || !settled || !has_flow(w, l->attr))
			continue;
		link_set_state(l, EXPORT_EVENT_CHANGED);
		TRY(cs_link_put(out->sync->store, l, false, e));
	}
	return 0;
}

int outbound_links_compare(struct outbound *out, const struct cs_row *row, const struct wanted *w,
	const char *source_dn, struct err *e)
{
	struct store *store = out->sync->store;
	const struct schema_class *class = soa_class(out->conn->cfg, row);
	_cleanup_buf_ struct buf names = {0};
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list(store, row->id, 0, &out->arena, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		int there = !links[i].wanted || is_kept(w, links[i].attr)
		                    ? 1
		                    : link_is_there(out, w, row->mv, &links[i], e);

		TRY(there);
		if (there)
			continue;
		if (soa_blocks(row, class, links[i].attr))
			add_name(&names, attr_name(links[i].attr));
		links[i].wanted = false;
		link_set_state(
			&links[i], links[i].imported ? EXPORT_EVENT_CHANGED : EXPORT_EVENT_SETTLED);
		TRY(cs_link_put(store, &links[i], false, e));
	}
	return names.len ? soa_event(out->sync, out->conn, row, source_dn, DELTA_UPDATE, names.data,
				   e)
	                 : 0;
}

static int own_links_unwanted(struct outbound *out, const struct cs_row *row, struct err *e)
{
	const struct unreadable *u = unreadable_of(out->conn, row->class);
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list(out->sync->store, row->id, 0, &out->arena, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		links[i].wanted = false;
		/* under somebody else's authority it may go, and nobody shows that */
		if (unreadable_has(u, links[i].attr) && soa_keeps_object(row))
			links[i].imported = false;
		link_set_state(&links[i], EXPORT_EVENT_DROPPED);
		TRY(cs_link_put(out->sync->store, &links[i], false, e));
	}
	return 0;
}

/* Objects that refer to a row that is no longer managed lose that reference. */
static int links_to_unwanted(struct outbound *out, const struct cs_row *row, struct err *e)
{
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list_target(out->sync->store, row->id, &out->arena, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (!links[i].wanted)
			continue;
		links[i].wanted = false;
		link_set_state(
			&links[i], links[i].imported ? EXPORT_EVENT_CHANGED : EXPORT_EVENT_SETTLED);
		TRY(cs_link_put(out->sync->store, &links[i], false, e));
	}
	return 0;
}

int outbound_links_drop(struct outbound *out, const struct cs_row *row, struct err *e)
{
	TRY(own_links_unwanted(out, row, e));
	return links_to_unwanted(out, row, e);
}
