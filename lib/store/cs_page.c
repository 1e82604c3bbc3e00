/* Pages of connector space rows, searches and counts. No statement stays open behind a call. */
#include "store/cs_page.h"
#include "store/cs_priv.h"
#include "store/tally.h"
#include "base/text.h"
#include "model/dn.h"

int cs_page_changed(struct store *s, int64_t connector, int64_t after_seq, unsigned limit,
	struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_list(s, Q_CS_PAGE_CHANGED, cs_read, a, ret, ret_n, e, I(connector), I(after_seq),
		I(limit));
}

int cs_page_all(struct store *s, int64_t connector, int64_t after_id, unsigned limit,
	struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_list(
		s, Q_CS_PAGE_ALL, cs_read, a, ret, ret_n, e, I(connector), I(after_id), I(limit));
}

int cs_page_joined(struct store *s, int64_t mv, struct arena *a, struct cs_row **ret,
	unsigned *ret_n, struct err *e)
{
	assert(mv >= 0);
	return q_list(s, Q_CS_PAGE_JOINED, cs_read, a, ret, ret_n, e, I(mv));
}

int cs_page_sources(struct store *s, int64_t mv, struct arena *a, struct cs_row **ret,
	unsigned *ret_n, struct err *e)
{
	assert(mv >= 0);
	return q_list(s, Q_CS_PAGE_SOURCES, cs_read, a, ret, ret_n, e, I(mv));
}

int cs_page_joined_to(struct store *s, int64_t mv, int64_t connector, struct arena *a,
	struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	assert(mv >= 0 && connector >= 0);
	return q_list(s, Q_CS_PAGE_JOINED_TO, cs_read, a, ret, ret_n, e, I(mv), I(connector));
}

int cs_page_state(struct store *s, int64_t connector, enum export_state state, int64_t after_id,
	unsigned limit, struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_list(s, Q_CS_PAGE_STATE, cs_read, a, ret, ret_n, e, I(connector), I(state),
		I(after_id), I(limit));
}

int cs_page_state_known(struct store *s, int64_t connector, enum export_state state,
	int64_t after_id, unsigned limit, struct arena *a, struct cs_row **ret, unsigned *ret_n,
	struct err *e)
{
	assert(connector >= 0);
	return q_list(s, Q_CS_PAGE_STATE_KNOWN, cs_read, a, ret, ret_n, e, I(connector), I(state),
		I(after_id), I(limit));
}

int cs_page_expired(struct store *s, int64_t connector, int64_t now, unsigned limit,
	struct arena *a, struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_list(
		s, Q_CS_PAGE_EXPIRED, cs_read, a, ret, ret_n, e, I(connector), I(now), I(limit));
}

int cs_page_imported_ids(struct store *s, int64_t connector, int64_t after_id, unsigned limit,
	int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_ids(s, Q_CS_PAGE_IMPORTED_IDS, limit, ret_ids, ret_n, e, I(connector), I(after_id),
		I(limit));
}

int cs_page_imported_class_ids(struct store *s, int64_t connector, const char *class,
	int64_t after_id, unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_ids(s, Q_CS_PAGE_IMPORTED_CLASS_IDS, limit, ret_ids, ret_n, e, I(connector),
		S(class), I(after_id), I(limit));
}

int cs_page_blocked_ids(struct store *s, int64_t connector, const char *class,
	enum authority authority, int64_t after_id, unsigned limit, int64_t *ret_ids,
	unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	return q_ids(s, Q_CS_PAGE_BLOCKED_IDS, limit, ret_ids, ret_n, e, I(connector), S(class),
		I(after_id), I(limit), I(authority));
}

int cs_search(struct store *s, int64_t connector, const char *text, unsigned limit, struct arena *a,
	struct cs_row **ret, unsigned *ret_n, struct err *e)
{
	return q_list(s, Q_CS_SEARCH, cs_read, a, ret, ret_n, e, I(connector),
		S(dn_key_part(a, text)), I(limit));
}

int cs_has_changed(struct store *s, int64_t connector, int64_t after_seq, struct err *e)
{
	assert(connector >= 0);
	return q_any(s, Q_CS_HAS_CHANGED, e, I(connector), I(after_seq));
}

static int all_ids(struct store *s, enum query q, int64_t **ret, unsigned *ret_n, struct err *e)
{
	_cleanup_free_ int64_t *ids = NULL;
	unsigned n = 0, cap = 0;
	int r;

	while ((r = q_step(s, q, e)) > 0) {
		if (n == cap) {
			cap = cap ? cap * 2 : 256;
			ids = xrealloc(ids, cap * sizeof(*ids));
		}
		ids[n++] = sqlite3_column_int64(s->stmts[q], 0);
	}
	TRY(r);
	*ret = steal(&ids);
	*ret_n = n;
	return 0;
}

