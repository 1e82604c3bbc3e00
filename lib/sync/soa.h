/*
 * soa: the source of authority. An object of a target, or some of its attributes, may be managed on
 * the directory's side; the row's mask `blocked` (enum authority) says which. This file decides
 * what that means, soa_apply.h does it, and the other files of sync/ ask this one:
 *
 * 1. An import learns from complete lists who has the authority over which objects: delta queries
 *    do not show it, and giving it back may change no attribute. AUTHORITY_ON_PREMISES is for a
 *    connector that writes on the directory's side, as an application that an HR system feeds: what
 *    synchronization from on-premises masters is not to be written then, and the objects themselves
 *    show it (connector_type.foreign_attr).
 * 2. The row stays joined, and outbound still computes what the rules say. What is blocked is not
 *    sent: with AUTHORITY_WHOLE nothing is, otherwise no attribute that the schema marks with the
 *    authority. When a change of the source's object changes the blocked part of the wanted image,
 *    event 6956 reports it, once for each change. A mere difference from what the directory has is
 *    not reported.
 * 3. With AUTHORITY_WHOLE the rules delete nothing: an object that they want no longer stays and is
 *    no longer connected, and one that the directory's side deletes is not made again. A smaller
 *    authority leaves both to us.
 * 4. When an authority ends, everything of the object that is ours is sent again, also what did not
 *    change, and awaits its confirmation.
 * 5. A group of ours keeps its references to objects under AUTHORITY_ALL, except to groups: we do
 *    not know who is in such a group.
 *
 * The names of a directory's authorities are in connector_type.authorities, their attributes in its
 * schema. A new one is a row of AUTHORITIES, one in that table, and marks in the schema. All
 * functions here are pure.
 */
#pragma once

#include "connector/connector.h"
#include "model/delta.h"
#include "store/cs.h"
#include "sync/config.h"

/* Nothing of the object is sent. */
static inline bool soa_blocks_all(const struct cs_row *row)
{
	return row->blocked & AUTHORITY_WHOLE;
}

/* The row's class in the schema, for the functions below; NULL: they do not need it. */
const struct schema_class *soa_class(const struct connector_config *cfg, const struct cs_row *row);

/* Is this attribute of the object not sent? */
bool soa_blocks(const struct cs_row *row, const struct schema_class *class, unsigned attr);

/* Reduces a change of the object to what may be sent (ours), or to what may not (theirs). */
void soa_ours(const struct cs_row *row, const struct schema_class *class, struct delta *d);
void soa_theirs(const struct cs_row *row, const struct schema_class *class, struct delta *d);
/* Removes from the wanted image what may not be sent. */
void soa_ours_only(const struct cs_row *row, const struct schema_class *class, struct entry *en);

/* The rules do not want the object any more: does it stay nevertheless? */
bool soa_keeps_object(const struct cs_row *row);
/* The directory does not have the object any more: must it not be made again, though wanted? */
bool soa_keeps_gone(const struct cs_row *row);
/* The rules want a reference from `source` to `target`, rows of one connector: is it to be sent? */
bool soa_keeps_reference(const struct connector_type *type, const struct cs_row *source,
	const struct cs_row *target);

/* What it means for a row when its mask changes. */
enum soa_turn {
	SOA_SAME,     /* nothing to do at once */
	SOA_TAKEN,    /* nothing is sent any more */
	SOA_RETURNED, /* everything that is ours is to be sent again */
};
enum soa_turn soa_turn(unsigned before, unsigned after);
/*
 * Was the authority taken and given back between two imports? So it is when the directory showed
 * the object as mastered by us, does not any more, and no AUTHORITY_ALL is known.
 */
bool soa_is_returned(const struct cs_row *row, bool mastered_before, bool mastered);

/* The authority that belongs to an attribute of the import; NULL: none. */
const struct authority_def *soa_find(const struct connector_type *type, const char *attr);
/* For messages: why a change of a row with this mask is not sent, the second half of a sentence. */
const char *soa_reason(const struct connector_type *type, unsigned blocked);
/*
 * For people: why the row is kept, in the arena, though one side has lost its object: the rules
 * want it no longer, or the directory does not have it and it is not made again. NULL: it is
 * neither.
 */
const char *soa_kept(const struct connector_type *type, const struct cs_row *row, struct arena *a);
/* For messages: the authorities of a mask and what they block, in the arena; NULL: none. */
const char *soa_words(const struct connector_type *type, unsigned blocked, struct arena *a);
