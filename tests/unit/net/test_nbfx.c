/*
 * net/nbfx: the vectors of tests/unit/nbfx, single records, what must be refused, and that the
 * reader takes what the writer writes.
 */
#include "../check.h"
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

/* Behind `40 01 78`, an element x. */
static void test_records(void **state)
{
	static const struct {
		const char *hex, *text;
	} records[] = {
		{"81", "0"},
		{"83", "1"},
		{"85", "false"},
		{"87", "true"},
		{"b500", "false"},
		{"b501", "true"},
		{"89fe", "-2"},
		{"89fb", "-5"},
		{"8b1401", "276"},
		{"8d00000100", "65536"},
		{"8f0000000000010000", "1099511627776"},
		{"8f0000000000000080", "-9223372036854775808"},
		{"910000c03f", "1.5"},
		{"930000000000000040", "2"},
		{"93000000000000f07f", "INF"},
		{"93000000000000f0ff", "-INF"},
		{"93000000000000f87f", "NaN"},
		{"9500000680000000002d4e000000000000", "-0.020013"},
		{"9500000000000000000000000000000000", "0"},
		{"9500000000ffffffffffffffffffffffff", "79228162514264337593543950335"},
		{"b30100000000000080", "9223372036854775809"},
		{"970000000000000000", "0001-01-01T00:00:00"},
		{"970003bae0032cde48", "2025-11-25T09:20:30Z"},
		{"9787d9cce0032cde48", "2025-11-25T09:20:30.1234567Z"},
		{"af0034e23004000000", "PT30M"},
		{"af0000000000000000", "PT0S"},
		{"afffffffffffffffff", "-PT0.0000001S"},
		{"af0000000000000080", "-P10675199DT2H48M5.4775808S"},
		{"99026869", "hi"},
		{"9b0300c3a978", "\303\251x"},
		{"9d0100000078", "x"},
		{"b7046800e900", "h\303\251"},
		{"b9040068006900", "hi"},
		{"bb0400000068006900", "hi"},
		{"b7043dd800de", "\360\237\230\200"},
		{"a9", ""},
		{"9f03010203", "AQID"},
		{"a1020001ff", "Af8="},
		{"a30100000041", "QQ=="},
		{"9f00", ""},
		{"ab9607", "string"},
		{"ad33221100554477668899aabbccddeeff",
			"urn:uuid:00112233-4455-6677-8899-aabbccddeeff"},
		{"b133221100554477668899aabbccddeeff", "00112233-4455-6677-8899-aabbccddeeff"},
		{"bd039607", "d:string"},
		{"9801 61 9801 62 01", "ab"},
		{"b706 3800 2e00 3000", "8.0"},
		{"9f0352c7ab", "User"},
		{"b706530065007400", "Set"},
		{"01", ""},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(records); i++) {
		_cleanup_free_ char *hex = xasprintf("400178%s", records[i].hex);
		_cleanup_free_ char *wanted = xasprintf("<x>%s</x>\n", records[i].text);
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(hex, &xml, &e) < 0)
			fail_msg("%s: %s", hex, e.text);
		assert_string_equal(buf_str(&xml), wanted);
	}
}

