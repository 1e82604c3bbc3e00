/*
 * A server on the loopback interface for tests of the network's clients: one thread, one connection
 * after the other, and each request answered by the test's own function, in whatever bad way.
 */
#pragma once

#include "base/buf.h"

#include <pthread.h>

struct server {
	/*
	 * Answers request `i` (from 0), of which s->request has the text. False: this connection
	 * ends here.
	 */
	bool (*answer)(struct server *s, int fd, unsigned i);
	char url[64];   /* http://127.0.0.1:PORT */
	unsigned count; /* requests that came */
	struct buf request;
	int fd;
	pthread_t thread;
};

void server_start(struct server *s, bool (*answer)(struct server *s, int fd, unsigned i));
/* The clients are to be gone before. */
void server_stop(struct server *s);

/* For the answers. */
void server_say(int fd, const char *text);
/* n times a letter; false when the client has gone. */
bool server_pad(int fd, size_t n);
/* Says nothing until the client goes. */
void server_wait(int fd);
/* A port where nobody listens. */
int closed_port(void);
