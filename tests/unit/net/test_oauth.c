/* net/oauth: what is sent to sign in, and which answers and files are taken. */
#include "../folder.h"
#include "../forgotten.h"
#include "net/oauth.h"
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define SECRET "s3cret&with=signs+and/more"
#define TOKEN "eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJVc2VyLlJlYWQuQWxsIl19.c2ln"

static struct server server;
static struct http *http;
static const char *reply_text; /* of the last request of a sign-in */
static const char *challenge;  /* of the first; NULL: there is none */

static bool answer(struct server *s, int fd, unsigned i)
{
	char head[1024];

	if (challenge && i == 0) {
		snprintf(head, sizeof(head),
			"HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: %s\r\n\r\n",
			challenge);
		server_say(fd, head);
		return true;
	}
	server_say(fd, reply_text);
	return false;
}

static void begin(const char *first, const char *status, const char *json)
{
	struct http_options o = {
		.connect_timeout = 5, .request_timeout = 30, .connections = 4, .no_proxy = "*"};
	static char text[2048];
	struct err e;

	snprintf(text, sizeof(text),
		"HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s", status,
		strlen(json), json);
	reply_text = text;
	challenge = first;
	server_start(&server, answer);
	assert_int_equal(http_new(&o, &http, &e), 0);
}

static void end(struct oauth *a)
{
	oauth_done(a);
	http_free(http);
	server_stop(&server);
}

static struct oauth with_secret(const char *file)
{
	return (struct oauth){.o = {.method = OAUTH_SECRET,
				      .authority = server.url,
				      .tenant_id = "tenant",
				      .client_id = "client",
				      .credential_file = file,
				      .scope = "https://graph.example/.default"}};
}

static struct oauth as_machine(void)
{
	return (struct oauth){.o = {.method = OAUTH_MANAGED_IDENTITY,
				      .resource = "https://graph.example",
				      .identity_endpoint = server.url,
				      .identity_keys = folder}};
}

static void test_secret(void **state)
{
	struct err e = {0};
	struct oauth a;
	char file[128];

	folder_put("secret", SECRET "\n", file);
	begin(NULL, "200 OK", "{\"access_token\": \"" TOKEN "\", \"expires_in\": 3600}");
	a = with_secret(file);
	forgotten = 0;
	forgotten_text = "s3cret";
	assert_string_equal(oauth_header(&a, http, &e), "Authorization: Bearer " TOKEN);
	assert_non_null(
		strstr(server.request.data, "&client_secret=s3cret%26with%3Dsigns%2Band%2Fmore"));
	assert_non_null(strstr(server.request.data, "POST /tenant/oauth2/v2.0/token HTTP/1.1"));
	assert_int_equal(forgotten, 0);
	buf_done(&server.request); /* the server's own, which shows that we would see it */
	forgotten_text = NULL;
	assert_true(forgotten > 0);
	assert_true(oauth_has_role(&a, "User.Read.All"));
	assert_false(oauth_has_role(&a, "User.Read"));
	assert_true(oauth_fresh(&a));
	assert_non_null(oauth_header(&a, http, &e));
	assert_int_equal(server.count, 1);
	oauth_forget(&a);
	assert_false(oauth_fresh(&a));
	end(&a);
}

/* The token in the header, in the request's list of headers and in the answer. */
static void test_token_is_wiped(void **state)
{
	struct http_request *r;
	struct err e = {0};
	struct oauth a;
	char file[128];

	folder_put("secret", SECRET, file);
	begin(NULL, "200 OK", "{\"access_token\": \"" TOKEN "\", \"expires_in\": 3600}");
	a = with_secret(file);
	forgotten = 0;
	forgotten_text = ".c2ln";
	r = http_request_new("GET", server.url);
	r->headers[0] = oauth_header(&a, http, &e);
	assert_non_null(r->headers[0]);
	http_perform(http, r);
	assert_int_equal(r->outcome, HTTP_ANSWERED);
	r->answer.wipe = true; /* this answer has the token in it as well */
	http_request_free(r);
	oauth_forget(&a);
	assert_int_equal(forgotten, 0);
	forgotten_text = NULL;
	end(&a);
}

static void refused(const char *status, const char *json, int code, const char *why)
{
	struct err e = {0};
	struct oauth a;
	char file[128];

	folder_put("secret", SECRET, file);
	begin(NULL, status, json);
	a = with_secret(file);
	assert_null(oauth_header(&a, http, &e));
	assert_int_equal(e.code, code);
	if (!strstr(e.text, why))
		fail_msg("%s: %s", why, e.text);
	assert_null(strstr(e.text, "s3cret"));
	end(&a);
}

