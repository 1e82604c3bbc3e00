/* The Entra connector's own: an open connection to Graph. */
#pragma once

#include "connector/entra_json.h"
#include "net/oauth.h"

#define ENTRA_TRIES 5             /* sends of one request that is answered 429 or 503 */
#define ENTRA_RETRY_AFTER_MAX 120 /* seconds that a Retry-After may ask for */

struct connector {
	const struct settings *settings;
	const struct connector_host *host;
	struct http *http;
	struct oauth oauth;
	bool sync_surface;
	bool checked; /* the token's roles were looked at */
	char *graph;  /* "https://graph.microsoft.com" */
	char *base;   /* graph + "/v1.0" */
	char *scope;
};

/* Signs in if need be, with nothing in flight; checks the roles once. */
enum conn_result entra_ready(struct connector *c, struct err *e);

/* Seconds to wait before the n-th retry (from 1) of a request; asked < 0: the server named none. */
double entra_backoff(int n, long asked);

/* What an answer that is no success means for a read: retry, or the ladder with *e. */
bool entra_retriable(const struct http_request *r);
enum conn_result entra_refused(struct connector *c, const struct http_request *r, struct err *e);

/* code and message of Graph's error object; "" where there is none. Borrowed from json. */
void entra_error(const json_t *json, const char **ret_code, const char **ret_message);

enum conn_result entra_import(struct connector *c, const struct import_request *req,
	struct import_sink *sink, struct import_answer *ret, struct err *e);
enum conn_result entra_export(struct connector *c, struct export_source *source, struct err *e);
