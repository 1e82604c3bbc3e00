/* Graph's JSON objects to entries. */
#pragma once

#include "base/buf.h"
#include "connector/entra/extension.h"

#include <jansson.h>

#define ENTRA_REFS_MAX 200000 /* references in one object of one answer */

/* The id of an object; NULL: it has none, or one that does not fit into a URL. Borrowed from json.
 */
const char *entra_id(const json_t *json);
/* The same where it has another name. */
const char *entra_id_in(const json_t *json, const char *name);

/* Appends the names for $select, comma separated. */
void entra_select(struct buf *b, enum entra_class class, enum entra_surface surface,
	const struct entra_extensions *x);

/*
 * Reads an object of an answer: class, anchor, dn (NULL when the answer does not tell the
 * sourceAnchor), the attributes that are there; an attribute that is null becomes one without
 * values. Single references become ref changes in the arena. NULL, or what is wrong with it: the
 * property and what was expected, in the arena of the entry.
 */
const char *entra_read(const json_t *json, enum entra_class class, enum entra_surface surface,
	const struct entra_extensions *x, struct entry *ret, struct ref_change **ret_changes,
	unsigned *ret_n) _must_check_;

/*
 * Of an answer that tells all of an object: what it leaves out of the extensions has no value. (Of
 * changes it says nothing.)
 */
void entra_read_absent(enum entra_class class, const struct entra_extensions *x, struct entry *en);

/* Is there a reader for the shape? Of references it is entra_read() itself. */
bool entra_shape_is_read(enum entra_shape shape);
