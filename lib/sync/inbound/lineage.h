/*
 * When the attributes of a metaverse object got their values. The row has the time of its creation;
 * `times` lists only what changed since: pairs of varints, attribute number of the store and
 * seconds after the creation, in ascending order of the number. An object that never changed has
 * no list, so a first synchronization writes none.
 */
#pragma once

#include "model/delta.h"
#include "model/image.h"

/* The times after a change at `now`: *ret in the arena, NULL when there are none. */
void lineage_update(const void *times, size_t len, int64_t created, const struct delta *change,
	int64_t now, const struct attr_map *map, struct arena *a, const void **ret,
	size_t *ret_len);
/* When the attribute got its value (unix time); `attr` is the number in this process. */
int64_t lineage_time(
	const void *times, size_t len, int64_t created, unsigned attr, const struct attr_map *map);
