/*
 * What becomes of an item: accepted, refused whole or in part, not for this write surface, or now
 * under somebody else's authority. Each outcome sets the state of the row or the reference;
 * failures are reported.
 */
#include "sync/export/result.h"
#include "base/timefmt.h"
#include "store/error.h"
#include "store/outbox.h"
#include "sync/acknowledged.h"
#include "sync/adopt.h"
#include "sync/errors.h"
#include "sync/export/duplicate.h"
#include "sync/export/refused.h"
#include "sync/export/target.h"
#include "sync/export/warning.h"
#include "sync/soa.h"
#include "sync/soa_apply.h"

#include <inttypes.h>
#include <stdio.h>

static int failure_event(struct export_step *st, const struct export_slot *s, const char *dn,
	const struct export_outcome *o, struct err *e)
{
	struct record r = {
		.event = o->outside_surface ? EVENT_OUTSIDE_SURFACE : EVENT_EXPORT_ERROR};
	char run[24], message[1024];

	snprintf(run, sizeof(run), "%" PRId64, st->sync->run);
	snprintf(message, sizeof(message),
		o->outside_surface ? "%.300s is not exported: %.600s."
				   : "Export of %.300s failed: %.600s",
		dn, o->text ? o->text : "-");
	r.message = message;
	record_add(&r, RECORD_CONNECTOR, st->conn->name);
	record_add(&r, RECORD_DN, dn);
	record_add(&r, RECORD_CLOUD_ANCHOR, s->item.anchor);
	record_add(&r, RECORD_ERROR, o->error_type);
	record_add(&r, RECORD_OPERATION, delta_op_name(s->item.op));
	record_add(&r, RECORD_RUN, run);
	return outbox_add(st->sync->store, &r, e);
}

#define REFUSED_LONGER 7 /* added to the count of refused attributes: an hour at first */

#define KEPT_TEXT_MAX 4000 /* bytes of an error text with several reasons */

/* Several references of one object were refused in this step: the error lists them. */
static const char *with_others(
	struct export_step *st, int64_t cs, const char *before, const char *text, struct arena *a)
{
	if (st->phase != EXPORT_LINKS || !bitmap_get(&st->refused, cs))
		return text;
	if (strlen(before) < 4)
		return text;
	if (strlen(before) + strlen(text) < KEPT_TEXT_MAX)
		return arena_printf(a, "%s; %s", before, text);
	return strcmp(before + strlen(before) - 4, " ...") == 0
	               ? before
	               : arena_printf(a, "%s; and more ...", before);
}

/* Keeps the failure on the object; the wait grows with each of the same kind. */
static int failed(struct export_step *st, const struct export_slot *s, int64_t cs, const char *dn,
	const struct export_outcome *o, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *type = o->error_type ? o->error_type : error_type_word(ERROR_TYPE_UNKNOWN);
	struct sync *sy = st->sync;
	int64_t now = unix_now();
	struct export_outcome told = *o;
	struct error_row er;
	const char *text;
	int r = error_get(sy->store, cs, ERROR_EXPORT, &a, &er, e);
	/* several references of one object in one step count once */
	bool again = st->phase == EXPORT_LINKS && bitmap_get(&st->refused, cs);
	int count = r == 0 && streq(er.type, type) ? er.count + !again : 1;

	TRY(r);
	sy->n_errors++;
	sync_count(sy, COUNTER_EXPORT_FAILURE);
	if (s->warning)
		told.text = arena_printf(&a, "%s (%s)", o->text ? o->text : "-", s->warning);
	text = told.text ? told.text : "-";
	TRY(error_put(sy->store, cs, ERROR_EXPORT, type,
		with_others(st, cs, r == 0 ? er.text : "", text, &a), now,
		now + export_backoff(o->n_refused ? count + REFUSED_LONGER : count), NULL, e));
	if (st->phase == EXPORT_LINKS)
		bitmap_set(&st->refused, cs);
	return failure_event(st, s, dn, &told, e);
}

