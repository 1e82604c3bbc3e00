/*
 * An attribute is one row, whatever its type. This program has an attribute table of its own, with
 * a row of every form, alone and in a list, and of every kind of reference: a row is all that
 * reading, writing, clearing and the sub-requests of references need.
 */
#include "../check.h"
#include "connector/entra/answer.h"
#include "connector/entra/body.h"
#include "connector/entra/parse.h"
#include "connector/entra/read.h"
#include "connector/entra/item.h"
#include "connector/entra/request.h"

#include <stdio.h>

#define ROW(name, prop, form, ...)                                                     \
	{                                                                              \
		name, prop, NULL, SHAPE_PLAIN, form, FOR_USER | FOR_GROUP, __VA_ARGS__ \
	}
#define ROWS(name, prop, form)                                                                  \
	{                                                                                       \
		name, prop, NULL, SHAPE_LIST, form, FOR_USER | FOR_GROUP, .flags = SCHEMA_MULTI \
	}

/* Stands in for table.c, which the linker then leaves out. */
struct entra_attr entra_table[] = {
	ROW("sourceAnchor", "onPremisesImmutableId", FORM_TEXT),
	ROW("text", "aText", FORM_TEXT),
	ROW("bool", "aBool", FORM_BOOLEAN),
	ROW("int32", "anInt32", FORM_INT32),
	ROW("int64", "anInt64", FORM_INT64),
	ROW("bytes", "someBytes", FORM_BINARY),
	ROW("time", "aTime", FORM_TIME, .flags = SCHEMA_TIME),
	ROW("guid", "aGuid", FORM_GUID),
	ROW("sid", "aSid", FORM_SID),
	ROWS("texts", "texts", FORM_TEXT),
	ROWS("bools", "bools", FORM_BOOLEAN),
	ROWS("int32s", "int32s", FORM_INT32),
	ROWS("int64s", "int64s", FORM_INT64),
	ROWS("byteses", "byteses", FORM_BINARY),
	ROWS("times", "times", FORM_TIME),
	ROWS("guids", "guids", FORM_GUID),
	ROWS("sids", "sids", FORM_SID),
	{"first", "firstOnes", NULL, SHAPE_FIRST, FORM_INT32, FOR_USER},
	{"nestedBool", "nest", "on", SHAPE_NESTED, FORM_BOOLEAN, FOR_USER},
	{"nestedInt", "nest", "n", SHAPE_NESTED, FORM_INT32, FOR_USER},
	ROW("once", "once", FORM_TEXT, .flags = SCHEMA_WRITE_ONCE),
	ROW("readOnly", "readOnly", FORM_INT32, .flags = SCHEMA_READ_ONLY),
	ROW("syncOnly", "syncOnly", FORM_INT32, .shown = true),
	{"manager", "manager", NULL, SHAPE_LINK, FORM_REFERENCE, FOR_USER},
	{"deputy", "deputy", NULL, SHAPE_LINK, FORM_REFERENCE, FOR_USER},
	{"member", "members", NULL, SHAPE_BIND, FORM_REFERENCE, FOR_GROUP, .flags = SCHEMA_MULTI},
	{"owner", "owners", NULL, SHAPE_LINKS, FORM_REFERENCE, FOR_GROUP, .flags = SCHEMA_MULTI},
};
const unsigned entra_table_rows = ARRAY_SIZE(entra_table);

static struct ref_change *changes;
static unsigned n_changes;

/* NULL, or what is wrong. */
static const char *read_as(
	enum entra_class class, const char *properties, struct arena *a, struct entry *ret)
{
	_cleanup_free_ char *text =
		xasprintf("{\"id\":\"1\"%s%s}", *properties ? "," : "", properties);
	json_t *json = entra_parse(text, strlen(text), 0);
	const char *wrong;

	assert_non_null(json);
	entry_init(ret, a);
	wrong = entra_read(json, class, ENTRA_SERVICE, NULL, ret, &changes, &n_changes);
	json_decref(json);
	return wrong;
}

static const struct attr *attr_of(const struct entry *en, const char *name)
{
	return entry_get(en, attr_intern(name));
}

static const char *write_as(const struct entry *en, const struct delta *d, bool clears)
{
	static char text[4096];
	_cleanup_buf_ struct buf b = {0};

	entra_write(&b, &(struct entra_writing){ENTRA_USER, ENTRA_SERVICE, NULL, en, d, clears});
	snprintf(text, sizeof(text), "%s", buf_str(&b));
	return text;
}

