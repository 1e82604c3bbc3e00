/* Advice follows from whose step met the error, and from what the engine knows by itself. */
#include "../check.h"
#include "sync/errors.h"

static const char *advice(enum error_phase phase, const char *type, const char *connector)
{
	struct error_row row = {.phase = phase, .type = type, .step_type = connector};

	return error_advice(&row);
}

static void test_by_connector(void **state)
{
	const char *ad = advice(ERROR_EXPORT, "permission-issue", "ad");
	const char *entra = advice(ERROR_EXPORT, "permission-issue", "entra");

	assert_non_null(strstr(ad, "account in AD"));
	assert_null(strstr(ad, "application"));
	assert_non_null(strstr(entra, "application"));
	assert_null(advice(ERROR_EXPORT, "InvalidSoftMatch", "ad"));
	assert_non_null(advice(ERROR_EXPORT, "InvalidSoftMatch", "entra"));
}

/* What the engine finds has the same advice for every kind of directory. */
static void test_of_the_engine(void **state)
{
	static const char *const TYPES[] = {"sync-rule-error-function-triggered",
		"ambiguous-import-flow-from-multiple-connectors", "duplicate-anchor",
		"missing-anchor-component", "object-too-large"};

	for (unsigned i = 0; i < ARRAY_SIZE(TYPES); i++) {
		assert_non_null(advice(ERROR_SYNC, TYPES[i], "ad"));
		assert_ptr_equal(advice(ERROR_OUTBOUND, TYPES[i], "entra"),
			advice(ERROR_SYNC, TYPES[i], "ad"));
	}
	assert_non_null(advice(ERROR_EXPORT, "MemberRemovalThresholdExceeded", "entra"));
	assert_null(advice(ERROR_SYNC, "permission-issue", "entra"));
	assert_null(advice(ERROR_SYNC, "no such error", "ad"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_connector),
		cmocka_unit_test(test_of_the_engine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
