/* SQLite behind the directory: one row per object, one per audit record. */
#include "tenant/persist.h"

#include "tenant/clock.h"

#include "base/codec.h"
#include "base/err.h"

#include <openssl/rand.h>
#include <sqlite3.h>

#include <errno.h>

struct persist {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *put, *put_audit, *drop_audits, *put_meta;
	/* at the last flush */
	uint64_t seq;
	unsigned n_audits;
	int64_t clock;
	bool features[FEATURE_COUNT];
};

static const char SCHEMA[] =
	"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
	"CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB) STRICT;"
	"CREATE TABLE IF NOT EXISTS object (idx INTEGER PRIMARY KEY, id TEXT NOT NULL, type "
	"INTEGER NOT NULL, flags INTEGER NOT NULL, created INTEGER NOT NULL, seq INTEGER NOT NULL, "
	"manager INTEGER NOT NULL, manager_seq INTEGER NOT NULL, deleted_at INTEGER NOT NULL, "
	"props "
	"BLOB, links BLOB) STRICT;"
	"CREATE TABLE IF NOT EXISTS audit (n INTEGER PRIMARY KEY, id TEXT, time INTEGER, activity "
	"TEXT, app_id TEXT, app_name TEXT, target_id TEXT, target_name TEXT, target_type INTEGER) "
	"STRICT;";

static int db_error(struct persist *p, struct err *e)
{
	return err_set(e, -EIO, p->path, 0, "%s", sqlite3_errmsg(p->db));
}

static int prepare(struct persist *p, const char *sql, sqlite3_stmt **ret, struct err *e)
{
	return sqlite3_prepare_v2(p->db, sql, -1, ret, NULL) == SQLITE_OK ? 0 : db_error(p, e);
}

static void load_links(struct directory *d, struct object *o, const void *blob, size_t n)
{
	o->n_links = o->cap_links = (uint32_t)(n / sizeof(*o->links));
	if (!o->n_links)
		return;
	o->links = xmalloc(n);
	memcpy(o->links, blob, n);
	for (uint32_t i = 0; i < o->n_links; i++)
		object_link_index(d, o, i);
}

static void load_object(struct emulator *em, sqlite3_stmt *st)
{
	struct object *o = directory_add(em->dir, (enum object_type)sqlite3_column_int(st, 2),
		(const char *)sqlite3_column_text(st, 1));
	int flags = sqlite3_column_int(st, 3);
	size_t n;

	o->deleted = flags & 1;
	o->purged = flags >> 1 & 1;
	o->cloud_managed = flags >> 2 & 1;
	o->roles = (unsigned char)(flags >> 8);
	o->created = (uint64_t)sqlite3_column_int64(st, 4);
	o->seq = (uint64_t)sqlite3_column_int64(st, 5);
	o->manager = sqlite3_column_int64(st, 6);
	o->manager_seq = (uint64_t)sqlite3_column_int64(st, 7);
	o->deleted_at = sqlite3_column_int64(st, 8);
	o->props_len = (size_t)sqlite3_column_bytes(st, 9);
	if (o->props_len) {
		o->props = xmalloc(o->props_len);
		memcpy(o->props, sqlite3_column_blob(st, 9), o->props_len);
	}
	load_links(em->dir, o, sqlite3_column_blob(st, 10), (size_t)sqlite3_column_bytes(st, 10));
	object_keys_add(em->dir, o);
	em->n_managed[o->type] += o->cloud_managed;
	em->n_quarantined += object_prop(o, P_ERRORS, &n) != NULL;
}

static int cmp_seq(const void *a, const void *b)
{
	const struct object *x = *(struct object *const *)a, *y = *(struct object *const *)b;

	return (x->seq > y->seq) - (x->seq < y->seq);
}

