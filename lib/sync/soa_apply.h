/*
 * What is done about the source of authority, in the transaction of the caller; see soa.h for what
 * it means.
 */
#pragma once

#include "model/delta.h"
#include "store/cs.h"
#include "sync/session.h"

/*
 * Puts event 6956 in the outbox: the row's authority has kept something from being sent. `op`: a
 * delete, or a change of these attributes. source_dn: what administrators know it by; NULL: the
 * row's own DN.
 */
int soa_event(struct sync *s, const struct sync_connector *conn, const struct cs_row *row,
	const char *source_dn, enum delta_op op, const char *attributes,
	struct err *e) _must_check_;
/* An import has shown that the object came under an authority (or is not any more). */
int soa_set(struct sync *s, struct cs_row *row, enum authority authority, bool set,
	struct err *e) _must_check_;
/*
 * The whole object is not ours, as it turns out when something of it is to be sent, or was refused:
 * nothing of it is sent any more, and what was held back is told.
 */
int soa_hold(struct sync *s, const struct sync_connector *conn, struct cs_row *row,
	enum delta_op op, const char *attributes, struct err *e) _must_check_;
