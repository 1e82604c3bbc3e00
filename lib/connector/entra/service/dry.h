/* Requests to the service as a dry run tells them, see connector/dry.h. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "connector/dry.h"
#include "connector/entra/service/call.h"

/*
 * Tells a request, which is a whole envelope in binary XML without a token, as text or by its
 * objects. 0, or negative with *e.
 */
int service_tell(struct dry_sink *sink, const char *operation, const struct buf *request,
	struct err *e) _must_check_;
/* The objects of a request, in the arena; -EBADMSG: it is none. */
int service_message_objects(const void *data, size_t n, struct arena *a, struct dry_object **ret,
	unsigned *ret_n, struct err *e) _must_check_;

/*
 * service_call() of a dry run: tells the request instead of sending it. *ret: all that it asks for
 * was done.
 */
enum conn_result service_dry_call(const struct service *s, struct dry_sink *sink,
	const char *operation, service_write *write, void *ctx, struct arena *a,
	struct service_answer *ret, struct err *e) _must_check_;
/* Is it one that a dry run made up? */
bool service_is_dry_anchor(const char *anchor);
