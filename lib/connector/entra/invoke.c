/* Commands of Exchange Online: signing in, one request, what a refusal means. */
#include "connector/entra/invoke.h"
#include "base/json.h"
#include "connector/entra/call.h"
#include "connector/entra/parse.h"

#include <errno.h>

/* The arbitration mailbox that every tenant has. */
#define SYSTEM_MAILBOX "SystemMailbox{8cc370d3-822a-4ab8-a926-bb94bd0641a9}"
#define UNREACHED_TRIES 2 /* the import waits for it, and can do without */
#define PAGE "Prefer: odata.maxpagesize=1000"

struct entra_exchange *exchange_new(
	const struct connector *c, const char *host, const char *resource)
{
	struct entra_exchange *x = xcalloc(1, sizeof(*x));

	x->host = xstrdup(host);
	x->command = xasprintf(
		"%s/adminapi/beta/%s/InvokeCommand", host, setting_text(c->settings, "tenant_id"));
	x->resource = xstrdup(resource);
	x->scope = xasprintf("%s/.default", resource);
	x->oauth.o = c->oauth.o;
	x->oauth.o.resource = x->resource;
	x->oauth.o.scope = x->scope;
	return x;
}

void exchange_free(struct entra_exchange *x)
{
	if (!x)
		return;
	oauth_done(&x->oauth);
	free(x->host);
	free(x->command);
	free(x->resource);
	free(x->scope);
	free(x->anchor);
	free(x);
}

static enum conn_result sign_in(struct connector *c, struct err *e)
{
	struct err own = {0};

	if (oauth_header(&c->exchange->oauth, c->http, &own))
		return CONN_OK;
	*e = own;
	if (own.code == -ECANCELED)
		return CONN_CANCELED;
	return own.code == -EAGAIN ? CONN_DOWN : CONN_RUN_BAD;
}

/* The tenant's initial domain; where it cannot be read, the name that the settings give. */
static enum conn_result find_anchor(struct connector *c, struct err *e)
{
	_cleanup_free_ char *url = xasprintf("%s/organization?$select=verifiedDomains", c->base);
	const char *domain = setting_text(c->settings, "tenant_id");
	_cleanup_json_ json_t *json = NULL;
	json_t *v;
	size_t i;
	enum conn_result r = entra_ready(c, e);

	if (r == CONN_OK)
		r = entra_get(c, url, false, &json, e);
	if (r == CONN_CANCELED)
		return r;
	v = json_array_get(json_object_get(json, "value"), 0);
	json_array_foreach (json_object_get(v, "verifiedDomains"), i, v) {
		const char *name = json_string_value(json_object_get(v, "name"));

		if (name && json_is_true(json_object_get(v, "isInitial")) &&
			!name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789.-")])
			domain = name;
	}
	c->exchange->anchor = xasprintf("X-AnchorMailbox: UPN:" SYSTEM_MAILBOX "@%s", domain);
	return CONN_OK;
}

static void set_body(struct http_request *r, const char *cmdlet, json_t *parameters)
{
	_cleanup_json_ json_t *body = json_pack(
		"{s:{s:s, s:O}}", "CmdletInput", "CmdletName", cmdlet, "Parameters", parameters);
	_cleanup_free_ char *text = json_dumps(body, JSON_COMPACT);

	buf_adds(&r->body, text);
}

/* Sends until the answer is one; once more with a new token. */
static enum conn_result send(struct connector *c, struct http_request *r, struct err *e)
{
	bool renewed = false;

	for (int tries = 1;; tries++) {
		enum conn_result cr = sign_in(c, e);

		if (cr != CONN_OK)
			return cr;
		r->headers[0] = c->exchange->oauth.header;
		r->headers[1] = "Content-Type: application/json; charset=utf-8";
		r->headers[2] = c->exchange->anchor;
		r->headers[3] = PAGE;
		http_perform(c->http, r);
		if (r->outcome == HTTP_ANSWERED && r->status == 401 && !renewed) {
			oauth_forget(&c->exchange->oauth);
			renewed = true;
			continue;
		}
		if (!entra_retriable(r) || tries >= ENTRA_TRIES ||
			(r->outcome == HTTP_NOT_SENT && tries >= UNREACHED_TRIES))
			return CONN_OK;
		if (http_sleep(c->http, entra_backoff(tries, r->retry_after))) {
			err_set(e, -ECANCELED, c->exchange->host, 0, "the request was stopped");
			return CONN_CANCELED;
		}
	}
}

static enum conn_result refused(
	const struct connector *c, const char *cmdlet, const struct http_request *r, struct err *e)
{
	_cleanup_json_ json_t *json = entra_parse(r->answer.data, r->answer.len, 0);
	enum conn_result ret = CONN_OBJECT_BAD;
	const char *code, *message;
	int error;

	entra_error(json, &code, &message);
	if (r->status == 429 || r->status >= 500)
		ret = CONN_DOWN;
	else if (r->status == 401 || r->status == 403)
		ret = CONN_RUN_BAD;
	error = r->status == 401   ? -EACCES
	        : r->status == 403 ? -EPERM
	        : r->status == 404 ? -ENOENT
	        : ret == CONN_DOWN ? -EAGAIN
	                           : -EINVAL;
	/* a long text is cut at its end, and so comes last */
	err_set(e, error, c->exchange->host, 0, "%s was answered %ld%s%.60s%s%.400s", cmdlet,
		r->status, *code ? " " : "", code, *message ? ": " : "", message);
	return ret;
}

static enum conn_result answer(const struct connector *c, const char *cmdlet,
	const struct http_request *r, json_t **ret, struct err *e)
{
	const char *host = c->exchange->host;
	json_t *json;

	if (r->outcome == HTTP_CANCELED) {
		err_set(e, -ECANCELED, host, 0, "the request was stopped");
		return CONN_CANCELED;
	}
	if (r->outcome != HTTP_ANSWERED) {
		err_set(e, -EHOSTDOWN, host, 0, "%s", r->error);
		return CONN_DOWN;
	}
	if (r->status < 200 || r->status >= 300)
		return refused(c, cmdlet, r, e);
	json = r->answer.len ? entra_parse(r->answer.data, r->answer.len, 0) : json_object();
	if (!json_is_object(json)) {
		json_decref(json);
		err_set(e, -EPROTO, host, 0, "the answer to %s is not a JSON object", cmdlet);
		return CONN_RUN_BAD;
	}
	*ret = json;
	return CONN_OK;
}

enum conn_result exchange_invoke(struct connector *c, const char *cmdlet, json_t *parameters,
	const char *select, const char *url, json_t **ret, struct err *e)
{
	_cleanup_free_ char *first = NULL;
	struct http_request *r;
	enum conn_result cr = c->exchange->anchor ? CONN_OK : find_anchor(c, e);

	if (cr != CONN_OK)
		return cr;
	first = xasprintf(
		"%s%s%s", c->exchange->command, select ? "?$select=" : "", select ? select : "");
	r = http_request_new("POST", url ? url : first);
	set_body(r, cmdlet, parameters);
	cr = send(c, r, e);
	if (cr == CONN_OK)
		cr = answer(c, cmdlet, r, ret, e);
	http_request_free(r);
	return cr;
}
