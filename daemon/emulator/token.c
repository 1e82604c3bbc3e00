/* Sign-in by client credentials; access tokens are JWTs signed with a key of this state. */
#include "assertion.h"

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
		"\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld,\"idtyp\":\"app\",\"ver\":\"1.0\","
		"\"roles\":[",
		em->base, em->base, em->tenant->id, em->tenant->id, app->app_id, (long long)now(em),
		(long long)now(em), (long long)now(em) + LIFETIME);
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

static const struct application *app_of_claims(
	const struct emulator *em, const json_t *claims, const char **why)
{
	json_int_t iat = json_integer_value(json_object_get(claims, "iat"));

	*why = "Access token validation failure. Invalid tenant.";
	if (!streq(body_text(claims, "tid"), em->tenant->id))
		return NULL;
	*why = "Lifetime validation failed, the token is expired.";
	if (json_integer_value(json_object_get(claims, "exp")) <= now(em) || iat < em->tokens_from)
		return NULL;
	*why = "The application is not known.";
	return tenant_app(em->tenant, body_text(claims, "appid"));
}

const struct application *token_check(
	struct emulator *em, const char *authorization, const char **why)
{
	_cleanup_buf_ struct buf mac = {0};
	const struct application *app = NULL;
	const char *token, *last;
	json_t *header, *claims;

	*why = "Access token is empty.";
	if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	token = authorization + 7;
	last = strrchr(token, '.');
	*why = "CompactToken parsing failed: it is no JWT.";
	if (!last || strlen(token) > TOKEN_MAX)
		return NULL;
	if (!jwt_parse(token, &header, &claims)) {
		json_decref(header);
		json_decref(claims);
		return NULL;
	}
	sign(em, token, (size_t)(last - token), &mac);
	*why = "Signing key is invalid.";
	if (streq(body_text(header, "alg"), "HS256") && strlen(last + 1) == mac.len &&
		CRYPTO_memcmp(last + 1, mac.data, mac.len) == 0)
		app = app_of_claims(em, claims, why);
	json_decref(header);
	json_decref(claims);
	return app;
}

/* --- the token endpoint --- */

/* error_codes is the number in "AADSTS700016: ..." */
void token_error(struct response *rs, int status, const char *error, const char *text)
{
	const char *client, *id = request_ids(&client);
	long code = str_starts(text, "AADSTS") ? strtol(text + 6, NULL, 10) : 0;
	char when[TIME_TEXT_SIZE];

	rs->status = status;
	buf_clear(&rs->body);
	buf_addf(&rs->body, "{\"error\":\"%s\",\"error_description\":\"", error);
	add_text(&rs->body, text);
	buf_addf(&rs->body,
		" Trace ID: %s Correlation ID: %s\",\"error_codes\":[%ld],\"timestamp\":\"%s\","
		"\"trace_id\":\"%s\",\"correlation_id\":\"%s\"}",
		id, client, code, time_format(unix_now(), when), id, client);
}

/* A form value, decoded, in memory of its own; "" when there is none. */
static char *form_value(const char *body, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = body; p && *p; p = strchr(p, '&') ? strchr(p, '&') + 1 : NULL)
		if (strncmp(p, name, n) == 0 && p[n] == '=') {
			char *v = xstrndup(p + n + 1, strcspn(p + n + 1, "&"));

			if (!url_decode(v))
				*v = '\0';
			return v;
		}
	return xstrdup("");
}

struct form {
	char *grant, *id, *secret, *assertion_type, *assertion;
};

/* Basic credentials instead of the form's (RFC 6749 2.3.1). */
static void basic_credentials(struct form *f, const char *authorization)
{
	const char *b64 = authorization + 6;
	_cleanup_free_ char *plain = xmalloc(strlen(b64) + 1);
	ssize_t n = base64_decode(plain, b64, strlen(b64));
	char *colon;

	if (n < 0)
		return;
	plain[n] = '\0';
	colon = strchr(plain, ':');
	if (!colon)
		return;
	*colon = '\0';
	free(f->id);
	free(f->secret);
	f->id = xstrdup(plain);
	f->secret = xstrdup(colon + 1);
	if (!url_decode(f->id) || !url_decode(f->secret))
		*f->id = '\0';
}

