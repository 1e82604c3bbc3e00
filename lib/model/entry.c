/*
 * Entries: attributes sorted by number, values in an arena. Sources deliver attributes mostly in
 * one order, and most look-ups are for what is not there; both have their short way here.
 */
#include "model/entry.h"

#include <assert.h>

void entry_init(struct entry *e, struct arena *a)
{
	assert(a);
	*e = (struct entry){.arena = a};
}

/* Index of the attribute, or of the place where it belongs. */
static unsigned position(const struct entry *e, unsigned id)
{
	unsigned lo = 0, hi = e->n_attrs;

	if (hi && e->attrs[hi - 1].id < id) /* they mostly come in order */
		return hi;
	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (e->attrs[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

const struct attr *entry_get(const struct entry *e, unsigned id)
{
	unsigned i;

	if (!(e->present[id / 64 % 4] >> (id % 64) & 1))
		return NULL;
	i = position(e, id);
	return i < e->n_attrs && e->attrs[i].id == id ? &e->attrs[i] : NULL;
}

const struct value *entry_first(const struct entry *e, unsigned id)
{
	const struct attr *a = entry_get(e, id);

	return a && a->count ? &a->values[0] : NULL;
}

const char *entry_string(const struct entry *e, unsigned id)
{
	const struct value *v = entry_first(e, id);

	return v && (v->type == VALUE_STRING || v->type == VALUE_REFERENCE) ? v->data : NULL;
}

static struct attr *attr_place(struct entry *e, unsigned id)
{
	unsigned i = position(e, id);

	assert(id && id < ATTR_MAX);
	if (i < e->n_attrs && e->attrs[i].id == id)
		return &e->attrs[i];
	if (e->n_attrs == e->cap) {
		unsigned cap = e->cap ? e->cap * 2 : 16;
		struct attr *grown = arena_alloc(e->arena, cap * sizeof(*grown));

		if (e->n_attrs)
			memcpy(grown, e->attrs, e->n_attrs * sizeof(*grown));
		e->attrs = grown;
		e->cap = cap;
	}
	memmove(&e->attrs[i + 1], &e->attrs[i], (e->n_attrs - i) * sizeof(*e->attrs));
	e->attrs[i] = (struct attr){.id = id};
	e->n_attrs++;
	e->present[id / 64 % 4] |= UINT64_C(1) << (id % 64);
	return &e->attrs[i];
}

void entry_clear(struct entry *e, unsigned id)
{
	attr_place(e, id)->count = 0;
}

void entry_remove(struct entry *e, unsigned id)
{
	unsigned i = position(e, id);

	if (i >= e->n_attrs || e->attrs[i].id != id)
		return;
	e->n_attrs--;
	memmove(&e->attrs[i], &e->attrs[i + 1], (e->n_attrs - i) * sizeof(*e->attrs));
}

void entry_add(struct entry *e, unsigned id, struct value v)
{
	struct attr *a = attr_place(e, id);

	if (a->count == a->cap) {
		unsigned cap = a->cap ? a->cap * 2 : 1;
		struct value *grown = arena_alloc(e->arena, cap * sizeof(*grown));

		if (a->count)
			memcpy(grown, a->values, a->count * sizeof(*grown));
		a->values = grown;
		a->cap = cap;
	}
	a->values[a->count++] = value_dup(e->arena, v);
}

void entry_set(struct entry *e, unsigned id, struct value v)
{
	v = value_dup(e->arena, v);
	entry_clear(e, id);
	entry_add(e, id, v);
}

void entry_put(struct entry *e, unsigned id, struct value *v, unsigned n)
{
	struct attr *a = attr_place(e, id);

	assert(v || n == 0);
	a->values = v;
	a->count = a->cap = n;
}

void entry_set_all(struct entry *e, unsigned id, const struct value *v, unsigned n)
{
	struct value *copy = arena_alloc(e->arena, n * sizeof(*copy));
	struct attr *a;

	for (unsigned i = 0; i < n; i++)
		copy[i] = value_dup(e->arena, v[i]);
	a = attr_place(e, id);
	a->values = copy;
	a->count = a->cap = n;
}

static int cmp_values(const void *a, const void *b)
{
	return value_cmp(a, b);
}

static bool is_sorted(const struct attr *a)
{
	for (unsigned i = 1; i < a->count; i++)
		if (value_cmp(&a->values[i - 1], &a->values[i]) > 0)
			return false;
	return true;
}

bool attr_equal(const struct attr *a, const struct attr *b)
{
	unsigned na = a ? a->count : 0, nb = b ? b->count : 0;

	if (na != nb)
		return false;
	if (na > 1 && (!is_sorted(a) || !is_sorted(b))) {
		_cleanup_arena_ struct arena tmp = {0};
		struct entry e;

		entry_init(&e, &tmp);
		entry_set_all(&e, 1, a->values, na);
		entry_set_all(&e, 2, b->values, nb);
		entry_sort(&e);
		return attr_equal(entry_get(&e, 1), entry_get(&e, 2));
	}
	for (unsigned i = 0; i < na; i++)
		if (!value_equal(&a->values[i], &b->values[i]))
			return false;
	return true;
}

void entry_sort(struct entry *e)
{
	for (unsigned i = 0; i < e->n_attrs; i++)
		if (e->attrs[i].count > 1 && !is_sorted(&e->attrs[i]))
			qsort(e->attrs[i].values, e->attrs[i].count, sizeof(struct value),
				cmp_values);
}
