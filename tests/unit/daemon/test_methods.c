/* The control interface: the .varlink file says what the tables say. */
#include "../check.h"
#include "daemon_priv.h"

#include <errno.h>
#include <stdio.h>

/* The line after `at` that begins with a keyword and a blank; what follows these. NULL: no more. */
static const char *next_line(const char *at, const char *keyword)
{
	_cleanup_free_ char *start = xasprintf("\n%s ", keyword);
	const char *found = strstr(at, start);

	return found ? found + strlen(start) : NULL;
}

static void test_errors(void **state)
{
	struct varlink_service s = daemon_service(NULL);
	const char *at = s.description;
	unsigned n = 0;
	char word[64];

	while ((at = next_line(at, "error"))) {
		assert_int_equal(sscanf(at, "%63[A-Za-z]", word), 1);
		if (control_error_find(word) == CONTROL_ERROR_COUNT)
			fail_msg("%s is no row of CONTROL_ERRORS", word);
		n++;
	}
	assert_int_equal(n, CONTROL_ERROR_COUNT);
	for (unsigned i = 0; i < CONTROL_ERROR_COUNT; i++) {
		enum control_error c = (enum control_error)i;
		_cleanup_free_ char *line = xasprintf("\nerror %s (", control_error_word(c));

		assert_int_equal(control_error_find(control_error_word(c)), c);
		if (!strstr(s.description, line))
			fail_msg("%s is not in the .varlink file", control_error_word(c));
	}
	assert_int_equal(control_error_find("MethodNotFound"), CONTROL_ERROR_COUNT);
	assert_int_equal(control_error_find(""), CONTROL_ERROR_COUNT);
}

/* Who asked gets the error that belongs to the errno; any other is Failed. */
static void test_errno(void **state)
{
	assert_int_equal(control_error_of(-ENOENT), CONTROL_ERROR_NOT_FOUND);
	assert_int_equal(control_error_of(-EBUSY), CONTROL_ERROR_BUSY);
	assert_int_equal(control_error_of(-EALREADY), CONTROL_ERROR_ALREADY_RUNNING);
	assert_int_equal(control_error_of(-EINVAL), CONTROL_ERROR_FAILED);
	assert_int_equal(control_error_of(-EPERM), CONTROL_ERROR_FAILED);
	assert_int_equal(control_error_of(0), CONTROL_ERROR_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
