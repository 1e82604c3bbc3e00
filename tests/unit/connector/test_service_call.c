/*
 * connector/entra/service/call: sign-in, what is sent, and what each kind of answer means, against
 * a server on the loopback interface.
 */
#include "../folder.h"
#include "../net/server.h"
#include "connector/entra/service/call.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define TOKEN "eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJYIl19.c2ln"

/* What the service is answered, one after the other; the last one again and again. */
static struct script {
	int status; /* 0: the connection is cut */
	struct buf body;
} script[4];
static unsigned n_script, n_calls, n_tokens;
static unsigned pause_ms;  /* before each answer of the service */
static bool is_silent;     /* it answers nothing */
static unsigned asks_left; /* 1: the stop is wanted; more: after so many questions; 0: never */
static struct buf last;    /* the body of the last call */

static struct server server;
static struct http *http;
static struct service service;
static char secret[128];

static void say(int fd, int status, const char *type, const void *body, size_t n)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addf(&b, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status,
		type, n);
	buf_add(&b, n ? body : "", n);
	(void)!send(fd, b.data, b.len, MSG_NOSIGNAL);
}

static bool answer(struct server *s, int fd, unsigned i)
{
	static const char token[] =
		"{\"access_token\":\"" TOKEN "\",\"expires_in\":3600,\"token_type\":\"Bearer\"}";
	const char *body = strstr(s->request.data, "\r\n\r\n") + 4;
	const struct script *now;

	if (strstr(s->request.data, "/oauth2/")) {
		n_tokens++;
		assert_non_null(strstr(body, "6bf85cfa-ac8a-4be5-b5de-425a0d0dc016%2F.default"));
		say(fd, 200, "application/json", token, strlen(token));
		return true;
	}
	buf_clear(&last);
	buf_add(&last, body, s->request.len - (size_t)(body - s->request.data));
	assert_non_null(strstr(s->request.data, "Content-Type: application/soap+msbin1\r\n"));
	assert_null(strstr(s->request.data, "Authorization:"));
	n_calls++;
	if (is_silent) {
		server_wait(fd);
		return false;
	}
	usleep(pause_ms * 1000);
	now = &script[MIN(n_calls - 1, n_script - 1)];
	if (!now->status)
		return false;
	say(fd, now->status, SERVICE_CONTENT_TYPE, now->body.data, now->body.len);
	return true;
}

static bool is_stopped(void *ctx)
{
	if (asks_left > 1)
		asks_left--;
	return asks_left == 1;
}

static void open_http(long request_timeout)
{
	struct http_options o = {.connect_timeout = 5,
		.request_timeout = request_timeout,
		.connections = 2,
		.no_proxy = "*",
		.canceled = is_stopped};
	struct err e = {0};

	assert_int_equal(http_new(&o, &http, &e), 0);
}

static int set_up(void **state)
{
	_cleanup_free_ char *url = NULL;
	struct oauth_options oo = {.method = OAUTH_SECRET, .tenant_id = "t", .client_id = "c"};

	folder_put("secret", "s", secret);
	server_start(&server, answer);
	open_http(30);
	oo.authority = server.url;
	oo.credential_file = secret;
	url = xasprintf("%s/provisioningservice.svc", server.url);
	service_init(&service, http, &oo, "2.6.3.0", url);
	n_script = n_calls = n_tokens = pause_ms = asks_left = 0;
	is_silent = false;
	return 0;
}

static int tear_down(void **state)
{
	service_done(&service);
	http_free(http);
	server_stop(&server);
	for (unsigned i = 0; i < ARRAY_SIZE(script); i++)
		buf_done(&script[i].body);
	buf_done(&last);
	return 0;
}

/* --- answers --- */

static struct buf *next(int status)
{
	script[n_script].status = status;
	buf_clear(&script[n_script].body);
	return &script[n_script++].body;
}

static void begin_envelope(struct buf *b)
{
	nbfx_start(b, 's', "Envelope");
	nbfx_declare(b, 's', SERVICE_NS_SOAP);
	nbfx_start(b, 's', "Body");
}

static void answer_good(void)
{
	struct buf *b = next(200);

	begin_envelope(b);
	nbfx_leaf(b, 0, "FinalizeExportResponse", "");
	nbfx_end(b);
	nbfx_end(b);
}