/* This write surface cannot write it: reported once, and not a failure. */
static int outside(struct export_step *st, const struct export_slot *s, int64_t cs, const char *dn,
	const struct export_outcome *o, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct error_row er;
	int r = error_get(st->sync->store, cs, ERROR_EXPORT, &a, &er, e);

	TRY(r);
	sync_count(st->sync, COUNTER_OUTSIDE_SURFACE);
	if (r == 0 && er.known == ERROR_TYPE_OUTSIDE_SURFACE)
		return 0;
	TRY(error_put(st->sync->store, cs, ERROR_EXPORT,
		error_type_word(ERROR_TYPE_OUTSIDE_SURFACE), o->text, unix_now(), 0, NULL, e));
	return failure_event(st, s, dn, o, e);
}

/* The service refused because the source of authority moved after the last import. */
static int moved(struct export_step *st, int64_t cs, const char *attributes, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row;
	int r = cs_get(st->sync->store, cs, &a, &row, e);

	TRY(r);
	if (r == STORE_NONE || soa_blocks_all(&row)) /* reported with an earlier result */
		return 0;
	return soa_hold(st->sync, st->conn, &row, DELTA_UPDATE, attributes, e);
}

/* Takes the anchor that the service gave. A placeholder may have it already. */
static int take_anchor(
	struct export_step *st, struct export_slot *s, const char *anchor, struct err *e)
{
	struct cs_row *row = &s->row, other;
	int r = cs_find_anchor(st->sync->store, row->connector, anchor, s->wanted.arena, &other, e);

	TRY(r);
	if (r == 0 && other.id != row->id) {
		if (row_adoptable(row, &other))
			return row_adopt(st->sync, row, &other, e);
		if (other.kind != CS_PLACEHOLDER)
			return 0; /* the next import shows which object it is */
		TRY(cs_link_repoint(st->sync->store, other.id, row->id, e));
		TRY(cs_delete(st->sync->store, other.id, e));
	}
	if (row->anchor && !streq(row->anchor, anchor))
		return row_made_anew(st->sync, row, anchor, e);
	row->anchor = anchor;
	return 0;
}

/* What the directory never shows was accepted, but for what it refused: that counts as shown. */
static int accept_hidden(struct export_step *st, struct export_slot *s,
	const struct export_outcome *o, struct err *e)
{
	const struct unreadable *u = unreadable_of(st->conn, s->row.class);
	int r = acknowledged_accept(
		st->sync, u, &s->row, &s->delta, o->refused, o->n_refused, s->wanted.arena, e);

	/* inbound looks at what the directory has now; of a new object the import tells it */
	return r > 0 && s->row.imported && st->conn->is_source
	               ? cs_touch(st->sync->store, s->row.id, e)
	               : MIN(r, 0);
}

/* Will no import show anything of what was sent? Then there is nothing to wait for. */
static bool is_hidden(const struct export_step *st, const struct export_slot *s)
{
	return s->row.imported && !s->row.export_all &&
	       unreadable_is_all(unreadable_of(st->conn, s->row.class), &s->delta);
}

static int object_accepted(struct export_step *st, struct export_slot *s,
	const struct export_outcome *o, struct err *e)
{
	struct cs_row *row = &s->row;
	bool hidden = is_hidden(st, s), shown = row->imported != NULL;

	sync_count(st->sync, s->item.op == DELTA_ADD ? COUNTER_EXPORT_ADD : COUNTER_EXPORT_UPDATE);
	if (o->anchor)
		TRY(take_anchor(st, s, o->anchor, e));
	TRY(accept_hidden(st, s, o, e));
	row_set_state(row, EXPORT_EVENT_ACCEPTED);
	row->export_all = false;
	if (shown && !row->imported) /* it was made anew, and has no more than what was sent now */
		row_set_state(row, EXPORT_EVENT_AGAIN);
	else if (hidden)
		row_set_state(row, EXPORT_EVENT_IMPORT_EQUAL);
	if (s->held) /* the error of the held attributes stays, with its retry time */
		row_set_state(row, EXPORT_EVENT_REFUSED);
	else
		TRY(warning_accepted(st, s, e));
	return cs_set_exported(st->sync->store, row, e);
}

