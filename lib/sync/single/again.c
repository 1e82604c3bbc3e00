/*
 * Sending all of an object again, as after a roll-back of its source of authority: for who suspects
 * that the directory has another value than is known, one that it does not show above all.
 */
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "sync/export/target.h"
#include "sync/single/work.h"
#include "sync/soa.h"
#include "sync/unreadable.h"

/* References that the directory does not show are believed to be there: not any more. */
static int doubt_links(
	struct single *w, const struct sync_connector *c, const struct cs_row *row, struct err *e)
{
	const struct unreadable *u = unreadable_of(c, row->class);
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n;

	if (!u)
		return 0;
	TRY(cs_link_list(w->s.store, row->id, 0, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (!links[i].wanted || !unreadable_has(u, links[i].attr))
			continue;
		links[i].imported = false;
		link_set_state(&links[i], EXPORT_EVENT_CHANGED);
		TRY(cs_link_put(w->s.store, &links[i], false, e));
	}
	return 0;
}

static int again(struct single *w, struct cs_row *row, struct err *e)
{
	struct sync_connector *c = sync_connector_by_id(&w->s, row->connector);

	if (!c || !c->is_target || row->want != WANT_PRESENT || !row->imported)
		return 0;
	if (soa_blocks_all(row)) {
		report_note(w, "%s is not sent again: somebody else has the authority over it",
			row->dn);
		return 0;
	}
	row->export_all = true;
	row_set_state(row, EXPORT_EVENT_CHANGED);
	TRY(doubt_links(w, c, row, e));
	return cs_update(w->s.store, row, false, e);
}

int send_again(struct single *w, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row own, *rows;
	unsigned n = 0;
	int r = cs_find_anchor(w->s.store, w->source->row.id, w->name.anchor, &a, &own, e);

	if (r != 0)
		return MIN(r, 0);
	if (own.mv)
		TRY(cs_page_joined(w->s.store, own.mv, &a, &rows, &n, e));
	for (unsigned i = 0; i < n; i++)
		TRY(again(w, &rows[i], e));
	return 0;
}
