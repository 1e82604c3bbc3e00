/* base: memory that grows (buf, arena, bitmap, hashset), and numbers and text in bytes. */
#include "../check.h"
#include "base/arena.h"
#include "base/bitmap.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/hashset.h"

static void test_buf(void **state)
{
	_cleanup_buf_ struct buf b = {0};
	_cleanup_free_ char *text = NULL, *empty = NULL;

	assert_string_equal(buf_str(&b), "");
	buf_reserve(&b, 10);
	assert_string_equal(buf_str(&b), "");
	for (unsigned i = 0; i < 5000; i++)
		buf_addf(&b, "%u,", i % 10);
	assert_int_equal(b.len, 10000);
	assert_int_equal(b.data[b.len], 0);
	assert_true(b.cap > b.len && b.cap < 4 * b.len);
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 10003);
	text = buf_steal(&b);
	assert_memory_equal(text + 9998, "9,a\0b", 6);
	assert_null(b.data);
	empty = buf_steal(&b);
	assert_string_equal(empty, "");
	buf_adds(&b, "again");
	buf_clear(&b);
	assert_string_equal(buf_str(&b), "");
	buf_addc(&b, 'x');
	assert_string_equal(buf_str(&b), "x");
}

/* The same text, whether the old places are overwritten or not. */
static void test_buf_wipes(void **state)
{
	_cleanup_buf_ struct buf a = {0}, b = {.wipe = true};

	for (unsigned i = 0; i < 1000; i++) {
		buf_addf(&a, "%u ", i);
		buf_addf(&b, "%u ", i);
	}
	assert_string_equal(buf_str(&a), buf_str(&b));
	buf_clear(&b);
	assert_int_equal(b.data[100], 0);
}

static void test_varint(void **state)
{
	static const uint64_t numbers[] = {
		0, 1, 127, 128, 300, 16383, 16384, UINT32_MAX, INT64_MAX, UINT64_MAX};
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {
		{"", 0},
		{"\x80", 1},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff", 9},
		{"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10}, /* 2 to the 64 */
		{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++) {
		_cleanup_buf_ struct buf b = {0};
		const unsigned char *p, *end;
		uint64_t v = 42;

		buf_add_varint(&b, numbers[i]);
		p = (const unsigned char *)b.data;
		end = p + b.len;
		assert_true(b.len <= 10);
		assert_true(varint_read(&p, end, &v));
		assert_true(v == numbers[i] && p == end);
		p = (const unsigned char *)b.data;
		assert_false(varint_read(&p, end - 1, &v)); /* cut short */
		assert_ptr_equal(p, b.data);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		const unsigned char *p = (const unsigned char *)bad[i].bytes;
		uint64_t v;

		if (varint_read(&p, p + bad[i].n, &v))
			fail_msg("case %u is taken", i);
	}
}

static void test_json_text(void **state)
{
	_cleanup_buf_ struct buf b = {0};

	buf_add_json(&b, "a\"b\\c\n\r\t\x01\x1f\x7f\xc3\xa5\0z", 15);
	assert_string_equal(buf_str(&b), "a\\\"b\\\\c\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa5\\u0000z");
}

static void test_hex(void **state)
{
	unsigned char out[8];
	char text[17];

	hex_encode(text, "\x00\xff\x10\x0a", 4);
	assert_string_equal(text, "00FF100A");
	assert_int_equal(hex_decode(out, "00fF100a", 8), 4);
	assert_memory_equal(out, "\x00\xff\x10\x0a", 4);
	assert_int_equal(hex_decode(out, "", 0), 0);
	assert_int_equal(hex_decode(out, "0", 1), -1);
	assert_int_equal(hex_decode(out, "0g", 2), -1);
	assert_int_equal(hex_decode(out, " 1", 2), -1);
	assert_int_equal(hex_decode(out, "0x", 2), -1);
}

static void test_base64_refuses(void **state)
{
	static const char *const bad[] = {"A", "AA", "AAA", "=AAA", "A=AA", "AA=A", "A===", "AAA\n",
		"AA A", "AA==AAAA", "AA-_", "AAA\xc3"};
	unsigned char out[16];

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		if (base64_decode(out, bad[i], strlen(bad[i])) >= 0)
			fail_msg("\"%s\" is taken", bad[i]);
	assert_int_equal(base64_decode(out, "", 0), 0);
	assert_int_equal(base64_decode(out, "/+8=", 4), 2);
	assert_memory_equal(out, "\xff\xef", 2);
}

static void test_uuid(void **state)
{
	char a[UUID_TEXT_SIZE], b[UUID_TEXT_SIZE];

	uuid_random(a);
	uuid_random(b);
	assert_string_not_equal(a, b);
	assert_int_equal(strlen(a), 36);
	for (unsigned i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23)
			assert_int_equal(a[i], '-');
		else
			assert_non_null(strchr("0123456789abcdef", a[i]));
	assert_int_equal(a[14], '4');           /* RFC 9562: version 4 ... */
	assert_non_null(strchr("89ab", a[19])); /* ... and its variant */
}

static void test_arena(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	char *first = arena_strdup(&a, "first"), *large;

	assert_int_equal((uintptr_t)arena_alloc(&a, 1) % 8, 0);
	assert_int_equal((uintptr_t)arena_alloc(&a, 3) % 8, 0);
	large = arena_zalloc(&a, 3 * 1024 * 1024);
	assert_int_equal(large[3 * 1024 * 1024 - 1], 0);
	for (unsigned i = 0; i < 1000; i++)
		arena_printf(&a, "number %u", i);
	assert_string_equal(first, "first"); /* nothing moves */
	assert_memory_equal(arena_dup(&a, "x\0y", 3), "x\0y", 4);
	arena_reset(&a);
	assert_true(a.total <= 3 * 1024 * 1024);
	assert_string_equal(arena_printf(&a, "%s-%d", "again", 7), "again-7");
	arena_reset(&a);
	arena_done(&a);
	assert_int_equal(a.total, 0);
	arena_reset(&a); /* an empty one too */
}

static void test_bitmap(void **state)
{
	_cleanup_bitmap_ struct bitmap b = {0};

	assert_false(bitmap_get(&b, 0));
	bitmap_unset(&b, 1000000); /* beyond its end */
	bitmap_set(&b, 0);
	bitmap_set(&b, 100000);
	assert_true(bitmap_get(&b, 0) && bitmap_get(&b, 100000));
	assert_false(bitmap_get(&b, 1) || bitmap_get(&b, 99999) || bitmap_get(&b, 1 << 30));
	bitmap_set(&b, 7);
	assert_int_equal(bitmap_next(&b, 0), 7);
	assert_int_equal(bitmap_next(&b, 7), 100000);
	assert_int_equal(bitmap_next(&b, 100000), 0);
	bitmap_unset(&b, 7);
	bitmap_unset(&b, 0);
	assert_false(bitmap_get(&b, 0));
	bitmap_clear(&b);
	assert_false(bitmap_get(&b, 100000));
}

static void test_hashset(void **state)
{
	struct hashset h = {0};

	for (uint64_t i = 0; i < 5000; i++)
		assert_true(hashset_add(&h, i * 1024)); /* they meet in the table */
	for (uint64_t i = 1; i < 5000; i++)
		assert_false(hashset_add(&h, i * 1024));
	assert_int_equal(h.n, 5000);
	hashset_done(&h);
	assert_null(h.slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_buf_wipes),
		cmocka_unit_test(test_varint),
		cmocka_unit_test(test_json_text),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_base64_refuses),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_bitmap),
		cmocka_unit_test(test_hashset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
