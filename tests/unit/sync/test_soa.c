/*
 * The source of authority: what a mask blocks, what it leaves to us, and what becomes of a row when
 * it changes. AUTHORITY_EXCHANGE stands for any authority over some attributes: no import tells of
 * it, so that only a test can set it.
 */
#include "../store/fixture.h"
#include "store/connector_row.h"
#include "store/cs_page.h"
#include "store/mv.h"
#include "store/outbox.h"
#include "sync/export/target.h"
#include "sync/soa.h"
#include "sync/soa_apply.h"

#define ALL AUTHORITY_ALL
#define EXCHANGE AUTHORITY_EXCHANGE
#define BOTH (ALL | EXCHANGE)
#define ON_PREMISES AUTHORITY_ON_PREMISES

static struct schema_attr attrs[] = {
	{"displayName", VALUE_STRING, 0},
	{"proxyAddresses", VALUE_STRING, SCHEMA_MULTI, EXCHANGE},
	{"mail", VALUE_STRING, 0, EXCHANGE},
	{"manager", VALUE_REFERENCE, 0},
};
static struct schema_class classes[] = {{"user", attrs, 4}, {"group", attrs, 1}};
static struct schema schema = {"target", classes, 2, false};

static const struct schema *target_schema(const struct settings *s)
{
	return &schema;
}
static const struct authority_def authorities[] = {
	{"allTheirs", ALL, "allWord", "all of it is theirs"},
	{"someTheirs", EXCHANGE, "someWord", "some of it is theirs"},
};
static const struct connector_type type = {
	.name = "target",
	.schema = target_schema,
	.group_class = "group",
	.authorities = authorities,
	.n_authorities = 2,
};
static const struct connector_config config = {.type = &type};

/* --- decisions --- */

static void test_blocks(void **state)
{
	static const struct {
		unsigned blocked;
		const char *attr;
		bool is;
	} cases[] = {
		{0, "displayName", false},
		{0, "mail", false},
		{EXCHANGE, "displayName", false},
		{EXCHANGE, "mail", true},
		{EXCHANGE, "proxyAddresses", true},
		{EXCHANGE, "manager", false},
		{EXCHANGE, "unknown", false},
		{ALL, "displayName", true},
		{ALL, "unknown", true},
		{BOTH, "displayName", true},
		{BOTH, "mail", true},
		{ON_PREMISES, "displayName", true},
		{ON_PREMISES, "mail", true},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cs_row row = {.class = "user", .blocked = cases[i].blocked};

		assert_int_equal(
			soa_blocks(&row, soa_class(&config, &row), attr_intern(cases[i].attr)),
			cases[i].is);
		assert_int_equal(
			soa_blocks_all(&row), (cases[i].blocked & (ALL | ON_PREMISES)) != 0);
	}
}

/* The schema marks attributes of a class: another class keeps them. */
static void test_class(void **state)
{
	struct cs_row row = {.class = "group", .blocked = EXCHANGE};

	assert_false(soa_blocks(&row, soa_class(&config, &row), attr_intern("mail")));
	row.class = "no such class";
	assert_null(soa_class(&config, &row));
	assert_false(soa_blocks(&row, NULL, attr_intern("mail")));
	row.blocked = ALL;
	assert_true(soa_blocks(&row, NULL, attr_intern("mail")));
}

static void make_entries(struct arena *a, struct entry *imported, struct entry *wanted)
{
	entry_init(imported, a);
	entry_init(wanted, a);
	entry_add(imported, attr_intern("displayName"), value_string("Ann"));
	entry_add(imported, attr_intern("mail"), value_string("ann@x.example"));
	entry_add(wanted, attr_intern("displayName"), value_string("Anna"));
	entry_add(wanted, attr_intern("mail"), value_string("anna@x.example"));
	entry_add(wanted, attr_intern("proxyAddresses"), value_string("SMTP:anna@x.example"));
}

