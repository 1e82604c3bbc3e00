/*
 * Entries as JSON, for people and files: {"attribute": value or [values], ...}. Text, numbers and
 * booleans are themselves, bytes are {"base64": "..."}.
 */
#pragma once

#include "base/err.h"
#include "model/entry.h"

#include <jansson.h>

/* A new reference. */
json_t *value_to_json(const struct value *v, struct arena *a) _must_check_;
/* One value as itself, several as a list, none as null. A new reference. */
json_t *values_to_json(const struct value *v, unsigned n, struct arena *a) _must_check_;
/* Every attribute with the list of its values. A new reference. */
json_t *entry_to_json(const struct entry *en, struct arena *a) _must_check_;

/*
 * The other way, into an entry that entry_init() has prepared. The key "dn" sets the DN. -EINVAL
 * with *e naming the attribute.
 */
int entry_from_json(struct entry *en, const json_t *o, struct err *e) _must_check_;
