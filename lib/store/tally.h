/*
 * tally: how many rows of cs and cs_error there are of each sort (tables cs_tally, cs_error_tally).
 * For store.c, which calls these at its transactions, and for the functions that read the counts.
 */
#pragma once

#include "store/handle.h"

struct tally;

/* Begins to watch what the store's own connection writes. Once the schema is up to date. */
struct tally *tally_new(struct store *s);
struct tally *tally_free(struct tally *t);

/*
 * Writes what has changed since the last time into the tables: before a commit, and before the
 * counts are read. Writes nothing when nothing has changed. After a statement that failed it counts
 * anew.
 */
int tally_flush(struct store *s, struct err *e) _must_check_;
/* Forgets what has changed since the last time: at a rollback. */
void tally_drop(struct tally *t);
/* Counts all rows anew. Writes. */
int tally_recount(struct store *s, struct err *e) _must_check_;
