/*
 * connector/entra/service/learn: what Graph says of items whose request was never answered, against
 * a server on the loopback interface.
 */
#include "../folder.h"
#include "../net/server.h"
#include "connector/entra/graph.h"
#include "connector/entra/service/learn.h"
#include "base/json.h"
#include "model/dtyp.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#define ID(n) "00000000-0000-4000-8000-00000000000" n
#define ANNA "User_" ID("1")
#define BOSS "User_" ID("2")
#define TEAM "Group_" ID("3")

/* What Graph answers to a path that begins so; the last row that fits, and is in force, counts. */
static struct shown {
	const char *path, *body;
	int status;
	unsigned from; /* from the so many-th time on that the path is asked, from 0 */
} shown[16];
static unsigned n_shown;
static struct asked {
	char path[200];
	unsigned times;
} asked[64];
static unsigned n_asked, n_batches, n_tokens, n_busy;
static int broken; /* the status of the whole $batch; 0: it is answered */

static struct server server;
static struct http *http;
static char secret[128], *base;
static const struct option_def defs[] = {{"service_patience", OPTION_NUMBER}};
static char *values[1];
static struct settings settings = {.defs = defs, .n_defs = 1, .values = values};
static struct connector_host host;
static struct connector c;
static struct arena arena;

/* --- the server --- */

static void say(int fd, int status, const char *body)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addf(&b,
		"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		status, strlen(body), body);
	(void)!send(fd, b.data, b.len, MSG_NOSIGNAL);
}

static unsigned ask_again(const char *path)
{
	for (unsigned i = 0; i < n_asked; i++)
		if (streq(asked[i].path, path))
			return ++asked[i].times;
	assert_true(n_asked < ARRAY_SIZE(asked));
	snprintf(asked[n_asked].path, sizeof(asked[n_asked].path), "%s", path);
	asked[n_asked].times = 0;
	n_asked++;
	return 0;
}

/* The path without what is behind the first comma: the properties that are selected. */
static const char *answer_to(const char *url, int *ret_status)
{
	char path[200];
	unsigned times;
	const char *body = strstr(url, "$filter") ? "{\"value\":[]}" : "{}";

	snprintf(path, sizeof(path), "%.*s", (int)strcspn(url, ","), url);
	times = ask_again(path);
	*ret_status = strstr(url, "$filter") ? 200 : 404;
	for (unsigned i = 0; i < n_shown; i++)
		if (str_starts(path, shown[i].path) && times >= shown[i].from) {
			body = shown[i].body;
			*ret_status = shown[i].status;
		}
	return body;
}

static void answer_batch(int fd, const char *text)
{
	_cleanup_json_ json_t *json = json_loads(text, 0, NULL);
	_cleanup_buf_ struct buf b = {0};
	json_t *list = json_object_get(json, "requests"), *v;
	size_t i;

	n_batches++;
	assert_true(json_array_size(list) > 0 && json_array_size(list) <= 20);
	buf_adds(&b, "{\"responses\":[");
	json_array_foreach (list, i, v) {
		int status;
		const char *body = answer_to(json_string_value(json_object_get(v, "url")), &status);

		assert_string_equal(json_string_value(json_object_get(v, "method")), "GET");
		if (n_busy && n_busy--)
			status = 503;
		buf_addf(&b, "%s{\"id\":\"%s\",\"status\":%d,\"body\":%s}", i ? "," : "",
			json_string_value(json_object_get(v, "id")), status, body);
	}
	buf_adds(&b, "]}");
	if (broken)
		say(fd, broken, "{\"error\":{\"code\":\"X\",\"message\":\"no\"}}");
	else
		say(fd, 200, buf_str(&b));
}