static void answer_fault(const char *text, const char *redirect)
{
	struct buf *b = next(500);

	begin_envelope(b);
	nbfx_start(b, 's', "Fault");
	nbfx_start(b, 's', "Reason");
	nbfx_leaf(b, 's', "Text", text);
	nbfx_end(b);
	nbfx_start(b, 's', "Detail");
	if (redirect) {
		nbfx_start(b, 0, "BindingRedirectionFault");
		nbfx_leaf(b, 0, "Url", redirect);
		nbfx_end(b);
	}
	for (unsigned i = 0; i < 4; i++)
		nbfx_end(b);
}

static void write_total(struct buf *b, void *ctx)
{
	nbfx_leaf(b, 0, "totalExported", ctx);
}

static enum conn_result call(bool *ret_unknown, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct service_answer ret;

	*e = (struct err){0};
	return service_call(&service, "FinalizeExport", write_total, "3", &a, &ret, ret_unknown, e);
}

/* No word of an error may hold the token. */
static void expect(enum conn_result result, int code, const char *part, bool unknown)
{
	struct err e;
	bool is_unknown;

	assert_int_equal(call(&is_unknown, &e), result);
	assert_int_equal(e.code, code);
	assert_int_equal(is_unknown, unknown);
	assert_null(strstr(e.text, TOKEN));
	if (part && !strstr(e.text, part))
		fail_msg("no \"%s\" in: %s", part, e.text);
}

/* --- tests --- */

static void test_good(void **state)
{
	_cleanup_buf_ struct buf xml = {0};
	struct err e = {0};

	answer_good();
	expect(CONN_OK, 0, NULL, false);
	assert_int_equal(nbfx_to_xml(last.data, last.len, &xml, &e), 0);
	assert_non_null(strstr(buf_str(&xml), ">" TOKEN "</BearerToken>"));
	assert_non_null(strstr(buf_str(&xml), "<totalExported>3</totalExported>"));
	assert_non_null(strstr(buf_str(&xml), "/provisioningservice.svc</a:To>"));
	expect(CONN_OK, 0, NULL, false); /* without signing in again */
	assert_int_equal(n_tokens, 1);
	assert_int_equal(n_calls, 2);
}

static void test_faults(void **state)
{
	answer_fault("Windows Azure Active Directory is currently busy. This operation will be "
		     "retried automatically.",
		NULL);
	expect(CONN_DOWN, -EAGAIN, "currently busy", false);
	n_script = n_calls = 0;
	answer_fault("Identity synchronization is not yet activated for this company.", NULL);
	expect(CONN_RUN_BAD, -EPERM, "onPremisesSyncEnabled", false);
	n_script = n_calls = 0;
	answer_fault("This version of the Directory Sync tool is no longer supported", NULL);
	expect(CONN_RUN_BAD, -EPERM, "sync_build", false);
	n_script = n_calls = 0;
	answer_fault("The provisioned object is too large.", NULL);
	expect(CONN_OBJECT_BAD, -EINVAL, "too large", false);
	n_script = n_calls = 0;
	answer_fault("", NULL);
	expect(CONN_OBJECT_BAD, -EINVAL, "does not say why", false);
}

static void test_a_refused_token(void **state)
{
	static const char denied[] = "Access to Azure Active Directory has been denied. Contact "
				     "Technical Support.";

	answer_fault(denied, NULL);
	expect(CONN_RUN_BAD, -EPERM, "ADSynchronization.ReadWrite.All", false);
	assert_int_equal(n_tokens, 2); /* a new one was tried, once */
	assert_int_equal(n_calls, 2);
	n_script = n_calls = 0;
	answer_fault(denied, NULL);
	answer_good();
	expect(CONN_OK, 0, NULL, false);
}

/* By something before the service, without its words. */
static void test_a_token_refused_by_401(void **state)
{
	next(401);
	expect(CONN_RUN_BAD, -EACCES, "nor a new one (it answers 401)", false);
	assert_int_equal(n_tokens, 2);
	assert_int_equal(n_calls, 2);
	n_script = n_calls = n_tokens = 0;
	next(401);
	answer_good();
	expect(CONN_OK, 0, NULL, false);
	assert_int_equal(n_tokens, 1);
	assert_int_equal(n_calls, 2);
}

