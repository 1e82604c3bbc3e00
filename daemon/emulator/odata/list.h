/* A collection: $filter, $search, $orderby, $count and pages. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"

/* A type's objects, or those of deletedItems. */
void list_collection(struct emulator *em, struct request *rq, enum object_type t, bool deleted,
	struct response *rs);
void count_collection(struct emulator *em, struct request *rq, enum object_type t, bool deleted,
	struct response *rs);
