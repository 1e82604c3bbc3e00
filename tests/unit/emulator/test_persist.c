/* The state on disk: nothing is lost when a write fails, and a damaged file is refused by its row.
 */
#include "../check.h"

#include "tenant/mailbox.h"
#include "tenant/persist.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>

static char *no_domains[] = {"a.example"};
static struct tenant tenant = {
	.id = "t", .initial_domain = "a.example", .domains = no_domains, .n_domains = 1};

static char folder[] = "/tmp/test_persist.XXXXXX";
static char file[64];

struct world {
	struct emulator em;
	struct persist *p;
	struct err e;
};

static int world_open(struct world *w)
{
	int r;

	*w = (struct world){0};
	emulator_init(&w->em, &tenant);
	r = persist_open(folder, &w->em, &w->p, &w->e);
	w->em.persist = w->p;
	return r;
}

static void world_close(struct world *w)
{
	persist_close(w->p);
	emulator_done(&w->em);
}

static struct object *add_user(struct world *w, const char *upn)
{
	struct object *o = directory_add(w->em.dir, TYPE_USER, NULL);

	object_set(w->em.dir, o, P_UPN, upn, strlen(upn));
	object_touch(w->em.dir, o);
	return o;
}

static bool is_there(struct world *w, const char *upn)
{
	return directory_key(w->em.dir, KEY_UPN, TYPE_USER, upn, strlen(upn)) != NULL;
}

