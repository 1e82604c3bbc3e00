/*
 * Every statement, run on a store with thousands of rows in each table: it looks at the rows that
 * it gives, and does not walk past others. What does walk stands in WALKS with the reason. A new
 * statement gets a line in one of the ask_*() functions, with values for its parameters.
 */
#include "fixture.h"
#include "store/cs.h"
#include "store/error.h"
#include "store/query.h"
#include "store/tally.h"

extern const char *const query_names[];

/*
 * Steps of SQLite's virtual machine for one statement. A row costs from three (a count) to forty of
 * them (a connector space object), a write of one with all its indexes some hundred;
 * the smallest table that could be walked has 10000 rows.
 */
#define STEPS_MAX 2500
#define PAGE 10 /* for LIMIT */

/* name: why it may walk */
static const char *const WALKS[][2] = {
	{"run_end_stale", "once per run; what is kept of run history is short"},
	{"run_purge", "once per run; what is kept of run history is short"},
	{"error_ids", "all of a phase, once per step; errors are few"},
	{"error_count_export", "a count, once per export; errors are few"},
	{"container_delete_unseen", "once per full import, all containers"},
	{"container_below", "once per container that was renamed; containers are few"},
	{"cs_ids_below", "once per container that was renamed, all objects: a DN ends in it"},
	{"dn_key_cs_list", "once, at an upgrade"},
	{"dn_key_container_list", "once, at an upgrade"},
	{"cs_page_all", "a full sync: its pages walk the table once"},
	{"cs_page_imported_ids", "a full import: its pages walk the table once"},
	{"cs_page_imported_class_ids", "a full import: its pages walk the table once"},
	{"tally_cs_count", "once, at an upgrade, or after a statement failed"},
	{"tally_error_count", "once, at an upgrade, or after a statement failed"},
	{"cs_search", "for people, a part of a name, LIMIT"},
	{"link_page_unseen", "a full import: its pages walk the table once"},
	{"link_page_export", "an export: its pages walk what is pending of all targets once"},
	{"link_page_sources", "an export: its pages walk what is pending of all targets once"},
	{"link_count_removals", "a count, once per export: what is pending of all targets"},
	{"link_count_imported", "a count, only when an export wants to remove many references"},
};

/* Connector 1 is a source; 2 is a target in its first cycle, all is pending; 3 is a quiet target.
 */
#define FIRST 1
#define BUSY 2
#define QUIET 3
#define ROWS 12000            /* of each connector, and of each table at least */
#define OBJECT (2 * ROWS + 7) /* one of QUIET */
#define COUNT "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)"
#define OBJECTS                                                                             \
	"INSERT INTO cs (id, connector, class, kind, dn, dn_key, anchor, imported, wanted," \
	" want, state, blocked, export_all, deleted, mv, join_rule, seq, links, "           \
	"delete_after) " COUNT
#define NAME "'CN=u' || i || ',OU=o' || (i % 50) || ',DC=x'"
#define KEY "'cn=u' || i || ',ou=o' || (i % 50) || ',dc=x'"
#define CLASS "CASE WHEN i <= 100 THEN 'group' ELSE 'user' END"

