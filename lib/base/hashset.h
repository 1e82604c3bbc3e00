/*
 * hashset: a set of 64-bit hashes, to notice what a source delivers twice: 16 bytes an object. Two
 * objects of one hash would count as one, which at 100,000 objects is one chance in 3,000 million.
 */
#pragma once

#include "base/alloc.h"

struct hashset {
	uint64_t *slots; /* 0: free */
	size_t size, n;
};

static inline void hashset_done(struct hashset *h)
{
	free(h->slots);
	*h = (struct hashset){0};
}

static inline bool hashset_put(struct hashset *h, uint64_t key)
{
	size_t i = key & (h->size - 1);

	while (h->slots[i]) {
		if (h->slots[i] == key)
			return false;
		i = (i + 1) & (h->size - 1);
	}
	h->slots[i] = key;
	h->n++;
	return true;
}

/* False when it is there already. */
static inline bool hashset_add(struct hashset *h, uint64_t key)
{
	if (h->n * 2 >= h->size) {
		struct hashset old = *h;

		h->size = old.size ? old.size * 2 : 1024;
		h->slots = xcalloc(h->size, sizeof(*h->slots));
		h->n = 0;
		for (size_t i = 0; i < old.size; i++)
			if (old.slots[i])
				hashset_put(h, old.slots[i]);
		free(old.slots);
	}
	return hashset_put(h, key ? key : 1);
}

static inline bool hashset_has(const struct hashset *h, uint64_t key)
{
	size_t i = (key ? key : 1) & (h->size - 1);

	for (; h->size && h->slots[i]; i = (i + 1) & (h->size - 1))
		if (h->slots[i] == (key ? key : 1))
			return true;
	return false;
}
