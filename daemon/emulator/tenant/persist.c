/*
 * SQLite behind the directory: one row per object, one per mailbox that is not as Entra has it, one
 * per audit record. This file writes.
 */
#include "tenant/persist.h"

#include "tenant/body.h"
#include "tenant/clock.h"
#include "tenant/persist_load.h"

#include "base/codec.h"
#include "base/err.h"

#include <openssl/rand.h>
#include <sqlite3.h>

#include <errno.h>

struct persist {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *put, *put_mailbox, *put_extension, *put_audit, *drop_audits, *put_skip,
		*drop_skips, *put_meta;
	/* at the last flush */
	uint64_t seq;
	unsigned n_audits, n_skips, n_extension_changes;
	int64_t clock;
	bool features[FEATURE_COUNT], exchange_default, syncs;
	int64_t synced_at;
	bool whole; /* the next flush replaces everything */
};

static const char SCHEMA[] =
	"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
	"CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB) STRICT;"
	"CREATE TABLE IF NOT EXISTS object (idx INTEGER PRIMARY KEY, id TEXT NOT NULL, type "
	"INTEGER NOT NULL, flags INTEGER NOT NULL, created INTEGER NOT NULL, seq INTEGER NOT NULL, "
	"manager INTEGER NOT NULL, manager_seq INTEGER NOT NULL, deleted_at INTEGER NOT NULL, "
	"props "
	"BLOB, links BLOB) STRICT;"
	"CREATE TABLE IF NOT EXISTS mailbox (idx INTEGER PRIMARY KEY, cloud_managed INTEGER NOT "
	"NULL, own TEXT NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS extension (n INTEGER PRIMARY KEY, id TEXT NOT NULL, app_id "
	"TEXT "
	"NOT NULL, name TEXT NOT NULL, type INTEGER NOT NULL, targets INTEGER NOT NULL, flags "
	"INTEGER NOT NULL) STRICT;"
	"CREATE TABLE IF NOT EXISTS audit (n INTEGER PRIMARY KEY, id TEXT, time INTEGER, activity "
	"TEXT, app_id TEXT, app_name TEXT, target_id TEXT, target_name TEXT, target_type INTEGER) "
	"STRICT;"
	"CREATE TABLE IF NOT EXISTS skip (n INTEGER PRIMARY KEY, id TEXT, time INTEGER, activity "
	"TEXT, app_id TEXT, app_name TEXT, target_id TEXT, target_name TEXT, target_type INTEGER, "
	"anchor TEXT, changed TEXT) STRICT;";

static int db_error(struct persist *p, struct err *e)
{
	return err_set(e, -EIO, p->path, 0, "%s", sqlite3_errmsg(p->db));
}

static int prepare(struct persist *p, const char *sql, sqlite3_stmt **ret, struct err *e)
{
	return sqlite3_prepare_v2(p->db, sql, -1, ret, NULL) == SQLITE_OK ? 0 : db_error(p, e);
}

static int put_meta(struct persist *p, const char *name, const void *v, size_t n, struct err *e)
{
	sqlite3_bind_text(p->put_meta, 1, name, -1, SQLITE_STATIC);
	sqlite3_bind_blob(p->put_meta, 2, v, (int)n, SQLITE_STATIC);
	sqlite3_step(p->put_meta);
	return sqlite3_reset(p->put_meta) == SQLITE_OK ? 0 : db_error(p, e);
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
		r = prepare(p, "REPLACE INTO mailbox VALUES (?,?,?)", &p->put_mailbox, e);
	if (r == 0)
		r = prepare(
			p, "REPLACE INTO extension VALUES (?,?,?,?,?,?,?)", &p->put_extension, e);
	if (r == 0)
		r = prepare(p, "REPLACE INTO audit VALUES (?,?,?,?,?,?,?,?,?)", &p->put_audit, e);
	if (r == 0)
		r = prepare(p, "DELETE FROM audit WHERE n < ?", &p->drop_audits, e);
	if (r == 0)
		r = prepare(p, "REPLACE INTO skip VALUES (?,?,?,?,?,?,?,?,?,?,?)", &p->put_skip, e);
	if (r == 0)
		r = prepare(p, "DELETE FROM skip WHERE n < ?", &p->drop_skips, e);
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
	TRY(put_meta(p, "exchange", &em->exchange_default, sizeof(em->exchange_default), e));
	TRY(put_meta(p, "syncs", &em->syncs, sizeof(em->syncs), e));
	TRY(put_meta(p, "syncedAt", &em->synced_at, sizeof(em->synced_at), e));
	return put_meta(p, "seq", &seq, sizeof(seq), e);
}

