/*
 * Directory extensions: the rows of a connector, and how long and how many values may be
 * (learn.microsoft.com/graph/extensibility-overview, "Directory extensions"). Their definitions in
 * the tenant: define.c.
 */
#include "connector/entra/extension.h"
#include "base/text.h"
#include "connector/entra/value.h"

#include <assert.h>

/* --- the rows --- */

struct owned {
	struct entra_extensions x; /* first */
	char *connector;
	struct arena arena;
	struct schema schema;
	struct schema_class classes[ENTRA_SCHEMA_CLASSES];
};
static struct owned **all;
static unsigned n_all;

static struct owned *find(const char *connector)
{
	for (unsigned i = 0; i < n_all; i++)
		if (streq(all[i]->connector, connector))
			return all[i];
	return NULL;
}

const struct entra_extensions *entra_extensions_of(const char *connector)
{
	struct owned *o = find(connector);

	return o && o->x.n ? &o->x : NULL;
}

static enum entra_form form_of(enum extension_data data)
{
	switch (data) {
	case EXTENSION_BOOLEAN:
		return FORM_BOOLEAN;
	case EXTENSION_INTEGER:
		return FORM_INT32;
	case EXTENSION_LARGE:
		return FORM_INT64;
	case EXTENSION_TIME:
		return FORM_TIME;
	case EXTENSION_BINARY:
		return FORM_BINARY;
	case EXTENSION_STRING:
	case EXTENSION_DATA_COUNT:
		break;
	}
	return FORM_TEXT;
}

static void add_row(struct owned *o, const struct extension *item)
{
	struct entra_attr *row = &o->x.rows[o->x.n++];

	*row = (struct entra_attr){
		.name = arena_strdup(&o->arena, item->name),
		.shape = item->multi ? SHAPE_LIST : SHAPE_PLAIN,
		.form = form_of(item->data),
		.flags = (item->multi ? SCHEMA_MULTI : 0) |
	                 (item->data == EXTENSION_TIME ? SCHEMA_TIME : 0),
		.id = attr_intern(item->name),
	};
	if (!item->property || item->refused)
		return;
	row->property = arena_strdup(&o->arena, item->property);
	row->sub = item->id ? arena_strdup(&o->arena, item->id) : NULL;
	row->where = (item->users ? FOR_USER : 0) | (item->groups ? FOR_GROUP : 0);
}

/*
 * The class with the rows behind its own attributes. What the tenant does not take is not wanted;
 * what it only does not have yet is, so that staging mode shows it.
 */
static void extend_class(struct owned *o, enum entra_class c, const struct schema_class *base,
	const struct extension *items)
{
	struct schema_class *class = &o->classes[c];
	struct schema_attr *attrs;

	*class = *base;
	if (c != ENTRA_USER && c != ENTRA_GROUP)
		return;
	attrs = arena_alloc(&o->arena, (base->n_attrs + o->x.n + 1) * sizeof(*attrs));
	memcpy(attrs, base->attrs, base->n_attrs * sizeof(*attrs));
	for (unsigned i = 0; i < o->x.n; i++) {
		const struct entra_attr *row = &o->x.rows[i];
		bool there = row->where & 1u << c || items[i].missing;

		attrs[base->n_attrs + i] = (struct schema_attr){row->name,
			entra_form_type(row->form), row->flags | (there ? 0 : SCHEMA_READ_ONLY)};
	}
	class->attrs = attrs;
	class->n_attrs = base->n_attrs + o->x.n;
}

void entra_extensions_use(const struct settings *s, const struct extension *items, unsigned n)
{
	const struct schema *base = entra_schema(entra_surface_of(s));
	struct owned *o = find(s->name);

	if (!o && !n)
		return;
	if (!o) {
		o = xcalloc(1, sizeof(*o));
		o->connector = xstrdup(s->name);
		all = xrealloc(all, (n_all + 1) * sizeof(struct owned *));
		all[n_all++] = o;
	}
	arena_done(&o->arena);
	o->arena = (struct arena){0};
	o->x = (struct entra_extensions){
		.rows = arena_zalloc(&o->arena, (n + 1) * sizeof(*o->x.rows)),
		.schema = &o->schema};
	for (unsigned i = 0; i < n; i++)
		add_row(o, &items[i]);
	o->schema = *base;
	o->schema.classes = o->classes;
	assert(base->n_classes == ENTRA_SCHEMA_CLASSES);
	for (unsigned c = 0; c < base->n_classes; c++)
		extend_class(o, (enum entra_class)c, &base->classes[c], items);
}

const struct entra_attr *entra_extension_row(
	const struct entra_extensions *x, unsigned id, enum entra_class class)
{
	for (unsigned i = 0; x && i < x->n; i++)
		if (x->rows[i].id == id)
			return x->rows[i].where & 1u << class ? &x->rows[i] : NULL;
	return NULL;
}

const struct entra_attr *entra_row(const struct entra_extensions *x, unsigned id,
	enum entra_class class, enum entra_surface surface)
{
	const struct entra_attr *row = entra_extension_row(x, id, class);

	return row ? row : entra_attr_of(id, class, surface);
}

/* --- limits --- */

#define VALUES_MAX 100 /* of one object, over all its extensions */
#define LENGTH_MAX 256 /* characters of a text, bytes of a binary value */

static size_t characters(const struct value *v)
{
	size_t n = 0;

	for (uint32_t i = 0; i < v->len; i++)
		n += ((unsigned char)v->data[i] & 0xc0) != 0x80;
	return n;
}

static const char *too_long(const struct attr *at, struct arena *a)
{
	for (unsigned i = 0; i < at->count; i++) {
		const struct value *v = &at->values[i];
		size_t n = v->type == VALUE_STRING   ? characters(v)
		           : v->type == VALUE_BINARY ? v->len
		                                     : 0;

		if (n > LENGTH_MAX)
			return arena_printf(a,
				"%s: a value has %zu %s, a directory extension has at most %d",
				attr_name(at->id), n,
				v->type == VALUE_STRING ? "characters" : "bytes", LENGTH_MAX);
	}
	return NULL;
}

static bool is_sent(const struct delta *d, unsigned attr)
{
	for (unsigned i = 0; d && i < d->n_attrs; i++)
		if (d->attrs[i].id == attr)
			return true;
	return d == NULL;
}

const char *entra_extension_problem(const struct entry *wanted, const struct delta *delta,
	struct arena *a, const char **ret_text)
{
	unsigned total = 0;

	for (unsigned i = 0; i < wanted->n_attrs; i++) {
		const struct attr *at = &wanted->attrs[i];
		const char *text;

		if (!at->count || !entra_is_extension(attr_name(at->id)))
			continue;
		text = too_long(at, a);
		if (!text && total + at->count > VALUES_MAX)
			text = arena_printf(a,
				"%s: with its %u value(s) the object has %u in all its directory "
				"extensions, of which there may be %d",
				attr_name(at->id), at->count, total + at->count, VALUES_MAX);
		if (!text) /* what is left out does not count */
			total += at->count;
		if (!text || !is_sent(delta, at->id))
			continue;
		*ret_text = text;
		return ENTRA_DATA_ERROR;
	}
	return NULL;
}
