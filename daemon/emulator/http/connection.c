/*
 * TLS connections and their limits. evhttp owns them; what belongs to us hangs on the SSL object
 * and ends with it, which is the only end that libevent 2.1 tells about.
 */
#include "http/connection.h"

#include "base/err.h"
#include "base/util.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>

#include <sys/queue.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define FILES_OTHER 64                      /* descriptors that are not connections */
#define PENDING_MAX (2 * BODY_MAX)          /* of one request, with the framing of its chunks */
#define PENDING_ALL_MAX (128 * 1024 * 1024) /* of all of them: then the largest one is closed */
#define BACKLOG 1024

struct connection {
	LIST_ENTRY(connection) entry;
	struct connections *all; /* NULL: the server is gone */
	struct bufferevent *bev;
	struct event *deadline;
	size_t pending; /* bytes that came since the last whole request */
	bool closing;
};

struct connections {
	SSL_CTX *tls;
	struct evconnlistener *listener;
	struct timeval request_time;
	unsigned n, max;
	size_t pending;
	LIST_HEAD(, connection) list;
};

static int ssl_index = -1;

/* As a timeout of evhttp's own would; later, because this may run inside of a callback of bev. */
static void connection_close(struct connection *c)
{
	if (c->closing)
		return;
	c->closing = true;
	c->all->pending -= c->pending;
	c->pending = 0;
	bufferevent_trigger_event(
		c->bev, BEV_EVENT_TIMEOUT | BEV_EVENT_READING, BEV_OPT_DEFER_CALLBACKS);
}

static void on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	connection_close(ctx);
}

static void close_largest(struct connections *cs)
{
	struct connection *c, *largest = NULL;

	LIST_FOREACH (c, &cs->list, entry)
		if (!largest || c->pending > largest->pending)
			largest = c;
	if (largest)
		connection_close(largest);
}

static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *ctx)
{
	struct connection *c = ctx;

	if (!c->all || c->closing)
		return;
	c->pending += info->n_added;
	c->all->pending += info->n_added;
	if (c->pending > PENDING_MAX)
		connection_close(c);
	else if (c->all->pending > PENDING_ALL_MAX)
		close_largest(c->all);
}

/* The end of a connection: its SSL object is freed. */
static void on_ssl_free(
	void *parent, void *ptr, CRYPTO_EX_DATA *data, int idx, long argl, void *argp)
{
	struct connection *c = ptr;
	struct connections *cs = c ? c->all : NULL;

	if (cs) {
		LIST_REMOVE(c, entry);
		event_free(c->deadline);
		cs->pending -= c->pending;
		if (cs->n-- == cs->max && cs->listener)
			evconnlistener_enable(cs->listener);
	}
	free(c);
}

struct bufferevent *connection_new(struct event_base *base, void *ctx)
{
	struct connections *cs = ctx;
	struct connection *c = xcalloc(1, sizeof(*c));
	SSL *ssl = SSL_new(cs->tls);

	if (!ssl || !SSL_set_ex_data(ssl, ssl_index, c))
		abort(); /* no memory; without a bufferevent evhttp would go on without TLS */
	c->all = cs;
	c->bev = bufferevent_openssl_socket_new(
		base, -1, ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	c->deadline = evtimer_new(base, on_deadline, c);
	if (!c->bev || !c->deadline)
		abort();
	bufferevent_openssl_set_allow_dirty_shutdown(c->bev, 1);
	evbuffer_add_cb(bufferevent_get_input(c->bev), on_input, c);
	evtimer_add(c->deadline, &cs->request_time);
	LIST_INSERT_HEAD(&cs->list, c, entry);
	if (++cs->n >= cs->max && cs->listener)
		evconnlistener_disable(cs->listener);
	return c->bev;
}

static struct connection *connection_of(struct evhttp_request *req)
{
	struct evhttp_connection *con = evhttp_request_get_connection(req);
	struct bufferevent *bev = con ? evhttp_connection_get_bufferevent(con) : NULL;

	return bev ? SSL_get_ex_data(bufferevent_openssl_get_ssl(bev), ssl_index) : NULL;
}

void connection_busy(struct evhttp_request *req)
{
	struct connection *c = connection_of(req);
	size_t next = c ? evbuffer_get_length(bufferevent_get_input(c->bev)) : 0;

	if (!c || c->closing)
		return;
	evtimer_del(c->deadline);
	c->all->pending += next - c->pending;
	c->pending = next;
}

void connection_answered(struct evhttp_request *req)
{
	struct connection *c = connection_of(req); /* NULL: the client has gone */

	if (c && !c->closing)
		evtimer_add(c->deadline, &c->all->request_time);
}

struct connections *connections_new(SSL_CTX *tls, unsigned max, int request_seconds)
{
	struct connections *cs = xcalloc(1, sizeof(*cs));
	struct rlimit limit;

	if (ssl_index < 0)
		ssl_index = SSL_get_ex_new_index(0, NULL, NULL, NULL, on_ssl_free);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = MIN(limit.rlim_max, MAX(limit.rlim_cur, max + FILES_OTHER));
		setrlimit(RLIMIT_NOFILE, &limit);
		if (limit.rlim_cur < max + FILES_OTHER)
			max = limit.rlim_cur > FILES_OTHER
			              ? (unsigned)limit.rlim_cur - FILES_OTHER /* below max */
			              : 1;
	}
	*cs = (struct connections){.tls = tls, .max = max, .request_time = {request_seconds, 0}};
	LIST_INIT(&cs->list);
	return cs;
}

void connections_limit(struct connections *cs, struct evconnlistener *listener)
{
	cs->listener = listener;
	listen(evconnlistener_get_fd(listener), BACKLOG); /* evhttp's own is 128 */
}

void connections_free(struct connections *cs)
{
	struct connection *c;

	if (!cs)
		return;
	while ((c = LIST_FIRST(&cs->list))) {
		LIST_REMOVE(c, entry);
		event_free(c->deadline);
		c->all = NULL;
	}
	free(cs);
}
