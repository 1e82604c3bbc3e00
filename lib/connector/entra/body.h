/* Entries to the bodies of Graph's requests. */
#pragma once

#include "base/buf.h"
#include "connector/entra/extension.h"
#include "model/delta.h"

/* What is to be written, and where. */
struct entra_writing {
	enum entra_class class;
	enum entra_surface surface;
	const struct entra_extensions *extensions; /* NULL: none */
	const struct entry *wanted;
	const struct delta *delta; /* only what changes; NULL: every attribute that has a value */
	bool clears;               /* delta NULL: also null for those without one */
	const unsigned *skip;      /* attributes that are left out */
	unsigned n_skip;
};

/* Appends the properties of a body, without braces. Returns how many. */
unsigned entra_write(struct buf *b, const struct entra_writing *w);

/*
 * The first value of `wanted` that no JSON of the service can hold: a number out of range, text
 * that is not UTF-8. NULL, or what was expected and the attribute in *ret_attr.
 */
const char *entra_write_problem(const struct entra_writing *w, unsigned *ret_attr) _must_check_;

/* Is there a writer for the shape? References are sub-requests of their own. */
bool entra_shape_is_written(enum entra_shape shape);
