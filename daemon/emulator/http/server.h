/* HTTPS by libevent's evhttp: requests in, responses out. */
#pragma once

#include "tenant/emulator.h"

#include "base/err.h"

#include <event2/event.h>
#include <openssl/ssl.h>

struct server;

struct server_config {
	char address[64];
	unsigned short port;      /* 0 takes a free one */
	unsigned max_connections; /* more wait until others end */
	int request_seconds;      /* for a whole request to arrive, or its answer to be read */
	int record;               /* descriptor that gets each $batch body on a line, -1: none */
};

/* Listens. */
int server_new(struct event_base *base, SSL_CTX *tls, struct emulator *em,
	const struct server_config *config, struct server **ret, struct err *e) _must_check_;
unsigned short server_port(const struct server *s);
/* "https://localhost:8443": what the server is called without a proxy in between; borrowed. */
const char *server_base(const struct server *s);
void server_free(struct server *s);
