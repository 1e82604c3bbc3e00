/* Query options against a type and against who asks. */
#pragma once

#include "odata/query.h"
#include "odata/request.h"

/* May the caller see the property? False with rs filled. */
bool may_read_property(const struct request *rq, unsigned prop, struct response *rs);
/* Checks $select against a type; false with rs filled. */
bool query_select(
	struct query *q, const struct request *rq, enum object_type t, struct response *rs);
/* The page that $skiptoken names in a list, 0: the first one; false with rs filled. */
bool query_skip(const struct query *q, unsigned long *ret, struct response *rs);
/* Checks $orderby, $search and $filter against a type and the ConsistencyLevel. */
bool query_check(
	struct query *q, const struct request *rq, enum object_type t, struct response *rs);
/* The same for objects that belong to another one, where $filter always needs ConsistencyLevel;
 * cast -1: any type. */
bool query_check_related(struct query *q, const struct request *rq, int cast, struct response *rs);
