/* One evhttp request to a struct request, and the response back. */
#include "http/server.h"

#include "exchange/invoke.h"
#include "graph/route.h"
#include "graph/signin.h"
#include "graph/token.h"
#include "http/connection.h"
#include "http/inflate.h"
#include "odata/parse.h"
#include "order/control.h"
#include "order/orders.h"
#include "soap/envelope.h"
#include "soap/mask.h"
#include "soap/service.h"
#include "tenant/body.h"
#include "tenant/clock.h"

#include "base/err.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/http.h>
#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>

#define BASE_MAX 128 /* of "https://HOST:PORT", in every link of an answer */

struct server {
	struct event_base *events;
	struct emulator *em;
	struct evhttp *http;
	struct evhttp_bound_socket *bound;
	struct connections *connections;
	int record;
	char base[BASE_MAX];
};

static enum method method_of(struct evhttp_request *req)
{
	switch (evhttp_request_get_command(req)) {
	case EVHTTP_REQ_GET:
		return M_GET;
	case EVHTTP_REQ_POST:
		return M_POST;
	case EVHTTP_REQ_PATCH:
		return M_PATCH;
	case EVHTTP_REQ_PUT:
		return M_PUT;
	case EVHTTP_REQ_DELETE:
		return M_DELETE;
	case EVHTTP_REQ_HEAD:
	case EVHTTP_REQ_OPTIONS:
	case EVHTTP_REQ_TRACE:
	case EVHTTP_REQ_CONNECT:
		break;
	}
	return M_OTHER;
}

/* --- answers --- */

struct pending { /* an answer that waits for its delay */
	struct evhttp_request *req;
	struct response rs;
};

static void cut_connection(struct evhttp_request *req)
{
	struct evhttp_connection *con = evhttp_request_get_connection(req);
	struct linger now = {.l_onoff = 1};
	int fd = con ? bufferevent_getfd(evhttp_connection_get_bufferevent(con)) : -1;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	shutdown(fd, SHUT_RDWR);
}

static void add_ids(struct evkeyvalq *out)
{
	const char *client, *id = request_ids(&client);

	evhttp_add_header(out, "request-id", id);
	evhttp_add_header(out, "client-request-id", client);
	evhttp_add_header(out, "OData-Version", "4.0");
}

/*
 * Scripts of any web page may ask, as they may ask Graph and Entra: they need a token or a secret.
 * They may not ask below /emulator/, where neither is needed, nor for the token of the machine,
 * which only takes a header.
 */
static bool may_be_shared(struct evhttp_request *req)
{
	static const char identity[] = "/metadata/identity/";
	const char *path = evhttp_request_get_uri(req);

	return evhttp_find_header(evhttp_request_get_input_headers(req), "Origin") &&
	       !str_starts(path, "/emulator/") &&
	       strncasecmp(path, identity, strlen(identity)) != 0;
}

static void add_sharing(struct evhttp_request *req)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(req);

	evhttp_add_header(out, "Access-Control-Allow-Origin", "*");
	evhttp_add_header(out, "Access-Control-Expose-Headers",
		"ETag, Location, Preference-Applied, Content-Range, request-id, "
		"client-request-id, Retry-After");
}

/* What a browser asks before (fetch.spec.whatwg.org, "CORS-preflight request"). */
static bool preflight(struct evhttp_request *req, struct response *rs)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	struct evkeyvalq *out = evhttp_request_get_output_headers(req);
	const char *headers = evhttp_find_header(in, "Access-Control-Request-Headers");

	if (evhttp_request_get_command(req) != EVHTTP_REQ_OPTIONS || !may_be_shared(req) ||
		!evhttp_find_header(in, "Access-Control-Request-Method"))
		return false;
	rs->status = 200;
	evhttp_add_header(
		out, "Access-Control-Allow-Methods", "GET, POST, PATCH, PUT, DELETE, OPTIONS");
	if (headers)
		evhttp_add_header(out, "Access-Control-Allow-Headers", headers);
	evhttp_add_header(out, "Access-Control-Max-Age", "3600");
	return true;
}

static void compress(struct evkeyvalq *out, struct buf *b)
{
	struct buf small = {0};

	gzip_deflate(buf_str(b), b->len, &small);
	buf_done(b);
	*b = small;
	evhttp_add_header(out, "Content-Encoding", "gzip");
}

