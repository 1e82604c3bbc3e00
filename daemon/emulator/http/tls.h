/* The server's certificate, made at the first start with a CA of its own. */
#pragma once

#include "base/err.h"

#include <openssl/ssl.h>

#define TLS_NAMES_MAX 16

/* What the certificate is for, besides localhost; days negative: already expired, for tests. */
struct tls_config {
	const char *address;
	const char *names[TLS_NAMES_MAX];
	unsigned n_names;
	int days;
};

/* Letters, digits, "-" and "."; also "*" in front. */
bool tls_name_valid(const char *name);

/*
 * DIR/ca.pem, cert.pem and key.pem (0600), made when they are not there. One that was made without
 * a name of the configuration is an error: with another one clients would need its CA. The caller
 * frees.
 */
int tls_context(const char *dir, const struct tls_config *config, SSL_CTX **ret,
	struct err *e) _must_check_;
