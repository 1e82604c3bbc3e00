/*
 * Since when somebody has the authority over an object, and what was not sent meanwhile
 * (upgrade/2.sql: tables cs_authority, soa_skip). authority_put and skip_add write.
 */
#pragma once

#include "store/store.h"

/* The mask of the row has changed. */
int authority_put(struct store *s, int64_t cs, int64_t now, struct err *e) _must_check_;
/* 0: it has been so since the object is known. */
int authority_since(struct store *s, int64_t cs, int64_t *ret, struct err *e) _must_check_;

#define SKIPS_KEPT 20000

struct skip_row {
	int64_t id, at, run;
	const char *connector, *class, *dn, *anchor;
	const char *source_dn, *name; /* NULL: not known */
	unsigned blocked;
	const char *operation, *attributes;
};
/* Adds one, and forgets the oldest beyond SKIPS_KEPT. */
int skip_add(struct store *s, const struct skip_row *row, struct err *e) _must_check_;
/* The newest ones of a target with id < before (0: from the end), the newest first. */
int skip_list(struct store *s, const char *connector, int64_t before, unsigned limit,
	struct arena *a, struct skip_row **ret, unsigned *ret_n, struct err *e) _must_check_;
/* Of one object, since a time. */
int skip_count(struct store *s, const char *anchor, int64_t since, int64_t *ret,
	struct err *e) _must_check_;
