/* One request and its answer. */
#pragma once

#include "tenant/emulator.h"

enum method { M_GET, M_POST, M_PATCH, M_PUT, M_DELETE, M_OTHER };
const char *method_name(enum method m);

#define SEGMENTS_MAX 8

struct request {
	enum method method;
	const char *path;             /* as sent, with version and query: for the log */
	const char *version;          /* "v1.0" or "beta" */
	char *segments[SEGMENTS_MAX]; /* behind the version, decoded */
	unsigned n_segments;
	struct query *query;
	json_t *body;                  /* NULL: none */
	const struct application *app; /* who asks */
	bool eventual;                 /* ConsistencyLevel: eventual */
	int page_size;                 /* Prefer: odata.maxpagesize, 0: none */
	bool minimal, representation;  /* Prefer: return=... */
	bool part;                     /* of a $batch */
};

struct response {
	int status;
	struct buf body;
	char location[2048];
	long retry_after; /* -1: none */
	bool reset;       /* close the connection without an answer */
	long after_bytes; /* >= 0: close it after so many bytes of the answer */
	long delay_ms;
	int units;          /* resource units that it cost */
	int preference;     /* Preference-Applied: 1 return=minimal, 2 return=representation */
	char scope[128];    /* x-ms-throttle-scope, "": not throttled */
	const char *reason; /* x-ms-throttle-information */
	double used;        /* x-ms-throttle-limit-percentage; 0: not told */
	const char *type;   /* Content-Type; NULL: JSON */
};

static inline bool has_role(const struct request *rq, enum role r)
{
	return rq->app->roles >> r & 1;
}

static inline bool is_sync(const struct request *rq)
{
	return has_role(rq, ROLE_SYNC);
}

/* At each request's beginning: its ids, which errors repeat. client_id may be NULL. */
void request_begin(const struct emulator *em, const char *client_id);
/* request-id, and client-request-id or the same again. */
const char *request_ids(const char **ret_client);

/* Appends a part of a JSON string; what is no UTF-8 is left out (also the end of a text cut off).
 */
void add_text(struct buf *b, const char *s);
/* An error as Graph writes it. */
void respond_error(struct response *rs, int status, const char *code, const char *fmt, ...)
	_printf_(4, 5);
/* 400: a value of a property cannot be; `why` is for people, a sentence without its dot. */
void respond_value(struct response *rs, const char *code, enum object_type t, const char *property,
	const char *why);
void respond_forbidden(struct response *rs);
/* 405 */
void respond_method(struct response *rs);
void respond_not_found(struct response *rs, const char *id);

/* One request to an answer; used for whole requests and the parts of a $batch. */
void route(struct emulator *em, struct request *rq, struct response *rs);
/* Splits a URL (from behind the host) into rq; false with rs filled. The strings live in rq. */
bool request_parse(struct request *rq, const char *url, struct response *rs);
void request_done(struct request *rq);
/* A body; NULL: no object or list of JSON, one with a key twice, or one that is nested too deeply.
 */
json_t *body_parse(const char *text, size_t n);
/* A member of a body, its name in any case; NULL: there is none. */
json_t *body_get(const json_t *body, const char *name);
/* "" when it is no string. */
const char *body_text(const json_t *body, const char *name);
