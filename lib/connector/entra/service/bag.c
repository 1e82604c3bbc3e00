/* Objects to bags, see bag.h. How a value is written is its type's: a row of types[]. */
#include "connector/entra/service/bag.h"
#include "base/codec.h"
#include "base/err.h"
#include "base/text.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

static const struct {
	const char *one, *list; /* i:type; list NULL: there are no lists of it */
	const char *item;       /* the element of one value in a list */
} types[] = {
	[VALUE_STRING] = {"d:string", "c:ArrayOfstring", "c:string"},
	[VALUE_INTEGER] = {"d:long", NULL, NULL},
	[VALUE_BOOLEAN] = {"d:boolean", NULL, NULL},
	[VALUE_BINARY] = {"d:base64Binary", "c:ArrayOfbase64Binary", "c:base64Binary"},
	[VALUE_REFERENCE] = {"d:string", "c:ArrayOfstring", "c:string"},
};

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

/* --- one property --- */

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

static void put_text_property(struct buf *b, const char *key, const char *text)
{
	begin_property(b, key, types[VALUE_STRING].one);
	nbfx_end_text(b, text, strlen(text));
	end_property(b);
}

static void put_list(struct buf *b, const struct value *values, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		nbfx_start(b, 'c', types[values[i].type].item + 2);
		put_value(b, &values[i]);
	}
	nbfx_end(b);
}

/* a NULL or without values: the attribute is cleared. */
static void put_property(
	struct buf *b, const char *key, const struct attr *a, const struct schema_attr *of)
{
	bool multi = of && of->flags & SCHEMA_MULTI;

	if (!a || !a->count) {
		begin_property(b, key, NULL);
		nbfx_end(b);
	} else if (multi && types[a->values[0].type].list) {
		begin_property(b, key, types[a->values[0].type].list);
		put_list(b, a->values, a->count);
	} else {
		begin_property(b, key, types[a->values[0].type].one);
		put_value(b, &a->values[0]);
	}
	end_property(b);
}

static bool is_sent(const struct schema_attr *of)
{
	return of && !(of->flags & (SCHEMA_READ_ONLY | SCHEMA_LOCAL)) &&
	       of->type != VALUE_REFERENCE && !streq(of->name, "sourceAnchor");
}

static void put_attributes(struct buf *b, const struct service_object *o)
{
	for (unsigned i = 0; o->delta && i < o->delta->n_attrs; i++) {
		const struct delta_attr *d = &o->delta->attrs[i];
		const struct schema_attr *of = schema_attr_find(o->schema, attr_name(d->id));

		if (is_sent(of))
			put_property(b, of->name, d->after, of);
	}
	for (unsigned i = 0; !o->delta && i < o->wanted->n_attrs; i++) {
		const struct attr *a = &o->wanted->attrs[i];
		const struct schema_attr *of = schema_attr_find(o->schema, attr_name(a->id));

		if (is_sent(of) && a->count)
			put_property(b, of->name, a, of);
	}
}

static void put_references(struct buf *b, const struct service_references *r)
{
	if (!r->n) {
		begin_property(b, r->attr, NULL);
		nbfx_end(b);
	} else if (!r->multi) {
		begin_property(b, r->attr, types[VALUE_REFERENCE].one);
		nbfx_end_text(b, r->anchors[0], strlen(r->anchors[0]));
	} else {
		begin_property(b, r->attr, types[VALUE_REFERENCE].list);
		for (unsigned i = 0; i < r->n; i++)
			nbfx_leaf(b, 'c', "string", r->anchors[i]);
		nbfx_end(b);
	}
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

static void begin_object(struct buf *b)
{
	nbfx_start(b, 'b', "AzureADSyncObject");
	nbfx_start(b, 'b', "PropertyValues");
}

static void end_object(struct buf *b, const char *class, enum service_operation operation)
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

void service_put_object(struct buf *b, const struct service_object *o,
	const struct service_references *references, unsigned n_references)
{
	begin_object(b);
	if (o->source_anchor)
		put_text_property(b, "SourceAnchor", o->source_anchor);
	if (o->cloud_anchor)
		put_text_property(b, "CloudAnchor", o->cloud_anchor);
	if (o->operation == SERVICE_SET)
		put_attributes(b, o);
	for (unsigned i = 0; i < n_references; i++)
		put_references(b, &references[i]);
	end_object(b, o->class, o->operation);
}

void service_put_changes(struct buf *b, const char *class, const char *source_anchor,
	const char *attr, const struct service_change *changes, unsigned n)
{
	begin_object(b);
	put_text_property(b, "SourceAnchor", source_anchor);
	begin_property(b, attr, "SyncReferenceChangeCollection"); /* of the default namespace */
	nbfx_start(b, 0, "referenceChanges");
	for (unsigned i = 0; i < n; i++) {
		nbfx_start(b, 0, "SyncReferenceChange");
		nbfx_start(b, 0, "Reference");
		nbfx_leaf(b, 0, "Anchor", changes[i].source_anchor);
		nbfx_leaf(b, 0, "referenceTypeInt", "2"); /* a source anchor */
		nbfx_end(b);
		nbfx_leaf(b, 0, "operationInt", changes[i].add ? "1" : "2");
		nbfx_end(b);
	}
	nbfx_end(b);
	nbfx_end(b);
	end_property(b);
	end_object(b, class, SERVICE_SET);
}

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
