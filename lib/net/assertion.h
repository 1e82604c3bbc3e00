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

/* What a test tells of the file. */
struct assertion_facts {
	int64_t begin, end; /* of the certificate, unix time */
	int key_bits;       /* of the RSA key */
};
/* The file is read and checked as assertion_make() does, its mode too. */
int assertion_look(const char *file, struct assertion_facts *ret, struct err *e) _must_check_;
