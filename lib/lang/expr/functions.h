/*
 * functions: the table of the functions of the expression language: what runs, checks types,
 * documents and tests itself. A new function is a row in functions.c, a prototype in
 * functions_priv.h and a body in the functions_*.c file that it fits.
 *
 * Eager functions get evaluated terms; lazy ones get the nodes and evaluate what they need. Scalar
 * functions map over the values of a list in argument 1. The signature is read by people and by
 * the type check: "num InStr(str, str[, num start])".
 */
#pragma once

#include <stddef.h>

struct node;
struct run_state;
struct term;

enum {
	FUNC_LAZY = 1 << 0,
	FUNC_MAP = 1 << 1,    /* maps over a multi-valued first argument */
	FUNC_NULL = 1 << 2,   /* NULL in the first argument gives NULL without a call */
	FUNC_SAME1 = 1 << 3,  /* the result has the type of argument 1 */
	FUNC_SAME2 = 1 << 4,  /* ... of argument 2 */
	FUNC_SAME3 = 1 << 5,  /* ... of argument 3; with SAME2: of either */
	FUNC_PAIRS = 1 << 6,  /* Switch: condition, value ...: the result is one of the values */
	FUNC_NAME = 1 << 7,   /* argument 1 is the name of an attribute in quotes */
	FUNC_BIND2 = 1 << 8,  /* argument 1 is a $variable for argument 3, from a list */
	FUNC_LINKS = 1 << 9,  /* argument 1 may hold references */
	FUNC_RANDOM = 1 << 10 /* another result at each call */
};

struct function {
	const char *name;
	unsigned min_args, max_args; /* max 255: any number */
	unsigned flags;
	struct term (*eager)(struct run_state *rs, const struct term *args, unsigned n);
	struct term (*lazy)(struct run_state *rs, struct node **args, unsigned n);
	const char *group; /* of the manual */
	const char *signature;
	const char *help;
	const char *example, *result; /* over expr_example; the result as JSON */
};

extern const struct function functions[];
extern const unsigned n_functions;
const struct function *function_find(const char *name, size_t n);
/* The known name that is spelled most alike. */
const char *function_nearest(const char *name, size_t n);