/* Runs SQL on the file, as somebody else would. */
static void tamper(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void remove_files(void)
{
	static const char *const tails[] = {"", "-wal", "-shm"};
	char path[96];

	for (unsigned i = 0; i < ARRAY_SIZE(tails); i++) {
		snprintf(path, sizeof(path), "%s%s", file, tails[i]);
		unlink(path);
	}
}

static int fresh(void **state)
{
	remove_files();
	return 0;
}

static void test_round_trip(void **state)
{
	struct world w;
	struct object *a, *g;

	assert_int_equal(world_open(&w), 0);
	a = add_user(&w, "\"a@a\"");
	g = directory_add(w.em.dir, TYPE_GROUP, NULL);
	object_link_set(w.em.dir, g, a, true);
	object_touch(w.em.dir, g);
	audits_append(&w.em.audits)->activity = strdup("x");
	assert_int_equal(persist_flush(w.p, &w.em, &w.e), 0);
	world_close(&w);

	assert_int_equal(world_open(&w), 0);
	assert_true(is_there(&w, "\"a@a\""));
	assert_non_null(object_link(w.em.dir, directory_get(w.em.dir, 1), 0));
	assert_int_equal(w.em.audits.n, 1);
	world_close(&w);
}

/* Somebody holds the file: what could not be written then is written by the next flush. */
static void test_busy(void **state)
{
	struct world w;
	sqlite3 *other;

	assert_int_equal(world_open(&w), 0);
	assert_int_equal(sqlite3_open(file, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	add_user(&w, "\"a@a\"");
	assert_int_equal(persist_flush(w.p, &w.em, &w.e), -EIO);
	sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(other);
	assert_int_equal(persist_flush(w.p, &w.em, &w.e), 0);
	world_close(&w);
	assert_int_equal(world_open(&w), 0);
	assert_true(is_there(&w, "\"a@a\""));
	world_close(&w);
}

/* --- a COMMIT that fails, as on a full disk --- */

static bool commits_fail;

static int on_commit(void *ctx)
{
	return commits_fail;
}

static int on_open(sqlite3 *db, char **text, const void *api)
{
	sqlite3_commit_hook(db, on_commit, NULL);
	return SQLITE_OK;
}

static void test_commit_fails(void **state)
{
	struct world w;

	sqlite3_auto_extension((void (*)(void))on_open);
	assert_int_equal(world_open(&w), 0);
	add_user(&w, "\"a@a\"");
	commits_fail = true;
	assert_int_equal(persist_flush(w.p, &w.em, &w.e), -EIO);
	add_user(&w, "\"b@a\"");
	assert_int_equal(persist_flush(w.p, &w.em, &w.e), -EIO);
	commits_fail = false;
	assert_int_equal(persist_flush(w.p, &w.em, &w.e), 0);
	sqlite3_reset_auto_extension();
	world_close(&w);
	assert_int_equal(world_open(&w), 0);
	assert_true(is_there(&w, "\"a@a\"") && is_there(&w, "\"b@a\""));
	world_close(&w);
}

/* --- damage --- */

/* A user, and a group with it; then what the SQL makes of them. */
static void make_state(void)
{
	struct world w;
	struct object *a, *g;

	remove_files();
	assert_int_equal(world_open(&w), 0);
	a = add_user(&w, "\"a@a\"");
	g = directory_add(w.em.dir, TYPE_GROUP, NULL);
	object_link_set(w.em.dir, g, a, true);
	object_touch(w.em.dir, g);
	mailbox_keep(a, mailbox_attribute("Alias"), json_string("x"));
	audits_add(&w.em.audits, 1, &(struct application){.app_id = (char *)"a"}, "x", a);
	audits_add(&w.em.skips, 1, &(struct application){.app_id = (char *)"a"}, "x", a)->changed =
		strdup("[]");
	assert_int_equal(persist_flush(w.p, &w.em, &w.e), 0);
	world_close(&w);
}

static const struct {
	const char *sql, *row; /* what the error must name */
} damages[] = {
	{"UPDATE object SET type = 9 WHERE idx = 1", "table object, row 1:"},
	{"UPDATE object SET type = -1 WHERE idx = 0", "table object, row 0:"},
	{"UPDATE object SET id = 'x' WHERE idx = 0", "table object, row 0:"},
	{"UPDATE object SET id = (SELECT id FROM object WHERE idx = 0)", "table object, row 1:"},
	{"DELETE FROM object WHERE idx = 0", "table object, row 1:"},
	{"UPDATE object SET flags = 8 WHERE idx = 0", "table object, row 0:"},
	{"UPDATE object SET seq = -1 WHERE idx = 0", "table object, row 0:"},
	{"UPDATE object SET manager = 2 WHERE idx = 0", "table object, row 0:"},
	{"UPDATE object SET manager = -2 WHERE idx = 0", "table object, row 0:"},
	{"UPDATE object SET props = x'02' WHERE idx = 0", "table object, row 0:"},
	{"UPDATE object SET props = x'f0000000000000000000000000' WHERE idx = 0",
		"table object, row 0:"},
	{"UPDATE object SET props = x'020000000000000000ffffff7f' WHERE idx = 0",
		"table object, row 0:"},
	/* a target that is no object, a flag that is none, the same target twice, half a link */
	{"UPDATE object SET links = x'09000000000000000100000000000000' WHERE idx = 1",
		"table object, row 1:"},
	{"UPDATE object SET links = x'00000000070000000100000000000000' WHERE idx = 1",
		"table object, row 1:"},
	{"UPDATE object SET links = x'0000000000000000010000000000000000000000000000000100000000000"
	 "000' WHERE idx = 1",
		"table object, row 1:"},
	{"UPDATE object SET links = x'0000000000' WHERE idx = 1", "table object, row 1:"},
	{"UPDATE mailbox SET idx = 1", "table mailbox, row 1:"},
	{"UPDATE mailbox SET idx = 9", "table mailbox, row 9:"},
	{"UPDATE mailbox SET idx = -1", "table mailbox, row -1:"},
	{"UPDATE mailbox SET cloud_managed = 2", "table mailbox, row 0:"},
	{"UPDATE mailbox SET own = ''", "table mailbox, row 0:"},
	{"UPDATE mailbox SET own = '[]'", "table mailbox, row 0:"},
	{"UPDATE mailbox SET own = '{\"Colour\":\"red\"}'", "table mailbox, row 0:"},
	{"UPDATE mailbox SET own = '{\"Office\":\"x\"}'", "table mailbox, row 0:"},
	{"UPDATE mailbox SET own = '{\"EmailAddresses\":[7]}'", "table mailbox, row 0:"},
	{"UPDATE audit SET target_type = 4", "table audit, row 0:"},
	{"UPDATE skip SET target_type = -1", "table skip, row 0:"},
	{"UPDATE skip SET changed = NULL", "table skip, row 0:"},
	{"UPDATE skip SET changed = '{}'", "table skip, row 0:"},
	{"UPDATE skip SET changed = '[7]'", "table skip, row 0:"},
	{"UPDATE meta SET value = x'00' WHERE name = 'key'", "table meta, row key:"},
	{"UPDATE meta SET value = x'00' WHERE name = 'seq'", "table meta, row seq:"},
	{"UPDATE meta SET value = x'ffffffffffffffff' WHERE name = 'seq'", "table meta, row seq:"},
	{"UPDATE meta SET value = x'' WHERE name = 'epoch'", "table meta, row epoch:"},
	{"UPDATE meta SET value = x'02' WHERE name = 'exchange'", "table meta, row exchange:"},
	{"UPDATE meta SET value = x'0200000000000000000000000000000000000000' WHERE name = "
	 "'features'",
		"table meta, row features:"},
};

static void test_damage(void **state)
{
	struct world w;

	for (unsigned i = 0; i < ARRAY_SIZE(damages); i++) {
		make_state();
		tamper(damages[i].sql);
		if (world_open(&w) != -EUCLEAN || !strstr(w.e.text, damages[i].row) ||
			!streq(w.e.source, file))
			fail_msg("%s: %s: %s", damages[i].sql, w.e.source, w.e.text);
		world_close(&w);
	}
}

static void test_no_database(void **state)
{
	struct world w;
	FILE *f = fopen(file, "w");

	fputs("This is no database, but a text that is long enough to be looked at.\n", f);
	fclose(f);
	assert_true(world_open(&w) < 0);
	assert_string_equal(w.e.source, file);
	world_close(&w);
}

/* A snapshot that is damaged changes nothing. */
static void test_damaged_snapshot(void **state)
{
	struct world w;
	char path[64], sql[128];

	snprintf(path, sizeof(path), "%s/snapshot.db", folder);
	make_state();
	assert_int_equal(world_open(&w), 0);
	assert_int_equal(persist_save(path, &w.em, &w.e), 0);
	add_user(&w, "\"b@a\"");
	snprintf(sql, sizeof(sql), "ATTACH '%s' AS s; UPDATE s.object SET type = 9 WHERE idx = 1",
		path);
	tamper(sql);
	assert_int_equal(persist_restore(path, &w.em, &w.e), -EUCLEAN);
	assert_true(is_there(&w, "\"a@a\"") && is_there(&w, "\"b@a\""));
	assert_int_equal(persist_flush(w.p, &w.em, &w.e), 0);

	snprintf(sql, sizeof(sql), "ATTACH '%s' AS s; UPDATE s.object SET type = 1 WHERE idx = 1",
		path);
	tamper(sql);
	assert_int_equal(persist_restore(path, &w.em, &w.e), 0);
	assert_true(is_there(&w, "\"a@a\"") && !is_there(&w, "\"b@a\""));
	assert_int_equal(w.em.audits.n, 1);
	world_close(&w);
	assert_int_equal(world_open(&w), 0);
	assert_true(is_there(&w, "\"a@a\"") && !is_there(&w, "\"b@a\""));
	assert_int_equal(w.em.audits.n, 1);
	world_close(&w);
	unlink(path);
	snprintf(path, sizeof(path), "%s/snapshot.db-wal", folder);
	unlink(path);
	snprintf(path, sizeof(path), "%s/snapshot.db-shm", folder);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_round_trip, fresh),
		cmocka_unit_test_setup(test_busy, fresh),
		cmocka_unit_test_setup(test_commit_fails, fresh),
		cmocka_unit_test_setup(test_damage, fresh),
		cmocka_unit_test_setup(test_no_database, fresh),
		cmocka_unit_test_setup(test_damaged_snapshot, fresh),
	};
	int r;

	if (!mkdtemp(folder))
		return 1;
	snprintf(file, sizeof(file), "%s/tenant.db", folder);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	remove_files();
	rmdir(folder);
	return r;
}
