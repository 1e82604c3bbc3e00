/* store: rows, transactions, crashes, foreign and newer files. */
#include "fixture.h"
#include "model/image.h"
#include "store/connector_row.h"
#include "store/container.h"
#include "store/cs_link.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "store/outbox.h"
#include "store/query.h"
#include "store/run_row.h"
#include "store/upgrade.h"
#include "store/wait.h"
#include "model/dn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static int64_t make_connector(struct fixture *f)
{
	struct connector_row c = {0};

	GOOD(connector_ensure(f->store, "a", "ad", &f->arena, &c, &f->err));
	return c.id;
}

static void make_row(struct fixture *f, int64_t connector, const char *dn, struct cs_row *row)
{
	*row = (struct cs_row){.connector = connector,
		.class = "user",
		.dn = dn,
		.anchor = dn,
		.imported = "\1x",
		.imported_len = 2};
	GOOD(cs_insert(f->store, row, &f->err));
}

static void test_rows(void **state)
{
	struct fixture *f = *state;
	struct cs_row row, got, *rows;
	int64_t c, id;
	unsigned n;

	GOOD(store_begin(f->store, &f->err));
	c = make_connector(f);
	make_row(f, c, "CN=Åse,DC=x", &row);
	GOOD(cs_find_dn(f->store, c, "cn=åSE , dc=X", &f->arena, &got, &f->err));
	assert_int_equal(got.id, row.id);
	assert_int_equal(got.imported_len, 2);
	assert_null(got.wanted);
	assert_int_equal(cs_find_dn(f->store, c, "cn=b", &f->arena, &got, &f->err), STORE_NONE);
	got = row;
	got.transient = true;
	GOOD(cs_update(f->store, &got, true, &f->err));
	assert_true(got.seq > row.seq);
	assert_int_equal(cs_id_by_dn(f->store, c, "CN=Åse,DC=x", &id, &f->err), STORE_NONE);
	GOOD(cs_page_changed(f->store, c, row.seq, 10, &f->arena, &rows, &n, &f->err));
	assert_int_equal(n, 1);
	GOOD(cs_page_changed(f->store, c, got.seq, 10, &f->arena, &rows, &n, &f->err));
	assert_int_equal(n, 0);
	GOOD(cs_search(f->store, 0, "ÅSE", 10, &f->arena, &rows, &n, &f->err));
	assert_int_equal(n, 0); /* transient: no key to search */
	GOOD(cs_delete(f->store, row.id, &f->err));
	assert_int_equal(cs_delete(f->store, row.id, &f->err), STORE_NONE);
	GOOD(store_commit(f->store, &f->err));
}

/* What was accepted and is never shown stays with the row, whatever else is written. */
static void test_acknowledged(void **state)
{
	struct fixture *f = *state;
	struct cs_row row, got, *rows;
	int64_t c;
	unsigned n;

	GOOD(store_begin(f->store, &f->err));
	c = make_connector(f);
	make_row(f, c, "cn=u", &row);
	GOOD(cs_get(f->store, row.id, &f->arena, &got, &f->err));
	assert_null(got.acknowledged);
	got.acknowledged = "\1y";
	got.acknowledged_len = 2;
	got.state = EXPORT_STATE_SENDING;
	GOOD(cs_set_acknowledged(f->store, &got, &f->err));
	GOOD(cs_set_state(f->store, row.id, EXPORT_STATE_PENDING, &f->err));
	GOOD(cs_page_state(f->store, c, EXPORT_STATE_PENDING, 0, 9, &f->arena, &rows, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].acknowledged_len, 2);
	assert_memory_equal(rows[0].acknowledged, "\1y", 2);
	rows[0].dn = "cn=other";
	GOOD(cs_update(f->store, &rows[0], true, &f->err));
	GOOD(cs_find_dn(f->store, c, "cn=other", &f->arena, &got, &f->err));
	assert_memory_equal(got.acknowledged, "\1y", 2);
	got.acknowledged = NULL;
	got.anchor = "a";
	got.export_all = true;
	GOOD(cs_set_exported(f->store, &got, &f->err));
	GOOD(cs_find_anchor(f->store, c, "a", &f->arena, &got, &f->err));
	assert_null(got.acknowledged);
	assert_false(got.export_all);
	store_rollback(f->store);
}

