/* What an Active Directory object can hold, and the wire forms of its values. */
#pragma once

#include "model/entry.h"
#include "model/schema.h"

extern const struct schema ad_schema;

struct ad_attr {
	unsigned id; /* of the process */
	enum value_type type;
};

/*
 * The attribute under a name as a server or a file spells it (any case, without options). An
 * attribute that the table lacks is a string. id 0: not a possible name.
 */
struct ad_attr ad_attr_find(const char *name, size_t n);

/*
 * Adds one value in its wire form: text for numbers and booleans, raw bytes for binary, a DN for
 * references. NULL, or what is wrong with it.
 */
const char *ad_value_add(struct entry *en, struct ad_attr attr, const char *data, size_t n);

/*
 * The class of an object from its objectClass values: the most specific that we know, NULL when
 * it is none of ours.
 */
const char *ad_class(const struct value *classes, unsigned n);
