/*
 * The Entra ID connector. Microsoft Graph is what it reads. Two write surfaces: "service", the
 * provisioning service of Connect Sync, which takes everything, and "graph", what public Graph lets
 * an application write.
 */
#include "base/codec.h"
#include "base/file.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "connector/entra/authority.h"
#include "connector/entra/check.h"
#include "connector/entra/cursor.h"
#include "connector/entra/error.h"
#include "connector/entra/define.h"
#include "connector/entra/export.h"
#include "connector/entra/extension.h"
#include "connector/entra/graph.h"
#include "connector/entra/import.h"
#include "connector/entra/invoke.h"
#include "connector/entra/lookup.h"
#include "connector/entra/match.h"
#include "connector/entra/options.h"
#include "connector/entra/service/check.h"
#include "connector/entra/service/export.h"
#include "connector/entra/service/session.h"
#include "connector/entra/settle.h"
#include "connector/entra/value.h"

#include <errno.h>
#include <inttypes.h>

static const struct option_word gone_surfaces[] = {
	{"sync", 0,
		"no tenant takes that through Graph; use surface = service, which writes the same "
		"through the service of Connect Sync, and see adsyncd-service(7)"},
	{0}};

static const struct option_def options[] = {
	{"tenant_id", OPTION_STRING, NULL, true, .help = "the tenant's id or one of its domains"},
	{"client_id", OPTION_STRING, NULL, .help = "the application's id"},
	{"client_secret_file", OPTION_SECRET,
		.help = "sign in with the secret in this file (mode 0600), or credential:NAME"},
	{"client_certificate_file", OPTION_SECRET,
		.help = "sign in with the certificate and key in this PEM file"},
	{"assertion_algorithm", OPTION_CHOICE, "PS256", .choices = "PS256|RS256",
		.help = "how the certificate's key signs"},
	{"federated_token_file", OPTION_SECRET,
		.help = "sign in with the token of another identity provider in this file"},
	{"managed_identity", OPTION_BOOLEAN, "no",
		.help = "sign in as this machine, in Azure or with Azure Arc"},
	{"managed_identity_endpoint", OPTION_STRING,
		"http://169.254.169.254/metadata/identity/oauth2/token",
		.help = "Azure Arc: http://localhost:40342/metadata/identity/oauth2/token"},
	{"managed_identity_keys", OPTION_PATH, "/var/opt/azcmagent/tokens",
		.help = "folder of Azure Arc's challenge keys"},
	{"surface", OPTION_CHOICE, NULL, true, .choices = "graph|service",
		.help = "service: everything that Connect Sync writes, by the service that it "
			"uses; graph: only what public Microsoft Graph can write",
		.words = gone_surfaces},
	/* the service refuses old ones now and then */
	{"sync_build", OPTION_STRING, SERVICE_BUILD,
		.help = "surface service: the build of Connect Sync that we present ourselves as; "
			"the default was seen accepted in " SERVICE_BUILD_SINCE},
	{"service_url", OPTION_STRING,
		.help = "surface service: where objects are written; default: the cloud's"},
	{"service_batch", OPTION_NUMBER, "30", .min = 1, .max = 1000,
		.help = "surface service: objects in one request, at most"},
	{"service_patience", OPTION_NUMBER, "30", .min = 0, .max = 600,
		.help = "surface service: seconds in which Graph must show what was written, "
			"before a request that was not answered is sent again"},
	/* the service takes up to 5 minutes */
	{"service_timeout", OPTION_DURATION, "330", .min = 1, .max = 3600,
		.help = "surface service: for one whole request to the service, which may take 5 "
			"minutes"},
	{"cloud", OPTION_CHOICE, "global", .choices = "global|usgov|usgovdod|china",
		.help = "the cloud that the tenant is in; decides authority, graph_url and "
			"service_url"},
	{"authority", OPTION_STRING, .help = "where to sign in; default: the cloud's"},
	{"graph_url", OPTION_STRING, .help = "Microsoft Graph; default: the cloud's"},
	{"exchange", OPTION_BOOLEAN, "no",
		.help = "ask Exchange Online whose mailboxes have IsExchangeCloudManaged: the "
			"Exchange attributes of these users are not sent"},
	{"exchange_url", OPTION_STRING, .help = "Exchange Online; default: the cloud's"},
	{"ca_file", OPTION_PATH, .help = "CA certificates; default: the system's"},
	{"proxy", OPTION_STRING, .help = "http://HOST:PORT; default: as $https_proxy says"},
	{"no_proxy", OPTION_STRING,
		.help = "hosts that are reached without the proxy, separated by commas"},
	{"proxy_password_file", OPTION_SECRET, .help = "user:password for the proxy"},
	{"batches_in_flight", OPTION_NUMBER, "4", .min = 1, .max = 16,
		.help = "with surface = graph: $batch requests (of 20 writes) at a time, at most"},
	{"write_budget", OPTION_NUMBER, "3000", .min = 0, .max = 100000000,
		.help = "with surface = graph: writes in 150 seconds, Graph's limit for an "
			"application; 0: none"},
	{"source_of_authority", OPTION_CHOICE, "ad", .choices = "ad|cloud",
		.help = "ad: what Active Directory's synchronization writes, and nothing where "
			"isCloudManaged is true. cloud: what an application writes, for example "
			"for HR, and nothing where Active Directory is synchronized"},
	{"own_rules_only", OPTION_BOOLEAN, "no",
		.help = "only rules that name this connector are for it, none that name its type"},
	{"soft_match", OPTION_BOOLEAN, "yes",
		.help = "with surface = graph: a new user takes over the cloud user that has the "
			"same name or address"},
	{"lifecycle_info", OPTION_BOOLEAN, "no",
		.help = "with surface = graph: also write employeeLeaveDateTime; the application "
			"needs the role User-LifeCycleInfo.ReadWrite.All, even to read it"},
	{"page_size", OPTION_NUMBER, "200", .min = 1, .max = 999,
		.help = "objects in one page of a delta query"},
	{"connect_timeout", OPTION_DURATION, "30", .help = "to connect"},
	{"request_timeout", OPTION_DURATION, "120",
		.help = "for one whole request, but to the service"},
};

