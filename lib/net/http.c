/*
 * The HTTP client: one multi handle, easy handles reused, connections kept alive. A request that
 * cannot be begun, for whatever reason, ends through http_next() like every other, as not sent.
 */
#include "net/http.h"
#include "base/file.h"
#include "base/timefmt.h"

#include <assert.h>
#include <curl/curl.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define IDLE_MAX 16
#define SLEEP_MAX 86400.0    /* seconds; what a server asks for is a number of any size */
#define CANCEL_GRACE_MS 2500 /* for answers to what is in flight when the host asks to stop */

struct http {
	CURLM *multi;
	struct http_options o;
	char *ca_file, *proxy_secret;
	CURL *idle[IDLE_MAX];
	unsigned n_idle, n_flight;
	struct http_request **flight;
	unsigned cap_flight;
	int64_t canceled_at; /* monotonic ms; 0: not canceled */
};

struct transfer {
	CURL *easy;
	struct curl_slist *headers;
	char detail[CURL_ERROR_SIZE];
	size_t header_bytes;   /* of the answer so far */
	const char *too_large; /* which part of the answer */
	size_t sent;           /* bytes of the body given to libcurl */
	const char *failed;    /* it could not be begun */
};

int http_new(const struct http_options *o, struct http **ret, struct err *e)
{
	static bool initialised;
	struct http *h;

	if (!initialised && curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return err_set(e, -EIO, NULL, 0, "libcurl cannot be initialised");
	initialised = true;
	if (o->ca_file && access(o->ca_file, R_OK) < 0)
		return err_set(
			e, -errno, o->ca_file, 0, "cannot read the CA file: %s", strerror(errno));
	h = xcalloc(1, sizeof(*h));
	h->o = *o;
	h->ca_file = o->ca_file ? xstrdup(o->ca_file) : NULL;
	h->proxy_secret = o->proxy_secret ? xstrdup(o->proxy_secret) : NULL;
	h->multi = curl_multi_init();
	if (!h->multi) {
		http_free(h);
		return err_set(e, -ENOMEM, NULL, 0, "libcurl cannot be initialised");
	}
	if (curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, o->connections) !=
			CURLM_OK ||
		curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, o->connections) != CURLM_OK) {
		http_free(h);
		return err_set(e, -EINVAL, NULL, 0, "libcurl cannot be set up");
	}
	*ret = h;
	return 0;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	for (unsigned i = 0; i < h->n_idle; i++)
		curl_easy_cleanup(h->idle[i]);
	curl_multi_cleanup(h->multi);
	free(h->flight);
	free(h->ca_file);
	secret_free(h->proxy_secret);
	free(h);
}

struct http_request *http_request_new(const char *method, const char *url)
{
	struct http_request *r = xcalloc(1, sizeof(*r));

	r->method = method;
	r->url = xstrdup(url);
	return r;
}

void http_request_reset(struct http_request *r)
{
	buf_clear(&r->answer);
	r->status = 0;
	r->retry_after = -1;
	r->date = 0;
	r->used = 0;
	r->location[0] = r->authenticate[0] = r->error[0] = '\0';
}

void http_request_free(struct http_request *r)
{
	if (!r)
		return;
	buf_done(&r->body);
	buf_done(&r->answer);
	free(r->url);
	free(r);
}

static size_t spool_body(const char *p, size_t n, FILE *to, struct transfer *t)
{
	if (ftello(to) + (off_t)n > HTTP_SPOOL_MAX) {
		t->too_large = "the answer is too large";
		return 0;
	}
	if (fwrite(p, 1, n, to) != n) {
		t->too_large = "the answer does not fit into a temporary file";
		return 0;
	}
	return n;
}

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
	struct http_request *r = ctx;
	struct transfer *t = r->internal;

	if (r->spool)
		return spool_body(p, size * n, r->spool, t);
	if (r->answer.len + size * n > HTTP_BODY_MAX) {
		t->too_large = "the answer is too large";
		return 0;
	}
	buf_add(&r->answer, p, size * n);
	return size * n;
}

