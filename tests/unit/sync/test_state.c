/* The export state's table, row by row as its comment draws it; and the waits between retries. */
#include "../check.h"
#include "store/cs.h"
#include "sync/export/state.h"

#define N EXPORT_STATE_NONE
#define P EXPORT_STATE_PENDING
#define S EXPORT_STATE_SENDING
#define X EXPORT_STATE_EXPORTED
#define C EXPORT_STATE_CONFIRMED
#define F EXPORT_STATE_FAILED

static const enum export_state table[][EXPORT_EVENT_COUNT] = {
	/*     CHANGED SETTLED SEND ACCEPTED REFUSED EQUAL DIFFERS BLOCKED UNBLOCKED DROPPED HELD
           AGAIN */
	[N] = {P, C, S, N, N, C, P, N, P, N, F, P},
	[P] = {P, C, S, P, P, C, P, N, P, N, F, P},
	[S] = {S, S, S, X, F, C, P, N, P, N, F, P},
	[X] = {P, X, S, X, F, C, F, N, P, N, F, P},
	[C] = {P, C, S, C, C, C, P, N, P, N, F, P},
	[F] = {P, C, S, X, F, C, F, N, P, N, F, P},
};

static void test_table(void **state)
{
	for (int s = 0; s < EXPORT_STATE_COUNT; s++)
		for (int ev = 0; ev < EXPORT_EVENT_COUNT; ev++)
			assert_int_equal(
				export_state_next((enum export_state)s, (enum export_event)ev),
				table[s][ev]);
}

/* A blocked object is never sent, whatever happened to it before. */
static void test_blocked_is_never_due(void **state)
{
	for (int s = 0; s < EXPORT_STATE_COUNT; s++)
		assert_int_equal(export_state_next((enum export_state)s, EXPORT_EVENT_BLOCKED),
			EXPORT_STATE_NONE);
}

static void test_backoff(void **state)
{
	int64_t last = 0;

	assert_int_equal(export_backoff(1), 0);
	for (int n = 2; n < 40; n++) {
		assert_true(export_backoff(n) >= last && export_backoff(n) <= 12 * 3600);
		last = export_backoff(n);
	}
	assert_int_equal(last, 12 * 3600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_blocked_is_never_due),
		cmocka_unit_test(test_backoff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
