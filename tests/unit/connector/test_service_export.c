/*
 * connector/entra/service/export: what goes into which request, halves, references that are not
 * found yet, answers that are none, against a service on the loopback interface.
 */
#include "../check.h"
#include "service_stub.h"

#include <errno.h>

static void test_batches(void **state)
{
	add_users(65);
	items[64].kind = EXPORT_DELETE;
	items[64].anchor = "User_x";
	export_well();
	assert_int_equal(n_configurations, 1);
	assert_int_equal(n_messages, 3);
	assert_int_equal(n_sending, 3);
	assert_int_equal(messages[0].n, 30);
	assert_int_equal(messages[2].n, 5);
	assert_false(messages[0].second);
	assert_string_equal(messages[2].objects[4].operation, "Delete");
	assert_string_equal(messages[2].objects[4].source, "a64");
	assert_string_equal(outcomes[3].anchor, "User_00000000-0000-4000-8000-0000000000aa");
	assert_string_equal(outcomes[64].anchor, "");
}

static void test_the_end(void **state)
{
	struct err e = {0};

	assert_int_equal(service_export_end(&c, &e), CONN_OK);
	assert_int_equal(n_finals, 0); /* nothing was sent */
	bad = "a3";
	add_users(10);
	export_well();
	assert_int_equal(service_export_end(&c, &e), CONN_OK);
	assert_string_equal(total, "10");
	assert_string_equal(total_good, "9");
	add_members(7); /* one object, however many references */
	export_well();
	assert_int_equal(n_configurations, 1);
	no_final = true;
	assert_int_equal(service_export_end(&c, &e), CONN_OBJECT_BAD);
	assert_string_equal(total, "11");
	assert_string_equal(total_good, "10");
	assert_non_null(strstr(e.text, "everything was exported"));
	assert_non_null(strstr(e.text, "Something is wrong"));
}

/* The first fill in slices, and then a single change. */
static void test_many_members(void **state)
{
	add_members(50000);
	export_well();
	assert_int_equal(refused(), 0);
	assert_int_equal(n_messages, 4);
	for (unsigned i = 0; i < 4; i++) {
		assert_true(messages[i].second);
		assert_int_equal(messages[i].n, 1);
		assert_int_equal(messages[i].objects[0].adds, i < 3 ? 15000 : 5000);
	}
	add_members(1);
	items[0].op = DELTA_DELETE;
	export_well();
	assert_int_equal(n_messages, 5);
	assert_int_equal(messages[4].objects[0].adds, 0);
	assert_int_equal(messages[4].objects[0].removes, 1);
	assert_string_equal(messages[4].objects[0].source, "g");
}

