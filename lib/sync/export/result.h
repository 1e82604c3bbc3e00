/* result: what the directory's answer to one item means for its row, its errors and its events. */
#pragma once

#include "sync/export/export.h"

/* Records the outcome of what was sent for the slot. In a transaction. */
int result_record(struct export_step *st, struct export_slot *s, const struct export_outcome *o,
	struct err *e) _must_check_;
