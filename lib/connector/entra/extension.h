/*
 * Directory extensions of a tenant: rows beside the attribute table, one for each attribute of the
 * setting, and their definitions in the tenant. In the connector space an attribute has the same
 * name everywhere; its property is the tenant's (extension_<application>_<name>).
 */
#pragma once

#include "connector/entra/schema.h"

/* `sub` of a row is the id of its definition. Of one connector; kept until the process ends, and
 * filled again by each load of the rules. */
struct entra_extensions {
	struct entra_attr *rows;
	unsigned n;
	const struct schema *schema; /* of the connector, with them */
};

/* NULL: the connector of that name has none. */
const struct entra_extensions *entra_extensions_of(const char *connector);
/* The row of an attribute for a class; x NULL: none. */
const struct entra_attr *entra_extension_row(
	const struct entra_extensions *x, unsigned id, enum entra_class class);
/* entra_extension_row(), else entra_attr_of(). */
const struct entra_attr *entra_row(const struct entra_extensions *x, unsigned id,
	enum entra_class class, enum entra_surface surface);
/* extension_target.use */
void entra_extensions_use(const struct settings *s, const struct extension *items, unsigned n);
/*
 * What the service refuses of the values (delta NULL: of all that are wanted, else of those that
 * are in it): how long they are, how many an object has. As connector_type.problem.
 */
const char *entra_extension_problem(const struct entry *wanted, const struct delta *delta,
	struct arena *a, const char **ret_text);
