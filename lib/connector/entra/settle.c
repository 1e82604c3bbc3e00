/*
 * The shape in which the service keeps values, whatever the shape they were sent in. What is read
 * and what rules want are both brought into it, so that only what differs in meaning is sent. Times
 * have one form already: SCHEMA_TIME.
 */
#include "connector/entra/json.h"

#include <ctype.h>

/* Attributes of which the service keeps upper-case letters: ISO 3166 codes. */
static const char *const upper_case[] = {"usageLocation"};

static bool is_upper_case(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(upper_case); i++)
		if (streq(upper_case[i], name))
			return true;
	return false;
}

static void settle_case(struct arena *a, struct value *v)
{
	char *text = (char *)arena_dup(a, v->data, v->len);

	for (uint32_t i = 0; i < v->len; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	v->data = text;
}

static bool is_empty(const struct value *v)
{
	return v->type == VALUE_STRING && !v->len;
}

/* Without empty values, which are none, and without what is there already. */
static unsigned settle_list(struct value *v, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		bool again = is_empty(&v[i]);

		for (unsigned k = 0; k < kept && !again; k++)
			again = value_equal(&v[k], &v[i]);
		if (!again)
			v[kept++] = v[i];
	}
	return kept;
}

/* The row that carries an attribute of a class; NULL: none. Asked for each value of a cycle. */
static const struct entra_attr *row_of(unsigned id, enum entra_class class)
{
	static uint16_t numbers[ENTRA_CLASS_COUNT][ATTR_MAX]; /* of the row, from 1 */
	static bool filled;
	unsigned n;
	const struct entra_attr *all = entra_attrs(&n);

	for (unsigned i = n; !filled && i-- > 0;)
		for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++)
			if (all[i].property && all[i].where & 1u << c)
				numbers[c][all[i].id] = (uint16_t)(i + 1);
	filled = true;
	return numbers[class][id] ? &all[numbers[class][id] - 1] : NULL;
}

/* The values may be those of the metaverse object. */
static void own_values(struct arena *a, struct attr *attr)
{
	struct value *copy = arena_alloc(a, attr->count * sizeof(*copy));

	memcpy(copy, attr->values, attr->count * sizeof(*copy));
	attr->values = copy;
}

void entra_settle(const char *class, struct entry *en)
{
	enum entra_class c = entra_class_find(class);

	if (c == ENTRA_CLASS_COUNT)
		return;
	for (unsigned i = en->n_attrs; i-- > 0;) {
		struct attr *a = &en->attrs[i];
		const struct entra_attr *row = row_of(a->id, c);
		unsigned had = a->count;

		if (!row || !had || row->shape == SHAPE_REFERENCE)
			continue;
		own_values(en->arena, a);
		for (unsigned k = 0; k < a->count; k++)
			if (a->values[k].type == VALUE_STRING && is_upper_case(row->name))
				settle_case(en->arena, &a->values[k]);
		a->count = settle_list(a->values, a->count);
		if (!a->count && row->flags & SCHEMA_NEVER_EMPTY)
			entry_remove(en, a->id);
	}
}