static const char *header_value(const char *line, size_t n, const char *name)
{
	size_t m = strlen(name);

	if (n <= m || strncasecmp(line, name, m) != 0 || line[m] != ':')
		return NULL;
	for (m++; m < n && line[m] == ' '; m++)
		;
	return line + m;
}

static void copy_header(const char *line, size_t n, const char *name, char *ret, size_t size)
{
	const char *v = header_value(line, n, name);
	size_t m = v ? n - (size_t)(v - line) : 0;

	while (m && (v[m - 1] == '\r' || v[m - 1] == '\n'))
		m--;
	if (m && m < size) /* half of a text would be another one */
		snprintf(ret, size, "%.*s", (int)m, v);
}

/* RFC 9110 5.6.7; what is no date is none. */
static int64_t read_date(const char *line, size_t n)
{
	char text[64] = "";
	int64_t date;

	copy_header(line, n, "Date", text, sizeof(text));
	date = *text ? (int64_t)curl_getdate(text, NULL) : 0;
	return MAX(date, (int64_t)0);
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
	struct http_request *r = ctx;
	struct transfer *t = r->internal;
	const char *v;
	size_t len = size * n;

	t->header_bytes += len;
	if (t->header_bytes > HTTP_HEADERS_MAX) {
		t->too_large = "the headers of the answer are too large";
		return 0;
	}
	v = header_value(p, len, "Retry-After");
	if (v && isdigit((unsigned char)*v))
		r->retry_after = strtol(v, NULL, 10);
	v = header_value(p, len, "x-ms-throttle-limit-percentage");
	if (v)
		r->used = strtod(v, NULL);
	if (header_value(p, len, "Date"))
		r->date = read_date(p, len);
	copy_header(p, len, "Location", r->location, sizeof(r->location));
	copy_header(p, len, "WWW-Authenticate", r->authenticate, sizeof(r->authenticate));
	return len;
}

static CURL *take_easy(struct http *h)
{
	CURL *easy;

	if (h->n_idle == 0)
		return curl_easy_init();
	easy = h->idle[--h->n_idle];
	curl_easy_reset(easy);
	return easy;
}

static size_t give_body(char *p, size_t size, size_t n, void *ctx)
{
	struct http_request *r = ctx;
	struct transfer *t = r->internal;
	size_t len = MIN(size * n, r->body.len - t->sent);

	memcpy(p, r->body.data + t->sent, len);
	t->sent += len;
	return len;
}

/* An option that is not taken is a request that is not what was asked for: it is not sent. */
#define SET(t, option, value)                                                \
	do {                                                                 \
		CURLcode _code = curl_easy_setopt((t)->easy, option, value); \
		if (_code != CURLE_OK && !(t)->failed)                       \
			(t)->failed = curl_easy_strerror(_code);             \
	} while (0)

/*
 * libcurl sends a request again by itself when a kept connection turns out to be dead. It cannot do
 * so for a body that it reads from us, which it has no way to rewind: that is an error, and the
 * outcome is unknown, as it should be.
 */
static void set_body(struct http_request *r, struct transfer *t)
{
	if (!r->body.len)
		return;
	SET(t, CURLOPT_POST, 1L);
	SET(t, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.len);
	if (r->resend) {
		SET(t, CURLOPT_POSTFIELDS, r->body.data);
		return;
	}
	SET(t, CURLOPT_READFUNCTION, give_body);
	SET(t, CURLOPT_READDATA, r);
}

static void set_proxy(const struct http *h, const struct http_request *r, struct transfer *t)
{
	if (r->direct) {
		SET(t, CURLOPT_NOPROXY, "*");
		return;
	}
	if (h->o.proxy)
		SET(t, CURLOPT_PROXY, h->o.proxy);
	if (h->o.no_proxy)
		SET(t, CURLOPT_NOPROXY, h->o.no_proxy);
	if (h->proxy_secret)
		SET(t, CURLOPT_PROXYUSERPWD, h->proxy_secret);
}

