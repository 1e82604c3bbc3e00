/*
 * Writing: an entry to the body of a request, row by row of the attribute table. Owns the writers
 * of ENTRA_SHAPES: write_x() appends what stands behind the property's name. A new shape is a row
 * there and a writer here.
 */
#include "connector/entra/body.h"

#include <assert.h>

struct writer {
	struct buf *b;
	enum entra_class class;
	const struct entry *wanted;
	const struct entra_writing *ing;
	const struct entra_attr *all; /* the table, or the rows of extensions */
	unsigned n_all;
};

static bool is_row_written(const struct writer *w, const struct entra_attr *a)
{
	if (entra_is_extension(a->name))
		return a->where & 1u << w->class;
	return entra_attr_written(a, w->class, w->ing->surface) && !entra_is_link(a);
}

/* Does the body carry the row's attribute? */
static bool is_sent(const struct writer *w, const struct entra_attr *a)
{
	const struct entra_writing *ing = w->ing;

	if (!is_row_written(w, a))
		return false;
	for (unsigned i = 0; i < ing->n_skip; i++)
		if (ing->skip[i] == a->id)
			return false;
	if (!ing->delta)
		return entry_first(w->wanted, a->id) ||
		       (ing->clears && entry_get(w->wanted, a->id));
	if (a->flags & SCHEMA_WRITE_ONCE)
		return false;
	for (unsigned i = 0; i < ing->delta->n_attrs; i++)
		if (ing->delta->attrs[i].id == a->id)
			return true;
	return false;
}

/* --- writers of shapes --- */

static void write_plain(const struct writer *w, unsigned i)
{
	const struct entra_attr *a = &w->all[i];

	entra_form_write(a->form, entry_first(w->wanted, a->id), w->b);
}

static void write_values(const struct writer *w, const struct entra_attr *a, unsigned max)
{
	const struct attr *attr = entry_get(w->wanted, a->id);

	buf_addc(w->b, '[');
	for (unsigned i = 0; attr && i < MIN(attr->count, max); i++) {
		if (i)
			buf_addc(w->b, ',');
		entra_form_write(a->form, &attr->values[i], w->b);
	}
	buf_addc(w->b, ']');
}

static void write_list(const struct writer *w, unsigned i)
{
	write_values(w, &w->all[i], UINT32_MAX);
}

static void write_first(const struct writer *w, unsigned i)
{
	write_values(w, &w->all[i], 1);
}

/* Phones and addresses are replaced as a whole: everything wanted goes into the new list. */
static void write_whole(const struct writer *w, const char *property, enum entra_shape shape)
{
	bool any = false;

	buf_adds(w->b, "[");
	for (unsigned i = 0; i < w->n_all; i++) {
		const struct entra_attr *a = &w->all[i];
		const struct value *v = entry_first(w->wanted, a->id);

		if (a->shape != shape || !(a->where & 1u << w->class) ||
			!streq(a->property, property) || !v)
			continue;
		if (shape == SHAPE_PHONE)
			buf_addf(w->b, "%s{\"type\":\"%s\",\"number\":", any ? "," : "", a->sub);
		else
			buf_addf(w->b, "%s\"%s\":", any ? "," : "{", a->sub);
		entra_form_write(a->form, v, w->b);
		if (shape == SHAPE_PHONE)
			buf_addc(w->b, '}');
		any = true;
	}
	buf_adds(w->b, any && shape == SHAPE_ADDRESS ? "}]" : "]");
}

static void write_phones(const struct writer *w, unsigned i)
{
	write_whole(w, w->all[i].property, SHAPE_PHONE);
}

static void write_address(const struct writer *w, unsigned i)
{
	write_whole(w, w->all[i].property, SHAPE_ADDRESS);
}

/* Those of the object's properties that are sent; the service keeps the others. */
static void write_nested(const struct writer *w, unsigned from)
{
	const char *property = w->all[from].property;
	bool any = false;

	buf_addc(w->b, '{');
	for (unsigned i = from; i < w->n_all; i++) {
		const struct entra_attr *a = &w->all[i];

		if (a->shape != SHAPE_NESTED || !is_sent(w, a) || !streq(a->property, property))
			continue;
		buf_addf(w->b, "%s\"%s\":", any ? "," : "", a->sub);
		entra_form_write(a->form, entry_first(w->wanted, a->id), w->b);
		any = true;
	}
	buf_addc(w->b, '}');
}

#define write_nothing NULL
static void (*const WRITERS[])(const struct writer *w, unsigned row) = {
#define X(id, reader, writer) write_##writer,
	ENTRA_SHAPES(X)
#undef X
};

bool entra_shape_is_written(enum entra_shape shape)
{
	return WRITERS[shape] != NULL;
}

static unsigned write_rows(struct writer *w, unsigned n)
{
	const char *last = "";

	for (unsigned i = 0; i < w->n_all; i++) {
		if (!is_sent(w, &w->all[i]) || streq(w->all[i].property, last))
			continue;
		assert(WRITERS[w->all[i].shape]); /* test_entra_table looks at every row */
		last = w->all[i].property;
		if (n++)
			buf_addc(w->b, ',');
		buf_addf(w->b, "\"%s\":", last);
		WRITERS[w->all[i].shape](w, i);
	}
	return n;
}

static struct writer writer_of(struct buf *b, const struct entra_writing *ing)
{
	struct writer w = {.b = b, .class = ing->class, .wanted = ing->wanted, .ing = ing};

	w.all = entra_attrs(&w.n_all);
	return w;
}

unsigned entra_write(struct buf *b, const struct entra_writing *ing)
{
	struct writer w = writer_of(b, ing);
	unsigned n = write_rows(&w, 0);

	if (!ing->extensions)
		return n;
	w.all = ing->extensions->rows;
	w.n_all = ing->extensions->n;
	return write_rows(&w, n);
}

const char *entra_write_problem(const struct entra_writing *ing, unsigned *ret_attr)
{
	struct writer w = writer_of(NULL, ing);

	for (unsigned i = 0; i < ing->wanted->n_attrs; i++) {
		const struct attr *at = &ing->wanted->attrs[i];
		const struct entra_attr *row =
			entra_row(ing->extensions, at->id, ing->class, ing->surface);
		bool sent = row && is_sent(&w, row);

		for (unsigned k = 0; k < at->count; k++) {
			/* what is not sent is only looked at as text, which a lookup may hold */
			const struct value *v = &at->values[k];
			const char *wrong = sent ? entra_form_problem(row->form, v)
			                    : v->type == VALUE_STRING
			                            ? entra_form_problem(FORM_TEXT, v)
			                            : NULL;

			if (!wrong)
				continue;
			*ret_attr = at->id;
			return wrong;
		}
	}
	return NULL;
}
