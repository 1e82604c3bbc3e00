/* Windows data types and plain DNs. */
#include "base/arena.h"
#include "base/codec.h"
#include "base/timefmt.h"
#include "model/dn.h"
#include "model/dtyp.h"
#include "../check.h"

static void test_guid(void **state)
{
	unsigned char g[16];
	char text[GUID_TEXT_SIZE], b64[32];

	/* the worked example of the sourceAnchor */
	assert_true(guid_parse(g, "{12345678-9ABC-def0-1122-334455667788}"));
	base64_encode(b64, g, 16);
	assert_string_equal(b64, "eFY0Erya8N4RIjNEVWZ3iA==");
	guid_format(text, g);
	assert_string_equal(text, "12345678-9abc-def0-1122-334455667788");
	assert_false(guid_parse(g, "12345678-9abc-def0-1122-33445566778"));
	assert_false(guid_parse(g, "12345678x9abc-def0-1122-334455667788"));
}

static void test_guid_refuses(void **state)
{
	static const char *const bad[] = {"", "{}", "12345678-9abc-def0-1122-33445566778",
		"12345678-9abc-def0-1122-3344556677889", "{12345678-9abc-def0-1122-334455667788",
		"12345678-9abc-def0-1122-334455667788}", "12345678.9abc-def0-1122-334455667788",
		"123456789-abc-def0-1122-334455667788", "g2345678-9abc-def0-1122-334455667788"};
	unsigned char g[16];

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		if (guid_parse(g, bad[i]))
			fail_msg("\"%s\" is taken", bad[i]);
}

static void test_sid(void **state)
{
	static const unsigned char sid[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};
	char text[64];

	assert_true(sid_format(text, sizeof(text), sid, sizeof(sid)));
	assert_string_equal(text, "S-1-5-32-544");
	assert_false(sid_format(text, sizeof(text), sid, sizeof(sid) - 1));
	assert_false(sid_format(text, 8, sid, sizeof(sid)));
	{
		static const char *const good[] = {"S-1-5-32-544", "S-1-0-0", "S-1-5",
			"S-1-281474976710655-4294967295",
			"S-1-5-21-1-2-3-4-5-6-7-8-9-10-11-12-13-14"};
		static const char *const bad[] = {"", "S", "S-", "S-1", "S-1-", "S-2-5-1", "S-1-5-",
			"S-1-5-4294967296", "S-1-281474976710656", "S-1-5-x", "S-1-5-1x",
			"S-1-5--1", "X-1-5-1", "S-1-5-21-1-2-3-4-5-6-7-8-9-10-11-12-13-14-15"};
		unsigned char bytes[SID_MAX];
		char back[200];

		for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
			size_t n = sid_parse(bytes, good[i]);

			assert_true(n && sid_format(back, sizeof(back), bytes, n));
			assert_string_equal(back, good[i]);
		}
		for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
			assert_int_equal(sid_parse(bytes, bad[i]), 0);
	}
}

static void test_dn(void **state)
{
	_cleanup_arena_ struct arena a = {0};

	assert_string_equal(dn_key(&a, "CN=Åse , OU=X,DC=a"), dn_key(&a, "cn=ÅSE,ou=x,dc=A"));
	assert_string_equal(dn_key(&a, "CN=a\\2Cb,DC=x"), dn_key(&a, "cn=A\\,b,dc=x"));
	assert_string_not_equal(dn_key(&a, "CN=a\\,b"), dn_key(&a, "CN=a,b"));
	assert_string_equal(dn_parent("CN=a\\,b,OU=x,DC=y"), "OU=x,DC=y");
	assert_string_equal(dn_parent("DC=y"), "");
}

static void test_filetime(void **state)
{
	char buf[TIME_TEXT_SIZE];

	assert_string_equal(time_format(filetime_to_unix(INT64_C(129699324000000000)), buf),
		"2012-01-01T23:00:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_guid),
		cmocka_unit_test(test_guid_refuses),
		cmocka_unit_test(test_sid),
		cmocka_unit_test(test_dn),
		cmocka_unit_test(test_filetime),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
