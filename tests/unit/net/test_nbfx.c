/*
 * net/nbfx: the vectors of tests/unit/nbfx, single records, what must be refused, and that the
 * reader takes what the writer writes.
 */
#include "../check.h"
#include "../nbfx/records.h"
#include "base/codec.h"
#include "base/file.h"
#include "net/nbfs.h"
#include "net/nbfx.h"

#include <errno.h>
#include <stdio.h>

#define N10 "http://schemas.microsoft.com/online/aws/change/2010/01"
#define ARR "http://schemas.microsoft.com/2003/10/Serialization/Arrays"
#define XSI "http://www.w3.org/2001/XMLSchema-instance"

/* Hex of a string, blanks and line breaks apart. */
static void add_hex(struct buf *b, const char *hex)
{
	for (; *hex; hex++) {
		char byte;

		if (*hex == ' ' || *hex == '\n')
			continue;
		assert_int_equal(hex_decode(&byte, hex++, 2), 1);
		buf_addc(b, byte);
	}
}

static int to_xml(const char *hex, struct buf *xml, struct err *e)
{
	_cleanup_buf_ struct buf b = {0};

	add_hex(&b, hex);
	return nbfx_to_xml(b.data, b.len, xml, e);
}

static char *read_file(const char *name, const char *suffix)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.%s", ADSYNC_NBFX_VECTORS, name, suffix);
	struct err e = {0};
	char *text;

	if (file_read(path, 1 << 20, &text, NULL, &e) < 0)
		fail_msg("%s: %s", e.source, e.text);
	return text;
}

static void test_vectors(void **state)
{
	static const char *const names[] = {"t1", "t2", "t3", "t4", "t5", "t6", "t7"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *hex = read_file(names[i], "hex");
		_cleanup_free_ char *wanted = read_file(names[i], "xml");
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(hex, &xml, &e) < 0)
			fail_msg("%s: %s", names[i], e.text);
		assert_string_equal(buf_str(&xml), wanted);
	}
}

static void test_records(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(nbfx_records); i++) {
		_cleanup_free_ char *hex = xasprintf("400178%s", nbfx_records[i].hex);
		_cleanup_free_ char *wanted = xasprintf("<x>%s</x>\n", nbfx_records[i].text);
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(hex, &xml, &e) < 0)
			fail_msg("%s: %s", hex, e.text);
		assert_string_equal(buf_str(&xml), wanted);
	}
}

static void test_structure(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(nbfx_messages); i++) {
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(nbfx_messages[i].hex, &xml, &e) < 0)
			fail_msg("%s: %s", nbfx_messages[i].hex, e.text);
		assert_string_equal(buf_str(&xml), nbfx_messages[i].xml);
	}
}

static void test_refused(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(nbfx_refused); i++) {
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(nbfx_refused[i], &xml, &e) != -EBADMSG)
			fail_msg("taken: %s as %s", nbfx_refused[i], buf_str(&xml));
		assert_non_null(strstr(e.text, "binary XML"));
	}
}

/* Each beginning of a whole message is none. */
static void test_cut(void **state)
{
	static const char *const names[] = {"t1", "t3", "t4"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		_cleanup_free_ char *hex = read_file(names[i], "hex");
		_cleanup_buf_ struct buf b = {0};

		add_hex(&b, hex);
		for (size_t n = 0; n < b.len; n++) {
			_cleanup_free_ char *part = malloc(n ? n : 1); /* its end is seen by ASan */
			_cleanup_buf_ struct buf xml = {0};
			struct err e = {0};

			memcpy(part, b.data, n);
			assert_int_equal(nbfx_to_xml(part, n, &xml, &e), -EBADMSG);
		}
	}
}

static void add_times(struct buf *b, const char *hex, unsigned n)
{
	while (n--)
		add_hex(b, hex);
}

