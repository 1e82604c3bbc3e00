/* The file itself: opening, schema and upgrades, transactions, attribute numbers, meta. */
#include "store/query.h"
#include "store/store.h"
#include "store/tally.h"
#include "store/upgrade.h"
#include "store/store_schema.inc"
#include "store/store_upgrade_2.inc"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#define APPLICATION_ID 0x61647379 /* "adsy" */
/* One row per version: the SQL that leads from the one before; applied in order. */
static const struct {
	int to;
	const char *sql;
} UPGRADES[] = {
	{1, store_schema},
	{2, store_upgrade_2},
};
#define STORE_VERSION UPGRADES[ARRAY_SIZE(UPGRADES) - 1].to

static int pragma(struct store *s, const char *text, struct err *e)
{
	if (sqlite3_exec(s->db, text, NULL, NULL, NULL) != SQLITE_OK)
		return store_error(s, text, e);
	return 0;
}

static int pragma_int(struct store *s, const char *text, int64_t *ret, struct err *e)
{
	sqlite3_stmt *st = NULL;
	int r = 0;

	if (sqlite3_prepare_v2(s->db, text, -1, &st, NULL) != SQLITE_OK ||
		sqlite3_step(st) != SQLITE_ROW)
		r = store_error(s, text, e);
	else
		*ret = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	return r;
}

static int check_identity(struct store *s, int64_t *ret_version, struct err *e)
{
	int64_t app = 0, tables = 0;

	TRY(pragma_int(s, "PRAGMA application_id", &app, e));
	TRY(pragma_int(s, "PRAGMA user_version", ret_version, e));
	TRY(q_get(s, Q_SCHEMA_SIZE, q_read_id, NULL, &tables, e));
	if (tables && app != APPLICATION_ID)
		return err_set(e, -EUCLEAN, s->path, 0,
			"is a database of another program; choose another state_directory");
	if (*ret_version > STORE_VERSION)
		return err_set(e, -ENOTSUP, s->path, 0,
			"has version %" PRId64
			", this program knows versions up to %d; run the newer "
			"adsyncd that wrote it, or restore a copy from before the upgrade",
			*ret_version, STORE_VERSION);
	return 0;
}

/* Within the transaction. */
static int upgrade_steps(struct store *s, struct err *e)
{
	char text[80];
	int64_t version = 0;

	/* another process may have been first since the version was looked at */
	TRY(pragma_int(s, "PRAGMA user_version", &version, e));
	for (unsigned i = 0; i < ARRAY_SIZE(UPGRADES); i++)
		if (UPGRADES[i].to > version &&
			sqlite3_exec(s->db, UPGRADES[i].sql, NULL, NULL, NULL) != SQLITE_OK) {
			snprintf(text, sizeof(text), "upgrade to version %d", UPGRADES[i].to);
			return store_error(s, text, e);
		}
	if (version == 1)
		TRY(dn_keys_rebuild(s, e));
	TRY(tally_recount(s, e));
	snprintf(text, sizeof(text), "PRAGMA application_id = %d; PRAGMA user_version = %d",
		APPLICATION_ID, STORE_VERSION);
	return pragma(s, text, e);
}

static int upgrade(struct store *s, int64_t version, struct err *e)
{
	int r;

	if (version == STORE_VERSION)
		return 0;
	TRY(store_begin(s, e));
	r = upgrade_steps(s, e);
	if (r == 0)
		r = store_commit(s, e);
	if (r < 0)
		store_rollback(s);
	return r;
}

/* Gives an attribute the next number. */
static int attribute_new(struct store *s, unsigned attr, uint32_t *ret, struct err *e)
{
	uint32_t id = s->attrs + 1;

	if (!s->in_transaction)
		return err_set(e, -EROFS, s->path, 0,
			"attribute \"%s\" has no number yet, the next cycle gives it one",
			attr_name(attr));
	if (id >= ATTR_MAX)
		return err_set(e, -E2BIG, s->path, 0, "over %d attribute names", ATTR_MAX);
	TRY(q_exec(s, Q_ATTRIBUTE_ADD, e, I(id), S(attr_name(attr))));
	s->attrs = id;
	s->map.to_store[attr] = id;
	s->map.from_store[id] = attr;
	*ret = id;
	return 0;
}

int store_attr(struct store *s, unsigned attr, uint32_t *ret, struct err *e)
{
	assert(attr > 0 && attr < ATTR_MAX);
	if (!s->map.to_store[attr])
		return attribute_new(s, attr, ret, e);
	*ret = s->map.to_store[attr];
	return 0;
}

/* For the map, which has no room for the reason. */
static uint32_t attribute_add(struct attr_map *map, unsigned attr)
{
	struct store *s = map->ctx;
	uint32_t id;

	return attribute_new(s, attr, &id, &s->attr_error) < 0 ? 0 : id;
}

static int load_attributes(struct store *s, struct err *e)
{
	int r;

	TRY(q_start(s, Q_ATTRIBUTE_LIST, e));
	while ((r = q_step(s, Q_ATTRIBUTE_LIST, e)) > 0) {
		sqlite3_stmt *st = s->stmts[Q_ATTRIBUTE_LIST];
		int64_t id = sqlite3_column_int64(st, 0);
		unsigned attr = attr_intern((const char *)sqlite3_column_text(st, 1));

		if (id <= 0 || id >= ATTR_MAX || !attr) {
			q_end(s, Q_ATTRIBUTE_LIST);
			return err_set(
				e, -EUCLEAN, s->path, 0, "over %d attribute names", ATTR_MAX);
		}
		s->map.to_store[attr] = (uint32_t)id;
		s->map.from_store[id] = attr;
		s->attrs = MAX(s->attrs, (uint32_t)id);
	}
	return r;
}