static void send_response(struct evhttp_request *req, struct response *rs)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(req);
	struct evbuffer *body = evbuffer_new();
	size_t n;
	char text[64];

	connection_answered(req);
	if (evhttp_request_get_command(req) & (EVHTTP_REQ_HEAD | EVHTTP_REQ_CONNECT))
		buf_clear(&rs->body); /* a client would take it for the next answer */
	if (rs->gzip)
		compress(out, &rs->body);
	n = rs->body.len;
	if (rs->reset)
		cut_connection(req);
	if (n)
		evhttp_add_header(out, "Content-Type",
			rs->type ? rs->type
				 : "application/json;odata.metadata=minimal;charset=utf-8");
	if (may_be_shared(req))
		add_sharing(req);
	if (rs->units) {
		snprintf(text, sizeof(text), "%d", rs->units);
		evhttp_add_header(out, "x-ms-resource-unit", text);
	}
	if (rs->used > 0) {
		snprintf(text, sizeof(text), "%.1f", rs->used);
		evhttp_add_header(out, "x-ms-throttle-limit-percentage", text);
	}
	if (rs->reason) {
		evhttp_add_header(out, "x-ms-throttle-information", rs->reason);
		evhttp_add_header(out, "x-ms-throttle-scope", rs->scope);
	}
	if (rs->preference)
		evhttp_add_header(out, "Preference-Applied",
			rs->preference == 1 ? "return=minimal" : "return=representation");
	if (rs->location[0])
		evhttp_add_header(out, "Location", rs->location);
	if (rs->retry_after >= 0) {
		snprintf(text, sizeof(text), "%ld", rs->retry_after);
		evhttp_add_header(out, "Retry-After", text);
	}
	if (rs->after_bytes >= 0 && (size_t)rs->after_bytes < n) {
		snprintf(text, sizeof(text), "%zu", n);
		evhttp_add_header(out, "Content-Length", text);
		evhttp_add_header(out, "Connection", "close");
		n = (size_t)rs->after_bytes;
	}
	evbuffer_add(body, rs->body.data ? rs->body.data : "", n);
	evhttp_send_reply(req, rs->status, NULL, body);
	evbuffer_free(body);
	buf_done(&rs->body);
}

static void on_delay(evutil_socket_t fd, short what, void *ctx)
{
	struct pending *p = ctx;

	send_response(p->req, &p->rs);
	free(p);
}

/* The tenant's time; where nobody moved it libevent gives the machine's. */
static void add_date(const struct server *s, struct evhttp_request *req)
{
	time_t now = (time_t)tenant_now(s->em);
	char text[64];
	struct tm tm;

	if (s->em->clock && gmtime_r(&now, &tm) &&
		strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm))
		evhttp_add_header(evhttp_request_get_output_headers(req), "Date", text);
}

static void answer(struct server *s, struct evhttp_request *req, struct response *rs)
{
	struct timeval tv = {rs->delay_ms / 1000, rs->delay_ms % 1000 * 1000};
	struct pending *p;

	add_date(s, req);
	if (!rs->delay_ms) {
		send_response(req, rs);
		return;
	}
	p = xcalloc(1, sizeof(*p));
	p->req = req;
	p->rs = *rs;
	event_base_once(s->events, -1, EV_TIMEOUT, on_delay, p, &tv);
}

/* --- requests --- */

static void read_headers(struct evhttp_request *req, struct request *rq)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	const char *v = evhttp_find_header(in, "ConsistencyLevel");
	const char *prefer = evhttp_find_header(in, "Prefer");

	rq->eventual = v && strcasecmp(v, "eventual") == 0;
	rq->minimal = prefer && strcasestr(prefer, "return=minimal");
	rq->representation = prefer && strcasestr(prefer, "return=representation");
	v = prefer ? strcasestr(prefer, "odata.maxpagesize=") : NULL;
	if (v)
		rq->page_size = (int)MIN(MAX(strtol(v + 18, NULL, 10), 1L), 999L);
}

static bool sign_in(struct server *s, struct evhttp_request *req, const struct request *rq,
	const char *body, struct response *rs)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	const char *metadata = evhttp_find_header(in, "Metadata");
	struct asked a = {
		.method =
			evhttp_request_get_command(req) == EVHTTP_REQ_HEAD ? M_GET : method_of(req),
		.base = rq->base,
		.path = evhttp_request_get_uri(req),
		.body = body,
		.authorization = evhttp_find_header(in, "Authorization"),
		.metadata = metadata && strcasecmp(metadata, "true") == 0,
	};

	return handle_sign_in(s->em, &a, rs);
}

/* What asks for a token, by the beginning of its paths. */
static const struct service {
	const char *path;
	enum audience audience;
	void (*route)(struct emulator *em, struct request *rq, struct response *rs);
} services[] = {
	{"/v1.0/", AUDIENCE_GRAPH, graph_route},
	{"/beta/", AUDIENCE_GRAPH, graph_route},
	{"/adminapi/", AUDIENCE_EXCHANGE, exchange_route},
};

