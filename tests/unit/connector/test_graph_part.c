/*
 * Sub-requests: what an export item becomes, what its answer means, which object is matched, and
 * under which name an error of Graph is known.
 */
#include "../check.h"
#include "connector/entra/answer.h"
#include "connector/entra/call.h"
#include "connector/entra/error.h"
#include "connector/entra/match.h"
#include "connector/entra/parse.h"
#include "connector/entra/item.h"
#include "connector/entra/request.h"
#include "connector/entra/value.h"

#include <errno.h>
#include <stdio.h>

#define ID "00000000-0000-4000-8000-000000000001"

static char base[] = "https://graph.example/v1.0";
static const struct option_def defs[] = {{"soft_match", OPTION_BOOLEAN}};

struct fixture {
	struct settings settings;
	char *values[1];
	struct connector c;
	struct arena arena;
	struct entry wanted;
	struct delta delta;
	struct export_outcome outcome;
	struct part *p;
};

static void set_up(struct fixture *f, enum entra_surface surface)
{
	*f = (struct fixture){.values = {(char *)"yes"}};
	f->settings = (struct settings){.defs = defs, .n_defs = 1, .values = f->values};
	f->c = (struct connector){
		.settings = &f->settings,
		.surface = surface,
		.base = base,
		.switches = {.soft_match_upn = true},
	};
	entry_init(&f->wanted, &f->arena);
	entry_set(&f->wanted, attr_intern("sourceAnchor"), value_string("YQ=="));
	entry_set(&f->wanted, attr_intern("userPrincipalName"), value_string("anna@x.example"));
	entry_set(&f->wanted, attr_intern("displayName"), value_string("Anna"));
}

static void tear_down(struct fixture *f)
{
	part_free(f->p);
	arena_done(&f->arena);
}

static struct export_item object_item(struct fixture *f, bool add)
{
	struct entry none;

	entry_init(&none, &f->arena);
	delta_owned(&none, &f->wanted, false, &f->arena, &f->delta);
	return (struct export_item){.id = 1,
		.kind = EXPORT_OBJECT,
		.op = add ? DELTA_ADD : DELTA_UPDATE,
		.class = "user",
		.anchor = add ? NULL : "User_" ID,
		.wanted = &f->wanted,
		.delta = &f->delta};
}

static const char *request(struct fixture *f)
{
	_cleanup_buf_ struct buf b = {0};

	part_write(&f->c, f->p, 1, &b);
	return arena_strdup(&f->arena, buf_str(&b));
}

static enum part_verdict answer(struct fixture *f, long status, const char *text)
{
	json_t *json = entra_parse(text, strlen(text), 0);
	enum part_verdict v;

	f->outcome = (struct export_outcome){0};
	v = part_answer(&f->c, f->p, status, json, &f->arena, &f->outcome);
	json_decref(json);
	return v;
}

#define ERROR(code, message) "{\"error\":{\"code\":\"" code "\",\"message\":\"" message "\"}}"

/* Public Graph matches nothing by itself: what is looked for is not there. */
static void find_nobody(struct fixture *f)
{
	while (f->p->kind == PART_FIND || f->p->kind == PART_MATCH)
		assert_int_equal(answer(f, 200, "{\"value\":[]}"), PART_CHANGED);
}

static void test_create(void **state)
{
	struct export_item it;
	struct fixture f;

	set_up(&f, ENTRA_GRAPH);
	it = object_item(&f, true);
	f.p = part_new(&f.c, &it);
	find_nobody(&f);
	assert_int_equal(f.p->kind, PART_CREATE);
	assert_non_null(strstr(request(&f), "\"method\":\"POST\",\"url\":\"/users\""));
	assert_non_null(strstr(request(&f), "\"onPremisesImmutableId\":\"YQ==\""));
	assert_int_equal(answer(&f, 201, "{}"), PART_DONE);
	assert_int_equal(f.outcome.result, CONN_OBJECT_BAD);
	assert_string_equal(f.outcome.error_type, "invalid-response");
	assert_int_equal(answer(&f, 201, "{\"id\":\"" ID "\"}"), PART_DONE);
	assert_int_equal(f.outcome.result, CONN_OK);
	assert_string_equal(f.outcome.anchor, "User_" ID);
	/* who reacts: later, look it up, name it */
	assert_int_equal(answer(&f, 429, "{}"), PART_AGAIN);
	assert_int_equal(answer(&f, 503, "{}"), PART_AGAIN);
	assert_int_equal(answer(&f, 401, "{}"), PART_AGAIN);
	assert_int_equal(answer(&f, 500, "{}"), PART_UNKNOWN);
	assert_int_equal(answer(&f, 504, ""), PART_UNKNOWN);
	assert_int_equal(answer(&f, 400,
				 ERROR("Request_BadRequest", "Another object with the same value "
							     "for property x already exists.")),
		PART_DONE);
	assert_string_equal(f.outcome.error_type, "AttributeValueMustBeUnique");
	tear_down(&f);
}

