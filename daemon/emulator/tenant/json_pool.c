/*
 * A batch makes and frees some thousand small blocks of JSON. The C library keeps few of a size at
 * hand; the others go through a heap that gets slower with each object in it. Here each size has a
 * list of free blocks. Memory is never given back: there is as much as the largest batch needed.
 */
#include "tenant/json_pool.h"

#include "base/err.h"

#include <jansson.h>

#define STEP 16         /* bytes between two sizes, and in front of each block */
#define SIZES 32        /* larger blocks are malloc()'s */
#define CHUNK (1 << 16) /* bytes that are taken at a time */

/* In front of what jansson gets; aligned as malloc() aligns. */
union block {
	size_t size;       /* in steps; 0: malloc()'s */
	union block *next; /* while it is free */
	char room[STEP];
};

static union block *unused[SIZES + 1];

static void fill(size_t size)
{
	size_t each = size + 1, n = CHUNK / STEP / each;
	union block *b = xmalloc(n * each * sizeof(*b));

	for (size_t i = 0; i < n; i++, b += each) {
		b->next = unused[size];
		unused[size] = b;
	}
}

static void *take(size_t n)
{
	size_t size = MAX((n + STEP - 1) / STEP, (size_t)1);
	union block *b;

	if (size > SIZES) {
		b = xmalloc(n + sizeof(*b));
		b->size = 0;
		return b + 1;
	}
	if (!unused[size])
		fill(size);
	b = unused[size];
	unused[size] = b->next;
	b->size = size;
	return b + 1;
}

static void give_back(void *p)
{
	union block *b = p, **first;

	if (!b)
		return;
	b--;
	if (!b->size) {
		free(b);
		return;
	}
	first = &unused[b->size];
	b->next = *first;
	*first = b;
}

void json_pool_use(void)
{
#ifndef __SANITIZE_ADDRESS__ /* which is to see each block for itself */
	json_set_alloc_funcs(take, give_back);
#else
	(void)take, (void)give_back;
#endif
}