static void serve(struct server *s, const struct service *service, struct evhttp_request *req,
	struct request *rq, struct response *rs)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	const char *why;

	rq->app = token_check(
		s->em, service->audience, evhttp_find_header(in, "Authorization"), &why);
	if (!rq->app) {
		respond_error(rs, 401, "InvalidAuthenticationToken", "%s", why);
		return;
	}
	read_headers(req, rq);
	if (request_parse(rq, rq->path, rs))
		service->route(s->em, rq, rs);
}

static bool read_body(struct evhttp_request *req, const char *body, size_t n, struct request *rq,
	struct response *rs)
{
	const char *type =
		evhttp_find_header(evhttp_request_get_input_headers(req), "Content-Type");

	if (!n)
		return true;
	if (!type || !strcasestr(type, "json")) {
		respond_error(rs, 415, "RequestBodyRead",
			"The content type of the request body is not supported; "
			"application/json is.");
		return false;
	}
	rq->body = body_parse(body, n);
	if (!rq->body)
		respond_error(rs, 400, "BadRequest", "Unable to read JSON request payload.");
	return rq->body != NULL;
}

/* A proxy in between may have read the first of two, and we the second (RFC 9110 5.3, 9112 6.3). */
static bool headers_good(struct evhttp_request *req, struct response *rs)
{
	static const char *const once[] = {
		"Authorization", "Content-Length", "Content-Type", "Host", "Transfer-Encoding"};
	unsigned n[ARRAY_SIZE(once)] = {0};
	struct evkeyval *header;

	TAILQ_FOREACH (header, evhttp_request_get_input_headers(req), next)
		for (unsigned i = 0; i < ARRAY_SIZE(once); i++)
			if (strcasecmp(header->key, once[i]) == 0 && n[i]++) {
				respond_error(rs, 400, "BadRequest",
					"The header %s may be sent only once.", once[i]);
				evhttp_add_header(evhttp_request_get_output_headers(req),
					"Connection", "close");
				return false;
			}
	return true;
}

/*
 * Each body of a $batch, and each message to the provisioning service, for replays: its number of
 * bytes on a line, then the bytes and a line feed. The sender's token is taken out of a message;
 * one of which that cannot be done is not kept.
 */
static void record(const struct server *s, const char *path, const struct buf *body)
{
	_cleanup_buf_ struct buf masked = {0};
	bool message = streq(path, SERVICE_PATH);
	char head[32];

	if (s->record < 0 || !body->len || (!message && !strstr(path, "/$batch")))
		return;
	if (message) {
		if (!mask_token(body->data, body->len, &masked))
			return;
		body = &masked;
	}
	snprintf(head, sizeof(head), "%zu\n", body->len);
	(void)!write(s->record, head, strlen(head));
	(void)!write(s->record, buf_str(body), body->len);
	(void)!write(s->record, "\n", 1);
}

/* The body as it was before it was compressed; false with rs filled. */
static bool take_body(struct evhttp_request *req, struct buf *body, struct response *rs)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(req);
	size_t n = evbuffer_get_length(in);
	enum inflated r = INFLATED_GOOD;
	struct evkeyval *header;
	unsigned gzip = 0;

	TAILQ_FOREACH (header, evhttp_request_get_input_headers(req), next)
		if (strcasecmp(header->key, "Content-Encoding") == 0 &&
			!coding_add(header->value, &gzip))
			r = INFLATED_CODING;
	if (!n)
		return true;
	if (r == INFLATED_GOOD && gzip)
		r = gzip_inflate((char *)evbuffer_pullup(in, -1), n, BODY_MAX, body);
	switch (r) {
	case INFLATED_GOOD:
		if (!gzip)
			buf_add(body, evbuffer_pullup(in, -1), n);
		return true;
	case INFLATED_CODING:
		evhttp_add_header(
			evhttp_request_get_output_headers(req), "Accept-Encoding", "gzip");
		respond_error(rs, 415, "UnsupportedMediaType",
			"The content coding of the request body is not supported; gzip is.");
		return false;
	case INFLATED_BAD:
		respond_error(rs, 400, "BadRequest", "The request body is not valid gzip.");
		return false;
	case INFLATED_LARGE:
		respond_error(rs, 413, "RequestEntityTooLarge",
			"The request body has more than %d bytes when it is inflated.", BODY_MAX);
		return false;
	}
	return false;
}

static void handle(struct server *s, struct evhttp_request *req, const struct buf *body,
	struct request *rq, struct response *rs)
{
	if (streq(rq->path, SERVICE_PATH)) {
		service_answer(s->em, rq,
			evhttp_find_header(evhttp_request_get_input_headers(req), "Content-Type"),
			body->data, body->len, rs);
		return;
	}
	if (sign_in(s, req, rq, buf_str(body), rs) ||
		!read_body(req, buf_str(body), body->len, rq, rs))
		return;
	if (str_starts(rq->path, "/emulator/")) {
		handle_emulator(s->em, rq, rq->path, rs);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(services); i++)
		if (str_starts(rq->path, services[i].path)) {
			serve(s, &services[i], req, rq, rs);
			return;
		}
	respond_error(rs, 404, "Request_ResourceNotFound", "There is nothing here.");
}

