/* One delivered object into its connector space row. */
#include "sync/import/import.h"
#include "sync/soa.h"
#include "store/error.h"
#include "sync/acknowledged.h"
#include "sync/adopt.h"
#include "sync/export/refused.h"
#include "sync/export/target.h"
#include "sync/images.h"
#include "sync/recognize.h"
#include "base/text.h"

#include <errno.h>

/* Links to a placeholder belong to the object that it stood for. */
static int absorb(struct import_step *st, struct cs_row *placeholder, int64_t into, struct err *e)
{
	TRY(cs_link_repoint(st->sync->store, placeholder->id, into, e));
	TRY(cs_delete(st->sync->store, placeholder->id, e));
	return 0;
}

/*
 * The row that now has the DN gives it up until its own rename or delete arrives. References by
 * that DN, from objects read before, mean the object that is delivered now. 0: *ret_placeholder has
 * these references. STORE_NONE: there are none.
 */
static int step_aside(
	struct import_step *st, struct cs_row *row, struct cs_row *ret_placeholder, struct err *e)
{
	row->transient = true;
	TRY(cs_update(st->sync->store, row, false, e));
	TRY(import_links_let_go(st, row, e));
	return cs_find_dn(st->sync->store, row->connector, row->dn, &st->arena, ret_placeholder, e);
}

/*
 * Is the row to be deleted, and has it given its DN to a new object of another class? It stays
 * without its DN (transient) as long as the directory shows it.
 */
static bool is_aside(const struct cs_row *row, const struct cs_row *by_dn)
{
	return row->transient && row->want == WANT_ABSENT && by_dn->want == WANT_PRESENT;
}

/*
 * Finds the row of a delivered object: by anchor, else by DN. 0: *ret is it. STORE_NONE: new.
 * When another row has the DN: a placeholder is merged into this one, another object becomes
 * transient.
 */
static int find_row(
	struct import_step *st, const struct entry *en, struct cs_row *ret, struct err *e)
{
	struct store *store = st->sync->store;
	int64_t connector = st->conn->row.id;
	struct cs_row by_dn, placeholder;
	int a, d;

	st->aside = false;
	a = cs_find_anchor(store, connector, en->anchor, &st->arena, ret, e);
	TRY(a);
	if (a == 0 && !ret->transient && streq(ret->dn, en->dn))
		return 0;
	if (a == 0 && !ret->transient)
		TRY(import_links_let_go(st, ret, e));
	d = cs_find_dn(store, connector, en->dn, &st->arena, &by_dn, e);
	TRY(d);
	if (d == STORE_NONE || (a == 0 && by_dn.id == ret->id))
		return a;
	if (a == 0 && is_aside(ret, &by_dn)) {
		st->aside = true;
		return 0;
	}
	if (a == STORE_NONE) {
		if (!by_dn.anchor || by_dn.kind == CS_PLACEHOLDER) {
			*ret = by_dn;
			return 0;
		}
		return step_aside(st, &by_dn, ret, e);
	}
	if (by_dn.kind == CS_PLACEHOLDER) {
		TRY(absorb(st, &by_dn, ret->id, e));
		return 0;
	}
	if (ret->kind == CS_PLACEHOLDER && !by_dn.anchor) {
		/* an export object of ours that the directory now shows under its new anchor */
		TRY(absorb(st, ret, by_dn.id, e));
		*ret = by_dn;
		return 0;
	}
	if (row_adoptable(&by_dn, ret)) {
		TRY(row_adopt(st->sync, &by_dn, ret, e));
		*ret = by_dn;
		return 0;
	}
	d = step_aside(st, &by_dn, &placeholder, e);
	TRY(d);
	return d == STORE_NONE ? 0 : absorb(st, &placeholder, ret->id, e);
}

int import_rename(struct import_step *st, const char *anchor, const char *dn, struct err *e)
{
	struct entry en = {.anchor = anchor, .dn = dn};
	struct cs_row row;
	int r = find_row(st, &en, &row, e);

	if (r != 0 || (!row.transient && streq(row.dn, dn)))
		return MIN(r, 0);
	row.dn = dn;
	row.transient = st->aside;
	sync_count(st->sync, COUNTER_STAGE_RENAME);
	return cs_update(st->sync->store, &row, true, e);
}

/*
 * The row's new image: the delivered attributes (with imports_all all of them, else those that
 * rules read), on top of the old image if the object was delivered in part.
 */
