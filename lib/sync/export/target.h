/*
 * What is still to be sent of a row of a target: only pending_delta() computes it. The export state
 * of a row or a reference: only row_set_state() and link_set_state() assign it (tests/layers.py
 * checks that).
 */
#pragma once

#include "connector/connector.h"
#include "store/cs_link.h"
#include "sync/config.h"
#include "sync/export/state.h"

enum pending_flags {
	/* a value that the directory shows in a form of its own is the same */
	PENDING_SETTLED = 1 << 0,
	/* only attributes that differ, also where everything is to be sent again */
	PENDING_DIFFERENCES = 1 << 1,
};

/* The row's class in its connector's schema; NULL: the schema does not have it. */
const struct schema_class *row_class(const struct connector_config *cfg, const struct cs_row *row);

/*
 * Pure: the attributes of `wanted`, which outbound rules own, that differ in the directory
 * (row->export_all: all of them), without those that an authority blocks; SCHEMA_FILL_ONLY ones
 * only when the directory has no value. class: row_class(); with NULL nothing is known of single
 * attributes. imported, wanted: row_entry() of the row, or what the rules give now. Memory from
 * the arena, pointing into both.
 */
void pending_delta(const struct schema_class *class, const struct cs_row *row,
	const struct entry *imported, const struct entry *wanted, unsigned flags, struct arena *a,
	struct delta *ret);

/*
 * Pure: the new DN that `wanted` gives the object; NULL: its DN stays, or the directory has no
 * renames. In the arena.
 */
const char *pending_dn(const struct connector_config *cfg, const struct cs_row *row,
	const struct entry *wanted, struct arena *a);

/* Sets the next state of the row or the reference after an event. The caller writes it. */
void row_set_state(struct cs_row *row, enum export_event event);
void link_set_state(struct cs_link *link, enum export_event event);
