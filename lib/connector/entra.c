/*
 * The Entra ID connector over Microsoft Graph. Two write surfaces: "sync", what Connect Sync's own
 * service identity may write, and "graph", what public Graph lets an application write.
 */
#include "connector/entra.h"

#include <errno.h>

static const struct option_def options[] = {
	{"tenant_id", OPTION_STRING, NULL, true, .help = "the tenant's id or one of its domains"},
	{"client_id", OPTION_STRING, NULL, true, .help = "the application's id"},
	{"client_secret_file", OPTION_SECRET, NULL, true,
		.help = "a file of mode 0600, or credential:NAME"},
	{"surface", OPTION_CHOICE, NULL, true, .choices = "sync|graph",
		.help = "sync: may write what Connect Sync writes; graph: public Graph's share"},
	{"authority", OPTION_STRING, "https://login.microsoftonline.com",
		.help = "where to sign in"},
	{"graph_url", OPTION_STRING, "https://graph.microsoft.com", .help = "Microsoft Graph"},
	{"ca_file", OPTION_PATH, .help = "CA certificates; default: the system's"},
	{"batches_in_flight", OPTION_NUMBER, "4", .min = 1, .max = 16,
		.help = "$batch requests (of 20 writes) at a time"},
	{"page_size", OPTION_NUMBER, "200", .min = 1, .max = 999,
		.help = "objects in one page of a delta query"},
	{"connect_timeout", OPTION_DURATION, "30", .help = "to connect"},
	{"request_timeout", OPTION_DURATION, "120", .help = "for one whole request"},
};

static int check_url(const struct settings *s, const char *name, struct err *e)
{
	const char *url = setting_text(s, name);

	if (!str_starts(url, "https://"))
		return setting_error(s, name, e, "\"%s\" is no https:// address", url);
	if (url[strlen(url) - 1] == '/')
		return setting_error(s, name, e, "leave out the \"/\" at the end of \"%s\"", url);
	return 0;
}

static int entra_check(const struct settings *s, struct err *e)
{
	static const char *const plain[] = {"tenant_id", "client_id"};

	for (unsigned i = 0; i < ARRAY_SIZE(plain); i++)
		if (strpbrk(setting_text(s, plain[i]), "/?#& "))
			return setting_error(
				s, plain[i], e, "\"%s\" is no id", setting_text(s, plain[i]));
	if (check_url(s, "authority", e) < 0)
		return -EINVAL;
	return check_url(s, "graph_url", e);
}

static bool is_sync(const struct settings *s)
{
	return streq(setting_text(s, "surface"), "sync");
}

static const struct schema *entra_schema_of(const struct settings *s)
{
	return entra_schema(!s || is_sync(s));
}

static void entra_close(struct connector *c)
{
	if (!c)
		return;
	oauth_done(&c->oauth);
	http_free(c->http);
	free(c->graph);
	free(c->base);
	free(c->scope);
	free(c);
}

static enum conn_result entra_open(const struct settings *s, const struct connector_host *host,
	struct connector **ret, struct err *e)
{
	struct http_options o = {
		.ca_file = setting_text(s, "ca_file"),
		.connect_timeout = (long)setting_number(s, "connect_timeout"),
		.request_timeout = (long)setting_number(s, "request_timeout"),
		.connections = MAX((long)setting_number(s, "batches_in_flight"), 6L),
		.canceled = host->canceled,
		.ctx = host->ctx,
	};
	struct connector *c = xcalloc(1, sizeof(*c));

	if (http_new(&o, &c->http, e) < 0) {
		free(c);
		return CONN_RUN_BAD;
	}
	c->settings = s;
	c->host = host;
	c->sync_surface = is_sync(s);
	c->graph = xstrdup(setting_text(s, "graph_url"));
	c->base = xasprintf("%s/v1.0", c->graph);
	c->scope = xasprintf("%s/.default", c->graph);
	c->oauth.o = (struct oauth_options){
		.authority = setting_text(s, "authority"),
		.tenant_id = setting_text(s, "tenant_id"),
		.client_id = setting_text(s, "client_id"),
		.secret_file = setting_text(s, "client_secret_file"),
		.scope = c->scope,
	};
	*ret = c;
	return CONN_OK;
}

/* The roles that a surface cannot do without. */
static enum conn_result check_roles(struct connector *c, struct err *e)
{
	static const char *const sync_roles[] = {"ADSynchronization.ReadWrite.All", NULL};
	static const char *const graph_roles[] = {
		"User.ReadWrite.All", "Group.ReadWrite.All", NULL};
	const char *const *roles = c->sync_surface ? sync_roles : graph_roles;

	for (; *roles; roles++)
		if (!oauth_has_role(&c->oauth, *roles)) {
			err_set(e, -EACCES, c->graph, 0,
				"application %s does not have the application role %s that "
				"surface = %s needs; grant it and give admin consent",
				c->oauth.o.client_id, *roles, setting_text(c->settings, "surface"));
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
	json = json_loadb(r->answer.data ? r->answer.data : "", r->answer.len, 0, NULL);
	entra_error(json, &code, &message);
	if (r->status == 429 || r->status >= 500) {
		ret = CONN_DOWN;
		err_set(e, -EAGAIN, c->graph, 0,
			"answered %ld %s %s to %s %.300s; it is tried again in the next cycle",
			r->status, code, message, r->method, r->url);
	} else {
		err_set(e, r->status == 401 || r->status == 403 ? -EACCES : -EPROTO, c->graph, 0,
			"answered %ld %s (%s) to %s %.300s", r->status, code, message, r->method,
			r->url);
	}
	json_decref(json);
	return ret;
}

extern const struct connector_type connector_entra;
const struct connector_type connector_entra = {
	.name = "entra",
	.refs_are_anchors = true,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.check = entra_check,
	.schema = entra_schema_of,
	.open = entra_open,
	.close = entra_close,
	.import = entra_import,
	.export = entra_export,
};
