/* Compressed bodies: good ones, broken ones, and those that get too large. */
#include "../check.h"

#include "http/inflate.h"

#include "base/err.h"

#include <zlib.h>

/* n bytes of zeros as gzip, appended. */
static void add_gzip(struct buf *b, size_t n)
{
	_cleanup_free_ char *zeros = xcalloc(1, n + 1);
	z_stream z = {.next_in = (unsigned char *)zeros, .avail_in = (unsigned)n};

	assert_int_equal(
		deflateInit2(&z, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	buf_reserve(b, deflateBound(&z, n));
	z.next_out = (unsigned char *)b->data + b->len;
	z.avail_out = (unsigned)deflateBound(&z, n);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	b->len += z.total_out;
	deflateEnd(&z);
}

static enum inflated inflate_to(const struct buf *b, size_t n, size_t max, size_t *ret_n)
{
	_cleanup_buf_ struct buf out = {0};
	enum inflated r = gzip_inflate(b->data, n, max, &out);

	*ret_n = out.len;
	return r;
}

static void test_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 16383, 16384, 16385, 1000000};
	size_t n;

	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
		_cleanup_buf_ struct buf b = {0};

		add_gzip(&b, sizes[i]);
		assert_int_equal(inflate_to(&b, b.len, sizes[i], &n), INFLATED_GOOD);
		assert_int_equal(n, sizes[i]);
		if (!sizes[i])
			continue;
		assert_int_equal(inflate_to(&b, b.len, sizes[i] - 1, &n), INFLATED_LARGE);
		assert_true(n <= sizes[i]); /* it stops while inflating */
	}
}

static void test_bomb(void **state)
{
	_cleanup_buf_ struct buf b = {0};
	size_t n;

	add_gzip(&b, 64 << 20);
	assert_true(b.len < 100000);
	assert_int_equal(inflate_to(&b, b.len, 4096, &n), INFLATED_LARGE);
	assert_int_equal(n, 4097);
}

static void test_members(void **state)
{
	_cleanup_buf_ struct buf b = {0};
	size_t n;

	for (unsigned i = 0; i < 3; i++)
		add_gzip(&b, 100);
	assert_int_equal(inflate_to(&b, b.len, 300, &n), INFLATED_GOOD);
	assert_int_equal(n, 300);
	assert_int_equal(inflate_to(&b, b.len, 299, &n), INFLATED_LARGE);
}

static void test_broken(void **state)
{
	_cleanup_buf_ struct buf b = {0};
	size_t n;

	add_gzip(&b, 1000);
	for (size_t cut = 0; cut < b.len; cut++)
		assert_int_equal(inflate_to(&b, cut, 1000, &n), INFLATED_BAD);
	buf_adds(&b, "behind");
	assert_int_equal(inflate_to(&b, b.len, 1000, &n), INFLATED_BAD);
	b.data[b.len - 10] ^= 1; /* the checksum or the length */
	assert_int_equal(inflate_to(&b, b.len - 6, 1000, &n), INFLATED_BAD);
}

static void test_codings(void **state)
{
	unsigned gzip = 0;

	assert_true(coding_add("identity", &gzip));
	assert_int_equal(gzip, 0);
	assert_true(coding_add(" X-GZIP , identity", &gzip));
	assert_int_equal(gzip, 1);
	assert_false(coding_add("gzip", &gzip)); /* twice */
	assert_false(coding_add("br", &gzip));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_bomb),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_codings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
