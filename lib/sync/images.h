/* images: the objects in rows of the connector space and of the metaverse, as entries and back. */
#pragma once

#include "model/entry.h"
#include "store/cs.h"
#include "store/mv.h"
#include "sync/session.h"

/*
 * Decodes an image; -EUCLEAN with *e naming the object when the row is corrupt. Without `wanted`:
 * what the directory has, as far as is known, which is what the last import showed and what was
 * accepted and is never shown. An attribute without values is in doubt, see acknowledged.h.
 */
int row_entry(struct sync *s, const struct cs_row *row, bool wanted, struct arena *a,
	struct entry *ret, struct err *e) _must_check_;
/* The same if an import showed `shown` instead; *ret points into that. */
int row_with_shown(struct sync *s, const struct cs_row *row, const struct entry *shown,
	struct arena *a, struct entry *ret, struct err *e) _must_check_;
/* One of the two alone. */
int row_shown(struct sync *s, const struct cs_row *row, struct arena *a, struct entry *ret,
	struct err *e) _must_check_;
int row_acknowledged(struct sync *s, const struct cs_row *row, struct arena *a, struct entry *ret,
	struct err *e) _must_check_;
/* Does the imported image show that we master the object? True if the connector cannot tell. */
int row_is_mastered(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	struct arena *a, bool *ret, struct err *e) _must_check_;
/* Does it show that somebody else writes the object (connector_type.foreign_attr)? */
int row_is_foreign(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	struct arena *a, bool *ret, struct err *e) _must_check_;
int mv_entry(struct sync *s, const struct mv_row *row, struct arena *a, struct entry *ret,
	struct err *e) _must_check_;
#define IMAGE_TOO_LARGE 1
#define IMAGE_TOO_LARGE_TEXT "the object is larger than 8 MiB"
/* Encodes, into the arena. IMAGE_TOO_LARGE: over IMAGE_MAX, an error of this object. */
int entry_image(struct sync *s, struct entry *entry, struct arena *a, const void **ret,
	size_t *ret_len, struct err *e) _must_check_;
