/* The tree that filter.c makes of $filter's text, and that filter_match.c looks at objects with. */
#pragma once

#include "odata/query.h"

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
