/*
 * Reading back what was sent. A service may take a moment until it shows a change, so it is asked a
 * few times. What it does not show then is left to the next import: it would be wrong to call that
 * an error after a second.
 */
#include "base/timefmt.h"
#include "store/cs_link.h"
#include "sync/export/target.h"
#include "sync/images.h"
#include "sync/single/work.h"

#include <unistd.h>

static const int waits_ms[] = {500, 1000, 2000}; /* between one reading and the next */

static bool has_reference(const struct entry *en, unsigned attr, const char *anchor)
{
	const struct attr *a = entry_get(en, attr);

	for (unsigned i = 0; a && i < a->count; i++)
		if (streq(a->values[i].data, anchor))
			return true;
	return false;
}

/* Are the references that were sent as they were sent? */
static int shows_links(struct single *w, const struct cs_row *row, const struct entry *en,
	struct arena *a, bool *ret, struct err *e)
{
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list(w->s.store, row->id, 0, a, &links, &n, e));
	for (unsigned i = 0; *ret && i < n; i++) {
		struct cs_row target;

		if (links[i].state != EXPORT_STATE_EXPORTED)
			continue;
		TRY(cs_get(w->s.store, links[i].target, a, &target, e));
		*ret = target.anchor &&
		       has_reference(en, links[i].attr, target.anchor) == links[i].wanted;
	}
	return 0;
}

static int shows(struct single *w, const struct cs_row *row, const struct found_object *fo,
	struct arena *a, bool *ret, struct err *e)
{
	const struct sync_connector *c = sync_connector_by_id(&w->s, row->connector);
	struct entry has, wanted;
	struct delta d;

	*ret = true;
	if (fo->error || row->want != WANT_PRESENT)
		return 0;
	if (fo->object.deleted || fo->object.left) {
		*ret = row->state != EXPORT_STATE_EXPORTED;
		return 0;
	}
	if (row->state == EXPORT_STATE_EXPORTED && row->wanted) {
		TRY(row_entry(&w->s, row, true, a, &wanted, e));
		TRY(row_with_shown(&w->s, row, fo->object.entry, a, &has, e));
		pending_delta(row_class(c->cfg, row), row, &has, &wanted,
			PENDING_DIFFERENCES | PENDING_SETTLED, a, &d);
		*ret = d.n_attrs == 0;
	}
	return c->type->refs_are_anchors && *ret ? shows_links(w, row, fo->object.entry, a, ret, e)
	                                         : 0;
}

/* Marks what is not shown; *ret: how many objects. */
static int mark_late(struct single *w, struct found *f, unsigned *ret, struct err *e)
{
	*ret = 0;
	for (unsigned i = 0; i < f->n; i++) {
		struct found_object *fo = &f->objects[i];
		_cleanup_arena_ struct arena a = {0};
		bool shown = true;
		struct cs_row row;
		int r = fo->object.entry->anchor ? cs_find_anchor(w->s.store, f->conn->row.id,
							   fo->object.entry->anchor, &a, &row, e)
		                                 : STORE_NONE;

		TRY(r);
		if (r == 0)
			TRY(shows(w, &row, fo, &a, &shown, e));
		fo->late = !shown;
		*ret += fo->late;
	}
	return 0;
}

static bool wait_ms(struct single *w, int ms)
{
	int64_t end = monotonic_ms() + ms;

	while (monotonic_ms() < end && !sync_canceled(&w->s))
		usleep(50000);
	return !sync_canceled(&w->s);
}

int read_back(struct single *w, struct sync_connector *c, struct err *e)
{
	unsigned late;

	for (unsigned i = 0;; i++) {
		TRY(gather_again(w, c, e));
		TRY(mark_late(w, found_of(w, c), &late, e));
		if (!late || i == ARRAY_SIZE(waits_ms) || !wait_ms(w, waits_ms[i]))
			break;
	}
	if (late)
		report_note(w,
			"%s took what was sent and does not show all of it yet, of %u object(s): "
			"the "
			"next import confirms it, or says that it is missing",
			c->name, late);
	return 0;
}