/*
 * learn.microsoft.com/graph/deployments; Exchange: the addresses of Connect-ExchangeOnline
 * (learn.microsoft.com/powershell/exchange/connect-to-exchange-online-powershell); the service: the
 * hosts that learn.microsoft.com lists for Microsoft Entra Connect
 */
static const struct cloud {
	const char *name, *authority, *graph, *exchange;
	const char *service; /* NULL: not known, it must be set */
} clouds[] = {
	{"global", "https://login.microsoftonline.com", "https://graph.microsoft.com",
		"https://outlook.office365.com",
		"https://adminwebservice.microsoftonline.com/provisioningservice.svc"},
	{"usgov", "https://login.microsoftonline.us", "https://graph.microsoft.us",
		"https://outlook.office365.us",
		"https://adminwebservice.gov.us.microsoftonline.com/provisioningservice.svc"},
	{"usgovdod", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us",
		"https://webmail.apps.mil",
		"https://adminwebservice.gov.us.microsoftonline.com/provisioningservice.svc"},
	{"china", "https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn",
		"https://partner.outlook.cn", NULL},
};

static const struct cloud *cloud_of(const struct settings *s)
{
	const char *name = setting_text(s, "cloud");
	unsigned i = 0;

	while (i + 1 < ARRAY_SIZE(clouds) && !streq(clouds[i].name, name))
		i++;
	return &clouds[i];
}

static const char *url_or(const struct settings *s, const char *setting, const char *clouds_own)
{
	const char *own = setting_text(s, setting);

	return own ? own : clouds_own;
}

enum entra_surface entra_surface_of(const struct settings *s)
{
	if (!s || streq(setting_text(s, "surface"), "service"))
		return ENTRA_SERVICE;
	return setting_bool(s, "lifecycle_info") ? ENTRA_GRAPH_LIFECYCLE : ENTRA_GRAPH;
}

static const char *no_dry_run(const struct settings *s)
{
	return entra_surface_of(s) == ENTRA_SERVICE
	               ? NULL
	               : "only the messages of surface = service can be shown";
}

static unsigned surface_bit(const struct settings *s)
{
	return s ? 1u << entra_surface_of(s) : ENTRA_ALL_SURFACES;
}

static const struct schema *entra_schema_of(const struct settings *s)
{
	const struct entra_extensions *x = s ? entra_extensions_of(s->name) : NULL;

	return x ? x->schema : entra_schema(entra_surface_of(s));
}

static void entra_close(struct connector *c)
{
	if (!c)
		return;
	oauth_done(&c->oauth);
	if (c->service.url)
		service_done(&c->service);
	exchange_free(c->exchange);
	entra_match_free(c->match);
	service_session_free(c->session);
	http_free(c->http);
	free(c->graph);
	free(c->base);
	free(c->scope);
	free(c);
}

