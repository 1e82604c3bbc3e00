/* The numbers that are kept with each change are those that a count of the rows gives. */
#include "fixture.h"
#include "store/cs.h"
#include "store/query.h"
#include "store/store_schema.inc"
#include "store/tally.h"

#include <errno.h>
#include <unistd.h>

/* Sorts of rows whose number is not the one that is kept, and the other way round. */
static const char *const WRONG[] = {
	"SELECT connector, class, kind, want, state, blocked, mv IS NOT NULL, anchor IS NOT NULL,"
	" imported IS NOT NULL AND deleted = 0, count(*) FROM cs GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9"
	" EXCEPT SELECT * FROM cs_tally",
	"SELECT * FROM cs_tally WHERE n <> 0"
	" EXCEPT SELECT connector, class, kind, want, state, blocked, mv IS NOT NULL,"
	" anchor IS NOT NULL, imported IS NOT NULL AND deleted = 0, count(*) FROM cs"
	" GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9",
	"SELECT connector, phase, count(*) FROM cs_error GROUP BY 1, 2"
	" EXCEPT SELECT * FROM cs_error_tally",
	"SELECT * FROM cs_error_tally WHERE n <> 0"
	" EXCEPT SELECT connector, phase, count(*) FROM cs_error GROUP BY 1, 2",
};

static int64_t number(struct fixture *f, const char *sql)
{
	sqlite3_stmt *st;
	int64_t n = -1;

	assert_int_equal(sqlite3_prepare_v2(f->store->db, sql, -1, &st, NULL), SQLITE_OK);
	if (sqlite3_step(st) == SQLITE_ROW)
		n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return n;
}

static void check(struct fixture *f, const char *after)
{
	for (unsigned i = 0; i < ARRAY_SIZE(WRONG); i++)
		if (number(f, WRONG[i]) != -1)
			fail_msg("after \"%s\": %s gives rows", after, WRONG[i]);
}

