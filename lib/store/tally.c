/*
 * The counts of rows that the status shows are kept, not counted: a daemon that answers from its
 * loop cannot walk through a hundred thousand rows.
 *
 * How: SQLite calls row_changes() before each row that this process inserts, updates or deletes, be
 * it by a cascade of a foreign key (sqlite3_preupdate_hook). If the row is of cs or cs_error and
 * its sort (what the tables of counts are keyed by) changes, one is taken from its old sort and one
 * is added to its new one: in memory, in a small list of sorts. The commit writes the few sums that
 * are not 0 into the tables, so that rows and counts are committed together or not at all. A
 * rollback forgets the list.
 *
 * What would break it:
 * - A statement that fails half way: SQLite takes back its rows and does not tell. The transaction
 *   is void then (see store.h); if it is committed all the same, everything is counted anew.
 * - A savepoint: the same. There are none in lib/store. Who adds one calls tally_flush() before it
 *   begins, and tally_drop() when it is rolled back.
 * - A write past lib/store, by hand or by another program: it is not seen.
 *
 * Triggers would do the same and need no such list, but cost a first cycle a tenth of its time.
 */
#include "store/tally.h"
#include "store/query.h"

/* The columns of cs by their place, which is fixed: store.sql is frozen and ALTER TABLE appends. */
enum cs_column {
	CS_CONNECTOR = 1,
	CS_CLASS = 2,
	CS_KIND = 3,
	CS_ANCHOR = 6,
	CS_IMPORTED = 7,
	CS_WANT = 9,
	CS_STATE = 10,
	CS_BLOCKED = 11,
	CS_DELETED = 13,
	CS_MV = 14,
};
/* and of cs_error */
enum error_column { ERROR_PHASE = 1, ERROR_CONNECTOR = 2 };

/* A sort of row: of cs, or of cs_error, whose sort is the connector and the phase. */
struct sort {
	enum { OF_CS, OF_ERROR } table;
	int64_t connector;
	const char *class; /* class_len bytes; "" for a placeholder and for an error */
	int class_len;
	int kind, want, state, blocked; /* an error's phase is in kind */
	bool joined, anchored, present;
};

struct change {
	struct sort sort; /* its class is in the arena */
	int64_t n;        /* 0: it is as the table says */
};

struct tally {
	struct arena arena;
	struct rows changes; /* struct change; sorts stay, there are not many */
	bool unsure;         /* the list may be wrong: a row could not be read */
};

/* The row before or after its change: sqlite3_preupdate_old or sqlite3_preupdate_new. */
typedef int side(sqlite3 *db, int column, sqlite3_value **ret);

struct reader {
	sqlite3 *db;
	side *side;
	bool failed;
};

static sqlite3_value *value(struct reader *r, int column)
{
	sqlite3_value *v = NULL;

	if (r->side(r->db, column, &v) != SQLITE_OK)
		r->failed = true;
	return v; /* NULL reads as SQL's NULL */
}

static int number(struct reader *r, int column)
{
	return sqlite3_value_int(value(r, column));
}

static bool is_set(struct reader *r, int column)
{
	return sqlite3_value_type(value(r, column)) != SQLITE_NULL;
}

static struct sort cs_sort(struct reader *r)
{
	sqlite3_value *class = value(r, CS_CLASS);

	return (struct sort){
		.table = OF_CS,
		.connector = sqlite3_value_int64(value(r, CS_CONNECTOR)),
		.class = sqlite3_value_blob(class), /* as text it would be copied */
		.class_len = sqlite3_value_bytes(class),
		.kind = number(r, CS_KIND),
		.want = number(r, CS_WANT),
		.state = number(r, CS_STATE),
		.blocked = number(r, CS_BLOCKED),
		.joined = is_set(r, CS_MV),
		.anchored = is_set(r, CS_ANCHOR),
		.present = !number(r, CS_DELETED) && is_set(r, CS_IMPORTED),
	};
}

static struct sort error_sort(struct reader *r)
{
	return (struct sort){
		.table = OF_ERROR,
		.connector = sqlite3_value_int64(value(r, ERROR_CONNECTOR)),
		.kind = number(r, ERROR_PHASE),
	};
}

