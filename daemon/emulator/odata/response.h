/* An answer, and how errors are written. */
#pragma once

#include "tenant/emulator.h"
#include "tenant/refusal.h"

struct response {
	int status;
	struct buf body;
	char location[2048];
	long retry_after; /* -1: none */
	bool reset;       /* close the connection without an answer */
	long after_bytes; /* >= 0: close it after so many bytes of the answer */
	long delay_ms;
	bool gzip;          /* compressed, though nobody has asked for it */
	int units;          /* resource units that it cost */
	int preference;     /* Preference-Applied: 1 return=minimal, 2 return=representation */
	char scope[128];    /* x-ms-throttle-scope, "": not throttled */
	const char *reason; /* x-ms-throttle-information */
	double used;        /* x-ms-throttle-limit-percentage; 0: not told */
	const char *type;   /* Content-Type; NULL: JSON */
};

/* At each request's beginning: its ids, which errors repeat. client_id may be NULL. */
void request_begin(const struct emulator *em, const char *client_id);
/* request-id, and client-request-id or the same again. */
const char *request_ids(const char **ret_client);

/* Appends a part of a JSON string; what is not UTF-8 is left out (also a character that is cut off
 * at the end).
 */
void add_text(struct buf *b, const char *s);
/* An error as Graph writes it. */
void respond_error(struct response *rs, int status, const char *code, const char *fmt, ...)
	_printf_(4, 5);
/* 400: a property cannot have the value; `why` is for people, a sentence without its dot. */
void respond_value(struct response *rs, const char *code, enum object_type t, const char *property,
	const char *why);
void respond_forbidden(struct response *rs);
/* 405 */
void respond_method(struct response *rs);
void respond_not_found(struct response *rs, const char *id);
/* 400 */
void respond_refusal(struct response *rs, const struct refusal *r);