static void link_in_order(struct emulator *em)
{
	uint32_t n = directory_size(em->dir);
	struct object **all = xcalloc(n + 1, sizeof(struct object *));

	for (uint32_t i = 0; i < n; i++)
		all[i] = directory_get(em->dir, i);
	if (n)
		qsort(all, n, sizeof(struct object *), cmp_seq);
	for (uint32_t i = 0; i < n; i++) {
		object_link_in(em->dir, all[i]);
		directory_set_seq(em->dir, MAX(directory_seq(em->dir), all[i]->seq));
	}
	free(all);
	directory_index_holders(em->dir);
}

static char *column(sqlite3_stmt *st, int i)
{
	const char *v = (const char *)sqlite3_column_text(st, i);

	return xstrdup(v ? v : "");
}

static void load_audit(struct emulator *em, sqlite3_stmt *st)
{
	struct audit *a;
	_cleanup_free_ char *id = column(st, 1);

	if (!em->audits.n)
		em->audits.gone = (unsigned)sqlite3_column_int64(st, 0);
	a = audits_append(&em->audits);
	a->time = sqlite3_column_int64(st, 2);
	strncpy(a->id, id, sizeof(a->id) - 1);
	a->activity = column(st, 3);
	a->app_id = column(st, 4);
	a->app_name = column(st, 5);
	a->target_id = column(st, 6);
	a->target_name = column(st, 7);
	a->target_type = (enum object_type)sqlite3_column_int(st, 8);
}

static int load_rows(struct persist *p, struct emulator *em, const char *sql,
	void (*row)(struct emulator *em, sqlite3_stmt *st), struct err *e)
{
	sqlite3_stmt *st;
	int r = prepare(p, sql, &st, e);

	if (r < 0)
		return r;
	while ((r = sqlite3_step(st)) == SQLITE_ROW)
		row(em, st);
	sqlite3_finalize(st);
	return r == SQLITE_DONE ? 0 : db_error(p, e);
}