static bool same_sort(const struct sort *a, const struct sort *b)
{
	return a->state == b->state && a->want == b->want && a->kind == b->kind &&
	       a->table == b->table && a->connector == b->connector && a->joined == b->joined &&
	       a->anchored == b->anchored && a->present == b->present && a->blocked == b->blocked &&
	       a->class_len == b->class_len &&
	       (!a->class_len || memcmp(a->class, b->class, (size_t)a->class_len) == 0);
}

static void add(struct tally *t, const struct sort *sort, int n)
{
	struct change *c = t->changes.items;

	for (unsigned i = 0; i < t->changes.n; i++, c++)
		if (same_sort(&c->sort, sort)) {
			c->n += n;
			return;
		}
	c = rows_add(&t->changes);
	*c = (struct change){*sort, n};
	c->sort.class = arena_dup(&t->arena, sort->class, (size_t)sort->class_len);
}

static void row_changes(void *ctx, sqlite3 *db, int op, const char *schema, const char *table,
	sqlite3_int64 key_before, sqlite3_int64 key_after)
{
	struct tally *t = ctx;
	struct reader before = {db, sqlite3_preupdate_old, false};
	struct reader after = {db, sqlite3_preupdate_new, false};
	struct sort (*read)(struct reader *) = streq(table, "cs") ? cs_sort : error_sort;
	struct sort from, to;

	(void)schema, (void)key_before, (void)key_after;
	if (read == error_sort && !streq(table, "cs_error"))
		return;
	if (op != SQLITE_INSERT)
		from = read(&before);
	if (op != SQLITE_DELETE)
		to = read(&after);
	if (before.failed || after.failed)
		t->unsure = true;
	if (op == SQLITE_UPDATE && same_sort(&from, &to))
		return;
	if (op != SQLITE_INSERT)
		add(t, &from, -1);
	if (op != SQLITE_DELETE)
		add(t, &to, 1);
}

struct tally *tally_new(struct store *s)
{
	struct tally *t = xcalloc(1, sizeof(*t));

	t->changes = (struct rows){.a = &t->arena, .size = sizeof(struct change)};
	sqlite3_preupdate_hook(s->db, row_changes, t);
	return t;
}

struct tally *tally_free(struct tally *t)
{
	if (t)
		arena_done(&t->arena);
	free(t);
	return NULL;
}

static int write_change(struct store *s, const struct change *c, struct err *e)
{
	const struct sort *k = &c->sort;

	if (k->table == OF_ERROR)
		return q_exec(s, Q_TALLY_ERROR, e, I(k->connector), I(k->kind), I(c->n));
	return q_exec(s, Q_TALLY_CS, e, I(k->connector), S(k->class), I(k->kind), I(k->want),
		I(k->state), I(k->blocked), I(k->joined), I(k->anchored), I(k->present), I(c->n));
}

int tally_flush(struct store *s, struct err *e)
{
	struct tally *t = s->tally;
	struct change *c;

	if (!t)
		return 0;
	if (t->unsure || s->taken_back)
		return tally_recount(s, e);
	c = t->changes.items;
	for (unsigned i = 0; i < t->changes.n; i++, c++)
		if (c->n) {
			TRY(write_change(s, c, e));
			c->n = 0;
		}
	return 0;
}

void tally_drop(struct tally *t)
{
	struct change *c = t->changes.items;

	for (unsigned i = 0; i < t->changes.n; i++)
		c[i].n = 0;
	t->unsure = false;
}

int tally_recount(struct store *s, struct err *e)
{
	TRY(q_exec(s, Q_TALLY_CS_CLEAR, e));
	TRY(q_exec(s, Q_TALLY_CS_COUNT, e));
	TRY(q_exec(s, Q_TALLY_ERROR_CLEAR, e));
	TRY(q_exec(s, Q_TALLY_ERROR_COUNT, e));
	s->taken_back = false;
	if (s->tally)
		tally_drop(s->tally);
	return 0;
}
