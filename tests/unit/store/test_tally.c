/* The numbers that are kept with each change are those that a count of the rows gives. */
#include "fixture.h"
#include "store/query.h"

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

/* Whatever column changes, in every kind of row. */
static void test_random_changes(void **state)
{
	static const char *const changes[] = {
		"class = 'c' || (n % 3)",
		"kind = n % 3",
		"want = n % 3",
		"state = n % 6",
		"blocked = n % 4",
		"deleted = n % 2",
		"mv = CASE WHEN n % 2 THEN 1 END",
		"anchor = CASE WHEN n % 2 THEN 'a' || id END",
		"imported = CASE WHEN n % 2 THEN x'00' END",
		"seq = n",
		"connector = 1 + n % 2",
	};
	struct fixture *f = *state;
	unsigned seed = 1;
	char text[400];

	sql(f, "INSERT INTO connector (id, name, type) VALUES (1, 'a', 'ad'), (2, 'b', 'ad')");
	sql(f, "INSERT INTO mv (id, class, image, seq, created) VALUES (1, 'person', x'', 1, 1)");
	for (int i = 0; i < 3000; i++) {
		unsigned dice = (seed = seed * 1103515245 + 12345) >> 8, id = dice % 97;

		if (dice % 7 == 0)
			snprintf(text, sizeof(text),
				"INSERT OR IGNORE INTO cs (id, connector, class, kind, dn, seq) "
				"VALUES (%u, %u, 'user', %u, 'cn=%u', 1)",
				id, 1 + dice % 2, dice % 3, id);
		else if (dice % 41 == 0)
			snprintf(text, sizeof(text), "DELETE FROM cs WHERE id = %u", id);
		else if (dice % 11 == 0)
			snprintf(text, sizeof(text),
				"INSERT OR IGNORE INTO cs_error SELECT id, %u, connector, 't', 't',"
				" 1, 1, 1, 0 FROM cs WHERE id = %u",
				dice % 4, id);
		else if (dice % 43 == 0)
			snprintf(text, sizeof(text), "DELETE FROM cs_error WHERE cs = %u", id);
		else
			snprintf(text, sizeof(text),
				"UPDATE cs SET %s FROM (SELECT %u AS n) WHERE id = %u",
				changes[dice % ARRAY_SIZE(changes)], dice >> 5, id);
		sql(f, text);
		if (i % 10 == 0)
			check(f, text);
	}
	assert_true(number(f, "SELECT count(*) FROM cs_tally WHERE n > 0") > 20);
	assert_true(number(f, "SELECT sum(n) FROM cs_error_tally") > 5);
	check(f, "the last one");
}

/* A transaction that is rolled back takes its numbers with it. */
static void test_rollback(void **state)
{
	struct fixture *f = *state;

	sql(f, "INSERT INTO connector (id, name, type) VALUES (1, 'a', 'ad')");
	sql(f, "BEGIN; INSERT INTO cs (connector, class, kind, dn, seq) "
	       "VALUES (1, 'user', 0, 'a', 1); ROLLBACK");
	check(f, "ROLLBACK");
	assert_int_equal(number(f, "SELECT count(*) FROM cs_tally"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_random_changes, fixture_up, fixture_down),
		cmocka_unit_test_setup_teardown(test_rollback, fixture_up, fixture_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
