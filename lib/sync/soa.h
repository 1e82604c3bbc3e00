/*
 * soa: the source of authority. Somebody on the directory's side may have the say over an object of
 * a target, or over some of its attributes; the row's mask `blocked` (enum authority) tells over
 * what. This is where it is decided what that means, soa_apply.h is where it is done, and the
 * other files of sync/ ask:
 *
 * 1. An import learns who has the authority over which objects, by complete lists: delta queries do
 *    not tell it, and giving it back may change nothing that can be seen.
 * 2. The row stays joined, and outbound still computes what the rules say. What is blocked is not
 *    sent: with AUTHORITY_ALL nothing is, otherwise no attribute that the schema marks with the
 *    authority. When a change of the source's object has altered what would have been sent (the
 *    wanted image changed, not merely: it differs from what the directory has), event 6956 tells
 *    it, once for each change, whoever looks again.
 * 3. With AUTHORITY_ALL the rules delete nothing: an object that they want no longer stays and is
 *    no longer connected, and one that the directory's side deletes is not made again. A smaller
 *    authority leaves both to us.
 * 4. When an authority ends, everything that is ours again is sent, with what did not change, and
 *    awaits its confirmation.
 * 5. A group of ours keeps its references to objects under AUTHORITY_ALL, but for groups: who is in
 *    such a group, nobody here knows.
 *
 * No connector tells of AUTHORITY_EXCHANGE yet: no row has it but in tests.
 *
 * How a directory calls its authorities is in connector_type.authorities, which attributes they
 * have is in its schema. A new one is a row of AUTHORITIES, one in that table, and marks in the
 * schema. All here is pure.
 */
#pragma once

#include "connector/connector.h"
#include "model/delta.h"
#include "store/cs.h"
#include "sync/config.h"

/* Nothing of the object is sent. */
static inline bool soa_blocks_all(const struct cs_row *row)
{
	return row->blocked & AUTHORITY_ALL;
}

/* What the questions below have to know of a row's class; NULL: nothing, for this row. */
const struct schema_class *soa_class(const struct connector_config *cfg, const struct cs_row *row);

/* Is this attribute of the object not sent? */
bool soa_blocks(const struct cs_row *row, const struct schema_class *class, unsigned attr);

/* Leaves in a change of the object what may be sent, or what may not. */
void soa_ours(const struct cs_row *row, const struct schema_class *class, struct delta *d);
void soa_theirs(const struct cs_row *row, const struct schema_class *class, struct delta *d);
/* Takes out of what is wanted of the object what may not be sent. */
void soa_ours_only(const struct cs_row *row, const struct schema_class *class, struct entry *en);

/* The rules do not want the object any more: does it stay all the same? */
bool soa_keeps_object(const struct cs_row *row);
/* The directory does not have the object any more: is it not made again, though rules want it? */
bool soa_keeps_gone(const struct cs_row *row);
/* Is a reference of `source` to `target`, which the rules want, one that the target gets? */
bool soa_keeps_reference(const struct cs_row *source, const struct cs_row *target);

/* What it means for a row when its mask changes. */
enum soa_turn {
	SOA_SAME,     /* nothing that is done at once */
	SOA_TAKEN,    /* nothing is sent any more */
	SOA_RETURNED, /* everything that is ours is to be sent again */
};
enum soa_turn soa_turn(unsigned before, unsigned after);
/*
 * The object was shown as mastered by us, and is not any more, though no authority is known: it was
 * taken and given back between two imports.
 */
bool soa_is_returned(const struct cs_row *row, bool mastered_before, bool mastered);

/* The authority that an attribute of the import tells of; NULL: it is none. */
const struct authority_def *soa_find(const struct connector_type *type, const char *attr);
/* For people: why a change of a row with this mask is not sent, the second half of a sentence. */
const char *soa_reason(const struct connector_type *type, unsigned blocked);
/* For people: the authorities of a mask and what they block, in the arena; NULL: there are none. */
const char *soa_words(const struct connector_type *type, unsigned blocked, struct arena *a);
