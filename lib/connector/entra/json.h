/* Graph's JSON objects to entries, and entries to request bodies. */
#pragma once

#include "base/buf.h"
#include "connector/entra/schema.h"

#include <jansson.h>

#define ENTRA_REFS_MAX 200000 /* references in one object of one answer */

/*
 * The JSON of an answer, NULL: it is none. flags: jansson's. Strings may hold a NUL, also as the
 * mark of one that is no text (bytes that are not UTF-8, half a character).
 */
json_t *entra_parse(const char *text, size_t n, size_t flags);

/* The id of an object; NULL: there is none, or it cannot be a part of a URL. Borrowed from json. */
const char *entra_id(const json_t *json);

/* Appends the names for $select, comma separated. */
void entra_select(struct buf *b, enum entra_class class, enum entra_surface surface);

/*
 * Reads an object of an answer: class, anchor, dn (NULL when the answer does not tell the
 * sourceAnchor), the attributes that are there; an attribute that is null becomes one without
 * values. Single references become ref changes in the arena. NULL, or what is wrong with it.
 */
const char *entra_read(const json_t *json, enum entra_class class, enum entra_surface surface,
	struct entry *ret, struct ref_change **ret_changes, unsigned *ret_n);

/* Brings values into the shape in which the service keeps them. */
void entra_settle(const char *class, struct entry *en);

/*
 * Appends the properties of a body, without braces: those of the delta, or with delta NULL every
 * attribute of `wanted` that has a value; `clears`: also null for those without one. Returns the
 * number of properties.
 */
unsigned entra_write(struct buf *b, enum entra_class class, enum entra_surface surface,
	const struct entry *wanted, const struct delta *delta, bool clears);

/*
 * The DN of an Entra connector space object: CN={upper-case hex of the UTF-8 text of the
 * sourceAnchor}; in the arena. The documentation's example: x4V0iaeB60KXxjftcwd7Hw==.
 */
const char *entra_dn(const char *source_anchor, struct arena *a);
