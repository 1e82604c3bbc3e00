/* The times of attributes, see lineage.h. */
#include "sync/inbound/lineage.h"

static bool next(const unsigned char **p, const unsigned char *end, uint64_t *attr, uint64_t *time)
{
	return *p < end && varint_read(p, end, attr) && varint_read(p, end, time);
}

static void add(struct buf *b, uint64_t attr, uint64_t time)
{
	buf_add_varint(b, attr);
	buf_add_varint(b, time);
}

static int cmp_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void lineage_update(const void *times, size_t len, int64_t created, const struct delta *change,
	int64_t now, const struct attr_map *map, struct arena *a, const void **ret, size_t *ret_len)
{
	const unsigned char *p = times, *end = p + (p ? len : 0);
	uint64_t age = now > created ? (uint64_t)(now - created) : 0, attr = 0, time = 0;
	uint32_t *changed = arena_alloc(a, (change->n_attrs + 1) * sizeof(*changed));
	_cleanup_buf_ struct buf b = {0};
	unsigned n = 0, i = 0;
	bool more;

	for (unsigned k = 0; k < change->n_attrs; k++)
		changed[n++] = map->to_store[change->attrs[k].id];
	qsort(changed, n, sizeof(*changed), cmp_numbers);
	more = next(&p, end, &attr, &time);
	while (i < n || more) {
		if (i < n && (!more || changed[i] <= attr)) {
			if (more && changed[i] == attr)
				more = next(&p, end, &attr, &time);
			add(&b, changed[i++], age);
		} else {
			add(&b, attr, time);
			more = next(&p, end, &attr, &time);
		}
	}
	*ret = b.len ? arena_dup(a, b.data, b.len) : NULL;
	*ret_len = b.len;
}

int64_t lineage_time(
	const void *times, size_t len, int64_t created, unsigned attr, const struct attr_map *map)
{
	const unsigned char *p = times, *end = p + (p ? len : 0);
	uint64_t number, time;

	while (next(&p, end, &number, &time))
		if (number == map->to_store[attr])
			return created + (int64_t)time;
	return created;
}
