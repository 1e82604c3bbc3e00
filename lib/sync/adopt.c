/* Rows that take over another row, are let go or are removed, with their links and errors. */
#include "sync/adopt.h"
#include "store/cs_link.h"
#include "store/error.h"
#include "store/wait.h"
#include "sync/acknowledged.h"
#include "sync/export/target.h"

bool row_adoptable(const struct cs_row *row, const struct cs_row *found)
{
	return !row->anchor && !row->imported && row->want == WANT_PRESENT &&
	       streq(row->class, found->class) && found->kind == CS_STAGING && !found->mv &&
	       found->want == WANT_NOTHING;
}

static int adopt_links(struct sync *s, int64_t row, int64_t found, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list(s->store, found, 0, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		struct cs_link l = links[i], there;
		int r = cs_link_get(s->store, row, l.attr, l.target, &there, e);

		TRY(r);
		TRY(cs_link_delete(s->store, found, l.attr, l.target, e));
		if (r == 0) {
			there.imported |= l.imported;
			there.seen = MAX(there.seen, l.seen);
			l = there;
		}
		l.cs = row;
		TRY(cs_link_put(s->store, &l, true, e));
	}
	return cs_link_repoint(s->store, found, row, e);
}

int row_adopt(struct sync *s, struct cs_row *row, const struct cs_row *found, struct err *e)
{
	TRY(adopt_links(s, row->id, found->id, e));
	TRY(cs_delete(s->store, found->id, e));
	row->kind = CS_STAGING;
	row->anchor = found->anchor;
	row->imported = found->imported;
	row->imported_len = found->imported_len;
	if (found->acknowledged) { /* else what was sent may still be in doubt */
		row->acknowledged = found->acknowledged;
		row->acknowledged_len = found->acknowledged_len;
	}
	row->blocked = found->blocked;
	row->deleted = found->deleted;
	return cs_update(s->store, row, true, e);
}

int row_remove(struct sync *s, struct cs_row *row, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n;
	int r = cs_link_is_target(s->store, row->id, e);

	bitmap_unset(&s->errors, row->id);
	TRY(r);
	if (r == 0) {
		TRY(cs_delete(s->store, row->id, e));
		return 0;
	}
	TRY(cs_link_list(s->store, row->id, 0, &a, &links, &n, e));
	for (unsigned i = 0; i < n; i++)
		TRY(cs_link_delete(s->store, row->id, links[i].attr, links[i].target, e));
	TRY(error_clear_all(s->store, row->id, e));
	TRY(wait_set(s->store, row->id, NULL, 0, e));
	row->kind = CS_PLACEHOLDER;
	row->class = "";
	row->imported = row->wanted = NULL;
	row->imported_len = row->wanted_len = 0;
	acknowledged_forget(row);
	row->want = WANT_NOTHING;
	row_set_state(row, EXPORT_EVENT_DROPPED);
	row->blocked = 0;
	row->export_all = row->deleted = false;
	row->mv = 0;
	row->join_rule = NULL;
	row->links = row->delete_after = 0;
	return cs_update(s->store, row, false, e);
}

static int forget_links(struct sync *s, struct cs_link *links, unsigned n, struct err *e)
{
	for (unsigned i = 0; i < n; i++) {
		struct cs_link *l = &links[i];

		if (!l->imported)
			continue;
		l->imported = false;
		link_set_state(l, l->wanted ? EXPORT_EVENT_AGAIN : EXPORT_EVENT_IMPORT_EQUAL);
		TRY(cs_link_put(s->store, l, true, e));
	}
	return 0;
}

int row_made_anew(struct sync *s, struct cs_row *row, const char *anchor, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list(s->store, row->id, 0, &a, &links, &n, e));
	TRY(forget_links(s, links, n, e));
	TRY(cs_link_list_target(s->store, row->id, &a, &links, &n, e));
	TRY(forget_links(s, links, n, e));
	acknowledged_forget(row);
	row->imported = NULL;
	row->imported_len = 0;
	row->kind = CS_EXPORT;
	row->blocked = 0; /* that was about the old one */
	row->anchor = anchor;
	return cs_update(s->store, row, true, e);
}

int row_let_go(struct sync *s, struct cs_row *row, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row whole; /* the caller's row may have no images */
	int r;

	if (row->want != WANT_ATTRIBUTES)
		return 0;
	r = cs_get(s->store, row->id, &a, &whole, e);
	if (r != 0)
		return MIN(r, 0);
	row->want = whole.want = WANT_NOTHING;
	row->wanted = whole.wanted = NULL;
	row->wanted_len = whole.wanted_len = 0;
	row_set_state(&whole, EXPORT_EVENT_DROPPED);
	row_set_state(row, EXPORT_EVENT_DROPPED);
	TRY(error_clear(s->store, row->id, ERROR_EXPORT, e));
	return cs_update(s->store, &whole, false, e);
}
