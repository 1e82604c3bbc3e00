/* One object of a request to the provisioning service, on its way through it. */
#pragma once

#include "soap/bag.h"
#include "soap/envelope.h"
#include "tenant/emulator.h"

struct item {
	const struct element *of;
	enum object_type type;
	bool deletes;
	json_t *bag; /* as it came, owned */
	struct reference_change *changes;
	const char *source_anchor, *cloud_anchor;
	struct object *object; /* NULL: there is none yet */
	/* the result */
	bool failed;
	bool hides;       /* something of it Graph never shows */
	bool changed;     /* something that Graph's body does not show */
	const char *text; /* in the call's arena; "" */
};

/* It is refused, unless it was already; the text is copied into the arena. */
void item_fail(struct item *it, const struct soap_call *call, const char *text);
