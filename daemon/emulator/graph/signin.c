/*
 * What clients ask before they have a token: where the tenant signs in, in the versions 1.0 and
 * 2.0 of the endpoints, and the cloud that it belongs to. The tokens themselves: token.c.
 * A new endpoint is a row of one of the tables.
 */
#include "graph/signin.h"

#include "graph/device_code.h"
#include "graph/token.h"
#include "odata/url.h"

#include "base/err.h"

#include <stdio.h>

#define TENANT_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

/* What a client wrote in the place of its tenant. */
enum authority {
	AUTHORITY_OWN, /* its id or one of its domains */
	AUTHORITY_ANY, /* common, organizations: the user's, whichever it is */
	AUTHORITY_UNKNOWN,
};

static const char *const any_tenant[] = {"common", "organizations"};

/* *ret: as links name it. */
static enum authority authority_of(const struct emulator *em, const char *name, const char **ret)
{
	*ret = em->tenant->id;
	if (strcasecmp(name, em->tenant->id) == 0 || tenant_verified(em->tenant, name))
		return AUTHORITY_OWN;
	for (unsigned i = 0; i < ARRAY_SIZE(any_tenant); i++)
		if (strcasecmp(name, any_tenant[i]) == 0) {
			*ret = any_tenant[i];
			return AUTHORITY_ANY;
		}
	return AUTHORITY_UNKNOWN;
}

static void tenant_unknown(struct response *rs, const char *error, const char *name)
{
	char text[512];

	snprintf(text, sizeof(text),
		"AADSTS90002: Tenant '%.200s' not found. Check to make sure you have the correct "
		"tenant ID and are signing into the correct cloud.",
		name);
	token_error(rs, 400, error, text);
}

/* --- the parts of an authority: /TENANT/... --- */

struct endpoint;

struct visit {
	struct emulator *em;
	const struct asked *asked;
	const struct endpoint *endpoint;
	const char *tenant; /* as it was asked */
	const char *name;   /* as links name it */
	enum authority authority;
};

struct endpoint {
	const char *path;
	int version; /* of the endpoints */
	void (*handle)(const struct visit *v, struct response *rs);
};

static void endpoint_token(const struct visit *v, struct response *rs)
{
	const struct asked *a = v->asked;

	if (a->method != M_POST)
		token_error(rs, 400, "invalid_request",
			"AADSTS900561: The endpoint only accepts POST requests.");
	else if (v->authority == AUTHORITY_UNKNOWN)
		tenant_unknown(rs, "invalid_request", v->tenant);
	else if (v->authority == AUTHORITY_ANY) /* an application belongs to one tenant */
		token_error(rs, 400, "invalid_request",
			"AADSTS50059: No tenant-identifying information found in either the "
			"request or implied by any provided credentials.");
	else
		handle_token(v->em,
			&(struct token_request){
				v->endpoint->version, a->base, a->body, a->authorization},
			rs);
}

/* Tokens are signed with a secret: there is no key to show. */
static void endpoint_keys(const struct visit *v, struct response *rs)
{
	if (v->authority == AUTHORITY_UNKNOWN) {
		tenant_unknown(rs, "invalid_tenant", v->tenant);
		return;
	}
	rs->status = 200;
	buf_adds(&rs->body, "{\"keys\":[]}");
}

static void endpoint_user(const struct visit *v, struct response *rs)
{
	token_error(rs, 400, "invalid_request",
		"The emulator has no users that sign in: it knows client credentials and managed "
		"identities.");
}

static void endpoint_device_code(const struct visit *v, struct response *rs)
{
	handle_device_code(v->em, v->asked->base, v->asked->body ? v->asked->body : "", rs);
}

/* "name":"https://HOST/TENANTpath", */
static void add_link(struct buf *b, const struct visit *v, const char *name, const char *path)
{
	buf_addf(b, "\"%s\":\"%s/%s%s\",", name, v->asked->base, v->name, path);
}