static void set_headers(const struct http_request *r, struct transfer *t)
{
	static const char *const none[] = {"Expect:", NULL};
	const char *const *lists[] = {r->headers, none};

	for (unsigned k = 0; k < ARRAY_SIZE(lists); k++)
		for (int i = 0; lists[k][i]; i++) {
			const char *line = lists[k][i];
			struct curl_slist *more = curl_slist_append(t->headers, line);

			if (line[strcspn(line, "\r\n")])
				t->failed = "a header of the request has a line break";
			if (!more)
				t->failed = "out of memory";
			else
				t->headers = more;
		}
	SET(t, CURLOPT_HTTPHEADER, t->headers);
}

static void set_options(const struct http *h, struct http_request *r, struct transfer *t)
{
	set_headers(r, t);
	SET(t, CURLOPT_URL, r->url);
	SET(t, CURLOPT_PROTOCOLS_STR, "https,http");
	SET(t, CURLOPT_PRIVATE, r);
	SET(t, CURLOPT_ERRORBUFFER, t->detail);
	SET(t, CURLOPT_WRITEFUNCTION, on_body);
	SET(t, CURLOPT_WRITEDATA, r);
	SET(t, CURLOPT_HEADERFUNCTION, on_header);
	SET(t, CURLOPT_HEADERDATA, r);
	SET(t, CURLOPT_CONNECTTIMEOUT, h->o.connect_timeout);
	SET(t, CURLOPT_TIMEOUT, r->timeout ? r->timeout : h->o.request_timeout);
	/* a firewall may forget a connection on which a slow answer is awaited */
	SET(t, CURLOPT_TCP_KEEPALIVE, 1L);
	SET(t, CURLOPT_NOSIGNAL, 1L);
	SET(t, CURLOPT_TCP_NODELAY, 1L);
	SET(t, CURLOPT_ACCEPT_ENCODING, "");
	SET(t, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (h->ca_file)
		SET(t, CURLOPT_CAINFO, h->ca_file);
	set_proxy(h, r, t);
	set_body(r, t);
	SET(t, CURLOPT_CUSTOMREQUEST, r->method);
}

/* A request that cannot be begun ends as one that was not sent: http_next() gives it back. */
void http_start(struct http *h, struct http_request *r)
{
	struct transfer *t = xcalloc(1, sizeof(*t));
	CURLMcode code;

	assert(!r->internal); /* it is in flight already */
	http_request_reset(r);
	r->internal = t;
	if (h->n_flight == h->cap_flight) {
		h->cap_flight = h->cap_flight ? h->cap_flight * 2 : 16;
		h->flight = xrealloc(h->flight, h->cap_flight * sizeof(struct http_request *));
	}
	h->flight[h->n_flight++] = r;
	t->easy = take_easy(h);
	if (!t->easy) {
		t->failed = "libcurl gives no handle";
		return;
	}
	set_options(h, r, t);
	code = t->failed ? CURLM_OK : curl_multi_add_handle(h->multi, t->easy);
	if (code != CURLM_OK)
		t->failed = curl_multi_strerror(code);
}

/* Before these the server cannot have seen the request. */
static bool not_sent(CURLcode code)
{
	switch ((int)code) {
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CACERT_BADFILE:
		return true;
	}
	return false;
}

/* "localhost:8443" of a URL */
static void host_of(const char *url, char *host, size_t size)
{
	const char *p = strstr(url, "://");

	p = p ? p + 3 : url;
	snprintf(host, size, "%.*s", (int)strcspn(p, "/?"), p);
}

static void describe(struct http_request *r, struct transfer *t, CURLcode code)
{
	const char *advice = "";
	char host[256];

	host_of(r->url, host, sizeof(host));
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		advice = "; check the server's certificate and ca_file";
	else if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST)
		advice = "; is the service up, and may this host reach it?";
	snprintf(r->error, sizeof(r->error), "%s: %s%s", host,
		t->failed      ? t->failed
		: t->too_large ? t->too_large
		: t->detail[0] ? t->detail
			       : curl_easy_strerror(code),
		advice);
}

