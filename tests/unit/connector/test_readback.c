/*
 * connector/entra/service/readback: what is taken of objects that the provisioning service gives
 * back, how it is asked for more, and what is done when it does not answer.
 */
#include "../folder.h"
#include "../net/server.h"
#include "connector/entra/schema.h"
#include "connector/entra/service/readback.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#define OPERATION "ReadBackAzureADSyncObjects2"

/* --- a service that answers what the test has written --- */

static struct buf script[4]; /* one answer after the other; an empty one: the connection ends */
static unsigned n_script, n_calls;
static struct buf last; /* the body of the last call */
static struct server server;
static struct http *http;
static struct service service;
static char secret[128];

static void say(int fd, const char *type, const void *body, size_t n)
{
	_cleanup_buf_ struct buf b = {0};
	size_t sent = 0;

	buf_addf(&b, "HTTP/1.1 200 X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", type, n);
	buf_add(&b, n ? body : "", n);
	while (sent < b.len) {
		ssize_t k = send(fd, b.data + sent, b.len - sent, MSG_NOSIGNAL);

		if (k <= 0)
			return;
		sent += (size_t)k;
	}
}

static bool answer(struct server *s, int fd, unsigned i)
{
	static const char token[] =
		"{\"access_token\":\"e30.e30.c2ln\",\"expires_in\":3600,\"token_type\":\"Bearer\"}";
	const char *body = strstr(s->request.data, "\r\n\r\n") + 4;
	const struct buf *now = &script[MIN(n_calls, n_script - 1)];

	if (strstr(s->request.data, "/oauth2/")) {
		say(fd, "application/json", token, strlen(token));
		return true;
	}
	buf_clear(&last);
	buf_add(&last, body, s->request.len - (size_t)(body - s->request.data));
	n_calls++;
	if (now->len)
		say(fd, SERVICE_CONTENT_TYPE, now->data, now->len);
	return now->len > 0;
}

static int set_up(void **state)
{
	struct http_options o = {
		.connect_timeout = 5, .request_timeout = 60, .connections = 2, .no_proxy = "*"};
	_cleanup_free_ char *url = NULL;
	struct oauth_options oo = {.method = OAUTH_SECRET, .tenant_id = "t", .client_id = "c"};
	struct err e = {0};

	folder_put("secret", "s", secret);
	server_start(&server, answer);
	assert_int_equal(http_new(&o, &http, &e), 0);
	oo.authority = server.url;
	oo.credential_file = secret;
	url = xasprintf("%s/provisioningservice.svc", server.url);
	service_init(&service, http, &oo, "2.6.3.0", url);
	n_script = n_calls = 0;
	return 0;
}

static int tear_down(void **state)
{
	service_done(&service);
	http_free(http);
	server_stop(&server);
	for (unsigned i = 0; i < ARRAY_SIZE(script); i++)
		buf_done(&script[i]);
	buf_done(&last);
	return 0;
}

/* --- answers --- */

static struct buf *begin_answer(void)
{
	struct buf *b = &script[n_script++];

	nbfx_start(b, 's', "Envelope");
	nbfx_declare(b, 's', SERVICE_NS_SOAP);
	nbfx_start(b, 's', "Body");
	nbfx_start(b, 0, OPERATION "Response");
	nbfx_declare(b, 0, SERVICE_NS_CHANGE);
	nbfx_start(b, 0, OPERATION "Result");
	nbfx_declare(b, 'b', SERVICE_NS_OBJECT);
	nbfx_declare(b, 'c', SERVICE_NS_ARRAYS);
	nbfx_declare(b, 'd', SERVICE_NS_XS);
	nbfx_declare(b, 'i', SERVICE_NS_XSI);
	nbfx_start(b, 'b', "ResultObjects");
	return b;
}

static void end_objects(struct buf *b)
{
	nbfx_end(b);
}

static void end_answer(struct buf *b)
{
	for (unsigned i = 0; i < 4; i++)
		nbfx_end(b);
}

static void begin_object(struct buf *b)
{
	nbfx_start(b, 'b', "AzureADSyncObject");
	nbfx_start(b, 'b', "PropertyValues");
}

static void end_object(struct buf *b, const char *type)
{
	nbfx_end(b);
	nbfx_leaf(b, 'b', "SyncObjectType", type);
	nbfx_leaf(b, 'b', "SyncOperation", "Set");
	nbfx_end(b);
}

