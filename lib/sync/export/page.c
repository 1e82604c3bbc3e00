/*
 * What is due: rows (and links) that were sent but whose result was not recorded, then new ones,
 * then failed ones whose wait is over. Rows are marked "sending" and committed before they are
 * sent, so that a crash is noticed; links are not marked, see link_slot().
 */
#include "sync/export/page.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "sync/acknowledged.h"
#include "sync/adopt.h"
#include "sync/export/limit.h"
#include "sync/export/refused.h"
#include "sync/export/order.h"
#include "sync/export/state.h"
#include "sync/export/target.h"
#include "sync/export/warning.h"
#include "sync/images.h"
#include "sync/soa.h"
#include "sync/soa_apply.h"
#include "report/fault.h"
#include "base/timefmt.h"

static struct export_slot *slot_add(struct export_page *p, struct export_slot *s)
{
	struct export_slot *ret = &p->slots[p->n];

	s->item.id = p->number << 16 | p->n++;
	*ret = *s;
	return ret;
}

/* A change of an object: the item shows what its slot keeps. */
static struct export_slot *change_add(struct export_page *p, struct export_slot *s)
{
	struct export_slot *ret = slot_add(p, s);

	ret->item.wanted = &ret->wanted;
	ret->item.delta = &ret->delta;
	return ret;
}

static struct export_item item_of(const struct cs_row *row, enum export_kind kind, enum delta_op op)
{
	return (struct export_item){
		.kind = kind,
		.op = op,
		.class = row->class,
		.dn = row->dn,
		.anchor = row->anchor,
	};
}

/* What the import showed, and what the rules want without that of another authority. */
static int row_images(struct export_step *st, struct export_page *p, const struct cs_row *row,
	struct entry *ret_imported, struct entry *ret_wanted, struct err *e)
{
	TRY(row_entry(st->sync, row, false, &p->arena, ret_imported, e));
	TRY(row_entry(st->sync, row, true, &p->arena, ret_wanted, e));
	soa_ours_only(row, soa_class(st->conn->cfg, row), ret_wanted);
	return 0;
}

static int keep_state(
	struct export_step *st, struct cs_row *row, enum export_event event, struct err *e)
{
	row_set_state(row, event);
	return cs_set_state(st->sync->store, row->id, row->state, e);
}

/*
 * About to be sent. What the directory never shows of it is in doubt until there is an answer; the
 * slot keeps what was accepted before.
 */
static int keep_sending(
	struct export_step *st, struct export_page *p, struct export_slot *s, struct err *e)
{
	struct cs_row row;
	int doubt;

	if (!s->aside) /* its own change follows */
		row_set_state(&s->row, EXPORT_EVENT_SEND);
	row = s->row;
	doubt = acknowledged_doubt(
		st->sync, unreadable_of(st->conn, row.class), &row, &s->delta, &p->arena, e);
	TRY(doubt);
	return doubt      ? cs_set_acknowledged(st->sync->store, &row, e)
	       : s->aside ? 0
	                  : cs_set_state(st->sync->store, row.id, row.state, e);
}

/*
 * The object gets its new DN first; its other changes follow in a later export, when the directory
 * has accepted the name.
 */
static int rename_slot(
	struct export_step *st, struct export_page *p, struct export_slot *s, struct err *e)
{
	s->item.kind = EXPORT_RENAME;
	return keep_state(st, &slot_add(p, s)->row, EXPORT_EVENT_SEND, e);
}

/* An add or update; nothing when the wanted state is what the import shows. */
static int object_slot(
	struct export_step *st, struct export_page *p, struct cs_row *row, struct err *e)
{
	struct export_slot s = {.row = *row};
	struct entry imported;

	if (!want_has_values(row->want) || soa_blocks_all(row))
		return 0;
	TRY(row_images(st, p, row, &imported, &s.wanted, e));
	pending_delta(
		row_class(st->conn->cfg, row), row, &imported, &s.wanted, 0, &p->arena, &s.delta);
	if (row->anchor && s.delta.n_attrs)
		TRY(refused_hold(st->sync->store, row->id, st->started, &s.delta, &s.held, e));
	if (s.held && !s.delta.n_attrs)
		return keep_state(st, row, EXPORT_EVENT_HELD, e);
	if (row->anchor && !s.delta.n_attrs && !row->export_all &&
		!pending_dn(st->conn->cfg, row, &s.wanted, &p->arena))
		return keep_state(st, row, EXPORT_EVENT_IMPORT_EQUAL, e);
	TRY(warning_find(st->sync, st->conn, row, &s.wanted, row->anchor ? &s.delta : NULL,
		&p->arena, &s.warning_error, &s.warning, e));
	s.item = item_of(row, EXPORT_OBJECT, row->anchor ? DELTA_UPDATE : DELTA_ADD);
	s.item.unknown_outcome = row->state == EXPORT_STATE_SENDING;
	s.item.new_dn = pending_dn(st->conn->cfg, row, &s.wanted, &p->arena);
	if (s.item.new_dn)
		return rename_slot(st, p, &s, e);
	return keep_sending(st, p, change_add(p, &s), e);
}

