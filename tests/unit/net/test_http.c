/* net/http: what a server may send, and what the client makes of it. */
#include "../check.h"
#include "net/http.h"
#include "server.h"

#include <stdio.h>

static struct server server;
static struct http *http;
static bool stop, stop_at_wait;
static unsigned waits;

static void count_wait(void *ctx)
{
	waits++;
	stop |= stop_at_wait;
}

static bool is_stopped(void *ctx)
{
	return stop;
}

static void begin(bool (*answer)(struct server *s, int fd, unsigned i), long seconds)
{
	struct http_options o = {
		.connect_timeout = 5,
		.request_timeout = seconds,
		.connections = 4,
		.no_proxy = "*",
		.waiting = count_wait,
		.canceled = is_stopped,
	};
	struct err e;

	stop = stop_at_wait = false;
	waits = 0;
	server_start(&server, answer);
	assert_int_equal(http_new(&o, &http, &e), 0);
}

static void end(struct http_request *r)
{
	http_request_free(r);
	http_free(http);
	server_stop(&server);
}

static struct http_request *get(void)
{
	struct http_request *r = http_request_new("GET", server.url);

	http_perform(http, r);
	return r;
}

static void assert_error(const struct http_request *r, const char *text)
{
	if (!strstr(r->error, text))
		fail_msg("\"%s\" was expected, not \"%s\"", text, r->error);
}

static bool answer_good(struct server *s, int fd, unsigned i)
{
	server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nRetry-After: 7\r\n"
		       "Date: Wed, 25 Nov 2026 18:04:05 GMT\r\n"
		       "x-ms-throttle-limit-percentage: 0.8\r\n\r\ngood");
	return true;
}

static void test_answer(void **state)
{
	struct http_request *r;

	begin(answer_good, 30);
	r = get();
	assert_int_equal(r->outcome, HTTP_ANSWERED);
	assert_int_equal(r->status, 200);
	assert_int_equal(r->retry_after, 7);
	assert_int_equal(r->date, 1795629845);
	assert_true(r->used > 0.79 && r->used < 0.81);
	assert_string_equal(buf_str(&r->answer), "good");
	assert_null(strstr(server.request.data, "Expect:"));
	http_perform(http, r); /* once more, and nothing of before is left */
	assert_string_equal(buf_str(&r->answer), "good");
	assert_int_equal(server.count, 2);
	end(r);
}

static bool answer_and_close(struct server *s, int fd, unsigned i)
{
	server_say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ngood");
	return false;
}

/* Several at once: each ends once. */
static void test_many(void **state)
{
	struct http_request *all[100], *r;
	unsigned n = 0;

	begin(answer_and_close, 30);
	for (unsigned i = 0; i < ARRAY_SIZE(all); i++) {
		all[i] = http_request_new("GET", server.url);
		http_start(http, all[i]);
	}
	while ((r = http_next(http))) {
		assert_int_equal(r->outcome, HTTP_ANSWERED);
		assert_null(r->ctx);
		r->ctx = r;
		n++;
	}
	assert_int_equal(n, ARRAY_SIZE(all));
	for (unsigned i = 1; i < ARRAY_SIZE(all); i++)
		http_request_free(all[i]);
	end(all[0]);
}

/* Many headers, each of a size that libcurl lets pass. */
static bool answer_headers(struct server *s, int fd, unsigned i)
{
	server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
	for (unsigned k = 0; k * 1000 < HTTP_HEADERS_MAX; k++) {
		server_say(fd, "X-Pad: ");
		server_pad(fd, 1000);
		server_say(fd, "\r\n");
	}
	server_say(fd, "\r\n");
	return false;
}

static void test_headers_too_large(void **state)
{
	struct http_request *r;

	begin(answer_headers, 30);
	r = get();
	assert_int_equal(r->outcome, HTTP_UNKNOWN);
	assert_error(r, "the headers of the answer are too large");
	end(r);
}

/* Half of a text would be another one, so a long header is as if it were not there. */
static bool answer_long_header(struct server *s, int fd, unsigned i)
{
	server_say(fd, "HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Basic realm=");
	server_pad(fd, 600);
	server_say(fd, "\r\nLocation: /");
	server_pad(fd, 2046);
	server_say(fd, "\r\n\r\n");
	return true;
}

static void test_long_header(void **state)
{
	struct http_request *r;

	begin(answer_long_header, 30);
	r = get();
	assert_int_equal(r->status, 401);
	assert_string_equal(r->authenticate, "");
	assert_int_equal(strlen(r->location), 2047); /* what just fits */
	end(r);
}

