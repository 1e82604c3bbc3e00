/*
 * Two metaverse objects want the same sourceAnchor: an account got the anchor of another one after
 * it had been made as a user of its own, or an object waits for an anchor until its owner is
 * deleted. The error names both, and a row that the second object still wants is not deleted with
 * the first.
 */
#include "sync/inbound/inbound.h"
#include "sync/soa.h"
#include "sync/export/target.h"
#include "sync/images.h"
#include "sync/outbound/outbound.h"

static unsigned anchor_attr(const struct outbound *out)
{
	return attr_intern(out->conn->type->identity_attr);
}

/* 1: the object is alive and has the anchor. */
static int has_anchor(
	struct outbound *out, int64_t mv, const char *anchor, struct mv_row *ret, struct err *e)
{
	const char *text;
	struct entry en;
	int r = mv_get(out->sync->store, mv, &out->arena, ret, e);

	if (r != 0 || ret->deleted)
		return MIN(r, 0);
	TRY(mv_entry(out->sync, ret, &out->arena, &en, e));
	text = entry_string(&en, anchor_attr(out));
	return text && streq(text, anchor);
}

/* The other objects that have the anchor, found by the keys of inbound joins. */
static int others_with(struct outbound *out, int64_t mv, const char *anchor, struct mv_row **ret,
	unsigned *ret_n, struct err *e)
{
	struct value v = value_string(anchor);
	int64_t *ids;
	unsigned n;

	*ret_n = 0;
	TRY(mv_keys_find(out->sync->store, anchor_attr(out), inbound_key_hash(&out->arena, &v),
		&out->arena, &ids, &n, e));
	*ret = arena_alloc(&out->arena, (n + 1) * sizeof(**ret));
	for (unsigned i = 0; i < n; i++) {
		int has = ids[i] == mv ? 0 : has_anchor(out, ids[i], anchor, &(*ret)[*ret_n], e);

		TRY(has);
		*ret_n += has ? 1 : 0;
	}
	return 0;
}

/* Adds to the problem the row with that anchor that was kept after its own object was deleted. */
static int held_row(struct outbound *out, const struct mv_row *mv, const struct entry *en,
	const char *problem, const char **ret, struct err *e)
{
	const char *dn = out->conn->type->target_dn(en, &out->arena);
	struct mv_row owner;
	struct cs_row row;
	int r = dn ? cs_find_dn(out->sync->store, out->conn->row.id, dn, &out->arena, &row, e)
	           : STORE_NONE;

	if (r != 0 || !row.mv || row.mv == mv->id)
		return MIN(r, 0);
	r = mv_get(out->sync->store, row.mv, &out->arena, &owner, e);
	if (r == 0 && owner.deleted)
		*ret = arena_printf(&out->arena,
			"%s %s in connector \"%s\" has that %s. Its source object was deleted, but "
			"it is kept, because another object wants the same %s",
			problem, row.anchor ? row.anchor : row.dn, out->conn->name,
			out->conn->type->identity_attr, out->conn->type->identity_attr);
	return MIN(r, 0);
}

int anchor_named(struct outbound *out, const struct mv_row *mv, const char *source_dn,
	const char *problem, const char **ret, struct err *e)
{
	const char *anchor, *other;
	struct mv_row *rows;
	struct cs_row row;
	struct entry en;
	unsigned n;
	int64_t cs;

	*ret = problem;
	if (mv->deleted || !out->conn->type->identity_attr)
		return 0;
	TRY(mv_entry(out->sync, mv, &out->arena, &en, e));
	anchor = entry_string(&en, anchor_attr(out));
	if (!anchor)
		return 0;
	TRY(others_with(out, mv->id, anchor, &rows, &n, e));
	for (unsigned i = 0; i < n; i++) {
		TRY(outbound_row(out, rows[i].id, &out->arena, &row, &other, &cs, e));
		if (!other)
			continue;
		*ret = arena_printf(&out->arena, "%s %s and %s have the same %s, %s", problem,
			source_dn ? source_dn : "it", other, out->conn->type->identity_attr,
			anchor);
		return 0;
	}
	return held_row(out, mv, &en, problem, ret, e);
}

int anchor_claim(
	struct outbound *out, const struct cs_row *row, struct anchor_claim *ret, struct err *e)
{
	const char *anchor, *source_dn;
	struct entry wanted;
	struct mv_row *rows;
	unsigned n = 0;
	int64_t source_cs;

	*ret = (struct anchor_claim){.kind = ANCHOR_FREE};
	if (row->want != WANT_PRESENT || soa_keeps_object(row) || !row->wanted ||
		!out->conn->type->identity_attr)
		return 0;
	TRY(row_entry(out->sync, row, true, &out->arena, &wanted, e));
	anchor = entry_string(&wanted, anchor_attr(out));
	if (anchor)
		TRY(others_with(out, row->mv, anchor, &rows, &n, e));
	for (unsigned i = 0; i < n && ret->kind != ANCHOR_HELD; i++) {
		struct wanted w;
		struct cs_row own;

		TRY(outbound_row(out, rows[i].id, &out->arena, &own, &source_dn, &source_cs, e));
		TRY(wanted_of_row(out, &rows[i], &own, &out->arena, &w, e));
		if (!w.provision || !streq(w.class, row->class))
			continue;
		ret->kind = own.id || w.error ? ANCHOR_HELD : ANCHOR_HEIR;
		ret->mv = rows[i];
	}
	return 0;
}

int anchor_hold(struct outbound *out, struct cs_row *row, struct err *e)
{
	if (row->delete_after && row->state == EXPORT_STATE_NONE)
		return 0;
	row->delete_after = row->delete_after ? row->delete_after : out->now;
	row_set_state(row, EXPORT_EVENT_DROPPED);
	return cs_update(out->sync->store, row, false, e);
}
