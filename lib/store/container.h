/*
 * Containers of a directory: which folder lies where (store.sql: table container). container_put
 * and container_delete* write.
 */
#pragma once

#include "store/store.h"

struct container_row {
	const char *anchor, *dn;
};

/* *ret_dn in the arena. STORE_NONE when there is none. */
int container_get(struct store *s, int64_t connector, const char *anchor, struct arena *a,
	const char **ret_dn, struct err *e) _must_check_;
int container_put(struct store *s, int64_t connector, const char *anchor, const char *dn,
	int64_t seen, struct err *e) _must_check_;
int container_delete(
	struct store *s, int64_t connector, const char *anchor, struct err *e) _must_check_;
/* Those that the run did not deliver. */
int container_delete_unseen(
	struct store *s, int64_t connector, int64_t seen, struct err *e) _must_check_;
/* The container of a DN and those below it, in an array in the arena. */
int container_below(struct store *s, int64_t connector, const char *dn, struct arena *a,
	struct container_row **ret, unsigned *ret_n, struct err *e) _must_check_;
