/*
 * recognize: objects of a directory that are ours and do not show under which name. Example: the
 * directory has no property for a group's sourceAnchor, so after the loss of the store an import
 * knows a group by its anchor alone, and its row has the anchor as DN. Outbound recognizes it by
 * imported values that no two objects share (connector_type.recognized_by; of strings unique_part()
 * counts), instead of making the object once more. The index has rows of that kind only, and costs
 * a look-up for each object that is made.
 */
#pragma once

#include "store/cs.h"
#include "sync/session.h"

/*
 * A row that an import has written: can be found by the values that were delivered, when its DN is
 * only its anchor and nothing is joined to it.
 */
int recognize_index(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	const struct entry *delivered, struct arena *a, struct err *e) _must_check_;
/*
 * The row of an object that the rules want, of the class. 1: *ret is it, and it is not in the index
 * any more. 0: there is none, or *ret_problem (else NULL) names several of which it could be any.
 * Rows that somebody else has the authority over are found, too. In the arena.
 */
int recognize_find(struct sync *s, struct sync_connector *c, const char *class,
	const struct entry *wanted, struct arena *a, struct cs_row *ret, const char **ret_problem,
	struct err *e) _must_check_;
