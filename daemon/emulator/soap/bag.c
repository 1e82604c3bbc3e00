/* See bag.h. A kind of value is a row of kinds[]. */
#include "soap/bag.h"

#include "soap/encode.h"
#include "soap/envelope.h"
#include "tenant/body.h"

#include "base/codec.h"

#include <ctype.h>
#include <errno.h>

/* --- reading --- */

static json_t *read_text(const struct element *o)
{
	return o->first ? NULL : json_stringn(o->text, o->text_len);
}

static json_t *read_boolean(const struct element *o)
{
	if (strcasecmp(o->text, "true") == 0 || streq(o->text, "1"))
		return json_true();
	return strcasecmp(o->text, "false") == 0 || streq(o->text, "0") ? json_false() : NULL;
}

static json_t *read_long(const struct element *o)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(o->text, &end, 10);
	return *o->text && !*end && !errno ? json_integer(v) : NULL;
}

static bool is_base64(const struct element *o)
{
	_cleanup_free_ char *bytes = xmalloc(o->text_len / 4 * 3 + 1);

	return !o->first && base64_decode(bytes, o->text, o->text_len) >= 0;
}

static json_t *read_binary(const struct element *o)
{
	return is_base64(o) ? json_pack("{s:s}", "base64", o->text) : NULL;
}

static json_t *read_items(const struct element *o, const char *name)
{
	json_t *list = json_array();

	for (const struct element *k = o->first; k; k = k->next)
		if (streq(k->name, name) && !k->first && (streq(name, "string") || is_base64(k)))
			json_array_append_new(list, json_stringn(k->text, k->text_len));
		else {
			json_decref(list);
			return NULL;
		}
	return list;
}

static json_t *read_strings(const struct element *o)
{
	return read_items(o, "string");
}

static json_t *read_binaries(const struct element *o)
{
	json_t *list = read_items(o, "base64Binary");

	return list ? json_pack("{s:o}", "base64", list) : NULL;
}

static const struct {
	const char *ns, *type;
	json_t *(*read)(const struct element *o);
} kinds[] = {
	{NS_XS, "string", read_text},
	{NS_XS, "boolean", read_boolean},
	{NS_XS, "long", read_long},
	{NS_XS, "int", read_long},
	{NS_XS, "base64Binary", read_binary},
	{NS_ARRAYS, "ArrayOfstring", read_strings},
	{NS_ARRAYS, "ArrayOfbase64Binary", read_binaries},
};

/* Appends a SyncReferenceChangeCollection. */
static bool read_changes(const struct element *value, const char *key, struct arena *a,
	struct reference_change ***end)
{
	const struct element *list = element_child(value, "referenceChanges");

	for (const struct element *k = list ? list->first : NULL; k; k = k->next) {
		const struct element *reference = element_child(k, "Reference");
		const char *of = element_child_text(reference, "referenceTypeInt");
		const char *operation = element_child_text(k, "operationInt");
		struct reference_change *c = arena_zalloc(a, sizeof(*c));

		if ((!streq(of, "1") && !streq(of, "2")) ||
			(!streq(operation, "1") && !streq(operation, "2")))
			return false;
		c->key = key;
		c->anchor = element_child_text(reference, "Anchor");
		c->by_cloud_anchor = *of == '1';
		c->add = *operation == '1';
		**end = c;
		*end = &c->next;
	}
	return list != NULL;
}

/* NULL: it is not a value. *ret_changes: it was a list of changes. */
static json_t *read_value(const struct element *value, const char *key, struct arena *a,
	struct reference_change ***end, bool *ret_changes)
{
	const char *nil = element_attribute(value, NS_XSI, "nil");
	const char *type = element_attribute(value, NS_XSI, "type"), *ns, *name;

	if (nil && streq(nil, "true"))
		return json_null();
	if (!type || !element_qname(value, type, &ns, &name, a))
		return NULL;
	if (streq(ns, NS_CHANGE) && streq(name, "SyncReferenceChangeCollection")) {
		*ret_changes = read_changes(value, key, a, end);
		return NULL;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (streq(kinds[i].ns, ns) && streq(kinds[i].type, name))
			return kinds[i].read(value);
	return NULL;
}

json_t *bag_read(const struct element *values, struct arena *a,
	struct reference_change **ret_changes, const char **ret_why)
{
	struct reference_change **end = ret_changes;
	json_t *bag = json_object();