static bool answer(struct server *s, int fd, unsigned i)
{
	const char *body = strstr(s->request.data, "\r\n\r\n") + 4, *url, *text;
	char path[300];
	int status;

	if (strstr(s->request.data, "/oauth2/")) {
		n_tokens++;
		say(fd, 200, "{\"access_token\":\"a.e30.b\",\"expires_in\":3600}");
	} else if (strstr(s->request.data, "POST /v1.0/$batch ")) {
		answer_batch(fd, body);
	} else {
		assert_true(str_starts(s->request.data, "GET /v1.0/"));
		url = s->request.data + strlen("GET /v1.0");
		snprintf(path, sizeof(path), "%.*s", (int)strcspn(url, " "), url);
		text = answer_to(path, &status);
		say(fd, status, text);
	}
	return true;
}

static void show(const char *path, int status, const char *body, unsigned from)
{
	assert_true(n_shown < ARRAY_SIZE(shown));
	shown[n_shown++] = (struct shown){path, body, status, from};
}

static unsigned times_asked(const char *part)
{
	unsigned n = 0;

	for (unsigned i = 0; i < n_asked; i++)
		n += strstr(asked[i].path, part) ? asked[i].times + 1 : 0;
	return n;
}

static int set_up(void **state)
{
	struct http_options o = {
		.connect_timeout = 5, .request_timeout = 30, .connections = 2, .no_proxy = "*"};
	struct err e = {0};

	folder_put("secret", "s", secret);
	server_start(&server, answer);
	assert_int_equal(http_new(&o, &http, &e), 0);
	base = xasprintf("%s/v1.0", server.url);
	c = (struct connector){
		.settings = &settings,
		.host = &host,
		.http = http,
		.surface = ENTRA_SERVICE,
		.checked = true,
		.graph = server.url,
		.base = base,
	};
	c.oauth.o = (struct oauth_options){.method = OAUTH_SECRET,
		.tenant_id = "t",
		.client_id = "c",
		.authority = server.url,
		.credential_file = secret,
		.scope = "g"};
	values[0] = (char *)"3";
	n_shown = n_asked = n_batches = n_tokens = n_busy = 0;
	broken = 0;
	return 0;
}

static int tear_down(void **state)
{
	oauth_done(&c.oauth);
	http_free(http);
	server_stop(&server);
	free(base);
	arena_done(&arena);
	return 0;
}

/* --- items --- */

static struct entry *wanted(const char *class)
{
	struct entry *en = arena_zalloc(&arena, sizeof(*en));

	entry_init(en, &arena);
	en->class = class;
	return en;
}

static void put(struct entry *en, const char *attr, const char *text)
{
	entry_set(en, attr_intern(attr), value_string(text));
}

static struct export_item object(const struct entry *en, const char *anchor, bool all)
{
	struct delta *d = arena_zalloc(&arena, sizeof(*d));
	struct entry none;

	entry_init(&none, &arena);
	delta_owned(&none, en, false, &arena, d);
	return (struct export_item){
		.kind = EXPORT_OBJECT,
		.op = anchor ? DELTA_UPDATE : DELTA_ADD,
		.class = en->class,
		.anchor = anchor,
		.wanted = en,
		.delta = all ? NULL : d,
	};
}

static struct export_item link_item(const char *class, const char *anchor, const char *attr,
	const char *target, enum delta_op op)
{
	return (struct export_item){
		.kind = EXPORT_LINK,
		.op = op,
		.class = class,
		.anchor = anchor,
		.link_attr = attr_intern(attr),
		.target_class = "user",
		.target_anchor = target,
	};
}

static bool done[64];
static const char *anchors[64];

static enum conn_result learn(const struct export_item *items, unsigned n, struct err *e)
{
	*e = (struct err){0};
	return service_learn(&c, items, n, done, anchors, &arena, e);
}

static void learn_well(const struct export_item *items, unsigned n)
{
	struct err e;

	if (learn(items, n, &e) != CONN_OK)
		fail_msg("%s", e.text);
}

static const struct entry *anna(void)
{
	struct entry *en = wanted("user");

	put(en, "sourceAnchor", "YW5uYQ==");
	put(en, "displayName", "Anna");
	put(en, "userPrincipalName", "anna@x.example");
	return en;
}

