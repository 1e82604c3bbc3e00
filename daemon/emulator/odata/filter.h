/* $filter as a tree: filter.c makes it from the text, filter_match.c compares objects with it. */
#pragma once

#include "tenant/property.h"

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_COMPARE, NODE_ANY };
enum compare_op { OP_EQ, OP_NE, OP_GT, OP_GE, OP_LT, OP_LE, OP_IN, OP_STARTS, OP_ENDS };

struct filter {
	enum node_kind kind;
	enum compare_op op;
	struct filter *left, *right; /* ANY: left is the inside, NULL for any() */
	char property[128];          /* path; inside of any: behind the variable, "" itself */
	char **literals;             /* JSON text; NULL: null */
	unsigned n_literals;
};

#define COUNT_STEP "/$count"
#define SOA_FLAG "onPremisesSyncBehavior/isCloudManaged"

/*
 * $filter: eq ne gt ge lt le in, startswith(), endswith(), x/any(v:...), x/$count, and, or, not,
 * parentheses. NULL with *why.
 */
struct filter *filter_parse(const char *text, const char **why);
void filter_free(struct filter *f);

enum filter_need {
	NEED_NOTHING,
	NEED_INDEX,    /* ConsistencyLevel: eventual and $count=true */
	NEED_PROPERTY, /* the type has no property of that name (*why) */
};
/* What a filter over objects of the type asks for. */
enum filter_need filter_need(const struct filter *f, enum object_type t, const char **why);
/* A property in it that only some applications may read; -1: there is none. */
int filter_restricted(const struct filter *f, enum object_type t);
/* Does it compare isCloudManaged? */
bool filter_asks_soa(const struct filter *f);
/* The literal (JSON text) when the whole filter is "property eq 'literal'"; NULL otherwise. */
const char *filter_equals(const struct filter *f, const char *property);
/* Of "id eq 'a' or id eq 'b'": their number, and "a,b," appended; 0: it is another filter. */
unsigned filter_ids(const struct filter *f, struct buf *ret);