static int new_image(struct import_step *st, const struct import_object *o,
	const struct cs_row *row, const void **ret, size_t *ret_len, struct err *e)
{
	struct entry en;
	const struct unreadable *u = unreadable_of(st->conn, o->entry->class);
	bool onto_old = o->partial && row && row->imported &&
	                !(import_is_full(st) && !bitmap_get(&st->seen, row->id));

	if (onto_old) {
		TRY(row_shown(st->sync, row, &st->arena, &en, e));
	} else {
		entry_init(&en, &st->arena);
		en.dn = o->entry->dn;
	}
	for (unsigned i = 0; i < o->entry->n_attrs; i++) {
		const struct attr *a = &o->entry->attrs[i];

		if (a->count && a->values[0].type == VALUE_REFERENCE)
			continue;
		if (unreadable_has(u, a->id)) /* see hidden_values() */
			continue;
		if (!st->conn->type->imports_all && !bitmap_get(&st->attrs, a->id))
			continue;
		if (a->count)
			entry_set_all(&en, a->id, a->values, a->count);
		else
			entry_remove(&en, a->id);
	}
	return entry_image(st->sync, &en, &st->arena, ret, ret_len, e);
}

/* The object shows values that are hidden from other reads: they are what was accepted. */
static int hidden_values(struct import_step *st, const struct import_object *o, struct cs_row *row,
	bool *ret_changed, struct err *e)
{
	const void *before = row->acknowledged;
	size_t len = row->acknowledged_len;

	if (before && !streq(row->class, o->entry->class))
		acknowledged_forget(row);
	TRY(acknowledged_set(st->sync, unreadable_of(st->conn, o->entry->class), row, o->entry,
		o->tells_hidden, &st->arena, e));
	*ret_changed = len != row->acknowledged_len ||
	               (len && memcmp(before, row->acknowledged, len) != 0);
	return 0;
}

static bool was_accepted(const struct cs_row *row)
{
	return row->state != EXPORT_STATE_PENDING && row->state != EXPORT_STATE_FAILED;
}

int import_confirm(struct import_step *st, struct cs_row *row, struct err *e)
{
	struct entry imported, wanted;
	enum export_event event;
	struct delta d;
	bool synced, held = false;
	const char *dn;

	if (row->want == WANT_ABSENT && row->state == EXPORT_STATE_EXPORTED &&
		!soa_keeps_object(row)) {
		row_set_state(row, EXPORT_EVENT_IMPORT_DIFFERS);
		return reimport_missing(st, row, "the delete", false, e);
	}
	if (!want_has_values(row->want) || soa_blocks_all(row) || !row->wanted)
		return 0;
	TRY(row_entry(st->sync, row, false, &st->arena, &imported, e));
	TRY(row_entry(st->sync, row, true, &st->arena, &wanted, e));
	/* only of what was accepted the directory can show a form of its own */
	pending_delta(row_class(st->conn->cfg, row), row, &imported, &wanted,
		PENDING_DIFFERENCES | (was_accepted(row) ? PENDING_SETTLED : 0), &st->arena, &d);
	if (d.n_attrs)
		TRY(refused_hold(st->sync->store, row->id, 0, &d, &held, e));
	if (held && !d.n_attrs) {
		if (row->state != EXPORT_STATE_PENDING)
			row_set_state(row, EXPORT_EVENT_HELD);
		return 0;
	}
	if (d.n_attrs == 0 && row->export_all) {
		TRY(row_is_mastered(st->sync, st->conn, row, &st->arena, &synced, e));
		if (!synced)
			return 0; /* a take-over is still to be sent */
		row->export_all = false;
	}
	dn = pending_dn(st->conn->cfg, row, &wanted, &st->arena);
	event = d.n_attrs || dn ? EXPORT_EVENT_IMPORT_DIFFERS : EXPORT_EVENT_IMPORT_EQUAL;
	if (event == EXPORT_EVENT_IMPORT_EQUAL) {
		if (row->state == EXPORT_STATE_EXPORTED || row->state == EXPORT_STATE_SENDING)
			sync_count(st->sync, COUNTER_CONFIRMED);
		/* sending: refused before, and accepted by an answer that was never recorded */
		if (row->state == EXPORT_STATE_FAILED || row->state == EXPORT_STATE_SENDING)
			TRY(reimport_mended(st, row->id, e));
	} else if (row->state == EXPORT_STATE_EXPORTED) {
		const char *what = d.n_attrs ? delta_names(&d, 10, &st->arena) : "its new DN";

		TRY(reimport_missing(st, row, what, false, e));
	}
	row_set_state(row, event);
	return 0;
}

