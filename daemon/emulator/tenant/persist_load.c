/*
 * A state from its database into memory. Nothing in the file is trusted: a row that could not have
 * been written is an error that names it, and never an index out of bounds.
 */
#include "tenant/persist_load.h"

#include "tenant/guid.h"
#include "tenant/mailbox.h"
#include "tenant/record.h"

#include "base/json.h"

#include <errno.h>
#include <stdio.h>

struct loading {
	sqlite3 *db;
	const char *path;
	struct emulator *em;
	struct err *e;
};

/* What is in the file cannot be trusted: it may be damaged, or somebody has changed it. */
static int damaged(const struct loading *l, const char *table, const char *row, const char *why)
{
	return err_set(l->e, -EUCLEAN, l->path, 0,
		"the state is damaged: table %s, row %s: %s. Put back a copy, or move the file "
		"away to begin with an empty tenant.",
		table, row, why);
}

static char *column(sqlite3_stmt *st, int i)
{
	const char *v = (const char *)sqlite3_column_text(st, i);

	return xstrdup(v ? v : "");
}

/* NULL, or what is wrong with a row of extension. */
static const char *extension_wrong(const struct extensions *xs, sqlite3_stmt *st)
{
	const char *id = (const char *)sqlite3_column_text(st, 1);
	unsigned char raw[16];

	if (sqlite3_column_int64(st, 0) != xs->n || xs->n == EXTENSIONS_MAX)
		return "a row before it is missing";
	if (!id || !guid_read(raw, id))
		return "the id is not a GUID";
	if (sqlite3_column_int64(st, 4) < 0 || sqlite3_column_int64(st, 4) >= DATA_TYPE_COUNT)
		return "there is no such type";
	if (sqlite3_column_int64(st, 5) & ~(int64_t)TARGETS_ALL)
		return "there are no such targets";
	if (sqlite3_column_int64(st, 6) & ~7LL)
		return "there are no such flags";
	return extension_name_good((const char *)sqlite3_column_text(st, 3))
	               ? NULL
	               : "the name is no name";
}

static int load_extension(const struct loading *l, sqlite3_stmt *st)
{
	struct extensions *xs = &l->em->extensions;
	const char *why = extension_wrong(xs, st);
	int flags = sqlite3_column_int(st, 6);
	struct extension *x;

	if (why)
		return damaged(l, "extension", (const char *)sqlite3_column_text(st, 0), why);
	x = extensions_add(xs);
	memcpy(x->id, sqlite3_column_text(st, 1), GUID_CHARACTERS);
	x->app_id = column(st, 2);
	x->name = column(st, 3);
	x->type = (enum data_type)sqlite3_column_int(st, 4);
	x->targets = (unsigned)sqlite3_column_int(st, 5);
	x->many = flags & 1;
	x->synced = flags >> 1 & 1;
	x->gone = flags >> 2 & 1;
	extensions_use(xs);
	return 0;
}

/* NULL, or what is wrong with the numbers of a row of object. */
static const char *row_wrong(const struct emulator *em, sqlite3_stmt *st)
{
	const char *id = (const char *)sqlite3_column_text(st, 1);
	int64_t type = sqlite3_column_int64(st, 2), flags = sqlite3_column_int64(st, 3);
	unsigned char raw[16];

	if (sqlite3_column_int64(st, 0) != directory_size(em->dir))
		return "a row before it is missing";
	if (!id || !guid_read(raw, id))
		return "the id is not a GUID";
	if (directory_find(em->dir, id, GUID_CHARACTERS))
		return "another row has its id";
	if (type < 0 || type >= TYPE_COUNT)
		return "there is no such type";
	if (flags & ~0xff07LL)
		return "there are no such flags";
	for (int i = 4; i <= 8; i++)
		if (i != 6 && sqlite3_column_int64(st, i) < 0)
			return "a number is negative";
	if (sqlite3_column_bytes(st, 10) % (int)sizeof(struct link))
		return "the references are cut off";
	return records_wrong((enum object_type)type, sqlite3_column_blob(st, 9),
		(size_t)sqlite3_column_bytes(st, 9));
}

/* Targets are checked when all objects are there: see index_links(). False: the bytes are wrong. */
static bool load_links(struct object *o, const char *blob, size_t n)
{
	o->n_links = o->cap_links = (uint32_t)(n / sizeof(*o->links));
	if (!o->n_links)
		return true;
	for (size_t i = 0; i < o->n_links; i++)
		if ((unsigned char)blob[i * sizeof(*o->links) + offsetof(struct link, removed)] > 1)
			return false;
	o->links = xmalloc(n);
	memcpy(o->links, blob, n);
	return true;
}

