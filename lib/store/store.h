/*
 * store: the SQLite file. Opening, upgrades, transactions, single values, attribute numbers. The
 * rows of each table have a header of their own, named after it: store/connector_row.h, run_row.h,
 * error.h, refused.h, outbox.h, cs.h, cs_page.h, cs_link.h, mv.h, mv_link.h, container.h, wait.h. A
 * new table gets such a pair of files. All SQL is in schema/. Only this layer sees sqlite3.h.
 *
 * One process writes at a time (the run holds the lock); others read. Every function returns 0,
 * a positive condition named at it, or a negative errno with *e (never NULL) naming the file:
 * -EBUSY (locked), -ENOSPC (disk full), -EUCLEAN (corrupt), -EROFS (read-only), -ENOMEM, -EIO.
 * After a negative result the transaction is void: roll back. Outputs are written only on success.
 *
 * Functions that write need an open transaction, without one they abort; each header names them.
 * Those that read need none, and see what an open one has written.
 */
#pragma once

#include "model/image.h"
#include "store/handle.h"

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

/* Opens a transaction: STORE_WRITE only, and none is open. -EBUSY: another process has one. */
int store_begin(struct store *s, struct err *e) _must_check_;
/* The same, unless one is open. */
int store_ensure_transaction(struct store *s, struct err *e) _must_check_;
bool store_in_transaction(const struct store *s);
int store_commit(struct store *s, struct err *e) _must_check_;
/* Also puts the in-memory change number and attribute map back. Never fails. */
void store_rollback(struct store *s);

/* Translation of attribute numbers; borrowed. New attributes get their row in the transaction. */
struct attr_map *store_attr_map(struct store *s);
/* Why the map could not give an attribute a number; 0: it never failed. */
int store_attr_error(const struct store *s, struct err *e) _must_check_;
/* The highest change number given so far. */
int64_t store_seq(const struct store *s);

/* meta: *ret from the arena; STORE_NONE when unset. meta_set writes. */
int meta_get(struct store *s, const char *name, struct arena *a, const char **ret,
	struct err *e) _must_check_;
int meta_set(struct store *s, const char *name, const char *value, struct err *e) _must_check_;
