/*
 * XML as a tree, for the documents of Get-ADSyncServerConfiguration: elements, their attributes and
 * their text. Comments and processing instructions are skipped; a document type is refused, so that
 * no entity can grow or reach out. Everything lives in an arena.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define XML_BYTES_MAX (16 * 1024 * 1024)
#define XML_DEPTH_MAX 32
#define XML_NODES_MAX 500000

struct xml_node {
	const char *name;
	const char *text; /* the element's own character data, not trimmed; "" when there is none */
	const char **attributes; /* name, value, name, value ..., NULL */
	int line;
	struct xml_node *first, *next; /* child, sibling */
	struct xml_node *last;         /* child; while reading */
};

/* Reads a document; -EINVAL with *e naming path, line and what is wrong. */
int xml_read(const char *path, const char *text, size_t len, struct arena *a, struct xml_node **ret,
	struct err *e) _must_check_;

/* The value of an attribute; NULL: there is none. */
const char *xml_attribute(const struct xml_node *n, const char *name);
/* The first child of that name; NULL: none. */
const struct xml_node *xml_child(const struct xml_node *n, const char *name);
/* The trimmed text of the first child of that name; NULL when there is no such child. */
const char *xml_text(const struct xml_node *n, const char *name, struct arena *a);
/* Text without white space around it. */
const char *xml_trim(const char *s, struct arena *a);
/* The first element of that name anywhere below, in order of the document. */
const struct xml_node *xml_find(const struct xml_node *n, const char *name);

/* Appends text with &, < and > escaped. */
void xml_escape(struct buf *b, const char *s);
