/*
 * A message as a tree of elements, in an arena. Names are resolved: `ns` is the namespace's URI, ""
 * for none. Text is what all text records of the element say, one after the other.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct attribute {
	const char *prefix, *name, *ns, *value;
	struct attribute *next;
};

struct declaration {
	const char *prefix, *ns;
	struct declaration *next;
};

struct element {
	const char *prefix, *name, *ns;
	struct attribute *attributes;     /* in their order */
	struct declaration *declarations; /* of this element */
	const char *text;                 /* "" : none */
	size_t text_len;
	struct element *parent, *first, *last, *next;
};

/*
 * Reads a message in any of the three ways in which clients write binary XML (typed records with
 * the dictionary, everything inline, or by the look of the text). NULL: it is none; *e says at
 * which byte and why.
 */
struct element *element_decode(const void *data, size_t n, struct arena *a, struct err *e);

/* The first child of that name, of whatever namespace; NULL: none. o NULL: none either. */
const struct element *element_child(const struct element *o, const char *name);
/* The text of that child; "" when there is none. */
const char *element_child_text(const struct element *o, const char *name);
/* NULL: it has no attribute of that name in that namespace. */
const char *element_attribute(const struct element *o, const char *ns, const char *name);
/* A qualified name that stands as a value in the element; false: its prefix is not declared. */
bool element_qname(const struct element *o, const char *value, const char **ret_ns,
	const char **ret_name, struct arena *a) _must_check_;