static int open_http(struct connector *c, struct err *e)
{
	const struct settings *s = c->settings;
	const char *secret_file = setting_text(s, "proxy_password_file");
	_cleanup_secret_ char *secret = NULL;
	struct http_options o = {
		.ca_file = setting_text(s, "ca_file"),
		.connect_timeout = (long)setting_number(s, "connect_timeout"),
		.request_timeout = (long)setting_number(s, "request_timeout"),
		.connections = MAX((long)setting_number(s, "batches_in_flight"), 6L),
		.proxy = setting_text(s, "proxy"),
		.no_proxy = setting_text(s, "no_proxy"),
		.waiting = c->host->waiting,
		.canceled = c->host->canceled,
		.ctx = c->host->ctx,
	};

	if (secret_file && secret_read(secret_file, &secret, e) < 0)
		return e->code = -EACCES;
	o.proxy_secret = secret;
	return http_new(&o, &c->http, e);
}

static void set_oauth(struct connector *c)
{
	const struct settings *s = c->settings;
	struct oauth_options *o = &c->oauth.o;
	struct err ignored;

	*o = (struct oauth_options){
		.authority = url_or(s, "authority", cloud_of(s)->authority),
		.tenant_id = setting_text(s, "tenant_id"),
		.client_id = setting_text(s, "client_id"),
		.rs256 = streq(setting_text(s, "assertion_algorithm"), "RS256"),
		.scope = c->scope,
		.resource = c->graph,
		.identity_endpoint = setting_text(s, "managed_identity_endpoint"),
		.identity_keys = setting_text(s, "managed_identity_keys"),
	};
	if (entra_sign_in(s, &o->method, &ignored) == 0 && o->method != OAUTH_MANAGED_IDENTITY)
		o->credential_file = setting_text(s, entra_sign_in_setting(o->method));
}

static enum conn_result entra_open(const struct settings *s, const struct connector_host *host,
	struct connector **ret, struct err *e)
{
	struct connector *c = xcalloc(1, sizeof(*c));

	c->settings = s;
	c->host = host;
	if (open_http(c, e) < 0) {
		free(c);
		return CONN_RUN_BAD;
	}
	c->surface = entra_surface_of(s);
	c->extensions = entra_extensions_of(s->name);
	c->clouds = entra_is_clouds(s);
	c->graph = xstrdup(url_or(s, "graph_url", cloud_of(s)->graph));
	c->base = xasprintf("%s/v1.0", c->graph);
	c->scope = xasprintf("%s/.default", c->graph);
	set_oauth(c);
	if (c->surface == ENTRA_SERVICE) {
		service_init(&c->service, c->http, &c->oauth.o, setting_text(s, "sync_build"),
			url_or(s, "service_url", cloud_of(s)->service));
		c->service.timeout = (long)setting_number(s, "service_timeout");
		c->session = service_session_new();
	}
	if (setting_bool(s, "exchange"))
		c->exchange = exchange_new(
			c, url_or(s, "exchange_url", cloud_of(s)->exchange), cloud_of(s)->exchange);
	if (!host->dry)
		c->budget.limit = c->budget.left = (double)setting_number(s, "write_budget");
	c->budget.filled = monotonic_ms();
	*ret = c;
	return CONN_OK;
}

/* What public Graph writes stays the cloud's in name: there is nothing to be taken over. */
static const char *entra_mastered_attr(const struct settings *s)
{
	return entra_surface_of(s) == ENTRA_SERVICE ? "onPremisesSyncEnabled" : NULL;
}

/* What synchronization from on-premises masters, no application of the cloud may write. */
static const char *entra_foreign_attr(const struct settings *s)
{
	return entra_is_clouds(s) ? "onPremisesSyncEnabled" : NULL;
}

static void settle_wanted(const char *class, struct entry *wanted)
{
	entra_settle_alias(wanted);
	entra_settle(class, wanted);
}

static const char *const unique_attrs[] = {"userPrincipalName", "proxyAddresses", NULL};

/* Of a list of addresses only the addresses; the prefix does not count. */
static bool unique_part(const char *attr, const struct value *v, const char **ret, size_t *ret_n)
{
	const char *colon = memchr(v->data, ':', v->len);

	*ret = v->data;
	*ret_n = v->len;
	if (!colon)
		return v->len > 0;
	if (v->len < 6 || strncasecmp(v->data, "smtp:", 5) != 0)
		return false;
	*ret += 5;
	*ret_n -= 5;
	return true;
}

