/* Writing properties: checks everything first, then applies. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

/*
 * Writes the properties of rq->body to the object (NULL: a new one is made). False with rs filled
 * and nothing changed. *ret_changed: was anything different?
 */
bool object_write(struct emulator *em, struct request *rq, enum object_type t, struct object **o,
	bool *ret_changed, struct response *rs);