static int put_meta(struct persist *p, const char *name, const void *v, size_t n, struct err *e)
{
	sqlite3_bind_text(p->put_meta, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_blob(p->put_meta, 2, v, (int)n, SQLITE_STATIC);
	sqlite3_step(p->put_meta);
	return sqlite3_reset(p->put_meta) == SQLITE_OK ? 0 : db_error(p, e);
}

static void load_meta(struct emulator *em, sqlite3_stmt *st)
{
	const char *name = (const char *)sqlite3_column_text(st, 0);
	const void *v = sqlite3_column_blob(st, 1);
	size_t n = (size_t)sqlite3_column_bytes(st, 1);

	if (streq(name, "epoch") && n == 36)
		memcpy(em->epoch, v, n);
	else if (streq(name, "key") && n == sizeof(em->key))
		memcpy(em->key, v, n);
	else if (streq(name, "clock") && n == sizeof(em->clock))
		memcpy(&em->clock, v, n);
	else if (streq(name, "features") && n == sizeof(em->features))
		memcpy(em->features, v, n);
	else if (streq(name, "seq") && n == 8) {
		uint64_t seq;

		memcpy(&seq, v, 8);
		directory_set_seq(em->dir, seq);
	}
}

static int load_all(struct persist *p, struct emulator *em, struct err *e)
{
	int r = load_rows(p, em, "SELECT name, value FROM meta", load_meta, e);

	if (r == 0)
		r = load_rows(p, em, "SELECT * FROM object ORDER BY idx", load_object, e);
	if (r == 0)
		r = load_rows(p, em, "SELECT * FROM audit ORDER BY n", load_audit, e);
	if (r < 0)
		return r;
	link_in_order(em);
	p->seq = directory_seq(em->dir);
	p->n_audits = em->audits.gone + em->audits.n;
	return 0;
}

static int db_open(char *path, struct persist **ret, struct err *e)
{
	struct persist *p = xcalloc(1, sizeof(*p));
	int r = 0;

	p->path = path;
	if (sqlite3_open(p->path, &p->db) != SQLITE_OK ||
		sqlite3_exec(p->db, SCHEMA, NULL, NULL, NULL) != SQLITE_OK)
		r = db_error(p, e);
	if (r == 0)
		r = prepare(p, "REPLACE INTO object VALUES (?,?,?,?,?,?,?,?,?,?,?)", &p->put, e);
	if (r == 0)
		r = prepare(p, "REPLACE INTO audit VALUES (?,?,?,?,?,?,?,?,?)", &p->put_audit, e);
	if (r == 0)
		r = prepare(p, "DELETE FROM audit WHERE n < ?", &p->drop_audits, e);
	if (r == 0)
		r = prepare(p, "REPLACE INTO meta VALUES (?,?)", &p->put_meta, e);
	if (r < 0) {
		persist_close(p);
		return r;
	}
	*ret = p;
	return 0;
}

static int put_all_meta(struct persist *p, const struct emulator *em, struct err *e)
{
	uint64_t seq = directory_seq(em->dir);

	TRY(put_meta(p, "epoch", em->epoch, 36, e));
	TRY(put_meta(p, "key", em->key, sizeof(em->key), e));
	TRY(put_meta(p, "clock", &em->clock, sizeof(em->clock), e));
	TRY(put_meta(p, "features", em->features, sizeof(em->features), e));
	return put_meta(p, "seq", &seq, sizeof(seq), e);
}

int persist_open(const char *dir, struct emulator *em, struct persist **ret, struct err *e)
{
	struct persist *p = NULL;
	int r = db_open(xasprintf("%s/tenant.db", dir), &p, e);

	if (r == 0)
		r = load_all(p, em, e);
	if (r == 0 && !em->epoch[0]) {
		guid_random(em->epoch);
		RAND_bytes(em->key, sizeof(em->key));
		r = put_all_meta(p, em, e);
	}
	if (r < 0) {
		persist_close(p);
		return r;
	}
	*ret = p;
	return 0;
}

static int put_object(struct persist *p, const struct object *o, struct err *e)
{
	sqlite3_stmt *st = p->put;

	sqlite3_bind_int64(st, 1, o->index);
	sqlite3_bind_text(st, 2, o->id, -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 3, (int)o->type);
	sqlite3_bind_int(
		st, 4, o->deleted | o->purged << 1 | o->cloud_managed << 2 | o->roles << 8);
	sqlite3_bind_int64(st, 5, (int64_t)o->created);
	sqlite3_bind_int64(st, 6, (int64_t)o->seq);
	sqlite3_bind_int64(st, 7, o->manager);
	sqlite3_bind_int64(st, 8, (int64_t)o->manager_seq);
	sqlite3_bind_int64(st, 9, o->deleted_at);
	sqlite3_bind_blob(st, 10, o->props, (int)o->props_len, SQLITE_STATIC);
	sqlite3_bind_blob(st, 11, o->links, (int)(o->n_links * sizeof(*o->links)), SQLITE_STATIC);
	sqlite3_step(st);
	return sqlite3_reset(st) == SQLITE_OK ? 0 : db_error(p, e);
}

static int put_audit(struct persist *p, unsigned n, const struct audit *a, struct err *e)
{
	const char *text[] = {a->activity, a->app_id, a->app_name, a->target_id, a->target_name};
	sqlite3_stmt *st = p->put_audit;

	sqlite3_bind_int64(st, 1, n);
	sqlite3_bind_text(st, 2, a->id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, a->time);
	for (unsigned i = 0; i < ARRAY_SIZE(text); i++)
		sqlite3_bind_text(st, 4 + (int)i, text[i], -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 9, (int)a->target_type);
	sqlite3_step(st);
	return sqlite3_reset(st) == SQLITE_OK ? 0 : db_error(p, e);
}

/* Every object, or those that changed: these stand at the new end of their type's list. */
static int put_objects(struct persist *p, struct emulator *em, bool all, struct err *e)
{
	for (unsigned t = 0; t < TYPE_COUNT; t++) {
		struct object *o = directory_newest(em->dir, (enum object_type)t);

		for (; o && (all || o->dirty); o = o->older) {
			TRY(put_object(p, o, e));
			if (!all)
				o->dirty = false;
		}
	}
	return 0;
}

/* Row n is the nth record that there ever was. */
static int put_audits(struct persist *p, struct emulator *em, bool all, struct err *e)
{
	unsigned gone = em->audits.gone;

	for (unsigned i = all ? gone : MAX(gone, p->n_audits); i < gone + em->audits.n; i++)
		TRY(put_audit(p, i, &em->audits.items[i - gone], e));
	sqlite3_bind_int64(p->drop_audits, 1, gone);
	sqlite3_step(p->drop_audits);
	return sqlite3_reset(p->drop_audits) == SQLITE_OK ? 0 : db_error(p, e);
}

static int put_everything(struct persist *p, struct emulator *em, bool all, struct err *e)
{
	TRY(put_objects(p, em, all, e));
	TRY(put_audits(p, em, all, e));
	return put_all_meta(p, em, e);
}

static int transaction(
	struct persist *p, struct emulator *em, const char *begin, bool all, struct err *e)
{
	int r = 0;

	if (sqlite3_exec(p->db, begin, NULL, NULL, NULL) != SQLITE_OK)
		return db_error(p, e);
	r = put_everything(p, em, all, e);
	if (sqlite3_exec(p->db, r == 0 ? "COMMIT" : "ROLLBACK", NULL, NULL, NULL) != SQLITE_OK)
		r = db_error(p, e);
	p->seq = directory_seq(em->dir);
	p->n_audits = em->audits.gone + em->audits.n;
	p->clock = em->clock;
	memcpy(p->features, em->features, sizeof(p->features));
	return r;
}

int persist_flush(struct persist *p, struct emulator *em, struct err *e)
{
	if (directory_seq(em->dir) == p->seq && em->audits.gone + em->audits.n == p->n_audits &&
		em->clock == p->clock &&
		memcmp(em->features, p->features, sizeof(p->features)) == 0)
		return 0;
	return transaction(p, em, "BEGIN", false, e);
}

int persist_save(const char *path, struct emulator *em, struct err *e)
{
	struct persist *p = NULL;
	int r;

	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(e, -errno, path, 0, "cannot be replaced: %s", strerror(errno));
	r = db_open(xstrdup(path), &p, e);
	if (r == 0)
		r = transaction(p, em, "BEGIN", true, e);
	persist_close(p);
	return r;
}

int persist_restore(const char *path, struct emulator *em, struct err *e)
{
	unsigned char key[sizeof(em->key)];
	struct persist *p = NULL;
	int r;

	if (access(path, R_OK) < 0)
		return err_set(e, -ENOENT, path, 0, "there is no such snapshot");
	r = db_open(xstrdup(path), &p, e);
	if (r < 0)
		return r;
	memcpy(key, em->key, sizeof(key));
	directory_free(em->dir);
	audits_done(&em->audits);
	em->dir = directory_new();
	em->n_quarantined = 0;
	memset(em->n_managed, 0, sizeof(em->n_managed));
	memset(em->hint, 0, sizeof(em->hint));
	em->n_marks = 0;
	r = load_all(p, em, e);
	persist_close(p);
	memcpy(em->key, key, sizeof(key)); /* who has signed in stays signed in */
	guid_random(em->epoch);            /* delta tokens of the other time are void */
	/* the clock may have gone back */
	em->tokens_from = MIN(em->tokens_from, tenant_now(em));
	em->last_release = tenant_now(em);
	if (r == 0 && em->persist)
		r = transaction(
			em->persist, em, "BEGIN; DELETE FROM object; DELETE FROM audit", true, e);
	return r;
}

void persist_close(struct persist *p)
{
	if (!p)
		return;
	sqlite3_finalize(p->put);
	sqlite3_finalize(p->put_audit);
	sqlite3_finalize(p->drop_audits);
	sqlite3_finalize(p->put_meta);
	sqlite3_close(p->db);
	free(p->path);
	free(p);
}
