/*
 * names: an index over the names by which people call objects: those that the target shows, and
 * those of the metaverse. It is made when the first name is asked for, in one walk over all rows,
 * and is in memory: some 25 bytes for each name.
 */
#pragma once

#include "model/entry.h"
#include "store/store.h"

/* X(enum, attribute): in the order in which an object is looked for */
#define OBJECT_NAMES(X)                 \
	X(SIGN_IN, "userPrincipalName") \
	X(ADDRESS, "mail")              \
	X(DISPLAY, "displayName")
enum object_name {
#define X(id, attr) NAME_##id,
	OBJECT_NAMES(X)
#undef X
		NAME_COUNT
};

struct name {
	uint64_t hash;
	int64_t id; /* of a row of the target, or of the metaverse */
	enum object_name which;
	bool metaverse;
};

struct names;

/* Walks through the rows of the connector that is the target, and through the metaverse. */
int names_make(struct store *s, int64_t target, struct names **ret, struct err *e) _must_check_;
void names_free(struct names *x);
/* What may be called so, whatever the case of letters; the caller asks names_fit(). Borrowed. */
const struct name *names_find(const struct names *x, const char *text, size_t *ret_n);

/* Is an object called so? */
bool names_fit(const struct entry *en, enum object_name which, const char *text);
/* The name to show of an object: the display name, or another; "": it has none. */
const char *names_show(const struct entry *en);
