/*
 * entry: anchor + class + attributes, the only representation of an object: as AD has it, as Graph
 * has it, as the connector space, the metaverse and the wanted state keep it. An attribute with
 * no values means "known to be absent" (in a wanted entry: the rules want it cleared; in a
 * partial import: it is gone); an attribute that is not there at all says nothing.
 *
 * References (member, manager ...) are attributes of type reference only between a connector and
 * the import step; from there on they are link rows, never part of an image.
 */
#pragma once

#include "base/arena.h"
#include "model/attr.h"
#include "model/value.h"

struct attr {
	unsigned id;
	unsigned count;
	unsigned cap;
	struct value *values;
};

struct entry {
	struct arena *arena; /* borrowed; everything below lives in it */
	const char *class;   /* "user"; NULL while unknown */
	const char *dn;      /* NULL when there is none (metaverse) */
	const char *anchor;  /* NULL before the source has given one */
	struct attr *attrs;  /* sorted by id */
	unsigned n_attrs;
	unsigned cap;
	uint64_t present[4]; /* bit id % 256 of every attribute: most look-ups find none */
};

/* An empty entry. Strings given to the functions below are copied to the arena. */
void entry_init(struct entry *e, struct arena *a);

/* NULL when the entry does not say anything about the attribute. */
const struct attr *entry_get(const struct entry *e, unsigned id);
/* The first value, or NULL when absent or empty. */
const struct value *entry_first(const struct entry *e, unsigned id);
/* The first value's bytes when it is a string or reference, else NULL. */
const char *entry_string(const struct entry *e, unsigned id);

/* Makes the attribute present without values. */
void entry_clear(struct entry *e, unsigned id);
/* Makes the entry say nothing about it. */
void entry_remove(struct entry *e, unsigned id);
/* Adds one value (bytes are copied); duplicates are kept. */
void entry_add(struct entry *e, unsigned id, struct value v);
/* One value replaces what was there. */
void entry_set(struct entry *e, unsigned id, struct value v);
/* The array itself, in the entry's arena, replaces what was there; nothing is copied. */
void entry_put(struct entry *e, unsigned id, struct value *v, unsigned n);
/* n values replace what was there. */
void entry_set_all(struct entry *e, unsigned id, const struct value *v, unsigned n);

/* Same values, in any order. */
bool attr_equal(const struct attr *a, const struct attr *b);
/* Sorts the values of every attribute, so that equal entries have equal images. */
void entry_sort(struct entry *e);