/* An earlier create was never answered: it is looked up by its anchor first. */
static void test_unknown_outcome(void **state)
{
	struct export_item it;
	struct fixture f;

	set_up(&f, ENTRA_GRAPH);
	it = object_item(&f, true);
	it.unknown_outcome = true;
	f.p = part_new(&f.c, &it);
	assert_int_equal(f.p->kind, PART_FIND);
	assert_non_null(strstr(request(&f), "/users?$filter=onPremisesImmutableId%20eq%20%27YQ"));
	assert_int_equal(answer(&f, 200, "{}"), PART_DONE); /* says nothing */
	assert_string_equal(f.outcome.error_type, "invalid-response");
	find_nobody(&f);
	assert_int_equal(f.p->kind, PART_CREATE);
	part_free(f.p);
	f.p = part_new(&f.c, &it);
	assert_int_equal(answer(&f, 200,
				 "{\"value\":[{\"id\":\"" ID "\",\"onPremisesImmutableId\":"
				 "\"YQ==\",\"displayName\":\"Old\"}]}"),
		PART_CHANGED);
	find_nobody(&f);
	assert_int_equal(f.p->kind, PART_UPDATE);
	assert_non_null(strstr(request(&f), "\"PATCH\",\"url\":\"/users/" ID "\""));
	assert_int_equal(answer(&f, 204, ""), PART_DONE);
	assert_string_equal(f.outcome.anchor, "User_" ID);
	tear_down(&f);
}

static void test_delete(void **state)
{
	struct export_item it = {
		.id = 1, .kind = EXPORT_DELETE, .class = "user", .anchor = "User_" ID};
	struct fixture f;

	set_up(&f, ENTRA_GRAPH);
	f.p = part_new(&f.c, &it);
	assert_string_equal(
		request(&f), "{\"id\":\"1\",\"method\":\"DELETE\",\"url\":\"/users/" ID "\"}");
	assert_int_equal(answer(&f, 404, "{}"), PART_DONE);
	assert_int_equal(f.outcome.result, CONN_OK); /* it is gone: good */
	assert_int_equal(answer(&f, 403, ERROR("Authorization_RequestDenied", "No.")), PART_DONE);
	assert_string_equal(f.outcome.error_type, "permission-issue");
	tear_down(&f);
}

static void test_links(void **state)
{
	struct export_item it = {
		.id = 1,
		.kind = EXPORT_LINK,
		.op = DELTA_ADD,
		.class = "group",
		.anchor = "Group_" ID,
		.link_attr = attr_intern("member"),
		.target_class = "user",
		.target_anchor = "User_2",
	};
	struct fixture f;

	set_up(&f, ENTRA_GRAPH);
	f.p = part_new(&f.c, &it);
	for (int i = 1; i < PART_ITEMS_MAX; i++)
		assert_true(part_join(f.p, &it));
	assert_false(part_join(f.p, &it)); /* full */
	assert_int_equal(answer(&f, 400, ERROR("x", "One is bad.")), PART_SPLIT);
	assert_int_equal(answer(&f, 403, ERROR("x", "The source of authority ...")), PART_DONE);
	assert_true(f.outcome.soa_in_cloud);
	part_free(f.p);
	f.p = part_new(&f.c, &it);
	assert_int_equal(answer(&f, 400,
				 ERROR("x", "One or more added object references "
					    "already exist")),
		PART_DONE);
	assert_int_equal(f.outcome.result, CONN_OK);
	part_free(f.p);
	it.op = DELTA_DELETE;
	f.p = part_new(&f.c, &it);
	assert_int_equal(f.p->kind, PART_REMOVE);
	assert_int_equal(answer(&f, 404, ERROR("Request_ResourceNotFound", "gone")), PART_DONE);
	assert_int_equal(f.outcome.result, CONN_OK);
	tear_down(&f);
}

static void test_outside(void **state)
{
	struct export_item it;
	struct fixture f;

	set_up(&f, ENTRA_GRAPH);
	it = object_item(&f, true);
	it.class = "contact";
	f.p = part_new(&f.c, &it);
	assert_int_equal(f.p->kind, PART_OUTSIDE);
	assert_non_null(f.p->outside);
	part_free(f.p);
	it.class = "publicFolder";
	f.p = part_new(&f.c, &it);
	assert_int_equal(f.p->kind, PART_OUTSIDE);
	part_free(f.p);
	it.class = "user";
	entry_set(&f.wanted, attr_intern("displayName"), value_stringn("a\0b", 3));
	f.p = part_new(&f.c, &it);
	assert_int_equal(f.p->kind, PART_OUTSIDE);
	assert_string_equal(f.p->unfit, "displayName: the text holds a NUL character");
	tear_down(&f);
}

