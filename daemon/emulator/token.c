/* Sign-in by client credentials; access tokens are JWTs signed with a key of this state. */
#include "emulator.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/timefmt.h"
#include "query.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/crypto.h>

#include <stdio.h>

#define LIFETIME 3599 /* seconds, as Entra's default */
#define TOKEN_MAX 8192

/* base64url without padding (RFC 7515) */
static void add_base64url(struct buf *b, const void *p, size_t n)
{
	char *text = xmalloc(base64_len(n) + 1);

	base64_encode(text, p, n);
	for (char *c = text; *c && *c != '='; c++)
		buf_addc(b, *c == '+' ? '-' : *c == '/' ? '_' : *c);
	free(text);
}

static void sign(const struct emulator *em, const char *text, size_t n, struct buf *b)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	HMAC(EVP_sha256(), em->key, sizeof(em->key), (const unsigned char *)text, n, mac, &len);
	add_base64url(b, mac, len);
}

static void add_token(const struct emulator *em, const struct application *app, struct buf *out)
{
	static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
	_cleanup_buf_ struct buf claims = {0}, token = {0};
	bool any = false;
	size_t n;

	buf_addf(&claims,
		"{\"aud\":\"%s\",\"iss\":\"%s/%s/v2.0\",\"tid\":\"%s\",\"appid\":\"%s\","
		"\"exp\":%lld,\"roles\":[",
		em->base, em->base, em->tenant->id, em->tenant->id, app->app_id,
		(long long)unix_now() + LIFETIME);
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (app->roles >> r & 1) {
			buf_addf(&claims, "%s\"%s\"", any ? "," : "", role_name((enum role)r));
			any = true;
		}
	buf_adds(&claims, "]}");
	add_base64url(&token, head, strlen(head));
	buf_addc(&token, '.');
	add_base64url(&token, claims.data, claims.len);
	n = token.len;
	buf_addc(&token, '.');
	sign(em, token.data, n, &token);
	buf_add(out, token.data, token.len);
}

static json_t *claims_of(const char *token, size_t n)
{
	const char *dot = memchr(token, '.', n);
	const char *end = dot ? memchr(dot + 1, '.', n - (size_t)(dot + 1 - token)) : NULL;
	char text[TOKEN_MAX], json[TOKEN_MAX];
	size_t len = 0;
	ssize_t out;

	if (!end || n > TOKEN_MAX - 8)
		return NULL;
	for (const char *p = dot + 1; p < end; p++)
		text[len++] = *p == '-' ? '+' : *p == '_' ? '/' : *p;
	while (len % 4)
		text[len++] = '=';
	out = base64_decode(json, text, len);
	return out < 0 ? NULL : json_loadb(json, (size_t)out, 0, NULL);
}

const struct application *token_check(struct emulator *em, const char *authorization)
{
	_cleanup_buf_ struct buf mac = {0};
	const struct application *app = NULL;
	const char *token, *last, *app_id;
	json_t *claims;

	if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	token = authorization + 7;
	last = strrchr(token, '.');
	if (!last || strlen(token) > TOKEN_MAX - 8)
		return NULL;
	sign(em, token, (size_t)(last - token), &mac);
	if (strlen(last + 1) != mac.len || CRYPTO_memcmp(last + 1, mac.data, mac.len) != 0)
		return NULL;
	claims = claims_of(token, strlen(token));
	app_id = json_string_value(json_object_get(claims, "appid"));
	if (app_id && json_integer_value(json_object_get(claims, "exp")) > unix_now())
		app = tenant_app(em->tenant, app_id);
	json_decref(claims);
	return app;
}

/* --- the token endpoint --- */

static void token_error(struct response *rs, int status, const char *error, const char *text)
{
	rs->status = status;
	buf_clear(&rs->body);
	buf_addf(&rs->body, "{\"error\":\"%s\",\"error_description\":\"", error);
	buf_add_json(&rs->body, text, strlen(text));
	buf_adds(&rs->body, "\"}");
}

/* A form value, decoded; "" when there is none. */
static void form_value(const char *body, const char *name, char *ret, size_t size)
{
	size_t n = strlen(name);

	*ret = '\0';
	for (const char *p = body; p && *p; p = strchr(p, '&') ? strchr(p, '&') + 1 : NULL)
		if (strncmp(p, name, n) == 0 && p[n] == '=') {
			snprintf(ret, size, "%.*s", (int)strcspn(p + n + 1, "&"), p + n + 1);
			if (!url_decode(ret))
				*ret = '\0';
			return;
		}
}

/* Basic credentials instead of the form's (RFC 6749 2.3.1). */
static void basic_credentials(
	const char *authorization, char *id, size_t id_size, char *secret, size_t secret_size)
{
	char plain[512];
	const char *b64 = authorization + 6;
	ssize_t n = strlen(b64) < sizeof(plain) ? base64_decode(plain, b64, strlen(b64)) : -1;
	char *colon;

	if (n < 0)
		return;
	plain[n] = '\0';
	colon = strchr(plain, ':');
	if (!colon)
		return;
	*colon = '\0';
	snprintf(id, id_size, "%.200s", plain);
	snprintf(secret, secret_size, "%.300s", colon + 1);
	url_decode(id);
	url_decode(secret);
}

void handle_token(
	struct emulator *em, const char *body, const char *authorization, struct response *rs)
{
	char grant[64], id[256], secret[512];
	const struct application *app;
	char text[1024];

	form_value(body, "grant_type", grant, sizeof(grant));
	form_value(body, "client_id", id, sizeof(id));
	form_value(body, "client_secret", secret, sizeof(secret));
	if (authorization && strncasecmp(authorization, "Basic ", 6) == 0)
		basic_credentials(authorization, id, sizeof(id), secret, sizeof(secret));
	if (!streq(grant, "client_credentials")) {
		token_error(rs, 400, "unsupported_grant_type",
			"AADSTS70003: The app requested an unsupported grant type.");
		return;
	}
	app = tenant_app(em->tenant, id);
	if (!app) {
		snprintf(text, sizeof(text),
			"AADSTS700016: Application with identifier '%s' was not found in the "
			"directory '%s'.",
			id, em->tenant->id);
		token_error(rs, 400, "unauthorized_client", text);
		return;
	}
	if (strlen(secret) != strlen(app->secret) ||
		CRYPTO_memcmp(secret, app->secret, strlen(secret)) != 0) {
		snprintf(text, sizeof(text),
			"AADSTS7000215: Invalid client secret provided for app '%s'.", app->app_id);
		token_error(rs, 401, "invalid_client", text);
		return;
	}
	rs->status = 200;
	buf_addf(&rs->body,
		"{\"token_type\":\"Bearer\",\"expires_in\":%d,\"ext_expires_in\":%d,"
		"\"access_token\":\"",
		LIFETIME, LIFETIME);
	add_token(em, app, &rs->body);
	buf_adds(&rs->body, "\"}");
	explicit_bzero(secret, sizeof(secret));
}
