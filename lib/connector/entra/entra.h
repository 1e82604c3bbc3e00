/* The Entra connector's own: an open connection to Graph. */
#pragma once

#include "connector/connector.h"
#include "connector/entra/schema.h"
#include "net/oauth.h"

#define ENTRA_TRIES 5              /* sends of one request that is answered 429 or 503 */
#define ENTRA_PAGES_MAX 10000      /* without an object, one after the other */
#define ENTRA_OBJECTS_MAX 50000000 /* in one list */
#define ENTRA_RETRY_AFTER_MAX 120  /* seconds that a Retry-After may ask for */

struct entra_match;

/* What the tenant's switches say, as far as the application may read them. */
struct entra_switches {
	bool known;
	bool block_soft_match, block_takeover, soft_match_upn;
};

/* Writes that may leave now: Graph's limit of an application, as a token bucket. */
struct entra_budget {
	double left, limit; /* limit 0: none */
	int64_t filled;     /* monotonic ms */
};

struct connector {
	const struct settings *settings;
	const struct connector_host *host;
	struct http *http;
	struct oauth oauth;
	bool sync_surface; /* surface == ENTRA_SYNC */
	enum entra_surface surface;
	bool checked; /* the token's roles were looked at */
	char *graph;  /* "https://graph.microsoft.com" */
	char *base;   /* graph + "/v1.0" */
	char *scope;
	struct entra_budget budget;
	struct entra_switches switches;
	struct entra_match *match; /* surface graph: read before the first create; NULL: not yet */
};

/* Signs in if need be, with nothing in flight; checks the roles once. */
enum conn_result entra_ready(struct connector *c, struct err *e);

/* Seconds to wait before the n-th retry (from 1) of a request; asked < 0: the server named none. */
double entra_backoff(int n, long asked);

/* What an answer that is no success means for a read: retry, or the ladder with *e. */
bool entra_retriable(const struct http_request *r);
enum conn_result entra_refused(struct connector *c, const struct http_request *r, struct err *e);

/* A link that the service gave must lead back to it: the token goes along. */
bool entra_own_url(const struct connector *c, const char *url);
/* How far a list of several pages has been read. */
struct entra_pages {
	unsigned n, empty; /* pages, and those without an object one after the other */
	int64_t objects;
};
/*
 * Looks at a page of a list: *ret_next is where it goes on, NULL at its end. NULL, or what is wrong
 * with the page: a list without an end is a lie.
 */
const char *entra_next_page(const struct connector *c, struct entra_pages *pages, const char *url,
	const json_t *json, const char **ret_next);
/* A link in an answer, *ret NULL: none. NULL, or what is wrong with it. */
const char *entra_link(
	const struct connector *c, const json_t *json, const char *name, const char **ret);
/* A '...' literal of OData inside a URL: quotes doubled, percent-encoded. */
void entra_add_literal(struct buf *b, const char *s);

/* code and message of Graph's error object; "" where there is none. Borrowed from json. */
void entra_error(const json_t *json, const char **ret_code, const char **ret_message);
/* The message, and behind it what the first of its details says; in the arena, or as it was. */
const char *entra_error_text(const json_t *json, const char *message, struct arena *a);

enum conn_result entra_import(struct connector *c, const struct import_request *req,
	struct import_sink *sink, struct import_answer *ret, struct err *e);
enum conn_result entra_test(struct connector *c, const struct import_request *req,
	struct test_sink *sink, struct err *e);
/*
 * GET with nothing in flight, again a few times when the service is busy. CONN_OK with *ret NULL:
 * refused (400, 403, 404).
 */
enum conn_result entra_get(
	struct connector *c, const char *url, bool eventual, json_t **ret, struct err *e);
enum conn_result entra_export(struct connector *c, struct export_source *source, struct err *e);
