/* Every statement prepares, and none scans a table but those listed here with their reason. */
#include "fixture.h"
#include "store/query.h"

extern const char *const query_names[];
extern const char *const query_texts[];

/* name: why a scan is right */
static const char *const SCANS[][2] = {
	{"schema_size", "once, at open"},
	{"attribute_list", "read once, at open"},
	{"connector_list", "a handful of rows"},
	{"run_list", "newest first by rowid, LIMIT"},
	{"run_end_stale", "once per run, run history is short"},
	{"run_purge", "once per run, run history is short"},
	{"error_list", "LIMIT, for people"},
	{"error_ids", "once per step, errors are few"},
	{"wait_any", "its first row"},
	{"dn_key_cs_list", "once, at an upgrade"},
	{"dn_key_container_list", "once, at an upgrade"},
	{"cs_search", "for people, substring, LIMIT"},
	{"outbox_list", "by rowid"},
	{"link_count_imported", "only when an export wants to remove many references"},
	{"link_count_removals", "what is pending, by its partial index"},
};

static bool may_scan(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(SCANS); i++)
		if (streq(SCANS[i][0], name))
			return true;
	return false;
}

static void test_plans(void **state)
{
	struct fixture *f = *state;

	for (int q = 0; q < Q_COUNT; q++) {
		sqlite3_stmt *st;
		char *text = sqlite3_mprintf("EXPLAIN QUERY PLAN %s", query_texts[q]);

		if (sqlite3_prepare_v2(f->store->db, text, -1, &st, NULL) != SQLITE_OK)
			fail_msg("%s: %s", query_names[q], sqlite3_errmsg(f->store->db));
		while (sqlite3_step(st) == SQLITE_ROW) {
			const char *plan = (const char *)sqlite3_column_text(st, 3);

			if (strncmp(plan, "SCAN", 4) == 0 && strcmp(plan, "SCAN CONSTANT ROW") &&
				!may_scan(query_names[q]))
				fail_msg("%s: %s", query_names[q], plan);
			if (strstr(plan, "TEMP B-TREE") && !may_scan(query_names[q]))
				fail_msg("%s: %s", query_names[q], plan);
		}
		sqlite3_finalize(st);
		sqlite3_free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_plans, fixture_up, fixture_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
