/* Credentials of an application, as the tenant's file names them. */
#include "tenant/credential.h"

#include "base/err.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

void credential_free(struct credential *c)
{
	if (!c)
		return;
	EVP_PKEY_free(c->key);
	free(c->issuer);
	free(c->subject);
	free(c->audience);
	free(c);
}

struct credential *credential_new(const char *pem, char *issuer, char *subject, char *audience)
{
	struct credential *c = xcalloc(1, sizeof(*c));
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	*c = (struct credential){.issuer = issuer, .subject = subject, .audience = audience};
	if (cert) {
		c->certificate = true;
		c->key = X509_get_pubkey(cert);
		X509_digest(cert, EVP_sha1(), c->sha1, NULL);
		X509_digest(cert, EVP_sha256(), c->sha256, NULL);
		X509_free(cert);
	} else {
		BIO_reset(bio);
		c->key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);
	}
	BIO_free(bio);
	if (c->key && EVP_PKEY_base_id(c->key) == EVP_PKEY_RSA)
		return c;
	credential_free(c);
	return NULL;
}
