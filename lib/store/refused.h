/* Values that a directory refused while it took the others (upgrade/2.sql: table cs_refused). */
#pragma once

#include "store/store.h"

/* Attributes of the row that were refused with values of that hash. get: 0, STORE_NONE. */
int cs_refused_put(struct store *s, int64_t cs, unsigned attr, int64_t value, struct err *e);
int cs_refused_get(struct store *s, int64_t cs, unsigned attr, int64_t *ret, struct err *e);
int cs_refused_clear(struct store *s, int64_t cs, struct err *e);
