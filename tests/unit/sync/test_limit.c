/*
 * How much an export may delete before a person says yes: numbers, shares, classes, references, the
 * permission for once. Each case has its own [export] and a store with just these rows.
 */
#include "../store/fixture.h"
#include "store/connector_row.h"
#include "store/cs.h"
#include "store/cs_link.h"
#include "store/error.h"
#include "store/query.h"
#include "sync/export/export.h"
#include "sync/export/limit.h"
#include "sync/export/staged.h"
#include "connector/connector.h"
#include "model/authority.h"
#include "sync/run.h"
#include "sync/step.h"

#include <inttypes.h>

static const struct run_host host; /* wants to know nothing */

struct world {
	struct fixture *f;
	struct config *cfg;
	struct sync_connector conn;
	struct sync sync;
	struct limit limit;
	struct export_step st;
	int rows;
};

static void world_init(struct world *w, struct fixture *f, const char *export)
{
	_cleanup_free_ char *path = xasprintf("%s/adsyncd.conf", f->dir);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file,
		"[export]\n%s\n[connector \"a\"]\ntype = ad\nsource = ldif:/a.ldif\n"
		"base_dn = DC=a,DC=example\n",
		export);
	fclose(file);
	*w = (struct world){.f = f};
	GOOD(config_load(path, &w->cfg, &f->err));
	w->conn = (struct sync_connector){.name = "a", .cfg = &w->cfg->connectors[0]};
	w->sync = (struct sync){.cfg = w->cfg,
		.store = f->store,
		.host = &host,
		.connectors = &w->conn,
		.n_connectors = 1};
	w->st = (struct export_step){.sync = &w->sync, .conn = &w->conn, .limit = &w->limit};
	GOOD(store_begin(f->store, &f->err));
	GOOD(connector_ensure(f->store, "a", "ad", &f->arena, &w->conn.row, &f->err));
	GOOD(store_commit(f->store, &f->err));
}

static void world_done(struct world *w)
{
	limit_end(&w->limit);
	sync_done(&w->sync);
	config_free(w->cfg);
}

static int64_t object(struct world *w, const char *class, bool goes)
{
	struct fixture *f = w->f;
	char dn[32], anchor[32];
	struct cs_row row = {.connector = w->conn.row.id,
		.class = class,
		.dn = dn,
		.anchor = anchor,
		.imported = "",
		.want = goes ? WANT_ABSENT : WANT_PRESENT,
		.state = goes ? EXPORT_STATE_PENDING : EXPORT_STATE_CONFIRMED};

	snprintf(dn, sizeof(dn), "CN=%d", w->rows);
	snprintf(anchor, sizeof(anchor), "%d", w->rows++);
	GOOD(cs_insert(f->store, &row, &f->err));
	return row.id;
}

/* `n` objects of a class, of which some are to be deleted. */
static void objects(struct world *w, const char *class, int n, int deletes)
{
	struct fixture *f = w->f;

	GOOD(store_begin(f->store, &f->err));
	for (int i = 0; i < n; i++)
		object(w, class, i < deletes);
	GOOD(store_commit(f->store, &f->err));
}

/* A group of `n` members, of which some are to be removed. */
static int64_t group(struct world *w, int n, int removals)
{
	struct fixture *f = w->f;
	int64_t id;

	GOOD(store_begin(f->store, &f->err));
	id = object(w, "group", false);
	for (int i = 0; i < n; i++) {
		struct cs_link l = {.cs = id,
			.attr = attr_intern("member"),
			.target = object(w, "user", false),
			.imported = true,
			.wanted = i >= removals,
			.state = i < removals ? EXPORT_STATE_PENDING : EXPORT_STATE_CONFIRMED};

		GOOD(cs_link_put(f->store, &l, true, &f->err));
	}
	GOOD(store_commit(f->store, &f->err));
	return id;
}

/* Why the export is stopped; "" when it is not. */
static const char *asked(struct world *w)
{
	static struct step_end end;
	struct fixture *f = w->f;
	bool stopped;

	end = (struct step_end){0};
	GOOD(limit_deletes(&w->st, &end, &stopped, &f->err));
	assert_int_equal(stopped, end.error[0] != '\0');
	if (stopped)
		assert_int_equal(end.result, STEP_RESULT_DELETION_THRESHOLD);
	assert_false(store_in_transaction(f->store));
	return end.error;
}