#define FIND_ANNA "/users?$filter=onPremisesImmutableId%20eq%20%27YW5uYQ%3D%3D%27&$select=id"
#define USER(sync, name, title)                                                                    \
	"{\"id\":\"" ID(                                                                           \
		"1") "\",\"onPremisesImmutableId\":\"YW5uYQ==\",\"displayName\":\"" name           \
		     "\",\"userPrincipalName\":\"Anna@x.example\",\"onPremisesSyncEnabled\":" sync \
		     ",\"jobTitle\":" title "}"
#define LIST(items) "{\"value\":[" items "]}"

/* --- tests --- */

static void test_an_add_that_was_done(void **state)
{
	struct export_item it = object(anna(), NULL, false);

	show(FIND_ANNA, 200, LIST(USER("true", "Anna", "null")), 1); /* shown late */
	learn_well(&it, 1);
	assert_true(done[0]);
	assert_string_equal(anchors[0], ANNA);
	assert_int_equal(times_asked(FIND_ANNA), 2);

	it.delta = NULL;
	learn_well(&it, 1);
	assert_true(done[0]);
}

static void test_an_add_that_was_not_done(void **state)
{
	struct export_item it = object(anna(), NULL, false);

	values[0] = (char *)"1";
	learn_well(&it, 1);
	assert_false(done[0]);
	assert_null(anchors[0]);
	assert_true(times_asked(FIND_ANNA) >= 2); /* not seen is not "not done" */

	/* a cloud user of that anchor, who is not synchronized yet */
	values[0] = (char *)"0";
	show(FIND_ANNA, 200, LIST(USER("null", "Anna", "null")), 0);
	learn_well(&it, 1);
	assert_false(done[0]);
	assert_null(anchors[0]);

	show(FIND_ANNA, 200, LIST(USER("true", "Anne", "null")), 0);
	learn_well(&it, 1);
	assert_false(done[0]);
	assert_string_equal(anchors[0], ANNA);
}