static int insert_row(
	struct import_step *st, const struct import_object *o, struct cs_row *row, struct err *e)
{
	const struct entry *en = o->entry;
	bool changed;
	int r;

	*row = (struct cs_row){
		.connector = st->conn->row.id,
		.class = en->class,
		.kind = CS_STAGING,
		.dn = en->dn,
		.anchor = en->anchor,
	};
	r = new_image(st, o, NULL, &row->imported, &row->imported_len, e);
	if (r != 0)
		return r;
	TRY(import_foreign(st, row, row->imported, row->imported_len, &changed, e));
	TRY(hidden_values(st, o, row, &changed, e));
	TRY(cs_insert(st->sync->store, row, e));
	sync_count(st->sync, COUNTER_STAGE_ADD);
	return recognize_index(st->sync, st->conn, row, en, &st->arena, e);
}

static void count_change(struct import_step *st, const struct cs_row *row,
	const struct import_object *o, bool renamed)
{
	if (!row->imported)
		sync_count(st->sync, COUNTER_STAGE_ADD);
	else if (!streq(row->class, o->entry->class))
		sync_count(st->sync, COUNTER_STAGE_DELETE_ADD);
	else if (renamed)
		sync_count(st->sync, COUNTER_STAGE_RENAME);
	else
		sync_count(st->sync, COUNTER_STAGE_UPDATE);
}

static int update_row(
	struct import_step *st, const struct import_object *o, struct cs_row *row, struct err *e)
{
	const struct entry *en = o->entry;
	bool renamed = row->transient != st->aside || !streq(row->dn, en->dn);
	enum export_state before = row->state;
	bool all_before = row->export_all, turned, hidden;
	const void *image;
	size_t len;
	int r = new_image(st, o, row, &image, &len, e);

	if (r != 0)
		return r;
	TRY(import_foreign(st, row, image, len, &turned, e));
	TRY(hidden_values(st, o, row, &hidden, e));
	if (!turned && !hidden && row->imported && row->imported_len == len &&
		memcmp(row->imported, image, len) == 0 && !renamed && !row->deleted &&
		row->kind == CS_STAGING && row->anchor && streq(row->anchor, en->anchor) &&
		streq(row->class, en->class)) {
		sync_count(st->sync, COUNTER_STAGE_NO_CHANGE);
		TRY(recognize_index(st->sync, st->conn, row, en, &st->arena, e));
		TRY(import_confirm(st, row, e));
		if (row->export_all != all_before)
			return cs_update(st->sync->store, row, false, e);
		return row->state == before ? 0
		                            : cs_set_state(st->sync->store, row->id, row->state, e);
	}
	count_change(st, row, o, renamed);
	TRY(import_release(st, row, image, len, e));
	row->kind = CS_STAGING;
	row->class = en->class;
	row->dn = en->dn;
	row->transient = st->aside;
	row->anchor = en->anchor;
	row->imported = image;
	row->imported_len = len;
	row->deleted = false;
	TRY(recognize_index(st->sync, st->conn, row, en, &st->arena, e));
	TRY(import_confirm(st, row, e));
	TRY(reimport_whole(st, row, e));
	return cs_update(st->sync->store, row, true, e);
}

/* A partial object may lack DN or class: the row's are taken. Without a row: the anchor, and "". */
static int complete(struct import_step *st, struct entry *en, struct err *e)
{
	struct cs_row row;
	int r = cs_find_anchor(st->sync->store, st->conn->row.id, en->anchor, &st->arena, &row, e);
	bool known = r == 0 && row.kind != CS_PLACEHOLDER;

	TRY(r);
	if (!en->dn)
		en->dn = known ? row.dn : en->anchor;
	if (!en->class)
		en->class = known ? row.class : "";
	return 0;
}

static int links_gone(struct import_step *st, const struct cs_row *row, struct err *e)
{
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list(st->sync->store, row->id, 0, &st->arena, &links, &n, e));
	for (unsigned i = 0; i < n; i++)
		if (links[i].imported)
			TRY(import_link_set(st, row, links[i].attr, links[i].target, false, e));
	return 0;
}

