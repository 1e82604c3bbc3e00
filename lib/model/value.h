/*
 * value: a typed datum with one canonical text and one comparison. Values live in an arena; the
 * bytes of string, binary and reference are NUL-terminated behind their length.
 */
#pragma once

#include "base/util.h"

struct arena;

/*
 * X(enum name, word in JSON and files) - Connect Sync's five attribute types. The numbers are in
 * images, and so in the database: only append.
 */
#define VALUE_TYPES(X)        \
	X(STRING, "string")   \
	X(INTEGER, "integer") \
	X(BOOLEAN, "boolean") \
	X(BINARY, "binary")   \
	X(REFERENCE, "reference")

enum value_type {
#define X(name, word) VALUE_##name,
	VALUE_TYPES(X)
#undef X
		VALUE_TYPE_COUNT
};

const char *value_type_name(enum value_type t);
/* -1 when there is no such type. */
int value_type_find(const char *name) _must_check_;

struct value {
	enum value_type type;
	uint32_t len;     /* bytes of data; 0 for integer and boolean */
	const char *data; /* string, binary, reference (a DN or an anchor) */
	int64_t num;      /* integer; boolean as 0 or 1 */
};

struct value value_string(const char *s);
struct value value_stringn(const char *s, size_t n);
struct value value_integer(int64_t n);
struct value value_boolean(bool b);
struct value value_binary(const void *p, size_t n);
struct value value_reference(const char *s);

/* A copy whose bytes lie in the arena. */
struct value value_dup(struct arena *a, struct value v);

/* Total order: type, then number or bytes. 0 means the same value (case matters). */
int value_cmp(const struct value *a, const struct value *b);
static inline bool value_equal(const struct value *a, const struct value *b)
{
	return value_cmp(a, b) == 0;
}

/* The canonical text: the string itself, a decimal number, "True"/"False", base64. */
const char *value_text(struct arena *a, const struct value *v);
