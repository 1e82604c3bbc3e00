/*
 * The order within an export. A value that no two objects may share (userPrincipalName, an address)
 * must be given up by one before another takes it: what gives it up, an update or a delete, goes
 * first, then what takes it, wave by wave. Where objects exchange theirs in a ring, one of them
 * stands aside first, with a value for the time being.
 */
#pragma once

#include "sync/export/export.h"

struct order_item {
	int64_t cs;
	unsigned wave; /* sent after all that is in an earlier one has been answered */
	bool aside; /* gives up what others want, and no more; its own change comes in a later wave
	             */
};

struct order {
	struct order_item *items; /* in order of wave */
	unsigned n;
	struct arena arena;
};

/* Of what is due now; rows without part in it are in no wave. */
int order_make(struct export_step *st, struct order *ret, struct err *e) _must_check_;
void order_done(struct order *o);

/*
 * What a row that stands aside sends: the attributes whose values others want, with a stand-in or
 * without them. Nothing in ret_delta: there is no such way.
 */
void order_aside(struct export_step *st, const struct cs_row *row, const struct entry *imported,
	const struct entry *wanted, struct arena *a, struct entry *ret_entry,
	struct delta *ret_delta);
