/*
 * The two truths of a target's rows. What it still has to be told: pending_delta(), and nothing
 * else computes it. Where a row or a reference is on its way there: row_set_state() and
 * link_set_state(), and nothing else assigns a state (tests/layers.py looks).
 */
#pragma once

#include "connector/connector.h"
#include "store/cs_link.h"
#include "sync/config.h"
#include "sync/export/state.h"

enum pending_flags {
	/* what the directory shows in a form of its own is no difference */
	PENDING_SETTLED = 1 << 0,
	/* an attribute that is the same is none, also where everything is to be sent again */
	PENDING_DIFFERENCES = 1 << 1,
};

/* The row's class in its connector's schema; NULL: it has none of that name. */
const struct schema_class *row_class(const struct connector_config *cfg, const struct cs_row *row);

/*
 * Pure: the attributes of `wanted`, which outbound rules own, that the directory does not show as
 * they are wanted (row->export_all: all that wanted has), without those that an authority blocks,
 * and of SCHEMA_FILL_ONLY only those that the directory has no value of. class: row_class(); NULL:
 * it is not known, and so is what it says of the attributes. imported, wanted: the row's images, or
 * what the rules give now. Memory from the arena, pointing into both.
 */
void pending_delta(const struct schema_class *class, const struct cs_row *row,
	const struct entry *imported, const struct entry *wanted, unsigned flags, struct arena *a,
	struct delta *ret);

/*
 * Pure: the DN that the object is to get, of what `wanted` says; NULL: the one that it has, or the
 * directory has no renames. In the arena.
 */
const char *pending_dn(const struct connector_config *cfg, const struct cs_row *row,
	const struct entry *wanted, struct arena *a);

/* What happened to the row, or to the reference: its next state. The caller writes it. */
void row_set_state(struct cs_row *row, enum export_event event);
void link_set_state(struct cs_link *link, enum export_event event);
