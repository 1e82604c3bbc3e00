/*
 * Arena allocation: chunks that double up to a limit, freed together. Nothing in it moves, so
 * pointers into an arena stay valid until it is reset.
 */
#include "base/arena.h"
#include "base/alloc.h"

#include <stdarg.h>
#include <stdio.h>

#define CHUNK_FIRST 4096
#define CHUNK_MAX (1024 * 1024)
#define KEEP_MAX (256 * 1024) /* a larger chunk is not kept over a reset */

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	_Alignas(8) char data[];
};

static void chunks_free(struct arena_chunk *c)
{
	while (c) {
		struct arena_chunk *next = c->next;

		free(c);
		c = next;
	}
}

void arena_done(struct arena *a)
{
	chunks_free(a->chunk);
	*a = (struct arena){0};
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *keep = a->chunk;

	if (!keep)
		return;
	if (keep->size > KEEP_MAX) {
		arena_done(a);
		return;
	}
	chunks_free(keep->next);
	keep->next = NULL;
	a->used = 0;
	a->total = keep->size;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p;

	n = (n + 7) & ~(size_t)7;
	if (!a->chunk || a->chunk->size - a->used < n) {
		size_t size = a->chunk ? MIN(a->chunk->size * 2, (size_t)CHUNK_MAX) : CHUNK_FIRST;
		struct arena_chunk *c;

		size = MAX(size, n);
		c = xmalloc(sizeof(*c) + size);
		c->next = a->chunk;
		c->size = size;
		a->chunk = c;
		a->used = 0;
		a->total += size;
	}
	p = a->chunk->data + a->used;
	a->used += n;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
	return memset(arena_alloc(a, n), 0, n);
}

char *arena_dup(struct arena *a, const void *p, size_t n)
{
	char *copy = arena_alloc(a, n + 1);

	if (n)
		memcpy(copy, p, n);
	copy[n] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_dup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	s = arena_alloc(a, (size_t)MAX(n, 0) + 1);
	s[0] = '\0';
	vsnprintf(s, (size_t)MAX(n, 0) + 1, fmt, again);
	va_end(again);
	return s;
}
