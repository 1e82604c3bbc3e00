/* base: errors for people, and times. */
#include "../check.h"
#include "base/err.h"
#include "base/text.h"
#include "base/timefmt.h"

#include <errno.h>
#include <stdio.h>

static void test_set(void **state)
{
	struct err e = {0};
	char text[1100];

	assert_int_equal(err_set(&e, -EINVAL, "rules.json", 7, "no %s", "rule"), -EINVAL);
	assert_int_equal(e.code, -EINVAL);
	assert_string_equal(err_format(&e, text, sizeof(text)), "rules.json:7: no rule");
	assert_int_equal(err_prefix(&e, "flow to %s", "mail"), -EINVAL);
	assert_string_equal(e.text, "flow to mail: no rule");
	err_set(&e, -EIO, "host", 0, "gone");
	assert_string_equal(err_format(&e, text, sizeof(text)), "host: gone");
	err_set(&e, -EIO, NULL, 0, "gone");
	assert_string_equal(err_format(&e, text, sizeof(text)), "gone");
	assert_string_equal(err_format(&e, text, 3), "go");
	assert_int_equal(err_set(NULL, -EIO, "host", 0, "nobody listens"), -EIO);
}

/* What is too long is cut, between characters. */
static void test_cut(void **state)
{
	char letters[1200], text[1100];
	struct err e = {0};

	for (size_t i = 0; i < sizeof(letters) - 1; i += 2)
		memcpy(letters + i, "\xc3\xa5", 2);
	letters[sizeof(letters) - 2] = '\0';
	err_set(&e, -EINVAL, letters, 1, "x%s", letters);
	assert_int_equal(strlen(e.source), sizeof(e.source) - 1);
	assert_true(strlen(e.text) >= sizeof(e.text) - 3);
	assert_true(utf8_valid(e.text, strlen(e.text)));
	err_prefix(&e, "%.600s", letters);
	assert_true(utf8_valid(e.text, strlen(e.text)));
	err_prefix(&e, "%s", letters); /* nothing of the old one is left to be seen */
	assert_true(utf8_valid(e.text, strlen(e.text)));
	e.source[0] = '\0';
	err_format(&e, text, 100);
	assert_true(utf8_valid(text, strlen(text)));
}

static void test_time_refuses(void **state)
{
	static const char *const bad[] = {"", "2026-11-21", "2026-11-21T08:30:00",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z",
		"2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T08:60:00Z",
		"2026-11-21T08:30:61Z", "2026-11-21T08:30:00z ", "2026-11-21T08:30:00+15:00",
		"2026-11-21T08:30:00+01:60", "2026-11-21T08:30:00+01:000", "0000-01-01T00:00:00Z"};
	static const char *const bad_gentime[] = {"", "20261121", "20261121083000",
		"2026112108300Z", "20261121083000+0100", "20260431083000.0Z", "20261121083000.0Zx"};
	static const char *const bad_duration[] = {"", "1:60:00", "24:00:00", "00:00:60", "-1",
		"8640001", "101.00:00:00", "1h", "99999999999999999999", "1.2.3"};
	int64_t t;

	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		if (time_parse(bad[i], &t))
			fail_msg("\"%s\" is taken", bad[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(bad_gentime); i++)
		if (gentime_parse(bad_gentime[i], &t))
			fail_msg("\"%s\" is taken", bad_gentime[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(bad_duration); i++)
		if (duration_parse(bad_duration[i], &t))
			fail_msg("\"%s\" is taken", bad_duration[i]);
}

static void test_time(void **state)
{
	static const struct {
		int64_t t;
		const char *text, *gentime;
	} cases[] = {
		{0, "1970-01-01T00:00:00Z", "19700101000000.0Z"},
		{-1, "1969-12-31T23:59:59Z", "19691231235959.0Z"},
		{951782400, "2000-02-29T00:00:00Z", "20000229000000.0Z"},
		{4107542400, "2100-03-01T00:00:00Z", "21000301000000.0Z"},
		{-11644473600, "1601-01-01T00:00:00Z", "16010101000000.0Z"},
		{253402300799, "9999-12-31T23:59:59Z", "99991231235959.0Z"},
		{-62135596800, "0001-01-01T00:00:00Z", "00010101000000.0Z"},
	};
	char buf[TIME_TEXT_SIZE];
	int64_t t;

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_string_equal(time_format(cases[i].t, buf), cases[i].text);
		assert_true(time_parse(cases[i].text, &t) && t == cases[i].t);
		assert_string_equal(gentime_format(cases[i].t, buf), cases[i].gentime);
		assert_true(gentime_parse(cases[i].gentime, &t) && t == cases[i].t);
	}
	assert_true(time_parse("1970-01-01T02:30:00.123+02:30", &t) && t == 0);
	assert_true(time_parse("1969-12-31T23:00:00-01:00", &t) && t == 0);
	for (int64_t day = -800000; day < 3000000; day += 997) { /* there and back */
		int y, m, d;

		civil_from_days(day, &y, &m, &d);
		assert_true(m >= 1 && m <= 12 && d >= 1 && d <= 31);
		assert_true(days_from_civil(y, m, d) == day);
	}
}

static void test_duration(void **state)
{
	char buf[TIME_TEXT_SIZE];
	int64_t t;

	assert_true(duration_parse("00:30:00", &t) && t == 1800);
	assert_true(duration_parse("1.02:03:04", &t) && t == 93784);
	assert_string_equal(duration_format(t, buf), "1.02:03:04");
	assert_true(duration_parse("90", &t) && t == 90);
	assert_string_equal(duration_format(t, buf), "00:01:30");
	assert_true(duration_parse("8640000", &t) && t == 8640000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_time_refuses),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_duration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
