/*
 * See device_code.h. A code says what it was asked for, and nothing is kept; refresh tokens are all
 * the same. learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
 */
#include "graph/device_code.h"

#include "graph/assertion.h"
#include "graph/form.h"
#include "tenant/clock.h"

#include "base/codec.h"
#include "base/err.h"

#define GRANT "urn:ietf:params:oauth:grant-type:device_code"
#define LIFETIME 900 /* of a code, in seconds */
#define REFRESH "emulated-refresh-token"

void handle_device_code(
	const struct emulator *em, const char *base, const char *body, struct response *rs)
{
	_cleanup_free_ char *resource = form_resource(body),
			    *client = form_value(body, "client_id");
	struct buf *b = &rs->body;

	if (!em->tenant->device_app) {
		token_error(rs, 400, "invalid_request",
			"The emulator has no users that sign in: it knows client credentials and "
			"managed identities.");
		return;
	}
	if (!*client) {
		token_error(rs, 400, "invalid_request",
			"AADSTS900144: The request body must contain the following parameter: "
			"'client_id'.");
		return;
	}
	rs->status = 200;
	buf_adds(b, "{\"user_code\":\"EMULATED1\",\"device_code\":\"r-");
	for (const char *p = resource; *p; p++)
		buf_addf(b, "%02x", (unsigned char)*p);
	buf_addf(b,
		"\",\"verification_uri\":\"%s/device\",\"expires_in\":%d,\"interval\":1,"
		"\"message\":\"Nothing is to be done: the emulator signs you in.\"}",
		base, LIFETIME);
}

const struct application *device_code_application(
	const struct emulator *em, const char *grant, const char *body, char **ret_resource)
{
	const char *app_id = em->tenant->device_app;
	_cleanup_free_ char *code = form_value(body, "device_code");
	_cleanup_free_ char *refresh = form_value(body, "refresh_token");
	char resource[RESOURCE_MAX];
	ssize_t n = -1;

	*ret_resource = NULL;
	if (!app_id)
		return NULL;
	if (streq(grant, "refresh_token"))
		return streq(refresh, REFRESH) ? tenant_app(em->tenant, app_id) : NULL;
	if ((!streq(grant, GRANT) && !streq(grant, "device_code")) || !str_starts(code, "r-"))
		return NULL;
	if (strlen(code) < sizeof(resource))
		n = hex_decode(resource, code + 2, strlen(code + 2));
	if (n < 0)
		return NULL;
	*ret_resource = xstrndup(resource, (size_t)n);
	return tenant_app(em->tenant, app_id);
}

/* The claims of an id token, whose signature nobody has a key for. */
static void add_id_token(
	const struct emulator *em, const char *base, const char *client_id, struct buf *b)
{
	static const char head[] = "{\"alg\":\"none\",\"typ\":\"JWT\"}";
	_cleanup_buf_ struct buf claims = {0};
	char id[UUID_TEXT_SIZE];

	service_principal_id(em, em->tenant->device_app, id);
	buf_addf(&claims,
		"{\"iss\":\"%s/%s/v2.0\",\"iat\":%lld,\"nbf\":%lld,\"exp\":%lld,\"tid\":\"%s\","
		"\"oid\":\"%s\",\"sub\":\"%s\",\"name\":\"Emulated administrator\","
		"\"preferred_username\":\"admin@%s\",\"ver\":\"2.0\",\"aud\":\"",
		base, em->tenant->id, (long long)tenant_now(em), (long long)tenant_now(em),
		(long long)tenant_now(em) + 3599, em->tenant->id, id, id,
		em->tenant->initial_domain);
	add_text(&claims, client_id);
	buf_adds(&claims, "\"}");
	add_base64url(b, head, strlen(head));
	buf_addc(b, '.');
	add_base64url(b, claims.data, claims.len);
	buf_addc(b, '.');
}

void device_code_person(
	const struct emulator *em, const char *base, const char *client_id, struct buf *b)
{
	_cleanup_buf_ struct buf info = {0};
	char id[UUID_TEXT_SIZE];

	service_principal_id(em, em->tenant->device_app, id);
	buf_addf(&info, "{\"uid\":\"%s\",\"utid\":\"%s\"}", id, em->tenant->id);
	buf_adds(b, ",\"refresh_token\":\"" REFRESH "\",\"client_info\":\"");
	add_base64url(b, info.data, info.len);
	buf_adds(b, "\",\"id_token\":\"");
	add_id_token(em, base, client_id, b);
	buf_addc(b, '"');
}
