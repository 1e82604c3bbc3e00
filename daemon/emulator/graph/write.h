/* Writing properties: checks everything first, then applies. */
#pragma once

#include "odata/query.h"

/* A body after checking: JSON text by property. */
struct change {
	struct buf text[SELECT_MAX];
	bool given[SELECT_MAX];
	const json_t *members; /* members@odata.bind */
	const char *manager;   /* manager@odata.bind */
	bool password;
};

/*
 * Writes the properties of rq->body to the object (NULL: a new one is made). False with rs filled
 * and nothing changed. *ret_changed: was anything different?
 */
bool object_write(struct emulator *em, struct request *rq, enum object_type t, struct object **o,
	bool *ret_changed, struct response *rs);
