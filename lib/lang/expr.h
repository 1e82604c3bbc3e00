/*
 * expr: a pure expression over an entry, in Connect Sync's expression language. Compiled once,
 * evaluated many times. A new function is a row in the table of lang/functions.c.
 */
#pragma once

#include "lang/rule.h"

#define EXPR_LENGTH_MAX 16384 /* bytes of text */
#define EXPR_DEPTH_MAX 64     /* nesting */
#define EXPR_STEPS_MAX 100000 /* function calls in one evaluation */

/*
 * Compiles. On error -EINVAL, *e has the text ("column 12: expected ...") and *ret_column (may be
 * NULL) the 1-based column. The caller frees with expr_free().
 */
int expr_compile(
	const char *text, struct expr **ret, unsigned *ret_column, struct err *e) _must_check_;
void expr_free(struct expr *x);

/* Evaluates to values, NULL, AuthoritativeNull, IgnoreThisFlow or an error. */
void expr_eval(const struct expr *x, const struct eval *ev, struct flow_result *ret);

/* Attributes that it reads, in no order. */
const unsigned *expr_attrs(const struct expr *x, unsigned *ret_n);
