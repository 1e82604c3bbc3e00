/*
 * Signing in, and reading from Graph: one GET, what a refusal means, links and pages. Owns the
 * rules of retrying that imports, exports and tests share.
 */
#include "connector/entra/call.h"
#include "connector/entra/parse.h"

#include <errno.h>
#include <stdio.h>

static const char *application(const struct connector *c)
{
	return c->oauth.o.client_id ? c->oauth.o.client_id : "(managed identity)";
}

static bool has_right(const struct connector *c, const char *of)
{
	static const char *const rights[] = {"Read", "ReadWrite"};
	char role[64];

	for (unsigned i = 0; i < ARRAY_SIZE(rights); i++) {
		snprintf(role, sizeof(role), "%s.%s.All", of, rights[i]);
		if (oauth_has_role(&c->oauth, role))
			return true;
	}
	return false;
}

/* Where Graph is only read. What is written needs a role of the service, in a token of its own. */
static enum conn_result check_read_roles(struct connector *c, struct err *e)
{
	static const char *const of[] = {"User", "Group", "OrgContact"};
	_cleanup_buf_ struct buf missing = {0};

	for (unsigned i = 0; i < ARRAY_SIZE(of) && !has_right(c, "Directory"); i++)
		if (!has_right(c, of[i]))
			buf_addf(&missing, "%s%s.Read.All", missing.len ? ", " : "", of[i]);
	if (!missing.len)
		return CONN_OK;
	err_set(e, -EPERM, c->graph, 0,
		"application %s does not have the application role%s %s that surface = %s needs to "
		"read (Directory.Read.All would do for all); grant it and give admin consent",
		application(c), strchr(buf_str(&missing), ',') ? "s" : "", buf_str(&missing),
		setting_text(c->settings, "surface"));
	return CONN_RUN_BAD;
}

/* The roles that a surface cannot do without. */
static enum conn_result check_roles(struct connector *c, struct err *e)
{
	static const char *const needed[ENTRA_SURFACES][4] = {
		[ENTRA_SERVICE] = {NULL}, /* check_read_roles() */
		[ENTRA_GRAPH] = {"User.ReadWrite.All", "Group.ReadWrite.All"},
		[ENTRA_GRAPH_LIFECYCLE] = {"User.ReadWrite.All", "Group.ReadWrite.All",
			"User-LifeCycleInfo.ReadWrite.All"},
	};
	const char *const *roles = needed[c->surface];
	enum conn_result r = c->surface == ENTRA_SERVICE ? check_read_roles(c, e) : CONN_OK;

	if (r != CONN_OK)
		return r;
	for (; *roles; roles++)
		if (!oauth_has_role(&c->oauth, *roles)) {
			err_set(e, -EPERM, c->graph, 0,
				"application %s does not have the application role %s that "
				"surface = %s%s needs; grant it and give admin consent",
				application(c), *roles, setting_text(c->settings, "surface"),
				c->surface == ENTRA_GRAPH_LIFECYCLE ? " with lifecycle_info = yes"
								    : "");
			return CONN_RUN_BAD;
		}
	c->checked = true;
	return CONN_OK;
}

enum conn_result entra_ready(struct connector *c, struct err *e)
{
	struct err own = {0};

	if (!oauth_header(&c->oauth, c->http, &own)) {
		*e = own;
		if (own.code == -ECANCELED)
			return CONN_CANCELED;
		return own.code == -EAGAIN ? CONN_DOWN : CONN_RUN_BAD;
	}
	return c->checked ? CONN_OK : check_roles(c, e);
}

double entra_backoff(int n, long asked)
{
	if (asked >= 0)
		return (double)MIN(asked, (long)ENTRA_RETRY_AFTER_MAX);
	return 0.5 * (double)(1 << MIN(n, 6));
}

bool entra_retriable(const struct http_request *r)
{
	if (r->outcome != HTTP_ANSWERED)
		return r->outcome != HTTP_CANCELED;
	return r->status == 429 || r->status >= 500;
}

void entra_error(const json_t *json, const char **ret_code, const char **ret_message)
{
	const json_t *error = json_object_get(json, "error");
	const char *code = json_string_value(json_object_get(error, "code"));
	const char *message = json_string_value(json_object_get(error, "message"));

	*ret_code = code ? code : "";
	*ret_message = message ? message : "";
}

const char *entra_error_text(const json_t *json, const char *message, struct arena *a)
{
	const json_t *details = json_object_get(json_object_get(json, "error"), "details");
	const char *more =
		json_string_value(json_object_get(json_array_get(details, 0), "message"));

	return more && !strstr(message, more) ? arena_printf(a, "%s (%s)", message, more) : message;
}

enum conn_result entra_refused(struct connector *c, const struct http_request *r, struct err *e)
{
	const char *code, *message;
	enum conn_result ret = CONN_RUN_BAD;
	json_t *json;

