/*
 * unreadable: which attributes of a class a directory takes and never shows (SCHEMA_UNREADABLE),
 * quickly: it is asked for each attribute of each object. What was accepted of them:
 * acknowledged.h.
 */
#pragma once

#include "model/delta.h"
#include "sync/session.h"

/* The unreadable attributes of a class. */
struct unreadable {
	const char *class;
	unsigned char attrs[ATTR_MAX / 8]; /* a bit each */
};

/* Fills c->unreadable from its schema, in the arena. */
void unreadable_init(struct sync_connector *c, struct arena *a);
/* NULL: objects of the class have none. c may be NULL. */
const struct unreadable *unreadable_of(const struct sync_connector *c, const char *class);

/* u may be NULL. */
static inline bool unreadable_has(const struct unreadable *u, unsigned attr)
{
	return u && u->attrs[attr / 8] >> (attr % 8) & 1;
}

/* Does the delta have something, and only unreadable attributes? */
bool unreadable_is_all(const struct unreadable *u, const struct delta *d);