static void test_limits(void **state)
{
	_cleanup_buf_ struct buf b = {0}, xml = {0};
	struct err e = {0};

	add_times(&b, "400178", NBFX_DEPTH_MAX);
	add_times(&b, "01", NBFX_DEPTH_MAX);
	assert_int_equal(nbfx_to_xml(b.data, b.len, &xml, &e), 0);
	buf_clear(&b);
	add_times(&b, "400178", NBFX_DEPTH_MAX + 1);
	add_times(&b, "01", NBFX_DEPTH_MAX + 1);
	assert_int_equal(nbfx_to_xml(b.data, b.len, &xml, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "64 deep"));
	buf_clear(&b);
	add_hex(&b, "400178");
	for (unsigned i = 0; i <= NBFX_ATTRIBUTES_MAX; i++)
		nbfx_put_attribute(
			&b, 0, ((char[]){'a', (char)('a' + i / 10), (char)('0' + i % 10), 0}), "");
	assert_int_equal(nbfx_to_xml(b.data, b.len, &xml, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "64 attributes"));
	/* one long element, many short values */
	buf_clear(&b);
	add_hex(&b, "400172 03 400161 0401 61 9a 00ff");
	add_times(&b, "41", 0xff00);
	add_hex(&b, "01 b5 8010");
	add_times(&b, "01", 2048);
	add_hex(&b, "01");
	assert_int_equal(nbfx_to_xml(b.data, b.len, &xml, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "stands for"));
}

static void test_dictionary(void **state)
{
	assert_string_equal(nbfs_string(0), "mustUnderstand");
	assert_string_equal(nbfs_string(0x0a2), "");
	assert_string_equal(
		nbfs_string(0x1a6), "http://schemas.xmlsoap.org/ws/2005/02/trust/spnego");
	assert_string_equal(
		nbfs_string(0x1a8), " http://schemas.xmlsoap.org/ws/2005/02/trust/tlsnego");
	assert_string_equal(nbfs_string(0x256), "xmlns");
	assert_string_equal(nbfs_string(0x262), "u");
	assert_string_equal(nbfs_string(0x2c0), "http://schemas.microsoft.com/ws/2006/02/tx/oletx");
	assert_string_equal(nbfs_string(0x332), "mstx");
	assert_string_equal(
		nbfs_string(0x36e), "http://schemas.microsoft.com/ws/2005/05/addressing/none");
	assert_string_equal(nbfs_string(0x3c0), "ConnectionLimitReached");
	assert_string_equal(nbfs_string(0x3c2), "http://schemas.xmlsoap.org/soap/envelope/");
	assert_string_equal(nbfs_string(0x3cc), "detail");
	assert_null(nbfs_string(0x3ce));
	assert_null(nbfs_string(1));
}

static void same_as(const struct buf *b, const char *name)
{
	_cleanup_free_ char *hex = read_file(name, "hex");
	_cleanup_buf_ struct buf wanted = {0};

	add_hex(&wanted, hex);
	assert_int_equal(b->len, wanted.len);
	assert_memory_equal(b->data, wanted.data, b->len);
}

static void test_write(void **state)
{
	_cleanup_buf_ struct buf b = {0};

	nbfx_start(&b, 0, "FinalizeExport");
	nbfx_declare(&b, 0, N10);
	nbfx_leaf(&b, 0, "totalExported", "3");
	nbfx_leaf(&b, 0, "successfulExportCount", "1");
	nbfx_end(&b);
	same_as(&b, "t6");

	buf_clear(&b);
	nbfx_start(&b, 'c', "Value");
	nbfx_put_attribute(&b, 'i', "type", "SyncReferenceChangeCollection");
	nbfx_declare(&b, 0, N10);
	nbfx_declare(&b, 'c', ARR);
	nbfx_declare(&b, 'i', XSI);
	nbfx_start(&b, 0, "referenceChanges");
	nbfx_start(&b, 0, "SyncReferenceChange");
	nbfx_start(&b, 0, "Reference");
	nbfx_leaf(&b, 0, "Anchor", "eFY0Erya8N4RIjNEVWZ3iA==");
	nbfx_leaf(&b, 0, "referenceTypeInt", "2");
	nbfx_end(&b);
	nbfx_leaf(&b, 0, "operationInt", "1");
	for (unsigned i = 0; i < 3; i++)
		nbfx_end(&b);
	same_as(&b, "t7");
}

