/*
 * expr: a pure expression over an entry, in Connect Sync's expression language. Compiled once,
 * evaluated many times. A new function is a row in the table of functions.c, see functions.h.
 */
#pragma once

#include "base/err.h"
#include "lang/expr/eval.h"
#include "lang/expr/result.h"

struct expr; /* compiled */

#define EXPR_LENGTH_MAX 16384          /* bytes of text */
#define EXPR_DEPTH_MAX 64              /* nesting */
#define EXPR_OPERATORS_MAX 1000        /* a chain of them is as deep a tree */
#define EXPR_STEPS_MAX 1000000         /* nodes visited in one evaluation */
#define EXPR_TEXT_MAX 1048576          /* bytes of a text that is computed */
#define EXPR_MEMORY_MAX (64 * 1048576) /* bytes of one evaluation */
#define EXPR_VARS_MAX 16               /* $variables in scope at one place */

/*
 * Compiles. On error -EINVAL, *e has the text ("column 12: expected ...") and *ret_column (may be
 * NULL) the 1-based column. The caller frees with expr_free().
 */
int expr_compile(
	const char *text, struct expr **ret, unsigned *ret_column, struct err *e) _must_check_;
void expr_free(struct expr *x);

/* What is known of the attributes that an expression reads. */
struct expr_types {
	int (*attr_type)(void *ctx, unsigned attr); /* enum value_type; -1: may be anything */
	bool (*parameter_known)(const char *name);  /* NULL: any may be there */
	void *ctx;
};

/*
 * Checks variables and arguments, and types as far as they are known (types NULL: not at all).
 * -EINVAL as expr_compile(), which calls it without types. *ret_types (may be NULL) is the set of
 * types that the value may have.
 */
int expr_check(struct expr *x, const struct expr_types *types, unsigned *ret_types,
	unsigned *ret_column, struct err *e) _must_check_;
/* The set of types of an attribute of that type; -1: any. */
unsigned expr_value_types(int type);
/* False: no value of these types can ever be converted to the target's. */
bool expr_types_fit(unsigned types, enum value_type dest);
/* "text or a number", for messages. */
const char *expr_types_text(unsigned types, char *buf, size_t size);

/* Does it ask for the time, or for something random? Its value differs at each evaluation then. */
bool expr_varies(const struct expr *x);

/* Evaluates to values, NULL, AuthoritativeNull, IgnoreThisFlow or an error. */
void expr_eval(const struct expr *x, const struct eval *ev, struct flow_result *ret);

/* Attributes that it reads, in no order. */
const unsigned *expr_attrs(const struct expr *x, unsigned *ret_n);
/* Of these, those of which it asks whether, or how many, references there are. */
const unsigned *expr_counted(const struct expr *x, unsigned *ret_n);
