/*
 * Events on their way to the journal (store.sql: table outbox). outbox_add and outbox_delete write.
 */
#pragma once

#include "report/record.h"
#include "store/store.h"

int outbox_add(struct store *s, const struct record *r, struct err *e) _must_check_;
struct outbox_row {
	int64_t id;
	const char *record; /* JSON text */
};
/* Oldest first, id > after. */
int outbox_list(struct store *s, int64_t after, unsigned limit, struct arena *a,
	struct outbox_row **ret, unsigned *ret_n, struct err *e) _must_check_;
/* Deletes up to and including id. */
int outbox_delete(struct store *s, int64_t up_to, struct err *e) _must_check_;
