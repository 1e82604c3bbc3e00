/* The server's certificate, made at the first start with a CA of its own. */
#pragma once

#include "base/err.h"

#include <openssl/ssl.h>

/*
 * DIR/ca.pem, cert.pem and key.pem (0600); made for localhost and `address` when they are not
 * there, valid for so many days (negative: already expired, for tests). The caller frees.
 */
int tls_context(
	const char *dir, const char *address, int days, SSL_CTX **ret, struct err *e) _must_check_;
