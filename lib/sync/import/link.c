/* References into link rows: whole lists are compared, single changes applied. */
#include "sync/import/import.h"
#include "sync/soa.h"
#include "base/text.h"
#include "sync/acknowledged.h"
#include "sync/export/target.h"

#include <errno.h>

int import_link_set(struct import_step *st, const struct cs_row *row, unsigned attr, int64_t target,
	bool imported, struct err *e)
{
	struct store *store = st->sync->store;
	struct cs_link l;
	int r = cs_link_get(store, row->id, attr, target, &l, e);
	bool changed;

	TRY(r);
	if (r == STORE_NONE) {
		if (!imported)
			return 0;
		l = (struct cs_link){.cs = row->id, .attr = attr, .target = target};
	}
	changed = l.imported != imported;
	if (!changed && l.seen == st->stamp)
		return 0;
	st->links_changed += changed;
	l.imported = imported;
	l.seen = st->stamp;
	/* of an object that rules manage, it is compared with what they want */
	if (row->want == WANT_PRESENT && !soa_blocks(row, soa_class(st->conn->cfg, row), attr) &&
		(l.wanted || l.state != EXPORT_STATE_NONE)) {
		bool equal = l.imported == l.wanted;

		if (equal && l.state == EXPORT_STATE_EXPORTED)
			sync_count(st->sync, COUNTER_CONFIRMED);
		link_set_state(&l, equal ? EXPORT_EVENT_IMPORT_EQUAL : EXPORT_EVENT_IMPORT_DIFFERS);
	}
	return cs_link_put(store, &l, changed, e);
}

/*
 * When a reference has anchor and DN, the anchor decides: another object may have the DN by now.
 */
int import_placeholder(
	struct import_step *st, const char *anchor, const char *dn, int64_t *ret, struct err *e)
{
	struct store *store = st->sync->store;
	struct cs_row row, made;
	int r = anchor ? cs_id_by_anchor(store, st->conn->row.id, anchor, ret, e) : STORE_NONE;

	if (r != STORE_NONE)
		return r;
	if (!anchor) {
		r = cs_id_by_dn(store, st->conn->row.id, dn, ret, e);
		if (r != STORE_NONE)
			return r;
	} else {
		r = cs_find_dn(store, st->conn->row.id, dn, &st->arena, &row, e);
		TRY(r);
		if (r == 0 && !row.anchor) {
			*ret = row.id;
			return cs_set_anchor(store, row.id, anchor, e);
		}
	}
	made = (struct cs_row){
		.connector = st->conn->row.id,
		.class = "",
		.kind = CS_PLACEHOLDER,
		.dn = dn,
		.transient = r == 0,
		.anchor = anchor,
	};
	TRY(cs_insert(store, &made, e));
	*ret = made.id;
	return 0;
}

/* The row that a reference names; a placeholder where the directory has not shown it yet. */
static int resolve(struct import_step *st, const char *target, int64_t *ret, struct err *e)
{
	const char *anchor = target, *dn = target;

	if (!st->conn->type->refs_are_anchors)
		st->conn->type->reference(target, &st->arena, &anchor, &dn);
	st->by_dn = st->by_dn || !anchor;
	return import_placeholder(st, anchor, dn, ret, e);
}

int import_links_let_go(struct import_step *st, const struct cs_row *row, struct err *e)
{
	struct store *store = st->sync->store;
	struct cs_link *links;
	int64_t stands = 0;
	unsigned n;

	if (!st->by_dn)
		return 0;
	TRY(cs_link_list_target(store, row->id, &st->arena, &links, &n, e));
	for (unsigned i = 0; i < n; i++) {
		struct cs_row source;

		if (!links[i].imported || !bitmap_get(&st->seen, links[i].cs))
			continue;
		if (!stands) {
			TRY(cs_set_transient(store, row->id, e));
			TRY(import_placeholder(st, NULL, row->dn, &stands, e));
		}
		TRY(cs_get(store, links[i].cs, &st->arena, &source, e));
		TRY(import_link_set(st, &source, links[i].attr, row->id, false, e));
		TRY(import_link_set(st, &source, links[i].attr, stands, true, e));
	}
	return 0;
}