static const char *const FILL[] = {
	"INSERT INTO connector (id, name, type) VALUES (1, 'a', 'ad'), (2, 'b', 'entra'),"
	" (3, 'c', 'entra')",
	"INSERT INTO attribute (id, name) VALUES (1, 'member'), (2, 'mail')",
	"INSERT INTO meta (name, value) " COUNT " SELECT 'name' || i, i FROM n",
	"INSERT INTO run (id, policy, started, ended, result) " COUNT
	" SELECT i, 'delta', i, i, 'success' FROM n",
	"INSERT INTO run_step (run, number, connector, type, started) " COUNT
	" SELECT i, 1, 1, 'export', i FROM n",
	"INSERT INTO outbox (record) " COUNT " SELECT '{}' FROM n",
	"INSERT INTO container (connector, anchor, dn, dn_key, seen) " COUNT
	" SELECT 1, 'c' || i, 'OU=' || i || ',DC=x', 'ou=' || i || ',dc=x', 5 FROM n",
	"INSERT INTO mv (id, class, image, seq, created) " COUNT
	" SELECT i, 'person', x'01', i, i FROM n",
	"INSERT INTO mv_key (attribute, hash, mv) " COUNT " SELECT 2, i, i FROM n",
	"INSERT INTO mv_link (mv, attribute, target, present, seq) " COUNT
	" SELECT 1 + i % 100, 1, i, i % 2000 > 0, i FROM n",
	OBJECTS " SELECT i, 1, " CLASS ", 0, " NAME ", " KEY
		", 'a' || i, x'01', NULL, 0, 0, 0, 0, 0, i, 'rule', i, 0, 0 FROM n",
	OBJECTS " SELECT 12000 + i, 2, " CLASS ", 1, " NAME ", " KEY
		", CASE WHEN i % 2 THEN 'a' || i END, NULL, x'01', 1, 1, i % 2, 1, 0, i, 'rule',"
		" 12000 + i, 0, 100 FROM n",
	/* some of each state, and those that have left their DN to another */
	OBJECTS " SELECT 24000 + i, 3, " CLASS ", 0, " NAME ", CASE WHEN i % 1000 THEN " KEY
		" END, 'a' || i, x'01', x'01', CASE WHEN i % 1000 THEN 1 ELSE 2 END,"
		" CASE WHEN i % 500 < 5 THEN 1 + i % 5 ELSE 4 END, i % 1000 = 1, 0, 0,"
		" CASE WHEN i % 1000 THEN i END, 'rule', 24000 + i, 0,"
		" CASE i % 1000 WHEN 2 THEN 100 ELSE 0 END FROM n",
	"INSERT INTO cs_link (cs, attribute, target, imported, wanted, state, seen, seq) " COUNT
	" SELECT 1 + i % 100, 1, i, 1, 0, 0, 5, i FROM n",
	"INSERT INTO cs_link (cs, attribute, target, imported, wanted, state, seen, seq) " COUNT
	" SELECT 12001 + i % 100, 1, 12000 + i, 0, 1, 1, 5, 12000 + i FROM n",
	/* some are pending, some of them removals, some are gone */
	"INSERT INTO cs_link (cs, attribute, target, imported, wanted, state, seen, seq) " COUNT
	" SELECT 24001 + i % 100, 1, 24000 + i, i % 1000 <> 1, i % 1000 > 1,"
	" CASE i % 1000 WHEN 0 THEN 1 WHEN 2 THEN 5 ELSE 4 END, 5, 24000 + i FROM n",
	"INSERT INTO cs_error (cs, phase, connector, type, text, first, last, count, "
	"retry_at) " COUNT " SELECT 12000 + i, 2, 2, 't', 'x', 1, 1, 1, 1 FROM n",
	"INSERT INTO cs_error (cs, phase, connector, type, text, first, last, count, "
	"retry_at) " COUNT " SELECT 24000 + i, i % 4, 3, 't', 'x', 1, 1, 1, 1 FROM n WHERE i <= 20",
	"INSERT INTO cs_key (connector, hash, cs) " COUNT " SELECT 3, i, 24000 + i FROM n",
	"INSERT INTO cs_refused (cs, attribute, value) " COUNT " SELECT 24000 + i, 2, i FROM n",
	"INSERT INTO cs_wait (cs, attribute, hash) " COUNT " SELECT i, 2, i FROM n",
	"INSERT INTO cs_authority (cs, since) " COUNT " SELECT 24000 + i, i FROM n",
	"INSERT INTO soa_skip (at, run, connector, class, dn, anchor, blocked, operation) " COUNT
	" SELECT i, 1, 'c', 'user', 'CN=x', 'a' || i, 1, 'update' FROM n",
	"INSERT INTO soa_job (id, connector, authority, managed, uid, started, ended) " COUNT
	" SELECT i, 'c', 1, 1, 0, i, CASE i % 6000 WHEN 0 THEN NULL ELSE i END FROM n",
	"INSERT INTO soa_item (job, number, cs, anchor, class, dn, state, at) " COUNT
	" SELECT 6000, i, i, 'a' || i, 'user', 'CN=x', CASE i % 6000 WHEN 0 THEN 2 ELSE 3 END, i"
	" FROM n",
	/* one of each that nothing refers to */
	"INSERT INTO mv (id, class, image, seq, created) VALUES (12001, 'person', x'01', 12001, 1)",
	"INSERT INTO cs (id, connector, class, kind, dn, seq) VALUES (36001, 3, 'user', 0, 'CN=x', "
	"36001)",
};