	*ret_changes = NULL;
	for (const struct element *k = values ? values->first : NULL; k; k = k->next) {
		const struct element *value = element_child(k, "Value");
		const char *key = element_child_text(k, "Key");
		bool changes = false;
		json_t *v = value ? read_value(value, key, a, &end, &changes) : NULL;

		if (!*key || (!v && !changes)) {
			*ret_why = arena_printf(a, "%.100s", *key ? key : "(no key)");
			json_decref(bag);
			return NULL;
		}
		if (v)
			json_object_set_new(bag, key, v);
	}
	return bag;
}

/* --- writing --- */

static void begin_value(struct buf *b, const char *type)
{
	encode_start(b, 'c', "Value");
	encode_attribute_qname(b, 'i', "type", type);
	if (*type == 'd')
		encode_xmlns(b, 'd', NS_XS);
}

static void put_bytes(struct buf *b, const char *base64)
{
	_cleanup_free_ char *bytes = xmalloc(strlen(base64) / 4 * 3 + 1);
	ssize_t n = base64_decode(bytes, base64, strlen(base64));

	encode_bytes_end(b, bytes, n < 0 ? 0 : (size_t)n);
}

static void put_list(struct buf *b, const json_t *list, const char *item, bool bytes)
{
	size_t i;
	json_t *v;

	json_array_foreach ((json_t *)list, i, v) {
		encode_start(b, 'c', item);
		if (bytes)
			put_bytes(b, json_string_value(v));
		else
			encode_text_end(b, json_string_value(v), json_string_length(v));
	}
	encode_end(b);
}

static void put_value(struct buf *b, const json_t *v)
{
	const json_t *base64 = json_object_get(v, "base64");

	if (json_is_string(v)) {
		begin_value(b, "d:string");
		encode_text_end(b, json_string_value(v), json_string_length(v));
	} else if (json_is_boolean(v)) {
		begin_value(b, "d:boolean");
		encode_bool_end(b, json_is_true(v));
	} else if (json_is_integer(v)) {
		begin_value(b, "d:long");
		encode_long_end(b, json_integer_value(v));
	} else if (json_is_array(v)) {
		begin_value(b, "c:ArrayOfstring");
		put_list(b, v, "string", false);
	} else if (json_is_array(base64)) {
		begin_value(b, "c:ArrayOfbase64Binary");
		put_list(b, base64, "base64Binary", true);
	} else if (json_is_string(base64)) {
		begin_value(b, "d:base64Binary");
		put_bytes(b, json_string_value(base64));
	} else {
		encode_nil(b, 'c', "Value");
	}
}

void bag_write(struct buf *b, const json_t *bag)
{
	const char *key;
	json_t *v;

	encode_start(b, 'b', "PropertyValues");
	encode_xmlns(b, 'c', NS_ARRAYS);
	json_object_foreach ((json_t *)bag, key, v) {
		_cleanup_free_ char *name = xstrdup(key);

		name[0] = (char)toupper((unsigned char)name[0]);
		encode_start(b, 'c', "KeyValueOfstringanyType");
		encode_leaf(b, 'c', "Key", name);
		put_value(b, v);
		encode_end(b);
	}
	encode_end(b);
}

json_t *bag_get(const json_t *bag, const char *key)
{
	return body_get(bag, key);
}

const char *bag_text(const json_t *bag, const char *key)
{
	return body_text(bag, key);
}

void bag_merge(json_t *kept, const json_t *in)
{
	const char *key, *old;
	json_t *v, *w;
	void *next;

	json_object_foreach ((json_t *)in, key, v) {
		json_object_foreach_safe(
			kept, next, old, w) if (strcasecmp(old, key) == 0 && !streq(old, key))
			json_object_del(kept, old);
		json_object_set(kept, key, v);
	}
}
