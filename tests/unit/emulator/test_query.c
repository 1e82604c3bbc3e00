/* URLs and query options: what is taken, and the limits. */
#include "../check.h"

#include "odata/parse.h"
#include "odata/query.h"
#include "odata/url.h"
#include "tenant/body.h"

#include "base/err.h"

/* The status of a URL; 0: it is taken. *ret may be NULL, and is given back otherwise. */
static int parse(const char *url, struct request *ret)
{
	struct request rq = {.version = "v1.0"};
	struct response rs = {.retry_after = -1, .after_bytes = -1};
	bool good = request_parse(&rq, url, &rs);

	assert_int_equal(good, rs.status == 0);
	buf_done(&rs.body);
	if (ret && good)
		*ret = rq;
	else
		request_done(&rq);
	return rs.status;
}

static void test_path(void **state)
{
	struct request rq;

	assert_int_equal(parse("/beta/users/a%2Fb+c/microsoft.graph.delta()?x=1", &rq), 0);
	assert_string_equal(rq.version, "beta");
	assert_int_equal(rq.n_segments, 3);
	assert_string_equal(rq.segments[1], "a/b+c");
	assert_string_equal(rq.segments[2], "microsoft.graph.delta");
	request_done(&rq);
	assert_int_equal(parse("/v1.0/1/2/3/4/5/6/7/8", NULL), 0);
	assert_int_equal(parse("/v1.0/1/2/3/4/5/6/7/8/9", NULL), 400);
	assert_int_equal(parse("/v1.0/users/%00", NULL), 400);
	assert_int_equal(parse("/v1.0/users/%zz", NULL), 400);
	assert_int_equal(parse("/v1.0/users/%ff", NULL), 400);
}

static void test_options(void **state)
{
	static const struct {
		const char *options;
		int status;
	} rows[] = {
		{"$top=1", 0},
		{"$top=999", 0},
		{"$top=1000", 400},
		{"$top=0", 400},
		{"$top=-1", 400},
		{"$top=", 400},
		{"$top=1x", 400},
		{"$top=99999999999999999999", 400},
		{"$top=1&%24top=2", 400},
		{"$top=1&top=2", 400},
		{"$nothing=1", 400},
		{"nothing=1", 0},
		{"$select=id,displayName", 0},
		{"$orderby=displayName desc", 0},
		{"$orderby=displayName down", 400},
		{"$orderby=displayName,mail", 400},
		{"$expand=members($select=id),manager", 0},
		{"$expand=a,b,c,d", 0},
		{"$expand=a,b,c,d,e", 400},
		{"$expand=members($filter=x)", 400},
		{"$expand=members($select=id", 400},
		{"$expand=,", 400},
		{"$expand=abcdefghijabcdefghijabcdefghijk", 0},
		{"$expand=abcdefghijabcdefghijabcdefghijkl", 400},
		{"$filter=x", 400},
		{"$search=x", 400},
		{"$search=\"displayName:a\" AND \"mail:b\"", 0},
		{"$format=json", 0},
		{"$format=xml", 400},
		{"$select=%ff", 400},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *url = xasprintf("/v1.0/users?%s", rows[i].options);

		if (parse(url, NULL) != rows[i].status)
			fail_msg("%s: not %d", rows[i].options, rows[i].status);
	}
}

static void test_kept_options(void **state)
{
	struct request rq;

	assert_int_equal(parse("/v1.0/users?$top=2&$skiptoken=5&$select=id", &rq), 0);
	assert_string_equal(rq.query->options, "&$top=2&$select=id");
	assert_string_equal(rq.query->skiptoken, "5");
	assert_int_equal(rq.query->top, 2);
	request_done(&rq);
}

static void test_encoding(void **state)
{
	static const char plain[] = "a b/+%\xc3\xa5";
	_cleanup_buf_ struct buf b = {0};

	url_encode(&b, plain);
	assert_string_equal(b.data, "a%20b%2F%2B%25%C3%A5");
	assert_true(url_decode(b.data));
	assert_string_equal(b.data, plain);
}

/* --- bodies --- */

static bool body_taken(const char *begin, unsigned n, const char *end)
{
	_cleanup_buf_ struct buf b = {0};
	_cleanup_json_ json_t *v = NULL;

	for (unsigned i = 0; i < n; i++)
		buf_adds(&b, begin);
	for (unsigned i = 0; i < n; i++)
		buf_adds(&b, end);
	v = body_parse(buf_str(&b), b.len);
	return v != NULL;
}

static void test_bodies(void **state)
{
	static const char text[] = "{\"Name\":\"a\",\"n\":3,\"s\":\"[[[\"}";
	_cleanup_json_ json_t *v = body_parse(text, strlen(text));
	_cleanup_json_ json_t *twice = body_parse("{\"a\":1,\"a\":2}", 13);
	_cleanup_buf_ struct buf b = {0};

	assert_string_equal(body_text(v, "name"), "a");
	assert_string_equal(body_text(v, "n"), "");
	assert_int_equal(body_number(v, "n", 7), 3);
	assert_int_equal(body_number(v, "Name", 7), 7);
	assert_null(body_get(v, "nothing"));
	assert_null(twice);
	assert_true(body_taken("[", 64, "]"));
	assert_false(body_taken("[", 65, "]"));
	body_dump(&b, v, JSON_COMPACT | JSON_SORT_KEYS);
	assert_string_equal(b.data, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_kept_options),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_bodies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
