/* What the values of some properties must be, beyond type and length. */
#pragma once

#include "tenant/property.h"

/* NULL, or what is wrong with a value of the property (of the right JSON type). */
const char *value_wrong(unsigned prop, const json_t *v);
/* The part before the @ of a name or an address: is it valid (RFC 5322)? */
bool local_part_is_good(const char *s, size_t n);
