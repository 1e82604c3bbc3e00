/* The page of adsyncctl soa report, of answers that a server should not give, and of large ones. */
#include "../check.h"
#include "base/err.h"
#include "base/json.h"
#include "soa_report.h"

#include <string.h>

static char *page_of(json_t *report)
{
	struct buf b = {0};

	assert_non_null(report);
	soa_report_page(&b, report);
	json_decref(report);
	return buf_steal(&b);
}

static unsigned count(const char *text, const char *word)
{
	const char *end = text + strlen(text);
	size_t length = strlen(word);
	unsigned n = 0;

	/* not strstr(), which the sanitizer lets look at all of the text each time */
	for (; (text = memmem(text, (size_t)(end - text), word, length)); text += length)
		n++;
	return n;
}

/* Every element ends, and nothing of an answer is one. */
static void check_page(const char *page)
{
	static const char *const tags[] = {"html", "body", "table", "tr", "td", "svg", "figure",
		"g", "ul", "li", "bdi", "p", "h2", "h3"};

	assert_null(strstr(page, "<script"));
	assert_null(strstr(page, "<img"));
	assert_non_null(strstr(page, "</body></html>\n"));
	for (unsigned i = 0; i < ARRAY_SIZE(tags); i++) {
		_cleanup_free_ char *begin = xasprintf("<%s>", tags[i]);
		_cleanup_free_ char *more = xasprintf("<%s ", tags[i]);
		_cleanup_free_ char *end = xasprintf("</%s>", tags[i]);

		assert_int_equal(count(page, begin) + count(page, more), count(page, end));
	}
}

static void test_empty(void **state)
{
	_cleanup_free_ char *page = page_of(json_object());

	check_page(page);
	assert_non_null(strstr(page, "There is nothing to switch."));
	assert_non_null(strstr(page, "No object has its source of authority in the cloud yet."));
}

/* Other types than those that were agreed, numbers that lead nowhere, days that are none. */
static void test_wrong_types(void **state)
{
	static const char *const answers[] = {
		"{\"counts\": [], \"converted\": \"x\", \"plan\": 5, \"findings\": {}, \"codes\": "
		"[]}",
		"{\"counts\": {\"user\": 7, \"<script>\": {\"synced\": \"x\"}}, \"time\": 5,"
		" \"converted\": {\"<script>\": {}, \"9999-99-99\": {\"user\": -5},"
		" \"2026-01-01\": [], \"\": {\"user\": 1}}}",
		"{\"plan\": {\"objects\": [1, null, {}, {\"name\": 5, \"wave\": \"x\","
		" \"readiness\": \"<script>\", \"given\": -1}], \"left_out\": [1, {}],"
		" \"nesting\": [1, [], [0], [-1, 7], [2, 99999999999], [2, 3], [3, 2], [3, 3]]},"
		" \"codes\": {\"x\": 1, \"<script>\": {\"severity\": \"blocks\"}},"
		" \"findings\": [1, {\"object\": -1, \"code\": \"<script>\"},"
		" {\"object\": 99999, \"code\": \"<script>\", \"text\": 5}]}",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(answers); i++) {
		json_error_t error;
		json_t *report = json_loads(answers[i], 0, &error);
		_cleanup_free_ char *page = page_of(report);

		check_page(page);
	}
}

static json_t *object_of(unsigned i)
{
	_cleanup_free_ char *name = xasprintf("<script>%u", i);

	return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s}", "name", name, "dn", name, "class",
		"group", "wave", (int)(i / 100 + 1), "level", (int)(i % 1000), "readiness",
		"warns");
}

/* A chain and a star of groups, and a finding of each: shown in part, and the rest is counted. */
static void test_large(void **state)
{
	enum { N = 20000 };
	json_t *objects = json_array(), *nesting = json_array(), *findings = json_array();
	_cleanup_free_ char *page = NULL;

	for (int i = 0; i < N; i++) {
		json_array_append_new(objects, object_of((unsigned)i));
		json_array_append_new(nesting, json_pack("[i, i]", i, (i * 7 + 1) % N));
		json_array_append_new(findings,
			json_pack("{s:i, s:s, s:s}", "object", i, "code", "c", "text", "x"));
	}
	page = page_of(json_pack("{s:{s:o, s:o}, s:o, s:{s:{s:s}}}", "plan", "objects", objects,
		"nesting", nesting, "findings", findings, "codes", "c", "severity", "warns"));
	check_page(page);
	assert_int_equal(count(page, "<tr><td>"), 5000);
	assert_non_null(strstr(page, "more; adsyncctl soa plan has them all."));
	assert_non_null(strstr(page, "19900 more; adsyncctl soa check has them all."));
	assert_true(count(page, "<g class=\"box") > 0);
	assert_true(count(page, "<g class=\"box") <= 500);
	assert_non_null(strstr(page, "more groups"));
	assert_true(strlen(page) < 8 * 1024 * 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_wrong_types),
		cmocka_unit_test(test_large),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
