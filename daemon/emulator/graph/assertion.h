/*
 * Client assertions: a JWT in place of a secret, signed with a registered certificate, or issued by
 * an identity provider that the application trusts (learn.microsoft.com/entra/identity-platform/
 * certificate-credentials; .../workload-identities/workload-identity-federation).
 */
#pragma once

#include "base/buf.h"
#include "tenant/emulator.h"

/*
 * Is the assertion one of the application's, for us as the client calls us (base)? False with *why,
 * an AADSTS text.
 */
bool assertion_check(const struct emulator *em, const char *base, const struct application *app,
	const char *jwt, const char **why);

/* The parts of a JWT, decoded; false: the text is not a JWT. The caller frees both, also
 * then. */
bool jwt_parse(const char *jwt, json_t **ret_header, json_t **ret_claims);
/* base64url of n bytes, appended without padding (RFC 7515). */
void add_base64url(struct buf *b, const void *p, size_t n);