static void no_delay(struct evhttp_request *req)
{
	struct evhttp_connection *con = evhttp_request_get_connection(req);
	int one = 1, fd = bufferevent_getfd(evhttp_connection_get_bufferevent(con));

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/*
 * Links lead back to the name that the client knows us by, whatever cloud it takes us for: that of
 * this request, for other clients have other names. "https://" and the Host header to ret; the
 * server's own name when the header is missing, too long, or has characters that no host has.
 */
static void request_base(
	const struct server *s, struct evhttp_request *req, char ret[static BASE_MAX])
{
	const char *host = evhttp_find_header(evhttp_request_get_input_headers(req), "Host");
	size_t n = host ? strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789.-:[]")
	                : 0;

	if (n && !host[n] && n < BASE_MAX - sizeof("https://"))
		snprintf(ret, BASE_MAX, "https://%s", host);
	else
		snprintf(ret, BASE_MAX, "%s", s->base);
}

static void on_request(struct evhttp_request *req, void *ctx)
{
	struct server *s = ctx;
	char base[BASE_MAX];
	struct request rq = {
		.method = method_of(req),
		.base = base,
		.path = evhttp_request_get_uri(req),
		.version = "v1.0",
	};
	struct response rs = {.retry_after = -1, .after_bytes = -1};
	struct fault *f = NULL;
	bool own = str_starts(rq.path, "/emulator/"), good;
	_cleanup_buf_ struct buf body = {0};

	request_begin(s->em,
		evhttp_find_header(evhttp_request_get_input_headers(req), "client-request-id"));
	connection_busy(req);
	request_base(s, req, base);
	service_resolve(s->em);
	no_delay(req);
	good = headers_good(req, &rs) && !preflight(req, &rs) && take_body(req, &body, &rs);
	if (good)
		record(s, rq.path, &body);
	if (!own && s->em->orders->faults)
		f = fault_take(s->em->orders->faults, method_name(rq.method), rq.path, false,
			&(struct request_body){buf_str(&body), body.len});
	if (good && (!f || !f->status))
		handle(s, req, &body, &rq, &rs);
	if (f)
		fault_apply(f, &rs);
	if (!own) {
		stats_log(&s->em->orders->stats, method_name(rq.method), rq.path, rs.status);
		stats_count(&s->em->orders->stats, rq.method, rs.status);
	}
	request_done(&rq);
	add_ids(evhttp_request_get_output_headers(req)); /* now: the next request has others */
	answer(s, req, &rs);
}

int server_new(struct event_base *base, SSL_CTX *tls, struct emulator *em,
	const struct server_config *config, struct server **ret, struct err *e)
{
	struct server *s = xcalloc(1, sizeof(*s));

	*s = (struct server){.events = base, .em = em, .record = config->record};
	s->http = evhttp_new(base);
	s->connections = connections_new(tls, config->max_connections, config->request_seconds);
	evhttp_set_bevcb(s->http, connection_new, s->connections);
	evhttp_set_gencb(s->http, on_request, s);
	evhttp_set_allowed_methods(s->http, 0xffff); /* Graph's words for those that are not */
	evhttp_set_max_body_size(s->http, BODY_MAX);
	evhttp_set_max_headers_size(s->http, HEADERS_MAX);
	evhttp_set_timeout(s->http, IDLE_SECONDS);
	s->bound = evhttp_bind_socket_with_handle(s->http, config->address, config->port);
	if (!s->bound) {
		int r = err_set(e, -errno, config->address, config->port, "cannot listen: %s",
			strerror(errno));

		server_free(s);
		return r;
	}
	connections_limit(s->connections, evhttp_bound_socket_get_listener(s->bound));
	snprintf(s->base, sizeof(s->base), "https://%s:%u",
		streq(config->address, "127.0.0.1") ? "localhost" : config->address,
		server_port(s));
	*ret = s;
	return 0;
}

unsigned short server_port(const struct server *s)
{
	struct sockaddr_storage ss;
	socklen_t n = sizeof(ss);

	if (getsockname(evhttp_bound_socket_get_fd(s->bound), (struct sockaddr *)&ss, &n) < 0)
		return 0;
	return ntohs(ss.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)(void *)&ss)->sin6_port
					      : ((struct sockaddr_in *)(void *)&ss)->sin_port);
}

const char *server_base(const struct server *s)
{
	return s->base;
}

void server_free(struct server *s)
{
	if (!s)
		return;
	evhttp_free(s->http);
	connections_free(s->connections);
	free(s);
}