/* JSON that is read and written as it was; value: our text of it, "," between several. */
static const struct {
	const char *attr, *json, *value;
} cases[] = {
	{"text", "\"aText\":\"Å \\\"quoted\\\"\"", "Å \"quoted\""},
	{"bool", "\"aBool\":true", "True"},
	{"bool", "\"aBool\":false", "False"},
	{"int32", "\"anInt32\":0", "0"},
	{"int32", "\"anInt32\":-2147483648", "-2147483648"},
	{"int32", "\"anInt32\":2147483647", "2147483647"},
	{"int64", "\"anInt64\":9223372036854775807", "9223372036854775807"},
	{"int64", "\"anInt64\":-9223372036854775808", "-9223372036854775808"},
	{"bytes", "\"someBytes\":\"AAH/\"", "AAH/"},
	{"bytes", "\"someBytes\":\"\"", ""},
	{"time", "\"aTime\":\"2026-08-01T08:00:00Z\"", "20260801080000.0Z"},
	{"guid", "\"aGuid\":\"6f9619ff-8b86-d011-b42d-00c04fc964ff\"", "/xmWb4aLEdC0LQDAT8lk/w=="},
	{"sid", "\"aSid\":\"S-1-5-21-1-2-3-500\"", "AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA9AEAAA=="},
	{"texts", "\"texts\":[\"a\",\"b\"]", "a,b"},
	{"texts", "\"texts\":[]", NULL},
	{"bools", "\"bools\":[true,false]", "True,False"},
	{"int32s", "\"int32s\":[1,-2]", "1,-2"},
	{"int64s", "\"int64s\":[4294967296]", "4294967296"},
	{"byteses", "\"byteses\":[\"AA==\",\"/w==\"]", "AA==,/w=="},
	{"times", "\"times\":[\"2026-08-01T08:00:00Z\"]", "20260801080000.0Z"},
	{"guids", "\"guids\":[\"6f9619ff-8b86-d011-b42d-00c04fc964ff\"]",
		"/xmWb4aLEdC0LQDAT8lk/w=="},
	{"sids", "\"sids\":[\"S-1-5-21-1-2-3-500\"]", "AQUAAAAAAAUVAAAAAQAAAAIAAAADAAAA9AEAAA=="},
	{"first", "\"firstOnes\":[7]", "7"},
	{"nestedBool", "\"nest\":{\"on\":true}", "True"},
	{"nestedInt", "\"nest\":{\"n\":5}", "5"},
};

static void test_round(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_arena_ struct arena a = {0};
		_cleanup_buf_ struct buf got = {0};
		struct delta_attr da = {.id = attr_intern(cases[i].attr)};
		struct delta d = {&da, 1};
		struct entry en;
		const struct attr *at;
		const char *wrong = read_as(ENTRA_USER, cases[i].json, &a, &en);

		if (wrong)
			fail_msg("%s: %s", cases[i].json, wrong);
		at = attr_of(&en, cases[i].attr);
		assert_non_null(at);
		for (unsigned k = 0; k < at->count; k++)
			buf_addf(&got, "%s%s", k ? "," : "", value_text(&a, &at->values[k]));
		assert_int_equal(at->count == 0, !cases[i].value);
		assert_string_equal(buf_str(&got), cases[i].value ? cases[i].value : "");
		/* it is the type that the schema tells the rules */
		for (unsigned k = 0; k < at->count; k++)
			assert_int_equal(at->values[k].type,
				entra_form_type(
					entra_attr_of(da.id, ENTRA_USER, ENTRA_SERVICE)->form));
		assert_string_equal(write_as(&en, &d, false), cases[i].json);
	}
}

/* Other spellings of a value, and what becomes of them. */
static const struct {
	const char *attr, *json, *value;
} spelled[] = {
	{"time", "\"aTime\":\"2026-08-01T10:00:00.1234567+02:00\"", "20260801080000.0Z"},
	{"bytes", "\"someBytes\":\"-_8\"", "+/8="}, /* base64url, without padding */
	{"guid", "\"aGuid\":\"6F9619FF-8B86-D011-B42D-00C04FC964FF\"", "/xmWb4aLEdC0LQDAT8lk/w=="},
	{"first", "\"firstOnes\":[7,8]", "7"},
	{"nestedInt", "\"nest\":{\"on\":true,\"n\":2}", "2"},
};

