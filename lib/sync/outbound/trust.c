/*
 * Objects that are ours already when the rules meet them: the store was lost, or another one
 * made them. What such a directory has of values that it never shows is not known. They are taken
 * to be as the rules want them, so that a rebuilt store sends nothing, and the run says for how
 * many objects. An import that tells these values (import_object.tells_hidden) leaves nothing to
 * trust.
 */
#include "sync/outbound/outbound.h"
#include "store/outbox.h"
#include "sync/acknowledged.h"
#include "sync/soa.h"

#include <inttypes.h>

/* Can it be told that an object is ours? */
static bool shows_owner(const struct outbound *out)
{
	const struct connector_type *type = out->conn->type;

	return type->mastered_attr && type->mastered_attr(&out->conn->cfg->settings);
}

static bool has_hidden_links(const struct unreadable *u, const struct wanted *w)
{
	for (unsigned i = 0; i < w->n_links; i++)
		if (unreadable_has(u, w->links[i].dest))
			return true;
	return false;
}

int outbound_trust(struct outbound *out, struct cs_row *row, const struct wanted *w, struct err *e)
{
	const struct unreadable *u = unreadable_of(out->conn, row->class);
	bool any;

	if (!u || row->acknowledged || row->export_all || !shows_owner(out))
		return 0;
	TRY(acknowledged_trust(
		out->sync, u, row, &w->entry, out->conn->row.outbound_seq, &out->arena, &any, e));
	if (any || has_hidden_links(u, w))
		sync_count(out->sync, COUNTER_TRUSTED);
	/* so that the watermark is another one after this step */
	return cs_touch(out->sync->store, row->id, e);
}

int outbound_note_left(struct outbound *out, struct cs_row *row, struct err *e)
{
	const struct unreadable *u = unreadable_of(out->conn, row->class);

	if (!u || row->want != WANT_PRESENT)
		return 0;
	if (soa_keeps_object(row)) /* who has the authority may change anything */
		return acknowledged_unknown(out->sync, u, row, &out->arena, e);
	/* what it has is known: when the rules want it again nothing is to be trusted */
	return row->acknowledged ? 0 : acknowledged_nothing(out->sync, row, &out->arena, e);
}

int outbound_trusts_link(
	struct outbound *out, const struct cs_row *row, unsigned attr, bool *ret, struct err *e)
{
	*ret = false;
	if (!row->acknowledged || !unreadable_has(unreadable_of(out->conn, row->class), attr))
		return 0;
	return acknowledged_trusts(
		out->sync, row, out->conn->row.outbound_seq, &out->link_arena, ret, e);
}

int outbound_tell_met(struct outbound *out, struct err *e)
{
	struct record r = {.event = EVENT_CONNECTOR_NOTE};
	int64_t recognized = out->sync->counters.n[COUNTER_RECOGNIZED];
	int64_t trusted = out->sync->counters.n[COUNTER_TRUSTED];
	const char *by = "", *values = "";

	if (!recognized && !trusted)
		return 0;
	if (recognized)
		by = arena_printf(&out->sync->arena,
			" %" PRId64 " object(s) that the directory has without showing whose they "
			"are were recognized as ours by a value that no other has.",
			recognized);
	if (trusted)
		values = arena_printf(&out->sync->arena,
			" Of %" PRId64
			" object(s) that were ours already it is not known what the directory has "
			"of values that it does not show: they are taken to be as the rules want "
			"them, and nothing was sent. Where one is suspected to differ, \"adsyncctl "
			"sync object --everything\" sends all of the object again",
			trusted);
	r.message = arena_printf(
		&out->sync->arena, "Connector \"%s\":%s%s", out->conn->name, by, values);
	record_add(&r, RECORD_CONNECTOR, out->conn->name);
	return outbox_add(out->sync->store, &r, e);
}