static void test_structure(void **state)
{
	static const struct {
		const char *hex, *xml;
	} messages[] = {
		{"400178 0401 61 a4 8805 8807 a6 01", "<x a=\"5 7\"></x>\n"},
		{"400178 0401 61 a4 a6 01", "<x a=\"\"></x>\n"},
		{"400172 03 400161 01 8d 02 01000000 02000000 01",
			"<r>\n  <a>1</a>\n  <a>2</a>\n</r>\n"},
		{"400172 03 400161 01 b5 03 010001 01",
			"<r>\n  <a>true</a>\n  <a>false</a>\n  <a>true</a>\n</r>\n"},
		{"400172 03 400161 01 8d 00 01", "<r></r>\n"},
		{"400178 020141 01", "<x></x>\n"},
		{"020141 400178 01 020142", "<x></x>\n"},
		{"9801 20 400178 01 9801 0a", "<x></x>\n"},
		/* an attribute's prefix is declared behind it */
		{"400178 0501 70 01 61 82 0901 70 01 75 01", "<x xmlns:p=\"u\" p:a=\"1\"></x>\n"},
		{"410178 0179 090178 0175 01", "<x:y xmlns:x=\"u\"></x:y>\n"},
		{"43 0178 00 090178 0175 01",
			"<x:mustUnderstand xmlns:x=\"u\"></x:mustUnderstand>\n"},
		{"4200 0a04 01",
			"<mustUnderstand xmlns=\"http://www.w3.org/2003/05/soap-envelope\">"
			"</mustUnderstand>\n"},
		{"400178 0503 786d6c 046c616e67 980165 01", "<x xml:lang=\"e\"></x>\n"},
		{"400178 0600 a8 01", "<x mustUnderstand=\"\"></x>\n"},
		{"400178 98053c263e220d 01", "<x>&lt;&amp;&gt;&quot;&#13;</x>\n"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(messages); i++) {
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(messages[i].hex, &xml, &e) < 0)
			fail_msg("%s: %s", messages[i].hex, e.text);
		assert_string_equal(buf_str(&xml), messages[i].xml);
	}
}

static void test_refused(void **state)
{
	static const char *const messages[] = {
		"",
		"400178",       /* not closed */
		"4001780101",   /* ends once more */
		"4001 7801 ff", /* no such record */
		"4001 78c0",
		"40017800",
		"4001787f0178",       /* nor these */
		"400178ab03",         /* an odd id: there is no session */
		"400178ab9f07",       /* odd, and beyond the last */
		"400178abce07",       /* even, and beyond the last */
		"40017801400179",     /* two roots */
		"440299",             /* a: is not declared */
		"400178a488058807a7", /* a list in an element */
		"400178a4",
		"400178a6",
		"400178a7",
		"400178 9905 6869",      /* shorter than its length */
		"400178 9d ffffffff 41", /* a negative length */
		"400178 ab ffffffff7f",
		"40 8080808010",     /* numbers over 31 bits */
		"400178 9901ff",     /* no UTF-8 */
		"400178 990101",     /* a control character */
		"400178 9903efbfbf", /* U+FFFF */
		"400178 b70161",
		"400178 b7023dd8", /* half a character of UTF-16 */
		"400178 b70400de3dd8",
		"400178 b702ffff",
		"400178 b502",                                /* a truth value of 2 */
		"400178 95010006800000000000000000000000 00", /* a decimal's first bytes are 0 */
		"400178 9500001d00000000000000000000000000",  /* its scale is at most 28 */
		"400178 97ffffffffffffff3f",                  /* beyond the year 9999 */
		"400178 9700000000000000c0",                  /* a time of kind 3 */
		"400178 bd1a9607",                            /* a prefix behind z */
		"400178 0401 61 81 01",                       /* an attribute's value with an end */
		"400178 040161 82 040161 82 01",              /* an attribute twice */
		"400178 050170016182 050171016182 090170 0175 090171 0175 01", /* by two prefixes */
		"400178 080175 080176 01",       /* two default namespaces */
		"400178 090170 00 01",           /* a prefix declared as nothing */
		"400178 04 05 786d6c6e73 82 01", /* xmlns as an attribute */
		"400178 0903 786d6c 0175 01",
		"4000 01",
		"4001 3c 01",
		"400120 01",
		"400131 01",
		"400100 01", /* names */
		"4202 0a04 01 41",
		"400178 01 9801 61", /* text behind the root */
		"9801 61 400178 01",
		"99012040017801",
		"400172 03 400161 01 8c 01 01000000 01",   /* arrays: an even code */
		"400172 03 400161 01 99 01 01000000 01",   /* of text */
		"400172 03 400161 01 8d ff7f 01000000 01", /* shorter than its number */
		"400172 03 400161 8d 01 01000000 01",      /* its element is not closed */
		"400172 03 01",
		"03 400161 01 8d 00",
		"0178",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(messages); i++) {
		_cleanup_buf_ struct buf xml = {0};
		struct err e = {0};

		if (to_xml(messages[i], &xml, &e) != -EBADMSG)
			fail_msg("taken: %s as %s", messages[i], buf_str(&xml));
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
