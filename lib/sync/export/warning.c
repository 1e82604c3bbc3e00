/* Warnings: found by the connector's type or by duplicate.c, or said by the service. */
#include "sync/export/warning.h"
#include "store/outbox.h"
#include "sync/errors.h"
#include "sync/export/duplicate.h"
#include "sync/images.h"
#include "base/timefmt.h"

#include <inttypes.h>
#include <stdio.h>

/* Has the error the name of a warning? Refusals of the service may have the same names. */
static bool is_warning(const struct sync_connector *c, const struct error_row *er)
{
	for (unsigned i = 0; c->type->problem_errors && c->type->problem_errors[i]; i++)
		if (streq(c->type->problem_errors[i], er->type))
			return true;
	return er->known == ERROR_TYPE_DUPLICATE_VALUE;
}

int warning_find(struct sync *s, struct sync_connector *c, const struct cs_row *row,
	const struct entry *wanted, const struct delta *delta, struct arena *a,
	const char **ret_error, const char **ret_text, struct err *e)
{
	const char *name, *wrong;

	*ret_text = NULL;
	*ret_error = c->type->problem ? c->type->problem(wanted, delta, a, &wrong) : NULL;
	if (*ret_error) {
		TRY(duplicate_name_of(s, row, a, &name, e));
		*ret_text = arena_printf(a, "%s: %s", name, wrong);
		return 0;
	}
	TRY(duplicate_find(s, c, row, wanted, delta, a, ret_text, e));
	if (*ret_text)
		*ret_error = error_type_word(ERROR_TYPE_DUPLICATE_VALUE);
	return 0;
}

/* Reports the warning though the service accepted the object, and keeps it on the object. */
static int tell(struct export_step *st, const struct export_slot *s, struct err *e)
{
	struct record r = {.event = EVENT_EXPORT_ERROR, .message = s->warning};
	struct store *store = st->sync->store;

	TRY(error_put(store, s->row.id, ERROR_EXPORT, s->warning_error, s->warning, unix_now(), 0,
		NULL, e));
	st->sync->n_errors++;
	record_add(&r, RECORD_CONNECTOR, st->conn->name);
	record_add(&r, RECORD_DN, s->row.dn);
	record_add(&r, RECORD_ERROR, s->warning_error);
	return outbox_add(store, &r, e);
}

int warning_accepted(struct export_step *st, const struct export_slot *s, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct store *store = st->sync->store;
	const char *error, *text = NULL;
	struct error_row er;
	int known = error_get(store, s->row.id, ERROR_EXPORT, &a, &er, e);
	bool told = known == 0 && is_warning(st->conn, &er);
	bool unseen = known == 0 && er.known == ERROR_TYPE_NOT_REIMPORTED;

	TRY(known);
	if (s->warning)
		return told || unseen ? 0 : tell(st, s, e);
	if (known != 0)
		return 0;
	if (told) /* it may be about a value that was not sent now */
		TRY(warning_find(
			st->sync, st->conn, &s->row, &s->wanted, NULL, &a, &error, &text, e));
	return text ? 0 : export_error_clear(st->sync, s->row.id, e);
}

/* --- what the service said with its yes --- */

#define SAID_MAX 4000 /* bytes of a text with several warnings of one object */

static int said_event(
	struct export_step *st, const char *dn, const char *type, const char *text, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct record r = {.event = EVENT_EXPORT_WARNING};
	char run[24];

	snprintf(run, sizeof(run), "%" PRId64, st->sync->run);
	r.message =
		arena_printf(&a, "%.300s was exported, and the directory says: %.600s", dn, text);
	record_add(&r, RECORD_CONNECTOR, st->conn->name);
	record_add(&r, RECORD_DN, dn);
	record_add(&r, RECORD_ERROR, type);
	record_add(&r, RECORD_RUN, run);
	return outbox_add(st->sync->store, &r, e);
}

int warning_said(struct export_step *st, const struct export_slot *s,
	const struct export_outcome *o, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	bool is_link = s->item.kind == EXPORT_LINK;
	int64_t cs = is_link ? s->link.link.cs : s->row.id;
	const char *text = o->text;
	const char *type =
		o->error_type ? o->error_type : error_type_word(ERROR_TYPE_ACCEPTED_WITH_WARNING);
	struct error_row before;
	int r;

	/* a reference says nothing about the rest of its object, nor does what stands aside */
	if (!text || !*text)
		return is_link || s->aside
		               ? 0
		               : MIN(object_good(st->sync, ERROR_WARNING, NULL, cs, e), 0);
	sync_count(st->sync, COUNTER_EXPORT_WARNING);
	TRY(said_event(st, s->item.dn, type, text, e));
	if (bitmap_get(&st->warned, cs)) {
		r = error_get(st->sync->store, cs, ERROR_WARNING, &a, &before, e);
		TRY(r);
		if (r == 0 && strlen(before.text) + strlen(text) < SAID_MAX)
			text = arena_printf(&a, "%s; %s", before.text, text);
	}
	bitmap_set(&st->warned, cs);
	bitmap_set(&st->sync->errors, cs);
	return error_put(st->sync->store, cs, ERROR_WARNING, type, text, unix_now(), 0, NULL, e);
}

/* --- warnings about values that were corrected without being sent --- */

static int recheck_one(struct export_step *st, int64_t cs, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct sync *s = st->sync;
	struct error_row er;
	struct cs_row row;
	struct entry wanted;
	const char *error, *text = NULL;
	int r = error_get(s->store, cs, ERROR_EXPORT, &a, &er, e);

	if (r != 0 || !is_warning(st->conn, &er))
		return MIN(r, 0);
	r = cs_get(s->store, cs, &a, &row, e);
	if (r != 0 || row.connector != st->conn->row.id || row.state == EXPORT_STATE_FAILED)
		return MIN(r, 0);
	TRY(export_transaction(st, e));
	if (row.want == WANT_PRESENT && row.wanted) {
		TRY(row_entry(s, &row, true, &a, &wanted, e));
		TRY(warning_find(s, st->conn, &row, &wanted, NULL, &a, &error, &text, e));
	}
	if (text)
		return 0;
	TRY(error_clear(s->store, cs, ERROR_EXPORT, e));
	/* what the service said of it was the same, and it puts that right by itself */
	return error_clear(s->store, cs, ERROR_WARNING, e);
}

struct id_list {
	int64_t *ids;
	unsigned n, cap;
};

static void gather(void *ctx, int64_t cs)
{
	struct id_list *l = ctx;

	if (l->n == l->cap) {
		l->cap = MAX(64u, l->cap * 2);
		l->ids = xrealloc(l->ids, l->cap * sizeof(*l->ids));
	}
	l->ids[l->n++] = cs;
}

int warning_recheck(struct export_step *st, struct err *e)
{
	struct id_list l = {0};
	int r = error_ids(st->sync->store, ERROR_EXPORT, gather, &l, e);

	for (unsigned i = 0; r >= 0 && i < l.n; i++)
		r = recheck_one(st, l.ids[i], e);
	free(l.ids);
	return r < 0 ? r : export_commit(st, e);
}