static int delete_slot(
	struct export_step *st, struct export_page *p, struct cs_row *row, struct err *e)
{
	struct export_slot s = {.row = *row};

	if (row->want != WANT_ABSENT)
		return 0;
	if (soa_keeps_object(row)) /* it came under the authority after the delete was staged */
		return soa_hold(st->sync, st->conn, row, DELTA_DELETE, NULL, e);
	if (!row->anchor) /* never known there: removed, if this run has imported */
		return st->conn->imported ? row_remove(st->sync, row, e) : 0;
	s.item = item_of(row, EXPORT_DELETE, DELTA_DELETE);
	s.item.unknown_outcome = row->state == EXPORT_STATE_SENDING;
	return keep_state(st, &slot_add(p, &s)->row, EXPORT_EVENT_SEND, e);
}

/* A row in a ring gives up what others want. Not marked as sending: its own change follows. */
static int aside_slot(
	struct export_step *st, struct export_page *p, struct cs_row *row, struct err *e)
{
	struct export_slot s = {.row = *row, .aside = true};
	struct entry imported, wanted;

	if (row->want != WANT_PRESENT || soa_blocks_all(row))
		return 0;
	TRY(row_images(st, p, row, &imported, &wanted, e));
	order_aside(st, row, &imported, &wanted, &p->arena, &s.wanted, &s.delta);
	if (!s.delta.n_attrs)
		return 0;
	s.item = item_of(row, EXPORT_OBJECT, DELTA_UPDATE);
	return keep_sending(st, p, change_add(p, &s), e);
}

static int ordered_slot(
	struct export_step *st, struct export_page *p, const struct order_item *item, struct err *e)
{
	struct cs_row row;
	int r = cs_get(st->sync->store, item->cs, &p->arena, &row, e);

	if (r != 0)
		return MIN(r, 0);
	if (item->aside)
		return aside_slot(st, p, &row, e);
	bitmap_set(&st->ordered, row.id);
	return row.want == WANT_ABSENT ? delete_slot(st, p, &row, e) : object_slot(st, p, &row, e);
}

/* The rest of the wave, at most a page of it. */
static int load_ordered(struct export_step *st, struct export_page *p, struct err *e)
{
	const struct order *o = st->order;

	p->slots = arena_zalloc(&p->arena, EXPORT_PAGE * sizeof(*p->slots));
	while (p->n < EXPORT_PAGE && st->order_next < o->n &&
		o->items[st->order_next].wave == st->wave)
		TRY(ordered_slot(st, p, &o->items[st->order_next++], e));
	return 0;
}

static int load_rows(struct export_step *st, struct export_page *p, bool *ret_more, struct err *e)
{
	enum export_state state = export_due[st->place.due];
	struct cs_row *rows;
	unsigned n;

	TRY(cs_page_state(st->sync->store, st->conn->row.id, state, st->place.after, EXPORT_PAGE,
		&p->arena, &rows, &n, e));
	p->slots = arena_zalloc(&p->arena, (n + 1) * sizeof(*p->slots));
	for (unsigned i = 0; i < n; i++) {
		bool wait;

		st->place.after = rows[i].id;
		if (!export_is_chosen(st, rows[i].id))
			continue;
		if (bitmap_get(&st->handled, rows[i].id) || bitmap_get(&st->ordered, rows[i].id))
			continue;
		TRY(export_must_wait(st, state, rows[i].id, &p->arena, &wait, e));
		if (wait)
			continue;
		bitmap_set(&st->handled, rows[i].id);
		TRY(st->phase == EXPORT_OBJECTS ? object_slot(st, p, &rows[i], e)
						: delete_slot(st, p, &rows[i], e));
	}
	*ret_more = n == EXPORT_PAGE;
	return 0;
}

/*
 * 1: the attribute holds a single reference, and another one is wanted. Setting the new one removes
 * this one; a removal sent beside it would remove the new one.
 */
static int is_replaced(
	struct export_step *st, const struct link_item *li, struct arena *a, struct err *e)
{
	const struct schema *schema = st->conn->type->schema(&st->conn->cfg->settings);
	const struct schema_class *class = schema_class_find(schema, li->class);
	const struct schema_attr *attr =
		class ? schema_attr_find(class, attr_name(li->link.attr)) : NULL;
	struct cs_link *links;
	unsigned n;