/* A reader sees rows that a run has written since it opened the store, and their attributes. */
static bool attribute_find(const struct attr_map *map, uint32_t id)
{
	struct store *s = map->ctx;
	struct err ignored;

	return id && load_attributes(s, &ignored) == 0 && s->map.from_store[id];
}

static int load_seq(struct store *s, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *text;
	int r = meta_get(s, "next_seq", &a, &text, e);

	if (r == 0)
		s->seq = strtoll(text, NULL, 10);
	return MIN(r, 0);
}

static int open_file(struct store *s, struct err *e)
{
	int flags = s->mode == STORE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
	                                   : SQLITE_OPEN_READONLY;
	int64_t version = 0;

	if (s->mode == STORE_WRITE) { /* SQLite would create it with the umask's mode */
		_cleanup_close_ int fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

		if (fd < 0)
			return err_set(e, -errno, s->path, 0, "cannot open: %s", strerror(errno));
	}
	if (sqlite3_open_v2(s->path, &s->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return s->db ? store_error(s, "cannot open", e)
		             : err_set(e, -ENOMEM, s->path, 0, "cannot open");
	sqlite3_extended_result_codes(s->db, 1);
	sqlite3_busy_timeout(s->db, s->mode == STORE_PEEK ? 5 : 5000);
	TRY(check_identity(s, &version, e));
	TRY(pragma(s, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY", e));
	if (s->mode != STORE_WRITE && version < STORE_VERSION)
		return err_set(e, -ENOTSUP, s->path, 0,
			"has version %" PRId64 "; the next cycle upgrades it to %d", version,
			STORE_VERSION);
	if (s->mode != STORE_WRITE) /* for a moment */
		return pragma(s, "PRAGMA cache_size = -1000", e);
	TRY(pragma(s,
		"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
		"PRAGMA cache_size = -12000;"
		"PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 33554432",
		e));
	TRY(upgrade(s, version, e));
	s->tally = tally_new(s);
	return 0;
}

/*
 * Each of our processes has one thread. Without locks and memory statistics, which nobody reads,
 * SQLite is faster by a tenth. Ignored when SQLite is in use already.
 */
static void configure_sqlite(void)
{
	static bool done;

	if (!done) {
		sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
		sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	}
	done = true;
}

int store_open(const char *path, enum store_mode mode, struct store **ret, struct err *e)
{
	struct store *s = xcalloc(1, sizeof(*s));
	int r;

	configure_sqlite();
	s->path = xstrdup(path);
	s->mode = mode;
	s->map.add = attribute_add;
	s->map.find = attribute_find;
	s->map.ctx = s;
	r = open_file(s, e);
	if (r == 0)
		r = load_attributes(s, e);
	if (r == 0)
		r = load_seq(s, e);
	if (r < 0) {
		store_close(s);
		return r;
	}
	*ret = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	for (int i = 0; i < Q_COUNT; i++)
		sqlite3_finalize(s->stmts[i]);
	sqlite3_close(s->db);
	tally_free(s->tally);
	free(s->path);
	free(s);
}

int store_begin(struct store *s, struct err *e)
{
	assert(s->mode == STORE_WRITE && !s->in_transaction);
	TRY(q_exec(s, Q_BEGIN, e));
	s->in_transaction = true;
	s->attr_error = (struct err){0};
	s->taken_back = false;
	s->seq_at_begin = s->seq;
	s->attrs_at_begin = s->attrs;
	return 0;
}

int store_ensure_transaction(struct store *s, struct err *e)
{
	return s->in_transaction ? 0 : store_begin(s, e);
}

bool store_in_transaction(const struct store *s)
{
	return s->in_transaction;
}

int store_commit(struct store *s, struct err *e)
{
	char text[24];

	assert(s->in_transaction);
	TRY(tally_flush(s, e));
	if (s->seq != s->seq_at_begin) {
		snprintf(text, sizeof(text), "%" PRId64, s->seq);
		TRY(meta_set(s, "next_seq", text, e));
	}
	TRY(q_exec(s, Q_COMMIT, e));
	s->in_transaction = false;
	return 0;
}

void store_rollback(struct store *s)
{
	struct err e;

	if (!s->in_transaction)
		return;
	s->in_transaction = false;
	if (s->tally)
		tally_drop(s->tally);
	s->seq = s->seq_at_begin;
	for (uint32_t id = s->attrs_at_begin + 1; id <= s->attrs; id++) {
		s->map.to_store[s->map.from_store[id]] = 0;
		s->map.from_store[id] = 0;
	}
	s->attrs = s->attrs_at_begin;
	for (int i = 0; i < Q_COUNT; i++)
		if (s->stmts[i])
			q_end(s, i);
	/*
	 * After some errors, a full disk for one, SQLite has done it by itself. If it cannot, the
	 * next store_begin() fails and says so, and nothing is committed.
	 */
	if (!sqlite3_get_autocommit(s->db) && q_exec(s, Q_ROLLBACK, &e) < 0)
		return;
}

struct attr_map *store_attr_map(struct store *s)
{
	return &s->map;
}

int store_attr_error(const struct store *s, struct err *e)
{
	if (s->attr_error.code < 0)
		*e = s->attr_error;
	return s->attr_error.code;
}

int64_t store_seq(const struct store *s)
{
	return s->seq;
}

int meta_get(struct store *s, const char *name, struct arena *a, const char **ret, struct err *e)
{
	return q_get(s, Q_META_GET, q_read_text, a, ret, e, S(name));
}

int meta_set(struct store *s, const char *name, const char *value, struct err *e)
{
	return q_exec(s, Q_META_SET, e, S(name), S(value));
}
