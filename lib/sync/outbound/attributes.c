/*
 * Outbound to objects that no rule makes: an inbound rule joined them, and outbound rules in scope
 * flow some attributes to them (WANT_ATTRIBUTES). Such an object is never made, deleted or renamed
 * here, and its references are not written. When no flow leads to it any more, its wanted image is
 * forgotten, and nothing is sent.
 *
 * Only in connectors in which no rule makes objects. In the others, an object that the rules no
 * longer provision must not get attributes from the other rules.
 */
#include "store/cs_page.h"
#include "store/error.h"
#include "sync/adopt.h"
#include "sync/errors.h"
#include "sync/images.h"
#include "sync/outbound/outbound.h"

static int failed(struct outbound *out, const struct cs_row *row, enum error_type type,
	const char *text, struct err *e)
{
	sync_count(out->sync, COUNTER_FLOW_FAILURE);
	bitmap_set(&out->failed, row->id);
	return object_error_outbound(out->sync, out->conn, row->id, type, text, e);
}

/* The row's new wanted image, and the state that follows. */
static int take(struct outbound *out, struct cs_row *row, struct wanted *w, struct err *e)
{
	bool newly = row->want != WANT_ATTRIBUTES, same;
	struct cs_row ignored;
	const char *source_dn;
	int64_t source;
	const void *image;
	size_t len;
	int r = entry_image(out->sync, &w->entry, &out->arena, &image, &len, e);

	if (r == IMAGE_TOO_LARGE)
		return failed(out, row, ERROR_TYPE_OBJECT_TOO_LARGE, IMAGE_TOO_LARGE_TEXT, e);
	TRY(r);
	same = !newly && row->wanted && row->wanted_len == len &&
	       memcmp(row->wanted, image, len) == 0;
	if (same)
		return 0;
	if (row->blocked && row->wanted && !newly && out->changed) {
		TRY(outbound_row(out, row->mv, &out->arena, &ignored, &source_dn, &source, e));
		TRY(outbound_tell_blocked(out, row, w, source_dn, e));
	}
	row->wanted = image;
	row->wanted_len = len;
	row->want = WANT_ATTRIBUTES;
	TRY(outbound_set_state(out, row, w, !newly, e));
	sync_count(out->sync, COUNTER_CONNECTOR_FLOW);
	return cs_update(out->sync->store, row, false, e);
}

static int one_row(struct outbound *out, const struct mv_row *mv, struct cs_row *row, struct err *e)
{
	struct wanted w;

	TRY(wanted_of_row(out, mv, row, &out->arena, &w, e));
	if (w.error)
		return failed(out, row, ERROR_TYPE_RULE,
			arena_printf(&out->arena, "rule \"%s\": %s", w.error_rule, w.error), e);
	if (w.attributes && w.entry.n_attrs)
		TRY(take(out, row, &w, e));
	else
		TRY(row_let_go(out->sync, row, e));
	return bitmap_get(&out->failed, row->id)
	               ? 0
	               : MIN(object_good(out->sync, ERROR_OUTBOUND, out->conn, row->id, e), 0);
}

int outbound_attributes(struct outbound *out, const struct mv_row *mv, struct err *e)
{
	struct cs_row *rows;
	unsigned n;
	int left = 0;

	TRY(cs_page_joined_to(
		out->sync->store, mv->id, out->conn->row.id, &out->arena, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (rows[i].connector != out->conn->row.id)
			continue;
		if (row_is_inbounds(&rows[i]))
			TRY(one_row(out, mv, &rows[i], e));
		else
			left = 1;
	}
	return left;
}
