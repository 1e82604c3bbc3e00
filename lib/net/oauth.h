/* OAuth2 client credentials against Entra's token endpoint; the token is kept until it is old. */
#pragma once

#include "net/http.h"

struct oauth_options {
	const char *authority; /* https://login.microsoftonline.com */
	const char *tenant_id;
	const char *client_id;
	const char *secret_file; /* see base/file.h: secret_read() */
	const char *scope;       /* https://graph.microsoft.com/.default */
};

struct oauth {
	struct oauth_options o; /* borrowed */
	char *header;           /* "Authorization: Bearer ..."; never logged */
	int64_t renew_at;       /* monotonic ms: five minutes before the end, or at half-life */
	char *roles;            /* JSON array of the token's application roles, as text */
};

/*
 * A header line with a token that is good for five minutes at least; borrowed until the next
 * call. NULL with *e: -EACCES wrong secret or application, -EAGAIN not reachable, -EPROTO.
 */
const char *oauth_header(struct oauth *a, struct http *h, struct err *e);
/* True when oauth_header() needs no request. */
bool oauth_fresh(const struct oauth *a);
/* After a 401: the next call signs in again. */
void oauth_forget(struct oauth *a);
/* Does the token carry the application role? */
bool oauth_has_role(const struct oauth *a, const char *role);
void oauth_done(struct oauth *a);