/* Some attributes were refused; the others were written, if o->rest_sent. */
static int object_partly(struct export_step *st, struct export_slot *s,
	const struct export_outcome *o, struct err *e)
{
	struct cs_row *row = &s->row;

	if (o->rest_sent) {
		sync_count(st->sync, COUNTER_EXPORT_UPDATE);
		row->export_all = false;
	}
	if (o->anchor)
		TRY(take_anchor(st, s, o->anchor, e));
	if (o->rest_sent)
		TRY(accept_hidden(st, s, o, e));
	row_set_state(row, EXPORT_EVENT_REFUSED);
	TRY(refused_record(st->sync->store, row->id, &s->wanted, o->refused, o->n_refused, e));
	TRY(cs_set_exported(st->sync->store, row, e));
	return failed(st, s, row->id, row->dn, o, e);
}

static int object_result(struct export_step *st, struct export_slot *s,
	const struct export_outcome *o, struct err *e)
{
	struct cs_row *row = &s->row;

	if (o->result == CONN_OK)
		return object_accepted(st, s, o, e);
	/* nothing of it was written: what was accepted before is not in doubt any more */
	if (o->soa_in_cloud) {
		TRY(cs_set_acknowledged(st->sync->store, row, e));
		return moved(st, row->id, delta_names(&s->delta, 20, s->wanted.arena), e);
	}
	if (o->outside_surface) {
		row_set_state(row, EXPORT_EVENT_DROPPED);
		TRY(cs_set_acknowledged(st->sync->store, row, e));
		return outside(st, s, row->id, row->dn, o, e);
	}
	if (o->n_refused)
		return object_partly(st, s, o, e);
	row_set_state(row, EXPORT_EVENT_REFUSED);
	TRY(cs_set_acknowledged(st->sync->store, row, e));
	return failed(st, s, row->id, row->dn, o, e);
}

/* The result for a row that stands aside. A refusal shows again at its own change. */
static int aside_result(struct export_step *st, struct export_slot *s,
	const struct export_outcome *o, struct err *e)
{
	const struct unreadable *u = unreadable_of(st->conn, s->row.class);

	if (o->result == CONN_OK) {
		sync_count(st->sync, COUNTER_EXPORT_UPDATE);
		TRY(MIN(acknowledged_accept(
				st->sync, u, &s->row, &s->delta, NULL, 0, s->wanted.arena, e),
			0));
	}
	if (u)
		TRY(cs_set_acknowledged(st->sync->store, &s->row, e));
	return o->soa_in_cloud
	               ? moved(st, s->row.id, delta_names(&s->delta, 20, s->wanted.arena), e)
	               : 0;
}

static int delete_result(struct export_step *st, struct export_slot *s,
	const struct export_outcome *o, struct err *e)
{
	struct cs_row *row = &s->row;

	if (o->result == CONN_OK) {
		sync_count(st->sync, COUNTER_EXPORT_DELETE);
		row_set_state(row, EXPORT_EVENT_ACCEPTED);
		TRY(export_error_clear(st->sync, row->id, e));
		return cs_set_state(st->sync->store, row->id, row->state, e);
	}
	if (o->soa_in_cloud)
		return soa_hold(st->sync, st->conn, row, DELTA_DELETE, NULL, e);
	row_set_state(row, o->outside_surface ? EXPORT_EVENT_DROPPED : EXPORT_EVENT_REFUSED);
	TRY(cs_set_state(st->sync->store, row->id, row->state, e));
	return o->outside_surface ? outside(st, s, row->id, row->dn, o, e)
	                          : failed(st, s, row->id, row->dn, o, e);
}

/* A text that names both objects of a reference, with their classes. */
static int link_text(struct export_step *st, const struct export_slot *s,
	const struct export_outcome *o, struct arena *a, const char **ret, struct err *e)
{
	const char *source = s->link.dn, *target = s->link.target_anchor;
	struct cs_row row;
	int r = cs_get(st->sync->store, s->link.link.cs, a, &row, e);

	TRY(r);
	if (r == 0)
		TRY(duplicate_name_of(st->sync, &row, a, &source, e));
	r = cs_get(st->sync->store, s->link.link.target, a, &row, e);
	TRY(r);
	if (r == 0)
		TRY(duplicate_name_of(st->sync, &row, a, &target, e));
	*ret = arena_printf(a, "%s of %s (%s): %s (%s): %s", attr_name(s->link.link.attr), source,
		s->link.class, target, s->link.target_class, o->text ? o->text : "-");
	return 0;
}

