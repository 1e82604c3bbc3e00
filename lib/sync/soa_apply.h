/* Carries out what soa.h decides, in the transaction of the caller. */
#pragma once

#include "model/delta.h"
#include "store/cs.h"
#include "sync/session.h"

/*
 * Puts event 6956 in the outbox: something was not sent because of the row's authority. `op`: a
 * delete, or a change of these attributes. source_dn: the object in the source, for the message;
 * NULL: the row's own DN.
 */
int soa_event(struct sync *s, const struct sync_connector *conn, const struct cs_row *row,
	const char *source_dn, enum delta_op op, const char *attributes,
	struct err *e) _must_check_;
/*
 * The row's mask is another one: its state follows, and what depends on it is looked at again. The
 * caller writes the row.
 */
int soa_turn_to(struct sync *s, struct cs_row *row, unsigned blocked, struct err *e) _must_check_;
/* An import has shown that the object is under an authority, or no longer is. */
int soa_set(struct sync *s, struct cs_row *row, enum authority authority, bool set,
	struct err *e) _must_check_;
/*
 * For an export that finds the whole object not to be ours, before sending or by the refusal:
 * nothing of it is sent any more, and event 6956 says what was held back.
 */
int soa_hold(struct sync *s, const struct sync_connector *conn, struct cs_row *row,
	enum delta_op op, const char *attributes, struct err *e) _must_check_;
