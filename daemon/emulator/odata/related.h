/* Lists of objects of any type, such as members: $filter and the other options of a list. */
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
/* microsoft.graph.user or graph.user; -1: the segment is not a cast. */
int cast_type(const char *segment);