/* One of them may be a token. */
static void headers_free(struct curl_slist *list)
{
	for (struct curl_slist *l = list; l; l = l->next)
		explicit_bzero(l->data, strlen(l->data));
	curl_slist_free_all(list);
}

static void finish(struct http *h, struct http_request *r, CURLcode code)
{
	struct transfer *t = r->internal;

	if (code == CURLE_OK) {
		curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &r->status);
		r->outcome = HTTP_ANSWERED;
	} else {
		r->outcome = t->failed || not_sent(code) ? HTTP_NOT_SENT : HTTP_UNKNOWN;
		describe(r, t, code);
	}
	if (h->canceled_at && r->outcome != HTTP_ANSWERED)
		r->outcome = HTTP_CANCELED;
	if (t->easy)
		curl_multi_remove_handle(h->multi, t->easy);
	headers_free(t->headers);
	if (t->easy && h->n_idle < IDLE_MAX)
		h->idle[h->n_idle++] = t->easy;
	else
		curl_easy_cleanup(t->easy);
	free(t);
	r->internal = NULL;
	for (unsigned i = 0; i < h->n_flight; i++)
		if (h->flight[i] == r)
			h->flight[i] = h->flight[--h->n_flight];
}

static struct http_request *done_one(struct http *h)
{
	struct http_request *r = NULL;
	CURLMsg *msg;
	int left;

	for (unsigned i = 0; i < h->n_flight; i++) {
		struct transfer *t = h->flight[i]->internal;

		r = h->flight[i];
		if (t->failed) {
			finish(h, r, CURLE_FAILED_INIT);
			return r;
		}
	}
	r = NULL;
	while ((msg = curl_multi_info_read(h->multi, &left))) {
		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &r);
		finish(h, r, msg->data.result);
		return r;
	}
	return NULL;
}

/* Before each wait. True: the host asks to stop. */
static bool is_canceled(struct http *h)
{
	if (h->o.waiting)
		h->o.waiting(h->o.ctx);
	if (!h->canceled_at && h->o.canceled && h->o.canceled(h->o.ctx))
		h->canceled_at = monotonic_ms();
	return h->canceled_at != 0;
}

struct http_request *http_next(struct http *h)
{
	struct http_request *r;
	int running;

	while (h->n_flight) {
		CURLMcode code = curl_multi_perform(h->multi, &running);

		r = done_one(h);
		if (!r && code != CURLM_OK) { /* else nothing would ever end */
			r = h->flight[0];
			finish(h, r, CURLE_RECV_ERROR);
		}
		if (r)
			return r;
		if (is_canceled(h) && monotonic_ms() - h->canceled_at > CANCEL_GRACE_MS) {
			r = h->flight[0];
			finish(h, r, CURLE_ABORTED_BY_CALLBACK);
			return r;
		}
		curl_multi_poll(h->multi, NULL, 0, 200, NULL);
	}
	return NULL;
}

void http_abort(struct http *h)
{
	while (h->n_flight)
		finish(h, h->flight[0], CURLE_ABORTED_BY_CALLBACK);
}

void http_perform(struct http *h, struct http_request *r)
{
	http_start(h, r);
	while (http_next(h) != r)
		;
}

bool http_sleep(struct http *h, double seconds)
{
	int64_t end = monotonic_ms() + (int64_t)(MIN(seconds, SLEEP_MAX) * 1000);

	while (!is_canceled(h)) {
		int64_t left = end - monotonic_ms();

		if (left <= 0)
			return false;
		usleep((useconds_t)MIN(left, (int64_t)200) * 1000);
	}
	return true;
}

void url_add(struct buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (isalnum(c) || strchr("-._~", c))
			buf_addc(b, (char)c);
		else
			buf_addf(b, "%%%02X", c);
	}
}