static bool answer_large(struct server *s, int fd, unsigned i)
{
	server_say(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"); /* of any length */
	server_pad(fd, (size_t)HTTP_BODY_MAX + (i == 0 ? 1 : 0));
	return false;
}

static void test_body_too_large(void **state)
{
	struct http_request *r;

	begin(answer_large, 60);
	r = get();
	assert_int_equal(r->outcome, HTTP_UNKNOWN);
	assert_error(r, "the answer is too large");
	http_perform(http, r);
	assert_int_equal(r->outcome, HTTP_ANSWERED);
	assert_int_equal(r->answer.len, HTTP_BODY_MAX);
	end(r);
}

/* A token is for the server that was asked, not for the one that it names. */
static bool answer_elsewhere(struct server *s, int fd, unsigned i)
{
	char text[256];

	snprintf(text, sizeof(text),
		"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: %s/other\r\n\r\n", s->url);
	server_say(fd, text);
	return true;
}

static void test_redirect(void **state)
{
	struct http_request *r;

	begin(answer_elsewhere, 30);
	r = get();
	assert_int_equal(r->outcome, HTTP_ANSWERED);
	assert_int_equal(r->status, 302);
	assert_non_null(strstr(r->location, "/other"));
	assert_int_equal(server.count, 1);
	end(r);
}

static bool answer_nothing(struct server *s, int fd, unsigned i)
{
	server_wait(fd);
	return false;
}

static void test_slow(void **state)
{
	struct http_request *r;

	begin(answer_nothing, 1);
	r = get();
	assert_int_equal(r->outcome, HTTP_UNKNOWN);
	assert_error(r, "127.0.0.1:");
	assert_error(r, "timed out");
	end(r);
}

static void test_canceled(void **state)
{
	struct http_request *r = NULL;

	begin(answer_nothing, 60);
	stop = true;
	r = get();
	assert_int_equal(r->outcome, HTTP_CANCELED);
	assert_true(http_sleep(http, 1e300)); /* whatever a server asks for */
	end(r);
}

/* The host is told before each wait, and only then asked whether to stop. */
static void test_waiting(void **state)
{
	struct http_request *r;

	begin(answer_nothing, 60);
	stop_at_wait = true;
	r = get();
	assert_int_equal(r->outcome, HTTP_CANCELED);
	assert_true(waits > 0);
	waits = 0;
	assert_true(http_sleep(http, 1e300));
	assert_int_equal(waits, 1);
	end(r);
}

static void test_abort(void **state)
{
	struct http_request *r;

	begin(answer_nothing, 60);
	r = http_request_new("GET", server.url);
	http_start(http, r);
	http_abort(http);
	assert_null(http_next(http));
	assert_int_equal(r->outcome, HTTP_UNKNOWN);
	end(r);
}

static bool answer_half(struct server *s, int fd, unsigned i)
{
	server_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf");
	return false;
}

static void test_closed_in_the_middle(void **state)
{
	struct http_request *r;

	begin(answer_half, 30);
	r = get();
	assert_int_equal(r->outcome, HTTP_UNKNOWN);
	assert_true(r->error[0]);
	end(r);
}

/* Keeps the first connection, and drops it when the second request has come. */
static bool answer_once(struct server *s, int fd, unsigned i)
{
	if (i == 1)
		return false;
	return answer_good(s, fd, i);
}

static void post_twice(bool resend, enum http_outcome outcome, unsigned requests)
{
	struct http_request *r;

	begin(answer_once, 30);
	r = http_request_new("POST", server.url);
	r->resend = resend;
	buf_adds(&r->body, "make one");
	http_perform(http, r);
	assert_int_equal(r->outcome, HTTP_ANSWERED);
	assert_non_null(strstr(server.request.data, "\r\n\r\nmake one"));
	http_perform(http, r);
	assert_int_equal(r->outcome, outcome);
	assert_int_equal(server.count, requests);
	end(r);
}

/* The server may have done it: only the caller knows whether to send it again. */
static void test_dropped_connection(void **state)
{
	post_twice(false, HTTP_UNKNOWN, 2);
	post_twice(true, HTTP_ANSWERED, 3);
}

/* All that cannot be sent is told as such, by http_next() like the rest. */
static void test_not_sent(void **state)
{
	static const char *const bad[] = {"ftp://127.0.0.1/", "http://", "no address", ""};
	struct http_request *r = NULL;
	char url[64];

	begin(answer_good, 30);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++) {
		r = http_request_new("GET", bad[i]);
		http_perform(http, r);
		assert_int_equal(r->outcome, HTTP_NOT_SENT);
		assert_true(r->error[0]);
		http_request_free(r);
	}
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", closed_port());
	r = http_request_new("GET", url);
	http_perform(http, r);
	assert_int_equal(r->outcome, HTTP_NOT_SENT);
	assert_error(r, "is the service up");
	http_request_free(r);
	r = http_request_new("GET", server.url);
	r->headers[0] = "X-One: 1\r\nX-Two: 2";
	http_perform(http, r);
	assert_int_equal(r->outcome, HTTP_NOT_SENT);
	assert_error(r, "line break");
	assert_int_equal(server.count, 0);
	end(r);
}

static void test_ca_file(void **state)
{
	struct http_options o = {.ca_file = "/nonexistent/ca.pem"};
	struct http *h = NULL;
	struct err e = {0};

	assert_true(http_new(&o, &h, &e) < 0);
	assert_string_equal(e.source, o.ca_file);
	assert_null(h);
}

static void test_url(void **state)
{
	_cleanup_buf_ struct buf b = {0};

	url_add(&b, "aZ09-._~ /?&=+%\xc3\xa5\n");
	assert_string_equal(buf_str(&b), "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%A5%0A");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_headers_too_large),
		cmocka_unit_test(test_long_header),
		cmocka_unit_test(test_body_too_large),
		cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_canceled),
		cmocka_unit_test(test_waiting),
		cmocka_unit_test(test_abort),
		cmocka_unit_test(test_closed_in_the_middle),
		cmocka_unit_test(test_dropped_connection),
		cmocka_unit_test(test_not_sent),
		cmocka_unit_test(test_ca_file),
		cmocka_unit_test(test_url),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