static void begin_value(struct buf *b, const char *key)
{
	nbfx_start(b, 'c', "KeyValueOfstringanyType");
	nbfx_leaf(b, 'c', "Key", key);
	nbfx_start(b, 'c', "Value");
}

static void put(struct buf *b, const char *key, const char *type, const char *text)
{
	begin_value(b, key);
	nbfx_put_attribute(b, 'i', "type", type);
	nbfx_end_text(b, text, strlen(text));
	nbfx_end(b);
}

static void put_list(struct buf *b, const char *key, const char *one, const char *two)
{
	begin_value(b, key);
	nbfx_put_attribute(b, 'i', "type", "c:ArrayOfstring");
	if (one)
		nbfx_leaf(b, 'c', "string", one);
	if (two)
		nbfx_leaf(b, 'c', "string", two);
	nbfx_end(b);
	nbfx_end(b);
}

static void put_nil(struct buf *b, const char *key)
{
	begin_value(b, key);
	nbfx_put_attribute(b, 'i', "nil", "true");
	nbfx_end(b);
	nbfx_end(b);
}

static void put_object(struct buf *b, const char *type, const char *cloud, const char *source)
{
	begin_object(b);
	put(b, "CloudAnchor", "d:string", cloud);
	put(b, "SourceAnchor", "d:string", source);
	end_object(b, type);
}

/* --- what is asked for --- */

#define HIDDEN SCHEMA_UNREADABLE
static struct schema_attr user_attrs[] = {
	{"sourceAnchor", VALUE_STRING, 0},
	{"displayName", VALUE_STRING, 0},
	{"info", VALUE_STRING, HIDDEN},
	{"pager", VALUE_STRING, HIDDEN},
	{"countryCode", VALUE_INTEGER, HIDDEN},
	{"hidden", VALUE_BOOLEAN, HIDDEN},
	{"thumbnailPhoto", VALUE_BINARY, HIDDEN},
	{"otherPager", VALUE_STRING, HIDDEN | SCHEMA_MULTI},
	{"certificate", VALUE_BINARY, HIDDEN | SCHEMA_MULTI},
	{"altRecipient", VALUE_REFERENCE, HIDDEN},
	{"delegates", VALUE_REFERENCE, HIDDEN | SCHEMA_MULTI},
};
static struct schema_attr group_attrs[] = {
	{"sourceAnchor", VALUE_STRING, HIDDEN},
	{"displayName", VALUE_STRING, 0},
	{"info", VALUE_STRING, HIDDEN},
	{"managedBy", VALUE_REFERENCE, HIDDEN},
};
static struct schema_class classes[] = {
	{"user", user_attrs, ARRAY_SIZE(user_attrs)},
	{"group", group_attrs, ARRAY_SIZE(group_attrs)},
};
static const struct schema schema = {"entra", classes, ARRAY_SIZE(classes), false};

static struct readback *ask(void)
{
	struct readback *r = NULL;
	struct err e = {0};

	if (readback_ask(&service, &schema, &r, &e) != CONN_OK)
		fail_msg("%s", e.text);
	return r;
}

static bool add_to(struct readback *r, const char *class, const char *anchor, struct entry *en,
	struct arena *a)
{
	struct err e = {0};
	bool known;

	entry_init(en, a);
	en->class = class;
	en->anchor = anchor;
	entry_set(en, attr_intern("displayName"), value_string("as Graph has it"));
	if (readback_add(r, en, &known, &e) != 0)
		fail_msg("%s", e.text);
	return known;
}

static const struct attr *attr_of(const struct entry *en, const char *name)
{
	return entry_get(en, attr_intern(name));
}

static const char *string_of(const struct entry *en, const char *name)
{
	return entry_string(en, attr_intern(name));
}

