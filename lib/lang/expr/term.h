/*
 * term: a value inside an expression. Beside the model's values there are lists, dates, and the
 * words that steer a flow. Everything lives in the evaluation's arena or in the source entry.
 */
#pragma once

#include "lang/expr/expr.h"

enum term_type {
	TERM_NULL,
	TERM_AUTHORITATIVE_NULL,
	TERM_IGNORE,
	TERM_ERROR, /* text: the message; stops the evaluation */
	TERM_STRING,
	TERM_NUMBER,
	TERM_BOOLEAN,
	TERM_BINARY,
	TERM_REFERENCE,
	TERM_DATE,  /* num: FILETIME, 100 ns since 1601 */
	TERM_LINKS, /* num: the attribute of the source whose references are meant */
	TERM_LIST,  /* items */
};

struct term {
	enum term_type type;
	const char *data; /* string, binary, reference, error */
	size_t len;
	int64_t num; /* number, boolean, date */
	const struct term *items;
	size_t n_items;
};

struct node;

/* One evaluation: its limits and its variables. */
struct run_state {
	const struct eval *ev;
	unsigned steps;
	size_t memory;                   /* of the arena when it began */
	const char *vars[EXPR_VARS_MAX]; /* names of $variables in scope */
	struct term var_values[EXPR_VARS_MAX];
	unsigned n_vars;
};

struct term term_null(void);
struct term term_string(const char *s, size_t n);
struct term term_text(const char *s);
struct term term_number(int64_t n);
struct term term_boolean(bool b);
struct term term_date(int64_t filetime);
struct term term_binary(const void *p, size_t n);
struct term term_error(struct run_state *rs, const char *fmt, ...) _printf_(2, 3);

struct term term_from_value(const struct value *v);
/* The values of an attribute: NULL, one value, or a list. */
struct term term_from_attr(const struct attr *a, struct arena *arena);
/* One model value from a scalar term. False for NULL, lists and steering words. */
bool term_to_value(const struct term *t, struct arena *a, struct value *ret) _must_check_;

/* Text of a scalar: numbers in decimal, True/False, dates in RFC 3339, base64 of bytes. */
const char *term_to_text(const struct term *t, struct arena *a, size_t *ret_len);
/* Number of a scalar: decimal text counts, True is 1. False when it is none. */
bool term_to_number(const struct term *t, int64_t *ret) _must_check_;
/* A date, or the text of one (functions_date.c says which). */
bool term_to_date(const struct term *t, int64_t *ret_filetime) _must_check_;
/* Is it true as a condition? NULL is False. */
bool term_is_true(const struct term *t);
/* A copy of computed text in the arena; an error when it is over EXPR_TEXT_MAX. */
struct term term_own(struct run_state *rs, const char *s, size_t n);
/* NULL, or a string without characters, or an empty list. */
bool term_is_empty(const struct term *t);
/* Stops an expression: error, or a steering word. */
static inline bool term_stops(const struct term *t)
{
	return t->type == TERM_ERROR;
}
/* <0, 0, >0; text without regard to case, numbers as numbers. */
int term_compare(const struct term *a, const struct term *b, struct arena *arena);
/* A list of any term: NULL has none, a scalar is one. */
size_t term_items(const struct term *t, const struct term **ret);
struct term term_list(struct arena *a, const struct term *items, size_t n);