static bool asked[Q_COUNT];
static unsigned problems;

static const char *why_it_walks(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(WALKS); i++)
		if (streq(WALKS[i][0], name))
			return WALKS[i][1];
	return NULL;
}

/* Runs a statement to its end, and takes back what it has done. */
static void ask(struct fixture *f, enum query q, const struct q_value *values, unsigned n)
{
	sqlite3_stmt *st;
	int r, steps;

	asked[q] = true;
	assert_int_equal(sqlite3_exec(f->store->db, "SAVEPOINT s", NULL, NULL, NULL), SQLITE_OK);
	GOOD(q_bind(f->store, q, &f->err, values, n));
	st = f->store->stmts[q];
	sqlite3_stmt_status(st, SQLITE_STMTSTATUS_VM_STEP, 1);
	while ((r = q_step(f->store, q, &f->err)) > 0)
		;
	if (r < 0)
		fail_msg("%s: %s", query_names[q], f->err.text);
	steps = sqlite3_stmt_status(st, SQLITE_STMTSTATUS_VM_STEP, 0);
	assert_int_equal(sqlite3_exec(f->store->db, "ROLLBACK TO s; RELEASE s", NULL, NULL, NULL),
		SQLITE_OK);
	if ((steps > STEPS_MAX) == !!why_it_walks(query_names[q]))
		return;
	print_error("%s: %d steps, %d rows of a scan%s\n", query_names[q], steps,
		sqlite3_stmt_status(st, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0),
		steps > STEPS_MAX ? "" : ": needs no place in WALKS any more");
	problems++;
}
#define ASK(q, ...) ask(f, Q_##q, Q_VALUES(__VA_ARGS__))

static void ask_small_tables(struct fixture *f)
{
	ASK(SCHEMA_SIZE);
	ASK(META_GET, S("name7"));
	ASK(META_SET, S("name7"), S("x"));
	ASK(ATTRIBUTE_LIST);
	ASK(ATTRIBUTE_ADD, I(3), S("new"));
	ASK(CONNECTOR_FIND, S("c"));
	ASK(CONNECTOR_LIST);
	ASK(CONNECTOR_INSERT, S("new"), S("ad"));
	ASK(CONNECTOR_UPDATE, I(QUIET), BLOB("x", 1), I(1), I(1), I(1), S("x"), I(0), I(0), I(0),
		ID(0));
	ASK(OUTBOX_ADD, S("{}"));
	ASK(OUTBOX_LIST, I(0), I(PAGE));
	ASK(OUTBOX_DELETE, I(5));
	ASK(CONTAINER_GET, I(FIRST), S("c7"));
	ASK(CONTAINER_PUT, I(FIRST), S("c7"), S("OU=7"), S("ou=7"), I(6));
	ASK(CONTAINER_DELETE, I(FIRST), S("c7"));
	ASK(CONTAINER_DELETE_UNSEEN, I(FIRST), I(5));
	ASK(CONTAINER_BELOW, I(FIRST), S("ou=7,dc=x"));
	ASK(WAIT_ANY);
	ASK(WAIT_LIST, I(7));
	ASK(WAIT_ADD, I(7), I(1), I(1));
	ASK(WAIT_CLEAR, I(7));
	ASK(WAIT_FIND, I(2), I(7));
	ASK(AUTHORITY_PUT, I(OBJECT), I(8));
	ASK(AUTHORITY_GET, I(OBJECT));
	ASK(SKIP_ADD, I(1), I(1), S("c"), S("user"), S("CN=x"), S("a7"), S(NULL), S(NULL), I(1),
		S("update"), S("mail"));
	ASK(SKIP_PURGE, I(ROWS - 1));
	ASK(SKIP_LIST, S("tenant"), I(INT64_MAX), I(PAGE));
	ASK(SKIP_COUNT, S("a7"), I(0));
	ASK(JOB_ADD, S("c"), I(1), I(1), I(0), I(1));
	ASK(JOB_OPEN);
	ASK(JOB_END, I(6000), I(1));
	ASK(JOB_PURGE, I(2));
	ASK(ITEM_ADD, I(7), I(1), I(1), S("a7"), S("user"), S("CN=x"), I(0), I(1));
	ASK(ITEM_SET, I(6000), I(7), I(3), I(1), S(NULL));
	ASK(ITEM_OPEN, I(6000));
	ASK(REFUSED_PUT, I(OBJECT), I(2), I(8));
	ASK(REFUSED_GET, I(OBJECT), I(2));
	ASK(REFUSED_CLEAR, I(OBJECT));
}

