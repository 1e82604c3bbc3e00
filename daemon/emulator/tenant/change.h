/* What a request would change of an object: JSON text by property, checked and not yet applied. */
#pragma once

#include "tenant/directory.h"

struct change {
	struct buf text[PROPERTIES_MAX];
	bool given[PROPERTIES_MAX];
	const json_t *members; /* members@odata.bind */
	const char *manager;   /* manager@odata.bind */
	bool password;
};

void change_done(struct change *c);
#define _cleanup_change_ _cleanup_(change_done)

/* Is a value given, and not null? */
bool change_has(const struct change *c, unsigned prop);
/* The JSON text that the object (NULL: a new one) will have; NULL: null. Borrowed. */
const char *change_future(
	const struct change *c, const struct object *o, unsigned prop, size_t *ret_n);
/* The string of n bytes of JSON text at s, and what is behind it. */
void change_set_text(struct change *c, unsigned prop, const char *s, size_t n, const char *behind);