static void test_spelled(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(spelled); i++) {
		_cleanup_arena_ struct arena a = {0};
		struct entry en;

		assert_null(read_as(ENTRA_USER, spelled[i].json, &a, &en));
		assert_string_equal(value_text(&a, entry_first(&en, attr_intern(spelled[i].attr))),
			spelled[i].value);
	}
}

/* What no value of the form is: refused by the property's name, and nothing else happens. */
static const char *const hostile[] = {
	"\"aText\":7",
	"\"aText\":[\"a\"]",
	"\"aText\":\"a\\u0000b\"",
	"\"aText\":\"\xff\"",
	"\"aBool\":\"true\"",
	"\"aBool\":1",
	"\"anInt32\":2147483648",
	"\"anInt32\":-2147483649",
	"\"anInt32\":\"7\"",
	"\"anInt32\":7.0",
	"\"anInt32\":true",
	"\"anInt64\":9223372036854775808",
	"\"anInt64\":-99999999999999999999999999",
	"\"anInt64\":1e999",
	"\"someBytes\":\"a\"",
	"\"someBytes\":\"====\"",
	"\"someBytes\":\"AA==AA==\"",
	"\"someBytes\":\"AAAA\\u0000\"",
	"\"someBytes\":7",
	"\"aTime\":\"soon\"",
	"\"aTime\":\"2026-08-01\"",
	"\"aTime\":\"2026-13-01T00:00:00Z\"",
	"\"aTime\":\"2026-08-01T08:00:00Z \"",
	"\"aTime\":\" 2026-08-01T08:00:00Z\"",
	"\"aTime\":\"2026-08-01T08:00:00Z\\u0000\"",
	"\"aTime\":\"\"",
	"\"aTime\":1785571200",
	"\"aGuid\":\"6f9619ff\"",
	"\"aSid\":\"S-1\"",
	"\"aSid\":\"S-1-5-21-99999999999\"",
	"\"texts\":\"a\"",
	"\"texts\":[\"a\",null]",
	"\"int32s\":[1,2147483648]",
	"\"bools\":{}",
	"\"times\":[\"never\"]",
	"\"firstOnes\":7",
	"\"firstOnes\":[\"7\"]",
	"\"nest\":[]",
	"\"nest\":{\"n\":\"5\"}",
};

static void test_hostile(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(hostile); i++) {
		_cleanup_arena_ struct arena a = {0};
		size_t n = strcspn(hostile[i] + 1, "\"");
		struct entry en;
		const char *wrong;

		wrong = read_as(ENTRA_USER, hostile[i], &a, &en);
		if (!wrong)
			fail_msg("%s was taken", hostile[i]);
		assert_memory_equal(wrong, hostile[i] + 1, n);
		assert_int_equal(wrong[n], ':');
		assert_non_null(strstr(wrong, "expected") ?: strstr(wrong, "NUL"));
	}
}

/* One bad number of an answer must not take the other objects along. */
static void test_bad_number_alone(void **state)
{
	static const char page[] = "{\"value\":[{\"id\":\"1\",\"anInt64\":99999999999999999999},"
				   "{\"id\":\"2\",\"aText\":\"-12 e9999 99999999999999999999\","
				   "\"x\":1.5e3}]}";
	json_t *json = entra_parse(page, strlen(page), 0);
	const json_t *two = json_array_get(json_object_get(json, "value"), 1);

	assert_non_null(json);
	assert_string_equal(
		json_string_value(json_object_get(two, "aText")), "-12 e9999 99999999999999999999");
	assert_true(json_is_real(json_object_get(two, "x")));
	json_decref(json);
}

static void test_clearing(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry en;

	assert_null(read_as(ENTRA_USER,
		"\"aText\":null,\"anInt32\":null,\"aTime\":null,\"someBytes\":null,\"texts\":null,"
		"\"firstOnes\":null,\"nest\":null",
		&a, &en));
	for (unsigned i = 0; i < en.n_attrs; i++)
		if (!streq(attr_name(en.attrs[i].id), "cloudMastered"))
			assert_int_equal(en.attrs[i].count, 0);
	assert_non_null(attr_of(&en, "nestedBool"));
	assert_non_null(attr_of(&en, "first"));
	assert_null(attr_of(&en, "bool")); /* was not there */
	assert_string_equal(write_as(&en, NULL, true),
		"\"aText\":null,\"anInt32\":null,\"someBytes\":null,\"aTime\":null,\"texts\":[],"
		"\"firstOnes\":[],\"nest\":{\"on\":null,\"n\":null}");
	assert_string_equal(write_as(&en, NULL, false), "");
}

