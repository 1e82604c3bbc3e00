/* net/assertion: what is signed, that the signature holds, and which files are refused. */
#include "../folder.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/timefmt.h"
#include "net/assertion.h"

#include <errno.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#define AUDIENCE "https://login.example/tenant/\"x\"/oauth2/v2.0/token"
#define DAYS 20

static EVP_PKEY *keys[2];
static char *cert_pem, *key_pem[2], *curve_pem;

static char *take(BIO *bio)
{
	char *data;
	long n = BIO_get_mem_data(bio, &data);
	char *text = xcalloc(1, (size_t)n + 1);

	memcpy(text, data, (size_t)n);
	BIO_free(bio);
	return text;
}

static char *pem_of_key(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	assert_int_equal(PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL), 1);
	return take(bio);
}

static char *pem_of_cert(EVP_PKEY *key)
{
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());

	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), DAYS * 86400);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
	X509_free(cert);
	return take(bio);
}

static int make(void **state)
{
	EVP_PKEY *curve = EVP_EC_gen("P-256");

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		keys[i] = EVP_RSA_gen(2048);
		key_pem[i] = pem_of_key(keys[i]);
	}
	cert_pem = pem_of_cert(keys[0]);
	curve_pem = pem_of_key(curve);
	EVP_PKEY_free(curve);
	return folder_make(state);
}

static int clear(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		EVP_PKEY_free(keys[i]);
		free(key_pem[i]);
	}
	free(cert_pem);
	free(curve_pem);
	return folder_remove(state);
}

/* A part of the token: base64url without padding (RFC 7515, 2). */
static size_t decode(const char *part, size_t n, char ret[1024])
{
	_cleanup_buf_ struct buf b = {0};
	ssize_t len;

	for (size_t i = 0; i < n; i++) {
		assert_null(memchr("+/=", part[i], 3));
		buf_addc(&b, part[i] == '-' ? '+' : part[i] == '_' ? '/' : part[i]);
	}
	while (b.len % 4)
		buf_addc(&b, '=');
	assert_true(b.len < 1300);
	len = base64_decode(ret, buf_str(&b), b.len);
	assert_true(len > 0);
	ret[len] = '\0';
	return (size_t)len;
}

static json_t *json_of(const char *part, size_t n)
{
	char text[1024];
	json_t *o;

	decode(part, n, text);
	o = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(o);
	return o;
}

static const char *member(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	assert_non_null(text);
	return text;
}

static void check_signature(const char *token, size_t n, const char *part, bool rs256)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	char signature[1024];
	size_t len = decode(part, strlen(part), signature);

	assert_int_equal(EVP_DigestVerifyInit(ctx, &pctx, EVP_sha256(), NULL, keys[0]), 1);
	if (!rs256) {
		EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING);
		EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST);
	}
	assert_int_equal(EVP_DigestVerify(ctx, (const unsigned char *)signature, len,
				 (const unsigned char *)token, n),
		1);
	EVP_MD_CTX_free(ctx);
}

static void check(bool rs256)
{
	char path[128], text[8192];
	struct assertion a = {
		.file = path, .audience = AUDIENCE, .client_id = "client", .rs256 = rs256};
	_cleanup_secret_ char *token = NULL;
	const char *claims, *signature;
	struct err e = {0};
	json_int_t from, to;
	json_t *o;

	snprintf(text, sizeof(text), "%s%s", key_pem[0], cert_pem); /* in either order */
	folder_put("pair.pem", text, path);
	if (assertion_make(&a, &token, &e) < 0)
		fail_msg("%s", e.text);
	claims = strchr(token, '.') + 1;
	signature = strchr(claims, '.') + 1;
	o = json_of(token, (size_t)(claims - 1 - token));
	assert_string_equal(member(o, "alg"), rs256 ? "RS256" : "PS256");
	assert_int_equal(strlen(member(o, "x5t#S256")), 43); /* 32 bytes */
	assert_int_equal(strlen(member(o, "x5t")), 27);      /* 20 bytes */
	json_decref(o);
	o = json_of(claims, (size_t)(signature - 1 - claims));
	assert_string_equal(member(o, "aud"), AUDIENCE);
	assert_string_equal(member(o, "iss"), "client");
	assert_string_equal(member(o, "sub"), "client");
	assert_int_equal(strlen(member(o, "jti")), 36);
	from = json_integer_value(json_object_get(o, "nbf"));
	to = json_integer_value(json_object_get(o, "exp"));
	assert_true(from > 0 && from <= unix_now());
	assert_in_range(to - from, 300, 600); /* what Entra recommends */
	json_decref(o);
	check_signature(token, (size_t)(signature - 1 - token), signature, rs256);
}

static void test_ps256(void **state)
{
	check(false);
}

static void test_rs256(void **state)
{
	check(true);
}

static void test_facts(void **state)
{
	char path[128], text[8192];
	struct err e = {0};
	struct assertion_facts facts;

	snprintf(text, sizeof(text), "%s%s", cert_pem, key_pem[0]);
	assert_int_equal(assertion_look(folder_put("pair.pem", text, path), &facts, &e), 0);
	assert_in_range(facts.end, unix_now() + (DAYS - 1) * 86400, unix_now() + DAYS * 86400);
	assert_in_range(facts.begin, unix_now() - 3600, unix_now());
	assert_int_equal(facts.key_bits, 2048);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(assertion_look(path, &facts, &e), -EPERM);
	assert_non_null(strstr(e.text, "0640"));
}

static void test_refused(void **state)
{
	const struct {
		const char *one, *two, *why;
	} files[] = {
		{"", "", "empty"},
		{"no PEM", "", "no certificate in it"},
		{key_pem[0], "", "no certificate in it"},
		{cert_pem, "", "no key in it"},
		{cert_pem, curve_pem, "not an RSA key"},
		{cert_pem, key_pem[1], "does not belong"},
	};
	char path[128], text[8192];
	struct assertion a = {.file = path, .audience = AUDIENCE, .client_id = "client"};

	for (unsigned i = 0; i < ARRAY_SIZE(files); i++) {
		struct err e = {0};
		char *token = NULL;

		snprintf(text, sizeof(text), "%s%s", files[i].one, files[i].two);
		folder_put("pair.pem", text, path);
		assert_int_equal(assertion_make(&a, &token, &e), -EINVAL);
		assert_null(token);
		assert_string_equal(e.source, path);
		if (!strstr(e.text, files[i].why))
			fail_msg("%u: %s", i, e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ps256),
		cmocka_unit_test(test_rs256),
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, make, clear);
}
