/*
 * Reading: an object of an answer to an entry, row by row of the attribute table. Owns the readers
 * of ENTRA_SHAPES: read_x() takes the property's JSON, which is not null, and gives NULL or what is
 * wrong with it. A new shape is a row there and a reader here.
 */
#include "connector/entra/read.h"
#include "base/codec.h"
#include "base/text.h"
#include "connector/entra/settle.h"

#include <ctype.h>

#define ID_MAX 128

void entra_select(struct buf *b, enum entra_class class, enum entra_surface surface,
	const struct entra_extensions *x)
{
	unsigned n;
	const struct entra_attr *all = entra_attrs(&n);
	const char *last = "";

	buf_adds(b, "id");
	for (unsigned i = 0; i < n; i++) {
		if (!entra_attr_used(&all[i], class, surface) || streq(all[i].property, last))
			continue;
		last = all[i].property;
		buf_addf(b, ",%s", last);
	}
	for (unsigned i = 0; x && i < x->n; i++)
		if (x->rows[i].where & 1u << class)
			buf_addf(b, ",%s", x->rows[i].property);
}

const char *entra_id_in(const json_t *json, const char *name)
{
	const json_t *v = json_object_get(json, name);
	const char *id = json_string_value(v);
	size_t n = json_string_length(v);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)id[i]) && id[i] != '-' && id[i] != '_')
			return NULL;
	return n && n <= ID_MAX ? id : NULL;
}

const char *entra_id(const json_t *json)
{
	return entra_id_in(json, "id");
}

/* --- readers of shapes --- */

/* One value; NULL or null: the attribute has none. */
static const char *read_one(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	struct value value;
	const char *wrong;

	if (!v || json_is_null(v)) {
		entry_clear(en, a->id);
		return NULL;
	}
	wrong = entra_form_read(a->form, v, en->arena, &value);
	if (!wrong)
		entry_set(en, a->id, value);
	return wrong;
}

static const char *read_plain(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	return read_one(en, a, v);
}

static const char *read_list(struct entry *en, const struct entra_attr *a, const json_t *list)
{
	struct value *values;
	size_t i;
	json_t *v;

	if (!json_is_array(list))
		return "a list was expected";
	values = arena_alloc(en->arena, (json_array_size(list) + 1) * sizeof(*values));
	json_array_foreach (list, i, v) {
		const char *wrong = entra_form_read(a->form, v, en->arena, &values[i]);

		if (wrong)
			return wrong;
	}
	entry_set_all(en, a->id, values, (unsigned)json_array_size(list));
	return NULL;
}

static const char *read_first(struct entry *en, const struct entra_attr *a, const json_t *list)
{
	return json_is_array(list) ? read_one(en, a, json_array_get(list, 0))
	                           : "a list was expected";
}

static const char *read_nested(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	return json_is_object(v) ? read_one(en, a, json_object_get(v, a->sub))
	                         : "an object was expected";
}

static const json_t *find_phone(const json_t *list, const char *type)
{
	size_t i;
	json_t *p;

	json_array_foreach ((json_t *)list, i, p) {
		const char *t = json_string_value(json_object_get(p, "type"));

		if (t && streq(t, type))
			return json_object_get(p, "number");
	}
	return NULL;
}

static const char *read_phone(struct entry *en, const struct entra_attr *a, const json_t *list)
{
	return json_is_array(list) ? read_one(en, a, find_phone(list, a->sub))
	                           : "a list was expected";
}

static const char *read_address(struct entry *en, const struct entra_attr *a, const json_t *list)
{
	return json_is_array(list)
	               ? read_one(en, a, json_object_get(json_array_get(list, 0), a->sub))
	               : "a list was expected";
}

/* Text in ASCII that stands there as UTF-16, little-endian; NULL: it is something else. */
static char *ascii_of(const unsigned char *raw, size_t n, struct arena *a)
{
	char *text = arena_zalloc(a, n / 2 + 1);

	for (size_t i = 0; i < n; i += 2) {
		if (i + 1 == n || raw[i + 1] || raw[i] < ' ' || raw[i] > '~')
			return NULL;
		text[i / 2] = (char)raw[i];
	}
	return n ? text : NULL;
}

static const char *add_text(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	struct value value;
	const char *wrong = entra_form_read(FORM_TEXT, v, en->arena, &value);

	if (!wrong)
		entry_add(en, a->id, value);
	return wrong;
}

/* As altSecurityIdentities of a device in AD has it ("X509:<SHA1-TP-PUBKEY>..."), else as it is. */
static const char *add_key(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	const json_t *key = json_object_get(v, "key");
	size_t n = json_string_length(key);
	unsigned char *raw = arena_alloc(en->arena, n + 1);
	const char *text;
	ssize_t len;

	if (json_is_null(key))
		return NULL;
	len = json_is_string(key) ? base64_decode(raw, json_string_value(key), n) : -1;
	if (len < 0)
		return "a key in base64 was expected";
	text = ascii_of(raw, (size_t)len, en->arena);
	if (!text)
		return add_text(en, a, key);
	entry_add(en, a->id, value_string(text));
	return NULL;
}

static const char *read_keys(struct entry *en, const struct entra_attr *a, const json_t *list)
{
	const char *wrong = NULL;
	size_t i;
	json_t *v;

	if (!json_is_array(list))
		return "a list was expected";
	entry_clear(en, a->id);
	json_array_foreach (list, i, v)
		if (!wrong)
			wrong = add_key(en, a, v);
	return wrong;
}