static void ask_history(struct fixture *f)
{
	ASK(RUN_INSERT, S("delta"), I(1));
	ASK(RUN_END, I(ROWS), I(1), S("success"));
	ASK(RUN_END_STALE, I(1), S("success"));
	ASK(RUN_LIST, I(PAGE));
	ASK(RUN_GET, I(0));
	ASK(RUN_PURGE, I(5));
	ASK(STEP_INSERT, I(ROWS), I(2), ID(FIRST), S("export"), I(1));
	ASK(STEP_UPDATE, I(ROWS), I(1), I(1), S("success"), S("{}"), S(NULL));
	ASK(STEP_LIST, I(ROWS));
	ASK(ERROR_PUT, I(OBJECT), I(ERROR_EXPORT), S("t"), S("x"), I(1), I(1), ID(0));
	ASK(ERROR_RETRY, I(OBJECT), I(ERROR_EXPORT));
	ASK(ERROR_GET, I(OBJECT), I(ERROR_EXPORT));
	ASK(ERROR_IDS, I(ERROR_SYNC));
	ASK(ERROR_PAGE, I(BUSY), I(ERROR_EXPORT), I(0), I(PAGE));
	ASK(ERROR_COUNT, I(BUSY), I(ERROR_EXPORT));
	ASK(ERROR_COUNT_EXPORT, I(BUSY));
	ASK(ERROR_CLEAR, I(OBJECT), I(ERROR_EXPORT), ID(0));
	ASK(ERROR_CLEAR_BUT, I(OBJECT), I(ERROR_EXPORT), S("u"));
	ASK(ERROR_CLEAR_ALL, I(OBJECT));
	ASK(ERROR_LIST, I(PAGE));
}

static void ask_objects(struct fixture *f)
{
	ASK(CS_GET, I(OBJECT));
	ASK(CS_FIND_ANCHOR, I(QUIET), S("a7"));
	ASK(CS_FIND_DN, I(QUIET), S("cn=u7,ou=o7,dc=x"));
	ASK(CS_FIND_ASIDE, I(QUIET), S("CN=u1000,OU=o0,DC=x"), S("user"));
	ASK(CS_ID_BY_DN, I(QUIET), S("cn=u7,ou=o7,dc=x"));
	ASK(CS_ID_BY_ANCHOR, I(QUIET), S("a7"));
	ASK(CS_INSERT, I(0), I(QUIET), S("user"), I(CS_STAGING), S("CN=n"), S("cn=n"), S("n"),
		BLOB("x", 1), BLOB("x", 1), I(WANT_PRESENT), I(EXPORT_STATE_PENDING), I(0), I(0),
		I(0), ID(0), S(NULL), I(1), I(0), I(0), BLOB("x", 1));
	ASK(CS_UPDATE, I(OBJECT), I(QUIET), S("user"), I(CS_STAGING), S("CN=n"), S("cn=n"), S("n"),
		BLOB("x", 1), BLOB("x", 1), I(WANT_PRESENT), I(EXPORT_STATE_PENDING), I(0), I(0),
		I(0), ID(0), S(NULL), I(1), I(0), I(0), BLOB("x", 1));
	ASK(CS_SET_STATE, I(OBJECT), I(EXPORT_STATE_CONFIRMED));
	ASK(CS_SET_EXPORTED, I(OBJECT), S("n"), I(EXPORT_STATE_EXPORTED), BLOB("x", 1));
	ASK(CS_SET_ACKNOWLEDGED, I(OBJECT), I(EXPORT_STATE_SENDING), BLOB("x", 1));
	ASK(CS_MV_OF, I(OBJECT));
	ASK(CS_JOINED_IN, I(7), I(QUIET));
	ASK(CS_SET_JOIN, I(OBJECT), ID(8), S("rule"));
	ASK(CS_SET_TRANSIENT, I(OBJECT));
	ASK(CS_SET_ANCHOR, I(OBJECT), S("n"));
	ASK(CS_IS_IMPORTED, I(QUIET), S("a7"));
	ASK(CS_TOUCH, I(OBJECT), I(1));
	ASK(CS_HAS_CHANGED, I(QUIET), I(0));
	ASK(CS_DELETE, I(3 * ROWS + 1));
	ASK(CS_KEY_ADD, I(QUIET), I(1), I(OBJECT));
	ASK(CS_KEY_DELETE, I(QUIET), I(7), I(OBJECT));
	ASK(CS_KEY_FIND, I(QUIET), I(7), I(1), I(PAGE));
	ASK(CS_IDS_BELOW, I(QUIET), S(",ou=o7,dc=x"));
	ASK(CS_IDS_TRANSIENT, I(QUIET));
	ASK(DN_KEY_CS_LIST);
	ASK(DN_KEY_CONTAINER_LIST);
	ASK(DN_KEY_CS_SET, I(OBJECT), S("cn=n"));
	ASK(DN_KEY_CONTAINER_SET, I(FIRST), S("c7"), S("ou=n"));
	ASK(DN_KEY_FULL_IMPORT, I(FIRST));
}

