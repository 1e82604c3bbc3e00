/* JWT client assertions: RS256 and PS256. */
#include "graph/assertion.h"

#include "tenant/body.h"
#include "tenant/clock.h"
#include "tenant/credential.h"

#include "base/codec.h"
#include "base/err.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdio.h>

#define JWT_MAX 16384
#define SKEW 300 /* seconds that clocks may differ */

void add_base64url(struct buf *b, const void *p, size_t n)
{
	char *text = xmalloc(base64_len(n) + 1);

	base64_encode(text, p, n);
	for (char *c = text; *c && *c != '='; c++)
		buf_addc(b, *c == '+' ? '-' : *c == '/' ? '_' : *c);
	free(text);
}

static bool decode(struct buf *ret, const char *s, size_t n)
{
	_cleanup_free_ char *text = xmalloc(n + 4);
	size_t len = 0;
	ssize_t out;

	for (size_t i = 0; i < n; i++)
		text[len++] = s[i] == '-' ? '+' : s[i] == '_' ? '/' : s[i];
	while (len % 4)
		text[len++] = '=';
	buf_reserve(ret, len);
	out = base64_decode(ret->data, text, len);
	if (out < 0)
		return false;
	ret->len = (size_t)out;
	ret->data[out] = '\0';
	return true;
}

static json_t *decode_json(const char *s, size_t n)
{
	_cleanup_buf_ struct buf b = {0};

	return decode(&b, s, n) ? json_loadb(b.data, b.len, 0, NULL) : NULL;
}

bool jwt_parse(const char *jwt, json_t **ret_header, json_t **ret_claims)
{
	const char *dot = strchr(jwt, '.'), *second = dot ? strchr(dot + 1, '.') : NULL;

	*ret_header = *ret_claims = NULL;
	if (!second || strlen(jwt) > JWT_MAX)
		return false;
	*ret_header = decode_json(jwt, (size_t)(dot - jwt));
	*ret_claims = decode_json(dot + 1, (size_t)(second - dot - 1));
	return json_is_object(*ret_header) && json_is_object(*ret_claims);
}