/* What is pending is without what is blocked, whatever is asked of it. */
static void test_pending(void **state)
{
	static const struct {
		unsigned blocked;
		bool all;
		const char *ours, *theirs;
	} cases[] = {
		{0, false, "displayName, mail, proxyAddresses", ""},
		{EXCHANGE, false, "displayName", "mail, proxyAddresses"},
		{EXCHANGE, true, "displayName", "mail, proxyAddresses"},
		{ALL, false, "", "displayName, mail, proxyAddresses"},
		{ALL, true, "", "displayName, mail, proxyAddresses"},
		{BOTH, true, "", "displayName, mail, proxyAddresses"},
	};
	_cleanup_arena_ struct arena a = {0};
	struct entry imported, wanted;

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cs_row row = {
			.class = "user", .blocked = cases[i].blocked, .export_all = cases[i].all};
		struct delta d;

		make_entries(&a, &imported, &wanted);
		pending_delta(row_class(&config, &row), &row, &imported, &wanted, 0, &a, &d);
		assert_string_equal(delta_names(&d, 9, &a), cases[i].ours);
		delta_owned(&imported, &wanted, true, &a, &d);
		soa_theirs(&row, soa_class(&config, &row), &d);
		assert_string_equal(delta_names(&d, 9, &a), cases[i].theirs);
		soa_ours_only(&row, soa_class(&config, &row), &wanted);
		delta_owned(&imported, &wanted, true, &a, &d);
		assert_string_equal(delta_names(&d, 9, &a), cases[i].ours);
	}
}

/* Only the whole object's authority keeps it when the rules want it no longer, or when it is gone.
 */
static void test_keeps(void **state)
{
	static const unsigned masks[] = {0, EXCHANGE, ALL, BOTH, ON_PREMISES};

	for (unsigned i = 0; i < ARRAY_SIZE(masks); i++) {
		struct cs_row row = {.blocked = masks[i]};

		assert_int_equal(soa_keeps_object(&row), i >= 2);
		assert_int_equal(soa_keeps_gone(&row), i >= 2);
	}
}

static void test_references(void **state)
{
	static const struct {
		const char *source, *target;
		unsigned blocked;
		enum cs_want want;
		bool stays;
	} cases[] = {
		{"group", "user", 0, WANT_PRESENT, true},
		{"group", "user", ALL, WANT_PRESENT, true},
		{"group", "user", EXCHANGE, WANT_PRESENT, true},
		{"group", "group", 0, WANT_PRESENT, true},
		{"group", "group", ALL, WANT_PRESENT, false},
		{"group", "group", BOTH, WANT_PRESENT, false},
		{"group", "group", EXCHANGE, WANT_PRESENT, true},
		{"group", "group", ON_PREMISES, WANT_PRESENT, true},
		{"user", "group", ALL, WANT_PRESENT, true},
		{"user", "user", ALL, WANT_PRESENT, true},
		{"group", "user", 0, WANT_ABSENT, false},
		{"group", "user", ALL, WANT_NOTHING, false},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cs_row source = {.id = 1, .class = cases[i].source};
		struct cs_row target = {.id = 2,
			.class = cases[i].target,
			.blocked = cases[i].blocked,
			.want = cases[i].want};

		assert_int_equal(soa_keeps_reference(&type, &source, &target), cases[i].stays);
		target.id = 0;
		assert_false(soa_keeps_reference(&type, &source, &target));
	}
}

static void test_turns(void **state)
{
	static const enum soa_turn turns[4][4] = {
		/* to: 0, ALL, EXCHANGE, BOTH */
		{SOA_SAME, SOA_TAKEN, SOA_SAME, SOA_TAKEN},       /* from 0 */
		{SOA_RETURNED, SOA_SAME, SOA_RETURNED, SOA_SAME}, /* from ALL */
		{SOA_RETURNED, SOA_TAKEN, SOA_SAME, SOA_TAKEN},   /* from EXCHANGE */
		{SOA_RETURNED, SOA_SAME, SOA_RETURNED, SOA_SAME}, /* from BOTH */
	};

	for (unsigned from = 0; from < 4; from++)
		for (unsigned to = 0; to < 4; to++)
			assert_int_equal(soa_turn(from, to), turns[from][to]);
	/* from one whole authority to the other: there is nothing between */
	assert_int_equal(soa_turn(ON_PREMISES, ALL), SOA_SAME);
	assert_int_equal(soa_turn(0, ON_PREMISES), SOA_TAKEN);
	assert_int_equal(soa_turn(ON_PREMISES, 0), SOA_RETURNED);
}

