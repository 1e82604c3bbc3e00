/* Objects to bags, see bag.h. How a value is written is its type's: a row of types[]. */
#include "connector/entra/service/bag.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/text.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

static const struct {
	const char *one, *list; /* i:type; list NULL: there are no lists of it */
	const char *item;       /* the element of one value in a list */
} types[] = {
	[VALUE_STRING] = {"d:string", "c:ArrayOfstring", "string"},
	[VALUE_INTEGER] = {"d:long", NULL, NULL},
	[VALUE_BOOLEAN] = {"d:boolean", NULL, NULL},
	[VALUE_BINARY] = {"d:base64Binary", "c:ArrayOfbase64Binary", "base64Binary"},
	[VALUE_REFERENCE] = {"d:string", "c:ArrayOfstring", "string"},
};

/* --- what is the same in every object --- */

/* An attribute of the class that is sent: the bytes before its value, and those that clear it. */
struct row {
	const char *key;
	enum value_type type; /* of the value that `head` announces */
	bool list;
	struct buf head, nil;
};

struct service_bag {
	uint16_t at[ATTR_MAX]; /* by the attribute's id: its row, from 1; 0: it is not sent */
	struct row *rows;
	unsigned n;
	unsigned char references[ATTR_MAX]; /* 0: none, else enum reference */
};

enum reference { REFERENCE_ONE = 1, REFERENCE_SEVERAL };

static void begin_property(struct buf *b, const char *key, const char *type)
{
	nbfx_start(b, 'c', "KeyValueOfstringanyType");
	nbfx_leaf(b, 'c', "Key", key);
	nbfx_start(b, 'c', "Value");
	if (type)
		nbfx_put_attribute(b, 'i', "type", type);
	else
		nbfx_put_attribute(b, 'i', "nil", "true");
}

/* Behind the value, which has ended its element. */
static void end_property(struct buf *b)
{
	nbfx_end(b);
}

static void put_nil(struct buf *b, const char *key)
{
	begin_property(b, key, NULL);
	nbfx_end(b);
	end_property(b);
}

static bool is_sent(const struct schema_attr *of)
{
	return !(of->flags & (SCHEMA_READ_ONLY | SCHEMA_LOCAL)) && !streq(of->name, "sourceAnchor");
}

static const char *type_of(enum value_type type, bool list)
{
	return list ? types[type].list : types[type].one;
}

/* The attribute's name, but for an extension, which the tenant calls by one of its own. */
static const char *key_of(const struct schema_class *c, const struct schema_attr *of,
	const struct entra_extensions *x)
{
	const struct entra_attr *row;

	if (!entra_is_extension(of->name))
		return of->name;
	row = entra_extension_row(x, attr_intern(of->name), entra_class_find(c->name));
	return row ? row->property : NULL;
}

struct service_bag *service_bag_new(const struct schema_class *c, const struct entra_extensions *x)
{
	struct service_bag *bag = xcalloc(1, sizeof(*bag));

	assert(c->n_attrs < UINT16_MAX);
	bag->rows = xcalloc(c->n_attrs, sizeof(*bag->rows));
	for (unsigned i = 0; i < c->n_attrs; i++) {
		const struct schema_attr *of = &c->attrs[i];
		const char *key = is_sent(of) ? key_of(c, of, x) : NULL;
		struct row *row = &bag->rows[bag->n];

		if (key && of->type == VALUE_REFERENCE)
			bag->references[attr_intern(of->name)] =
				of->flags & SCHEMA_MULTI ? REFERENCE_SEVERAL : REFERENCE_ONE;
		if (!key || of->type == VALUE_REFERENCE)
			continue;
		row->key = key;
		row->type = of->type;
		row->list = of->flags & SCHEMA_MULTI && types[of->type].list;
		begin_property(&row->head, key, type_of(row->type, row->list));
		put_nil(&row->nil, key);
		bag->at[attr_intern(of->name)] = (uint16_t)++bag->n;
	}
	return bag;
}

void service_bag_free(struct service_bag *bag)
{
	if (!bag)
		return;
	for (unsigned i = 0; i < bag->n; i++) {
		buf_done(&bag->rows[i].head);
		buf_done(&bag->rows[i].nil);
	}
	free(bag->rows);
	free(bag);
}

bool service_bag_has_reference(const struct service_bag *bag, unsigned attr, bool *ret_multi)
{
	*ret_multi = bag->references[attr] == REFERENCE_SEVERAL;
	return bag->references[attr] != 0;
}

/* --- values --- */

static void put_value(struct buf *b, const struct value *v)
{
	_cleanup_free_ char *base64 = NULL;
	char number[24];

	switch (v->type) {
	case VALUE_INTEGER:
		snprintf(number, sizeof(number), "%" PRId64, v->num);
		nbfx_end_text(b, number, strlen(number));
		return;
	case VALUE_BOOLEAN:
		nbfx_end_text(b, v->num ? "true" : "false", v->num ? 4 : 5);
		return;
	case VALUE_BINARY:
		base64 = xmalloc(base64_len(v->len) + 1);
		base64_encode(base64, v->data, v->len);
		nbfx_end_text(b, base64, base64_len(v->len));
		return;
	case VALUE_STRING:
	case VALUE_REFERENCE:
		nbfx_end_text(b, v->data, v->len);
		return;
	case VALUE_TYPE_COUNT:
		return;
	}
}

