/* Entries from and to JSON. A new type of value is a case in two functions here. */
#include "model/entry_json.h"
#include "base/codec.h"

#include <errno.h>

json_t *value_to_json(const struct value *v, struct arena *a)
{
	switch (v->type) {
	case VALUE_INTEGER:
		return json_integer(v->num);
	case VALUE_BOOLEAN:
		return json_boolean(v->num);
	case VALUE_STRING:
	case VALUE_REFERENCE:
		return json_stringn(v->data, v->len);
	case VALUE_BINARY:
		return json_pack("{s:s}", "base64", value_text(a, v));
	case VALUE_TYPE_COUNT:
		break;
	}
	return json_null();
}

json_t *values_to_json(const struct value *v, unsigned n, struct arena *a)
{
	json_t *list;

	if (n == 0)
		return json_null();
	if (n == 1)
		return value_to_json(v, a);
	list = json_array();
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, value_to_json(&v[i], a));
	return list;
}

json_t *entry_to_json(const struct entry *en, struct arena *a)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < en->n_attrs; i++) {
		json_t *values = json_array();

		for (unsigned k = 0; k < en->attrs[i].count; k++)
			json_array_append_new(values, value_to_json(&en->attrs[i].values[k], a));
		json_object_set_new(o, attr_name(en->attrs[i].id), values);
	}
	return o;
}

static bool value_from_json(const json_t *j, struct arena *a, struct value *ret)
{
	const char *b64 = json_string_value(json_object_get(j, "base64"));
	ssize_t n;
	char *bytes;

	if (json_is_integer(j)) {
		*ret = value_integer(json_integer_value(j));
	} else if (json_is_boolean(j)) {
		*ret = value_boolean(json_is_true(j));
	} else if (json_is_string(j)) {
		*ret = value_stringn(json_string_value(j), json_string_length(j));
	} else if (b64 && json_object_size(j) == 1) {
		bytes = arena_alloc(a, strlen(b64) + 1);
		n = base64_decode(bytes, b64, strlen(b64));
		if (n < 0)
			return false;
		*ret = value_binary(bytes, (size_t)n);
	} else {
		return false;
	}
	return true;
}

static bool add_values(struct entry *en, unsigned attr, const json_t *j)
{
	struct value v;
	size_t i;
	json_t *item;

	if (!json_is_array(j)) {
		if (!value_from_json(j, en->arena, &v))
			return false;
		entry_add(en, attr, v);
		return true;
	}
	if (json_array_size(j) == 0)
		entry_clear(en, attr);
	json_array_foreach ((json_t *)j, i, item)
		if (json_is_array(item) || !add_values(en, attr, item))
			return false;
	return true;
}

int entry_from_json(struct entry *en, const json_t *o, struct err *e)
{
	const char *key;
	json_t *value;

	if (!json_is_object(o))
		return err_set(
			e, -EINVAL, NULL, 0, "an object {\"attribute\": value} was expected");
	json_object_foreach ((json_t *)o, key, value) {
		unsigned attr = attr_intern(key);

		if (streq(key, "dn") && json_is_string(value)) {
			en->dn = arena_strdup(en->arena, json_string_value(value));
			continue;
		}
		if (!attr || !add_values(en, attr, value))
			return err_set(e, -EINVAL, NULL, 0,
				"%s: text, a number, true, false, {\"base64\": \"...\"} or a list "
				"of these was expected",
				key);
	}
	return 0;
}
