/*
 * Values: construction, order, text. The order is that of the images in the store: changing it
 * would make every row look changed.
 */
#include "model/value.h"
#include "base/arena.h"
#include "base/codec.h"

#include <assert.h>
#include <inttypes.h>

static const char *const TYPES[] = {
#define X(name, word) word,
	VALUE_TYPES(X)
#undef X
};

const char *value_type_name(enum value_type t)
{
	assert(t < VALUE_TYPE_COUNT);
	return TYPES[t];
}

int value_type_find(const char *name)
{
	for (int i = 0; i < VALUE_TYPE_COUNT; i++)
		if (streq(TYPES[i], name))
			return i;
	return -1;
}

struct value value_stringn(const char *s, size_t n)
{
	assert(s && n <= UINT32_MAX);
	return (struct value){.type = VALUE_STRING, .data = s, .len = (uint32_t)n};
}

struct value value_string(const char *s)
{
	return value_stringn(s, strlen(s));
}

struct value value_integer(int64_t n)
{
	return (struct value){.type = VALUE_INTEGER, .num = n};
}

struct value value_boolean(bool b)
{
	return (struct value){.type = VALUE_BOOLEAN, .num = b};
}

struct value value_binary(const void *p, size_t n)
{
	assert((p || n == 0) && n <= UINT32_MAX);
	return (struct value){.type = VALUE_BINARY, .data = p, .len = (uint32_t)n};
}

struct value value_reference(const char *s)
{
	return (struct value){.type = VALUE_REFERENCE, .data = s, .len = (uint32_t)strlen(s)};
}

struct value value_dup(struct arena *a, struct value v)
{
	if (v.data)
		v.data = arena_dup(a, v.data, v.len);
	return v;
}

int value_cmp(const struct value *a, const struct value *b)
{
	int r;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->type == VALUE_INTEGER || a->type == VALUE_BOOLEAN)
		return (a->num > b->num) - (a->num < b->num);
	r = a->len && b->len ? memcmp(a->data, b->data, MIN(a->len, b->len)) : 0;
	return r ? r : (a->len > b->len) - (a->len < b->len);
}

const char *value_text(struct arena *a, const struct value *v)
{
	switch (v->type) {
	case VALUE_INTEGER:
		return arena_printf(a, "%" PRId64, v->num);
	case VALUE_BOOLEAN:
		return v->num ? "True" : "False";
	case VALUE_BINARY: {
		char *text = arena_alloc(a, base64_len(v->len) + 1);

		base64_encode(text, v->data, v->len);
		return text;
	}
	case VALUE_STRING:
	case VALUE_REFERENCE:
	case VALUE_TYPE_COUNT:
		break;
	}
	return v->data;
}
