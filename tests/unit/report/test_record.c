/* report: the tables of events and results, and records on their way to the journal. */
#include "../check.h"
#include "report/record.h"
#include "report/step_result.h"

#include <stdio.h>

/* What journalctl and the catalog look for: each has its own. */
static void test_events(void **state)
{
	for (int i = 0; i < EVENT_COUNT; i++) {
		const struct event *a = event_get((enum event_id)i);
		char number[16];

		assert_int_equal(strspn(a->message_id, "0123456789abcdef"), 32);
		assert_int_equal(strlen(a->message_id), 32);
		assert_in_range(a->priority, 3, 6);
		snprintf(number, sizeof(number), "%d", a->number);
		assert_int_equal(event_find(number), i);
		assert_int_equal(event_find(a->name), i);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
				a->message_id, event_get((enum event_id)k)->message_id);
	}
	assert_int_equal(event_find("0"), -1);
	assert_int_equal(event_find("NOTHING"), -1);
	assert_int_equal(event_find(""), -1);
}

static void test_results(void **state)
{
	for (int i = 0; i < STEP_RESULT_COUNT; i++) {
		enum step_result r = (enum step_result)i;
		enum severity s = step_result_severity(r);

		assert_int_equal(step_result_good(r), s == SEVERITY_GOOD || s == SEVERITY_EMPTY);
		assert_int_equal(step_result_complete(r), s != SEVERITY_STOPPED);
		/* what somebody must look at is told; the threshold's own event is told elsewhere
		 */
		assert_int_equal(step_result_event(r) == NO_EVENT,
			step_result_good(r) || r == STEP_RESULT_DELETION_THRESHOLD);
		/* the word says how it ended */
		assert_int_equal(strncmp(step_result_word(r), "completed", 9) == 0 ||
					 r == STEP_RESULT_SUCCESS,
			s != SEVERITY_STOPPED);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(
				step_result_word(r), step_result_word((enum step_result)k));
	}
}

static json_t *there_and_back(const struct record *in, struct record *out)
{
	json_t *o = record_to_json(in);
	char *text = json_dumps(o, JSON_COMPACT);
	json_t *again = json_loads(text, 0, NULL);

	assert_non_null(again);
	assert_true(record_from_json(again, out));
	assert_int_equal(out->event, in->event);
	free(text);
	json_decref(o);
	return again;
}

static void test_record(void **state)
{
	struct record r = {.event = EVENT_SOA_BLOCKED, .message = "a \"b\" \\ \n\x01 é"}, got;
	json_t *kept;

	record_add(&r, RECORD_DN, "CN=Ærø,DC=a");
	record_add(&r, RECORD_RUN, NULL);
	record_add(&r, RECORD_STEP, "");
	record_add(&r, RECORD_ERROR, "e");
	assert_int_equal(r.n_fields, 2);
	kept = there_and_back(&r, &got);
	assert_string_equal(got.message, r.message);
	assert_int_equal(got.n_fields, 2);
	for (unsigned i = 0; i < got.n_fields; i++) {
		assert_string_equal(got.fields[i].name, r.fields[i].name);
		assert_string_equal(got.fields[i].value, r.fields[i].value);
	}
	json_decref(kept);
	for (unsigned i = 0; i < 2 * RECORD_FIELDS_MAX; i++)
		record_add(&r, RECORD_DN, "x");
	assert_int_equal(r.n_fields, RECORD_FIELDS_MAX);
}

/* A text that is no UTF-8 is told all the same: a mark for each byte that is none. */
static void test_bytes(void **state)
{
	struct record r = {.event = EVENT_EXPORT_ERROR,
			      .message = "a\xff"
					 "b\xc3\xa9\xe2\x82"},
		      got;
	json_t *kept = there_and_back(&r, &got);

	assert_string_equal(got.message, "a\xef\xbf\xbd"
					 "b\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd");
	json_decref(kept);
}

static void test_no_record(void **state)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"{\"event\": \"SOA_BLOCKED\"}",
		"{\"event\": \"SOA_BLOCKED\", \"message\": 5}",
		"{\"event\": \"UNKNOWN\", \"message\": \"m\"}",
		"{\"event\": 6956, \"message\": \"m\"}",
	};

	for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
		json_t *o = json_loads(texts[i], 0, NULL);
		struct record r = {.message = "before"};

		if (record_from_json(o, &r) || strcmp(r.message, "before") != 0)
			fail_msg("%s is taken", texts[i]);
		json_decref(o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_no_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