static int link_refused(struct export_step *st, const struct export_slot *s,
	const struct export_outcome *o, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct export_outcome told = *o;

	TRY(link_text(st, s, o, &a, &told.text, e));
	return o->outside_surface ? outside(st, s, s->link.link.cs, s->link.dn, &told, e)
	                          : failed(st, s, s->link.link.cs, s->link.dn, &told, e);
}

/*
 * The directory never shows the reference: it has it now, or has it no more. Where the attribute
 * holds one alone, the one before is gone.
 */
static int link_hidden(struct export_step *st, struct cs_link *l, const char *class, struct err *e)
{
	const struct schema_class *c = row_class(st->conn->cfg, &(struct cs_row){.class = class});
	const struct schema_attr *at = c ? schema_attr_find(c, attr_name(l->attr)) : NULL;
	_cleanup_arena_ struct arena a = {0};
	struct cs_link *others;
	unsigned n = 0;

	if (l->wanted && at && !(at->flags & SCHEMA_MULTI))
		TRY(cs_link_list(st->sync->store, l->cs, l->attr, &a, &others, &n, e));
	for (unsigned i = 0; i < n; i++) {
		if (others[i].target == l->target || others[i].wanted)
			continue;
		others[i].imported = false;
		link_set_state(&others[i], EXPORT_EVENT_IMPORT_EQUAL);
		TRY(cs_link_put(st->sync->store, &others[i], st->conn->is_source, e));
	}
	l->imported = l->wanted;
	link_set_state(l, EXPORT_EVENT_IMPORT_EQUAL);
	return cs_link_put(st->sync->store, l, st->conn->is_source, e);
}

static int link_result(struct export_step *st, struct export_slot *s,
	const struct export_outcome *o, struct err *e)
{
	struct cs_link *l = &s->link.link;

	if (o->result == CONN_OK) {
		sync_count(st->sync, l->wanted ? COUNTER_LINK_ADD : COUNTER_LINK_DELETE);
		link_set_state(l, EXPORT_EVENT_ACCEPTED);
		if (unreadable_has(unreadable_of(st->conn, s->link.class), l->attr))
			return link_hidden(st, l, s->link.class, e);
		return cs_link_set_state(st->sync->store, l, e);
	}
	if (o->soa_in_cloud) {
		link_set_state(l, EXPORT_EVENT_AGAIN); /* sent again after a roll-back */
		TRY(cs_link_set_state(st->sync->store, l, e));
		return moved(st, l->cs, attr_name(l->attr), e);
	}
	link_set_state(l, o->outside_surface ? EXPORT_EVENT_DROPPED : EXPORT_EVENT_REFUSED);
	TRY(cs_link_set_state(st->sync->store, l, e));
	return link_refused(st, s, o, e);
}

/* The row has its new DN; the next import shows it. Other changes become pending again. */
static int rename_result(struct export_step *st, struct export_slot *s,
	const struct export_outcome *o, struct err *e)
{
	if (o->result != CONN_OK)
		return object_result(st, s, o, e);
	sync_count(st->sync, COUNTER_EXPORT_RENAME);
	s->row.dn = s->item.new_dn;
	row_set_state(&s->row, s->delta.n_attrs ? EXPORT_EVENT_AGAIN : EXPORT_EVENT_ACCEPTED);
	TRY(export_error_clear(st->sync, s->row.id, e));
	return cs_update(st->sync->store, &s->row, false, e);
}

int result_record(struct export_step *st, struct export_slot *s, const struct export_outcome *o,
	struct err *e)
{
	if (o->result == CONN_OK)
		TRY(warning_said(st, s, o, e));
	if (s->aside)
		return aside_result(st, s, o, e);
	switch (s->item.kind) {
	case EXPORT_OBJECT:
		return object_result(st, s, o, e);
	case EXPORT_LINK:
		return link_result(st, s, o, e);
	case EXPORT_RENAME:
		return rename_result(st, s, o, e);
	case EXPORT_DELETE:
		break;
	}
	return delete_result(st, s, o, e);
}
