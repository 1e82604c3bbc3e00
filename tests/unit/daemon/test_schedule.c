/* When a cycle is due: starts, restarts, clocks that jump, reloads. */
#include "../check.h"
#include "base/file.h"
#include "schedule.h"

#include <stdio.h>

#define NOW 1000000
#define HALF_HOUR 1800

static void test_start(void **state)
{
	static const struct {
		struct schedule was;
		int64_t next;
	} cases[] = {
		{{0}, NOW},                                   /* never ran */
		{{.next = NOW - 5, .last = NOW - 2000}, NOW}, /* overdue */
		{{.next = NOW, .last = NOW - 1800}, NOW},
		{{.next = NOW + 600, .last = NOW - 1200}, NOW + 600},       /* keeps its time */
		{{.next = NOW + 999999, .last = NOW + 900000}, NOW + 1800}, /* clock set back */
		{{.next = 0, .last = NOW - 10}, NOW},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct schedule s = cases[i].was;

		schedule_start(&s, NOW, HALF_HOUR);
		assert_int_equal(s.next, cases[i].next);
	}
}

static void test_cycle_and_reload(void **state)
{
	struct schedule s = {.initial = true};

	schedule_begun(&s, NOW, HALF_HOUR);
	assert_int_equal(s.next, NOW + HALF_HOUR);
	assert_false(s.initial);
	assert_int_equal(schedule_wait(&s, NOW + 100, true), 1700);
	assert_int_equal(schedule_wait(&s, NOW + 5000, true), 0);
	assert_int_equal(schedule_wait(&s, NOW, false), -1);
	schedule_interval(&s, NOW + 100, 3600);
	assert_int_equal(s.next, NOW + 3600);
	schedule_interval(&s, NOW + 100, 60); /* would have been due already */
	assert_int_equal(s.next, NOW + 100);
}

/* Two hours that nobody saw, in either direction: one cycle, and then the interval again. */
static void test_gap(void **state)
{
	struct schedule s = {0};
	int64_t late = NOW + 2 * 3600, early = NOW - 2 * 3600;

	schedule_begun(&s, NOW, HALF_HOUR);
	assert_false(schedule_look(&s, NOW + 60, HALF_HOUR));
	assert_false(schedule_look(&s, NOW - 30, HALF_HOUR)); /* a clock set right by seconds */
	assert_int_equal(s.next, NOW + HALF_HOUR);
	assert_false(schedule_look(&s, late, HALF_HOUR)); /* suspended, or the clock set forward */
	assert_int_equal(schedule_wait(&s, late, true), 0);
	schedule_begun(&s, late, HALF_HOUR);
	assert_int_equal(schedule_wait(&s, late, true), HALF_HOUR);
	schedule_begun(&s, NOW, HALF_HOUR);
	assert_true(schedule_look(&s, early, HALF_HOUR)); /* set back */
	assert_int_equal(schedule_wait(&s, early, true), 0);
	schedule_begun(&s, early, HALF_HOUR);
	assert_false(schedule_look(&s, early, HALF_HOUR));
	assert_int_equal(schedule_wait(&s, early, true), HALF_HOUR);
}

static void test_file(void **state)
{
	char dir[] = "/tmp/adsyncd-schedule.XXXXXX";
	static const char *const damage[] = {
		"[]",
		"{}",
		"{\"next\":5,\"last\":\"5\",\"initial\":true}",
		"{\"next\":-1,\"last\":5,\"initial\":true}",
		"{\"next\":5,\"last\":9223372036854775807,\"initial\":true}",
		"{\"next\":253402300800,\"last\":5,\"initial\":true}",
	};
	struct schedule s = {.next = 12, .last = 7, .initial = true}, got;
	_cleanup_free_ char *path = NULL;
	struct err e = {0};
	bool damaged;

	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/scheduler.json", dir);
	schedule_load(dir, &got, &damaged);
	assert_false(damaged);
	assert_int_equal(got.last, 0);
	assert_int_equal(schedule_save(dir, &s, &e), 0);
	schedule_load(dir, &got, &damaged);
	assert_false(damaged);
	assert_int_equal(got.next, 12);
	assert_int_equal(got.last, 7);
	assert_true(got.initial);
	assert_int_equal(file_write(path, 0600, "{\"next\":", 8, &e), 0);
	schedule_load(dir, &got, &damaged);
	assert_true(damaged);
	assert_int_equal(got.next, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(damage); i++) {
		assert_int_equal(file_write(path, 0600, damage[i], strlen(damage[i]), &e), 0);
		schedule_load(dir, &got, &damaged);
		if (!damaged || got.next || got.last || got.initial)
			fail_msg("%s is taken", damage[i]);
	}
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_cycle_and_reload),
		cmocka_unit_test(test_gap),
		cmocka_unit_test(test_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
