/* Slots, doubled when half of them are used; a removed one is used again by its own hash. */
#include "tenant/map.h"

#include "base/err.h"

#define REMOVED MAP_NONE

void map_done(struct map *m)
{
	free(m->slots);
	*m = (struct map){0};
}

/* 0 marks a free slot. */
static uint64_t usable(uint64_t hash)
{
	return hash ? hash : 1;
}

/* The first slot of the hash with the value, or a free one. */
static struct map_slot *slot_of(const struct map *m, uint64_t hash, uint64_t value)
{
	size_t i = hash & (m->size - 1);

	while (m->slots[i].hash && !(m->slots[i].hash == hash && m->slots[i].value == value))
		i = (i + 1) & (m->size - 1);
	return &m->slots[i];
}

static void grow(struct map *m)
{
	struct map old = *m;

	m->size = old.size ? old.size * 2 : 1024;
	m->slots = xcalloc(m->size, sizeof(*m->slots));
	m->n = 0;
	for (size_t k = 0; k < old.size; k++)
		if (old.slots[k].hash && old.slots[k].value != REMOVED)
			map_add(m, old.slots[k].hash, old.slots[k].value);
	free(old.slots);
}

void map_add(struct map *m, uint64_t hash, uint64_t value)
{
	struct map_slot *s;

	if (m->n * 2 >= m->size)
		grow(m);
	hash = usable(hash);
	s = slot_of(m, hash, REMOVED);
	m->n += !s->hash;
	*s = (struct map_slot){hash, value};
}

uint64_t map_find(const struct map *m, uint64_t hash, map_same *same, const void *ctx)
{
	hash = usable(hash);
	for (size_t i = hash & (m->size - 1); m->size && m->slots[i].hash;
		i = (i + 1) & (m->size - 1))
		if (m->slots[i].hash == hash && m->slots[i].value != REMOVED &&
			same(ctx, m->slots[i].value))
			return m->slots[i].value;
	return MAP_NONE;
}

void map_remove(struct map *m, uint64_t hash, uint64_t value)
{
	struct map_slot *s;

	if (!m->size)
		return;
	s = slot_of(m, usable(hash), value);
	if (s->hash)
		s->value = REMOVED;
}