/* Texts around the borders of the three lengths come back as they were. */
static void test_lengths(void **state)
{
	static const size_t lengths[] = {
		0, 1, 254, 255, 256, 257, 65534, 65535, 65536, 65537, 1 << 20};

	for (unsigned i = 0; i < ARRAY_SIZE(lengths); i++) {
		_cleanup_free_ char *text = malloc(lengths[i] + 1);
		_cleanup_buf_ struct buf b = {0}, back = {0};
		_cleanup_nbfx_ struct nbfx_reader *r = NULL;
		enum nbfx_event event;
		struct nbfx_text a;
		struct err e = {0};

		memset(text, 'x', lengths[i]);
		text[lengths[i]] = '\0';
		nbfx_start(&b, 0, "e");
		nbfx_put_attribute(&b, 0, "a", text);
		nbfx_end_text(&b, text, lengths[i]);
		r = nbfx_reader_new(b.data, b.len);
		assert_int_equal(nbfx_next(r, &event, &e), 0);
		assert_int_equal(event, NBFX_START);
		assert_true(nbfx_attribute(r, "", "a", &a) && nbfx_is(a, text));
		assert_int_equal(nbfx_read_text(r, &back, &e), 0);
		assert_string_equal(buf_str(&back), text);
		assert_int_equal(nbfx_next(r, &event, &e), 0);
		assert_int_equal(event, NBFX_DONE);
	}
}

static void test_walk(void **state)
{
	_cleanup_buf_ struct buf b = {0}, text = {0};
	_cleanup_nbfx_ struct nbfx_reader *r = NULL;
	struct nbfx_text type, ns, local;
	enum nbfx_event event;
	struct err e = {0};
	bool more;

	nbfx_start(&b, 0, "a");
	nbfx_declare(&b, 'i', XSI);
	nbfx_start(&b, 0, "skipped");
	nbfx_leaf(&b, 0, "x", "1");
	nbfx_end(&b);
	nbfx_start(&b, 0, "b");
	nbfx_put_attribute(&b, 'i', "type", "c:ArrayOfstring");
	nbfx_declare(&b, 'c', ARR);
	nbfx_end_text(&b, "2", 1);
	nbfx_end_text(&b, " \n", 2); /* and the end of a */
	r = nbfx_reader_new(b.data, b.len);
	assert_int_equal(nbfx_next(r, &event, &e), 0);
	assert_int_equal(nbfx_child(r, &more, &e), 0);
	assert_true(more && nbfx_is(nbfx_name(r)->local, "skipped"));
	assert_int_equal(nbfx_skip(r, &e), 0);
	assert_int_equal(nbfx_child(r, &more, &e), 0);
	assert_true(more && nbfx_attribute(r, XSI, "type", &type));
	assert_false(nbfx_attribute(r, "", "type", &ns));
	assert_true(nbfx_qname(r, type, &ns, &local));
	assert_true(nbfx_is(ns, ARR) && nbfx_is(local, "ArrayOfstring"));
	assert_true(nbfx_qname(r, (struct nbfx_text){"string", 6}, &ns, &local) && ns.n == 0);
	assert_false(nbfx_qname(r, (struct nbfx_text){"q:string", 8}, &ns, &local));
	assert_false(nbfx_qname(r, (struct nbfx_text){":string", 7}, &ns, &local));
	assert_int_equal(nbfx_read_text(r, &text, &e), 0);
	assert_string_equal(buf_str(&text), "2");
	assert_int_equal(nbfx_child(r, &more, &e), 0);
	assert_false(more);
}

static void test_not_expected(void **state)
{
	_cleanup_buf_ struct buf b = {0}, text = {0};
	_cleanup_nbfx_ struct nbfx_reader *r = NULL, *again = NULL;
	enum nbfx_event event;
	struct err e = {0};
	bool more;

	add_hex(&b, "400178 4001 79 9901 61 01");
	r = nbfx_reader_new(b.data, b.len);
	assert_int_equal(nbfx_next(r, &event, &e), 0);
	assert_int_equal(nbfx_read_text(r, &text, &e), -EBADMSG);
	again = nbfx_reader_new(b.data, b.len);
	assert_int_equal(nbfx_next(again, &event, &e), 0);
	assert_int_equal(nbfx_child(again, &more, &e), 0);
	assert_int_equal(nbfx_child(again, &more, &e), -EBADMSG);
	assert_int_equal(nbfx_next(again, &event, &e), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_structure),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_dictionary),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_not_expected),
	};

	return cmocka_run_group_tests_name("net/nbfx", tests, NULL, NULL);
}