static void form_read(struct form *f, const char *body, const char *authorization)
{
	*f = (struct form){form_value(body, "grant_type"), form_value(body, "client_id"),
		form_value(body, "client_secret"), form_value(body, "client_assertion_type"),
		form_value(body, "client_assertion")};
	if (authorization && strncasecmp(authorization, "Basic ", 6) == 0)
		basic_credentials(f, authorization);
}

static void form_done(struct form *f)
{
	explicit_bzero(f->secret, strlen(f->secret));
	free(f->grant);
	free(f->id);
	free(f->secret);
	free(f->assertion_type);
	free(f->assertion);
}

static bool secret_good(const struct application *app, const char *secret)
{
	return app->secret && strlen(secret) == strlen(app->secret) &&
	       CRYPTO_memcmp(secret, app->secret, strlen(secret)) == 0;
}

static void grant_token(
	struct emulator *em, const struct application *app, const char *more, struct response *rs)
{
	rs->status = 200;
	buf_addf(&rs->body, "{\"token_type\":\"Bearer\",%s\"access_token\":\"", more);
	add_token(em, app, &rs->body);
	buf_adds(&rs->body, "\"}");
}

static void sign_in(struct emulator *em, const struct form *f, struct response *rs)
{
	static const char type[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
	const struct application *app = tenant_app(em->tenant, f->id);
	char text[1024], more[64];
	const char *why;

	if (!streq(f->grant, "client_credentials")) {
		token_error(rs, 400, "unsupported_grant_type",
			"AADSTS70003: The app requested an unsupported grant type.");
	} else if (!app) {
		snprintf(text, sizeof(text),
			"AADSTS700016: Application with identifier '%s' was not found in the "
			"directory '%s'.",
			f->id, em->tenant->id);
		token_error(rs, 400, "unauthorized_client", text);
	} else if (*f->assertion) {
		if (!streq(f->assertion_type, type))
			token_error(rs, 400, "invalid_request",
				"AADSTS900144: client_assertion_type is missing or unknown.");
		else if (!assertion_check(em, app, f->assertion, &why))
			token_error(rs, 401, "invalid_client", why);
	} else if (!secret_good(app, f->secret)) {
		snprintf(text, sizeof(text),
			"AADSTS7000215: Invalid client secret provided for app '%s'.", app->app_id);
		token_error(rs, 401, "invalid_client", text);
	}
	if (rs->status)
		return;
	snprintf(
		more, sizeof(more), "\"expires_in\":%d,\"ext_expires_in\":%d,", LIFETIME, LIFETIME);
	grant_token(em, app, more, rs);
}

void handle_token(
	struct emulator *em, const char *body, const char *authorization, struct response *rs)
{
	struct form f;

	form_read(&f, body, authorization);
	sign_in(em, &f, rs);
	form_done(&f);
}

/*
 * The endpoint of a virtual machine's managed identity (learn.microsoft.com/entra/identity/
 * managed-identities-azure-resources/how-to-use-vm-token): no secret, but a header that a browser
 * does not send.
 */
void handle_managed_identity(
	struct emulator *em, const char *query, bool metadata, struct response *rs)
{
	_cleanup_free_ char *id = form_value(query, "client_id");
	const struct application *app = NULL;
	char more[128];

	for (unsigned i = 0; i < em->tenant->n_apps; i++)
		if (em->tenant->apps[i].managed_identity &&
			(!*id || strcasecmp(id, em->tenant->apps[i].app_id) == 0))
			app = &em->tenant->apps[i];
	if (!metadata) {
		token_error(rs, 400, "invalid_request", "Required metadata header not specified");
		return;
	}
	if (!app) {
		token_error(rs, 400, "invalid_request", "Identity not found");
		return;
	}
	snprintf(more, sizeof(more), "\"expires_in\":\"%d\",\"expires_on\":\"%lld\",", LIFETIME,
		(long long)now(em) + LIFETIME);
	grant_token(em, app, more, rs);
}