/* learn.microsoft.com/entra/identity-platform/v2-protocols-oidc */
static void endpoint_configuration(const struct visit *v, struct response *rs)
{
	bool second = v->endpoint->version == 2;
	const char *host = v->asked->base + strlen("https://");
	struct buf *b = &rs->body;

	if (v->authority == AUTHORITY_UNKNOWN) {
		tenant_unknown(rs, "invalid_tenant", v->tenant);
		return;
	}
	rs->status = 200;
	buf_addc(b, '{');
	add_link(b, v, "token_endpoint", second ? "/oauth2/v2.0/token" : "/oauth2/token");
	add_link(b, v, "authorization_endpoint",
		second ? "/oauth2/v2.0/authorize" : "/oauth2/authorize");
	add_link(b, v, "device_authorization_endpoint",
		second ? "/oauth2/v2.0/devicecode" : "/oauth2/devicecode");
	add_link(b, v, "end_session_endpoint", second ? "/oauth2/v2.0/logout" : "/oauth2/logout");
	add_link(b, v, "jwks_uri", second ? "/discovery/v2.0/keys" : "/discovery/keys");
	buf_addf(b, "\"issuer\":\"%s/%s/%s\",", v->asked->base,
		v->authority == AUTHORITY_ANY ? "{tenantid}" : v->name, second ? "v2.0" : "");
	buf_adds(b,
		"\"token_endpoint_auth_methods_supported\":[\"client_secret_post\","
		"\"private_key_jwt\",\"client_secret_basic\"],"
		"\"response_modes_supported\":[\"query\",\"fragment\",\"form_post\"],"
		"\"subject_types_supported\":[\"pairwise\"],"
		"\"id_token_signing_alg_values_supported\":[\"RS256\"],"
		"\"response_types_supported\":[\"code\",\"id_token\",\"code id_token\","
		"\"id_token token\"],"
		"\"scopes_supported\":[\"openid\",\"profile\",\"email\",\"offline_access\"],"
		"\"claims_supported\":[\"sub\",\"iss\",\"aud\",\"exp\",\"iat\",\"tid\",\"ver\"],"
		"\"request_uri_parameter_supported\":false,\"tenant_region_scope\":\"WW\",");
	buf_addf(b,
		"\"userinfo_endpoint\":\"%s/oidc/userinfo\",\"cloud_instance_name\":\"%s\","
		"\"cloud_graph_host_name\":\"%s\",\"msgraph_host\":\"%s\",\"rbac_url\":\"%s\"}",
		v->asked->base, host, host, host, v->asked->base);
}

/*
 * "https://HOST/TENANT/..." of a client; false: it is not an authority. The
 * address that it leads to tells whether the tenant exists.
 */
static bool authority_read(const char *url, char *tenant, size_t size)
{
	static const char head[] = "https://";
	size_t host, n;

	if (strncasecmp(url, head, strlen(head)) != 0)
		return false;
	url += strlen(head);
	host = strcspn(url, "/?#");
	if (!host || url[host] != '/')
		return false;
	url += host + 1;
	n = strcspn(url, "/?#");
	snprintf(tenant, size, "%.*s", (int)n, url);
	return n > 0 && n < size && !tenant[strspn(tenant, TENANT_CHARACTERS)];
}

/*
 * Which hosts are one cloud: here the one that was called, under its name with the port and
 * without it: some clients use the one, some the other.
 */
static void add_cloud(const char *base, struct buf *b)
{
	const char *host = base + strlen("https://");
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");

	buf_addf(b, "{\"preferred_network\":\"%s\",\"preferred_cache\":\"%s\",\"aliases\":[\"%s\"",
		host, host, host);
	if (host[n])
		buf_addf(b, ",\"%.*s\"", (int)n, host);
	buf_adds(b, "]}");
}

/* /common/discovery/instance?api-version=1.1&authorization_endpoint=https://HOST/TENANT/... */
static void endpoint_instance(const struct visit *v, struct response *rs)
{
	_cleanup_free_ char *url = form_value(v->asked->query, "authorization_endpoint");
	_cleanup_free_ char *version = form_value(v->asked->query, "api-version");
	char tenant[256];
	const char *name;

	if (!*url) {
		token_error(rs, 400, "invalid_request",
			"AADSTS900144: The request must contain the following parameter: "
			"'authorization_endpoint'.");
		return;
	}
	if (!authority_read(url, tenant, sizeof(tenant))) {
		token_error(
			rs, 400, "invalid_instance", "AADSTS50049: Unknown or invalid instance.");
		return;
	}
	if (authority_of(v->em, tenant, &name) == AUTHORITY_UNKNOWN)
		name = tenant;
	rs->status = 200;
	buf_addf(&rs->body,
		"{\"tenant_discovery_endpoint\":\"%s/%s%s/.well-known/"
		"openid-configuration\",\"api-version\":\"%s\",\"metadata\":[",
		v->asked->base, name, strstr(url, "/v2.0") ? "/v2.0" : "",
		strcmp(version, "1.0") == 0 ? "1.0" : "1.1");
	add_cloud(v->asked->base, &rs->body);
	buf_adds(&rs->body, "]}");
}

