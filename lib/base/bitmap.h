/*
 * bitmap: a set of row ids, one bit each: 100,000 objects cost 12 KiB. It grows to the highest id
 * that was set; ids are those of one table, from 1 and without large gaps.
 */
#pragma once

#include "base/alloc.h"

struct bitmap {
	unsigned char *bits;
	size_t size; /* bytes */
};

static inline void bitmap_done(struct bitmap *b)
{
	free(b->bits);
	*b = (struct bitmap){0};
}
#define _cleanup_bitmap_ _cleanup_(bitmap_done)

static inline void bitmap_clear(struct bitmap *b)
{
	if (b->bits)
		memset(b->bits, 0, b->size);
}

static inline bool bitmap_get(const struct bitmap *b, int64_t id)
{
	size_t i = (size_t)id / 8;

	return i < b->size && (b->bits[i] >> (id % 8) & 1);
}

/* The first id in the set that is greater than `after`; 0: none is left. */
static inline int64_t bitmap_next(const struct bitmap *b, int64_t after)
{
	for (int64_t id = after + 1; id < (int64_t)b->size * 8; id++)
		if (bitmap_get(b, id))
			return id;
	return 0;
}

static inline void bitmap_unset(struct bitmap *b, int64_t id)
{
	if (bitmap_get(b, id))
		b->bits[id / 8] &= (unsigned char)~(1u << (id % 8));
}

static inline void bitmap_set(struct bitmap *b, int64_t id)
{
	size_t i = (size_t)id / 8;

	if (i >= b->size) {
		size_t size = MAX(i + 1, b->size ? b->size * 2 : 1024);

		b->bits = xrealloc(b->bits, size);
		memset(b->bits + b->size, 0, size - b->size);
		b->size = size;
	}
	b->bits[i] |= (unsigned char)(1u << (id % 8));
}