static void test_kept(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct cs_row row = {.want = WANT_NOTHING, .imported = "x", .blocked = ALL};

	assert_non_null(strstr(soa_kept(&type, &row, &a), "out of scope"));
	assert_non_null(strstr(soa_kept(&type, &row, &a), "all of it is theirs"));
	row.mv = 1;
	assert_null(soa_kept(&type, &row, &a));
	row.want = WANT_PRESENT;
	assert_null(soa_kept(&type, &row, &a));
	row.imported = NULL;
	assert_non_null(strstr(soa_kept(&type, &row, &a), "is not created again"));
	row.blocked = EXCHANGE;
	assert_null(soa_kept(&type, &row, &a));
}

static void test_returned(void **state)
{
	struct cs_row row = {.want = WANT_PRESENT, .imported = ""};

	assert_true(soa_is_returned(&row, true, false));
	assert_false(soa_is_returned(&row, true, true));
	assert_false(soa_is_returned(&row, false, false));
	row.blocked = EXCHANGE;
	assert_true(soa_is_returned(&row, true, false));
	row.blocked = ALL;
	assert_false(soa_is_returned(&row, true, false));
	row = (struct cs_row){.want = WANT_NOTHING, .imported = ""};
	assert_false(soa_is_returned(&row, true, false));
}

static void test_words(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	static const struct connector_type other = {.name = "other"};

	assert_ptr_equal(soa_find(&type, "someTheirs"), &authorities[1]);
	assert_null(soa_find(&type, "mail"));
	assert_null(soa_words(&type, 0, &a));
	assert_string_equal(soa_words(&type, EXCHANGE, &a), "someWord (Exchange)");
	assert_string_equal(soa_words(&type, BOTH, &a), "allWord (all), someWord (Exchange)");
	assert_string_equal(soa_reason(&type, EXCHANGE), "some of it is theirs");
	assert_string_equal(soa_reason(&type, BOTH), "all of it is theirs");
	assert_non_null(soa_reason(&other, ALL));
	assert_null(soa_words(&other, ALL, &a));
}

/* --- effects --- */

struct world {
	struct run_host host;
	struct sync_connector conn;
	struct sync sync;
	struct cs_row row;
};

static void world_init(struct world *w, struct fixture *f)
{
	struct mv_row mv = {.class = "person", .image = ""};

	*w = (struct world){.conn = {.name = "cloud", .type = &type, .cfg = &config}};
	w->sync = (struct sync){.store = f->store, .host = &w->host, .run = 7};
	GOOD(store_begin(f->store, &f->err));
	GOOD(connector_ensure(f->store, "cloud", "target", &f->arena, &w->conn.row, &f->err));
	GOOD(mv_insert(f->store, &mv, &f->err));
	w->row = (struct cs_row){.connector = w->conn.row.id,
		.class = "user",
		.dn = "CN=ann",
		.anchor = "a1",
		.imported = "x",
		.imported_len = 1,
		.want = WANT_PRESENT,
		.state = EXPORT_STATE_CONFIRMED,
		.mv = mv.id};
	GOOD(cs_insert(f->store, &w->row, &f->err));
}

/* What the store has now. */
static struct cs_row stored(struct world *w, struct fixture *f)
{
	struct cs_row row;

	GOOD(cs_get(f->store, w->row.id, &f->arena, &row, &f->err));
	return row;
}

static void check_row(
	struct world *w, struct fixture *f, unsigned blocked, enum export_state state, bool all)
{
	struct cs_row row = stored(w, f);

	assert_int_equal(row.blocked, blocked);
	assert_int_equal(row.state, state);
	assert_int_equal(row.export_all, all);
	assert_int_equal(row.want, WANT_PRESENT);
}

static void set(struct world *w, struct fixture *f, enum authority authority, bool on)
{
	GOOD(soa_set(&w->sync, &w->row, authority, on, &f->err));
}