int cs_ids_below(struct store *s, int64_t connector, const char *dn, int64_t **ret, unsigned *ret_n,
	struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	assert(connector >= 0);
	TRY(q_start(
		s, Q_CS_IDS_BELOW, e, I(connector), S(arena_printf(&a, ",%s", dn_key(&a, dn)))));
	return all_ids(s, Q_CS_IDS_BELOW, ret, ret_n, e);
}

int cs_ids_transient(
	struct store *s, int64_t connector, int64_t **ret, unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	TRY(q_start(s, Q_CS_IDS_TRANSIENT, e, I(connector)));
	return all_ids(s, Q_CS_IDS_TRANSIENT, ret, ret_n, e);
}

static void read_counts(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct cs_counts *c = ret;

	c->total = sqlite3_column_int64(st, 0);
	c->placeholders = sqlite3_column_int64(st, 1);
	c->connectors = sqlite3_column_int64(st, 2);
	c->disconnectors = sqlite3_column_int64(st, 3);
	c->blocked = sqlite3_column_int64(st, 4);
	c->imported = sqlite3_column_int64(st, 5);
}

static void read_states(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	struct cs_counts *c = ret;

	c->pending_add = sqlite3_column_int64(st, 0);
	c->pending_update = sqlite3_column_int64(st, 1);
	c->pending_delete = sqlite3_column_int64(st, 2);
	c->awaiting = sqlite3_column_int64(st, 3);
	c->failed = sqlite3_column_int64(st, 4);
}

int cs_count(struct store *s, int64_t connector, struct cs_counts *ret, struct err *e)
{
	assert(connector >= 0);
	*ret = (struct cs_counts){0};
	TRY(tally_flush(s, e));
	TRY(q_get(s, Q_CS_COUNT, read_counts, NULL, ret, e, I(connector)));
	TRY(q_get(s, Q_CS_COUNT_STATES, read_states, NULL, ret, e, I(connector)));
	return 0;
}

static void read_class(const struct store *s, sqlite3_stmt *st, struct arena *a, void *ret)
{
	*(struct class_count *)ret = (struct class_count){
		q_col_text(st, 0, a),
		sqlite3_column_int64(st, 1),
		sqlite3_column_int64(st, 2),
		sqlite3_column_int64(st, 3),
		sqlite3_column_int64(st, 4),
		sqlite3_column_int64(st, 5),
	};
}

int cs_count_classes(struct store *s, int64_t connector, struct arena *a, struct class_count **ret,
	unsigned *ret_n, struct err *e)
{
	assert(connector >= 0);
	TRY(tally_flush(s, e));
	return q_list(s, Q_CS_COUNT_CLASSES, read_class, a, ret, ret_n, e, I(connector));
}

int cs_count_imported(struct store *s, int64_t connector, int64_t *ret, struct err *e)
{
	assert(connector >= 0);
	TRY(tally_flush(s, e));
	return q_get(s, Q_CS_COUNT_IMPORTED, q_read_id, NULL, ret, e, I(connector));
}

int cs_count_want(
	struct store *s, int64_t connector, enum cs_want want, int64_t *ret, struct err *e)
{
	assert(connector >= 0 && (unsigned)want < CS_WANT_COUNT);
	TRY(tally_flush(s, e));
	return q_get(s, Q_CS_COUNT_WANT, q_read_id, NULL, ret, e, I(connector), I(want));
}

int cs_count_imported_class(
	struct store *s, int64_t connector, const char *class, int64_t *ret, struct err *e)
{
	assert(connector >= 0);
	TRY(tally_flush(s, e));
	return q_get(s, Q_CS_COUNT_IMPORTED_CLASS, q_read_id, NULL, ret, e, I(connector), S(class));
}

/* The class's row of the counts; a new one when it has none yet. */
static struct delete_count *count_of_class(struct rows *rows, const char *class)
{
	struct delete_count *all = rows->items, *d;

	for (unsigned i = 0; i < rows->n; i++)
		if (streq(all[i].class, class))
			return &all[i];
	d = rows_add(rows);
	*d = (struct delete_count){arena_strdup(rows->a, class), 0};
	return d;
}

int cs_count_deletes(struct store *s, int64_t connector, struct arena *a, struct delete_count **ret,
	unsigned *ret_n, struct err *e)
{
	struct rows rows = {.a = a, .size = sizeof(**ret)};
	sqlite3_stmt *st;
	int r;

	assert(connector >= 0);
	TRY(q_start(s, Q_CS_COUNT_DELETES, e, I(connector)));
	st = s->stmts[Q_CS_COUNT_DELETES];
	while ((r = q_step(s, Q_CS_COUNT_DELETES, e)) > 0)
		count_of_class(&rows, (const char *)sqlite3_column_text(st, 0))->deletes++;
	TRY(r);
	*ret = rows.items;
	*ret_n = rows.n;
	return 0;
}