static int cmp_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The whole list of one attribute: both sides sorted by target, walked together. */
static int list_set(struct import_step *st, const struct cs_row *row, unsigned attr,
	const struct attr *values, struct err *e)
{
	unsigned n = values ? values->count : 0, n_old, i = 0, k = 0;
	int64_t *ids = arena_alloc(&st->arena, (n + 1) * sizeof(*ids));
	struct cs_link *old;

	for (unsigned v = 0; v < n; v++)
		TRY(resolve(st, values->values[v].data, &ids[v], e));
	qsort(ids, n, sizeof(*ids), cmp_ids);
	TRY(cs_link_list(st->sync->store, row->id, attr, &st->arena, &old, &n_old, e));
	while (i < n || k < n_old) {
		if (i < n && i && ids[i] == ids[i - 1]) {
			i++;
		} else if (k == n_old || (i < n && ids[i] < old[k].target)) {
			TRY(import_link_set(st, row, attr, ids[i++], true, e));
		} else if (i == n || old[k].target < ids[i]) {
			if (old[k].imported)
				TRY(import_link_set(st, row, attr, old[k].target, false, e));
			k++;
		} else {
			/* also to mark it as seen, see import_links_unseen() */
			if (!old[k].imported || st->conn->type->refs_are_anchors)
				TRY(import_link_set(st, row, attr, ids[i], true, e));
			i++;
			k++;
		}
	}
	return 0;
}

static bool rules_read(const struct import_step *st, unsigned attr)
{
	return st->conn->type->imports_all || bitmap_get(&st->attrs, attr);
}

/*
 * Attributes that have links but were not delivered: in a whole object they are empty now, unless
 * the directory never shows them. `hidden`: of those that it never shows otherwise.
 */
static int lists_absent(struct import_step *st, const struct cs_row *row, const struct entry *en,
	bool hidden, struct err *e)
{
	const struct unreadable *u = unreadable_of(st->conn, row->class);
	struct cs_link *old;
	unsigned n, done = 0;

	TRY(cs_link_list(st->sync->store, row->id, 0, &st->arena, &old, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (old[i].attr == done || entry_get(en, old[i].attr) ||
			unreadable_has(u, old[i].attr) != hidden)
			continue;
		done = old[i].attr;
		TRY(list_set(st, row, done, NULL, e));
	}
	return 0;
}

int import_links(struct import_step *st, const struct cs_row *row, const struct import_object *o,
	struct err *e)
{
	const struct entry *en = o->entry;

	for (unsigned i = 0; i < en->n_attrs; i++) {
		const struct attr *a = &en->attrs[i];

		if (a->count ? a->values[0].type == VALUE_REFERENCE && rules_read(st, a->id)
			     : o->partial)
			TRY(list_set(st, row, a->id, a, e));
	}
	if (!o->partial && !st->conn->type->refs_are_anchors)
		TRY(lists_absent(st, row, en, false, e));
	if (o->tells_hidden && unreadable_of(st->conn, row->class))
		TRY(lists_absent(st, row, en, true, e));
	for (unsigned i = 0; i < o->n_changes; i++) {
		const struct ref_change *ch = &o->changes[i];
		int64_t target;

		TRY(resolve(st, ch->target, &target, e));
		TRY(import_link_set(st, row, ch->attr, target, ch->add, e));
	}
	return 0;
}

/* Not delivered: it is gone, unless the directory never shows the attribute. */
static int link_unseen(struct import_step *st, struct cs_link *l, struct err *e)
{
	struct cs_row row;

	TRY(cs_get(st->sync->store, l->cs, &st->arena, &row, e));
	if (!unreadable_has(unreadable_of(st->conn, row.class), l->attr))
		return import_link_set(st, &row, l->attr, l->target, false, e);
	l->seen = st->stamp; /* this import need not look at it again */
	return cs_link_put(st->sync->store, l, false, e);
}

int import_links_unseen(struct import_step *st, struct err *e)
{
	int64_t after = 0;
	unsigned n;

	if (!st->conn->type->refs_are_anchors)
		return 0;
	do {
		struct cs_link *links;

		arena_reset(&st->arena);
		TRY(cs_link_page_unseen(st->sync->store, st->conn->row.id, st->stamp, after, PAGE,
			&st->arena, &links, &n, e));
		for (unsigned i = 0; i < n; i++) {
			TRY(link_unseen(st, &links[i], e));
			after = links[i].cs;
		}
		/* the last object may have more unseen links: read it again */
		after -= n == PAGE;
	} while (n == PAGE);
	return 0;
}