static bool held(struct world *w, int64_t cs)
{
	struct fixture *f = w->f;
	bool ret;

	GOOD(limit_removal(&w->st, cs, "CN=group", &ret, &f->err));
	if (store_in_transaction(f->store))
		GOOD(export_commit(&w->st, &f->err));
	return ret;
}

static void permit(struct world *w, struct limit_override o)
{
	struct fixture *f = w->f;

	GOOD(store_begin(f->store, &f->err));
	GOOD(limit_override_set(f->store, w->conn.row.id, &o, &f->err));
	GOOD(store_commit(f->store, &f->err));
}

static void test_share(void **state)
{
	assert_false(limit_share_exceeded(20, 20, 0)); /* a few never are */
	assert_true(limit_share_exceeded(21, 1000, 0));
	assert_false(limit_share_exceeded(50, 100, 50)); /* so many are allowed */
	assert_true(limit_share_exceeded(51, 100, 50));
	assert_false(limit_share_exceeded(100, 100, 100));
	assert_false(limit_share_exceeded(100, 100, -1)); /* off */
	assert_false(limit_share_exceeded(1000, 1, -1));
}

struct share_case {
	const char *export;
	int users, user_deletes, groups, group_deletes;
	const char *why; /* NULL: it goes on */
};

static const struct share_case CASES[] = {
	{"", 100, 0, 0, 0, NULL},
	{"", 100, 50, 0, 0, NULL},
	{"", 100, 51, 0, 0, "51 of 100 objects of class user"},
	{"", 20, 20, 0, 0, NULL},
	{"deletion_threshold = 30", 100, 30, 0, 0, NULL},
	{"deletion_threshold = 30", 100, 31, 0, 0, "31 objects are to be deleted"},
	/* the number is of all classes together, the share is of each */
	{"deletion_threshold = 30", 100, 20, 100, 20, "40 objects are to be deleted"},
	{"", 200, 25, 30, 25, "25 of 30 objects of class group"},
	{"deletion_threshold.group = 5", 100, 6, 100, 5, NULL},
	{"deletion_threshold_group = 5", 100, 0, 100, 6, "deletion_threshold_group = 5"},
	{"deletion_limit.group = 10", 100, 30, 300, 30, NULL},
	{"deletion_limit.group = 10", 100, 30, 300, 31, "31 of 300 objects of class group"},
	/* words; 0 is off */
	{"deletion_limit = off", 100, 100, 0, 0, NULL},
	{"deletion_limit = 0", 100, 100, 0, 0, NULL},
	{"deletion_limit = strict", 1000, 20, 0, 0, NULL},
	{"deletion_limit = strict", 1000, 21, 0, 0, "21 of 1000 objects of class user"},
	{"deletion_threshold = off\ndeletion_limit = strict", 1000, 900, 0, 0, NULL},
	{"deletion_threshold = 0\ndeletion_limit = strict", 1000, 900, 0, 0, NULL},
};

static void one_case(struct fixture *f, const struct share_case *c)
{
	struct world w;
	const char *why;

	world_init(&w, f, c->export);
	objects(&w, "user", c->users, c->user_deletes);
	objects(&w, "group", c->groups, c->group_deletes);
	why = asked(&w);
	if (c->why ? !strstr(why, c->why) : *why)
		fail_msg("[export] %s, %d of %d users, %d of %d groups: \"%s\"", c->export,
			c->user_deletes, c->users, c->group_deletes, c->groups, why);
	world_done(&w);
}

static void test_deletes(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(CASES); i++) {
		void *fixture;

		assert_int_equal(fixture_up(&fixture), 0);
		one_case(fixture, &CASES[i]);
		fixture_down(&fixture);
	}
}

/* What is set while the daemon runs goes before the configuration, until it is taken back. */
static void test_set_at_run_time(void **state)
{
	struct fixture *f = *state;
	struct own_value v;
	struct world w;
	bool set;

	world_init(&w, f, "deletion_threshold = 10");
	objects(&w, "user", 100, 20);
	assert_non_null(strstr(asked(&w), "deletion_threshold = 10"));
	GOOD(store_begin(f->store, &f->err));
	GOOD(limit_threshold_set(f->store, 30, &f->err));
	GOOD(store_commit(f->store, &f->err));
	GOOD(limit_threshold_get(f->store, w.cfg, w.conn.cfg, &v, &set, &f->err));
	assert_true(set && v.n == 30);
	assert_null(v.word);
	assert_string_equal(v.key, "deletion_threshold");
	assert_string_equal(asked(&w), "");
	GOOD(store_begin(f->store, &f->err));
	GOOD(limit_threshold_set(f->store, -1, &f->err));
	GOOD(store_commit(f->store, &f->err));
	GOOD(limit_threshold_get(f->store, w.cfg, w.conn.cfg, &v, &set, &f->err));
	assert_true(!set && v.n == 10);
	assert_string_not_equal(asked(&w), "");
	world_done(&w);
}

