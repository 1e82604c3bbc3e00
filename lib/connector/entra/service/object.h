/*
 * An object as the service gives it back: its two anchors, and those of its values that Graph does
 * not show. Reading is tolerant: names are compared without case, a value is read as its
 * attribute's type in our schema whatever type the answer names, what is not known is passed over.
 */
#pragma once

#include "model/entry.h"
#include "model/schema.h"
#include "net/nbfx.h"

struct service_keys;

/* The attributes of the schema that are asked for: SCHEMA_UNREADABLE, of every class. */
struct service_keys *service_keys_new(const struct schema *s);
void service_keys_free(struct service_keys *k); /* NULL is fine */

struct service_given {
	const char *class;         /* of the schema; NULL: one that it does not have */
	const char *cloud_anchor;  /* "User_<id>"; "" */
	const char *source_anchor; /* ""; also where the schema does not ask for it */
	bool deleted;              /* it is told because it is gone */
	/* References are strings, source anchors; an attribute that is told to be empty is there.
	 */
	struct entry entry;
};

/* Behind the start of an AzureADSyncObject; reads to its end. Everything lives in the arena. */
int service_read_object(struct nbfx_reader *r, const struct service_keys *k, struct arena *a,
	struct service_given *ret, struct err *e) _must_check_;
