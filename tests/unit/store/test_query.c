/* Statements: what is bound, what is read, and which errno an error of SQLite becomes. */
#include "fixture.h"
#include "store/connector_row.h"
#include "store/cs_page.h"
#include "store/error.h"
#include "store/query.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

/* One statement of the layer that takes integers, ids, texts and blobs, NULL or not. */
static void test_binding(void **state)
{
	static const char BYTES[] = {'a', 0, 'b'};
	struct fixture *f = *state;
	struct store *s = f->store;
	sqlite3_stmt *st;

	GOOD(store_begin(s, &f->err));
	GOOD(q_exec(s, Q_CONNECTOR_INSERT, &f->err, S("a"), S("ad")));
	GOOD(q_exec(s, Q_CONNECTOR_UPDATE, &f->err, I(1), BLOB(BYTES, 3), I(INT64_MIN),
		I(INT64_MAX), I(-1), S(""), I(true), I(false), I(ERROR_OUTBOUND), ID(7)));
	GOOD(q_start(s, Q_CONNECTOR_FIND, &f->err, S("a")));
	st = s->stmts[Q_CONNECTOR_FIND];
	assert_int_equal(q_step(s, Q_CONNECTOR_FIND, &f->err), 1);
	assert_int_equal(sqlite3_column_bytes(st, 3), 3);
	assert_memory_equal(sqlite3_column_blob(st, 3), BYTES, 3);
	assert_int_equal(sqlite3_column_int64(st, 4), INT64_MIN);
	assert_int_equal(sqlite3_column_int64(st, 5), INT64_MAX);
	assert_int_equal(sqlite3_column_int64(st, 6), -1);
	assert_int_equal(sqlite3_column_type(st, 7), SQLITE_TEXT);
	assert_int_equal(sqlite3_column_int64(st, 8), 1);
	assert_int_equal(sqlite3_column_int64(st, 10), ERROR_OUTBOUND);
	assert_int_equal(sqlite3_column_int64(st, 11), 7);
	q_end(s, Q_CONNECTOR_FIND);
	GOOD(q_exec(s, Q_CONNECTOR_UPDATE, &f->err, I(1), BLOB(NULL, 3), I(0), I(0), I(0), S(NULL),
		I(0), I(0), I(0), ID(0)));
	GOOD(q_start(s, Q_CONNECTOR_FIND, &f->err, S("a")));
	assert_int_equal(q_step(s, Q_CONNECTOR_FIND, &f->err), 1);
	assert_int_equal(sqlite3_column_type(st, 3), SQLITE_NULL);
	assert_int_equal(sqlite3_column_type(st, 4), SQLITE_INTEGER);
	assert_int_equal(sqlite3_column_type(st, 7), SQLITE_NULL);
	assert_int_equal(sqlite3_column_type(st, 11), SQLITE_NULL);
	q_end(s, Q_CONNECTOR_FIND);
	store_rollback(s);
}

/* A value of an earlier call does not stay. */
static void test_bindings_end(void **state)
{
	struct fixture *f = *state;
	struct store *s = f->store;
	char *text;

	assert_int_equal(q_any(s, Q_META_GET, &f->err, S("no such name")), 0);
	text = sqlite3_expanded_sql(s->stmts[Q_META_GET]);
	assert_non_null(strstr(text, "NULL"));
	sqlite3_free(text);
}

static void test_lists(void **state)
{
	struct fixture *f = *state;
	struct connector_row row, *rows = NULL;
	struct store *s = f->store;
	int64_t id = 5;
	unsigned n = 9;

	GOOD(store_begin(s, &f->err));
	assert_int_equal(q_get(s, Q_CS_MV_OF, q_read_id, NULL, &id, &f->err, I(1)), STORE_NONE);
	assert_int_equal(id, 5);
	GOOD(connector_list(s, &f->arena, &rows, &n, &f->err));
	assert_int_equal(n, 0);
	for (int i = 0; i < 40; i++) {
		char name[8];

		snprintf(name, sizeof(name), "c%d", i);
		GOOD(connector_ensure(s, name, "ad", &f->arena, &row, &f->err));
	}
	GOOD(connector_list(s, &f->arena, &rows, &n, &f->err));
	assert_int_equal(n, 40);
	for (unsigned i = 1; i < n; i++)
		assert_true(rows[i].id > rows[i - 1].id);
	assert_string_equal(rows[39].name, "c39");
	store_rollback(s);
}

static void ask_with_too_few(struct fixture *f)
{
	(void)!q_any(f->store, Q_CS_HAS_CHANGED, &f->err, I(1));
}

static void write_outside(struct fixture *f)
{
	(void)!meta_set(f->store, "x", "y", &f->err);
}

static void begin_twice(struct fixture *f)
{
	if (store_begin(f->store, &f->err) == 0)
		(void)!store_begin(f->store, &f->err);
}

static void begin_as_reader(struct fixture *f)
{
	struct store *s;

	if (store_open(f->path, STORE_READ, &s, &f->err) == 0)
		(void)!store_begin(s, &f->err);
}

static void ask_for_no_row(struct fixture *f)
{
	struct cs_row row;

	(void)!cs_get(f->store, -1, &f->arena, &row, &f->err);
}