static bool verify(
	EVP_PKEY *key, const char *alg, const char *text, size_t n, const struct buf *sig)
{
	bool pss = streq(alg, "PS256"), good;
	EVP_MD_CTX *ctx;
	EVP_PKEY_CTX *pctx;

	if (!pss && !streq(alg, "RS256"))
		return false;
	ctx = EVP_MD_CTX_new();
	good = EVP_DigestVerifyInit(ctx, &pctx, EVP_sha256(), NULL, key) == 1;
	if (good && pss)
		good = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
	good = good && EVP_DigestVerify(ctx, (const unsigned char *)sig->data, sig->len,
			       (const unsigned char *)text, n) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static bool signed_by(const struct credential *c, const char *jwt, const json_t *header)
{
	const char *last = strrchr(jwt, '.');
	_cleanup_buf_ struct buf sig = {0};

	return decode(&sig, last + 1, strlen(last + 1)) &&
	       verify(c->key, body_text(header, "alg"), jwt, (size_t)(last - jwt), &sig);
}

/*
 * A digest in the header: base64url as RFC 7515 4.1.7 wants it, with "=" at its end as MSAL Python
 * and Terraform write it, or in the alphabet of base64, as MSAL Go does; "kid" may be hex as well.
 */
static bool thumbprint_is(const json_t *header, const char *name, const void *digest, size_t n)
{
	const char *v = json_string_value(json_object_get(header, name));
	unsigned char raw[32];
	_cleanup_buf_ struct buf b = {0};

	if (!v || n > sizeof(raw))
		return false;
	if (strlen(v) == 2 * n && hex_decode(raw, v, 2 * n) == (ssize_t)n)
		return memcmp(raw, digest, n) == 0;
	return decode(&b, v, strlen(v)) && b.len == n && memcmp(b.data, digest, n) == 0;
}

/* The registered certificate that the header names. */
static const struct credential *named_certificate(
	const struct application *app, const json_t *header)
{
	for (unsigned i = 0; i < app->n_credentials; i++) {
		const struct credential *c = app->credentials[i];

		if (c->certificate && !c->issuer &&
			(thumbprint_is(header, "x5t#S256", c->sha256, sizeof(c->sha256)) ||
				thumbprint_is(header, "x5t", c->sha1, sizeof(c->sha1)) ||
				thumbprint_is(header, "kid", c->sha1, sizeof(c->sha1))))
			return c;
	}
	return NULL;
}

static const struct credential *trusted_issuer(const struct application *app, const json_t *claims)
{
	for (unsigned i = 0; i < app->n_credentials; i++) {
		const struct credential *c = app->credentials[i];
		const char *audience = c->audience ? c->audience : "api://AzureADTokenExchange";

		if (c->issuer && streq(c->issuer, body_text(claims, "iss")) &&
			streq(c->subject, body_text(claims, "sub")) &&
			streq(audience, body_text(claims, "aud")))
			return c;
	}
	return NULL;
}

/*
 * This tenant by its id or one of its domains: as the issuer, or as the token endpoint that was
 * asked (learn.microsoft.com/entra/identity-platform/certificate-credentials).
 */
static bool audience_good(const struct emulator *em, const char *base, const char *aud)
{
	static const char *const tails[] = {
		"/v2.0", "/v2.0/", "/oauth2/v2.0/token", "/oauth2/token"};
	size_t head = strlen(base), n;
	char tenant[256];

	if (strncasecmp(aud, base, head) != 0 || aud[head] != '/')
		return false;
	aud += head + 1;
	n = strcspn(aud, "/");
	snprintf(tenant, sizeof(tenant), "%.*s", (int)n, aud);
	if (n >= sizeof(tenant) ||
		(strcasecmp(tenant, em->tenant->id) != 0 && !tenant_verified(em->tenant, tenant)))
		return false;
	for (unsigned i = 0; i < ARRAY_SIZE(tails); i++)
		if (strcasecmp(aud + n, tails[i]) == 0)
			return true;
	return false;
}

static const char *what_is_wrong(const struct emulator *em, const char *base,
	const struct application *app, const char *jwt, const json_t *header, const json_t *claims)
{
	bool own = strcasecmp(body_text(claims, "iss"), app->app_id) == 0;
	const struct credential *c =
		own ? named_certificate(app, header) : trusted_issuer(app, claims);
	/* a NumericDate may have a fraction (RFC 7519 2), and that of MSAL Python has one */
	double exp = json_number_value(json_object_get(claims, "exp"));
	double nbf = json_number_value(json_object_get(claims, "nbf"));

	if (!c && own)
		return "AADSTS700027: The certificate with identifier used to sign the client "
		       "assertion is not registered on application.";
	if (!c)
		return "AADSTS70021: No matching federated identity record found for presented "
		       "assertion.";
	if (!signed_by(c, jwt, header))
		return "AADSTS700027: Client assertion failed signature validation.";
	if (exp <= (double)(tenant_now(em) - SKEW) || nbf > (double)(tenant_now(em) + SKEW))
		return "AADSTS700024: Client assertion is not within its valid time range.";
	if (own && strcasecmp(body_text(claims, "sub"), app->app_id) != 0)
		return "AADSTS700030: Invalid certificate - subject name in certificate is not "
		       "authorized.";
	if (own && !audience_good(em, base, body_text(claims, "aud")))
		return "AADSTS700023: Client assertion audience claim does not match Realm "
		       "issuer.";
	return NULL;
}

bool assertion_check(const struct emulator *em, const char *base, const struct application *app,
	const char *jwt, const char **why)
{
	_cleanup_json_ json_t *header = NULL, *claims = NULL;

	*why = "AADSTS50027: JWT token is invalid or malformed.";
	if (jwt_parse(jwt, &header, &claims))
		*why = what_is_wrong(em, base, app, jwt, header, claims);
	return *why == NULL;
}
