/* Objects as JSON. */
#pragma once

#include "odata/query.h"
#include "odata/request.h"
#include "odata/response.h"

/* Has the type what $expand names? False with rs filled. */
bool expand_check(const struct query *q, enum object_type t, struct response *rs);
/* Appends id and the selected properties, without braces; expansions too. */
void object_render(
	const struct emulator *em, const struct request *rq, const struct object *o, struct buf *b);
/* Appends one property with a comma in front; computed ones too. */
void render_property(
	const struct object *o, unsigned prop, const char *json, size_t n, struct buf *b);
/* The whole answer of one object. */
void respond_object(struct emulator *em, struct request *rq, const struct object *o, int status,
	struct response *rs);
/*
 * One object of an expansion or a mixed list, with its type; names of $select that its type lacks,
 * or that the caller may not see, are left out. NULL: the default properties.
 */
void render_other(
	const struct request *rq, const char *select, const struct object *o, struct buf *b);