static void put_list(struct buf *b, const struct value *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		nbfx_start(b, 'c', types[values[i].type].item);
		put_value(b, &values[i]);
	}
	nbfx_end(b);
}

/* a NULL or without values: the attribute is cleared. */
static void put_property(struct buf *b, const struct row *row, const struct attr *a)
{
	bool list;

	if (!a || !a->count) {
		buf_add(b, row->nil.data, row->nil.len);
		return;
	}
	list = row->list && types[a->values[0].type].list;
	if (a->values[0].type == row->type && list == row->list)
		buf_add(b, row->head.data, row->head.len);
	else /* rules made a value of another type: it is told as what it is */
		begin_property(b, row->key, type_of(a->values[0].type, list));
	if (list)
		put_list(b, a->values, a->count);
	else
		put_value(b, &a->values[0]);
	end_property(b);
}

static const struct row *row_of(const struct service_bag *bag, unsigned id)
{
	return bag->at[id] ? &bag->rows[bag->at[id] - 1] : NULL;
}

void service_put_values(struct buf *b, const struct service_bag *bag, const struct entry *wanted,
	const struct delta *delta)
{
	for (unsigned i = 0; delta && i < delta->n_attrs; i++) {
		const struct delta_attr *d = &delta->attrs[i];
		const struct row *row = row_of(bag, d->id);

		if (row)
			put_property(b, row, d->after);
	}
	for (unsigned i = 0; !delta && i < wanted->n_attrs; i++) {
		const struct attr *a = &wanted->attrs[i];
		const struct row *row = a->count ? row_of(bag, a->id) : NULL;

		if (row)
			put_property(b, row, a);
	}
}

/* --- references --- */

void service_put_reference(struct buf *b, const char *attr, const struct service_name *target)
{
	if (!target) {
		put_nil(b, attr);
		return;
	}
	begin_property(b, attr, types[VALUE_REFERENCE].one);
	nbfx_end_text(b, target->anchor, strlen(target->anchor));
	end_property(b);
}

void service_changes_begin(struct buf *b, const char *attr)
{
	begin_property(b, attr, "SyncReferenceChangeCollection"); /* of the default namespace */
	nbfx_start(b, 0, "referenceChanges");
}

void service_put_change(struct buf *b, const struct service_name *target, bool add)
{
	nbfx_start(b, 0, "SyncReferenceChange");
	nbfx_start(b, 0, "Reference");
	nbfx_leaf(b, 0, "Anchor", target->anchor);
	nbfx_leaf(b, 0, "referenceTypeInt", target->is_cloud ? "1" : "2");
	nbfx_end(b);
	nbfx_leaf(b, 0, "operationInt", add ? "1" : "2");
	nbfx_end(b);
}

void service_changes_end(struct buf *b)
{
	nbfx_end(b);
	nbfx_end(b);
	end_property(b);
}

/* --- objects --- */

/* "user" to "User". */
static void put_type(struct buf *b, const char *class)
{
	char word[64];

	snprintf(word, sizeof(word), "%s", class);
	word[0] = (char)toupper((unsigned char)word[0]);
	nbfx_leaf(b, 'b', "SyncObjectType", word);
}

void service_objects_begin(struct buf *b)
{
	nbfx_start(b, 0, "syncRequest");
	nbfx_declare(b, 'b', SERVICE_NS_OBJECT);
	nbfx_declare(b, 'c', SERVICE_NS_ARRAYS);
	nbfx_declare(b, 'd', SERVICE_NS_XS);
	nbfx_declare(b, 'i', SERVICE_NS_XSI);
	nbfx_start(b, 'b', "SyncObjects");
}

void service_objects_end(struct buf *b)
{
	nbfx_end(b);
	nbfx_end(b);
}

void service_object_begin(struct buf *b, const struct service_name *who)
{
	nbfx_start(b, 'b', "AzureADSyncObject");
	nbfx_start(b, 'b', "PropertyValues");
	service_put_reference(b, who->is_cloud ? "CloudAnchor" : "SourceAnchor", who);
}

void service_object_end(struct buf *b, const char *class, enum service_operation operation)
{
	static const char *const words[] = {
#define X(id, word) word,
		SERVICE_OPERATIONS(X)
#undef X
	};

	nbfx_end(b);
	put_type(b, class);
	nbfx_leaf(b, 'b', "SyncOperation", words[operation]);
	nbfx_end(b);
}

/* --- what cannot be written --- */

static bool is_text(const struct value *v)
{
	return v->type != VALUE_STRING || nbfx_holds(v->data, v->len);
}

static const char *attr_problem(const struct attr *a)
{
	for (unsigned i = 0; a && i < a->count; i++)
		if (!is_text(&a->values[i]))
			return attr_name(a->id);
	return NULL;
}

const char *service_problem(const struct entry *wanted, const struct delta *delta)
{
	const char *bad = NULL;

	for (unsigned i = 0; delta && i < delta->n_attrs && !bad; i++)
		bad = attr_problem(delta->attrs[i].after);
	for (unsigned i = 0; !delta && i < wanted->n_attrs && !bad; i++)
		bad = attr_problem(&wanted->attrs[i]);
	return bad;
}
