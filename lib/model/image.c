/*
 * The byte form of an entry, as image.h draws it. Another form is another IMAGE_VERSION, and the
 * old one is read for as long as a store may hold it.
 */
#include "model/image.h"

#include <assert.h>

#define IMAGE_VERSION 1

struct item {
	uint32_t store_id;
	const struct attr *attr;
};

static int cmp_items(const void *a, const void *b)
{
	uint32_t x = ((const struct item *)a)->store_id, y = ((const struct item *)b)->store_id;

	return (x > y) - (x < y);
}

static void value_encode(struct buf *b, const struct value *v)
{
	buf_addc(b, (char)v->type);
	if (v->type == VALUE_INTEGER || v->type == VALUE_BOOLEAN) {
		buf_add_varint(b, ((uint64_t)v->num << 1) ^ (uint64_t)(v->num >> 63));
	} else {
		buf_add_varint(b, v->len);
		buf_add(b, v->data, v->len);
		buf_addc(b, '\0');
	}
}

static bool is_reference(const struct attr *a)
{
	return a->count && a->values[0].type == VALUE_REFERENCE;
}

bool image_encode(struct entry *e, struct attr_map *map, struct buf *b)
{
	struct item *items = arena_alloc(e->arena, (e->n_attrs + 1) * sizeof(*items));
	size_t start = b->len;
	bool in_order = true;
	unsigned n = 0;

	assert(map->add);
	entry_sort(e);
	for (unsigned i = 0; i < e->n_attrs; i++) {
		const struct attr *a = &e->attrs[i];
		uint32_t id = map->to_store[a->id];

		if (is_reference(a))
			continue;
		if (!id && !(id = map->add(map, a->id)))
			return false;
		in_order = in_order && (n == 0 || items[n - 1].store_id < id);
		items[n++] = (struct item){id, a};
	}
	if (!in_order) /* names are numbered as they were in the store, so they mostly are */
		qsort(items, n, sizeof(*items), cmp_items);
	buf_addc(b, IMAGE_VERSION);
	for (unsigned i = 0; i < n; i++) {
		buf_add_varint(b, items[i].store_id);
		buf_add_varint(b, items[i].attr->count);
		for (unsigned k = 0; k < items[i].attr->count; k++)
			value_encode(b, &items[i].attr->values[k]);
	}
	return b->len - start <= IMAGE_MAX;
}

static bool value_decode(const unsigned char **p, const unsigned char *end, struct value *ret)
{
	uint64_t n;

	if (*p == end || **p >= VALUE_TYPE_COUNT)
		return false;
	*ret = (struct value){.type = (enum value_type) * (*p)++};
	if (!varint_read(p, end, &n))
		return false;
	if (ret->type == VALUE_INTEGER || ret->type == VALUE_BOOLEAN) {
		ret->num = (int64_t)(n >> 1) ^ -(int64_t)(n & 1);
		return true;
	}
	if (n >= (uint64_t)(end - *p) || (*p)[n] != '\0')
		return false;
	ret->data = (const char *)*p;
	ret->len = (uint32_t)n;
	*p += n + 1;
	return true;
}

static bool is_known(const struct attr_map *map, uint64_t id)
{
	if (id >= ATTR_MAX)
		return false;
	return map->from_store[id] || (map->find && map->find(map, (uint32_t)id));
}

bool image_decode(const void *bytes, size_t n, const struct attr_map *map, struct entry *e)
{
	const unsigned char *p = bytes, *end = p + n;

	assert(e->arena && e->n_attrs == 0);
	if (n == 0)
		return true;
	if (n > IMAGE_MAX || *p++ != IMAGE_VERSION)
		return false;
	while (p < end) {
		uint64_t id, count;
		struct value *values;

		if (!varint_read(&p, end, &id) || !is_known(map, id) ||
			!varint_read(&p, end, &count) || count > (uint64_t)(end - p) / 2)
			return false;
		values = arena_alloc(e->arena, (size_t)count * sizeof(*values));
		for (uint64_t i = 0; i < count; i++)
			if (!value_decode(&p, end, &values[i]))
				return false;
		entry_put(e, map->from_store[id], values, (unsigned)count);
	}
	return true;
}

bool image_decode_beside(const void *bytes, size_t n, const struct attr_map *map, struct entry *e)
{
	struct entry second;

	entry_init(&second, e->arena);
	if (!image_decode(bytes, n, map, &second))
		return false;
	for (unsigned i = 0; i < second.n_attrs; i++)
		if (!entry_get(e, second.attrs[i].id))
			entry_put(e, second.attrs[i].id, second.attrs[i].values,
				second.attrs[i].count);
	return true;
}
