/*
 * A Varlink server (varlink.org: JSON objects, each ended by a NUL byte, over a UNIX socket) and
 * its connections. Methods are a table; a method answers at once or keeps the call for later.
 */
#pragma once

#include "base/err.h"
#include "sync/view/control_error.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <jansson.h>
#include <sys/types.h>

/* bytes of one call; a socket that only trusted ones may use takes lists of objects */
#define VARLINK_FRAME_MAX (64 * 1024)
#define VARLINK_TRUSTED_FRAME_MAX (16 * 1024 * 1024)
#define VARLINK_CONNECTIONS_MAX 64 /* of one socket */

struct varlink_call; /* one call; valid until it has been answered or its connection ended */

struct varlink_method {
	const char *name; /* "GetStatus"; lives as long as the service */
	bool read_only;   /* offered on the status socket, too */
	void (*call)(struct varlink_call *c, const json_t *parameters, void *ctx);
};

struct varlink_service {
	const char *interface;   /* "org.adsyncd.Control" */
	const char *description; /* the interface definition */
	const char *vendor, *product, *version, *url;
	const struct varlink_method *methods;
	unsigned n_methods;
	/* Of a method that is not in the table; false: there is none. NULL: the table is all. */
	bool (*find)(const char *name, struct varlink_method *ret);
	void *ctx;
	int idle; /* seconds until a connection is closed that has no call and is silent; 0: 600 */
};

struct varlink;

/* The method of a service by its name without the interface; false: it has none. */
bool varlink_find(
	const struct varlink_service *s, const char *name, struct varlink_method *ret) _must_check_;

/* Who may connect to a socket, beside root and our own user. */
struct varlink_access {
	bool everybody;
	bool group; /* processes that are in the group */
	gid_t gid;
};

/*
 * Listens. Replaces a socket that nobody listens on; -EADDRINUSE when somebody does, or when
 * something else than a socket is there. Peers are known by the numbers that the kernel gives: no
 * name is looked up.
 */
int varlink_listen(struct event_base *base, const struct varlink_service *service, const char *path,
	const struct varlink_access *access, struct varlink **ret, struct err *e) _must_check_;
void varlink_close(struct varlink *v);

/* Takes the reference. With `continues` more replies follow; only for calls with "more". */
void varlink_reply(struct varlink_call *c, json_t *parameters, bool continues);
/* The parameters as JSON text, which is moved out of the buffer and not read. */
void varlink_reply_text(struct varlink_call *c, struct evbuffer *parameters);
/* An error of the service's own interface; the parameters' reference is taken. */
void varlink_error(struct varlink_call *c, enum control_error error, json_t *parameters);
void varlink_invalid(struct varlink_call *c, const char *parameter);
bool varlink_wants_more(const struct varlink_call *c);
const char *varlink_method_name(const struct varlink_call *c); /* without the interface */
/* The user id of the peer when it connected; -1: not known. */
int64_t varlink_peer(const struct varlink_call *c);
/*
 * Has the peer so much to read that what follows should wait? caught_up() is called, with the ctx
 * of varlink_on_gone(), when it has read all of it. One that does not read at all is closed after
 * `idle` seconds.
 */
bool varlink_is_behind(struct varlink_call *c, void (*caught_up)(void *ctx));
/* Told when the connection of a kept call is gone; the call must be forgotten. */
void varlink_on_gone(
	struct varlink_call *c, void (*gone)(struct varlink_call *c, void *ctx), void *ctx);
