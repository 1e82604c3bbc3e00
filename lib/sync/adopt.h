/* adopt: a row of the connector space that takes over another one, or that goes. */
#pragma once

#include "store/cs.h"
#include "sync/session.h"

/*
 * An export row whose object turns out to be one that the directory had already (a soft match): it
 * takes over the anchor, what was imported and the references of that row, which goes.
 */
int row_adopt(
	struct sync *s, struct cs_row *row, const struct cs_row *found, struct err *e) _must_check_;
/* Can it be? The one was never imported, nothing manages the other. */
bool row_adoptable(const struct cs_row *row, const struct cs_row *found);
/*
 * Outbound rules no longer want values of an object that inbound joined, or it has left its
 * metaverse object: what was wanted is forgotten, and nothing is sent. Of any other row: nothing.
 */
int row_let_go(struct sync *s, struct cs_row *row, struct err *e) _must_check_;
/* Deletes a row, or leaves a placeholder where links still point to it. */
int row_remove(struct sync *s, struct cs_row *row, struct err *e) _must_check_;
