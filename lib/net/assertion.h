/*
 * A client assertion (RFC 7523): a JWT that says who we are, signed with the key of a certificate
 * that the application has registered
 * (learn.microsoft.com/entra/identity-platform/certificate-credentials).
 */
#pragma once

#include "base/err.h"

struct assertion {
	const char *file;     /* PEM with the certificate and its key; see secret_read() */
	const char *audience; /* the token endpoint */
	const char *client_id;
	bool rs256; /* RS256 instead of PS256 */
};

/* *ret is the caller's, to be freed with secret_free(). -EINVAL: the file is not what is needed. */
int assertion_make(const struct assertion *a, char **ret, struct err *e) _must_check_;
/* When the certificate of the file ends (unix time); days before that a test warns. */
int assertion_expiry(const char *file, int64_t *ret, struct err *e) _must_check_;
