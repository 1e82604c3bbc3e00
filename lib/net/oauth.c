/*
 * Sign-in: what each way puts into its request, and what the answer means. A way to sign in is a
 * row of OAUTH_METHODS and a case in add_proof() or sign_in(). Secrets and tokens are overwritten
 * when they are let go; of libcurl's own buffers that cannot be said.
 */
#include "net/oauth.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/json.h"
#include "base/timefmt.h"
#include "net/assertion.h"

#include <errno.h>
#include <stdio.h>

#define EARLY_MS (5 * 60 * 1000) /* a token is renewed so long before it ends */

void oauth_forget(struct oauth *a)
{
	secret_free(a->header);
	a->header = NULL;
}

void oauth_done(struct oauth *a)
{
	oauth_forget(a);
	free(a->roles);
	a->roles = NULL;
}

/* The payload of a JWT (RFC 7519), not verified: it only tells us early what is missing. */
static char *token_roles(const char *token)
{
	const char *p = strchr(token, '.'), *end = p ? strchr(p + 1, '.') : NULL;
	_cleanup_free_ char *b64 = NULL, *json = NULL;
	_cleanup_json_ json_t *root = NULL;
	ssize_t n;
	size_t len;

	if (!end)
		return NULL;
	len = (size_t)(end - p - 1);
	b64 = xmalloc(len + 4);
	memcpy(b64, p + 1, len);
	for (size_t i = 0; i < len; i++)
		b64[i] = b64[i] == '-' ? '+' : b64[i] == '_' ? '/' : b64[i];
	while (len % 4)
		b64[len++] = '=';
	json = xmalloc(len + 1);
	n = base64_decode(json, b64, len);
	if (n < 0)
		return NULL;
	root = json_loadb(json, (size_t)n, 0, NULL);
	return json_dumps(json_object_get(root, "roles"), JSON_COMPACT | JSON_ENCODE_ANY);
}

bool oauth_has_role(const struct oauth *a, const char *role)
{
	char quoted[128];

	snprintf(quoted, sizeof(quoted), "\"%s\"", role);
	return a->roles && strstr(a->roles, quoted);
}

/* A secret that becomes a part of a header: visible ASCII only, or it could end the line. */
static bool fits_header(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] > '~')
			return false;
	return n > 0;
}

/* Where we sign in. */
static const char *place(const struct oauth *a)
{
	return a->o.method == OAUTH_MANAGED_IDENTITY ? a->o.identity_endpoint : a->o.authority;
}

static int refused(const struct oauth *a, const struct http_request *r, json_t *json, struct err *e)
{
	const char *text = json_string_value(json_object_get(json, "error_description"));
	const char *code = json_string_value(json_object_get(json, "error"));
	int n = text ? (int)strcspn(text, "\r\n") : 0;

	if (r->status >= 500 || r->status == 429)
		return err_set(e, -EAGAIN, place(a), 0,
			"sign-in answered %ld; it is tried again in the next cycle", r->status);
	return err_set(e, -EACCES, place(a), 0,
		"invalid credentials: application %s of tenant %s cannot sign in: %.*s (%s, %ld)",
		a->o.client_id ? a->o.client_id : "(managed identity)", a->o.tenant_id, n,
		text ? text : "", code ? code : "?", r->status);
}

/* A request whose texts are secrets, or a token. */
static struct http_request *sign_in_request(const char *method, const char *url)
{
	struct http_request *r = http_request_new(method, url);

	r->body.wipe = r->answer.wipe = true;
	return r;
}

/* The parser's copy of a text; it is only overwritten, so that it stays what the parser made. */
static void wipe_string(json_t *v)
{
	if (json_is_string(v))
		explicit_bzero((char *)json_string_value(v), json_string_length(v));
}

/* A number; the managed identity's endpoint says it as text. */
static json_int_t lifetime(const json_t *v)
{
	return json_is_string(v) ? strtoll(json_string_value(v), NULL, 10) : json_integer_value(v);
}

static int read_token(struct oauth *a, const struct http_request *r, struct err *e)
{
	_cleanup_json_ json_t *json =
		json_loadb(r->answer.data ? r->answer.data : "", r->answer.len, 0, NULL);
	const char *token = json_string_value(json_object_get(json, "access_token"));
	json_int_t seconds = lifetime(json_object_get(json, "expires_in"));
	int ret = 0;

	if (r->status != 200) {
		ret = refused(a, r, json, e);
	} else if (!token || !fits_header(token, strlen(token)) || seconds <= 0 ||
		   seconds > 7 * 86400) {
		ret = err_set(e, -EPROTO, place(a), 0, "the answer to sign-in has no token");
	} else {
		oauth_forget(a);
		a->header = xasprintf("Authorization: Bearer %s", token);
		a->renew_at = monotonic_ms() + MAX(seconds * 1000 - EARLY_MS, seconds * 500);
		free(a->roles);
		a->roles = token_roles(token);
	}
	wipe_string(json_object_get(json, "access_token"));
	return ret;
}

static void add_field(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, "%s%s=", b->len ? "&" : "", name);
	url_add(b, value);
}

