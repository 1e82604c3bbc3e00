/*
 * What an application may sign its assertions with: a certificate, or the key of an identity
 * provider that it trusts.
 */
#pragma once

#include <openssl/evp.h>
#include <stdbool.h>

struct credential {
	EVP_PKEY *key;
	unsigned char sha1[20], sha256[32]; /* of a certificate */
	bool certificate;
	char *issuer, *subject, *audience; /* federated */
};

/*
 * `pem`: a certificate or a public key. issuer, subject, audience (owned by the result) make it a
 * federated one. NULL: it is neither; the three are freed.
 */
struct credential *credential_new(const char *pem, char *issuer, char *subject, char *audience);
void credential_free(struct credential *c);