static void test_redirects(void **state)
{
	answer_fault("Redirect", "https://evil.example/provisioningservice.svc");
	expect(CONN_RUN_BAD, -EPROTO, "not Microsoft's", false);
	assert_int_equal(n_calls, 1);
	n_script = n_calls = 0;
	answer_fault("Redirect", "http://x.microsoftonline.com/");
	expect(CONN_RUN_BAD, -EPROTO, "not Microsoft's", false);

	n_script = n_calls = 0;
	answer_fault("Redirect", "https://127.0.0.1/elsewhere"); /* our own: where we are */
	answer_good();
	expect(CONN_OK, 0, NULL, false);
	assert_int_equal(n_calls, 2);
	assert_int_equal(service.redirects, 1);
	n_script = n_calls = 0;
	answer_fault("Redirect", "https://127.0.0.1/"); /* again and again */
	expect(CONN_RUN_BAD, -ELOOP, "4th time", false);
	assert_int_equal(n_calls, 4);

	assert_true(service_may_go("https://adminwebservice.microsoftonline.com/p.svc",
		"https://adminwebservice-s1-bn1a.microsoftonline.com/p.svc"));
	assert_true(service_may_go("https://localhost:1/p.svc", "https://localhost:2/p.svc"));
	assert_false(service_may_go("https://localhost:1/p.svc", "https://localhos:2/p.svc"));
	assert_false(service_may_go("https://a/", "https://microsoftonline.com.evil.example/"));
	assert_false(service_may_go("https://a/", "https://evilmicrosoftonline.com/"));
	assert_false(service_may_go("https://a/", "https://evil.example/.microsoftonline.com"));
	assert_false(service_may_go("https://a/", "https://evil.example#.microsoftonline.com"));
	assert_false(service_may_go("https://a/", "https://evil.example\\.microsoftonline.com"));
	assert_false(service_may_go("https://a/", "https://x@evil.example/.microsoftonline.com"));
	assert_false(service_may_go("https://a/", ""));
}

static void test_other_answers(void **state)
{
	buf_adds(next(200), "<html>");
	expect(CONN_RUN_BAD, -EPROTO, "cannot be read", true);
	n_script = n_calls = 0;
	buf_adds(next(500), "<html>");
	expect(CONN_DOWN, -EAGAIN, "answered 500", true);
	n_script = n_calls = 0;
	next(503);
	expect(CONN_DOWN, -EAGAIN, "answered 503", false);
	n_script = n_calls = 0;
	next(415);
	expect(CONN_RUN_BAD, -EPROTO, "service_url", false);
	n_script = n_calls = 0;
	answer_good();
	script[0].body.len--; /* cut short */
	expect(CONN_RUN_BAD, -EPROTO, "cannot be read", true);
	n_script = n_calls = 0;
	answer_good();
	buf_addc(&script[0].body, 'x'); /* something behind the end */
	expect(CONN_RUN_BAD, -EPROTO, "cannot be read", true);
	n_script = n_calls = 0;
	next(200); /* nothing at all */
	expect(CONN_RUN_BAD, -EPROTO, "cannot be read", true);
	n_script = n_calls = 0;
	next(302); /* to the page where a network's portal signs people in: not followed */
	expect(CONN_RUN_BAD, -EPROTO, "service_url", false);
	n_script = n_calls = 0;
	next(0);
	expect(CONN_DOWN, -EHOSTDOWN, NULL, true);
}

/* The service is slower than all others: its requests have a time-out of their own. */
static void test_a_slow_answer(void **state)
{
	answer_good();
	expect(CONN_OK, 0, NULL, false);
	http_free(http); /* signed in; now a client that waits one second */
	open_http(1);
	service.http = http;
	pause_ms = 1500;
	service.timeout = 60;
	expect(CONN_OK, 0, NULL, false);
	service.timeout = 0;
	expect(CONN_DOWN, -EHOSTDOWN, NULL, true);
	http_free(http);
	open_http(600);
	service.http = http;
	is_silent = true;
	service.timeout = 1;
	expect(CONN_DOWN, -EHOSTDOWN, NULL, true);
	assert_int_equal(n_tokens, 1);
}

static void test_a_stop_while_it_is_slow(void **state)
{
	answer_good();
	expect(CONN_OK, 0, NULL, false);
	is_silent = true;
	service.timeout = 330;
	asks_left = 4;
	expect(CONN_CANCELED, -ECANCELED, "stopped", true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_faults, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_refused_token, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_token_refused_by_401, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_redirects, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_slow_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_stop_while_it_is_slow, set_up, tear_down),
	};

	return cmocka_run_group_tests_name(
		"connector/entra/service/call", tests, folder_make, folder_remove);
}
