/* The logfmt form of a record, and values that try to break out of it. */
#include "../check.h"
#include "base/buf.h"
#include "log.h"

static void test_line(void **state)
{
	struct record r = {.event = EVENT_SOA_BLOCKED, .message = "Not \"this\""};
	_cleanup_buf_ struct buf b = {0};

	record_add(&r, RECORD_CONNECTOR, "tenant - AAD");
	record_add(&r, RECORD_DN, "CN=a\nlevel=err");
	record_add(&r, RECORD_RUN, "7");
	record_add(&r, RECORD_ERROR, NULL);
	log_format(&r, 1795161600, &b);
	assert_string_equal(b.data,
		"time=2026-11-20T08:00:00Z level=notice event_id=6956 source=ADSync "
		"msg=\"Not \\\"this\\\"\" connector=\"tenant - AAD\" dn=\"CN=a\\nlevel=err\" "
		"run=7\n");
}

static void test_target(void **state)
{
	enum log_target t;

	assert_true(log_target_parse("journal", &t));
	assert_int_equal(t, LOG_TARGET_JOURNAL);
	assert_true(log_target_parse("stderr", &t));
	assert_false(log_target_parse("syslog", &t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_target),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
