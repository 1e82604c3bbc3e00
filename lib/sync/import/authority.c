/*
 * Who has the authority over an object, as an import shows it: by lists of those that somebody else
 * has (import_flag), or by the objects themselves. What it means is decided in sync/soa.h.
 */
#include "store/cs_page.h"
#include "store/mv.h"
#include "sync/export/target.h"
#include "sync/images.h"
#include "sync/import/import.h"
#include "sync/soa.h"
#include "sync/soa_apply.h"

int import_flag(struct import_step *st, enum authority authority, const char *anchor, struct err *e)
{
	struct cs_row row;
	int r;

	arena_reset(&st->arena);
	r = cs_find_anchor(st->sync->store, st->conn->row.id, anchor, &st->arena, &row, e);
	if (r != 0) /* not imported yet: the next import lists it again */
		return MIN(r, 0);
	bitmap_set(&st->flagged, row.id);
	if (row.blocked & authority || !row.imported)
		return 0;
	return soa_set(st->sync, &row, authority, true, e);
}

int import_flag_end(
	struct import_step *st, enum authority authority, const char *class, struct err *e)
{
	int64_t after = 0;
	int64_t ids[PAGE];
	unsigned n;

	do {
		TRY(cs_page_blocked_ids(st->sync->store, st->conn->row.id, class, authority, after,
			PAGE, ids, &n, e));
		for (unsigned i = 0; i < n; i++) {
			struct cs_row row;
			int r;

			after = ids[i];
			if (bitmap_get(&st->flagged, ids[i]))
				continue;
			arena_reset(&st->arena);
			r = cs_get(st->sync->store, ids[i], &st->arena, &row, e);
			TRY(r);
			if (r == STORE_NONE)
				continue;
			/* one that is gone keeps it: see soa_keeps_gone() */
			if (row.imported)
				TRY(soa_set(st->sync, &row, authority, false, e));
		}
	} while (n == PAGE);
	bitmap_clear(&st->flagged);
	return 0;
}

int import_foreign(struct import_step *st, struct cs_row *row, const void *image, size_t len,
	bool *ret_changed, struct err *e)
{
	struct cs_row shown = {.dn = row->dn, .imported = image, .imported_len = len};
	unsigned blocked = row->blocked & ~AUTHORITY_ON_PREMISES;
	bool foreign;

	TRY(row_is_foreign(st->sync, st->conn, &shown, &st->arena, &foreign, e));
	if (foreign)
		blocked |= AUTHORITY_ON_PREMISES;
	*ret_changed = blocked != row->blocked;
	return *ret_changed ? soa_turn_to(st->sync, row, blocked, e) : 0;
}

int import_release(
	struct import_step *st, struct cs_row *row, const void *image, size_t len, struct err *e)
{
	struct cs_row shown = {.dn = row->dn, .imported = image, .imported_len = len};
	bool before, now;

	if (row->want != WANT_PRESENT || !row->imported)
		return 0;
	TRY(row_is_mastered(st->sync, st->conn, row, &st->arena, &before, e));
	TRY(row_is_mastered(st->sync, st->conn, &shown, &st->arena, &now, e));
	if (soa_is_returned(row, before, now)) {
		row->export_all = true;
		row_set_state(row, EXPORT_EVENT_UNBLOCKED);
		if (row->mv)
			TRY(mv_touch(st->sync->store, row->mv, e));
	}
	return 0;
}
