/* Pages of connector space rows, searches and counts. No statement stays open behind a call. */
#include "store/cs_page.h"
#include "store/cs_priv.h"
#include "base/text.h"
#include "model/dn.h"

#include <errno.h>

int cs_read_all(struct store *s, enum query q, struct arena *a, struct cs_row **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	int r;

	while ((r = q_step(s, q, e)) > 0)
		cs_read(s->stmts[q], a, rows_add(&rows));
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int cs_page_changed(struct store *s, int64_t connector, int64_t after_seq, unsigned limit,
	struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_PAGE_CHANGED, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, after_seq);
	q_int(st, 3, limit);
	return cs_read_all(s, Q_CS_PAGE_CHANGED, a, ret, ret_n, e);
}

int cs_page_all(struct store *s, int64_t connector, int64_t after_id, unsigned limit,
	struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_PAGE_ALL, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, after_id);
	q_int(st, 3, limit);
	return cs_read_all(s, Q_CS_PAGE_ALL, a, ret, ret_n, e);
}

int cs_page_joined(struct store *s, int64_t mv, struct arena *a, struct cs_row **ret,
	unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_PAGE_JOINED, e);

	if (!st)
		return e->code;
	q_int(st, 1, mv);
	return cs_read_all(s, Q_CS_PAGE_JOINED, a, ret, ret_n, e);
}

int cs_page_sources(struct store *s, int64_t mv, struct arena *a, struct cs_row **ret,
	unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_PAGE_SOURCES, e);

	if (!st)
		return e->code;
	q_int(st, 1, mv);
	return cs_read_all(s, Q_CS_PAGE_SOURCES, a, ret, ret_n, e);
}

int cs_page_joined_to(struct store *s, int64_t mv, int64_t connector, struct arena *a,
	struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_PAGE_JOINED_TO, e);

	if (!st)
		return e->code;
	q_int(st, 1, mv);
	q_int(st, 2, connector);
	return cs_read_all(s, Q_CS_PAGE_JOINED_TO, a, ret, ret_n, e);
}

static int page_state(struct store *s, enum query q, int64_t connector, enum export_state state,
	int64_t after_id, unsigned limit, struct arena *a, struct cs_row **ret, unsigned *ret_n,
	struct err *e)
{
	sqlite3_stmt *st = q_start(s, q, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, state);
	q_int(st, 3, after_id);
	q_int(st, 4, limit);
	return cs_read_all(s, q, a, ret, ret_n, e);
}

int cs_page_state(struct store *s, int64_t connector, enum export_state state, int64_t after_id,
	unsigned limit, struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	return page_state(s, Q_CS_PAGE_STATE, connector, state, after_id, limit, a, ret, ret_n, e);
}

int cs_page_state_known(struct store *s, int64_t connector, enum export_state state,
	int64_t after_id, unsigned limit, struct arena *a, struct cs_row **ret, unsigned *ret_n,
	struct err *e)
{
	return page_state(
		s, Q_CS_PAGE_STATE_KNOWN, connector, state, after_id, limit, a, ret, ret_n, e);
}

int cs_page_expired(struct store *s, int64_t connector, int64_t now, unsigned limit,
	struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_PAGE_EXPIRED, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, now);
	q_int(st, 3, limit);
	return cs_read_all(s, Q_CS_PAGE_EXPIRED, a, ret, ret_n, e);
}

static int read_ids(struct store *s, enum query q, int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	unsigned n = 0;
	int r;

	while ((r = q_step(s, q, e)) > 0)
		ret_ids[n++] = sqlite3_column_int64(s->stmts[q], 0);
	*ret_n = n;
	return r;
}

int cs_page_imported_ids(struct store *s, int64_t connector, int64_t after_id, unsigned limit,
	int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_PAGE_IMPORTED_IDS, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, after_id);
	q_int(st, 3, limit);
	return read_ids(s, Q_CS_PAGE_IMPORTED_IDS, ret_ids, ret_n, e);
}

static int page_class_ids(struct store *s, enum query q, int64_t connector, const char *class,
	int64_t after_id, unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, q, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, class);
	q_int(st, 3, after_id);
	q_int(st, 4, limit);
	return read_ids(s, q, ret_ids, ret_n, e);
}

int cs_page_imported_class_ids(struct store *s, int64_t connector, const char *class,
	int64_t after_id, unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	return page_class_ids(s, Q_CS_PAGE_IMPORTED_CLASS_IDS, connector, class, after_id, limit,
		ret_ids, ret_n, e);
}

int cs_page_blocked_ids(struct store *s, int64_t connector, const char *class, int64_t after_id,
	unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	return page_class_ids(
		s, Q_CS_PAGE_BLOCKED_IDS, connector, class, after_id, limit, ret_ids, ret_n, e);
}

int cs_search(struct store *s, int64_t connector, const char *text, unsigned limit, struct arena *a,
	struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_SEARCH, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, dn_key_part(a, text));
	q_int(st, 3, limit);
	return cs_read_all(s, Q_CS_SEARCH, a, ret, ret_n, e);
}