/* Public Graph refuses a PATCH for one property: the rest is sent. */
static void test_reduced(void **state)
{
	struct export_item it;
	struct fixture f;

	set_up(&f, ENTRA_GRAPH);
	it = object_item(&f, false);
	f.p = part_new(&f.c, &it);
	assert_int_equal(f.p->kind, PART_UPDATE);
	assert_int_equal(answer(&f, 400,
				 ERROR("Request_BadRequest",
					 "Invalid value specified for property 'displayName' of "
					 "resource 'User'.")),
		PART_CHANGED);
	assert_null(strstr(request(&f), "displayName"));
	assert_non_null(strstr(request(&f), "userPrincipalName"));
	assert_int_equal(answer(&f, 204, ""), PART_DONE);
	assert_int_equal(f.outcome.result, CONN_OBJECT_BAD);
	assert_true(f.outcome.rest_sent);
	assert_int_equal(f.outcome.n_refused, 1);
	assert_int_equal(f.outcome.refused[0], attr_intern("displayName"));
	assert_string_equal(f.outcome.error_type, "DataValidationFailed");
	tear_down(&f);
}

/* --- matching --- */

#define USER(id, more) "{\"id\":\"" id "\"," more "}"
#define SAME_ANCHOR "\"onPremisesImmutableId\":\"YQ==\""
#define SAME_UPN "\"userPrincipalName\":\"ANNA@x.example\""
#define SAME_MAIL "\"proxyAddresses\":[\"SMTP:ANNA@y.example\"]"

static const struct {
	const char *list;
	bool block_takeover, block_soft, by_upn;
	enum entra_match_verdict verdict;
	const char *id, *error;
} matches[] = {
	{"[]", .by_upn = true, .verdict = ENTRA_MATCH_NONE},
	{"{}", .verdict = ENTRA_MATCH_REFUSED, .error = "invalid-response"},
	{"[{}]", .verdict = ENTRA_MATCH_REFUSED, .error = "invalid-response"},
	{"[{\"id\":\"../x\"}]", .verdict = ENTRA_MATCH_REFUSED, .error = "invalid-response"},
	{"[" USER("1", SAME_ANCHOR) "]", .verdict = ENTRA_MATCH_HARD, .id = "1"},
	{"[" USER("1", SAME_UPN) "," USER("2", SAME_ANCHOR) "]", .by_upn = true,
		.verdict = ENTRA_MATCH_HARD, .id = "2"},
	{"[" USER("1", SAME_ANCHOR) "]", .block_takeover = true, .verdict = ENTRA_MATCH_REFUSED,
		.error = "InvalidHardMatch"},
	{"[" USER("1", SAME_UPN) "]", .by_upn = true, .verdict = ENTRA_MATCH_SOFT, .id = "1"},
	{"[" USER("1", SAME_UPN) "]", .by_upn = false, .verdict = ENTRA_MATCH_NONE},
	{"[" USER("1", SAME_MAIL) "]", .by_upn = false, .verdict = ENTRA_MATCH_SOFT, .id = "1"},
	{"[" USER("1", SAME_MAIL ",\"onPremisesImmutableId\":\"Yg==\"") "]",
		.verdict = ENTRA_MATCH_REFUSED, .error = "InvalidSoftMatch"},
	{"[" USER("1", SAME_MAIL ",\"onPremisesSyncEnabled\":true") "]",
		.verdict = ENTRA_MATCH_REFUSED, .error = "InvalidSoftMatch"},
	{"[" USER("1", SAME_MAIL) "]", .block_soft = true, .verdict = ENTRA_MATCH_REFUSED,
		.error = "InvalidSoftMatch"},
};

static void test_match(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(matches); i++) {
		json_t *list = json_loads(matches[i].list, 0, NULL);
		const char *id = "", *error = "", *text = "";
		struct fixture f;

		assert_non_null(list);
		set_up(&f, ENTRA_GRAPH);
		entry_set(&f.wanted, attr_intern("proxyAddresses"),
			value_string("SMTP:anna@y.example"));
		f.c.switches = (struct entra_switches){.soft_match_upn = matches[i].by_upn,
			.block_soft_match = matches[i].block_soft,
			.block_takeover = matches[i].block_takeover};
		assert_int_equal(
			entra_match_decide(&f.c, &f.wanted, list, &f.arena, &id, &error, &text),
			matches[i].verdict);
		if (matches[i].id)
			assert_string_equal(id, matches[i].id);
		if (matches[i].error) {
			assert_string_equal(error, matches[i].error);
			assert_true(*text);
		}
		json_decref(list);
		tear_down(&f);
	}
}

