/*
 * The order within an export. When a value that no two objects may share (userPrincipalName, an
 * address) moves from one object to another, the update or delete that gives it up is sent before
 * the change that takes it, in waves. When objects exchange values in a ring, one of them first
 * gives up its own (it "stands aside") and has a stand-in value until its turn comes.
 */
#pragma once

#include "sync/export/export.h"

struct order_item {
	int64_t cs;
	unsigned wave; /* sent when everything in earlier waves has its answer */
	bool aside;    /* only gives up what others want; its own change is in a later wave */
};

struct order {
	struct order_item *items; /* in order of wave */
	unsigned n;
	struct arena arena;
};

/* For what is due now; rows that give and take nothing are in no wave. */
int order_make(struct export_step *st, struct order *ret, struct err *e) _must_check_;
void order_done(struct order *o);

/*
 * What a row that stands aside sends: attributes with values that it gives up, with a stand-in or
 * without these values. ret_delta empty: it gives up nothing.
 */
void order_aside(struct export_step *st, const struct cs_row *row, const struct entry *imported,
	const struct entry *wanted, struct arena *a, struct entry *ret_entry,
	struct delta *ret_delta);