/* The directory removed the references to an object that it deleted, and does not report that. */
static int links_to_gone(struct import_step *st, const struct cs_row *row, struct err *e)
{
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list_target(st->sync->store, row->id, &st->arena, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		struct cs_row source;

		if (!links[i].imported)
			continue;
		TRY(cs_get(st->sync->store, links[i].cs, &st->arena, &source, e));
		TRY(import_link_set(st, &source, links[i].attr, row->id, false, e));
	}
	return 0;
}

/* The object is gone, or out of what is imported. */
static int import_absent(struct import_step *st, const struct import_object *o, struct err *e)
{
	struct cs_row row;
	int r = cs_find_anchor(
		st->sync->store, st->conn->row.id, o->entry->anchor, &st->arena, &row, e);

	if (r != 0)
		return MIN(r, 0);
	/* such a directory does not report the end of references to a deleted object */
	if (o->deleted && !st->conn->type->tells_reference_ends)
		TRY(links_to_gone(st, &row, e));
	TRY(import_error_clear(st, row.id, e));
	if (row.kind == CS_PLACEHOLDER || (row.deleted && !row.imported))
		return 0;
	return import_gone(st, &row, e);
}

int import_error_clear(struct import_step *st, int64_t cs, struct err *e)
{
	if (!bitmap_get(&st->errors, cs))
		return 0;
	bitmap_unset(&st->errors, cs);
	return error_clear(st->sync->store, cs, ERROR_IMPORT, e);
}

/* The row keeps its old image. */
static int too_large(struct import_step *st, const struct entry *en, struct err *e)
{
	_cleanup_free_ char *dn = xstrdup(en->dn), *anchor = xstrdup(en->anchor);

	return st->sink.bad(&st->sink, dn, anchor, error_type_word(ERROR_TYPE_OBJECT_TOO_LARGE),
		IMAGE_TOO_LARGE_TEXT, e);
}

int import_object(struct import_step *st, const struct import_object *o, struct err *e)
{
	int64_t unchanged = st->sync->counters.n[COUNTER_STAGE_NO_CHANGE];
	struct cs_row row;
	int r;

	if (o->deleted || o->left)
		return import_absent(st, o, e);
	if (!o->entry->dn || !o->entry->class)
		TRY(complete(st, o->entry, e));
	r = find_row(st, o->entry, &row, e);
	TRY(r);
	r = r == STORE_NONE ? insert_row(st, o, &row, e) : update_row(st, o, &row, e);
	TRY(r);
	if (r == IMAGE_TOO_LARGE)
		return too_large(st, o->entry, e);
	bitmap_set(&st->seen, row.id);
	if (!o->partial || import_is_full(st) || st->conn->type->partial_is_whole)
		TRY(import_error_clear(st, row.id, e));
	st->links_changed = 0;
	TRY(import_links(st, &row, o, e));
	if (st->links_changed && st->sync->counters.n[COUNTER_STAGE_NO_CHANGE] > unchanged) {
		st->sync->counters.n[COUNTER_STAGE_NO_CHANGE]--;
		sync_count(st->sync, COUNTER_STAGE_UPDATE);
	}
	return 0;
}

int import_gone(struct import_step *st, struct cs_row *row, struct err *e)
{
	struct store *store = st->sync->store;

	if (!row->imported && !row->anchor)
		return 0;
	sync_count(st->sync, COUNTER_STAGE_DELETE);
	TRY(import_error_clear(st, row->id, e));
	if (row->want == WANT_ABSENT) {
		/* our own delete, confirmed */
		sync_count(st->sync, COUNTER_CONFIRMED);
		return row_remove(st->sync, row, e);
	}
	TRY(links_gone(st, row, e));
	row->imported = NULL;
	row->imported_len = 0;
	acknowledged_forget(row);
	if (row->want == WANT_PRESENT && soa_keeps_gone(row))
		return cs_update(store, row, false, e);
	if (row->want == WANT_PRESENT) {
		/* rules still want it: it is provisioned again, under a new anchor */
		TRY(links_to_gone(st, row, e));
		row->anchor = NULL;
		row->kind = CS_EXPORT;
		row->blocked = 0; /* that was about the object that is gone */
		row->export_all = false;
		row_set_state(row, EXPORT_EVENT_AGAIN);
		return cs_update(store, row, true, e);
	}
	if (row->want == WANT_ATTRIBUTES) /* nothing can be written to it, unless it comes back */
		row_set_state(row, EXPORT_EVENT_DROPPED);
	row->deleted = true;
	return cs_update(store, row, true, e);
}