static void test_flags(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf graph = {0};
	struct delta_attr da[] = {{.id = attr_intern("once")}, {.id = attr_intern("readOnly")},
		{.id = attr_intern("syncOnly")}};
	struct delta d = {da, ARRAY_SIZE(da)};
	struct entry en;

	assert_null(read_as(ENTRA_USER, "\"once\":\"a\",\"readOnly\":1,\"syncOnly\":2", &a, &en));
	assert_string_equal(write_as(&en, &d, false), "\"syncOnly\":2");
	assert_string_equal(write_as(&en, NULL, false), "\"once\":\"a\",\"syncOnly\":2");
	assert_int_equal(entra_write(&graph,
				 &(struct entra_writing){ENTRA_USER, ENTRA_GRAPH, NULL, &en, &d}),
		0);
}

/* What rules made and no JSON of the service holds is named before it is sent. */
static void unfit(const char *attr, struct value v, const char *words)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry en;
	unsigned id = 0;
	const char *wrong;

	entry_init(&en, &a);
	entry_set(&en, attr_intern(attr), v);
	wrong = entra_write_problem(
		&(struct entra_writing){ENTRA_USER, ENTRA_SERVICE, NULL, &en}, &id);
	if (!words) {
		assert_null(wrong);
		return;
	}
	assert_non_null(wrong);
	assert_int_equal(id, attr_intern(attr));
	if (!strstr(wrong, words))
		fail_msg("%s: %s", attr, wrong);
}

static void test_unfit(void **state)
{
	unfit("text", value_string("fine"), NULL);
	unfit("text", value_stringn("a\0b", 3), "NUL");
	unfit("text", value_string("\xff"), "UTF-8");
	unfit("int32", value_integer(INT32_MAX), NULL);
	unfit("int32", value_integer((int64_t)INT32_MAX + 1), "between -2147483648");
	unfit("int32", value_integer(INT64_MIN), "between -2147483648");
	unfit("int32", value_string("7"), "another type");
	unfit("int64", value_integer(INT64_MIN), NULL);
	unfit("int32s", value_integer(INT64_MAX), "between -2147483648");
	unfit("time", value_string("20260801080000.0Z"), NULL);
	unfit("time", value_string("tomorrow"), "a time");
	unfit("guid", value_binary("0123456789abcdef", 16), NULL);
	unfit("guid", value_binary("0123456789abcde", 15), "a GUID");
	unfit("sid", value_binary("x", 1), "security identifier");
	unfit("bytes", value_binary("\0\1", 2), NULL);
	unfit("readOnly", value_integer(INT64_MAX), NULL); /* is not sent */
}

/* --- references --- */

static void test_read_references(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry en;

	assert_null(read_as(ENTRA_USER,
		"\"manager@delta\":[{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"8\","
		"\"@removed\":{}},{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"9\"}],"
		"\"deputy@delta\":[{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"8\","
		"\"@removed\":{}}]",
		&a, &en));
	assert_string_equal(entry_string(&en, attr_intern("manager")), "User_9");
	assert_int_equal(attr_of(&en, "deputy")->count, 0);
	assert_int_equal(n_changes, 0);
	assert_null(read_as(ENTRA_GROUP,
		"\"members@delta\":[{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"2\"}],"
		"\"owners@delta\":[{\"@odata.type\":\"#microsoft.graph.user\",\"id\":\"3\","
		"\"@removed\":{}},{\"@odata.type\":\"#microsoft.graph.servicePrincipal\","
		"\"id\":\"4\"}]",
		&a, &en));
	assert_int_equal(n_changes, 2);
	assert_int_equal(changes[0].attr, attr_intern("member"));
	assert_true(changes[0].add);
	assert_int_equal(changes[1].attr, attr_intern("owner"));
	assert_false(changes[1].add);
	assert_string_equal(changes[1].target, "User_3");
	assert_string_equal(read_as(ENTRA_GROUP, "\"owners@delta\":[{\"id\":\"3\"}]", &a, &en),
		"owners: a reference without type or id");
	assert_string_equal(read_as(ENTRA_GROUP, "\"owners@delta\":{}", &a, &en),
		"owners: a list of references was expected");
}

static char base[] = "https://graph.example/v1.0";

