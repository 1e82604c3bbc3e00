/* Lists of objects of any type, as that of members: $filter and all else that a list takes. */
#pragma once

#include "odata/request.h"
#include "odata/response.h"

struct objects {
	uint32_t *items; /* indexes */
	unsigned n;
};
/* A cast, $count or $ref stand from that segment of the path on. */
void respond_objects(struct emulator *em, struct request *rq, const struct objects *list,
	unsigned segment, struct response *rs);
/* microsoft.graph.user or graph.user; -1: it is no cast. */
int cast_type(const char *segment);
