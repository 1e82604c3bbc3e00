/*
 * Terms: how they are made of values and attributes, what they are as text, number, date and truth,
 * and how two compare. A new type of term is a row of the enum; the compiler names the switches.
 */
#include "lang/expr/term.h"
#include "base/codec.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "model/dtyp.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

struct term term_null(void)
{
	return (struct term){.type = TERM_NULL};
}

struct term term_string(const char *s, size_t n)
{
	return (struct term){.type = TERM_STRING, .data = s, .len = n};
}

struct term term_text(const char *s)
{
	return term_string(s, strlen(s));
}

struct term term_number(int64_t n)
{
	return (struct term){.type = TERM_NUMBER, .num = n};
}

struct term term_boolean(bool b)
{
	return (struct term){.type = TERM_BOOLEAN, .num = b};
}

struct term term_date(int64_t filetime)
{
	return (struct term){.type = TERM_DATE, .num = filetime};
}

struct term term_binary(const void *p, size_t n)
{
	return (struct term){.type = TERM_BINARY, .data = p, .len = n};
}

struct term term_error(struct run_state *rs, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	utf8_cut(text);
	return (struct term){
		.type = TERM_ERROR,
		.data = arena_strdup(rs->ev->arena, text),
		.len = strlen(text),
	};
}

struct term term_from_value(const struct value *v)
{
	switch (v->type) {
	case VALUE_STRING:
		return term_string(v->data, v->len);
	case VALUE_INTEGER:
		return term_number(v->num);
	case VALUE_BOOLEAN:
		return term_boolean(v->num != 0);
	case VALUE_BINARY:
		return term_binary(v->data, v->len);
	case VALUE_REFERENCE:
		return (struct term){.type = TERM_REFERENCE, .data = v->data, .len = v->len};
	case VALUE_TYPE_COUNT:
		break;
	}
	return term_null();
}

struct term term_from_attr(const struct attr *a, struct arena *arena)
{
	struct term *items;

	if (!a || a->count == 0)
		return term_null();
	if (a->count == 1)
		return term_from_value(&a->values[0]);
	items = arena_alloc(arena, a->count * sizeof(*items));
	for (unsigned i = 0; i < a->count; i++)
		items[i] = term_from_value(&a->values[i]);
	return term_list(arena, items, a->count);
}

bool term_to_value(const struct term *t, struct arena *a, struct value *ret)
{
	char buf[TIME_TEXT_SIZE];

	switch (t->type) {
	case TERM_STRING:
		*ret = value_stringn(t->data, t->len);
		return true;
	case TERM_NUMBER:
		*ret = value_integer(t->num);
		return true;
	case TERM_BOOLEAN:
		*ret = value_boolean(t->num != 0);
		return true;
	case TERM_BINARY:
		*ret = value_binary(t->data, t->len);
		return true;
	case TERM_REFERENCE:
		*ret = value_reference(t->data);
		return true;
	case TERM_DATE:
		*ret = value_string(arena_strdup(a, time_format(filetime_to_unix(t->num), buf)));
		return true;
	case TERM_NULL:
	case TERM_AUTHORITATIVE_NULL:
	case TERM_IGNORE:
	case TERM_ERROR:
	case TERM_LINKS:
	case TERM_LIST:
		break;
	}
	return false;
}

struct term term_own(struct run_state *rs, const char *s, size_t n)
{
	if (n > EXPR_TEXT_MAX)
		return term_error(rs, "the text is over %d bytes", EXPR_TEXT_MAX);
	return term_string(arena_dup(rs->ev->arena, s, n), n);
}

const char *term_to_text(const struct term *t, struct arena *a, size_t *ret_len)
{
	const char *text = "";
	struct value v;

	if (t->type == TERM_STRING || t->type == TERM_REFERENCE) {
		*ret_len = t->len;
		return t->data;
	}
	if (t->type == TERM_LIST && t->n_items)
		return term_to_text(&t->items[0], a, ret_len);
	if (term_to_value(t, a, &v))
		text = value_text(a, &v);
	*ret_len = strlen(text);
	return text;
}

