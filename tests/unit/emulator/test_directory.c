/* Objects, their keys and ids, and the records of their properties. */
#include "../check.h"

#include "tenant/directory.h"
#include "tenant/guid.h"
#include "tenant/map.h"
#include "tenant/record.h"

#include "base/codec.h"

#include <stdio.h>

/* --- two things with one hash --- */

static bool is_it(const void *ctx, uint64_t value)
{
	return *(const uint64_t *)ctx == value;
}

static uint64_t look_up(const struct map *m, uint64_t hash, uint64_t value)
{
	return map_find(m, hash, is_it, &value);
}

static void test_map(void **state)
{
	struct map m = {0};

	assert_int_equal(look_up(&m, 7, 1), MAP_NONE);
	map_remove(&m, 7, 1);
	for (uint64_t i = 0; i < 3000; i++) /* grows; 0 is a hash like others */
		map_add(&m, i % 10, i);
	for (uint64_t i = 0; i < 3000; i++)
		assert_int_equal(look_up(&m, i % 10, i), i);
	assert_int_equal(look_up(&m, 3, 4), MAP_NONE);
	map_remove(&m, 3, 13);
	assert_int_equal(look_up(&m, 3, 13), MAP_NONE);
	assert_int_equal(look_up(&m, 3, 23), 23);
	map_add(&m, 3, 3013);
	assert_int_equal(look_up(&m, 3, 3013), 3013);
	map_done(&m);
}

/* Two names with the same hash as keys: found by a search, as anybody could. */
#define TWIN_A "fhcbknafofaapocc@a.example"
#define TWIN_B "ccdoidbkdclldbbk@a.example"

static struct object *add_user(struct directory *d, const char *upn)
{
	struct object *o = directory_add(d, TYPE_USER, NULL);
	char json[64];

	snprintf(json, sizeof(json), "\"%s\"", upn);
	object_set(d, o, P_UPN, json, strlen(json));
	object_touch(d, o);
	return o;
}

static const struct object *user_of(const struct directory *d, const char *upn)
{
	char json[64];

	snprintf(json, sizeof(json), "\"%s\"", upn);
	return directory_key(d, KEY_UPN, TYPE_USER, json, strlen(json));
}

static void test_keys_of_one_hash(void **state)
{
	struct directory *d = directory_new();
	struct object *a = add_user(d, TWIN_A), *b;

	assert_int_equal(hash64("a\"" TWIN_A "\"", strlen(TWIN_A) + 3),
		hash64("a\"" TWIN_B "\"", strlen(TWIN_B) + 3));
	assert_ptr_equal(user_of(d, TWIN_A), a);
	assert_null(user_of(d, TWIN_B));
	b = add_user(d, TWIN_B);
	assert_ptr_equal(user_of(d, TWIN_A), a);
	assert_ptr_equal(user_of(d, "FHCBknafofaapocc@A.example"), a);
	assert_ptr_equal(user_of(d, TWIN_B), b);
	object_set(d, a, P_UPN, NULL, 0);
	assert_null(user_of(d, TWIN_A));
	assert_ptr_equal(user_of(d, TWIN_B), b);
	directory_free(d);
}

static void set_addresses(struct directory *d, struct object *o, const char *json)
{
	object_set(d, o, P_PROXIES, json, strlen(json));
}

static const struct object *holder_of(const struct directory *d, const char *json)
{
	return directory_key(d, KEY_ADDRESS, TYPE_USER, json, strlen(json));
}

