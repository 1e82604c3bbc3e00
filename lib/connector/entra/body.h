/* Entries to the bodies of Graph's requests. */
#pragma once

#include "base/buf.h"
#include "connector/entra/schema.h"
#include "model/delta.h"

/*
 * Appends the properties of a body, without braces: those of the delta, or with delta NULL every
 * attribute of `wanted` that has a value; `clears`: also null for those without one. Returns the
 * number of properties.
 */
unsigned entra_write(struct buf *b, enum entra_class class, enum entra_surface surface,
	const struct entry *wanted, const struct delta *delta, bool clears);

/*
 * The first value of `wanted` that no JSON of the service can hold: a number out of range, text
 * that is not UTF-8. NULL, or what was expected and the attribute in *ret_attr.
 */
const char *entra_write_problem(enum entra_class class, enum entra_surface surface,
	const struct entry *wanted, const struct delta *delta, unsigned *ret_attr) _must_check_;

/* Is there a writer for the shape? References are sub-requests of their own. */
bool entra_shape_is_written(enum entra_shape shape);