static void sql(struct fixture *f, const char *text)
{
	if (sqlite3_exec(f->store->db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(f->store->db));
}

/* The same numbers each time. */
static unsigned dice(void)
{
	static unsigned seed = 1;

	return (seed = seed * 1103515245 + 12345) >> 8;
}

/* Whatever column changes, in every kind of row; and the statements that do more than one thing. */
static const char *random_statement(char *text, size_t size)
{
	static const char *const changes[] = {
		"class = 'c' || (n % 3)",
		"kind = n % 3",
		"want = n % 3",
		"state = n % 6",
		"blocked = n % 4",
		"deleted = n % 2",
		"mv = CASE WHEN n % 2 THEN 1 END",
		"anchor = CASE WHEN n % 3 THEN 'a' || (n % 50) END",
		"imported = CASE WHEN n % 2 THEN zeroblob(3000) END",
		"seq = n",
		"connector = 1 + n % 2",
	};
	unsigned d = dice(), id = d % 97, what = dice() % 100;

	if (what < 15)
		snprintf(text, size,
			"INSERT OR IGNORE INTO cs (id, connector, class, kind, dn, seq) "
			"VALUES (%u, %u, 'user', %u, 'cn=%u', 1)",
			id, 1 + d % 2, d % 3, id);
	else if (what < 20) /* takes the place of a row, and of another one by its anchor */
		snprintf(text, size,
			"INSERT OR REPLACE INTO cs (id, connector, class, kind, dn, anchor, seq) "
			"VALUES (%u, %u, 'group', %u, 'cn=%u', 'a%u', 1)",
			id, 1 + d % 2, d % 3, id, (id + 1) % 97);
	else if (what < 23) /* and its errors */
		snprintf(text, size, "DELETE FROM cs WHERE id = %u", id);
	else if (what < 24)
		snprintf(text, size, "DELETE FROM cs WHERE id %% 5 = %u", d % 5);
	else if (what < 38)
		snprintf(text, size,
			"INSERT INTO cs_error SELECT id, %u, %u, 't', 't', 1, 1, 1, 0 "
			"FROM cs WHERE id = %u ON CONFLICT DO UPDATE SET count = count + 1",
			d % 4, 1 + d % 2, id);
	else if (what < 40)
		snprintf(text, size,
			"UPDATE cs_error SET connector = 3 - connector "
			"WHERE cs = %u",
			id);
	else if (what < 43)
		snprintf(text, size, "DELETE FROM cs_error WHERE cs = %u", id);
	else if (what < 44)
		snprintf(text, size, "UPDATE cs SET state = %u, want = 1", d % 6);
	else
		snprintf(text, size, "UPDATE cs SET %s FROM (SELECT %u AS n) WHERE id = %u",
			changes[dice() % ARRAY_SIZE(changes)], d >> 5, id);
	return text;
}

static void two_connectors(struct fixture *f)
{
	sql(f, "INSERT INTO connector (id, name, type) VALUES (1, 'a', 'ad'), (2, 'b', 'ad')");
	sql(f, "INSERT INTO mv (id, class, image, seq, created) VALUES (1, 'person', x'', 1, 1)");
}

/* A savepoint that is rolled back, used as store/tally.c says. */
static void savepoint(struct fixture *f)
{
	char text[400];

	GOOD(tally_flush(f->store, &f->err));
	sql(f, "SAVEPOINT s");
	for (unsigned i = dice() % 9; i > 0; i--)
		sqlite3_exec(f->store->db, random_statement(text, sizeof(text)), NULL, NULL, NULL);
	sql(f, "ROLLBACK TO s; RELEASE s");
	tally_drop(f->store->tally);
}

static void test_random_changes(void **state)
{
	struct fixture *f = *state;
	unsigned rollbacks = 0, failed = 0;
	char text[400] = "";

	two_connectors(f);
	for (int i = 0; i < 600; i++) {
		GOOD(store_begin(f->store, &f->err));
		for (unsigned k = dice() % 16; k > 0; k--)
			/* a constraint that is not met is no change */
			failed += sqlite3_exec(f->store->db, random_statement(text, sizeof(text)),
					  NULL, NULL, NULL) != SQLITE_OK;
		if (dice() % 7 == 0)
			savepoint(f);
		if (dice() % 5 == 0) { /* who reads the counts before the commit */
			GOOD(tally_flush(f->store, &f->err));
			check(f, text);
		}
		if (dice() % 5 == 0) {
			store_rollback(f->store);
			rollbacks++;
		} else {
			GOOD(store_commit(f->store, &f->err));
		}
		check(f, text);
	}
	assert_true(rollbacks > 50 && failed > 5);
	assert_true(number(f, "SELECT count(*) FROM cs_tally WHERE n > 0") > 20);
	assert_true(number(f, "SELECT sum(n) FROM cs_error_tally") > 5);
	assert_int_equal(number(f, "SELECT count(*) FROM cs_tally WHERE n < 0"), 0);
}

/* A transaction that is rolled back takes its numbers with it, those in memory too. */
static void test_rollback(void **state)
{
	struct fixture *f = *state;

	two_connectors(f);
	GOOD(store_begin(f->store, &f->err));
	sql(f, "INSERT INTO cs (connector, class, kind, dn, seq) VALUES (1, 'user', 0, 'a', 1)");
	store_rollback(f->store);
	GOOD(store_begin(f->store, &f->err));
	GOOD(store_commit(f->store, &f->err));
	check(f, "rollback");
	assert_int_equal(number(f, "SELECT count(*) FROM cs_tally"), 0);
}

/*
 * A statement that fails at its second row: SQLite takes the first one back without a word. The
 * commit must not believe what it was told.
 */
static void test_statement_that_fails(void **state)
{
	struct fixture *f = *state;

	two_connectors(f);
	GOOD(store_begin(f->store, &f->err));
	sql(f, "INSERT INTO cs (id, connector, class, kind, dn, anchor, seq) VALUES "
	       "(1, 1, 'user', 0, 'a', 'a', 1), (2, 1, 'user', 0, 'b', NULL, 1), "
	       "(3, 1, 'user', 0, 'c', NULL, 1)");
	assert_int_equal(sqlite3_exec(f->store->db,
				 "UPDATE cs SET anchor = 'b', state = 1 WHERE anchor IS NULL", NULL,
				 NULL, NULL),
		SQLITE_CONSTRAINT_UNIQUE);
	/* a statement of the store's own that fails */
	assert_int_equal(cs_set_anchor(f->store, 2, "a", &f->err), -EIO);
	GOOD(store_commit(f->store, &f->err));
	check(f, "a statement that failed");
	assert_int_equal(number(f, "SELECT sum(n) FROM cs_tally"), 3);
}

/* A store of version 1 has its rows counted when it is opened. */
static void test_upgrade(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	assert_int_equal(unlink(f->path), 0);
	f->store = xcalloc(1, sizeof(*f->store)); /* for sql(): the bare file */
	assert_int_equal(sqlite3_open(f->path, &f->store->db), SQLITE_OK);
	sql(f, store_schema);
	two_connectors(f);
	sql(f, "PRAGMA application_id = 0x61647379; PRAGMA user_version = 1;"
	       "INSERT INTO meta VALUES ('next_seq', '1');"
	       "INSERT INTO cs (id, connector, class, kind, dn, dn_key, anchor, seq) VALUES "
	       "(1, 1, 'user', 0, 'cn=a', 'cn=a', 'a', 1), (2, 2, '', 2, 'cn=b', 'x', NULL, 1);"
	       "INSERT INTO cs_error VALUES (1, 1, 't', 't', 1, 1, 1, 0)");
	sqlite3_close(f->store->db);
	free(f->store);
	GOOD(store_open(f->path, STORE_WRITE, &f->store, &f->err));
	check(f, "the upgrade");
	assert_int_equal(number(f, "SELECT sum(n) FROM cs_tally"), 2);
	assert_int_equal(number(f, "SELECT sum(n) FROM cs_error_tally"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_changes, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(test_rollback, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(
			test_statement_that_fails, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(test_upgrade, fixture_up, fixture_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