/* A permission is for what was there, and is used up by the export that needed it. */
static void test_permission(void **state)
{
	struct fixture *f = *state;
	struct limit_override o = {.deletes = 30, .ends = INT64_MAX};
	struct limit_override left;
	struct world w;

	world_init(&w, f, "deletion_threshold = 10");
	objects(&w, "user", 100, 30);
	o.ends = 1; /* long ago */
	permit(&w, o);
	assert_string_not_equal(asked(&w), "");
	o.ends = INT64_MAX;
	permit(&w, o);
	assert_string_equal(asked(&w), "");
	assert_true(w.limit.override_used);
	objects(&w, "user", 1, 1); /* one more than was permitted */
	assert_non_null(strstr(asked(&w), "31 objects"));
	GOOD(limit_done(&w.st, &f->err));
	GOOD(limit_override_get(f->store, w.conn.row.id, &left, &f->err));
	assert_int_equal(left.ends, 0);
	world_done(&w);
}

/* Each target has a permission of its own: what one uses up is not the other's. */
static void test_permission_of_each_target(void **state)
{
	struct fixture *f = *state;
	struct limit_override o = {.deletes = 30, .ends = INT64_MAX}, left;
	struct connector_row other;
	struct world w;

	world_init(&w, f, "deletion_threshold = 10");
	GOOD(store_begin(f->store, &f->err));
	GOOD(connector_ensure(f->store, "b", "ad", &f->arena, &other, &f->err));
	GOOD(limit_override_set(f->store, other.id, &o, &f->err));
	GOOD(store_commit(f->store, &f->err));
	objects(&w, "user", 100, 30);
	assert_string_not_equal(asked(&w), ""); /* the other's */
	o.removals = 7;
	permit(&w, o);
	GOOD(limit_override_sum(f->store, &left, &f->err));
	assert_int_equal(left.deletes, 60);
	assert_int_equal(left.removals, 7);
	assert_string_equal(asked(&w), "");
	GOOD(limit_done(&w.st, &f->err));
	GOOD(limit_override_get(f->store, w.conn.row.id, &left, &f->err));
	assert_int_equal(left.ends, 0);
	GOOD(limit_override_get(f->store, other.id, &left, &f->err));
	assert_int_equal(left.deletes, 30);
	world_done(&w);
}

/* One that was not needed stays. */
static void test_permission_not_needed(void **state)
{
	struct fixture *f = *state;
	struct limit_override left;
	struct world w;

	world_init(&w, f, "");
	objects(&w, "user", 100, 5);
	permit(&w, (struct limit_override){.deletes = 5, .ends = INT64_MAX});
	assert_string_equal(asked(&w), "");
	GOOD(limit_done(&w.st, &f->err));
	GOOD(limit_override_get(f->store, w.conn.row.id, &left, &f->err));
	assert_int_equal(left.deletes, 5);
	world_done(&w);
}

/* References of all objects together: of a filter that was changed, for example. */
static void test_references(void **state)
{
	struct fixture *f = *state;
	struct world w;

	world_init(&w, f, "");
	group(&w, 30, 30);
	group(&w, 20, 0);
	assert_non_null(strstr(asked(&w), "30 of 50 references"));
	permit(&w, (struct limit_override){.references = 29, .ends = INT64_MAX});
	assert_string_not_equal(asked(&w), "");
	permit(&w, (struct limit_override){.references = 30, .ends = INT64_MAX});
	assert_string_equal(asked(&w), "");
	world_done(&w);
}

static struct schema_attr user_attrs[] = {
	{.name = "ours", .type = VALUE_REFERENCE},
	{.name = "theirs", .type = VALUE_REFERENCE, .authority = AUTHORITY_EXCHANGE},
};
static struct schema_class user_class[] = {{"user", user_attrs, ARRAY_SIZE(user_attrs)}};
static struct schema user_schema = {"target", user_class, ARRAY_SIZE(user_class), false};

static const struct schema *target_schema(const struct settings *s)
{
	return &user_schema;
}

