/*
 * Chosen objects of a directory, read now and beside every import: nothing is known of what has
 * changed, and no cursor is kept.
 */
#pragma once

#include "connector/export.h"
#include "connector/import.h"

#define LOOKUP_MAX 20000 /* names in one request */

/* An object by its anchor, or else by its DN. With an anchor the DN only says where to look. */
struct lookup_name {
	const char *class; /* only if it is of this class; NULL: any that is imported */
	const char *dn, *anchor;
};

struct lookup_request {
	const struct lookup_name *names;
	unsigned n;
	/* Every attribute that the directory shows, not only those that an import reads. */
	bool everything;
	/* Also objects that the settings leave out (folders, filters). */
	bool any_scope;
	/* As in struct import_request; only the last one may say where an import has come to. */
	const unsigned *attrs;
	unsigned n_attrs;
	const void *cursor; /* of the last import: it knows types and the server that was asked */
	size_t cursor_len;
};

/*
 * connector_type.lookup. The sink gets, in any order:
 *
 * object()  each object that is there, once: all of it (references as whole lists in the entry),
 *           with class, DN and anchor (the DN NULL: it is not shown, and was not asked for).
 *           `deleted`: the directory has no object of an anchor that was asked for; `left`: it
 *           has it, but the settings or the class leave it out. An object asked for by its DN
 *           alone that is not there, or is left out, is not told at all; so is any, where the
 *           directory knows no DNs (Entra).
 * bad()     an object that is there and cannot be read, or of which the directory refuses to tell;
 *           the others go on.
 * flag()    as in an import, but of the objects that were asked for: those whose attribute of
 *           connector_type.authorities is true, then a call with anchor NULL for the class. Of an
 *           attribute, or a class, that no such call is about, nothing is known.
 * note()    as in an import.
 *
 * Nothing else is called; flag() and note() may be NULL. With `everything` the entry has the
 * attributes of the authorities, too.
 * More than LOOKUP_MAX names are an error (RUN_BAD, -E2BIG).
 */
