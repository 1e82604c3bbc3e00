/* model/entry_json: an entry is the same after a way through JSON, and what is none is refused. */
#include "../check.h"
#include "model/entry_json.h"

#include <errno.h>

static struct entry sample(struct arena *a)
{
	struct entry en;
	unsigned mails = attr_intern("mails");

	entry_init(&en, a);
	entry_set(&en, attr_intern("name"), value_string("a \"b\" é"));
	entry_add(&en, mails, value_string("one"));
	entry_add(&en, mails, value_string("two"));
	entry_set(&en, attr_intern("least"), value_integer(INT64_MIN));
	entry_set(&en, attr_intern("most"), value_integer(INT64_MAX));
	entry_set(&en, attr_intern("yes"), value_boolean(true));
	entry_set(&en, attr_intern("no"), value_boolean(false));
	entry_set(&en, attr_intern("bytes"), value_binary("\0\xff", 2));
	entry_set(&en, attr_intern("nothing"), value_binary("", 0));
	entry_clear(&en, attr_intern("cleared"));
	return en;
}

static void test_round(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry en = sample(&a), again;
	json_t *o = entry_to_json(&en, &a);
	struct err e = {0};

	entry_init(&again, &a);
	assert_int_equal(entry_from_json(&again, o, &e), 0);
	json_decref(o);
	assert_int_equal(again.n_attrs, en.n_attrs);
	for (unsigned i = 0; i < en.n_attrs; i++) {
		const struct attr *one = &en.attrs[i], *other = entry_get(&again, one->id);

		if (!other || !attr_equal(one, other))
			fail_msg("%s is not what it was", attr_name(one->id));
		for (unsigned k = 0; k < one->count; k++)
			assert_int_equal(one->values[k].type, other->values[k].type);
	}
}

static void test_people(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct value two[] = {value_integer(7), value_reference("CN=a")};
	json_t *none = values_to_json(two, 0, &a), *one = values_to_json(two, 1, &a);
	json_t *both = values_to_json(two, 2, &a);

	assert_true(json_is_null(none));
	assert_int_equal(json_integer_value(one), 7);
	assert_int_equal(json_array_size(both), 2);
	assert_string_equal(json_string_value(json_array_get(both, 1)), "CN=a");
	json_decref(none);
	json_decref(one);
	json_decref(both);
}

static void test_refused(void **state)
{
	static const char *const texts[] = {
		"[]",
		"{\"size\": null}",
		"{\"size\": 1.5}",
		"{\"size\": {\"base64\": \"x\"}}",
		"{\"size\": {\"base64\": 5}}",
		"{\"size\": {\"base64\": \"AA==\", \"more\": 1}}",
		"{\"size\": [[1]]}",
		"{\"size\": [1, null]}",
		"{\"size\": {}}",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		_cleanup_arena_ struct arena a = {0};
		json_t *o = json_loads(texts[i], 0, NULL);
		struct entry en;
		struct err e = {0};

		entry_init(&en, &a);
		if (entry_from_json(&en, o, &e) != -EINVAL || (i && !strstr(e.text, "size")))
			fail_msg("%s: %s", texts[i], e.text);
		json_decref(o);
	}
}

static void test_dn(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	json_t *o = json_loads("{\"dn\": \"CN=a,DC=b\"}", 0, NULL);
	struct entry en;
	struct err e = {0};

	entry_init(&en, &a);
	assert_int_equal(entry_from_json(&en, o, &e), 0);
	json_decref(o);
	assert_string_equal(en.dn, "CN=a,DC=b");
	assert_int_equal(en.n_attrs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_people),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_dn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
