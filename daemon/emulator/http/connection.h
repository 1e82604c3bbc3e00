/*
 * What clients may hold of the server: how many connections, for how long without a whole request,
 * and how many bytes of requests that are not whole yet.
 */
#pragma once

#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <openssl/ssl.h>

#define BODY_MAX (4 * 1024 * 1024)
#define HEADERS_MAX (64 * 1024)
#define IDLE_SECONDS 60     /* between two reads of a connection */
#define REQUEST_SECONDS 120 /* from a connection's beginning, or an answer, to a whole request */
#define CONNECTIONS_MAX 4096

struct connections;

/* max may get smaller: files that this process may open. */
struct connections *connections_new(SSL_CTX *tls, unsigned max, int request_seconds);
/* The listener rests while there are too many connections. */
void connections_limit(struct connections *cs, struct evconnlistener *listener);
/* After evhttp_free() and before event_base_free(). */
void connections_free(struct connections *cs);

/* A new connection, as evhttp_set_bevcb() wants it; ctx is struct connections. */
struct bufferevent *connection_new(struct event_base *base, void *ctx);
/* A whole request is there: no deadline until it is answered. */
void connection_busy(struct evhttp_request *req);
void connection_answered(struct evhttp_request *req);