/* --- names of errors --- */

static const struct {
	long status;
	const char *code, *message, *name;
} errors[] = {
	{400, "Request_BadRequest",
		"Another object with the same value for property proxyAddresses already exists.",
		"AttributeValueMustBeUnique"},
	{400, "Request_BadRequest", "Property userPrincipalName is invalid.",
		"IdentityDataValidationFailed"},
	{400, "Request_BadRequest",
		"Invalid value specified for property 'userPrincipalName' of resource 'User'.",
		"IdentityDataValidationFailed"},
	{400, "Request_BadRequest",
		"Invalid value specified for property 'usageLocation' of resource 'User'.",
		"DataValidationFailed"},
	{400, "Request_BadRequest", "The property has TOO MANY VALUES.", "LargeObject"},
	{403, "Authorization_RequestDenied", "Insufficient privileges", "permission-issue"},
	{400, "InvalidHardMatch", "whatever", "InvalidHardMatch"},
	{400, "SomethingNew", "whatever", "SomethingNew"},
	{400, "", "", "unknown-error"},
};

static void test_error_names(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(errors); i++)
		assert_string_equal(
			entra_error_name(errors[i].status, errors[i].code, errors[i].message),
			errors[i].name);
	assert_non_null(entra_error_advice("permission-issue"));
	assert_null(entra_error_advice("SomethingNew"));
	/* what is refused before it is sent has one of these names, too */
	for (unsigned i = 0; entra_problem_errors[i]; i++)
		assert_non_null(entra_error_advice(entra_problem_errors[i]));
	for (unsigned i = 0; i < ENTRA_ERROR_COUNT; i++)
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(entra_error_word((enum entra_error)i),
				entra_error_word((enum entra_error)k));
}

/* --- the ladder: who reacts to an answer that is no success --- */

static const struct {
	enum http_outcome outcome;
	long status;
	enum conn_result result;
	int code;
} refusals[] = {
	{HTTP_ANSWERED, 401, CONN_RUN_BAD, -EACCES}, /* the credentials */
	{HTTP_ANSWERED, 403, CONN_RUN_BAD, -EPERM},  /* a right */
	{HTTP_ANSWERED, 400, CONN_RUN_BAD, -EPROTO},
	{HTTP_ANSWERED, 429, CONN_DOWN, -EAGAIN},
	{HTTP_ANSWERED, 500, CONN_DOWN, -EAGAIN},
	{HTTP_ANSWERED, 503, CONN_DOWN, -EAGAIN},
	{HTTP_NOT_SENT, 0, CONN_DOWN, -EHOSTDOWN},
	{HTTP_UNKNOWN, 0, CONN_DOWN, -EHOSTDOWN},
	{HTTP_CANCELED, 0, CONN_CANCELED, -ECANCELED},
};

static void test_refused(void **state)
{
	static char graph[] = "https://graph.example";
	struct connector c = {.graph = graph};

	for (unsigned i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct http_request *r = http_request_new("GET", "https://graph.example/v1.0/x");
		struct err e = {0};

		r->outcome = refusals[i].outcome;
		r->status = refusals[i].status;
		assert_int_equal(entra_refused(&c, r, &e), refusals[i].result);
		assert_int_equal(e.code, refusals[i].code);
		http_request_free(r);
	}
}

/* A list ends, or it is refused. */
static void test_pages(void **state)
{
	static char graph[] = "https://graph.example";
	static const struct {
		const char *json, *next, *wrong;
	} cases[] = {
		{"{\"value\":[]}", NULL, NULL},
		{"{\"value\":[],\"@odata.nextLink\":\"https://graph.example/2\"}",
			"https://graph.example/2", NULL},
		{"{\"value\":[],\"@odata.nextLink\":\"https://graph.example/1\"}", NULL,
			"a link to itself"},
		{"{\"value\":[],\"@odata.nextLink\":\"https://graph.example.evil/2\"}", NULL,
			"another host"},
		{"{\"value\":[],\"@odata.nextLink\":7}", NULL, "not text"},
		{"{\"value\":{}}", NULL, "no list"},
		{"{}", NULL, "no list"},
	};
	struct connector c = {.graph = graph};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct entra_pages pages = {0};
		const char *next = NULL, *wrong;
		json_t *json = json_loads(cases[i].json, 0, NULL);

		wrong = entra_next_page(&c, &pages, "https://graph.example/1", json, &next);
		if (cases[i].wrong) {
			assert_non_null(wrong);
			assert_non_null(strstr(wrong, cases[i].wrong));
		} else {
			assert_null(wrong);
			assert_int_equal(!next, !cases[i].next);
			if (next)
				assert_string_equal(next, cases[i].next);
		}
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_unknown_outcome),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_outside),
		cmocka_unit_test(test_reduced),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_error_names),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
