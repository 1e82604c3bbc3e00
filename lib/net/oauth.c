/* Sign-in with a client secret. */
#include "net/oauth.h"
#include "base/codec.h"
#include "base/file.h"
#include "base/timefmt.h"

#include <jansson.h>

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
	json_t *root;
	char *roles;
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
	roles = json_dumps(json_object_get(root, "roles"), JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(root);
	return roles;
}

bool oauth_has_role(const struct oauth *a, const char *role)
{
	char quoted[128];

	snprintf(quoted, sizeof(quoted), "\"%s\"", role);
	return a->roles && strstr(a->roles, quoted);
}

static int refused(const struct oauth *a, const struct http_request *r, json_t *json, struct err *e)
{
	const char *text = json_string_value(json_object_get(json, "error_description"));
	const char *code = json_string_value(json_object_get(json, "error"));
	int n = text ? (int)strcspn(text, "\r\n") : 0;

	if (r->status >= 500 || r->status == 429)
		return err_set(e, -EAGAIN, a->o.authority, 0,
			"sign-in answered %ld; it is tried again in the next cycle", r->status);
	return err_set(e, -EACCES, a->o.authority, 0,
		"invalid credentials: application %s of tenant %s cannot sign in: %.*s (%s, %ld)",
		a->o.client_id, a->o.tenant_id, n, text ? text : "", code ? code : "?", r->status);
}

static int read_token(struct oauth *a, const struct http_request *r, struct err *e)
{
	json_t *json = json_loadb(r->answer.data ? r->answer.data : "", r->answer.len, 0, NULL);
	const char *token = json_string_value(json_object_get(json, "access_token"));
	json_int_t seconds = json_integer_value(json_object_get(json, "expires_in"));
	int ret = 0;

	if (r->status != 200) {
		ret = refused(a, r, json, e);
	} else if (!token || seconds <= 0 || seconds > 7 * 86400) {
		ret = err_set(e, -EPROTO, a->o.authority, 0, "the answer to sign-in has no token");
	} else {
		oauth_forget(a);
		a->header = xasprintf("Authorization: Bearer %s", token);
		a->renew_at = monotonic_ms() + MAX(seconds * 1000 - EARLY_MS, seconds * 500);
		free(a->roles);
		a->roles = token_roles(token);
	}
	json_decref(json);
	return ret;
}

static int sign_in(struct oauth *a, struct http *h, struct err *e)
{
	_cleanup_secret_ char *secret = NULL;
	_cleanup_buf_ struct buf url = {0};
	struct http_request *r;
	int ret = secret_read(a->o.secret_file, &secret, e);

	if (ret < 0)
		return ret;
	buf_addf(&url, "%s/%s/oauth2/v2.0/token", a->o.authority, a->o.tenant_id);
	r = http_request_new("POST", url.data);
	r->resend = true;
	r->headers[0] = "Content-Type: application/x-www-form-urlencoded";
	buf_adds(&r->body, "grant_type=client_credentials&client_id=");
	url_add(&r->body, a->o.client_id);
	buf_adds(&r->body, "&scope=");
	url_add(&r->body, a->o.scope);
	buf_adds(&r->body, "&client_secret=");
	url_add(&r->body, secret);
	http_perform(h, r);
	explicit_bzero(r->body.data, r->body.len);
	if (r->outcome != HTTP_ANSWERED)
		ret = err_set(e, r->outcome == HTTP_CANCELED ? -ECANCELED : -EAGAIN, a->o.authority,
			0, "cannot sign in: %s", r->error);
	else
		ret = read_token(a, r, e);
	http_request_free(r);
	return ret;
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
