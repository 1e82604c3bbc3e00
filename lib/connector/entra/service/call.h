/*
 * One call of the provisioning service: sign-in, the request, redirects, and what a refusal means.
 * The token is one for the service alone, stands in the body, and leaves no trace in a log.
 */
#pragma once

#include "connector/connector.h"
#include "connector/entra/service/answer.h"
#include "net/oauth.h"

/* "Microsoft Entra AD Synchronization Service", in all clouds. */
#define SERVICE_RESOURCE "6bf85cfa-ac8a-4be5-b5de-425a0d0dc016"
#define SERVICE_SCOPE SERVICE_RESOURCE "/.default"
#define SERVICE_ROLE "ADSynchronization.ReadWrite.All"
#define SERVICE_HOPS_MAX 3 /* redirects of one call */

struct service {
	struct http *http;  /* borrowed */
	struct oauth oauth; /* its options are set by who makes this; service_done() ends it */
	const char *build;  /* "2.6.3.0"; borrowed */
	char *url;          /* where the next call goes; a redirect changes it */
	char *host;         /* of it, for errors */
	unsigned redirects; /* that were followed so far */
	long timeout;       /* seconds, of one call; 0: the HTTP client's */
	/*
	 * For calls whose answer has objects: the answer goes into `spool`, from its beginning, and
	 * its objects go to the listener. Both borrowed, set for a call and NULL behind it.
	 */
	FILE *spool;
	const struct service_listener *listener;
	long retry_after; /* seconds that the last answer asked to wait; -1: it did not */
};

/* url is copied; what the options of *o point to is borrowed. */
void service_init(struct service *s, struct http *h, const struct oauth_options *o,
	const char *build, const char *url);
void service_done(struct service *s);

/* Writes what stands in the operation's element. */
typedef void service_write(struct buf *b, void *ctx);

/*
 * Calls an operation. CONN_OK: *ret is its answer, in the arena, and no fault. Otherwise *e says
 * what, and *ret_unknown whether the service may have done what was asked:
 *
 * CONN_RUN_BAD -EACCES: the credentials are refused, or the token by a 401; -EPERM: the token is,
 * its role is missing. A token that is refused is renewed once before that is said.
 *
 * CONN_DOWN -EAGAIN: busy.
 *
 * CONN_OBJECT_BAD -EINVAL: a fault, this request is refused; e->text is the service's, after
 * SERVICE_REFUSES.
 *
 * Others: the answer is none, or no answer came.
 */
#define SERVICE_REFUSES "the service refuses the request: "
enum conn_result service_call(struct service *s, const char *operation, service_write *write,
	void *ctx, struct arena *a, struct service_answer *ret, bool *ret_unknown,
	struct err *e) _must_check_;

/* The host in a URL, without the port; the caller's. */
char *service_host(const char *url);
/* May a redirect lead there? https, on a host of Microsoft's sign-in domains, or on the same host.
 */
bool service_may_go(const char *from, const char *to) _must_check_;