static void ask_pages(struct fixture *f)
{
	ASK(CS_PAGE_CHANGED, I(QUIET), I(0), I(PAGE));
	ASK(CS_PAGE_ALL, I(QUIET), I(0), I(PAGE));
	ASK(CS_PAGE_JOINED, I(7));
	ASK(CS_PAGE_SOURCES, I(7));
	ASK(CS_PAGE_JOINED_TO, I(7), I(QUIET));
	ASK(CS_PAGE_STATE, I(QUIET), I(EXPORT_STATE_PENDING), I(0), I(PAGE));
	ASK(CS_PAGE_STATE_KNOWN, I(QUIET), I(EXPORT_STATE_PENDING), I(0), I(PAGE));
	ASK(CS_PAGE_IMPORTED_IDS, I(QUIET), I(0), I(PAGE));
	ASK(CS_PAGE_IMPORTED_CLASS_IDS, I(QUIET), S("group"), I(0), I(PAGE));
	ASK(CS_PAGE_BLOCKED_IDS, I(QUIET), S("user"), I(0), I(PAGE), I(AUTHORITY_ALL));
	ASK(CS_PAGE_EXPIRED, I(QUIET), I(200), I(PAGE));
	ASK(CS_SEARCH, I(QUIET), S("no such name"), I(PAGE));
	ASK(TALLY_CS, I(FIRST), S("user"), I(0), I(0), I(0), I(0), I(0), I(0), I(0), I(1));
	ASK(TALLY_ERROR, I(FIRST), I(0), I(1));
	ASK(TALLY_CS_CLEAR);
	ASK(TALLY_CS_COUNT);
	ASK(TALLY_ERROR_CLEAR);
	ASK(TALLY_ERROR_COUNT);
	ASK(CS_COUNT, I(QUIET));
	ASK(CS_COUNT_STATES, I(QUIET));
	ASK(CS_COUNT_CLASSES, I(QUIET));
	ASK(CS_COUNT_DELETES, I(QUIET));
	ASK(CS_COUNT_IMPORTED_CLASS, I(QUIET), S("user"));
	ASK(CS_COUNT_IMPORTED, I(QUIET));
	ASK(CS_COUNT_WANT, I(QUIET), I(WANT_ATTRIBUTES));
}

