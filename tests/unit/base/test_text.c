/* base: text forms of bytes, UTF-8, times, JSON escapes. */
#include "../check.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/text.h"
#include "base/timefmt.h"

static void test_base64(void **state)
{
	static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
	static const char *const coded[] = {
		"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"}; /* RFC 4648, 10 */
	char out[32];

	for (unsigned i = 0; i < ARRAY_SIZE(plain); i++) {
		ssize_t n;

		base64_encode(out, plain[i], strlen(plain[i]));
		assert_string_equal(out, coded[i]);
		n = base64_decode(out, coded[i], strlen(coded[i]));
		assert_int_equal(n, strlen(plain[i]));
		assert_memory_equal(out, plain[i], (size_t)n);
	}
	assert_int_equal(base64_decode(out, "Zg=", 3), -1);
	assert_int_equal(base64_decode(out, "Z!==", 4), -1);
	assert_int_equal(base64_decode(out, "Zg==Zg==", 8), -1);
	assert_int_equal(base64_decode(out, "====", 4), -1);
}

static void test_utf8(void **state)
{
	assert_true(utf8_valid("Ærø \xf0\x9f\x98\x80", 10));
	assert_false(utf8_valid("\xc0\x80", 2));
	assert_false(utf8_valid("\xed\xa0\x80", 3));
	assert_false(utf8_valid("\xe2\x82", 2));
	for (unsigned i = 1; i < 10; i++) {
		char cut[11] = "Ærø \xf0\x9f\x98\x80";
		size_t whole = i;

		cut[i] = '\0';
		while (whole && !utf8_valid(cut, whole))
			whole--;
		utf8_cut(cut);
		assert_int_equal(strlen(cut), whole);
	}
	assert_int_equal(text_casecmp("ÅSE", 4, "åse", 4), 0);
	assert_true(text_casecmp("a", 1, "b", 1) < 0);
	assert_true(text_casecmp("ab", 2, "a", 1) > 0);
}

static void test_time(void **state)
{
	char buf[TIME_TEXT_SIZE];
	int64_t t;

	/* the documentation's example: 129699324000000000 = 2012-01-01 23:00:00 */
	assert_true(time_parse("2024-02-29T12:00:00.123Z", &t));
	assert_string_equal(time_format(t, buf), "2024-02-29T12:00:00Z");
	assert_true(gentime_parse("20240229120000.0Z", &t));
	assert_string_equal(time_format(t, buf), "2024-02-29T12:00:00Z");
	assert_false(time_parse("2024-13-29T12:00:00Z", &t));
	assert_true(duration_parse("00:30:00", &t) && t == 1800);
	assert_true(duration_parse("7.00:00:00", &t) && t == 7 * 86400);
	assert_true(duration_parse("90", &t) && t == 90);
	assert_false(duration_parse("1:2", &t));
	assert_string_equal(duration_format(7 * 86400, buf), "7.00:00:00");
}

static void test_buf(void **state)
{
	_cleanup_buf_ struct buf b = {0};
	const unsigned char *p;
	uint64_t v;

	buf_add_json(&b, "a\"\\\n\x01z", 6);
	assert_string_equal(buf_str(&b), "a\\\"\\\\\\n\\u0001z");
	buf_clear(&b);
	buf_add_varint(&b, 300);
	buf_add_varint(&b, UINT64_MAX);
	p = (const unsigned char *)b.data;
	assert_true(varint_read(&p, p + 2, &v) && v == 300);
	assert_true(varint_read(&p, (const unsigned char *)b.data + b.len, &v) && v == UINT64_MAX);
	p = (const unsigned char *)b.data;
	assert_false(varint_read(&p, p + 1, &v));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_buf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
