/*
 * A map from 64-bit hashes to numbers, open addressing. Two things may have the same hash: who
 * looks one up says which number is meant.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAP_NONE UINT64_MAX

struct map {
	struct map_slot {
		uint64_t hash; /* 0: free */
		uint64_t value;
	} * slots;
	size_t size, n; /* n counts removed ones too */
};

/* Is the number the one that is looked for? */
typedef bool map_same(const void *ctx, uint64_t value);

void map_done(struct map *m);
/* One more, beside others of the same hash. */
void map_add(struct map *m, uint64_t hash, uint64_t value);
/* The number of the hash for which same() is true; MAP_NONE: there is none. */
uint64_t map_find(const struct map *m, uint64_t hash, map_same *same, const void *ctx);
/* Takes out one of the hash with this number; nothing happens when there is none. */
void map_remove(struct map *m, uint64_t hash, uint64_t value);
