/* adopt: a row of the connector space takes over another one, or is removed. */
#pragma once

#include "store/cs.h"
#include "sync/session.h"

/*
 * The object of an export row turns out to be one that the directory had already (a soft match).
 * The row takes over the anchor, what the directory has (images and references) of that row,
 * `found`, which is deleted.
 */
int row_adopt(
	struct sync *s, struct cs_row *row, const struct cs_row *found, struct err *e) _must_check_;
/* May it? Only when `row` was never imported and nothing manages `found`. */
bool row_adoptable(const struct cs_row *row, const struct cs_row *found);
/*
 * The directory had no object of the row any more, and has made a new one, which has nothing but
 * what was just sent. What was known of the old one, and references from and to it, count no more,
 * so that all of it is sent again. Writes the row.
 */
int row_made_anew(
	struct sync *s, struct cs_row *row, const char *anchor, struct err *e) _must_check_;
/*
 * Outbound rules no longer want values of an object that inbound joined, or it has left its
 * metaverse object: what was wanted is forgotten, and nothing is sent. Does nothing to a row that
 * is not WANT_ATTRIBUTES.
 */
int row_let_go(struct sync *s, struct cs_row *row, struct err *e) _must_check_;
/* Deletes a row, or leaves a placeholder where links still point to it. */
int row_remove(struct sync *s, struct cs_row *row, struct err *e) _must_check_;