static void set_no_state(struct fixture *f)
{
	if (store_begin(f->store, &f->err) == 0)
		(void)!cs_set_state(f->store, 1, EXPORT_STATE_COUNT, &f->err);
}

/* What only a bug can do ends the process, and is not an answer. */
static void test_bugs(void **state)
{
	static void (*const BUGS[])(struct fixture *) = {ask_with_too_few, write_outside,
		begin_twice, begin_as_reader, ask_for_no_row, set_no_state};
	struct rlimit none = {0, 0};
	struct fixture *f = *state;

	for (unsigned i = 0; i < ARRAY_SIZE(BUGS); i++) {
		int status;
		pid_t pid = fork();

		if (pid == 0) {
			int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

			setrlimit(RLIMIT_CORE, &none);
			signal(SIGABRT, SIG_DFL);
			dup2(quiet, STDERR_FILENO);
			BUGS[i](f);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (!WIFSIGNALED(status))
			fail_msg("bug %u did not end the process: %d", i, status);
		assert_int_equal(WTERMSIG(status), SIGABRT);
	}
}

static int fill(struct fixture *f, int64_t connector)
{
	static const char BIG[65536] = "x";
	int r = 0;

	for (int i = 0; r == 0 && i < 1000; i++) {
		char dn[16];
		struct cs_row row = {.connector = connector,
			.class = "user",
			.dn = dn,
			.imported = BIG,
			.imported_len = sizeof(BIG)};

		snprintf(dn, sizeof(dn), "cn=%d", i);
		r = cs_insert(f->store, &row, &f->err);
	}
	return r;
}

static void test_full(void **state)
{
	struct fixture *f = *state;
	struct connector_row row;

	GOOD(store_begin(f->store, &f->err));
	GOOD(connector_ensure(f->store, "a", "ad", &f->arena, &row, &f->err));
	GOOD(store_commit(f->store, &f->err));
	assert_int_equal(
		sqlite3_exec(f->store->db, "PRAGMA max_page_count = 200", NULL, NULL, NULL),
		SQLITE_OK);
	GOOD(store_begin(f->store, &f->err));
	assert_int_equal(fill(f, row.id), -ENOSPC);
	assert_int_equal(f->err.code, -ENOSPC);
	assert_non_null(strstr(f->err.text, "make room"));
	store_rollback(f->store);
	GOOD(store_begin(f->store, &f->err));
	GOOD(store_commit(f->store, &f->err));
}

static void test_locked(void **state)
{
	struct fixture *f = *state;
	struct store *other;

	GOOD(store_open(f->path, STORE_WRITE, &other, &f->err));
	GOOD(store_begin(other, &f->err));
	sqlite3_busy_timeout(f->store->db, 0);
	assert_int_equal(store_begin(f->store, &f->err), -EBUSY);
	assert_string_equal(f->err.source, f->path);
	store_rollback(other);
	store_close(other);
	GOOD(store_begin(f->store, &f->err));
	GOOD(store_commit(f->store, &f->err));
}

static void test_corrupt(void **state)
{
	struct fixture *f = *state;
	struct connector_row row;
	struct cs_row *rows;
	unsigned n;
	char junk[4096];
	int fd;

	GOOD(store_begin(f->store, &f->err));
	GOOD(connector_ensure(f->store, "a", "ad", &f->arena, &row, &f->err));
	GOOD(fill(f, row.id));
	GOOD(store_commit(f->store, &f->err));
	store_close(f->store);
	f->store = NULL;
	memset(junk, 0xa5, sizeof(junk));
	fd = open(f->path, O_WRONLY | O_CLOEXEC);
	/* the first pages tell the schema: it opens, and rows cannot be read */
	for (off_t at = 100 * 4096; at < 1100 * 4096; at += 4096)
		assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
	close(fd);
	GOOD(store_open(f->path, STORE_READ, &f->store, &f->err));
	assert_int_equal(cs_page_changed(f->store, row.id, 0, 1000, &f->arena, &rows, &n, &f->err),
		-EUCLEAN);
}

/* Where SQLite has no error, its text is not taken for one. */
static void test_no_error(void **state)
{
	struct fixture *f = *state;
	unsigned attr = attr_intern("anAttributeThatNoStoreHas");
	uint32_t id;

	assert_int_equal(store_error(f->store, "something", &f->err), -EIO);
	assert_null(strstr(f->err.text, "not an error"));
	assert_int_equal(store_attr(f->store, attr, &id, &f->err), -EROFS);
	assert_non_null(strstr(f->err.text, "anAttributeThatNoStoreHas"));
	assert_int_equal(store_attr_map(f->store)->add(store_attr_map(f->store), attr), 0);
	assert_int_equal(store_attr_error(f->store, &f->err), -EROFS);
	GOOD(store_begin(f->store, &f->err)); /* a new transaction, a new try */
	assert_int_equal(store_attr_error(f->store, &f->err), 0);
	GOOD(store_attr(f->store, attr, &id, &f->err));
	assert_true(id > 0);
	store_rollback(f->store);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_up, fixture_down)
	const struct CMUnitTest tests[] = {
		T(test_binding),
		T(test_bindings_end),
		T(test_lists),
		T(test_bugs),
		T(test_full),
		T(test_locked),
		T(test_corrupt),
		T(test_no_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
