/*
 * store: the SQLite file. Opening, upgrades, transactions, connectors, runs, errors, the outbox.
 * Rows of the connector space are in store/cs.h, the metaverse in store/mv.h, references in
 * store/link.h. All SQL is in schema/. Only this layer sees sqlite3.h.
 *
 * One process writes at a time (the run holds the lock); others read. Every function returns 0,
 * a positive condition named here, or a negative errno with *e naming the file: -EBUSY (locked),
 * -ENOSPC (disk full), -EUCLEAN (corrupt), -EIO. After a negative result the transaction is void:
 * roll back.
 */
#pragma once

#include "base/err.h"
#include "report/record.h"
#include "model/image.h"

struct store;

#define STORE_NONE 1 /* no such row */

/* PEEK: as READ, but never waits for a lock: -EBUSY at once; for a loop that others wait for */
enum store_mode { STORE_READ, STORE_WRITE, STORE_PEEK };

/*
 * Opens. STORE_WRITE creates or upgrades, in one transaction. -ENOTSUP: a file of a newer version,
 * *e says which program it needs; or, for the other two, one that is not upgraded yet. WAL, foreign
 * keys on, synchronous NORMAL, cache bounded to 12 MiB.
 */
int store_open(
	const char *path, enum store_mode mode, struct store **ret, struct err *e) _must_check_;
void store_close(struct store *s);
static inline void store_closep(struct store **s)
{
	store_close(*s);
}
#define _cleanup_store_ _cleanup_(store_closep)

int store_begin(struct store *s, struct err *e) _must_check_;
int store_commit(struct store *s, struct err *e) _must_check_;
/* Also puts the in-memory change number and attribute map back. Never fails. */
void store_rollback(struct store *s);

/* Translation of attribute numbers; borrowed. New attributes get their row in the transaction. */
struct attr_map *store_attr_map(struct store *s);
/* Why the map could not give an attribute a number; 0: it never failed. */
int store_attr_error(const struct store *s, struct err *e);
/* The highest change number given so far. */
int64_t store_seq(const struct store *s);

/* meta: *ret from the arena; STORE_NONE when unset. */
int meta_get(struct store *s, const char *name, struct arena *a, const char **ret, struct err *e);
int meta_set(struct store *s, const char *name, const char *value, struct err *e);

/* --- connectors --- */

struct connector_row {
	int64_t id;
	const char *name, *type;
	const void *cursor; /* NULL: none */
	size_t cursor_len;
	int64_t inbound_seq, link_seq, outbound_seq;
	const char *rules_digest; /* NULL before the first full sync */
	bool full_import_required, full_sync_required, import_full_running;
	int64_t last_import; /* 0: never */
};

/* The row of a configured connector; made when it is new. Another type: -EINVAL. */
int connector_ensure(struct store *s, const char *name, const char *type, struct arena *a,
	struct connector_row *ret, struct err *e);
/* All, in order of creation. */
int connector_list(struct store *s, struct arena *a, struct connector_row **ret, unsigned *ret_n,
	struct err *e);
/* Writes every column but name and type. */
int connector_update(struct store *s, const struct connector_row *row, struct err *e);

/* --- runs --- */

struct run_row {
	int64_t id;
	const char *policy;
	int64_t started, ended; /* ended 0: not ended */
	const char *result;     /* NULL: not ended */
};

struct step_row {
	int64_t run;
	int number;
	int64_t connector;
	const char *connector_name;
	const char *type;
	int64_t started, ended;
	const char *result;   /* NULL: not ended */
	const char *counters; /* JSON text or NULL */
	const char *error;    /* NULL: none */
};

int run_insert(
	struct store *s, const char *policy, int64_t started, int64_t *ret_id, struct err *e);
int run_end(struct store *s, int64_t id, int64_t ended, const char *result, struct err *e);
/* Marks runs that were killed as ended with `result`. */
int run_end_stale(struct store *s, int64_t ended, const char *result, struct err *e);
int step_insert(struct store *s, const struct step_row *row, struct err *e);
int step_update(struct store *s, const struct step_row *row, struct err *e);
/* Newest first, at most limit. */
int run_list(struct store *s, unsigned limit, struct arena *a, struct run_row **ret,
	unsigned *ret_n, struct err *e);
