/* Signing in and reading from Graph: retries, refusals, links, pages, one GET. */
#pragma once

#include "connector/entra/graph.h"

#include <jansson.h>

#define ENTRA_TRIES 5              /* sends of one request that is answered 429 or 503 */
#define ENTRA_PAGES_MAX 10000      /* without an object, one after the other */
#define ENTRA_OBJECTS_MAX 50000000 /* in one list */
#define ENTRA_RETRY_AFTER_MAX 120  /* seconds that a Retry-After may ask for */

/*
 * Signs in if need be, with nothing in flight; checks the roles once. *e: -EACCES the credentials
 * are refused, -EPERM a role is missing.
 */
enum conn_result entra_ready(struct connector *c, struct err *e) _must_check_;

/* Seconds to wait before the n-th retry (from 1) of a request; asked < 0: the server named none. */
double entra_backoff(int n, long asked);

/* What a refusal means for a read: try it again, or stop as the ladder and *e say. */
bool entra_retriable(const struct http_request *r);
enum conn_result entra_refused(
	struct connector *c, const struct http_request *r, struct err *e) _must_check_;

/* A link that the service gave must lead back to it: the token goes along. */
bool entra_own_url(const struct connector *c, const char *url);
/* Does the link lead to this host, "https://graph.microsoft.com"? */
bool entra_host_url(const char *host, const char *url);
/* How far a list of several pages has been read. */
struct entra_pages {
	unsigned n, empty; /* pages, and those without an object one after the other */
	int64_t objects;
};
/*
 * Looks at a page of a list: *ret_next is where it goes on, NULL at its end. NULL, or what is wrong
 * with the page: a list that does not end is refused.
 */
const char *entra_next_page(const struct connector *c, struct entra_pages *pages, const char *url,
	const json_t *json, const char **ret_next) _must_check_;
/* The same of a list that another host than Graph gives. */
const char *entra_next_page_of(const char *host, struct entra_pages *pages, const char *url,
	const json_t *json, const char **ret_next) _must_check_;
/* A link in an answer, *ret NULL: none. NULL, or what is wrong with it. */
const char *entra_link(const struct connector *c, const json_t *json, const char *name,
	const char **ret) _must_check_;
/* A '...' literal of OData inside a URL: quotes doubled, percent-encoded. */
void entra_add_literal(struct buf *b, const char *s);

/* code and message of Graph's error object; "" where there is none. Borrowed from json. */
void entra_error(const json_t *json, const char **ret_code, const char **ret_message);
/* The message, and behind it what the first of its details says; in the arena, or as it was. */
const char *entra_error_text(const json_t *json, const char *message, struct arena *a);

/* The answer to a single request. */
struct entra_reply {
	long status;
	json_t *json;               /* a new reference; of a refusal too, where it is JSON */
	const char *code, *message; /* of a refusal, else ""; borrowed from json */
};
/* What a request came to, as entra_ask() gives it. */
enum conn_result entra_reply_of(struct connector *c, const struct http_request *r,
	struct entra_reply *ret, struct err *e) _must_check_;
/*
 * GET with nothing in flight, again a few times when the service is busy. CONN_OK: the service has
 * answered, 200 with JSON, or a refusal that is about what was asked for (400, 403, 404 ...).
 */
enum conn_result entra_ask(struct connector *c, const char *url, bool eventual,
	struct entra_reply *ret, struct err *e) _must_check_;
/* POST of JSON, likewise: only for what may be sent twice. Good is 201 or what else it means. */
enum conn_result entra_post(struct connector *c, const char *url, const char *body,
	struct entra_reply *ret, struct err *e) _must_check_;
/*
 * GET with nothing in flight, again a few times when the service is busy. CONN_OK with *ret NULL:
 * refused (400, 403, 404).
 */
enum conn_result entra_get(struct connector *c, const char *url, bool eventual, json_t **ret,
	struct err *e) _must_check_;
