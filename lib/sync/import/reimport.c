/*
 * What was exported and is not shown. The service accepted it, but only an import that shows the
 * value confirms it. Until then the object keeps an error, which is reported, and is sent again
 * with growing waits, as after a refusal. A value that the directory shows in a form of its own
 * counts as shown.
 */
#include "sync/import/import.h"
#include "sync/soa.h"
#include "base/timefmt.h"
#include "store/cs_page.h"
#include "store/outbox.h"
#include "sync/adopt.h"
#include "sync/errors.h"
#include "sync/export/target.h"
#include "sync/images.h"
#include "sync/step.h"

#include <inttypes.h>
#include <stdio.h>

static int tell(struct import_step *st, const struct cs_row *row, const char *text, struct err *e)
{
	struct record r = {.event = EVENT_EXPORT_ERROR, .message = text};
	char run[24];

	snprintf(run, sizeof(run), "%" PRId64, st->sync->run);
	record_add(&r, RECORD_CONNECTOR, st->conn->name);
	record_add(&r, RECORD_DN, row->dn);
	record_add(&r, RECORD_CLOUD_ANCHOR, row->anchor);
	record_add(&r, RECORD_ERROR, error_type_word(ERROR_TYPE_NOT_REIMPORTED));
	record_add(&r, RECORD_RUN, run);
	return outbox_add(st->sync->store, &r, e);
}

int reimport_missing(struct import_step *st, const struct cs_row *row, const char *what,
	bool silent, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct store *store = st->sync->store;
	int64_t now = unix_now();
	struct error_row er;
	const char *text;
	int known = error_get(store, row->id, ERROR_EXPORT, &a, &er, e);
	int count = known == 0 && er.known == ERROR_TYPE_NOT_REIMPORTED ? er.count + 1 : 1;

	TRY(known);
	text = arena_printf(&a,
		"%.300s was exported and accepted, but the import does not show it: %.300s",
		row->dn, what);
	/* silent: it may only be late, so it is not sent again at once */
	TRY(error_put(store, row->id, ERROR_EXPORT, error_type_word(ERROR_TYPE_NOT_REIMPORTED),
		text, now, now + export_backoff(count + silent), NULL, e));
	return tell(st, row, text, e);
}

int reimport_mended(struct import_step *st, int64_t cs, struct err *e)
{
	TRY(error_clear(st->sync->store, cs, ERROR_EXPORT, e));
	return error_clear(st->sync->store, cs, ERROR_WARNING, e);
}

static int wrong_values(struct import_step *st, const struct cs_row *row, unsigned flags,
	struct delta *ret, struct err *e)
{
	struct entry imported, wanted;

	TRY(row_entry(st->sync, row, false, &st->arena, &imported, e));
	TRY(row_entry(st->sync, row, true, &st->arena, &wanted, e));
	pending_delta(row_class(st->conn->cfg, row), row, &imported, &wanted,
		PENDING_DIFFERENCES | flags, &st->arena, ret);
	return 0;
}

int reimport_whole(struct import_step *st, const struct cs_row *row, struct err *e)
{
	struct error_row er;
	struct delta d;
	int r;

	if (!row->wanted || !want_has_values(row->want))
		return 0;
	r = error_get(st->sync->store, row->id, ERROR_WARNING, &st->arena, &er, e);
	if (r != 0)
		return MIN(r, 0);
	/* a value in quarantine counts as settled, but is not there */
	TRY(wrong_values(st, row, 0, &d, e));
	return d.n_attrs ? 0 : error_clear(st->sync->store, row->id, ERROR_WARNING, e);
}

/* 1: the object has the error that an import did not show what was exported. */
static int was_missed(struct import_step *st, int64_t cs, struct err *e)
{
	struct error_row er;
	int r = error_get(st->sync->store, cs, ERROR_EXPORT, &st->arena, &er, e);

	TRY(r);
	return r == 0 && er.known == ERROR_TYPE_NOT_REIMPORTED;
}