/* Names and addresses first: an object waits for these, an extension alone is left out. */
static const char *problem(const struct entry *wanted, const struct delta *delta, struct arena *a,
	const char **ret_text)
{
	const char *error = entra_problem(wanted, delta, a, ret_text);

	return error ? error : entra_extension_problem(wanted, delta, a, ret_text);
}

static const char *target_dn(const struct entry *wanted, struct arena *a)
{
	static unsigned source_anchor;
	const char *text;

	if (!source_anchor)
		source_anchor = attr_intern("sourceAnchor");
	text = entry_string(wanted, source_anchor);
	return text && *text ? entra_dn(text, a) : NULL;
}

/* A user is never without a name: one of the same domain, which the tenant is known to have. */
static const char *stand_in(const char *attr, const char *value, const char *key, struct arena *a)
{
	const char *at = strrchr(value, '@');

	if (!streq(attr, "userPrincipalName") || !at)
		return NULL;
	return arena_printf(a, "adsync-%016" PRIx64 "%s", hash64(key, strlen(key)), at);
}

static const char *anchor_of(const char *id, unsigned i, struct arena *a)
{
	if (i >= ENTRA_CLASS_COUNT || strlen(id) != UUID_TEXT_SIZE - 1)
		return NULL;
	id = text_fold(a, id, strlen(id), &(size_t){0});
	return arena_printf(a, "%s%s", entra_classes[i].anchor_prefix, id);
}

/* A user shows its sourceAnchor, whatever the surface. */
static const char *const *recognized_by(const char *class)
{
	static const char *const group[] = {"onPremiseSecurityIdentifier", NULL};
	static const char *const contact[] = {"mail", "proxyAddresses", NULL};
	static const char *const device[] = {"deviceId", NULL};

	if (streq(class, entra_classes[ENTRA_GROUP].name))
		return group;
	if (streq(class, entra_classes[ENTRA_CONTACT].name))
		return contact;
	return streq(class, entra_classes[ENTRA_DEVICE].name) ? device : NULL;
}

static const char *const switched[] = {"user", "group", "contact", NULL};
static const char *const with_mailbox[] = {"user", NULL};

static const struct authority_def authorities[] = {
	{"blockOnPremisesSync", AUTHORITY_ALL, "isCloudManaged",
		"its source of authority is in the cloud (isCloudManaged is true)", switched},
	/* exchange = yes: exchange.c, mailbox.h */
	{"isExchangeCloudManaged", AUTHORITY_EXCHANGE, "IsExchangeCloudManaged",
		"its Exchange attributes are managed in Exchange Online (IsExchangeCloudManaged is "
		"true)",
		with_mailbox},
	/* source_of_authority = cloud: entra_foreign_attr() */
	{"onPremisesSyncEnabled", AUTHORITY_ON_PREMISES, "onPremisesSyncEnabled",
		"its source of authority is in Active Directory (onPremisesSyncEnabled is true)",
		switched},
};

extern const struct connector_type connector_entra;
const struct connector_type connector_entra = {
	.name = "entra",
	.refs_are_anchors = true,
	.imports_all = true,
	.partial_is_whole = true,
	.tells_reference_ends = true,
	.identity_attr = "sourceAnchor",
	.target_dn = target_dn,
	.unique_part = unique_part,
	.unique_attrs = unique_attrs,
	.mastered_attr = entra_mastered_attr,
	.recognized_by = recognized_by,
	.anchor_of = anchor_of,
	.authority = &entra_authority,
	.foreign_attr = entra_foreign_attr,
	.authorities = authorities,
	.n_authorities = ARRAY_SIZE(authorities),
	.settle = settle_wanted,
	.problem = problem,
	.problem_errors = entra_problem_errors,
	.stand_in = stand_in,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.check = entra_check,
	.schema = entra_schema_of,
	.group_class = "group",
	.extension_target = &entra_extension_target,
	.member_attr = "member",
	.surfaces = entra_surfaces,
	.surface = surface_bit,
	.surfaces_text = entra_surfaces_text,
	.state = entra_cursor_state,
	.open = entra_open,
	.close = entra_close,
	.import = entra_import,
	.lookup = entra_lookup,
	.test = entra_test,
	.export = entra_export,
	.export_end = service_export_end,
	.no_dry_run = no_dry_run,
	.authority_ready = entra_authority_ready,
	.error_advice = entra_error_advice,
};
