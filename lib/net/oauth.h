/*
 * Sign-in as an application: OAuth2 client credentials with a secret, a certificate or a federated
 * token at Entra's token endpoint, or a managed identity at its local endpoint. The token is kept
 * until it is old.
 */
#pragma once

#include "net/http.h"

/* X(enum, setting that chooses it) */
#define OAUTH_METHODS(X)                                                              \
	X(SECRET, "client_secret_file")           /* client_secret */                 \
	X(CERTIFICATE, "client_certificate_file") /* an assertion that we sign */     \
	X(FEDERATED, "federated_token_file")      /* an assertion that others sign */ \
	X(MANAGED_IDENTITY, "managed_identity")   /* no credential at all */
enum oauth_method {
#define X(id, setting) OAUTH_##id,
	OAUTH_METHODS(X)
#undef X
		OAUTH_METHOD_COUNT
};

struct oauth_options {
	enum oauth_method method;
	const char *authority; /* https://login.microsoftonline.com */
	const char *tenant_id;
	const char *client_id;         /* NULL: the machine's own managed identity */
	const char *credential_file;   /* see base/file.h: secret_read() */
	bool rs256;                    /* CERTIFICATE: RS256 instead of PS256 */
	const char *scope;             /* https://graph.microsoft.com/.default */
	const char *resource;          /* https://graph.microsoft.com */
	const char *identity_endpoint; /* MANAGED_IDENTITY */
	const char *identity_keys;     /* folder of Azure Arc's challenge keys */
};

struct oauth {
	struct oauth_options o; /* borrowed */
	char *header;           /* "Authorization: Bearer ..."; never logged */
	int64_t renew_at;       /* monotonic ms: five minutes before the end, or at half-life */
	char *roles;            /* JSON array of the token's application roles, as text */
};

/*
 * A header line with a token that is good for five minutes at least; borrowed until the next
 * call. NULL with *e: -EACCES wrong credential or application, -EAGAIN not reachable, -EPROTO.
 */
const char *oauth_header(struct oauth *a, struct http *h, struct err *e);
/* True when oauth_header() needs no request. */
bool oauth_fresh(const struct oauth *a);
/* After a 401: the next call signs in again. */
void oauth_forget(struct oauth *a);
/* Does the token carry the application role? */
bool oauth_has_role(const struct oauth *a, const char *role);
void oauth_done(struct oauth *a);