int cs_count(struct store *s, int64_t connector, struct cs_counts *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_COUNT, e);

	*ret = (struct cs_counts){0};
	if (!st)
		return e->code;
	q_int(st, 1, connector);
	TRY(q_step(s, Q_CS_COUNT, e));
	ret->total = sqlite3_column_int64(st, 0);
	ret->placeholders = sqlite3_column_int64(st, 1);
	ret->connectors = sqlite3_column_int64(st, 2);
	ret->disconnectors = sqlite3_column_int64(st, 3);
	ret->blocked = sqlite3_column_int64(st, 4);
	ret->imported = sqlite3_column_int64(st, 5);
	q_end(s, Q_CS_COUNT);

	st = q_start(s, Q_CS_COUNT_STATES, e);
	if (!st)
		return e->code;
	q_int(st, 1, connector);
	TRY(q_step(s, Q_CS_COUNT_STATES, e));
	ret->pending_add = sqlite3_column_int64(st, 0);
	ret->pending_update = sqlite3_column_int64(st, 1);
	ret->pending_delete = sqlite3_column_int64(st, 2);
	ret->awaiting = sqlite3_column_int64(st, 3);
	ret->failed = sqlite3_column_int64(st, 4);
	q_end(s, Q_CS_COUNT_STATES);
	return 0;
}

int cs_count_imported(struct store *s, int64_t connector, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_COUNT_IMPORTED, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	TRY(q_step(s, Q_CS_COUNT_IMPORTED, e));
	*ret = sqlite3_column_int64(st, 0);
	q_end(s, Q_CS_COUNT_IMPORTED);
	return 0;
}

/* The class's row of the counts; a new one when it has none yet. */
static struct delete_count *count_of_class(struct rows *rows, const char *class, struct arena *a)
{
	struct delete_count *all = rows->items, *d;

	for (unsigned i = 0; i < rows->n; i++)
		if (streq(all[i].class, class))
			return &all[i];
	d = rows_add(rows);
	*d = (struct delete_count){arena_strdup(a, class), 0};
	return d;
}

int cs_count_deletes(struct store *s, int64_t connector, struct arena *a, struct delete_count **ret,
	unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_COUNT_DELETES, e);
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	while ((r = q_step(s, Q_CS_COUNT_DELETES, e)) > 0)
		count_of_class(&rows, (const char *)sqlite3_column_text(st, 0), a)->deletes++;
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int cs_count_imported_class(
	struct store *s, int64_t connector, const char *class, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_COUNT_IMPORTED_CLASS, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, class);
	TRY(q_step(s, Q_CS_COUNT_IMPORTED_CLASS, e));
	*ret = sqlite3_column_int64(st, 0);
	q_end(s, Q_CS_COUNT_IMPORTED_CLASS);
	return 0;
}

static int all_ids(struct store *s, enum query q, sqlite3_stmt *st, int64_t **ret, unsigned *ret_n,
	struct err *e)
{
	int64_t *ids = NULL;
	unsigned n = 0, cap = 0;
	int r;

	while ((r = q_step(s, q, e)) > 0) {
		if (n == cap) {
			cap = cap ? cap * 2 : 256;
			ids = xrealloc(ids, cap * sizeof(*ids));
		}
		ids[n++] = sqlite3_column_int64(st, 0);
	}
	if (r < 0) {
		free(ids);
		return r;
	}
	*ret = ids;
	*ret_n = n;
	return 0;
}

int cs_ids_below(struct store *s, int64_t connector, const char *dn, int64_t **ret, unsigned *ret_n,
	struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	sqlite3_stmt *st = q_start(s, Q_CS_IDS_BELOW, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_text(st, 2, arena_printf(&a, ",%s", dn_key(&a, dn)));
	return all_ids(s, Q_CS_IDS_BELOW, st, ret, ret_n, e);
}

int cs_ids_transient(
	struct store *s, int64_t connector, int64_t **ret, unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_IDS_TRANSIENT, e);

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	return all_ids(s, Q_CS_IDS_TRANSIENT, st, ret, ret_n, e);
}

int cs_count_classes(struct store *s, int64_t connector, struct arena *a, struct class_count **ret,
	unsigned *ret_n, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_COUNT_CLASSES, e);
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	while ((r = q_step(s, Q_CS_COUNT_CLASSES, e)) > 0)
		*(struct class_count *)rows_add(&rows) = (struct class_count){
			q_col_text(st, 0, a),
			sqlite3_column_int64(st, 1),
			sqlite3_column_int64(st, 2),
			sqlite3_column_int64(st, 3),
			sqlite3_column_int64(st, 4),
			sqlite3_column_int64(st, 5),
		};
	*ret = rows.items;
	*ret_n = rows.n;
	return r;
}

int cs_has_changed(struct store *s, int64_t connector, int64_t after_seq, struct err *e)
{
	sqlite3_stmt *st = q_start(s, Q_CS_HAS_CHANGED, e);
	int r;

	if (!st)
		return e->code;
	q_int(st, 1, connector);
	q_int(st, 2, after_seq);
	r = q_step(s, Q_CS_HAS_CHANGED, e);
	if (r > 0)
		q_end(s, Q_CS_HAS_CHANGED);
	return r;
}
