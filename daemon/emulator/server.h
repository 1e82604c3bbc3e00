/* HTTPS by libevent's evhttp: requests in, responses out. */
#pragma once

#include "emulator.h"

#include <event2/event.h>
#include <openssl/ssl.h>

struct server;

/* Listens; port 0 takes a free one. */
int server_new(struct event_base *base, SSL_CTX *tls, struct emulator *em, const char *address,
	unsigned short port, struct server **ret, struct err *e) _must_check_;
unsigned short server_port(const struct server *s);
void server_free(struct server *s);
