/* The table of the engine's errors: each word is found again, and is there once. */
#include "../check.h"
#include "base/util.h"
#include "report/error_type.h"

static void test_words(void **state)
{
	for (unsigned i = 0; i < ERROR_TYPE_COUNT; i++) {
		enum error_type t = (enum error_type)i;

		assert_int_equal(error_type_find(error_type_word(t)), t);
		assert_true(*error_type_retry(t));
	}
	assert_int_equal(error_type_find("permission-issue"), ERROR_TYPE_COUNT);
	assert_int_equal(error_type_find(""), ERROR_TYPE_COUNT);
	assert_null(error_type_advice(ERROR_TYPE_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