static void test_how_each_class_is_found(void **state)
{
	static const unsigned char sid[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
	static const unsigned char guid[16] = {1};
	struct entry *en[5] = {wanted("group"), wanted("group"), wanted("contact"),
		wanted("contact"), wanted("device")};
	struct export_item items[6];

	values[0] = (char *)"0";
	for (unsigned i = 0; i < 5; i++)
		put(en[i], "displayName", "X");
	entry_set(
		en[0], attr_intern("onPremiseSecurityIdentifier"), value_binary(sid, sizeof(sid)));
	put(en[0], "mail", "not@this");
	put(en[1], "mail", "list@x.example"); /* no SID: by nothing */
	put(en[2], "mail", "o'neil@x.example");
	put(en[3], "proxyAddresses", "SMTP:c@x.example");
	entry_set(en[4], attr_intern("deviceId"), value_binary(guid, sizeof(guid)));
	for (unsigned i = 0; i < 5; i++)
		items[i] = object(en[i], NULL, false);
	items[5] = object(wanted("contact"), NULL, false); /* by nothing */
	show("/contacts?$filter=mail%20eq%20%27o%27%27neil%40x.example%27&$select=id", 200,
		LIST("{\"id\":\"" ID("4") "\",\"onPremisesSyncEnabled\":true,"
					  "\"displayName\":\"X\",\"mail\":\"O'Neil@x.example\"}"),
		0);
	/* two that are not equal to what was sent: nobody knows which one */
	show("/contacts?$filter=proxyAddresses", 200,
		LIST("{\"id\":\"" ID("5") "\",\"onPremisesSyncEnabled\":true},"
					  "{\"id\":\"" ID(
						  "6") "\",\"onPremisesSyncEnabled\":true}"),
		0);
	learn_well(items, 6);
	assert_true(done[2]);
	assert_string_equal(anchors[2], "Contact_" ID("4"));
	for (unsigned i = 0; i < 6; i++)
		assert_true(i == 2 || (!done[i] && !anchors[i]));
	assert_int_equal(n_asked, 4);
	assert_int_equal(times_asked("onPremisesSecurityIdentifier%20eq%20%27S-1-5-18%27"), 1);
	assert_int_equal(times_asked("any(p:p%20eq%20%27SMTP%3Ac%40x.example%27)&$select=id"), 1);
	assert_int_equal(times_asked("deviceId%20eq%20%2700000001-0000-0000-0000-0000000000"), 1);
}

/*
 * Another group may have the address: one of the same mail that AD deleted goes only after this one
 * was made. It looks as this one should, and is not it.
 */
static void test_a_group_with_the_mail_of_another(void **state)
{
	struct entry *en[2] = {wanted("group"), wanted("group")};
	struct export_item items[2];
	static const char *const attrs[] = {"mail", "proxyAddresses"};
	static const char *const texts[] = {"list@x.example", "SMTP:list@x.example"};

	values[0] = (char *)"600"; /* it is not waited for */
	for (unsigned i = 0; i < 2; i++) {
		put(en[i], "displayName", "List");
		put(en[i], attrs[i], texts[i]);
		items[i] = object(en[i], NULL, false);
	}
	show("/groups?$filter=", 200,
		LIST("{\"id\":\"" ID("3") "\",\"onPremisesSyncEnabled\":true,"
					  "\"displayName\":\"List\",\"mail\":\"list@x.example\","
					  "\"proxyAddresses\":[\"SMTP:list@x.example\"]}"),
		0);
	learn_well(items, 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_false(done[i]);
		assert_null(anchors[i]);
	}
}

static void test_an_update(void **state)
{
	struct attr none = {.id = attr_intern("title")};
	struct delta_attr title = {.id = none.id, .after = &none};
	struct entry *en = wanted("user");
	struct export_item it;

	put(en, "displayName", "Anna");
	it = object(en, ANNA, false);
	it.wanted = anna();
	show("/users/" ID("1") "?$select=id", 200, USER("true", "Anna ", "\"Boss\""), 0);
	learn_well(&it, 1);
	assert_true(done[0]); /* the title was not sent, and blanks do not count */
	assert_string_equal(anchors[0], ANNA);
	values[0] = (char *)"0";
	it.delta = &(struct delta){.attrs = &title, .n_attrs = 1}; /* it was to be cleared */
	learn_well(&it, 1);
	assert_false(done[0]);
	it = object(en, ANNA, false);

	values[0] = (char *)"0";
	show("/users/" ID("1") "?$select=id", 200, USER("true", "Anne", "null"), 0);
	learn_well(&it, 1);
	assert_false(done[0]);
	show("/users/" ID("1") "?$select=id", 404, "{}", 0);
	learn_well(&it, 1);
	assert_false(done[0]);
}

static void test_a_delete(void **state)
{
	struct export_item items[] = {
		{.kind = EXPORT_DELETE, .class = "user", .anchor = ANNA},
		{.kind = EXPORT_DELETE, .class = "user", .anchor = BOSS},
		{.kind = EXPORT_DELETE, .class = "group", .anchor = TEAM},
	};

	values[0] = (char *)"0";
	show("/users/" ID("2"), 200, "{\"id\":\"" ID("2") "\"}", 0);
	show("/directory/deletedItems/" ID("2"), 200, "{\"id\":\"" ID("2") "\"}", 0);
	show("/groups/" ID("3"), 200, "{\"id\":\"" ID("3") "\"}", 0);
	learn_well(items, 3);
	assert_true(done[0]);
	assert_true(done[1]);
	assert_false(done[2]);
	assert_int_equal(times_asked("deletedItems"), 1);
}

static void test_references(void **state)
{
	struct export_item items[] = {
		link_item("group", TEAM, "member", ANNA, DELTA_ADD),
		link_item("group", TEAM, "member", BOSS, DELTA_ADD),
		link_item("group", TEAM, "member", ANNA, DELTA_DELETE),
		link_item("group", TEAM, "member", BOSS, DELTA_DELETE),
		link_item("user", ANNA, "manager", BOSS, DELTA_ADD),
		link_item("user", ANNA, "manager", BOSS, DELTA_DELETE),
		link_item("user", BOSS, "manager", ANNA, DELTA_ADD),
		link_item("user", BOSS, "manager", ANNA, DELTA_DELETE),
		link_item("group", "Group_" ID("4"), "member", ANNA, DELTA_DELETE),
	};
	static const bool expected[] = {true, false, false, true, true, false, false, true, false};
	char page[400];

	values[0] = (char *)"0";
	snprintf(page, sizeof(page),
		"{\"@odata.nextLink\":\"%s/v1.0/more\",\"value\":[{\"id\":\"" ID("9") "\"}]}",
		server.url);
	show("/groups/" ID("3") "/members?$select=id&$top=999", 200, page, 0);
	show("/more", 200, LIST("{\"id\":\"" ID("1") "\"}"), 0);
	show("/users/" ID("1") "/manager?$select=id", 200, "{\"id\":\"" ID("2") "\"}", 0);
	learn_well(items, ARRAY_SIZE(items));
	for (unsigned i = 0; i < ARRAY_SIZE(items); i++)
		if (done[i] != expected[i])
			fail_msg("item %u", i);
	assert_int_equal(times_asked("/members"), 2); /* once for each group */
}

static void test_what_graph_does_not_show(void **state)
{
	struct export_item items[] = {
		link_item("group", TEAM, "publicDelegates", ANNA, DELTA_ADD),
		link_item("group", NULL, "member", ANNA, DELTA_ADD),
		link_item("group", TEAM, "member", NULL, DELTA_ADD),
	};

	learn_well(items, ARRAY_SIZE(items));
	for (unsigned i = 0; i < ARRAY_SIZE(items); i++)
		assert_false(done[i]);
	assert_int_equal(n_asked, 0);
}

/* What Graph never shows cannot be learnt: the anchor is told, and it is sent again. */
static void test_values_that_graph_does_not_show(void **state)
{
	const struct entry *all = anna();
	struct entry *info = wanted("user");
	struct export_item items[2];

	put((struct entry *)all, "info", "x");
	put(info, "info", "x");
	items[0] = object(all, NULL, false);
	items[1] = object(info, BOSS, false);
	values[0] = (char *)"600"; /* it is not waited for */
	show(FIND_ANNA, 200, LIST(USER("true", "Anna", "null")), 0);
	learn_well(items, 2);
	assert_false(done[0]);
	assert_false(done[1]);
	assert_string_equal(anchors[0], ANNA);
	assert_string_equal(anchors[1], BOSS);
	assert_int_equal(n_asked, 1);
	learn_well(items, 1);
	assert_int_equal(times_asked("/users"), 2);
}

static void test_many(void **state)
{
	struct export_item items[50];

	for (unsigned i = 0; i < ARRAY_SIZE(items); i++)
		items[i] = (struct export_item){.kind = EXPORT_DELETE,
			.class = "user",
			.anchor = arena_printf(&arena, "User_" ID("%u"), i)};
	n_busy = 3;
	learn_well(items, ARRAY_SIZE(items));
	for (unsigned i = 0; i < ARRAY_SIZE(items); i++)
		assert_true(done[i]);
	assert_int_equal(n_batches, 4); /* 20, those three again, 20, 10 */
}

static void expect_error(const struct export_item *it, enum conn_result result, int code)
{
	struct err e;

	assert_int_equal(learn(it, 1, &e), result);
	assert_int_equal(e.code, code);
}

/* An error says nothing of what was done. */
static void test_errors(void **state)
{
	struct export_item it = {.kind = EXPORT_DELETE, .class = "user", .anchor = ANNA};
	static const char refusal[] = "{\"error\":{\"code\":\"Denied\",\"message\":\"no\"}}";

	values[0] = (char *)"0";
	show("/users/", 403, refusal, 0);
	expect_error(&it, CONN_RUN_BAD, -EPERM);
	show("/users/", 400, refusal, 0);
	expect_error(&it, CONN_RUN_BAD, -EPROTO);
	broken = 400;
	expect_error(&it, CONN_RUN_BAD, -EPROTO);
	broken = 0;
	n_tokens = 0;
	show("/users/", 401, refusal, 0);
	it.kind = EXPORT_LINK;
	it = link_item("group", TEAM, "member", ANNA, DELTA_ADD);
	show("/groups/", 403, refusal, 0);
	expect_error(&it, CONN_RUN_BAD, -EPERM);
	show("/groups/", 200, "{}", 0);
	expect_error(&it, CONN_RUN_BAD, -EPROTO);
}

/* Devices need not be imported, and the right to read them may be missing: nothing is learnt. */
static void test_a_class_that_is_not_read(void **state)
{
	struct export_item it = {
		.kind = EXPORT_DELETE, .class = "device", .anchor = "Device_" ID("1")};

	values[0] = (char *)"600";
	show("/devices/", 403, "{}", 0);
	learn_well(&it, 1);
	assert_false(done[0]);
	assert_int_equal(n_asked, 1);
}

/* A token that is refused is renewed once. */
static void test_a_refused_token(void **state)
{
	struct export_item it = {.kind = EXPORT_DELETE, .class = "user", .anchor = ANNA};

	show("/users/", 401, "{}", 0);
	show("/users/", 404, "{}", 1);
	learn_well(&it, 1);
	assert_true(done[0]);
	assert_int_equal(n_tokens, 2);
}

static bool stop(void *ctx)
{
	return times_asked("/users/") > 0;
}

static void test_a_stop(void **state)
{
	struct http_options o = {.connect_timeout = 5,
		.request_timeout = 30,
		.connections = 2,
		.no_proxy = "*",
		.canceled = stop};
	struct export_item it = {.kind = EXPORT_DELETE, .class = "group", .anchor = TEAM};
	struct err e = {0};

	http_free(http);
	assert_int_equal(http_new(&o, &http, &e), 0);
	c.http = http;
	values[0] = (char *)"600";
	show("/groups/", 200, "{\"id\":\"" ID("3") "\"}", 0);
	ask_again("/users/");
	assert_int_equal(learn(&it, 1, &e), CONN_CANCELED);
	assert_int_equal(e.code, -ECANCELED);
}

/* What an earlier run sent shares one time. */
static void test_items_of_an_earlier_run(void **state)
{
	struct export_item it = {
		.kind = EXPORT_DELETE, .class = "group", .anchor = TEAM, .unknown_outcome = true};
	unsigned before;

	values[0] = (char *)"1";
	show("/groups/", 200, "{\"id\":\"" ID("3") "\"}", 0);
	learn_well(&it, 1);
	before = times_asked("/groups/");
	assert_true(before >= 2);
	learn_well(&it, 1);
	assert_int_equal(times_asked("/groups/"), before + 1);
	assert_false(done[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
		TEST(an_add_that_was_done),
		TEST(an_add_that_was_not_done),
		TEST(how_each_class_is_found),
		TEST(a_group_with_the_mail_of_another),
		TEST(an_update),
		TEST(a_delete),
		TEST(references),
		TEST(what_graph_does_not_show),
		TEST(values_that_graph_does_not_show),
		TEST(many),
		TEST(errors),
		TEST(a_class_that_is_not_read),
		TEST(a_refused_token),
		TEST(a_stop),
		TEST(items_of_an_earlier_run),
	};

	return cmocka_run_group_tests_name(
		"connector/entra/service/learn", tests, folder_make, folder_remove);
}
