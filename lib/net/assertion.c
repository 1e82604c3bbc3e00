/*
 * JWT (RFC 7519) signed with RS256 or PS256 (RFC 7518 3.3, 3.5). The key is read for each assertion
 * and forgotten again, so that a renewed certificate is used without a restart.
 */
#include "net/assertion.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/timefmt.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <errno.h>

#define LIFETIME 600 /* seconds; Entra recommends 5 to 10 minutes */

struct pair {
	X509 *cert;
	EVP_PKEY *key;
};

static void pair_done(struct pair *p)
{
	X509_free(p->cert);
	EVP_PKEY_free(p->key);
}
#define _cleanup_pair_ _cleanup_(pair_done)

static int pair_read(const char *file, struct pair *p, struct err *e)
{
	_cleanup_secret_ char *text = NULL;
	BIO *bio;

	TRY(secret_read(file, &text, e));
	bio = BIO_new_mem_buf(text, -1);
	p->cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	(void)BIO_reset(bio);
	p->key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
	BIO_free(bio);
	ERR_clear_error();
	if (!p->cert || !p->key)
		return err_set(e, -EINVAL, file, 0,
			"there is no %s in it; a PEM file with the certificate and its key "
			"(without a passphrase) is needed",
			p->cert ? "key" : "certificate");
	if (EVP_PKEY_base_id(p->key) != EVP_PKEY_RSA)
		return err_set(e, -EINVAL, file, 0, "the key is not an RSA key");
	if (X509_check_private_key(p->cert, p->key) != 1)
		return err_set(e, -EINVAL, file, 0, "the key does not belong to the certificate");
	return 0;
}

/* base64url without padding (RFC 7515) */
static void add_base64url(struct buf *b, const void *p, size_t n)
{
	_cleanup_free_ char *text = xmalloc(base64_len(n) + 1);

	base64_encode(text, p, n);
	for (const char *c = text; *c && *c != '='; c++)
		buf_addc(b, *c == '+' ? '-' : *c == '/' ? '_' : *c);
}

static void add_thumbprint(struct buf *b, const char *name, const X509 *cert, const EVP_MD *md)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	X509_digest(cert, md, digest, &n);
	buf_addf(b, ",\"%s\":\"", name);
	add_base64url(b, digest, n);
	buf_addc(b, '"');
}

static void add_header(const struct assertion *a, const struct pair *p, struct buf *ret)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addf(&b, "{\"alg\":\"%s\",\"typ\":\"JWT\"", a->rs256 ? "RS256" : "PS256");
	add_thumbprint(&b, "x5t", p->cert, EVP_sha1());
	add_thumbprint(&b, "x5t#S256", p->cert, EVP_sha256());
	buf_addc(&b, '}');
	add_base64url(ret, b.data, b.len);
}

static void add_json_string(struct buf *b, const char *key, const char *v)
{
	buf_addf(b, "\"%s\":\"", key);
	buf_add_json(b, v, strlen(v));
	buf_adds(b, "\",");
}

static void add_claims(const struct assertion *a, struct buf *ret)
{
	_cleanup_buf_ struct buf b = {0};
	long long now = unix_now();
	char id[UUID_TEXT_SIZE];

	uuid_random(id);
	buf_addc(&b, '{');
	add_json_string(&b, "aud", a->audience);
	add_json_string(&b, "iss", a->client_id);
	add_json_string(&b, "sub", a->client_id);
	add_json_string(&b, "jti", id);
	buf_addf(&b, "\"nbf\":%lld,\"iat\":%lld,\"exp\":%lld}", now, now, now + LIFETIME);
	add_base64url(ret, b.data, b.len);
}

static bool sign(const struct assertion *a, EVP_PKEY *key, struct buf *b)
{
	unsigned char signature[1024];
	size_t n = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	bool good = EVP_DigestSignInit(ctx, &pctx, EVP_sha256(), NULL, key) == 1;

	if (good && !a->rs256)
		good = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
	good = good && (size_t)EVP_PKEY_size(key) <= n &&
	       EVP_DigestSign(ctx, signature, &n, (const unsigned char *)b->data, b->len) == 1;
	EVP_MD_CTX_free(ctx);
	if (good) {
		buf_addc(b, '.');
		add_base64url(b, signature, n);
	}
	return good;
}

int assertion_make(const struct assertion *a, char **ret, struct err *e)
{
	_cleanup_pair_ struct pair p = {0};
	_cleanup_buf_ struct buf b = {.wipe = true};

	TRY(pair_read(a->file, &p, e));
	add_header(a, &p, &b);
	buf_addc(&b, '.');
	add_claims(a, &b);
	if (!sign(a, p.key, &b))
		return err_set(e, -EINVAL, a->file, 0, "the key cannot sign");
	*ret = buf_steal(&b);
	return 0;
}

/* Seconds from now, which may be over; false: it cannot be read. */
static bool from_now(const ASN1_TIME *t, int64_t *ret)
{
	int days, seconds;

	if (!ASN1_TIME_diff(&days, &seconds, NULL, t))
		return false;
	*ret = unix_now() + (int64_t)days * 86400 + seconds;
	return true;
}

int assertion_look(const char *file, struct assertion_facts *ret, struct err *e)
{
	_cleanup_pair_ struct pair p = {0};
	struct assertion_facts facts;

	TRY(pair_read(file, &p, e));
	if (!from_now(X509_get0_notBefore(p.cert), &facts.begin) ||
		!from_now(X509_get0_notAfter(p.cert), &facts.end))
		return err_set(e, -EINVAL, file, 0, "the certificate's times cannot be read");
	facts.key_bits = EVP_PKEY_bits(p.key);
	*ret = facts;
	return 0;
}