	if (li->link.wanted || !attr || attr->flags & SCHEMA_MULTI)
		return 0;
	TRY(cs_link_list(st->sync->store, li->link.cs, li->link.attr, a, &links, &n, e));
	for (unsigned i = 0; i < n; i++)
		if (links[i].wanted)
			return 1;
	return 0;
}

static int link_slot(
	struct export_step *st, struct export_page *p, struct link_item *li, struct err *e)
{
	struct export_slot s = {.link = *li}, *kept;
	struct cs_row source = {.class = li->class, .blocked = li->blocked};
	int replaced;

	if (soa_blocks(&source, soa_class(st->conn->cfg, &source), li->link.attr))
		return 0;
	replaced = is_replaced(st, li, &p->arena, e);
	if (replaced)
		return MIN(replaced, 0); /* the import that follows confirms both */
	if (!li->link.wanted && li->link.imported) {
		bool held;

		TRY(limit_removal(st, li->link.cs, li->dn, &held, e));
		if (held)
			return 0;
	}

	if (li->link.wanted == li->link.imported && li->link.state != EXPORT_STATE_SENDING) {
		link_set_state(&li->link, EXPORT_EVENT_IMPORT_EQUAL);
		return cs_link_put(st->sync->store, &li->link, false, e);
	}
	s.item = (struct export_item){
		.kind = EXPORT_LINK,
		.op = li->link.wanted ? DELTA_ADD : DELTA_DELETE,
		.class = li->class,
		.dn = li->dn,
		.anchor = li->anchor,
		.link_attr = li->link.attr,
		.target_class = li->target_class,
		.target_anchor = li->target_anchor,
		.target_dn = li->target_dn,
	};
	/*
	 * Not stored as "sending": after a crash the reference is sent again, the service says
	 * that it exists already, which counts as accepted, and the next import confirms it. One
	 * that no import shows is stored: what the rules want then may be another thing.
	 */
	kept = slot_add(p, &s);
	link_set_state(&kept->link.link, EXPORT_EVENT_SEND);
	if (unreadable_has(unreadable_of(st->conn, li->class), li->link.attr))
		return cs_link_set_state(st->sync->store, &kept->link.link, e);
	return 0;
}

static int load_links(struct export_step *st, struct export_page *p, bool *ret_more, struct err *e)
{
	enum export_state state = export_due[st->place.due];
	struct link_item *items;
	unsigned n;

	TRY(cs_link_page_export(st->sync->store, st->conn->row.id, state, &st->place.after_link,
		EXPORT_PAGE, &p->arena, &items, &n, e));
	p->slots = arena_zalloc(&p->arena, (n + 1) * sizeof(*p->slots));
	for (unsigned i = 0; i < n; i++) {
		bool wait;

		st->place.after_link = items[i].link;
		if (!export_is_chosen(st, items[i].link.cs))
			continue;
		/* what was handed out as new in this run is not sent again as failed */
		if (state != EXPORT_STATE_FAILED) {
			bitmap_set(&st->handled, items[i].link.cs);
		} else {
			if (bitmap_get(&st->handled, items[i].link.cs))
				continue;
			TRY(export_must_wait(st, state, items[i].link.cs, &p->arena, &wait, e));
			if (wait)
				continue;
			bitmap_set(&st->retried, items[i].link.cs);
		}
		TRY(link_slot(st, p, &items[i], e));
	}
	*ret_more = n == EXPORT_PAGE;
	return 0;
}

void export_page_free(struct export_page *p)
{
	if (!p)
		return;
	arena_done(&p->arena);
	free(p);
}

static int load(struct export_step *st, struct export_page *p, struct err *e)
{
	if (st->phase == EXPORT_ORDERED)
		return load_ordered(st, p, e);
	while (st->place.due < EXPORT_DUE_COUNT && p->n == 0) {
		bool more;

		arena_reset(&p->arena);
		TRY(st->phase == EXPORT_LINKS ? load_links(st, p, &more, e)
					      : load_rows(st, p, &more, e));
		if (!more)
			st->place = (struct export_place){.due = st->place.due + 1};
	}
	return 0;
}

int export_page_next(struct export_step *st, struct export_page **ret, struct err *e)
{
	struct export_page *p = xcalloc(1, sizeof(*p));
	int r;

	p->number = ++st->n_pages;
	r = export_transaction(st, e);
	if (r >= 0)
		r = load(st, p, e);
	if (r >= 0 && !st->dry) {
		fault_hit(FAULT_EXPORT_BEFORE_SEND);
		r = store_commit(st->sync->store, e);
		st->uncommitted = 0;
	}
	if (r < 0 || p->n == 0) {
		export_page_free(p);
		return MIN(r, 0);
	}
	*ret = p;
	return 1;
}