static int load_object(const struct loading *l, sqlite3_stmt *st)
{
	struct emulator *em = l->em;
	const char *row = (const char *)sqlite3_column_text(st, 0), *why = row_wrong(em, st);
	int flags = sqlite3_column_int(st, 3);
	struct object *o;
	size_t n;

	if (why)
		return damaged(l, "object", row, why);
	o = directory_add(em->dir, (enum object_type)sqlite3_column_int(st, 2),
		(const char *)sqlite3_column_text(st, 1));
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
	if (!load_links(o, sqlite3_column_blob(st, 10), (size_t)sqlite3_column_bytes(st, 10)))
		return damaged(l, "object", row, "a reference is neither there nor removed");
	object_keys_add(em->dir, o);
	em->n_managed[o->type] += o->cloud_managed;
	em->n_quarantined += object_prop(o, P_ERRORS, &n) != NULL;
	return 0;
}

static int load_mailbox(const struct loading *l, sqlite3_stmt *st)
{
	const char *row = (const char *)sqlite3_column_text(st, 0);
	int64_t index = sqlite3_column_int64(st, 0), managed = sqlite3_column_int64(st, 1);
	_cleanup_json_ json_t *own =
		json_loads((const char *)sqlite3_column_text(st, 2), JSON_REJECT_DUPLICATES, NULL);
	struct object *o;

	if (index < 0 || index >= directory_size(l->em->dir))
		return damaged(l, "mailbox", row, "there is no such object");
	o = directory_get(l->em->dir, (uint32_t)index);
	if (o->type != TYPE_USER)
		return damaged(l, "mailbox", row, "it is not a user's");
	if (managed != 0 && managed != 1)
		return damaged(l, "mailbox", row, "there are no such flags");
	if (!mailbox_own_good(own))
		return damaged(l, "mailbox", row, "the values are not those of a mailbox");
	o->mailbox = xcalloc(1, sizeof(*o->mailbox));
	*o->mailbox = (struct mailbox){managed, steal(&own)};
	return 0;
}

/* What an object refers to, now that all of them are there. */
static const char *index_links(struct directory *d, struct object *o)
{
	uint32_t size = directory_size(d);

	if (o->manager < -1 || o->manager >= (int64_t)size)
		return "its manager does not exist";
	for (uint32_t i = 0; i < o->n_links; i++) {
		if (o->links[i].target >= size)
			return "it refers to an object that does not exist";
		if (object_link(d, o, o->links[i].target))
			return "it refers to an object twice";
		object_link_index(d, o, i);
	}
	return NULL;
}

static int index_all_links(const struct loading *l)
{
	for (uint32_t i = 0; i < directory_size(l->em->dir); i++) {
		const char *why = index_links(l->em->dir, directory_get(l->em->dir, i));
		char row[16];

		snprintf(row, sizeof(row), "%u", i);
		if (why)
			return damaged(l, "object", row, why);
	}
	return 0;
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

/* A JSON list of strings? */
static bool names_good(const char *text)
{
	_cleanup_json_ json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	size_t i;
	json_t *v;

	json_array_foreach (list, i, v)
		if (!json_is_string(v))
			return false;
	return json_is_array(list);
}

static int load_record(
	const struct loading *l, sqlite3_stmt *st, const char *table, struct audits *as)
{
	const char *row = (const char *)sqlite3_column_text(st, 0);
	int64_t type = sqlite3_column_int64(st, 8);
	struct audit *a;
	_cleanup_free_ char *id = column(st, 1);

	if (type < 0 || type >= TYPE_COUNT)
		return damaged(l, table, row, "there is no such type");
	if (as == &l->em->skips && !names_good((const char *)sqlite3_column_text(st, 10)))
		return damaged(l, table, row, "what had changed is no list of names");
	if (!as->n)
		as->gone = (unsigned)sqlite3_column_int64(st, 0);
	a = audits_append(as);
	a->time = sqlite3_column_int64(st, 2);
	strncpy(a->id, id, sizeof(a->id) - 1);
	a->activity = column(st, 3);
	a->app_id = column(st, 4);
	a->app_name = column(st, 5);
	a->target_id = column(st, 6);
	a->target_name = column(st, 7);
	a->target_type = (enum object_type)type;
	if (as == &l->em->skips) {
		a->anchor = column(st, 9);
		a->changed = column(st, 10);
	}
	return 0;
}

static int load_audit(const struct loading *l, sqlite3_stmt *st)
{
	return load_record(l, st, "audit", &l->em->audits);
}

static int load_skip(const struct loading *l, sqlite3_stmt *st)
{
	return load_record(l, st, "skip", &l->em->skips);
}

static int load_rows(const struct loading *l, const char *sql,
	int (*row)(const struct loading *l, sqlite3_stmt *st))
{
	sqlite3_stmt *st;
	int r = 0, step = SQLITE_ROW;

	if (sqlite3_prepare_v2(l->db, sql, -1, &st, NULL) != SQLITE_OK)
		return err_set(l->e, -EIO, l->path, 0, "%s", sqlite3_errmsg(l->db));
	while (r == 0 && (step = sqlite3_step(st)) == SQLITE_ROW)
		r = row(l, st);
	if (r == 0 && step != SQLITE_DONE)
		r = err_set(l->e, -EIO, l->path, 0, "%s", sqlite3_errmsg(l->db));
	sqlite3_finalize(st);
	return r;
}

static bool load_epoch(struct emulator *em, const char *v)
{
	unsigned char raw[16];

	memcpy(em->epoch, v, GUID_CHARACTERS);
	return guid_read(raw, em->epoch);
}

/* A database that is older has fewer of them. */
static bool load_features(struct emulator *em, const unsigned char *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (v[i] > 1)
			return false;
		em->features[i] = v[i];
	}
	return true;
}