static void test_every_kind_of_value(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct buf *b = begin_answer();
	struct readback *r;
	struct entry en;

	begin_object(b);
	put(b, "INFO", "d:string", "some <text>");
	put(b, "CloudAnchor", "d:string", "User_1A");
	put(b, "SourceAnchor", "d:string", "AAA==");
	put(b, "DisplayName", "d:string", "not asked for");
	put(b, "CountryCode", "d:int", "276");
	put(b, "hidden", "d:boolean", "TRUE");
	put(b, "ThumbnailPhoto", "d:string", "AQID");
	put_list(b, "otherPager", "1", "2");
	put_list(b, "certificate", "AQ==", "Ag==");
	put(b, "NobodyKnows", "x", "?");
	put_nil(b, "Pager");
	put(b, "altRecipient", "d:string", "BBB==");
	put_list(b, "delegates", "BBB==", "nobody");
	end_object(b, "User");
	put_object(b, "Group", "Group_2", "BBB==");
	end_objects(b);
	end_answer(b);
	r = ask();
	assert_int_equal(readback_objects(r), 2);
	assert_true(add_to(r, "user", "User_1a", &en, &a));
	assert_null(en.dn); /* Graph shows a user's sourceAnchor */
	assert_string_equal(string_of(&en, "displayName"), "as Graph has it");
	assert_string_equal(string_of(&en, "info"), "some <text>");
	assert_int_equal(attr_of(&en, "countryCode")->values[0].num, 276);
	assert_int_equal(attr_of(&en, "hidden")->values[0].num, 1);
	assert_int_equal(attr_of(&en, "thumbnailPhoto")->values[0].type, VALUE_BINARY);
	assert_memory_equal(attr_of(&en, "thumbnailPhoto")->values[0].data, "\1\2\3", 3);
	assert_int_equal(attr_of(&en, "otherPager")->count, 2);
	assert_int_equal(attr_of(&en, "certificate")->count, 2);
	assert_null(attr_of(&en, "pager"));
	assert_int_equal(attr_of(&en, "altRecipient")->values[0].type, VALUE_REFERENCE);
	assert_string_equal(string_of(&en, "altRecipient"), "Group_2");
	assert_int_equal(attr_of(&en, "delegates")->count, 1);
	assert_true(add_to(r, "group", "Group_2", &en, &a));
	assert_string_equal(en.dn, entra_dn("BBB==", &a));
	assert_string_equal(string_of(&en, "sourceAnchor"), "BBB==");
	assert_null(attr_of(&en, "info"));
	assert_false(add_to(r, "group", "Group_3", &en, &a));
	assert_null(attr_of(&en, "info"));
	readback_free(r);
}

/* What does not fit is passed over, and says nothing of its attribute. */
static void test_odd_objects(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct buf *b = begin_answer();
	struct readback *r;
	struct entry en;

	nbfx_leaf(b, 'b', "Surprise", "");
	begin_object(b);
	put(b, "SourceAnchor", "d:string", "");
	put(b, "CloudAnchor", "d:string", "User_1");
	put(b, "countryCode", "d:string", "many");
	put(b, "thumbnailPhoto", "d:base64Binary", "!");
	put_list(b, "info", "one", "two"); /* has one value in our schema */
	begin_value(b, "pager");
	nbfx_start(b, 0, "referenceChanges");
	nbfx_leaf(b, 0, "SyncReferenceChange", "");
	nbfx_end(b);
	nbfx_end(b);
	nbfx_end(b);
	put_list(b, "otherPager", NULL, NULL);
	end_object(b, "USER");
	put_object(b, "Robot", "Robot_1", "X");
	put_object(b, "User", "", "X");
	begin_object(b);
	end_object(b, "User");
	end_objects(b);
	nbfx_start(b, 'b', "Statistics");
	nbfx_leaf(b, 'b', "More", "true");
	nbfx_end(b);
	end_answer(b);
	r = ask();
	assert_int_equal(readback_objects(r), 1);
	assert_string_equal(readback_members(r), "");
	assert_true(add_to(r, "user", "User_1", &en, &a));
	assert_null(en.dn);
	for (unsigned i = 0; i < ARRAY_SIZE(user_attrs); i++)
		if (user_attrs[i].flags & HIDDEN)
			assert_null(attr_of(&en, user_attrs[i].name));
	readback_free(r);
	assert_int_equal(n_calls, 1);
}

static void page(unsigned i, const char *cookie, const char *more)
{
	char cloud[16], source[16];
	struct buf *b = begin_answer();

	snprintf(cloud, sizeof(cloud), "User_%u", i);
	snprintf(source, sizeof(source), "S%u", i);
	put_object(b, "User", cloud, source);
	end_objects(b);
	if (cookie)
		nbfx_leaf(b, 'b', "NewCookie", cookie);
	if (more)
		nbfx_leaf(b, 'b', "MoreData", more);
	end_answer(b);
}

