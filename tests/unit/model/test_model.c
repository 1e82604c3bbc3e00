/* model: entries, images, deltas. */
#include "../check.h"
#include "model/delta.h"
#include "model/image.h"

static uint32_t map_add(struct attr_map *map, unsigned attr)
{
	uint32_t *next = map->ctx;

	map->to_store[attr] = ++*next;
	map->from_store[*next] = attr;
	return *next;
}

static void sample(struct entry *e, struct arena *a, bool reversed)
{
	unsigned mail = attr_intern("proxyAddresses"), cn = attr_intern("cn");

	entry_init(e, a);
	entry_set(e, cn, value_string("Ada"));
	entry_add(e, mail, value_string(reversed ? "b" : "a"));
	entry_add(e, mail, value_string(reversed ? "a" : "b"));
	entry_set(e, attr_intern("enabled"), value_boolean(true));
	entry_set(e, attr_intern("uac"), value_integer(-512));
	entry_set(e, attr_intern("guid"), value_binary("\0\1\2", 3));
	entry_clear(e, attr_intern("title"));
	entry_add(e, attr_intern("member"), value_reference("CN=x"));
}

static void test_image(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf one = {0}, two = {0};
	static struct attr_map map;
	uint32_t next = 0;
	struct entry e, back;

	map = (struct attr_map){.add = map_add, .ctx = &next};
	sample(&e, &a, false);
	assert_true(image_encode(&e, &map, &one));
	sample(&e, &a, true);
	assert_true(image_encode(&e, &map, &two));
	assert_int_equal(one.len, two.len);
	assert_memory_equal(one.data, two.data, one.len);
	entry_init(&back, &a);
	assert_true(image_decode(one.data, one.len, &map, &back));
	assert_int_equal(entry_first(&back, attr_find("uac"))->num, -512);
	assert_int_equal(entry_first(&back, attr_find("guid"))->len, 3);
	assert_int_equal(entry_get(&back, attr_find("title"))->count, 0);
	assert_null(entry_get(&back, attr_find("member"))); /* references are not in images */
	for (size_t n = 1; n < one.len; n++) {              /* a cut image never crashes */
		entry_init(&back, &a);
		(void)!image_decode(one.data, n, &map, &back);
	}
	entry_init(&back, &a);
	assert_false(image_decode("\x02", 1, &map, &back));
}

static void test_delta(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry have, wanted;
	struct delta d;

	entry_init(&have, &a);
	entry_init(&wanted, &a);
	entry_set(&have, attr_intern("cn"), value_string("Ada"));
	entry_set(&have, attr_intern("title"), value_string("old"));
	entry_set(&have, attr_intern("other"), value_string("not ours"));
	entry_set(&wanted, attr_intern("cn"), value_string("Ada"));
	entry_clear(&wanted, attr_intern("title"));
	entry_clear(&wanted, attr_intern("never"));
	delta_owned(&have, &wanted, false, &a, &d);
	assert_int_equal(d.n_attrs, 1);
	assert_int_equal(d.attrs[0].id, attr_find("title"));
	assert_string_equal(delta_names(&d, 5, &a), "title");
	delta_owned(&have, &wanted, true, &a, &d);
	assert_int_equal(d.n_attrs, 2);
	delta_owned(NULL, &wanted, false, &a, &d);
	assert_int_equal(d.n_attrs, 1);
	delta_full(&have, &wanted, &a, &d);
	assert_int_equal(d.n_attrs, 2);
}

/* Two forms of one value are no difference to a directory; two values are. */
static void test_settle(void **state)
{
	static const struct schema_attr attrs[] = {
		{"proxyAddresses", VALUE_STRING, SCHEMA_MULTI | SCHEMA_NO_CASE},
		{"displayName", VALUE_STRING, 0},
		{"secret", VALUE_STRING, SCHEMA_UNREADABLE},
	};
	static const struct schema_class class = {"user", attrs, 3};
	static const struct {
		const char *attr, *shown[3], *wanted[3];
		bool same;
	} cases[] = {
		{"displayName", {" Ann\t"}, {"Ann"}, true},
		{"displayName", {"ann"}, {"Ann"}, false},
		{"displayName", {NULL}, {"  "}, true},
		{"displayName", {NULL}, {"Ann"}, false},
		{"displayName", {"Ann Lee"}, {"Ann  Lee"}, false},
		{"displayName", {"2026-01-02T03:04:05Z"}, {"2026-01-02T03:04:05.000Z"}, true},
		{"displayName", {"20260102030405.0Z"}, {"2026-01-02T03:04:05Z"}, true},
		{"displayName", {"2026-01-02T03:04:06Z"}, {"2026-01-02T03:04:05Z"}, false},
		{"proxyAddresses", {"smtp:B@x", "SMTP:a@X"}, {"SMTP:A@x", "smtp:b@x"}, true},
		{"proxyAddresses", {"smtp:a@x", "SMTP:b@x"}, {"SMTP:a@x", "smtp:b@x"}, false},
		{"proxyAddresses", {"smtp:a@x"}, {"smtp:a@x", "smtp:A@x"}, true},
		{"proxyAddresses", {"smtp:a@x"}, {"smtp:a@x", "smtp:b@x"}, false},
		/* never shown: what was accepted counts as shown */
		{"secret", {NULL}, {"anything"}, false},
		{"secret", {" anything"}, {"anything"}, true},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena a = {0};
		unsigned id = attr_intern(cases[i].attr);
		struct entry shown, wanted;
		struct delta d;

		entry_init(&shown, &a);
		entry_init(&wanted, &a);
		for (unsigned k = 0; k < 3; k++) {
			if (cases[i].shown[k])
				entry_add(&shown, id, value_string(cases[i].shown[k]));
			if (cases[i].wanted[k])
				entry_add(&wanted, id, value_string(cases[i].wanted[k]));
		}
		delta_owned(&shown, &wanted, false, &a, &d);
		assert_int_equal(d.n_attrs, 1);
		delta_settle(&d, &class);
		if (d.n_attrs != (cases[i].same ? 0 : 1))
			fail_msg("case %u: %s", i, cases[i].attr);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_image),
		cmocka_unit_test(test_delta),
		cmocka_unit_test(test_settle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