static void test_links(void **state)
{
	struct fixture *f = *state;
	struct cs_row group, user, other;
	unsigned member = attr_intern("member"), n;
	struct cs_link l, *links;
	int64_t c, count;

	GOOD(store_begin(f->store, &f->err));
	c = make_connector(f);
	make_row(f, c, "cn=g", &group);
	make_row(f, c, "cn=u", &user);
	make_row(f, c, "cn=o", &other);
	l = (struct cs_link){.cs = group.id, .attr = member, .target = user.id, .imported = true};
	GOOD(cs_link_put(f->store, &l, true, &f->err));
	GOOD(cs_link_count(f->store, group.id, member, &count, &f->err));
	assert_int_equal(count, 1);
	assert_int_equal(cs_link_is_target(f->store, user.id, &f->err), 1);
	assert_true(cs_delete(f->store, user.id, &f->err) < 0); /* a foreign key holds it */
	GOOD(cs_link_repoint(f->store, user.id, other.id, &f->err));
	GOOD(cs_link_list(f->store, group.id, 0, &f->arena, &links, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(links[0].target, other.id);
	assert_int_equal(links[0].attr, member);
	GOOD(cs_delete(f->store, user.id, &f->err));
	links[0].imported = false;
	GOOD(cs_link_put(f->store, &links[0], true, &f->err));
	GOOD(cs_link_purge(f->store, c, store_seq(f->store), &f->err));
	assert_int_equal(cs_link_is_target(f->store, other.id, &f->err), 0);
	store_rollback(f->store);
}

static void test_rollback(void **state)
{
	struct fixture *f = *state;
	unsigned attr = attr_intern("anAttributeOfThisTest");
	struct cs_row row;
	int64_t c, seq;

	GOOD(store_begin(f->store, &f->err));
	c = make_connector(f);
	GOOD(store_commit(f->store, &f->err));
	seq = store_seq(f->store);
	GOOD(store_begin(f->store, &f->err));
	make_row(f, c, "cn=x", &row);
	assert_int_not_equal(store_attr_map(f->store)->add(store_attr_map(f->store), attr), 0);
	store_rollback(f->store);
	assert_int_equal(store_seq(f->store), seq);
	assert_int_equal(store_attr_map(f->store)->to_store[attr], 0);
	assert_int_equal(cs_get(f->store, row.id, &f->arena, &row, &f->err), STORE_NONE);
}

/* A reader that was there before a run reads what the run writes, new attributes included. */
static void test_new_attribute_seen_by_a_reader(void **state)
{
	struct fixture *f = *state;
	unsigned attr = attr_intern("anAttributeThatIsNew");
	_cleanup_buf_ struct buf image = {0};
	struct store *reader;
	struct entry en;

	GOOD(store_open(f->path, STORE_READ, &reader, &f->err));
	GOOD(store_begin(f->store, &f->err));
	entry_init(&en, &f->arena);
	entry_set(&en, attr, value_string("x"));
	assert_true(image_encode(&en, store_attr_map(f->store), &image));
	entry_init(&en, &f->arena);
	assert_false(image_decode(image.data, image.len, store_attr_map(reader), &en));
	GOOD(store_commit(f->store, &f->err));
	entry_init(&en, &f->arena);
	assert_true(image_decode(image.data, image.len, store_attr_map(reader), &en));
	assert_string_equal(entry_string(&en, attr), "x");
	store_close(reader);
}

static void test_errors_and_outbox(void **state)
{
	struct fixture *f = *state;
	struct record r = {.event = EVENT_SOA_BLOCKED, .message = "m"};
	struct outbox_row *out;
	struct error_row er;
	struct cs_row row;
	unsigned n;
	int count;

	GOOD(store_begin(f->store, &f->err));
	make_row(f, make_connector(f), "cn=e", &row);
	GOOD(error_put(f->store, row.id, ERROR_EXPORT, "t", "one", 10, 20, &count, &f->err));
	GOOD(error_put(f->store, row.id, ERROR_EXPORT, "t", "two", 30, 40, &count, &f->err));
	assert_int_equal(count, 2);
	GOOD(error_get(f->store, row.id, ERROR_EXPORT, &f->arena, &er, &f->err));
	assert_int_equal(er.first, 10);
	assert_int_equal(er.last, 30);
	assert_string_equal(er.text, "two");
	record_add(&r, RECORD_DN, "cn=e");
	GOOD(outbox_add(f->store, &r, &f->err));
	GOOD(outbox_list(f->store, 0, 10, &f->arena, &out, &n, &f->err));
	assert_int_equal(n, 1);
	assert_non_null(strstr(out[0].record, "SOA_BLOCKED"));
	GOOD(outbox_delete(f->store, out[0].id, &f->err));
	GOOD(outbox_list(f->store, 0, 10, &f->arena, &out, &n, &f->err));
	assert_int_equal(n, 0);
	store_rollback(f->store);
}

/* One object: each direction and target has an error of its own, and clears no other's. */
static void test_errors_by_connector(void **state)
{
	static const enum error_phase OWN[] = {ERROR_IMPORT, ERROR_SYNC, ERROR_EXPORT};
	struct fixture *f = *state;
	struct connector_row target[2];
	struct error_row *rows;
	struct cs_row row;
	int64_t count, ids[10];
	unsigned n;

	GOOD(store_begin(f->store, &f->err));
	make_row(f, make_connector(f), "cn=e", &row);
	GOOD(connector_ensure(f->store, "one", "entra", &f->arena, &target[0], &f->err));
	GOOD(connector_ensure(f->store, "two", "entra", &f->arena, &target[1], &f->err));
	for (unsigned i = 0; i < ARRAY_SIZE(OWN); i++)
		GOOD(error_put(f->store, row.id, OWN[i], "t", "own", 1, 0, NULL, &f->err));
	for (unsigned i = 0; i < 2; i++)
		GOOD(error_put_outbound(
			f->store, row.id, target[i].id, "t", target[i].name, 1, &f->err));
	GOOD(error_list(f->store, 10, &f->arena, &rows, &n, &f->err));
	assert_int_equal(n, 5);
	assert_string_equal(rows[0].step, rows[0].connector);
	assert_string_equal(rows[3].step, "one");
	assert_string_equal(rows[4].text, "two");
	GOOD(error_clear_outbound(f->store, row.id, target[0].id, &f->err));
	GOOD(error_clear(f->store, row.id, ERROR_SYNC, &f->err));
	GOOD(error_count(f->store, target[0].id, ERROR_OUTBOUND, &count, &f->err));
	assert_int_equal(count, 0);
	GOOD(error_count(f->store, target[1].id, ERROR_OUTBOUND, &count, &f->err));
	assert_int_equal(count, 1);
	GOOD(error_page(f->store, target[1].id, ERROR_OUTBOUND, 0, 10, ids, &n, &f->err));
	assert_int_equal(n, 1);
	assert_int_equal(ids[0], row.id);
	GOOD(error_clear_all(f->store, row.id, &f->err));
	GOOD(error_list(f->store, 10, &f->arena, &rows, &n, &f->err));
	assert_int_equal(n, 0);
	store_rollback(f->store);
}

static unsigned waiting(struct fixture *f, unsigned attr, int64_t hash)
{
	int64_t *ids;
	unsigned n;

	GOOD(wait_find(f->store, &(struct mv_key){attr, hash}, &f->arena, &ids, &n, &f->err));
	return n;
}

static void test_waiting(void **state)
{
	struct fixture *f = *state;
	unsigned attr = attr_intern("objectSidString"), other = attr_intern("mail");
	struct mv_key keys[] = {{attr, 7}, {other, 7}, {attr, 7}, {attr, 3}};
	struct cs_row row;

	GOOD(store_begin(f->store, &f->err));
	make_row(f, make_connector(f), "cn=e", &row);
	GOOD(wait_any(f->store, &f->err));
	assert_int_equal(wait_set(f->store, row.id, keys, 4, &f->err), 1);
	assert_int_equal(wait_set(f->store, row.id, keys, 4, &f->err), 1);
	assert_int_equal(wait_any(f->store, &f->err), 1);
	assert_int_equal(waiting(f, attr, 7), 1);
	assert_int_equal(waiting(f, other, 3), 0);
	assert_int_equal(wait_set(f->store, row.id, keys, 2, &f->err), 1);
	assert_int_equal(waiting(f, attr, 3), 0);
	assert_int_equal(waiting(f, other, 7), 1);
	GOOD(cs_has_changed(f->store, row.connector, store_seq(f->store), &f->err));
	GOOD(cs_touch(f->store, row.id, &f->err));
	assert_int_equal(
		cs_has_changed(f->store, row.connector, store_seq(f->store) - 1, &f->err), 1);
	GOOD(cs_delete(f->store, row.id, &f->err)); /* and does not wait any more */
	GOOD(wait_any(f->store, &f->err));
	store_rollback(f->store);
}

static void test_runs(void **state)
{
	struct fixture *f = *state;
	struct step_row step = {.number = 1, .type = "full-import", .started = 5};
	struct step_row *steps;
	struct run_row run;
	unsigned n;

	GOOD(store_begin(f->store, &f->err));
	GOOD(run_row_insert(f->store, "delta", 5, &step.run, &f->err));
	GOOD(step_row_insert(f->store, &step, &f->err));
	step.ended = 6;
	step.result = "success";
	step.counters = "{}";
	GOOD(step_row_update(f->store, &step, &f->err));
	GOOD(run_row_get(f->store, 0, &f->arena, &run, &steps, &n, &f->err));
	assert_int_equal(run.id, step.run);
	assert_null(run.result);
	assert_int_equal(n, 1);
	assert_string_equal(steps[0].result, "success");
	GOOD(run_row_end_stale(f->store, 7, "stopped-service-shutdown", &f->err));
	GOOD(run_row_purge(f->store, 8, &f->err));
	assert_int_equal(
		run_row_get(f->store, 0, &f->arena, &run, &steps, &n, &f->err), STORE_NONE);
	store_rollback(f->store);
}

/* A writer killed in the middle of a transaction leaves the last committed state. */
static void test_killed(void **state)
{
	struct fixture *f = *state;
	struct cs_row row;
	int status;
	pid_t pid;

	GOOD(store_begin(f->store, &f->err));
	make_row(f, make_connector(f), "cn=kept", &row);
	GOOD(store_commit(f->store, &f->err));
	store_close(f->store);
	f->store = NULL;
	pid = fork();
	if (pid == 0) {
		struct cs_row lost = row;

		if (store_open(f->path, STORE_WRITE, &f->store, &f->err) < 0 ||
			store_begin(f->store, &f->err) < 0)
			_exit(1);
		lost.dn = lost.anchor = "cn=lost";
		for (int i = 0; i < 100; i++)
			(void)!cs_insert(f->store, &lost, NULL);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	GOOD(store_open(f->path, STORE_WRITE, &f->store, &f->err));
	GOOD(cs_get(f->store, row.id, &f->arena, &row, &f->err));
	assert_string_equal(row.dn, "cn=kept");
	assert_int_equal(cs_find_dn(f->store, row.connector, "cn=lost", &f->arena, &row, &f->err),
		STORE_NONE);
}

static void sql(const char *path, const char *text)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void test_newer_version(void **state)
{
	struct fixture *f = *state;

	store_close(f->store);
	f->store = NULL;
	sql(f->path, "PRAGMA user_version = 99");
	assert_int_equal(store_open(f->path, STORE_WRITE, &f->store, &f->err), -ENOTSUP);
	assert_non_null(strstr(f->err.text, "version 99"));
	assert_string_equal(f->err.source, f->path);
}

static void test_foreign_file(void **state)
{
	struct fixture *f = *state;
	char path[128];
	struct store *s = NULL;
	FILE *file;

	snprintf(path, sizeof(path), "%s/other.db", f->dir);
	sql(path, "CREATE TABLE t (x)");
	assert_int_equal(store_open(path, STORE_WRITE, &s, &f->err), -EUCLEAN);
	snprintf(path, sizeof(path), "%s/text.db", f->dir);
	file = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is no database\n", file);
	fclose(file);
	assert_int_equal(store_open(path, STORE_WRITE, &s, &f->err), -EUCLEAN);
	assert_null(s);
}

static void test_mode(void **state)
{
	struct fixture *f = *state;
	struct stat st;

	assert_int_equal(stat(f->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

/* A disk that fills up is a clear error, and the store is good again afterwards. */
static void test_full_disk(void **state)
{
	struct fixture *f = *state;
	struct rlimit old, small = {256 * 1024, 256 * 1024};
	static char big[65536];
	struct cs_row row;
	int r = 0;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	small.rlim_max = old.rlim_max;
	GOOD(store_begin(f->store, &f->err));
	row = (struct cs_row){.connector = make_connector(f),
		.class = "user",
		.dn = "cn=0",
		.imported = big,
		.imported_len = sizeof(big)};
	GOOD(store_commit(f->store, &f->err));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	GOOD(store_begin(f->store, &f->err));
	for (int i = 0; r == 0 && i < 400; i++) {
		char dn[16];

		snprintf(dn, sizeof(dn), "cn=%d", i);
		row.dn = dn;
		r = cs_insert(f->store, &row, &f->err);
	}
	if (r == 0)
		r = store_commit(f->store, &f->err);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_true(r < 0);
	assert_string_equal(f->err.source, f->path);
	store_rollback(f->store);
	GOOD(store_begin(f->store, &f->err));
	row.dn = "cn=after";
	GOOD(cs_insert(f->store, &row, &f->err));
	GOOD(store_commit(f->store, &f->err));
}

static int64_t insert(struct fixture *f, int64_t connector, const char *dn)
{
	struct cs_row row = {.connector = connector, .class = "user", .dn = dn};

	GOOD(cs_insert(f->store, &row, &f->err));
	return row.id;
}

static void set_key(struct fixture *f, int64_t id, const char *key)
{
	char *sql = sqlite3_mprintf("UPDATE cs SET dn_key = %Q WHERE id = %lld", key, id);

	assert_int_equal(sqlite3_exec(f->store->db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_free(sql);
}

/* Keys of an older version, among them ones that are another row's now, become those of this one.
 */
static void test_keys_are_made_anew(void **state)
{
	struct fixture *f = *state;
	struct connector_row con;
	struct cs_row row;
	int64_t connector, a, b, c, d;

	GOOD(store_begin(f->store, &f->err));
	connector = make_connector(f);
	a = insert(f, connector, "CN=Smith\\, John,DC=x");
	b = insert(f, connector, "CN=b\\ ,DC=x");
	c = insert(f, connector, "CN=b,DC=x");
	d = insert(f, connector, "CN=y+UID=z,DC=x");
	set_key(f, a, "cn=smith\\,john,dc=x");
	set_key(f, c, "transient");
	set_key(f, b, "cn=b,dc=x");
	set_key(f, c, "cn=c,dc=x");
	set_key(f, d, "cn=y+uid = z,dc=x");
	GOOD(container_put(f->store, connector, "1", "OU=R\\, D,DC=x", 1, &f->err));
	assert_int_equal(
		sqlite3_exec(f->store->db, "UPDATE container SET dn_key = 'old'", NULL, NULL, NULL),
		SQLITE_OK);
	GOOD(dn_keys_rebuild(f->store, &f->err));
	GOOD(store_commit(f->store, &f->err));
	GOOD(cs_find_dn(f->store, connector, "cn=smith\\2c john,dc=X", &f->arena, &row, &f->err));
	assert_int_equal(row.id, a);
	GOOD(cs_find_dn(f->store, connector, "CN=b\\20,DC=x", &f->arena, &row, &f->err));
	assert_int_equal(row.id, b);
	GOOD(cs_find_dn(f->store, connector, "CN=b,DC=x", &f->arena, &row, &f->err));
	assert_int_equal(row.id, c);
	GOOD(cs_find_dn(f->store, connector, "uid=z+cn=y,DC=x", &f->arena, &row, &f->err));
	assert_int_equal(row.id, d);
	{
		struct container_row *rows;
		unsigned n;

		GOOD(container_below(
			f->store, connector, "OU=R\\, D,DC=x", &f->arena, &rows, &n, &f->err));
		assert_int_equal(n, 1);
	}
	GOOD(connector_ensure(f->store, "a", "ad", &f->arena, &con, &f->err));
	assert_true(con.full_import_required);
}

/* Two spellings of one DN cannot both keep it: the import tells which is out of date. */
static void test_keys_that_have_become_one(void **state)
{
	struct fixture *f = *state;
	struct cs_row row;
	int64_t connector, a, b;

	GOOD(store_begin(f->store, &f->err));
	connector = make_connector(f);
	a = insert(f, connector, "CN=y+UID=z,DC=x");
	b = insert(f, connector, "CN=other,DC=x");
	set_key(f, a, "cn=y+uid=z ,dc=x");
	set_key(f, b, "uid=z+cn=y,dc=x");
	assert_int_equal(sqlite3_exec(f->store->db,
				 "UPDATE cs SET dn = 'UID=z+CN=y,DC=x' WHERE dn = 'CN=other,DC=x'",
				 NULL, NULL, NULL),
		SQLITE_OK);
	GOOD(dn_keys_rebuild(f->store, &f->err));
	GOOD(store_commit(f->store, &f->err));
	GOOD(cs_get(f->store, a, &f->arena, &row, &f->err));
	assert_false(row.transient);
	GOOD(cs_get(f->store, b, &f->arena, &row, &f->err));
	assert_true(row.transient);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)
	const struct CMUnitTest tests[] = {
		T(test_rows),
		T(test_acknowledged),
		T(test_links),
		T(test_rollback),
		T(test_new_attribute_seen_by_a_reader),
		T(test_errors_and_outbox),
		T(test_errors_by_connector),
		T(test_waiting),
		T(test_runs),
		T(test_killed),
		T(test_newer_version),
		T(test_foreign_file),
		T(test_mode),
		T(test_full_disk),
		T(test_keys_are_made_anew),
		T(test_keys_that_have_become_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