	if (r->outcome == HTTP_CANCELED) {
		err_set(e, -ECANCELED, c->graph, 0, "the request was stopped");
		return CONN_CANCELED;
	}
	if (r->outcome != HTTP_ANSWERED) {
		err_set(e, -EHOSTDOWN, c->graph, 0, "%s", r->error);
		return CONN_DOWN;
	}
	json = entra_parse(r->answer.data, r->answer.len, 0);
	entra_error(json, &code, &message);
	if (r->status == 429 || r->status >= 500) {
		ret = CONN_DOWN;
		err_set(e, -EAGAIN, c->graph, 0,
			"answered %ld %s %s to %s %.300s; it is tried again in the next cycle",
			r->status, code, message, r->method, r->url);
	} else {
		int error = r->status == 401 ? -EACCES : r->status == 403 ? -EPERM : -EPROTO;

		err_set(e, error, c->graph, 0, "answered %ld %s (%s) to %s %.300s", r->status, code,
			message, r->method, r->url);
	}
	json_decref(json);
	return ret;
}

bool entra_host_url(const char *host, const char *url)
{
	size_t n = strlen(host);

	return strncmp(url, host, n) == 0 && url[n] == '/';
}

bool entra_own_url(const struct connector *c, const char *url)
{
	return entra_host_url(c->graph, url);
}

static const char *link_of(const char *host, const json_t *json, const char *name, const char **ret)
{
	const json_t *v = json_object_get(json, name);
	const char *url = json_string_value(v);

	*ret = NULL;
	if (v && (!url || strlen(url) != json_string_length(v)))
		return "has a link that is not text";
	if (url && !entra_host_url(host, url))
		return "has a link to another host";
	*ret = url;
	return NULL;
}

const char *entra_link(
	const struct connector *c, const json_t *json, const char *name, const char **ret)
{
	return link_of(c->graph, json, name, ret);
}

const char *entra_next_page(const struct connector *c, struct entra_pages *pages, const char *url,
	const json_t *json, const char **ret_next)
{
	return entra_next_page_of(c->graph, pages, url, json, ret_next);
}

const char *entra_next_page_of(const char *host, struct entra_pages *pages, const char *url,
	const json_t *json, const char **ret_next)
{
	const json_t *value = json_object_get(json, "value");
	const char *wrong = link_of(host, json, "@odata.nextLink", ret_next);
	size_t n = json_array_size(value);

	if (!json_is_array(value))
		return "has no list of objects";
	if (wrong)
		return wrong;
	pages->objects += (int64_t)n;
	pages->empty = n ? 0 : pages->empty + 1;
	if (*ret_next && streq(*ret_next, url))
		return "has a link to itself, so the list never ends";
	if (pages->empty > ENTRA_PAGES_MAX || pages->objects > ENTRA_OBJECTS_MAX)
		return "has too many pages, so the list never ends";
	return NULL;
}

void entra_add_literal(struct buf *b, const char *s)
{
	_cleanup_buf_ struct buf quoted = {0};

	for (; *s; s++) {
		if (*s == '\'')
			buf_addc(&quoted, '\'');
		buf_addc(&quoted, *s);
	}
	buf_adds(b, "%27");
	url_add(b, buf_str(&quoted));
	buf_adds(b, "%27");
}

enum conn_result entra_reply_of(
	struct connector *c, const struct http_request *r, struct entra_reply *ret, struct err *e)
{
	*ret = (struct entra_reply){.status = r->status, .code = "", .message = ""};
	if (r->outcome != HTTP_ANSWERED || r->status == 401 || r->status == 429 || r->status >= 500)
		return entra_refused(c, r, e);
	ret->json = entra_parse(r->answer.data, r->answer.len, JSON_DECODE_ANY);
	if (r->status == 200 && !ret->json) {
		err_set(e, -EPROTO, c->graph, 0, "the answer to %s %.300s is not JSON", r->method,
			r->url);
		return CONN_RUN_BAD;
	}
	if (r->status != 200)
		entra_error(ret->json, &ret->code, &ret->message);
	return CONN_OK;
}

/* Sends it, again a few times when the service is busy; header NULL: only the token. */
static enum conn_result perform(struct connector *c, struct http_request *r, const char *header,
	struct entra_reply *ret, struct err *e)
{
	for (int tries = 1;; tries++) {
		r->headers[0] = c->oauth.header;
		r->headers[1] = header;
		http_perform(c->http, r);
		if (!entra_retriable(r) || tries == ENTRA_TRIES ||
			http_sleep(c->http, entra_backoff(tries, r->retry_after)))
			break;
	}
	return entra_reply_of(c, r, ret, e);
}

enum conn_result entra_ask(
	struct connector *c, const char *url, bool eventual, struct entra_reply *ret, struct err *e)
{
	struct http_request *r = http_request_new("GET", url);
	enum conn_result cr = perform(c, r, eventual ? "ConsistencyLevel: eventual" : NULL, ret, e);

	http_request_free(r);
	return cr;
}

enum conn_result entra_post(struct connector *c, const char *url, const char *body,
	struct entra_reply *ret, struct err *e)
{
	struct http_request *r = http_request_new("POST", url);
	enum conn_result cr;

	buf_adds(&r->body, body);
	cr = perform(c, r, "Content-Type: application/json", ret, e);
	http_request_free(r);
	return cr;
}

enum conn_result entra_get(
	struct connector *c, const char *url, bool eventual, json_t **ret, struct err *e)
{
	struct entra_reply reply;
	enum conn_result cr = entra_ask(c, url, eventual, &reply, e);

	if (cr != CONN_OK || reply.status != 200) {
		json_decref(reply.json);
		reply.json = NULL;
	}
	*ret = reply.json;
	return cr;
}