static bool load_flag(bool *ret, const unsigned char *v)
{
	*ret = *v == 1;
	return *v <= 1;
}

static bool load_seq(struct emulator *em, const void *v)
{
	uint64_t seq;

	memcpy(&seq, v, sizeof(seq));
	directory_set_seq(em->dir, seq);
	return seq <= INT64_MAX;
}

/* Names that this version does not know are left alone. */
static int load_meta(const struct loading *l, sqlite3_stmt *st)
{
	struct emulator *em = l->em;
	const char *name = (const char *)sqlite3_column_text(st, 0);
	const void *v = sqlite3_column_blob(st, 1);
	size_t n = (size_t)sqlite3_column_bytes(st, 1);
	bool good = true;

	if (!name)
		good = false;
	else if (streq(name, "epoch"))
		good = n == GUID_CHARACTERS && load_epoch(em, v);
	else if (streq(name, "key") && (good = n == sizeof(em->key)))
		memcpy(em->key, v, n);
	else if (streq(name, "clock") && (good = n == sizeof(em->clock)))
		memcpy(&em->clock, v, n);
	else if (streq(name, "features"))
		good = n <= FEATURE_COUNT && load_features(em, v, n);
	else if (streq(name, "exchange"))
		good = n == 1 && load_flag(&em->exchange_default, v);
	else if (streq(name, "syncs"))
		good = n == 1 && load_flag(&em->syncs, v);
	else if (streq(name, "syncedAt") && (good = n == sizeof(em->synced_at)))
		memcpy(&em->synced_at, v, n);
	else if (streq(name, "seq"))
		good = n == sizeof(uint64_t) && load_seq(em, v);
	return good ? 0
	            : damaged(l, "meta", name ? name : "NULL", "the value is not one of its kind");
}

int persist_load(sqlite3 *db, const char *path, struct emulator *em, struct err *e)
{
	struct loading l = {db, path, em, e};

	TRY(load_rows(&l, "SELECT name, value FROM meta", load_meta));
	TRY(load_rows(&l,
		"SELECT n, id, app_id, name, type, targets, flags FROM extension ORDER BY n",
		load_extension));
	TRY(load_rows(&l,
		"SELECT idx, id, type, flags, created, seq, manager, manager_seq, deleted_at, "
		"props, links FROM object ORDER BY idx",
		load_object));
	TRY(load_rows(
		&l, "SELECT idx, cloud_managed, own FROM mailbox ORDER BY idx", load_mailbox));
	TRY(load_rows(&l,
		"SELECT n, id, time, activity, app_id, app_name, target_id, target_name, "
		"target_type FROM audit ORDER BY n",
		load_audit));
	TRY(load_rows(&l,
		"SELECT n, id, time, activity, app_id, app_name, target_id, target_name, "
		"target_type, anchor, changed FROM skip ORDER BY n",
		load_skip));
	TRY(index_all_links(&l));
	link_in_order(em);
	return 0;
}