/* Each as "ProxyAddresses smtp:a@b". */
static const char *read_errors(struct entry *en, const struct entra_attr *a, const json_t *list)
{
	size_t i;
	json_t *v;

	if (!json_is_array(list))
		return "a list was expected";
	entry_clear(en, a->id);
	json_array_foreach (list, i, v) {
		const char *property =
			json_string_value(json_object_get(v, "propertyCausingError"));
		const char *value = json_string_value(json_object_get(v, "value"));

		if (property && value && !text_problem(property, strlen(property)) &&
			!text_problem(value, strlen(value)))
			entry_add(en, a->id,
				value_string(arena_printf(en->arena, "%s %s", property, value)));
	}
	return NULL;
}

#define read_nothing NULL
static const char *(*const READERS[])(
	struct entry *en, const struct entra_attr *a, const json_t *v) = {
#define X(id, reader, writer) read_##reader,
	ENTRA_SHAPES(X)
#undef X
};

static const char *read_attr(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	if (!json_is_null(v))
		return READERS[a->shape](en, a, v);
	entry_clear(en, a->id);
	return NULL;
}

bool entra_shape_is_read(enum entra_shape shape)
{
	return READERS[shape] != NULL;
}

/* --- references --- */

/*
 * *ret NULL: what the surface does not send. No reference to it is sent, so none is read: a rule
 * that does not know of them must not remove them. False: it cannot be told.
 */
static bool target_anchor(
	const json_t *item, enum entra_surface surface, struct arena *a, const char **ret)
{
	const char *type = json_string_value(json_object_get(item, "@odata.type"));
	const char *id = entra_id(item);
	enum entra_class c = type ? entra_class_of_type(type) : ENTRA_CLASS_COUNT;

	if (!type || !id)
		return false;
	*ret = entra_class_sent(c, surface)
	               ? arena_printf(a, "%s%s", entra_classes[c].anchor_prefix, id)
	               : NULL;
	return true;
}

struct refs {
	struct ref_change *items;
	unsigned n, cap;
};

static const char *read_refs(struct entry *en, const struct entra_attr *a,
	enum entra_surface surface, const json_t *list, struct refs *refs)
{
	size_t i;
	json_t *item;

	if (!json_is_array(list))
		return "a list of references was expected";
	if (json_array_size(list) > ENTRA_REFS_MAX)
		return "too many references in one answer";
	if (!(a->flags & SCHEMA_MULTI))
		entry_clear(en, a->id); /* one value: what is not removed is all there is */
	json_array_foreach ((json_t *)list, i, item) {
		const char *target;
		bool removed = json_object_get(item, "@removed") != NULL;

		if (!target_anchor(item, surface, en->arena, &target))
			return "a reference without type or id";
		if (!target)
			continue;
		if (!(a->flags & SCHEMA_MULTI)) {
			if (!removed)
				entry_set(en, a->id, value_reference(target));
			continue;
		}
		if (refs->n == refs->cap) {
			struct ref_change *old = refs->items;

			refs->cap = refs->cap ? refs->cap * 2 : 32;
			refs->items = arena_alloc(en->arena, refs->cap * sizeof(*old));
			if (old)
				memcpy(refs->items, old, refs->n * sizeof(*old));
		}
		refs->items[refs->n++] = (struct ref_change){a->id, target, !removed};
	}
	return NULL;
}

/* --- a whole object --- */

static void set_dn(struct entry *en)
{
	static unsigned source_anchor;
	const struct attr *a;
	const char *text;

	if (!source_anchor)
		source_anchor = attr_intern("sourceAnchor");
	a = entry_get(en, source_anchor);
	text = entry_string(en, source_anchor);
	if (text && *text)
		en->dn = entra_dn(text, en->arena);
	else
		en->dn = a ? en->anchor : NULL;
}

static const char *read_extensions(const json_t *json, enum entra_class class,
	const struct entra_extensions *x, struct entry *en)
{
	for (unsigned i = 0; x && i < x->n; i++) {
		const struct entra_attr *a = &x->rows[i];
		const json_t *v =
			a->where & 1u << class ? json_object_get(json, a->property) : NULL;
		const char *wrong = v ? read_attr(en, a, v) : NULL;

		if (wrong)
			return arena_printf(en->arena, "%s: %s", a->property, wrong);
	}
	return NULL;
}

void entra_read_absent(enum entra_class class, const struct entra_extensions *x, struct entry *en)
{
	for (unsigned i = 0; x && i < x->n; i++)
		if (x->rows[i].where & 1u << class && !entry_get(en, x->rows[i].id))
			entry_clear(en, x->rows[i].id);
}

const char *entra_read(const json_t *json, enum entra_class class, enum entra_surface surface,
	const struct entra_extensions *x, struct entry *en, struct ref_change **ret_changes,
	unsigned *ret_n)
{
	const char *id = entra_id(json);
	unsigned n;
	const struct entra_attr *all = entra_attrs(&n);
	struct refs refs = {0};
	const char *bad;

	if (!id)
		return "an object without id";
	en->class = entra_classes[class].name;
	en->anchor = arena_printf(en->arena, "%s%s", entra_classes[class].anchor_prefix, id);
	for (unsigned i = 0; i < n; i++) {
		const struct entra_attr *a = &all[i];
		bool ref = entra_is_link(a);
		const char *wrong = NULL;
		const json_t *v;

		if (!entra_attr_used(a, class, surface))
			continue;
		v = json_object_get(json, a->key);
		if (v)
			wrong = ref ? read_refs(en, a, surface, v, &refs) : read_attr(en, a, v);
		if (wrong)
			return arena_printf(en->arena, "%s: %s", a->property, wrong);
	}
	bad = read_extensions(json, class, x, en);
	if (bad)
		return bad;
	entra_settle_read(en);
	set_dn(en);
	if (!entra_classes[class].role)
		entry_set(en, attr_intern("cloudMastered"), value_boolean(false));
	*ret_changes = refs.items;
	*ret_n = refs.n;
	return NULL;
}
