/*
 * HTTP client on libcurl's multi interface: several requests in flight, straight-line callers.
 * TLS certificates are always verified. Retrying is the caller's decision: it knows what a second
 * send would do.
 */
#pragma once

#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>

#define HTTP_BODY_MAX (64 * 1024 * 1024)          /* bytes of one answer */
#define HTTP_SPOOL_MAX (4LL * 1024 * 1024 * 1024) /* ... that goes into a file */
#define HTTP_HEADERS_MAX (256 * 1024)             /* ... and of all its headers */

struct http;

struct http_options {
	const char *ca_file;         /* NULL: the system's */
	long connect_timeout;        /* seconds */
	long request_timeout;        /* seconds, whole request */
	long connections;            /* to one host at most */
	const char *proxy;           /* "http://proxy:3128"; NULL: as $https_proxy says */
	const char *proxy_secret;    /* "user:password"; NULL: none; copied */
	const char *no_proxy;        /* hosts without it, comma separated; NULL: $no_proxy */
	void (*waiting)(void *ctx);  /* called before each wait of at most 200 ms; may be NULL */
	bool (*canceled)(void *ctx); /* asked right after it; may be NULL */
	void *ctx;
};

enum http_outcome {
	HTTP_ANSWERED, /* status, headers and body are there */
	HTTP_NOT_SENT, /* the server has not seen the request */
	HTTP_UNKNOWN,  /* it may have seen it: time-out, reset ... */
	HTTP_CANCELED,
};

struct http_request {
	/* in */
	const char *method;     /* "GET" */
	char *url;              /* owned by the request */
	const char *headers[8]; /* "Name: value", NULL-terminated; borrowed until the answer */
	struct buf body;        /* what is sent; empty for none */
	void *ctx;              /* the caller's */
	FILE *spool;            /* the answer goes there, at its end; borrowed; NULL: to `answer` */
	bool resend;            /* a second send does no harm: libcurl may do that by itself */
	bool direct;            /* never through a proxy */
	long timeout;           /* seconds, of this request; 0: the client's request_timeout */
	/* out */
	enum http_outcome outcome;
	long status;
	struct buf answer;
	long retry_after;    /* seconds; -1: no such header */
	int64_t date;        /* the server's clock, unix time; 0: it does not tell */
	double used;         /* x-ms-throttle-limit-percentage: share of the limit; 0: not told */
	char location[2048]; /* Location header; "": none, or one that is longer */
	char authenticate[512]; /* WWW-Authenticate, likewise */
	char error[768];        /* for people, unless answered: names host and cause */
	void *internal;
};

int http_new(const struct http_options *o, struct http **ret, struct err *e) _must_check_;
void http_free(struct http *h);

struct http_request *http_request_new(const char *method, const char *url);
void http_request_free(struct http_request *r);
/* Clears the answer, so that the request can be sent again. */
void http_request_reset(struct http_request *r);

/* Starts a request; its answer comes from http_next(). */
void http_start(struct http *h, struct http_request *r);
/*
 * The next request that ended, in any order; NULL when none is in flight. Waits; when the host asks
 * to stop, 2.5 seconds more, so that the outcome of what was sent becomes known.
 */
struct http_request *http_next(struct http *h);
/* Ends everything in flight as canceled, without waiting. */
void http_abort(struct http *h);
/* Starts one and waits for it; nothing else may be in flight. */
void http_perform(struct http *h, struct http_request *r);
/* Waits so many seconds; true when canceled. */
bool http_sleep(struct http *h, double seconds) _must_check_;

/* Appends s percent-encoded (RFC 3986 unreserved characters stay). */
void url_add(struct buf *b, const char *s);