uint64_t import_class_bit(const struct import_step *st, const char *class)
{
	const struct schema *s = st->conn->type->schema(&st->conn->cfg->settings);
	const struct schema_class *found = class ? schema_class_find(s, class) : NULL;

	return found && found - s->classes < 64 ? 1ULL << (found - s->classes) : 0;
}

/* What cannot be read cannot be confirmed, and is not missing either. */
static bool is_unread(const struct import_step *st, const char *class)
{
	return st->unread && (st->unread & import_class_bit(st, class));
}

/* It was reported as missing while nobody could know. */
static int not_missed(struct import_step *st, int64_t cs, struct err *e)
{
	int r = was_missed(st, cs, e);

	return r > 0 ? error_clear(st->sync->store, cs, ERROR_EXPORT, e) : r;
}

/*
 * A delta query does not show an object that the send did not change. So a row that was not
 * delivered is confirmed when its last image is what is wanted.
 */
static int silent_row(struct import_step *st, struct cs_row *row, struct err *e)
{
	struct delta d = {0};
	bool gone = row->want == WANT_ABSENT;
	const char *what;

	if (soa_blocks_all(row) || row->want == WANT_NOTHING ||
		(row->want == WANT_ATTRIBUTES && !row->imported))
		return 0;
	if (gone && !row->imported) { /* made and deleted again between two imports */
		sync_count(st->sync, COUNTER_CONFIRMED);
		return row_remove(st->sync, row, e);
	}
	if (!gone && row->imported)
		TRY(wrong_values(st, row, PENDING_SETTLED, &d, e));
	if (!gone && row->imported && d.n_attrs == 0) {
		sync_count(st->sync, COUNTER_CONFIRMED);
		row_set_state(row, EXPORT_EVENT_IMPORT_EQUAL);
		return cs_set_state(st->sync->store, row->id, row->state, e);
	}
	if (is_unread(st, row->class))
		return not_missed(st, row->id, e);
	if (st->discovery_errors) /* it may be one that could not be read */
		return 0;
	row_set_state(row, EXPORT_EVENT_IMPORT_DIFFERS);
	TRY(cs_set_state(st->sync->store, row->id, row->state, e));
	what = gone ? "the delete" : row->imported ? delta_names(&d, 10, &st->arena) : "the object";
	return reimport_missing(st, row, what, true, e);
}

/*
 * A failed row of an object that we made and no import has ever shown. When a full import has read
 * everything and does not have it, it is gone and is made again.
 */
static int lost_row(struct import_step *st, struct cs_row *row, struct err *e)
{
	bool lost = row->want == WANT_PRESENT && !soa_keeps_gone(row) && row->anchor &&
	            !row->imported && !is_unread(st, row->class);

	return lost && import_is_full(st) && !st->discovery_errors ? import_gone(st, row, e) : 0;
}

static int unseen_rows(struct import_step *st, enum export_state state,
	int (*each)(struct import_step *st, struct cs_row *row, struct err *e), struct err *e)
{
	int64_t after = 0;
	unsigned n;

	do {
		_cleanup_arena_ struct arena page = {0};
		struct cs_row *rows;

		TRY(cs_page_state(st->sync->store, st->conn->row.id, state, after, PAGE, &page,
			&rows, &n, e));
		for (unsigned i = 0; i < n; i++) {
			after = rows[i].id;
			if (bitmap_get(&st->seen, rows[i].id))
				continue;
			arena_reset(&st->arena);
			TRY(each(st, &rows[i], e));
		}
	} while (n == PAGE);
	return 0;
}

