/* Sign-in by client credentials; access tokens are JWTs signed with a key of this state. */
#include "graph/token.h"

#include "graph/assertion.h"
#include "graph/device_code.h"
#include "odata/url.h"
#include "tenant/body.h"
#include "tenant/clock.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/timefmt.h"
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

/* What a token is for, and how it was asked for. */
struct grant {
	int version;          /* of the endpoint */
	bool strong;          /* by a certificate, a federated credential, a managed identity */
	bool machine;         /* a managed identity */
	const char *client;   /* of a person who has signed in by a code; NULL: nobody */
	const char *resource; /* "": this host */
	const char *base;     /* this host, as the client called it */
};

/*
 * https://outlook.office365.com, or the id of Office 365 Exchange Online; the id of Microsoft Entra
 * AD Synchronization Service.
 */
static enum audience audience_of(const char *resource)
{
	static const char *const exchange[] = {"https://outlook.office365.com",
		"https://outlook.office365.com/", "00000002-0000-0ff1-ce00-000000000000"};

	for (unsigned i = 0; i < ARRAY_SIZE(exchange); i++)
		if (strcasecmp(resource, exchange[i]) == 0)
			return AUDIENCE_EXCHANGE;
	if (strcasecmp(resource, SERVICE_APP_ID) == 0)
		return AUDIENCE_SERVICE;
	if (strcasecmp(resource, "https://graph.windows.net") == 0 ||
		strcasecmp(resource, "https://graph.windows.net/") == 0)
		return AUDIENCE_OLD;
	return AUDIENCE_GRAPH;
}

/* A token has the roles of its resource alone. */
static bool role_shown(enum role r, enum audience audience)
{
	if (audience == AUDIENCE_EXCHANGE)
		return r == ROLE_EXCHANGE;
	return audience == AUDIENCE_SERVICE || audience == AUDIENCE_OLD
	               ? r == ROLE_SYNC
	               : r != ROLE_EXCHANGE && r != ROLE_SYNC;
}

static void add_claim(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, ",\"%s\":\"", name);
	add_text(b, value);
	buf_addc(b, '"');
}

/* learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
static void add_claims(const struct emulator *em, const struct application *app,
	const struct grant *g, struct buf *b)
{
	_cleanup_free_ char *issuer = xasprintf("%s/%s/v2.0", g->base, em->tenant->id);
	char oid[UUID_TEXT_SIZE];
	bool any = false;

	service_principal_id(em, app->app_id, oid);
	buf_addf(b, "{\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld", (long long)tenant_now(em),
		(long long)tenant_now(em), (long long)tenant_now(em) + LIFETIME);
	add_claim(b, "aud", *g->resource ? g->resource : g->base);
	add_claim(b, "iss", issuer);
	add_claim(b, "idp", issuer);
	add_claim(b, "tid", em->tenant->id);
	add_claim(b, "appid", app->app_id);
	add_claim(b, "app_displayname", app->name ? app->name : app->app_id);
	add_claim(b, "appidacr", g->strong ? "2" : "1");
	add_claim(b, "oid", oid);
	add_claim(b, "sub", oid);
	add_claim(b, "idtyp", "app");
	add_claim(b, "ver", "1.0");
	buf_adds(b, ",\"roles\":[");
	for (unsigned r = 0; r < ROLE_COUNT; r++)
		if (app->roles >> r & 1 && role_shown((enum role)r, audience_of(g->resource))) {
			buf_addf(b, "%s\"%s\"", any ? "," : "", role_name((enum role)r));
			any = true;
		}
	buf_adds(b, "]}");
}

static void add_token(const struct emulator *em, const struct application *app,
	const struct grant *g, struct buf *out)
{
	static const char head[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
	_cleanup_buf_ struct buf claims = {0}, token = {0};
	size_t n;

	add_claims(em, app, g, &claims);
	add_base64url(&token, head, strlen(head));
	buf_addc(&token, '.');
	add_base64url(&token, claims.data, claims.len);
	n = token.len;
	buf_addc(&token, '.');
	sign(em, token.data, n, &token);
	buf_add(out, token.data, token.len);
}

static const struct application *app_of_claims(
	const struct emulator *em, enum audience audience, const json_t *claims, const char **why)
{
	json_int_t iat = json_integer_value(json_object_get(claims, "iat"));

	*why = "Access token validation failure. Invalid tenant.";
	if (!streq(body_text(claims, "tid"), em->tenant->id))
		return NULL;
	*why = "Access token validation failure. Invalid audience.";
	if (audience_of(body_text(claims, "aud")) != audience)
		return NULL;
	*why = "Lifetime validation failed, the token is expired.";
	if (json_integer_value(json_object_get(claims, "exp")) <= tenant_now(em) ||
		iat < em->tokens_from)
		return NULL;
	*why = "The application is not known.";
	return tenant_app(em->tenant, body_text(claims, "appid"));
}

const struct application *token_check(
	struct emulator *em, enum audience audience, const char *authorization, const char **why)
{
	_cleanup_buf_ struct buf mac = {0};
	const char *token, *last;
	_cleanup_json_ json_t *header = NULL, *claims = NULL;

	*why = "Access token is empty.";
	if (!authorization || strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	token = authorization + 7;
	last = strrchr(token, '.');
	*why = "CompactToken parsing failed: it is not a JWT.";
	if (!last || strlen(token) > TOKEN_MAX)
		return NULL;
	if (!jwt_parse(token, &header, &claims))
		return NULL;
	sign(em, token, (size_t)(last - token), &mac);
	*why = "Signing key is invalid.";
	if (streq(body_text(header, "alg"), "HS256") && strlen(last + 1) == mac.len &&
		CRYPTO_memcmp(last + 1, mac.data, mac.len) == 0)
		return app_of_claims(em, audience, claims, why);
	return NULL;
}

/* --- the token endpoint --- */

