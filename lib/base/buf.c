/* The byte buffer: growth by doubling, numbers, and text escaped for JSON. */
#include "base/buf.h"
#include "base/alloc.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void buf_done(struct buf *b)
{
	if (b->wipe && b->data)
		explicit_bzero(b->data, b->cap);
	free(b->data);
	*b = (struct buf){0};
}

void buf_clear(struct buf *b)
{
	if (b->wipe && b->data)
		explicit_bzero(b->data, b->cap);
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

/* realloc() may move the text, and then leaves the old place as it was. */
static char *grow_wiped(struct buf *b, size_t cap)
{
	char *data = xmalloc(cap);

	if (b->data) {
		memcpy(data, b->data, b->len);
		explicit_bzero(b->data, b->cap);
		free(b->data);
	}
	return data;
}

static void grow(struct buf *b, size_t n)
{
	size_t need, cap;

	assert(n < SIZE_MAX / 4 && b->len < SIZE_MAX / 4);
	need = b->len + n + 1;
	cap = MAX(need, b->cap ? b->cap * 2 : 128);
	b->data = b->wipe ? grow_wiped(b, cap) : xrealloc(b->data, cap);
	b->cap = cap;
	b->data[b->len] = '\0';
}

void buf_reserve(struct buf *b, size_t n)
{
	if (n >= b->cap - b->len) /* a byte more, for the NUL */
		grow(b, n);
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	buf_reserve(b, n);
	if (n)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void buf_adds(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_addc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		buf_reserve(b, (size_t)n);
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

const char *buf_str(const struct buf *b)
{
	return b->data ? b->data : "";
}

char *buf_steal(struct buf *b)
{
	char *s;

	buf_reserve(b, 0);
	b->data[b->len] = '\0';
	s = b->data;
	*b = (struct buf){0};
	return s;
}

void buf_add_varint(struct buf *b, uint64_t v)
{
	unsigned char tmp[10];
	size_t n = 0;

	if (v < 0x80) {
		buf_addc(b, (char)v);
		return;
	}
	do {
		tmp[n] = v & 0x7f;
		v >>= 7;
		if (v)
			tmp[n] |= 0x80;
		n++;
	} while (v);
	buf_add(b, tmp, n);
}

bool varint_read(const unsigned char **p, const unsigned char *end, uint64_t *ret)
{
	const unsigned char *q = *p;
	uint64_t v = 0;
	unsigned shift = 0;

	for (; q < end && shift < 64; q++, shift += 7) {
		if (shift == 63 && (*q & 0x7e))
			return false;
		v |= (uint64_t)(*q & 0x7f) << shift;
		if (!(*q & 0x80)) {
			*p = q + 1;
			*ret = v;
			return true;
		}
	}
	return false;
}

void buf_add_json(struct buf *b, const char *s, size_t n)
{
	size_t start = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(b, s + start, i - start);
		start = i + 1;
		switch (c) {
		case '"':
			buf_adds(b, "\\\"");
			break;
		case '\\':
			buf_adds(b, "\\\\");
			break;
		case '\n':
			buf_adds(b, "\\n");
			break;
		case '\r':
			buf_adds(b, "\\r");
			break;
		case '\t':
			buf_adds(b, "\\t");
			break;
		default:
			buf_addf(b, "\\u%04x", c);
			break;
		}
	}
	buf_add(b, s + start, n - start);
}
