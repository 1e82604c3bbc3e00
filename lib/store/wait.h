/*
 * Objects without a join that wait for metaverse objects, by the keys that their joins look up
 * (upgrade/2.sql: table cs_wait; the keys are those of store/mv.h). wait_set writes.
 */
#pragma once

#include "store/mv.h"

/* Makes the keys of an object these; none: it does not wait. 1: it has some, 0: none. */
int wait_set(
	struct store *s, int64_t cs, struct mv_key *keys, unsigned n, struct err *e) _must_check_;
/* 1: some object waits, 0: none does. */
int wait_any(struct store *s, struct err *e) _must_check_;
/* Objects that wait for the key, in the arena. */
int wait_find(struct store *s, const struct mv_key *key, struct arena *a, int64_t **ret,
	unsigned *ret_n, struct err *e) _must_check_;
