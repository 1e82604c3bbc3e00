/* Lists of objects: CSV as RFC 4180 has it and as people write it, and text files. */
#include "../check.h"
#include "base/buf.h"
#include "base/json.h"
#include "csv.h"
#include "soa_list.h"

#include <errno.h>
#include <stdio.h>

/* "identity|mode|wave;..." of a list, or the error's text. */
static char *read_list(const char *text, size_t n)
{
	_cleanup_json_ json_t *list = NULL;
	_cleanup_free_ char *all = xstrdup("");
	struct err e = {0};
	json_t *o;
	size_t i;

	if (soa_list_parse(text, n, "f", &list, &e) < 0)
		return xasprintf("%d: %s", e.line, e.text);
	json_array_foreach (list, i, o) {
		const char *mode = json_string_value(json_object_get(o, "mode"));
		json_int_t wave = json_integer_value(json_object_get(o, "wave"));
		char *longer = xasprintf("%s%s%s|%s|%lld", all, i ? ";" : "",
			json_string_value(json_object_get(o, "identity")), mode ? mode : "",
			(long long)wave);

		free(all);
		all = longer;
	}
	return steal(&all);
}

static void expect(const char *text, const char *wanted)
{
	_cleanup_free_ char *is = read_list(text, strlen(text));

	assert_string_equal(is, wanted);
}

static void test_tables(void **state)
{
	expect("Identity,Mode\na@x,Cloud\nb@x,\n", "a@x|Cloud|0;b@x||0");
	expect("\xef\xbb\xbfIdentity;Mode;Wave\r\na;convert;2\r\n", "a|convert|2");
	expect("Wave, IDENTITY \n3, a \n", "a||3");
	expect("Identity,Note\n\"CN=a,DC=x\",\"two\nlines, \"\"quoted\"\"\"\n", "CN=a,DC=x||0");
	expect("\"Identity\"\n\"'=cmd\"\n'-a\n", "=cmd||0;-a||0");
	expect("Identity,Mode\n\n a \n\n", "a||0");
	expect("Identity,Mode\na", "a||0"); /* no end of line, a row that is short */
}

static void test_wrong_tables(void **state)
{
	expect("Identity,Mode\nCN=a,DC=x,DC=y\n",
		"2: the line has 3 fields, but the first line has 2: put a DN in quotes");
	expect("Identity,Mode\n,Cloud\n", "2: Identity is empty");
	expect("Identity,Wave\na,0\n", "2: Wave is a number from 1 on, not \"0\"");
	expect("Identity,Wave\na,x\n", "2: Wave is a number from 1 on, not \"x\"");
	expect("Identity\n\"a\n", "3: a quoted field does not end");
	expect("Identity\n\"a\"b\n", "2: there is text behind the closing quote of a field");
	expect("Identity\na\"b\n", "2: there is a quote inside a field that is not quoted");
	expect("Identity\n\xff\n", "2: the line is not UTF-8");
	expect("Identity,Mode\n", "0: the file names no objects");
	expect("", "0: the file names no objects");
}

static void test_lines(void **state)
{
	expect("CN=a,DC=x\n# not this one\n\n  b@x  \r\n", "CN=a,DC=x||0;b@x||0");
	expect("a\n\xff\n", "2: the line is not text in UTF-8");
	{
		_cleanup_free_ char *is = read_list("a\0b\n", 4);

		assert_string_equal(is, "1: the line is not text in UTF-8");
	}
}

/* What is too large is an error, never cut. */
static void test_limits(void **state)
{
	_cleanup_buf_ struct buf b = {0};
	struct csv_row *rows;
	struct err e = {0};
	unsigned n;

	buf_adds(&b, "Identity\n");
	for (unsigned i = 0; i <= CSV_FIELD_MAX; i++)
		buf_addc(&b, 'x');
	expect(buf_str(&b), "2: a field has more than 8192 bytes");
	buf_clear(&b);
	for (unsigned i = 0; i < CSV_FIELDS_MAX; i++)
		buf_addc(&b, ',');
	{
		_cleanup_arena_ struct arena a = {0};

		assert_int_equal(csv_read(buf_str(&b), b.len, ',', "f", &a, &rows, &n, &e), -E2BIG);
	}
	buf_clear(&b);
	for (unsigned i = 0; i <= CSV_ROWS_MAX; i++)
		buf_adds(&b, "a\n");
	expect(buf_str(&b), "200001: the file has too many lines");
}

/* What is written is read as it was. */
static void test_round_trip(void **state)
{
	static const char *const cells[] = {
		"", "a", "=1+1", "-x", "two\nlines", "a \"quote\"", "'", "'=x", "\xc3\xa9"};
	_cleanup_arena_ struct arena a = {0};
	_cleanup_free_ char *text = NULL;
	struct csv_row *rows;
	struct err e = {0};
	size_t len;
	unsigned n;
	FILE *f = open_memstream(&text, &len);

	for (unsigned i = 0; i < ARRAY_SIZE(cells); i++)
		csv_put(f, cells[i], i + 1 == ARRAY_SIZE(cells));
	fclose(f);
	assert_int_equal(csv_read(text, len, ',', "f", &a, &rows, &n, &e), 0);
	assert_int_equal(n, 1);
	assert_int_equal(rows[0].n, ARRAY_SIZE(cells));
	for (unsigned i = 0; i < ARRAY_SIZE(cells); i++)
		if (!streq(cells[i], "'=x")) /* cannot be told from a guarded one */
			assert_string_equal(csv_plain(rows[0].fields[i]), cells[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_wrong_tables),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_round_trip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
