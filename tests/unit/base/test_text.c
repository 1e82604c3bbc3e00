/* base: text forms of bytes, UTF-8, times, JSON escapes. */
#include "../check.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/err.h"
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

static void test_characters(void **state)
{
	/* the first and the last of each length (RFC 3629, 3), and those around the surrogates */
	static const uint32_t all[] = {
		1, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff};
	static const unsigned bytes[] = {1, 1, 2, 2, 3, 3, 3, 3, 4, 4};
	_cleanup_buf_ struct buf b = {0};
	const char *p;

	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		size_t before = b.len;

		utf8_add(&b, all[i]);
		assert_int_equal(b.len - before, bytes[i]);
	}
	assert_true(utf8_valid(buf_str(&b), b.len));
	assert_int_equal(utf8_len(buf_str(&b), b.len), ARRAY_SIZE(all));
	p = buf_str(&b);
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++)
		assert_int_equal(utf8_next(&p), all[i]);
	assert_ptr_equal(p, b.data + b.len);
}

static void test_case(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	size_t n;

	assert_int_equal(char_lower(0x130), 'i'); /* one to one: no dot is added */
	assert_int_equal(char_upper(0xff), 0x178);
	assert_int_equal(char_upper(0xdf), 0xdf); /* sharp s has no single capital */
	assert_string_equal(text_fold(&a, "GRÜNER Weg", 11, &n), "grüner weg");
	assert_int_equal(n, 11);
	assert_string_equal(text_fold(&a, "ÉTÉ", 5, &n), "été");
	/* bytes that are no text stay, behind those that are */
	assert_memory_equal(text_fold(&a, "AB\xff]", 4, &n), "ab\xff]", 4);
	assert_int_equal(n, 4);
	assert_int_equal(text_casecmp("AB\xff", 3, "ab\xff", 3), 0);
	assert_true(text_casecmp("AB\xff", 3, "ab\xfe", 3) != 0);
}

static void test_trim(void **state)
{
	static const struct {
		const char *text, *left;
	} cases[] = {
		{"", ""},
		{"a", "a"},
		{" \t\r\n a b \v\f", "a b"},
		{"\xc2\xa0\xe3\x80\x80x\xe2\x80\x8a", "x"}, /* no-break, ideographic, hair */
		{"\xe2\x80\x8bx", "\xe2\x80\x8bx"},         /* the zero width space is none */
		{" \xa0 ", "\xa0"},                         /* half a character is no blank */
		{"   ", ""},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t n = strlen(cases[i].text), from;

		text_trim(cases[i].text, &n, &from);
		if (n != strlen(cases[i].left) ||
			memcmp(cases[i].text + from, cases[i].left, n) != 0)
			fail_msg("case %u: %zu bytes from %zu on", i, n, from);
	}
}

static void test_problem(void **state)
{
	_cleanup_free_ char *large = xmalloc(ATTR_VALUE_MAX + 1);

	memset(large, 'x', ATTR_VALUE_MAX + 1);
	assert_null(text_problem(large, ATTR_VALUE_MAX));
	assert_string_equal(text_problem(large, ATTR_VALUE_MAX + 1), VALUE_TOO_LONG);
	assert_null(text_problem("", 0));
	assert_non_null(strstr(text_problem("a\0b", 3), "NUL"));
	assert_non_null(strstr(text_problem("\xff", 1), "UTF-8"));
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

static void test_build_compare(void **state)
{
	assert_true(build_compare("2.6.3.0", "2.6.3.0") == 0);
	assert_true(build_compare("2.6.3", "2.6.3.0") == 0);
	assert_true(build_compare("2.6.3.0", "2.6.10.0") < 0); /* by number, not by letter */
	assert_true(build_compare("2.10.0.0", "2.6.84.0") > 0);
	assert_true(build_compare("", "1") < 0);
	assert_true(build_compare("new", "0.0") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_characters),
		cmocka_unit_test(test_case),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_build_compare),
		cmocka_unit_test(test_problem),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_buf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