static void ask_links(struct fixture *f)
{
	ASK(LINK_LIST, I(OBJECT), I(1));
	ASK(LINK_LIST_ALL, I(OBJECT));
	ASK(LINK_LIST_TARGET, I(OBJECT));
	ASK(LINK_COUNT, I(OBJECT), I(1));
	ASK(LINK_TARGETS_MV, I(OBJECT), I(1));
	ASK(LINK_COUNTS, I(OBJECT));
	ASK(LINK_GET, I(OBJECT), I(1), I(2 * ROWS + 106));
	ASK(LINK_PUT, I(OBJECT), I(1), I(OBJECT), I(1), I(1), I(EXPORT_STATE_PENDING), I(0), I(1));
	ASK(LINK_SET_STATE, I(OBJECT), I(1), I(2 * ROWS + 106), I(EXPORT_STATE_PENDING));
	ASK(LINK_DELETE, I(OBJECT), I(1), I(2 * ROWS + 106));
	ASK(LINK_PAGE_CHANGED, I(QUIET), I(2 * ROWS), I(PAGE));
	ASK(LINK_TOUCH, I(OBJECT), I(1), I(2 * ROWS + 106), I(1));
	ASK(LINK_IS_TARGET, I(OBJECT));
	ASK(LINK_PAGE_UNSEEN, I(QUIET), I(5), I(0), I(PAGE));
	ASK(LINK_PURGE, I(QUIET), I(3 * ROWS));
	ASK(LINK_PAGE_EXPORT, I(QUIET), I(EXPORT_STATE_PENDING), I(0), I(0), I(0), I(PAGE));
	ASK(LINK_PAGE_SOURCES, I(QUIET), I(EXPORT_STATE_PENDING), I(0), I(PAGE));
	ASK(LINK_COUNT_REMOVALS, I(QUIET));
	ASK(LINK_COUNT_REMOVALS_OF, I(OBJECT));
	ASK(LINK_COUNT_IMPORTED, I(QUIET));
}

static void ask_metaverse(struct fixture *f)
{
	ASK(MV_GET, I(7));
	ASK(MV_INSERT, I(0), S("person"), BLOB("x", 1), I(0), I(1), I(1), BLOB(NULL, 0));
	ASK(MV_UPDATE, I(7), S("person"), BLOB("x", 1), I(0), I(1), I(1), BLOB(NULL, 0));
	ASK(MV_TOUCH, I(7), I(1));
	ASK(MV_DELETE, I(ROWS + 1));
	ASK(MV_PAGE_CHANGED, I(0), I(PAGE));
	ASK(MV_PAGE_ALL, I(0), I(PAGE));
	ASK(MV_KEY_CLEAR, I(7));
	ASK(MV_KEY_ADD, I(2), I(1), I(7));
	ASK(MV_KEY_FIND, I(2), I(7));
	ASK(MV_LINK_LIST, I(7), I(1));
	ASK(MV_LINK_LIST_ALL, I(7));
	ASK(MV_LINK_LIST_TARGET, I(7));
	ASK(MV_LINK_COUNT, I(7), I(1));
	ASK(MV_LINK_GET, I(7), I(1), I(106));
	ASK(MV_LINK_PUT, I(7), I(1), I(7), I(1), I(1));
	ASK(MV_LINK_PAGE_CHANGED, I(0), I(PAGE));
	ASK(MV_LINK_PURGE, I(ROWS));
}

static void fill(struct fixture *f)
{
	for (unsigned i = 0; i < ARRAY_SIZE(FILL); i++)
		if (sqlite3_exec(f->store->db, FILL[i], NULL, NULL, NULL) != SQLITE_OK)
			fail_msg("%s: %s", FILL[i], sqlite3_errmsg(f->store->db));
}

static void test_no_walks(void **state)
{
	struct fixture *f = *state;

	GOOD(store_begin(f->store, &f->err));
	fill(f);
	GOOD(tally_flush(f->store, &f->err));
	asked[Q_BEGIN] = asked[Q_COMMIT] = asked[Q_ROLLBACK] = true; /* by the store itself */
	ask_small_tables(f);
	ask_history(f);
	ask_objects(f);
	ask_pages(f);
	ask_links(f);
	ask_metaverse(f);
	store_rollback(f->store);
	for (int q = 0; q < Q_COUNT; q++)
		if (!asked[q]) {
			print_error("%s: this test does not ask it\n", query_names[q]);
			problems++;
		}
	assert_int_equal(problems, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_walks, fixture_up, fixture_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
