/*
 * soa: the source of authority of an object of a target. What it blocks, what it logs, and what a
 * reference to such an object means are decided here and nowhere else.
 */
#pragma once

#include "model/delta.h"
#include "store/cs.h"
#include "sync/session.h"

/* Pure: is a reference of `source` to `target`, which the rules want, one that the target gets? */
bool soa_keeps_reference(const struct cs_row *source, const struct cs_row *target);

/* Puts event 6956 for a row in the outbox, in the current transaction. */
int soa_event(struct sync *s, const struct sync_connector *conn, const struct cs_row *row,
	const char *ad_dn, enum delta_op op, const char *attributes, struct err *e) _must_check_;
/* An import has shown that the object's source of authority moved. In a transaction. */
int soa_set(struct sync *s, struct cs_row *row, bool blocked, struct err *e) _must_check_;