/* A smaller authority comes and goes under the whole one; what returns is sent again, all of it. */
static void test_set(void **state)
{
	struct fixture *f = *state;
	struct world w;

	world_init(&w, f);
	set(&w, f, EXCHANGE, true);
	check_row(&w, f, EXCHANGE, EXPORT_STATE_CONFIRMED, false);
	set(&w, f, EXCHANGE, false);
	check_row(&w, f, 0, EXPORT_STATE_PENDING, true);
	set(&w, f, EXCHANGE, true);
	set(&w, f, ALL, true);
	check_row(&w, f, BOTH, EXPORT_STATE_NONE, false);
	set(&w, f, EXCHANGE, false);
	check_row(&w, f, ALL, EXPORT_STATE_NONE, false);
	set(&w, f, EXCHANGE, true);
	set(&w, f, ALL, false);
	check_row(&w, f, EXCHANGE, EXPORT_STATE_PENDING, true);
	assert_true(w.sync.counters.n[COUNTER_STAGE_UPDATE] == 7);
	GOOD(store_commit(f->store, &f->err));
}

/* Rows with a bit are found by it, whatever other bits they have. */
static void test_pages(void **state)
{
	struct fixture *f = *state;
	int64_t ids[4];
	struct world w;
	unsigned n;

	world_init(&w, f);
	for (unsigned mask = 0; mask <= BOTH; mask++) {
		w.row.blocked = mask;
		GOOD(cs_update(f->store, &w.row, false, &f->err));
		for (unsigned bit = ALL; bit <= EXCHANGE; bit <<= 1) {
			GOOD(cs_page_blocked_ids(f->store, w.conn.row.id, "user",
				(enum authority)bit, 0, 4, ids, &n, &f->err));
			assert_int_equal(n, (mask & bit) != 0);
		}
	}
	GOOD(store_commit(f->store, &f->err));
}

static const char *message(struct fixture *f, unsigned i, unsigned of)
{
	struct outbox_row *rows;
	struct record r;
	json_t *json;
	char *text;
	unsigned n;

	GOOD(outbox_list(f->store, 0, 10, &f->arena, &rows, &n, &f->err));
	assert_int_equal(n, of);
	json = json_loads(rows[i].record, 0, NULL);
	assert_true(record_from_json(json, &r));
	assert_int_equal(r.event, EVENT_SOA_BLOCKED);
	text = arena_strdup(&f->arena, r.message);
	json_decref(json);
	return text;
}

static void test_events(void **state)
{
	struct fixture *f = *state;
	struct world w;

	world_init(&w, f);
	w.row.blocked = EXCHANGE;
	GOOD(soa_event(&w.sync, &w.conn, &w.row, "CN=Ann,DC=x", DELTA_UPDATE, "mail", &f->err));
	assert_string_equal(message(f, 0, 1),
		"The change to CN=Ann,DC=x was not synchronized: some of it is theirs. Changed: "
		"mail.");
	w.row.blocked = BOTH;
	GOOD(soa_event(&w.sync, &w.conn, &w.row, NULL, DELTA_DELETE, NULL, &f->err));
	assert_string_equal(message(f, 1, 2),
		"CN=ann is no longer in scope or was deleted, but all of it is theirs: the object "
		"in connector \"cloud\" is kept and is no longer connected.");
	assert_true(w.sync.counters.n[COUNTER_SOA_BLOCKED] == 2);
	GOOD(store_commit(f->store, &f->err));
}

/* The service refused what was sent: all of it is theirs, and it is told. */
static void test_hold(void **state)
{
	struct fixture *f = *state;
	struct world w;

	world_init(&w, f);
	w.row.blocked = EXCHANGE;
	w.row.export_all = true;
	GOOD(soa_hold(&w.sync, &w.conn, &w.row, DELTA_UPDATE, "displayName", &f->err));
	check_row(&w, f, BOTH, EXPORT_STATE_NONE, false);
	assert_non_null(strstr(message(f, 0, 1), "all of it is theirs. Changed: displayName."));
	w.row.want = WANT_ABSENT;
	GOOD(soa_hold(&w.sync, &w.conn, &w.row, DELTA_DELETE, NULL, &f->err));
	assert_int_equal(stored(&w, f).want, WANT_NOTHING);
	assert_non_null(strstr(message(f, 1, 2), "is kept"));
	GOOD(store_commit(f->store, &f->err));
}

#define STORE_TEST(t) cmocka_unit_test_setup_teardown(t, fixture_up, fixture_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_pending),
		cmocka_unit_test(test_keeps),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_turns),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_returned),
		cmocka_unit_test(test_words),
		STORE_TEST(test_set),
		STORE_TEST(test_pages),
		STORE_TEST(test_events),
		STORE_TEST(test_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
