/*
 * Client assertions: a JWT in place of a secret, signed with a registered certificate, or issued by
 * an identity provider that the application trusts (learn.microsoft.com/entra/identity-platform/
 * certificate-credentials; .../workload-identities/workload-identity-federation).
 */
#pragma once

#include "graph/handlers.h"

struct credential;

/*
 * `pem`: a certificate or a public key. issuer, subject, audience (owned by the result) make it a
 * federated one. NULL: it is neither.
 */
struct credential *credential_new(const char *pem, char *issuer, char *subject, char *audience);
void credential_free(struct credential *c);
/* Is the assertion one of the application's? False with *why, an AADSTS text. */
bool assertion_check(const struct emulator *em, const struct application *app, const char *jwt,
	const char **why);

/* The parts of a JWT, decoded; false: it is none. The caller gives the objects back. */
bool jwt_parse(const char *jwt, json_t **ret_header, json_t **ret_claims);
/* base64url of n bytes, appended without padding (RFC 7515). */
void add_base64url(struct buf *b, const void *p, size_t n);