/* id 0: the newest. */
int run_get(struct store *s, int64_t id, struct arena *a, struct run_row *ret,
	struct step_row **ret_steps, unsigned *ret_n, struct err *e);
/* Deletes runs that ended before the given time. */
int run_purge(struct store *s, int64_t before, struct err *e);

/* --- errors on objects --- */

/* X(enum, word) - the numbers are in the database: only append */
#define ERROR_PHASES(X)            \
	X(IMPORT, "import")        \
	X(SYNC, "synchronization") \
	X(EXPORT, "export")        \
	X(OUTBOUND, "synchronization")
enum error_phase {
#define X(name, word) ERROR_##name,
	ERROR_PHASES(X)
#undef X
		ERROR_PHASE_COUNT
};
const char *error_phase_name(enum error_phase p);

struct error_row {
	int64_t cs;
	enum error_phase phase;
	const char *type, *text;
	int64_t first, last, retry_at;
	int count;
	/* on reading: of the object, and whose step met the error (outbound: the target) */
	const char *dn, *connector, *step, *step_type;
};

/*
 * Inserts, or counts one more of the same type and keeps its `first`; sets retry_at. *ret_count may
 * be NULL. One error per object, phase and connector: the object's own, or the target of outbound.
 */
int error_put(struct store *s, int64_t cs, enum error_phase phase, const char *type,
	const char *text, int64_t now, int64_t retry_at, int *ret_count, struct err *e);
int error_put_outbound(struct store *s, int64_t cs, int64_t target, const char *type,
	const char *text, int64_t now, struct err *e);
int error_get(struct store *s, int64_t cs, enum error_phase phase, struct arena *a,
	struct error_row *ret, struct err *e);
/* The next export sends it, whatever its wait. STORE_NONE: it has no such error. */
int error_retry(struct store *s, int64_t cs, enum error_phase phase, struct err *e);
/* Attributes of the row that were refused with values of that hash. get: 0, STORE_NONE. */
int cs_refused_put(struct store *s, int64_t cs, unsigned attr, int64_t value, struct err *e);
int cs_refused_get(struct store *s, int64_t cs, unsigned attr, int64_t *ret, struct err *e);
int cs_refused_clear(struct store *s, int64_t cs, struct err *e);
int error_clear(struct store *s, int64_t cs, enum error_phase phase, struct err *e);
/* Unless it is of that type. */
int error_clear_but(
	struct store *s, int64_t cs, enum error_phase phase, const char *type, struct err *e);
int error_clear_outbound(struct store *s, int64_t cs, int64_t target, struct err *e);
/* Of every phase and connector. */
int error_clear_all(struct store *s, int64_t cs, struct err *e);
/* Objects with errors that a connector's steps have met, cs > after in order; and how many. */
int error_page(struct store *s, int64_t connector, enum error_phase phase, int64_t after,
	unsigned limit, int64_t *ret_ids, unsigned *ret_n, struct err *e);
int error_count(
	struct store *s, int64_t connector, enum error_phase phase, int64_t *ret, struct err *e);
/* What waits to be exported again; not what an import tells (exported-change-not-reimported). */
int error_count_export(struct store *s, int64_t connector, int64_t *ret, struct err *e);
/* Calls back for every object that has an error of the phase. */
int error_ids(struct store *s, enum error_phase phase, void (*found)(void *ctx, int64_t cs),
	void *ctx, struct err *e);
int error_list(struct store *s, unsigned limit, struct arena *a, struct error_row **ret,
	unsigned *ret_n, struct err *e);

/* --- outbox --- */

int outbox_add(struct store *s, const struct record *r, struct err *e);
struct outbox_row {
	int64_t id;
	const char *record; /* JSON text */
};
/* Oldest first, id > after. */
int outbox_list(struct store *s, int64_t after, unsigned limit, struct arena *a,
	struct outbox_row **ret, unsigned *ret_n, struct err *e);
/* Deletes up to and including id. */
int outbox_delete(struct store *s, int64_t up_to, struct err *e);
