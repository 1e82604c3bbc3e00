/* node: the compiled tree of an expression, and the walk over it; private to lang/expr. */
#pragma once

#include "lang/expr/term.h"

enum node_kind {
	NODE_CONSTANT,
	NODE_ATTRIBUTE,
	NODE_PARAMETER,
	NODE_VARIABLE,
	NODE_CALL,
	NODE_BINARY,
};

/* X(enum, text, level): a higher level binds tighter */
#define OPERATORS(X)      \
	X(OR, "||", 1)    \
	X(AND, "&&", 1)   \
	X(EQ, "=", 2)     \
	X(NE, "<>", 2)    \
	X(LE, "<=", 2)    \
	X(GE, ">=", 2)    \
	X(LT, "<", 2)     \
	X(GT, ">", 2)     \
	X(CONCAT, "&", 3) \
	X(ADD, "+", 3)    \
	X(SUB, "-", 3)    \
	X(MUL, "*", 3)
enum operator{
#define X(name, text, level) OP_##name,
	OPERATORS(X)
#undef X
		OP_COUNT
};

struct function;

struct node {
	enum node_kind kind;
	unsigned column;             /* in the text, from 1 */
	struct term constant;        /* CONSTANT */
	unsigned attr;               /* ATTRIBUTE; ImportedValue, ValueCount: the quoted one */
	bool link;                   /* ATTRIBUTE: holds references, which are links, not values */
	const char *name;            /* PARAMETER, VARIABLE */
	enum operator op;            /* BINARY */
	const struct function *func; /* CALL */
	struct node **args;          /* CALL, BINARY (2) */
	unsigned n_args;
};

struct term node_eval(struct run_state *rs, const struct node *node);

struct expr {
	struct arena arena;
	struct node *root;
	unsigned *attrs;
	unsigned n_attrs;
	unsigned *counted; /* of these: whose references it asks for; after expr_check() */
	unsigned n_counted;
};
