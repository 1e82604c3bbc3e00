/*
 * Values that a directory refused while it took the others (upgrade/2.sql: table cs_refused).
 * cs_refused_put and cs_refused_clear write.
 */
#pragma once

#include "store/store.h"

/* Attributes of the row that were refused with values of that hash. get: 0, STORE_NONE. */
int cs_refused_put(
	struct store *s, int64_t cs, unsigned attr, int64_t value, struct err *e) _must_check_;
int cs_refused_get(
	struct store *s, int64_t cs, unsigned attr, int64_t *ret, struct err *e) _must_check_;
int cs_refused_clear(struct store *s, int64_t cs, struct err *e) _must_check_;