struct form {
	char *grant, *id, *secret, *assertion_type, *assertion, *resource;
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
		form_value(body, "client_assertion"), NULL};
	f->resource = form_resource(body);
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
	free(f->resource);
}

static bool secret_good(const struct application *app, const char *secret)
{
	return app->secret && strlen(secret) == strlen(app->secret) &&
	       CRYPTO_memcmp(secret, app->secret, strlen(secret)) == 0;
}

/* In version 2.0 numbers are numbers; in 1.0, and for a managed identity, they are texts. */
static void grant_token(struct emulator *em, const struct application *app, const struct grant *g,
	struct response *rs)
{
	const char *q = g->version == 1 ? "\"" : "";
	struct buf *b = &rs->body;

	rs->status = 200;
	buf_addf(b, "{\"token_type\":\"Bearer\",\"expires_in\":%s%d%s,\"ext_expires_in\":%s%d%s", q,
		LIFETIME, q, q, LIFETIME, q);
	if (g->version == 1) {
		buf_addf(b, ",\"expires_on\":\"%lld\",\"not_before\":\"%lld\"",
			(long long)tenant_now(em) + LIFETIME, (long long)tenant_now(em));
		add_claim(b, "resource", *g->resource ? g->resource : g->base);
	}
	if (g->machine)
		add_claim(b, "client_id", app->app_id);
	buf_adds(b, ",\"access_token\":\"");
	add_token(em, app, g, b);
	buf_addc(b, '"');
	if (g->client)
		device_code_person(em, g->base, g->client, b);
	buf_addc(b, '}');
}

/* By a code, or again by a refresh token; false: it is another grant, or there is no such person.
 */
static bool sign_in_person(struct emulator *em, const struct token_request *tr,
	const struct form *f, struct response *rs)
{
	_cleanup_free_ char *resource = NULL;
	const struct application *app = device_code_application(em, f->grant, tr->body, &resource);
	struct grant g = {.version = tr->version,
		.resource = resource ? resource : f->resource,
		.base = tr->base,
		.client = f->id};

	if (app)
		grant_token(em, app, &g, rs);
	return app != NULL;
}

static void sign_in(struct emulator *em, const struct token_request *tr, const struct form *f,
	struct response *rs)
{
	static const char type[] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
	const struct application *app = tenant_app(em->tenant, f->id);
	struct grant g = {
		.version = tr->version,
		.strong = *f->assertion != '\0',
		.resource = f->resource,
		.base = tr->base,
	};
	char text[1024];
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
		else if (!assertion_check(em, tr->base, app, f->assertion, &why))
			token_error(rs, 401, "invalid_client", why);
	} else if (!secret_good(app, f->secret)) {
		snprintf(text, sizeof(text),
			"AADSTS7000215: Invalid client secret provided for app '%s'.", app->app_id);
		token_error(rs, 401, "invalid_client", text);
	}
	if (!rs->status)
		grant_token(em, app, &g, rs);
}

void handle_token(struct emulator *em, const struct token_request *tr, struct response *rs)
{
	struct form f;

	form_read(&f, tr->body, tr->authorization);
	if (!sign_in_person(em, tr, &f, rs))
		sign_in(em, tr, &f, rs);
	form_done(&f);
}

/* Named by its client id or the id of its principal; not by a resource of Azure. */
static bool identity_is(const struct emulator *em, const struct application *app, const char *query,
	const char *client_id)
{
	_cleanup_free_ char *object_id = form_value(query, "object_id");
	_cleanup_free_ char *resource_id = form_value(query, "mi_res_id");
	_cleanup_free_ char *old_id = form_value(query, "msi_res_id");
	char oid[UUID_TEXT_SIZE];

	service_principal_id(em, app->app_id, oid);
	return (!*client_id || strcasecmp(client_id, app->app_id) == 0) &&
	       (!*object_id || strcasecmp(object_id, oid) == 0) && !*resource_id && !*old_id;
}

/*
 * The endpoint of a virtual machine's managed identity (learn.microsoft.com/entra/identity/
 * managed-identities-azure-resources/how-to-use-vm-token): no secret, but a header that a browser
 * does not send.
 */
void handle_managed_identity(struct emulator *em, const char *base, const char *query,
	bool metadata, struct response *rs)
{
	_cleanup_free_ char *id = form_value(query, "client_id");
	_cleanup_free_ char *resource = form_value(query, "resource");
	struct grant g = {.version = 1, .strong = true, .machine = true, .base = base};
	const struct application *app = NULL;

	if (!metadata) {
		token_error(rs, 400, "invalid_request", "Required metadata header not specified");
		return;
	}
	for (unsigned i = 0; i < em->tenant->n_apps; i++)
		if (em->tenant->apps[i].managed_identity &&
			identity_is(em, &em->tenant->apps[i], query, id))
			app = &em->tenant->apps[i];
	if (!app) {
		token_error(rs, 400, "invalid_request", "Identity not found");
		return;
	}
	g.resource = strlen(resource) < RESOURCE_MAX ? resource : "";
	grant_token(em, app, &g, rs);
}
