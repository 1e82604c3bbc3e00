/* $filter: what is parsed, what is refused, and what holds. */
#include "../check.h"

#include "odata/filter.h"
#include "odata/filter_match.h"

#include "base/err.h"

static const char *const good[] = {
	"displayName eq 'a'",
	"displayName eq 'it''s'",
	"not (displayName eq 'a' or displayName eq 'b') and accountEnabled eq true",
	"startswith(displayName,'a')",
	"endsWith(mail, 'b')",
	"id in ('a','b')",
	"proxyAddresses/any(p:p eq 'smtp:a@b')",
	"proxyAddresses/any(p:startswith(p,'smtp:'))",
	"proxyAddresses/any()",
	"proxyAddresses/$count eq 0",
	"createdDateTime ge 2024-01-01T00:00:00Z",
	"mail eq null",
	" ( displayName eq 'a' ) ",
};

static const char *const bad[] = {
	"",
	"displayName",
	"displayName eq",
	"displayName eq a",
	"displayName eq 'a",
	"displayName is 'a'",
	"displayName eq 'a' and",
	"displayName eq 'a' 'b'",
	"(displayName eq 'a'",
	"displayName eq 'a')",
	"startswith(displayName)",
	"startswith(displayName,null)",
	"id in ()",
	"id in ('a'",
	"proxyAddresses/any(p:q eq 'a')",
	"proxyAddresses/any(p:p/any(q:q eq 'a'))",
	"not",
};

static void test_parse(void **state)
{
	const char *why;

	for (unsigned i = 0; i < ARRAY_SIZE(good); i++) {
		struct filter *f = filter_parse(good[i], &why);

		if (!f)
			fail_msg("%s: %s", good[i], why);
		filter_free(f);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		why = NULL;
		if (filter_parse(bad[i], &why))
			fail_msg("%s: it was taken", bad[i]);
		assert_non_null(why);
	}
}

/* n times `part`, then `end`; is it taken? */
static bool takes(const char *begin, const char *part, unsigned n, const char *end)
{
	_cleanup_buf_ struct buf b = {0};
	const char *why = NULL;
	struct filter *f;

	buf_adds(&b, begin);
	while (n--)
		buf_adds(&b, part);
	buf_adds(&b, end);
	f = filter_parse(buf_str(&b), &why);
	assert_true(f || *why);
	filter_free(f);
	return f != NULL;
}

static void test_limits(void **state)
{
	assert_true(takes("", "not ", 15, "id eq 'a'"));
	assert_false(takes("", "not ", 100, "id eq 'a'"));
	assert_false(takes("", "(", 1000, "id eq 'a'"));
	assert_true(takes("id eq 'a'", " or id eq 'b'", 100, ""));
	assert_false(takes("id eq 'a'", " or id eq 'b'", 250, ""));
	assert_true(takes("id in ('a'", ",'b'", 99, ")"));
	assert_false(takes("id in ('a'", ",'b'", 100, ")"));
	assert_true(takes("id eq '", "a", 4000, "'"));
	assert_false(takes("id eq '", "a", 4096, "'"));
	assert_true(takes("", "a", 127, " eq 'a'"));
	assert_false(takes("", "a", 128, " eq 'a'"));
}

static void test_needs(void **state)
{
	static const struct {
		const char *text;
		enum filter_need need;
	} rows[] = {
		{"displayName eq 'a'", NEED_NOTHING},
		{"displayName ne 'a'", NEED_INDEX},
		{"mail eq null", NEED_INDEX},
		{"companyName eq 'a'", NEED_INDEX},
		{"proxyAddresses eq 'a'", NEED_PROPERTY},
		{"displayName/any(d:d eq 'a')", NEED_PROPERTY},
		{"colour eq 'a'", NEED_PROPERTY},
		{"id eq 'a' and not (uniqueName eq 'a')", NEED_PROPERTY},
	};
	const char *why;

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct filter *f = filter_parse(rows[i].text, &why);

		assert_non_null(f);
		assert_int_equal(filter_need(f, TYPE_USER, &why), rows[i].need);
		filter_free(f);
	}
}

static void test_match(void **state)
{
	static const struct {
		const char *text;
		int holds;
	} rows[] = {
		{"displayName eq 'ANNA'", 1},
		{"displayName ne 'anna'", 0},
		{"startswith(displayName,'an')", 1},
		{"endswith(displayName,'an')", 0},
		{"displayName gt 'ann'", 1},
		{"displayName in ('bo','anna')", 1},
		{"accountEnabled eq true", 1},
		{"accountEnabled eq 'true'", -1},
		{"mail eq null", 1},
		{"proxyAddresses/any(p:p eq 'smtp:b@a')", 1},
		{"proxyAddresses/any(p:p eq 'smtp:c@a')", 0},
		{"proxyAddresses/$count eq 2", 1},
		{"not (proxyAddresses/any())", 0},
		{"onPremisesSyncBehavior/isCloudManaged eq false", 1},
		{"colour eq 'a'", -1},
	};
	struct directory *d = directory_new();
	struct object *o = directory_add(d, TYPE_USER, NULL);
	const char *why;

	object_set(d, o, P_DISPLAY_NAME, "\"Anna\"", 6);
	object_set(d, o, P_ACCOUNT_ENABLED, "true", 4);
	object_set(d, o, P_PROXIES, "[\"SMTP:a@a\",\"smtp:b@a\"]", 23);
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		struct filter *f = filter_parse(rows[i].text, &why);

		assert_non_null(f);
		if (filter_match(f, o, &why) != rows[i].holds)
			fail_msg("%s: not %d", rows[i].text, rows[i].holds);
		filter_free(f);
	}
	directory_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_match),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