static void test_refused(void **state)
{
	refused("401 No",
		"{\"error\": \"invalid_client\", \"error_description\": "
		"\"AADSTS7000215\\r\\nTrace\"}",
		-EACCES, "AADSTS7000215 (invalid_client, 401)");
	refused("400 No", "not JSON", -EACCES, "cannot sign in");
	refused("503 Busy", "", -EAGAIN, "next cycle");
	refused("429 Busy", "", -EAGAIN, "next cycle");
	refused("200 OK", "", -EPROTO, "no token");
	refused("200 OK", "{\"expires_in\": 3600}", -EPROTO, "no token");
	refused("200 OK", "{\"access_token\": \"\", \"expires_in\": 3600}", -EPROTO, "no token");
	refused("200 OK", "{\"access_token\": \"a\", \"expires_in\": 0}", -EPROTO, "no token");
	refused("200 OK", "{\"access_token\": \"a\", \"expires_in\": 99999999}", -EPROTO,
		"no token");
	/* what would end the header and begin another */
	refused("200 OK", "{\"access_token\": \"a\\r\\nX-Evil: 1\", \"expires_in\": 3600}", -EPROTO,
		"no token");
	refused("200 OK", "{\"access_token\": \"a b\", \"expires_in\": 3600}", -EPROTO, "no token");
}

static void test_secret_file(void **state)
{
	struct err e = {0};
	struct oauth a;
	char file[128];

	begin(NULL, "200 OK", "{}");
	folder_put("secret", SECRET, file);
	assert_int_equal(chmod(file, 0644), 0);
	a = with_secret(file);
	assert_null(oauth_header(&a, http, &e));
	assert_int_equal(e.code, -EACCES);
	assert_non_null(strstr(e.text, "chmod 600"));
	assert_int_equal(server.count, 0);
	end(&a);
}

static void test_machine(void **state)
{
	char file[128], realm[160];
	struct err e = {0};
	struct oauth a;

	folder_put("proof.key", "proof-of-arc\r\n", file);
	snprintf(realm, sizeof(realm), "Basic realm=%s", file);
	begin(realm, "200 OK", "{\"access_token\": \"" TOKEN "\", \"expires_in\": \"3600\"}");
	a = as_machine();
	assert_string_equal(oauth_header(&a, http, &e), "Authorization: Bearer " TOKEN);
	assert_non_null(strstr(server.request.data, "\r\nAuthorization: Basic proof-of-arc\r\n"));
	assert_non_null(strstr(server.request.data, "resource=https%3A%2F%2Fgraph.example"));
	assert_int_equal(server.count, 2);
	end(&a);
}

/* The challenge names a file; it must be one of Arc's, and fit into a header. */
static void machine_refused(const char *realm)
{
	struct err e = {0};
	struct oauth a;

	begin(realm, "200 OK", "{\"access_token\": \"" TOKEN "\", \"expires_in\": 3600}");
	a = as_machine();
	if (oauth_header(&a, http, &e))
		fail_msg("%s is taken", realm);
	if (server.count != 1)
		fail_msg("%s: %u requests", realm, server.count);
	end(&a);
}

static void test_machine_refused(void **state)
{
	static const char *const bad_keys[] = {
		"a\nX-Evil: 1", "a\r\nX-Evil: 1\r\n", "two words", "", "\n", "\x80", "a\tb"};
	char file[128], realm[160];

	for (unsigned i = 0; i < ARRAY_SIZE(bad_keys); i++) {
		folder_put("proof.key", bad_keys[i], file);
		snprintf(realm, sizeof(realm), "Basic realm=%s", file);
		machine_refused(realm);
	}
	folder_put("proof.txt", "good", file);
	snprintf(realm, sizeof(realm), "Basic realm=%s", file);
	machine_refused(realm); /* no .key */
	machine_refused("Basic realm=/etc/passwd");
	snprintf(realm, sizeof(realm), "Basic realm=%s/../proof.key", folder);
	machine_refused(realm);
	snprintf(realm, sizeof(realm), "Basic realm=%s/absent.key", folder);
	machine_refused(realm);
	snprintf(file, sizeof(file), "%s/pipe.key", folder);
	assert_int_equal(mkfifo(file, 0600), 0);
	snprintf(realm, sizeof(realm), "Basic realm=%s", file);
	machine_refused(realm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_secret),
		cmocka_unit_test(test_token_is_wiped),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_secret_file),
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_machine_refused),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