/* References that are not as they were sent; each object is reported once. */
static int silent_links(struct import_step *st, struct err *e)
{
	struct cs_link after = {0};
	int64_t told = 0;
	unsigned n;

	do {
		_cleanup_arena_ struct arena page = {0};
		struct link_item *items;

		TRY(cs_link_page_export(st->sync->store, st->conn->row.id, EXPORT_STATE_EXPORTED,
			&after, PAGE, &page, &items, &n, e));
		for (unsigned i = 0; i < n; i++) {
			struct cs_link *l = &items[i].link;
			struct cs_row row = {.id = l->cs,
				.class = items[i].class,
				.dn = items[i].dn,
				.anchor = items[i].anchor,
				.blocked = items[i].blocked};

			after = *l;
			if (l->wanted == l->imported || is_unread(st, row.class) ||
				soa_blocks(&row, soa_class(st->conn->cfg, &row), l->attr))
				continue;
			link_set_state(l, EXPORT_EVENT_IMPORT_DIFFERS);
			TRY(cs_link_set_state(st->sync->store, l, e));
			if (l->cs != told)
				TRY(reimport_missing(
					st, &row, attr_name(l->attr), !import_is_full(st), e));
			told = l->cs;
		}
	} while (n == PAGE);
	return 0;
}

/* --- what is reported as long as it lasts --- */

static int wrong_links(struct import_step *st, const struct cs_row *row, struct err *e)
{
	struct cs_link *links;
	unsigned n;

	TRY(cs_link_list(st->sync->store, row->id, 0, &st->arena, &links, &n, e));
	for (unsigned i = 0; i < n; i++)
		if (links[i].wanted != links[i].imported &&
			!soa_blocks(row, soa_class(st->conn->cfg, row), links[i].attr) &&
			(links[i].state == EXPORT_STATE_FAILED ||
				links[i].state == EXPORT_STATE_EXPORTED))
			return 1;
	return 0;
}

/* 1: the import still shows something else than what was exported. */
static int still_missing(struct import_step *st, const struct cs_row *row, struct err *e)
{
	struct delta d;

	if (soa_blocks_all(row) || row->want == WANT_NOTHING)
		return 0;
	if (row->want == WANT_ATTRIBUTES && !row->imported) /* gone, and we do not make it again */
		return 0;
	if (row->want == WANT_ABSENT || !row->imported)
		return 1;
	TRY(wrong_values(st, row, PENDING_SETTLED, &d, e));
	return d.n_attrs ? 1 : wrong_links(st, row, e);
}

struct id_list {
	struct bitmap ids;
	int64_t max;
};

static void gather(void *ctx, int64_t cs)
{
	struct id_list *l = ctx;

	bitmap_set(&l->ids, cs);
	l->max = MAX(l->max, cs);
}

static int review_one(struct import_step *st, int64_t cs, int64_t *n, struct err *e)
{
	struct cs_row row;
	int missed, r;

	arena_reset(&st->arena);
	r = cs_get(st->sync->store, cs, &st->arena, &row, e);
	if (r != 0 || row.connector != st->conn->row.id)
		return MIN(r, 0);
	missed = was_missed(st, cs, e);
	if (missed <= 0)
		return missed;
	r = still_missing(st, &row, e);
	if (r > 0)
		(*n)++;
	return r == 0 ? reimport_mended(st, cs, e) : MIN(r, 0);
}

static int review(struct import_step *st, int64_t *ret, struct err *e)
{
	struct id_list l = {0};
	int r = error_ids(st->sync->store, ERROR_EXPORT, gather, &l, e);

	*ret = 0;
	for (int64_t id = 1; r >= 0 && id <= l.max; id++)
		if (bitmap_get(&l.ids, id))
			r = review_one(st, id, ret, e);
	bitmap_done(&l.ids);
	return MIN(r, 0);
}

int reimport_finish(struct import_step *st, struct step_end *end, struct err *e)
{
	int64_t n;

	TRY(unseen_rows(st, EXPORT_STATE_FAILED, lost_row, e));
	TRY(unseen_rows(st, EXPORT_STATE_EXPORTED, silent_row, e));
	if (!st->discovery_errors)
		TRY(silent_links(st, e));
	TRY(review(st, &n, e));
	if (n == 0)
		return 0;
	end->result = STEP_RESULT_WARNINGS;
	snprintf(end->error, sizeof(end->error),
		"%" PRId64 " object(s) do not show what was exported: adsyncctl errors", n);
	return 0;
}