bool term_to_number(const struct term *t, int64_t *ret)
{
	char *end;

	switch (t->type) {
	case TERM_NUMBER:
	case TERM_BOOLEAN:
	case TERM_DATE:
		*ret = t->num;
		return true;
	case TERM_STRING:
		if (t->len == 0 || t->len > 24 || isspace((unsigned char)t->data[0]))
			return false;
		errno = 0;
		*ret = strtoll(t->data, &end, 10);
		return errno == 0 && end == t->data + t->len;
	case TERM_LIST:
		return t->n_items == 1 && term_to_number(&t->items[0], ret);
	case TERM_NULL:
	case TERM_AUTHORITATIVE_NULL:
	case TERM_IGNORE:
	case TERM_ERROR:
	case TERM_BINARY:
	case TERM_REFERENCE:
	case TERM_LINKS:
		break;
	}
	return false;
}

bool term_is_true(const struct term *t)
{
	if (t->type == TERM_BOOLEAN || t->type == TERM_NUMBER)
		return t->num != 0;
	if (t->type == TERM_STRING)
		return text_casecmp(t->data, t->len, "True", 4) == 0;
	return false;
}

bool term_is_empty(const struct term *t)
{
	switch (t->type) {
	case TERM_NULL:
	case TERM_AUTHORITATIVE_NULL:
	case TERM_IGNORE:
		return true;
	case TERM_STRING:
	case TERM_BINARY:
	case TERM_REFERENCE:
		return t->len == 0;
	case TERM_LIST:
		return t->n_items == 0;
	case TERM_ERROR:
	case TERM_NUMBER:
	case TERM_BOOLEAN:
	case TERM_DATE:
	case TERM_LINKS: /* made only of an attribute that has some */
		break;
	}
	return false;
}

int term_compare(const struct term *a, const struct term *b, struct arena *arena)
{
	const char *x, *y;
	size_t nx, ny;
	int64_t i, k;

	if (a->type == TERM_BOOLEAN || b->type == TERM_BOOLEAN) {
		/* IsPresent([x]) = False, and "true" = True; NULL is False */
		return (int)term_is_true(a) - (int)term_is_true(b);
	}
	if (a->type == TERM_NULL || b->type == TERM_NULL)
		return (a->type != TERM_NULL) - (b->type != TERM_NULL);
	if ((a->type == TERM_NUMBER || a->type == TERM_DATE || b->type == TERM_NUMBER ||
		    b->type == TERM_DATE) &&
		term_to_number(a, &i) && term_to_number(b, &k))
		return (i > k) - (i < k);
	if ((a->type == TERM_DATE || b->type == TERM_DATE) && term_to_date(a, &i) &&
		term_to_date(b, &k))
		return (i > k) - (i < k);
	x = term_to_text(a, arena, &nx);
	y = term_to_text(b, arena, &ny);
	return text_casecmp(x, nx, y, ny);
}

size_t term_items(const struct term *t, const struct term **ret)
{
	*ret = t;
	switch (t->type) {
	case TERM_LIST:
		*ret = t->items;
		return t->n_items;
	case TERM_NULL:
	case TERM_AUTHORITATIVE_NULL:
	case TERM_IGNORE:
		return 0;
	case TERM_ERROR:
	case TERM_STRING:
	case TERM_NUMBER:
	case TERM_BOOLEAN:
	case TERM_BINARY:
	case TERM_REFERENCE:
	case TERM_DATE:
	case TERM_LINKS:
		break;
	}
	return 1;
}

struct term term_list(struct arena *a, const struct term *items, size_t n)
{
	struct term *copy;

	if (n == 0)
		return term_null();
	if (n == 1)
		return items[0];
	copy = arena_alloc(a, n * sizeof(*copy));
	memcpy(copy, items, n * sizeof(*copy));
	return (struct term){.type = TERM_LIST, .items = copy, .n_items = n};
}