static const struct endpoint endpoints[] = {
	{"/oauth2/v2.0/token", 2, endpoint_token},
	{"/oauth2/token", 1, endpoint_token},
	{"/v2.0/.well-known/openid-configuration", 2, endpoint_configuration},
	{"/.well-known/openid-configuration", 1, endpoint_configuration},
	{"/discovery/v2.0/keys", 2, endpoint_keys},
	{"/discovery/keys", 1, endpoint_keys},
	{"/discovery/instance", 1, endpoint_instance},
	{"/oauth2/v2.0/authorize", 2, endpoint_user},
	{"/oauth2/authorize", 1, endpoint_user},
	{"/oauth2/v2.0/devicecode", 2, endpoint_device_code},
	{"/oauth2/devicecode", 1, endpoint_device_code},
};

/* --- what belongs to no tenant --- */

static void managed_identity(struct emulator *em, const struct asked *a, struct response *rs)
{
	handle_managed_identity(em, a->base, a->query, a->metadata, rs);
}

/*
 * The endpoints of this cloud, as Azure Resource Manager tells them: Terraform's provider
 * (metadata_host) and the Azure CLI ask here before they sign in.
 */
static void cloud_endpoints(struct emulator *em, const struct asked *a, struct response *rs)
{
	_cleanup_free_ char *version = form_value(a->query, "api-version");
	bool list = *version && strcmp(version, "2022") < 0; /* 2019-05-01: all clouds */
	const char *base = a->base;

	rs->status = 200;
	buf_addf(&rs->body,
		"%s{\"name\":\"EntraEmulator\",\"portal\":\"%s\",\"authentication\":{"
		"\"loginEndpoint\":\"%s\",\"audiences\":[\"%s\"],\"tenant\":\"common\","
		"\"identityProvider\":\"AAD\"},\"graph\":\"%s\",\"graphAudience\":\"%s\","
		"\"microsoftGraphResourceId\":\"%s\",\"resourceManager\":\"%s\",\"suffixes\":{}}%s",
		list ? "[" : "", base, base, base, base, base, base, base, list ? "]" : "");
}

/*
 * What the Azure CLI asks Azure when it has a token: there are no subscriptions (it goes on with
 * --allow-no-subscriptions), and one tenant.
 */
static void azure(struct emulator *em, const struct asked *a, struct response *rs)
{
	const char *why;

	if (!token_check(em, AUDIENCE_GRAPH, a->authorization, &why)) {
		respond_error(rs, 401, "InvalidAuthenticationToken", "%s", why);
		return;
	}
	rs->status = 200;
	buf_adds(&rs->body, "{\"value\":[");
	if (strncasecmp(a->path, "/tenants", 8) == 0)
		buf_addf(&rs->body, "{\"id\":\"/tenants/%s\",\"tenantId\":\"%s\"}", em->tenant->id,
			em->tenant->id);
	buf_adds(&rs->body, "]}");
}

static const struct {
	const char *path;
	void (*handle)(struct emulator *em, const struct asked *a, struct response *rs);
} fixed[] = {
	{"/subscriptions", azure},
	{"/tenants", azure},
	{"/metadata/identity/oauth2/token", managed_identity},
	{"/metadata/endpoints", cloud_endpoints},
};

/* A path in memory of its own, without the slashes at its end (MSAL for Node writes one). */
static char *path_of(const char *path)
{
	size_t n = strcspn(path, "?");

	while (n > 1 && path[n - 1] == '/')
		n--;
	return xstrndup(path, n);
}

bool handle_sign_in(struct emulator *em, struct asked *a, struct response *rs)
{
	_cleanup_free_ char *path = path_of(a->path);
	const char *query = strchr(a->path, '?');
	struct visit v = {.em = em, .asked = a};
	char *rest = *path == '/' ? strchr(path + 1, '/') : NULL;

	a->query = query ? query + 1 : "";
	for (unsigned i = 0; i < ARRAY_SIZE(fixed); i++)
		if (strcasecmp(path, fixed[i].path) == 0) {
			fixed[i].handle(em, a, rs);
			return true;
		}
	for (unsigned i = 0; rest && i < ARRAY_SIZE(endpoints); i++)
		if (strcasecmp(rest, endpoints[i].path) == 0)
			v.endpoint = &endpoints[i];
	if (!v.endpoint)
		return false;
	*rest = '\0';
	if (!path_decode(path + 1))
		return false;
	v.tenant = path + 1;
	v.authority = authority_of(em, v.tenant, &v.name);
	v.endpoint->handle(&v, rs);
	return true;
}