/* The limit is the tenant's where that is smaller, over all objects of a request. */
static void test_limit_of_links(void **state)
{
	links_max = 100;
	room(300);
	for (unsigned i = 0; i < 300; i++)
		add_link("member", anchor_text("g", i / 60), anchor_text("m", i), DELTA_ADD);
	export_well();
	assert_int_equal(n_messages, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(messages[i].links, 100);
	assert_int_equal(messages[0].n, 2);
	assert_int_equal(messages[1].objects[0].adds, 20);
}

/* Both versions fill at a time; a manager goes by the first one, and nothing clears it. */
static void test_two_versions(void **state)
{
	room(60);
	for (unsigned i = 0; i < 20; i++) {
		add_link("manager", anchor_text("u", i), "boss", i % 2 ? DELTA_DELETE : DELTA_ADD);
		add_link("member", anchor_text("g", i), "m1", DELTA_ADD);
		add_link("member", anchor_text("g", i), "m2", DELTA_DELETE);
	}
	export_well();
	assert_int_equal(n_messages, 2);
	assert_false(messages[0].second);
	assert_int_equal(messages[0].n, 20);
	assert_string_equal(messages[0].objects[0].target, "boss");
	assert_int_equal(messages[0].objects[1].removes, 1);
	assert_true(messages[1].second);
	assert_int_equal(messages[1].n, 20);
	assert_int_equal(messages[1].objects[7].adds, 1);
	assert_int_equal(messages[1].objects[7].removes, 1);
}

/* Who has no sourceAnchor is named by the CloudAnchor. */
static void test_names(void **state)
{
	room(2);
	add_link("member", "g", "m", DELTA_ADD);
	items[0].dn = arena_strdup(&arena, "User_1-2");
	items[0].anchor = "User_1-2";
	items[0].target_dn = NULL;
	add_link("manager", "u", "m", DELTA_ADD); /* the first version has no word for it */
	items[1].target_dn = "User_tm";
	export_well();
	assert_int_equal(n_messages, 1);
	assert_true(messages[0].second);
	assert_string_equal(messages[0].objects[0].source, "");
	assert_string_equal(messages[0].objects[0].cloud, "User_1-2");
	assert_string_equal(messages[0].objects[0].target, "User_tm");
	assert_string_equal(messages[0].objects[1].source, "u");
	assert_string_equal(messages[0].objects[1].target, "User_tm");
}

static void test_not_sent(void **state)
{
	static struct entry odd;

	room(4);
	add_user("a");
	items[0].class = "publicFolder";
	add_link("member", "g", "m", DELTA_ADD);
	items[1].target_class = "publicFolder";
	add_link("member", "g", "m", DELTA_ADD);
	items[2].link_attr = attr_intern("displayName");
	add_user("b");
	entry_init(&odd, &arena);
	entry_set(&odd, attr_intern("displayName"), value_string("bell\a"));
	items[3].wanted = &odd;
	export_well();
	assert_int_equal(n_messages, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_true(outcomes[i].outside);
	assert_string_equal(outcomes[3].type, "DataValidationFailed");
	assert_non_null(strstr(outcomes[3].text, "displayName"));
}

static void test_refused_object(void **state)
{
	bad = "a7";
	words = "InvalidSoftMatch: there is another one.";
	add_users(30);
	export_well();
	assert_int_equal(n_messages, 1); /* the service says which one it is */
	assert_int_equal(refused(), 1);
	assert_string_equal(outcomes[7].type, "InvalidSoftMatch");
	assert_string_equal(outcomes[7].text, words);
	assert_false(outcomes[7].soa);
	words = "The source of authority of this object is in the cloud.";
	add_users(10);
	export_well();
	assert_true(outcomes[7].soa);
	words = "Unable to update this object because the following attributes associated with "
		"this "
		"object have values that may already be associated with another object in your "
		"local directory services: [UserPrincipalName x;].";
	add_users(10);
	export_well();
	assert_string_equal(outcomes[7].type, "AttributeValueMustBeUnique");
}

/* That is the object's: its references are not tried one by one. */
static void test_members_of_the_clouds(void **state)
{
	bad = "g";
	words = "The source of authority of this object is in the cloud.";
	add_members(100);
	export_well();
	assert_int_equal(n_messages, 1);
	for (unsigned i = 0; i < 100; i++)
		assert_true(outcomes[i].soa);
}

static void test_refused_as_a_whole(void **state)
{
	bad = "a17";
	bad_is_fault = true;
	add_users(30);
	export_well();
	assert_int_equal(refused(), 1);
	assert_string_equal(outcomes[17].text, words);
	assert_int_equal(n_messages, 11); /* 30, and two halves for each of five steps */
}

/* Refusals of other objects in a request that was refused say nothing about the rest of it. */
static void test_refused_in_halves(void **state)
{
	values[1] = (char *)"60";
	bad = "r";
	words = "InvalidSoftMatch: there is another one.";
	poison = "p";
	room(60);
	for (unsigned i = 0; i < 59; i++)
		add_user(anchor_text(i < 40 ? "r" : "a", i));
	add_user("p");
	export_well();
	assert_int_equal(refused(), 41);
	assert_int_equal(outcomes[50].result, CONN_OK);
}

/* What has nothing to do with single objects ends the export. */
static void test_all_are_refused(void **state)
{
	struct err e;

	bad = "a";
	bad_is_fault = true;
	words = "It cannot be read:";
	add_users(90);
	assert_int_equal(export(&e), CONN_RUN_BAD);
	assert_int_equal(refused(), 32);
	assert_non_null(strstr(e.text, "cannot be read"));
	assert_non_null(strstr(e.text, "32"));
}

static void test_refused_reference(void **state)
{
	bad = "m77";
	words = "The object that member refers to is not known:";
	add_members(1000);
	items[770].target_dn = entra_dn("x", &arena); /* m770 begins so, too */
	for (unsigned i = 771; i < 780; i++)
		items[i].target_dn = entra_dn(anchor_text("x", i), &arena);
	export_well();
	assert_int_equal(refused(), 1);
	assert_int_equal(outcomes[77].result, CONN_OBJECT_BAD);
	assert_string_equal(outcomes[77].type, "Request_ResourceNotFound");
	assert_true(n_messages <= 21);
}

static void test_all_references_are_refused(void **state)
{
	bad = "m";
	words = "The object that member refers to is not known:";
	add_members(500);
	export_well();
	assert_int_equal(refused(), 500);
	assert_string_equal(outcomes[0].text, "The object that member refers to is not known: m0.");
	assert_non_null(strstr(outcomes[499].text, "not tried"));
	assert_non_null(strstr(outcomes[499].text, "is not known: *"));
	assert_true(n_messages < 80);
}

/* A new target is found after a moment; the same request is sent again meanwhile. */
static void test_new_target(void **state)
{
	bad = "m";
	refuses = 1;
	add_members(10);
	service_note_added(c.session, items[3].target_anchor);
	export_well();
	assert_int_equal(refused(), 0);
	assert_int_equal(n_messages, 2);
	assert_int_equal(messages[1].objects[0].adds, 10);
}

/* What was known is gone there, and the service has made another one. */
static void test_made_anew(void **state)
{
	add_users(2);
	items[1].op = DELTA_UPDATE;
	items[1].anchor = "User_1";
	items[1].delta = &(const struct delta){0};
	export_well();
	assert_string_equal(outcomes[0].text, "");
	assert_string_equal(outcomes[1].anchor, "User_00000000-0000-4000-8000-0000000000aa");
	assert_non_null(strstr(outcomes[1].text, "another object now, User_0"));
	assert_non_null(strstr(outcomes[1].text, ": User_1 was not there"));
}

static void test_results_in_another_order(void **state)
{
	shuffled = true;
	bad = "a7";
	add_users(9);
	export_well();
	assert_int_equal(refused(), 1);
	assert_int_equal(outcomes[7].result, CONN_OBJECT_BAD);
}

/* Without any name in them their order counts, for what has an anchor already. */
static void test_results_without_names(void **state)
{
	nameless = true;
	add_members(3);
	export_well();
	assert_int_equal(n_messages, 1);
	assert_int_equal(refused(), 0);
}

/* Taken, and the answer does not tell the new anchor: Graph is asked, then it is sent again. */
static void test_no_anchor(void **state)
{
	anchorless = true;
	add_users(1);
	export_well();
	assert_string_equal(outcomes[0].type, "invalid-response");
	assert_int_equal(n_messages, 3);
	n_messages = 0;
	cut_works = true; /* Graph shows it */
	add_users(1);
	export_well();
	assert_int_equal(n_messages, 1);
	assert_string_equal(outcomes[0].anchor, "User_00000000-0000-4000-8000-0000000000aa");
}

static void test_missing_result(void **state)
{
	short_answer = true;
	cut_works = true;
	add_users(3);
	export_well();
	assert_int_equal(refused(), 0);
	assert_int_equal(n_messages, 1);
}

static void test_no_answer(void **state)
{
	cut = 1;
	add_users(3);
	export_well();
	assert_int_equal(refused(), 0);
	assert_int_equal(n_messages, 2); /* nothing was done: all of it again */
	assert_int_equal(messages[1].n, 3);
	cut = 1;
	cut_works = true;
	n_messages = 0;
	add_users(3);
	export_well();
	assert_int_equal(n_messages, 1); /* it was done */
	assert_int_equal(refused(), 0);
}

/* The service fails at every request, and answers to others: not without end. */
static void test_never_an_answer(void **state)
{
	struct err e;

	cut = 1000;
	add_users(30);
	assert_int_equal(export(&e), CONN_DOWN);
	assert_int_equal(refused(), 8);
	assert_string_equal(outcomes[0].type, "service-failure");
}

static void test_busy(void **state)
{
	busy = 1;
	add_users(3);
	export_well();
	assert_int_equal(refused(), 0);
	assert_int_equal(n_messages, 1);
	assert_int_equal(n_sending, 1);
}

static void test_stop(void **state)
{
	struct err e;

	add_users(3);
	stop = true;
	assert_int_equal(export(&e), CONN_CANCELED);
	assert_int_equal(n_messages, 0);
}

static void test_warning(void **state)
{
	warning = "This object has been updated, but with some modified properties.";
	add_users(2);
	export_well();
	assert_int_equal(refused(), 0);
	assert_string_equal(outcomes[1].text, warning);
	add_members(2);
	export_well();
	assert_string_equal(outcomes[0].text, warning);
	assert_string_equal(outcomes[1].text, ""); /* once for the object */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_batches),
		TEST(test_the_end),
		TEST(test_many_members),
		TEST(test_limit_of_links),
		TEST(test_two_versions),
		TEST(test_names),
		TEST(test_not_sent),
		TEST(test_refused_object),
		TEST(test_members_of_the_clouds),
		TEST(test_refused_as_a_whole),
		TEST(test_refused_in_halves),
		TEST(test_all_are_refused),
		TEST(test_refused_reference),
		TEST(test_all_references_are_refused),
		TEST(test_new_target),
		TEST(test_made_anew),
		TEST(test_results_in_another_order),
		TEST(test_results_without_names),
		TEST(test_no_anchor),
		TEST(test_missing_result),
		TEST(test_no_answer),
		TEST(test_never_an_answer),
		TEST(test_busy),
		TEST(test_stop),
		TEST(test_warning),
	};

	return cmocka_run_group_tests(tests, group_set_up, group_tear_down);
}