static struct part *link_part(const struct connector *c, enum entra_class class, const char *attr,
	bool add, const char *target)
{
	static char anchor[32];
	struct export_item it = {
		.id = 1,
		.kind = EXPORT_LINK,
		.op = add ? DELTA_ADD : DELTA_DELETE,
		.class = entra_classes[class].name,
		.anchor = anchor,
		.link_attr = attr_intern(attr),
		.target_class = "user",
		.target_anchor = target,
	};
	struct part *p;

	snprintf(anchor, sizeof(anchor), "%s1", entra_classes[class].anchor_prefix);
	p = part_new(c, &it);
	if (p->kind == PART_BIND) {
		it.target_anchor = "Group_3";
		assert_true(part_join(p, &it));
		it.link_attr++;
		assert_false(part_join(p, &it));
	} else {
		assert_false(part_join(p, &it));
	}
	return p;
}

static const struct {
	enum entra_class class;
	const char *attr;
	bool add;
	const char *target, *request;
} links[] = {
	{ENTRA_USER, "manager", true, "User_2",
		"\"method\":\"PUT\",\"url\":\"/users/1/manager/"
		"$ref\",\"headers\":{\"Content-Type\":"
		"\"application/json\"},\"body\":{\"@odata.id\":"
		"\"https://graph.example/v1.0/users/2\"}"},
	{ENTRA_USER, "manager", false, "User_2",
		"\"method\":\"DELETE\",\"url\":\"/users/1/manager/$ref\""},
	{ENTRA_USER, "deputy", true, "Contact_2",
		"\"method\":\"PUT\",\"url\":\"/users/1/deputy/$ref\",\"headers\":{\"Content-Type\":"
		"\"application/json\"},\"body\":{\"@odata.id\":"
		"\"https://graph.example/v1.0/contacts/2\"}"},
	{ENTRA_USER, "deputy", false, "User_2",
		"\"method\":\"DELETE\",\"url\":\"/users/1/deputy/$ref\""},
	{ENTRA_GROUP, "member", true, "User_2",
		"\"method\":\"PATCH\",\"url\":\"/groups/1\",\"headers\":{\"Content-Type\":"
		"\"application/json\"},\"body\":{\"members@odata.bind\":["
		"\"https://graph.example/v1.0/directoryObjects/2\","
		"\"https://graph.example/v1.0/directoryObjects/3\"]}"},
	{ENTRA_GROUP, "member", false, "User_2",
		"\"method\":\"DELETE\",\"url\":\"/groups/1/members/2/$ref\""},
	{ENTRA_GROUP, "owner", true, "User_2",
		"\"method\":\"POST\",\"url\":\"/groups/1/owners/"
		"$ref\",\"headers\":{\"Content-Type\":"
		"\"application/json\"},\"body\":{\"@odata.id\":"
		"\"https://graph.example/v1.0/directoryObjects/2\"}"},
	{ENTRA_GROUP, "owner", false, "User_2",
		"\"method\":\"DELETE\",\"url\":\"/groups/1/owners/2/$ref\""},
};

static void test_write_references(void **state)
{
	struct connector c = {.surface = ENTRA_SERVICE, .base = base};
	struct part *p;

	for (unsigned i = 0; i < ARRAY_SIZE(links); i++) {
		_cleanup_buf_ struct buf b = {0};
		_cleanup_free_ char *want = xasprintf("{\"id\":\"1\",%s}", links[i].request);

		p = link_part(&c, links[i].class, links[i].attr, links[i].add, links[i].target);
		part_write(&c, p, 1, &b);
		assert_string_equal(buf_str(&b), want);
		part_free(p);
	}
	/* no row, no request */
	p = link_part(&c, ENTRA_USER, "member", true, "User_2");
	assert_int_equal(p->kind, PART_OUTSIDE);
	part_free(p);
	p = link_part(&c, ENTRA_USER, "text", true, "User_2");
	assert_int_equal(p->kind, PART_OUTSIDE);
	part_free(p);
}

static void test_select(void **state)
{
	_cleanup_buf_ struct buf b = {0};

	entra_select(&b, ENTRA_GROUP, ENTRA_SERVICE, NULL);
	assert_non_null(strstr(buf_str(&b), ",anInt64,"));
	assert_non_null(strstr(buf_str(&b), ",members,owners"));
	assert_null(strstr(buf_str(&b), "manager"));
	assert_null(strstr(buf_str(&b), "nest"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round),
		cmocka_unit_test(test_spelled),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_bad_number_alone),
		cmocka_unit_test(test_clearing),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_read_references),
		cmocka_unit_test(test_write_references),
		cmocka_unit_test(test_select),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