/* The part of the form that proves who we are. */
static int add_proof(const struct oauth *a, const char *endpoint, struct buf *b, struct err *e)
{
	struct assertion as = {a->o.credential_file, endpoint, a->o.client_id, a->o.rs256};
	_cleanup_secret_ char *secret = NULL;

	switch (a->o.method) {
	case OAUTH_SECRET:
		TRY(secret_read(a->o.credential_file, &secret, e));
		add_field(b, "client_secret", secret);
		return 0;
	case OAUTH_CERTIFICATE:
		TRY(assertion_make(&as, &secret, e));
		break;
	case OAUTH_FEDERATED:
		TRY(secret_read(a->o.credential_file, &secret, e));
		break;
	case OAUTH_MANAGED_IDENTITY:
	case OAUTH_METHOD_COUNT:
		return 0;
	}
	add_field(b, "client_assertion_type",
		"urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
	add_field(b, "client_assertion", secret);
	return 0;
}

static int take_answer(struct oauth *a, const struct http_request *r, struct err *e)
{
	if (r->outcome == HTTP_ANSWERED)
		return read_token(a, r, e);
	return err_set(e, r->outcome == HTTP_CANCELED ? -ECANCELED : -EAGAIN, place(a), 0,
		"cannot sign in: %s", r->error);
}

static int sign_in_at_authority(struct oauth *a, struct http *h, struct err *e)
{
	_cleanup_free_ char *url =
		xasprintf("%s/%s/oauth2/v2.0/token", a->o.authority, a->o.tenant_id);
	struct http_request *r = sign_in_request("POST", url);
	int ret;

	r->resend = true;
	r->headers[0] = "Content-Type: application/x-www-form-urlencoded";
	add_field(&r->body, "grant_type", "client_credentials");
	add_field(&r->body, "client_id", a->o.client_id);
	add_field(&r->body, "scope", a->o.scope);
	ret = add_proof(a, url, &r->body, e);
	if (ret < 0) { /* a credential that cannot be used is a wrong one */
		err_prefix(e, "invalid credentials");
		ret = e->code = -EACCES;
	}
	if (ret == 0) {
		http_perform(h, r);
		ret = take_answer(a, r, e);
	}
	http_request_free(r);
	return ret;
}

#define ARC_KEY_MAX 4096

/*
 * Azure Arc answers 401 and names a file that only members of its group can read; its content is
 * the proof (learn.microsoft.com/azure/azure-arc/servers/managed-identity-authentication).
 */
static int arc_proof(const struct oauth *a, const struct http_request *r, char **ret, struct err *e)
{
	static const char realm[] = "Basic realm=";
	const char *path = r->authenticate + strlen(realm);
	size_t n = strlen(a->o.identity_keys), len;
	_cleanup_secret_ char *key = NULL;

	if (!str_starts(r->authenticate, realm) || strncmp(path, a->o.identity_keys, n) != 0 ||
		path[n] != '/' || strchr(path + n + 1, '/') || strlen(path) < 5 ||
		!streq(path + strlen(path) - 4, ".key"))
		return err_set(e, -EPROTO, a->o.identity_endpoint, 0,
			"the challenge names no key file in %s", a->o.identity_keys);
	TRY(file_read(path, ARC_KEY_MAX, &key, &len, e));
	while (len && (key[len - 1] == '\n' || key[len - 1] == '\r'))
		key[--len] = '\0';
	if (!fits_header(key, len))
		return err_set(
			e, -EPROTO, path, 0, "the key holds what cannot be a part of a header");
	*ret = xasprintf("Authorization: Basic %s", key);
	return 0;
}

static int sign_in_as_machine(struct oauth *a, struct http *h, struct err *e)
{
	_cleanup_secret_ char *proof = NULL;
	_cleanup_buf_ struct buf url = {0};
	struct http_request *r;
	int ret = 0;

	buf_addf(&url, "%s?api-version=2020-06-01&resource=", a->o.identity_endpoint);
	url_add(&url, a->o.resource);
	if (a->o.client_id) {
		buf_adds(&url, "&client_id=");
		url_add(&url, a->o.client_id);
	}
	r = sign_in_request("GET", url.data);
	r->direct = true;
	r->headers[0] = "Metadata: true";
	http_perform(h, r);
	if (r->outcome == HTTP_ANSWERED && r->status == 401 && r->authenticate[0]) {
		ret = arc_proof(a, r, &proof, e);
		r->headers[1] = proof;
		if (ret == 0)
			http_perform(h, r);
	}
	if (ret == 0)
		ret = take_answer(a, r, e);
	http_request_free(r);
	return ret;
}

static int sign_in(struct oauth *a, struct http *h, struct err *e)
{
	return a->o.method == OAUTH_MANAGED_IDENTITY ? sign_in_as_machine(a, h, e)
	                                             : sign_in_at_authority(a, h, e);
}

bool oauth_fresh(const struct oauth *a)
{
	return a->header && monotonic_ms() < a->renew_at;
}

const char *oauth_header(struct oauth *a, struct http *h, struct err *e)
{
	if (oauth_fresh(a))
		return a->header;
	return sign_in(a, h, e) < 0 ? NULL : a->header;
}