int persist_open(const char *dir, struct emulator *em, struct persist **ret, struct err *e)
{
	struct persist *p = NULL;
	int r = db_open(xasprintf("%s/tenant.db", dir), &p, e);

	if (r == 0)
		r = persist_load(p->db, p->path, em, e);
	if (r == 0) {
		p->seq = directory_seq(em->dir);
		p->n_audits = audits_ever(&em->audits);
		p->n_skips = audits_ever(&em->skips);
		p->n_extension_changes = em->extensions.n_changes;
	}
	if (r == 0 && !em->epoch[0]) {
		uuid_random(em->epoch);
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

static int put_mailbox(struct persist *p, const struct object *o, struct err *e)
{
	_cleanup_buf_ struct buf own = {0};
	sqlite3_stmt *st = p->put_mailbox;

	if (!o->mailbox)
		return 0;
	body_dump(&own, o->mailbox->own, JSON_COMPACT | JSON_SORT_KEYS);
	sqlite3_bind_int64(st, 1, o->index);
	sqlite3_bind_int(st, 2, o->mailbox->cloud_managed);
	sqlite3_bind_text(st, 3, own.data, (int)own.len, SQLITE_STATIC);
	sqlite3_step(st);
	return sqlite3_reset(st) == SQLITE_OK ? 0 : db_error(p, e);
}

static int put_audit(
	struct persist *p, sqlite3_stmt *st, unsigned n, const struct audit *a, struct err *e)
{
	const char *text[] = {a->activity, a->app_id, a->app_name, a->target_id, a->target_name};

	sqlite3_bind_int64(st, 1, n);
	sqlite3_bind_text(st, 2, a->id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 3, a->time);
	for (unsigned i = 0; i < ARRAY_SIZE(text); i++)
		sqlite3_bind_text(st, 4 + (int)i, text[i], -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 9, (int)a->target_type);
	if (sqlite3_bind_parameter_count(st) > 9) { /* of what was refused */
		sqlite3_bind_text(st, 10, a->anchor, -1, SQLITE_STATIC);
		sqlite3_bind_text(st, 11, a->changed, -1, SQLITE_STATIC);
	}
	sqlite3_step(st);
	return sqlite3_reset(st) == SQLITE_OK ? 0 : db_error(p, e);
}

/* Row n is the property EXTENSIONS_FROM + n. */
static int put_extension(struct persist *p, unsigned n, const struct extension *x, struct err *e)
{
	sqlite3_stmt *st = p->put_extension;

	sqlite3_bind_int64(st, 1, n);
	sqlite3_bind_text(st, 2, x->id, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 3, x->app_id, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 4, x->name, -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 5, (int)x->type);
	sqlite3_bind_int64(st, 6, x->targets);
	sqlite3_bind_int(st, 7, x->many | x->synced << 1 | x->gone << 2);
	sqlite3_step(st);
	return sqlite3_reset(st) == SQLITE_OK ? 0 : db_error(p, e);
}

static int put_extensions(struct persist *p, const struct emulator *em, bool all, struct err *e)
{
	const struct extensions *xs = &em->extensions;

	for (unsigned i = 0; (all || xs->n_changes != p->n_extension_changes) && i < xs->n; i++)
		TRY(put_extension(p, i, &xs->items[i], e));
	return 0;
}

/* Every object, or those that changed: these stand at the new end of their type's list. */
static int put_objects(struct persist *p, struct emulator *em, bool all, struct err *e)
{
	for (unsigned t = 0; t < TYPE_COUNT; t++) {
		struct object *o = directory_newest(em->dir, (enum object_type)t);

		for (; o && (all || o->dirty); o = o->older) {
			TRY(put_object(p, o, e));
			TRY(put_mailbox(p, o, e));
		}
	}
	return 0;
}

/* What is committed need not be written again. */
static void all_clean(struct emulator *em)
{
	for (unsigned t = 0; t < TYPE_COUNT; t++)
		for (struct object *o = directory_newest(em->dir, (enum object_type)t);
			o && o->dirty; o = o->older)
			o->dirty = false;
}

/* Row n is the nth record that there ever was; the first `done` of them are there already. */
static int put_list(struct persist *p, const struct audits *as, unsigned done, sqlite3_stmt *put,
	sqlite3_stmt *drop, struct err *e)
{
	for (unsigned i = MAX(as->gone, done); i < audits_ever(as); i++)
		TRY(put_audit(p, put, i, &as->items[i - as->gone], e));
	sqlite3_bind_int64(drop, 1, as->gone);
	sqlite3_step(drop);
	return sqlite3_reset(drop) == SQLITE_OK ? 0 : db_error(p, e);
}

static int put_audits(struct persist *p, struct emulator *em, bool all, struct err *e)
{
	TRY(put_list(p, &em->audits, all ? 0 : p->n_audits, p->put_audit, p->drop_audits, e));
	return put_list(p, &em->skips, all ? 0 : p->n_skips, p->put_skip, p->drop_skips, e);
}

static int put_everything(struct persist *p, struct emulator *em, bool all, struct err *e)
{
	TRY(put_extensions(p, em, all, e));
	TRY(put_objects(p, em, all, e));
	TRY(put_audits(p, em, all, e));
	return put_all_meta(p, em, e);
}

static int put_in_transaction(struct persist *p, struct emulator *em, bool all, struct err *e)
{
	const char *begin =
		all ? "BEGIN; DELETE FROM object; DELETE FROM mailbox; DELETE FROM extension; "
		      "DELETE FROM audit; DELETE FROM skip"
		    : "BEGIN";
	int r = sqlite3_exec(p->db, begin, NULL, NULL, NULL) == SQLITE_OK ? 0 : db_error(p, e);

	if (r == 0)
		r = put_everything(p, em, all, e);
	if (r == 0 && sqlite3_exec(p->db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		r = db_error(p, e);
	if (r < 0 && !sqlite3_get_autocommit(p->db))
		sqlite3_exec(p->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

int persist_flush(struct persist *p, struct emulator *em, struct err *e)
{
	if (!p->whole && directory_seq(em->dir) == p->seq &&
		audits_ever(&em->audits) == p->n_audits && audits_ever(&em->skips) == p->n_skips &&
		em->clock == p->clock &&
		memcmp(em->features, p->features, sizeof(p->features)) == 0 &&
		em->exchange_default == p->exchange_default && em->syncs == p->syncs &&
		em->synced_at == p->synced_at && em->extensions.n_changes == p->n_extension_changes)
		return 0;
	TRY(put_in_transaction(p, em, p->whole, e));
	/* only now: what was not committed must be written by the next flush */
	all_clean(em);
	p->whole = false;
	p->seq = directory_seq(em->dir);
	p->n_audits = audits_ever(&em->audits);
	p->n_skips = audits_ever(&em->skips);
	p->clock = em->clock;
	p->exchange_default = em->exchange_default;
	p->syncs = em->syncs;
	p->synced_at = em->synced_at;
	p->n_extension_changes = em->extensions.n_changes;
	memcpy(p->features, em->features, sizeof(p->features));
	return 0;
}

int persist_save(const char *path, struct emulator *em, struct err *e)
{
	struct persist *p = NULL;
	int r;

	if (unlink(path) < 0 && errno != ENOENT)
		return err_set(e, -errno, path, 0, "cannot be replaced: %s", strerror(errno));
	r = db_open(xstrdup(path), &p, e);
	if (r == 0)
		r = put_in_transaction(p, em, true, e);
	persist_close(p);
	return r;
}

/* The loaded state becomes the tenant's; who has signed in stays signed in. */
static void take_over(struct emulator *em, struct emulator *from)
{
	directory_free(em->dir);
	audits_done(&em->audits);
	audits_done(&em->skips);
	extensions_done(&em->extensions);
	em->extensions = from->extensions;
	from->extensions = (struct extensions){0};
	em->dir = steal(&from->dir);
	em->audits = from->audits;
	from->audits = (struct audits){0};
	em->skips = from->skips;
	from->skips = (struct audits){0};
	em->n_quarantined = from->n_quarantined;
	em->exchange_default = from->exchange_default;
	em->syncs = from->syncs;
	em->synced_at = from->synced_at;
	memcpy(em->n_managed, from->n_managed, sizeof(em->n_managed));
	memcpy(em->features, from->features, sizeof(em->features));
	memset(em->hint, 0, sizeof(em->hint));
	em->n_marks = 0;
	em->clock = from->clock;
	uuid_random(em->epoch); /* delta tokens of the other time are void */
	/* the clock may have gone back */
	em->tokens_from = MIN(em->tokens_from, tenant_now(em));
	em->last_release = tenant_now(em);
}

int persist_restore(const char *path, struct emulator *em, struct err *e)
{
	struct emulator loaded = {0};
	struct persist *p = NULL;
	int r;

	if (access(path, R_OK) < 0)
		return err_set(e, -ENOENT, path, 0, "there is no such snapshot");
	TRY(db_open(xstrdup(path), &p, e));
	emulator_init(&loaded, em->tenant);
	r = persist_load(p->db, path, &loaded, e);
	persist_close(p);
	if (r == 0)
		take_over(em, &loaded);
	emulator_done(&loaded);
	extensions_use(&em->extensions); /* the table has been the loaded one's meanwhile */
	if (r < 0 || !em->persist)
		return r;
	em->persist->whole = true;
	return persist_flush(em->persist, em, e);
}

void persist_close(struct persist *p)
{
	if (!p)
		return;
	sqlite3_finalize(p->put);
	sqlite3_finalize(p->put_mailbox);
	sqlite3_finalize(p->put_extension);
	sqlite3_finalize(p->put_audit);
	sqlite3_finalize(p->drop_audits);
	sqlite3_finalize(p->put_skip);
	sqlite3_finalize(p->drop_skips);
	sqlite3_finalize(p->put_meta);
	sqlite3_close(p->db);
	free(p->path);
	free(p);
}
