/*
 * The service's names of attributes to Graph's properties, for a body as a POST to Graph has it.
 * What has no property is kept in the bag alone.
 */
#pragma once

#include "base/json.h"
#include "tenant/property.h"

/*
 * `in`: what comes in; `whole`: all that is known of the object with it, of which lists of parts
 * (phones) are made; is_new: no object has the anchor yet. The caller frees. *ret_wrong: the name
 * of an attribute whose value is none of its kind (no SID, no time), which the body lacks; NULL:
 * there is none.
 */
json_t *wire_to_graph(enum object_type t, const json_t *in, const json_t *whole, bool is_new,
	const char **ret_wrong);
/* Does Graph show the attribute of the wire somehow? The anchor counts as shown. */
bool wire_is_shown(enum object_type t, const char *key);
/* "User" in any case; TYPE_COUNT: none. */
enum object_type wire_type(const char *word);
/* The word in front of an object's id in a CloudAnchor: "User". */
const char *wire_type_word(enum object_type t);