/* A user with one reference of each attribute that is to be removed. */
static int64_t user_of(struct world *w, unsigned blocked)
{
	struct fixture *f = w->f;
	struct cs_row row;
	int64_t id;

	GOOD(store_begin(f->store, &f->err));
	id = object(w, "user", false);
	GOOD(cs_get(f->store, id, &f->arena, &row, &f->err));
	row.blocked = blocked;
	GOOD(cs_update(f->store, &row, false, &f->err));
	for (unsigned i = 0; i < ARRAY_SIZE(user_attrs); i++) {
		struct cs_link l = {.cs = id,
			.attr = attr_intern(user_attrs[i].name),
			.target = object(w, "user", false),
			.imported = true,
			.state = EXPORT_STATE_PENDING};

		GOOD(cs_link_put(f->store, &l, true, &f->err));
	}
	GOOD(store_commit(f->store, &f->err));
	return id;
}

/* What an authority keeps is not removed, so it does not count. */
static void test_kept_references(void **state)
{
	static const struct connector_type type = {.name = "target", .schema = target_schema};
	static const struct connector_config cc = {.type = &type};
	struct fixture *f = *state;
	int64_t n, of, free_one, partly;
	struct world w;

	world_init(&w, f, "");
	free_one = user_of(&w, 0);
	partly = user_of(&w, AUTHORITY_EXCHANGE);
	user_of(&w, AUTHORITY_ALL);
	GOOD(staged_removals(f->store, &cc, w.conn.row.id, &n, &f->err));
	assert_int_equal(n, 3); /* both of the first, one of the second */
	GOOD(staged_removals_of(f->store, &cc, free_one, &n, &of, &f->err));
	assert_true(n == 2 && of == 2);
	GOOD(staged_removals_of(f->store, &cc, partly, &n, &of, &f->err));
	assert_true(n == 1 && of == 2);
	/* nothing is known of a connector that left the configuration */
	GOOD(staged_removals(f->store, NULL, w.conn.row.id, &n, &f->err));
	assert_int_equal(n, 4);
	world_done(&w);
}

/* One group that loses too many keeps them; it is told once, and over when they may go. */
static void test_members(void **state)
{
	struct fixture *f = *state;
	struct error_row er;
	int64_t large, small, many;
	struct world w;

	world_init(&w, f, "deletion_limit = off\nmember_removal_threshold = 40");
	large = group(&w, 100, 95);
	small = group(&w, 20, 20);
	many = group(&w, 100, 41);
	assert_false(held(&w, small)); /* all of a few */
	assert_true(held(&w, large));
	assert_true(held(&w, large)); /* not weighed again */
	assert_true(held(&w, many));
	assert_int_equal(w.sync.n_errors, 2);
	GOOD(error_get(f->store, large, ERROR_EXPORT, &f->arena, &er, &f->err));
	assert_non_null(strstr(er.text, "95 of 100 members of CN=group"));
	assert_int_equal(
		error_get(f->store, small, ERROR_EXPORT, &f->arena, &er, &f->err), STORE_NONE);
	limit_end(&w.limit);
	w.limit = (struct limit){.override = {.removals = 95, .ends = INT64_MAX}};
	assert_false(held(&w, large));
	assert_true(w.limit.override_used);
	assert_int_equal(
		error_get(f->store, large, ERROR_EXPORT, &f->arena, &er, &f->err), STORE_NONE);
	world_done(&w);
}

/* The share of one group; strict and off. */
static void test_member_share(void **state)
{
	static const struct {
		const char *export;
		int removals;
		bool held;
	} cases[] = {
		{"", 90, false},
		{"", 91, true},
		{"member_removal_limit = off", 100, false},
		{"member_removal_limit = 0", 100, false},
		{"member_removal_limit = strict", 20, false},
		{"member_removal_limit = strict", 21, true},
		{"member_removal_threshold = off\nmember_removal_limit = off", 100, false},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		void *fixture;
		struct world w;

		assert_int_equal(fixture_up(&fixture), 0);
		world_init(&w, fixture, cases[i].export);
		if (held(&w, group(&w, 100, cases[i].removals)) != cases[i].held)
			fail_msg("[export] %s: %d of 100", cases[i].export, cases[i].removals);
		world_done(&w);
		fixture_down(&fixture);
	}
}

#define WITH(t) cmocka_unit_test_setup_teardown(t, fixture_up, fixture_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_share),
		cmocka_unit_test(test_deletes),
		WITH(test_set_at_run_time),
		WITH(test_permission),
		WITH(test_permission_of_each_target),
		WITH(test_permission_not_needed),
		WITH(test_references),
		WITH(test_kept_references),
		WITH(test_members),
		cmocka_unit_test(test_member_share),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