static void test_addresses(void **state)
{
	struct directory *d = directory_new();
	struct object *o = directory_add(d, TYPE_USER, NULL);
	struct object *p = directory_add(d, TYPE_GROUP, NULL);

	set_addresses(d, o, "[\"SMTP:a@a\",\"x500:/o=\\\"x\\\"\",\"smtp:b@a\",\"smtp:b@a\"]");
	set_addresses(d, p, "[\"smtp:B@a\",\"smtp:c@a\"]");
	assert_ptr_equal(holder_of(d, "\"A@a\""), o);
	assert_ptr_equal(holder_of(d, "\"b@a\""), o); /* the older one keeps it */
	assert_ptr_equal(holder_of(d, "\"c@a\""), p);
	assert_null(holder_of(d, "\"/o=\\\"x\\\"\""));
	set_addresses(d, o, "[\"SMTP:d@a\"]");
	assert_null(holder_of(d, "\"a@a\""));
	assert_null(holder_of(d, "\"b@a\""));
	assert_ptr_equal(holder_of(d, "\"d@a\""), o);
	directory_free(d);
}

/* --- GUIDs --- */

static void test_guid(void **state)
{
	/* Data1 to Data3 have their low byte first ([MS-DTYP] 2.3.4.2) */
	static const unsigned char packet[16] = {0x33, 0x22, 0x11, 0x00, 0x55, 0x44, 0x77, 0x66,
		0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	static const char text[] = "00112233-4455-6677-8899-aabbccddeeff";
	static const char *const bad[] = {"", "00112233-4455-6677-8899-aabbccddeef",
		"00112233-4455-6677-8899-aabbccddeeff0", "{0112233-4455-6677-8899-aabbccddeef}",
		"0011223304455-6677-8899-aabbccddeeff", "00112233-4455-6677-8899-aabbccddeefg"};
	unsigned char raw[16];
	char out[GUID_CHARACTERS + 1];

	assert_true(guid_read(raw, text));
	assert_memory_equal(raw, packet, 16);
	assert_true(guid_read(raw, "00112233-4455-6677-8899-AABBCCDDEEFF"));
	assert_memory_equal(raw, packet, 16);
	guid_write(out, packet);
	assert_string_equal(out, text);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(guid_read(raw, bad[i]));
}

/* --- records --- */

static const char *wrong(unsigned prop, const char *json)
{
	_cleanup_buf_ struct buf b = {0};

	record_add(&b, prop, 1, json, strlen(json));
	return records_wrong(TYPE_USER, (unsigned char *)b.data, b.len);
}

static void test_records(void **state)
{
	_cleanup_buf_ struct buf b = {0};

	assert_null(records_wrong(TYPE_USER, NULL, 0));
	assert_null(wrong(P_UPN, "\"a@a\\\"\""));
	assert_null(wrong(P_UPN, "")); /* null */
	assert_null(wrong(P_ACCOUNT_ENABLED, "false"));
	assert_null(wrong(P_PROXIES, "[\"smtp:a@a\"]"));
	assert_non_null(wrong(P_UPN, "\""));
	assert_non_null(wrong(P_UPN, "a"));
	assert_non_null(wrong(P_UPN, "\"a\"b\""));
	assert_non_null(wrong(P_UPN, "\"a\\\""));
	assert_non_null(wrong(P_UPN, "\"\xff\""));
	assert_non_null(wrong(P_ACCOUNT_ENABLED, "\"true\""));
	assert_non_null(wrong(P_PROXIES, "[\"smtp:a@a\""));
	assert_non_null(wrong(P_PROXIES, "[1]"));
	assert_non_null(wrong(P_ERRORS, "[{}]"));
	assert_non_null(wrong(P_UNIQUE_NAME, "\"of groups\""));
	assert_non_null(wrong(n_properties, "\"a\""));
	assert_non_null(wrong(255, "\"a\""));

	record_add(&b, P_UPN, 1, "\"a@a\"", 5);
	for (size_t n = 1; n < b.len; n++)
		assert_non_null(records_wrong(TYPE_USER, (unsigned char *)b.data, n));
	record_add(&b, P_UPN, 2, "\"b@a\"", 5);
	assert_non_null(records_wrong(TYPE_USER, (unsigned char *)b.data, b.len));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_keys_of_one_hash),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_guid),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