static void last_asked(const char *part)
{
	_cleanup_buf_ struct buf xml = {0};
	struct err e = {0};

	assert_int_equal(nbfx_to_xml(last.data, last.len, &xml, &e), 0);
	if (!strstr(buf_str(&xml), part))
		fail_msg("missing: %s in\n%s", part, buf_str(&xml));
}

static void test_pages(void **state)
{
	struct readback *r;

	page(1, "QQ==", "true");
	page(2, "Qg==", "true");
	page(3, "Qw==", "false");
	r = ask();
	assert_int_equal(n_calls, 3);
	assert_int_equal(readback_objects(r), 3);
	assert_string_equal(readback_members(r), "NewCookie, MoreData");
	last_asked(">Qg==</inputCookie>");
	last_asked("<includeLicenseInformation>true<");
	last_asked("<isFullSync>true<");
	readback_free(r);
}

/* Nothing says whether more follows: until a page has nothing new, or its cookie is the same. */
static void test_cookies_alone(void **state)
{
	struct readback *r;

	page(1, "QQ==", NULL);
	page(2, "Qg==", NULL);
	page(2, "Qw==", NULL);
	r = ask();
	assert_int_equal(n_calls, 3);
	assert_int_equal(readback_objects(r), 2);
	readback_free(r);
	n_script = n_calls = 0;
	for (unsigned i = 0; i < ARRAY_SIZE(script); i++)
		buf_clear(&script[i]);
	page(1, "QQ==", NULL);
	page(2, "QQ==", NULL);
	page(3, NULL, NULL);
	r = ask();
	assert_int_equal(n_calls, 2);
	readback_free(r);
}

static void test_one_page(void **state)
{
	struct readback *r;

	page(1, NULL, "true"); /* more, but no way to ask for it */
	r = ask();
	assert_int_equal(n_calls, 1);
	last_asked("i:nil=\"true\"");
	readback_free(r);
}

/* A whole tenant in one answer: more than a message of any other operation may have. */
static void test_large(void **state)
{
	static const size_t N = 1 << 20;
	_cleanup_arena_ struct arena a = {0};
	_cleanup_free_ char *text = xmalloc(N + 1);
	struct buf *b = begin_answer();
	struct readback *r;
	struct entry en;

	memset(text, 'x', N);
	text[N] = '\0';
	for (unsigned i = 0; i < 66; i++) {
		char anchor[16];

		snprintf(anchor, sizeof(anchor), "User_%u", i);
		begin_object(b);
		put(b, "CloudAnchor", "d:string", anchor);
		put(b, "info", "d:string", text);
		end_object(b, "User");
	}
	end_objects(b);
	end_answer(b);
	assert_true(b->len > NBFX_MESSAGE_MAX);
	r = ask();
	assert_true(add_to(r, "user", "User_65", &en, &a));
	assert_int_equal(attr_of(&en, "info")->values[0].len, N);
	readback_free(r);
}

static void test_no_answer(void **state)
{
	struct readback *r = NULL;
	struct err e = {0};
	struct buf *b = &script[n_script++];

	nbfx_start(b, 's', "Envelope");
	nbfx_declare(b, 's', SERVICE_NS_SOAP);
	nbfx_start(b, 's', "Body");
	nbfx_start(b, 's', "Fault");
	nbfx_start(b, 's', "Reason");
	nbfx_leaf(b, 's', "Text", "ReadBack is not for you.");
	for (unsigned i = 0; i < 4; i++)
		nbfx_end(b);
	assert_int_equal(readback_ask(&service, &schema, &r, &e), CONN_OBJECT_BAD);
	assert_non_null(strstr(e.text, "not for you"));
	assert_null(r);
	buf_clear(b);
	buf_adds(b, "<html>");
	assert_int_equal(readback_ask(&service, &schema, &r, &e), CONN_RUN_BAD);
	buf_clear(b);
	page(1, NULL, NULL);
	script[0].len = script[1].len - 20; /* ends in the middle */
	script[0].data = xrealloc(script[0].data, script[1].len);
	memcpy(script[0].data, script[1].data, script[0].len);
	n_script = 1;
	assert_int_equal(readback_ask(&service, &schema, &r, &e), CONN_RUN_BAD);
	buf_clear(&script[0]); /* the connection ends */
	assert_int_equal(readback_ask(&service, &schema, &r, &e), CONN_DOWN);
	assert_null(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_kind_of_value, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_odd_objects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_pages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cookies_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_one_page, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_large, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_answer, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
