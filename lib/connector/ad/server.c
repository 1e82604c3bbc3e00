/* Which domain controller to ask, and what it says about itself. */
#include "base/text.h"
#include "connector/ad/ldap.h"
#include "model/dn.h"

#include <errno.h>
#include <stdio.h>

#define DIRSYNC_OID "1.2.840.113556.1.4.841"
#define SHOW_DELETED_OID "1.2.840.113556.1.4.417"
#define SERVERS_MAX (2 * AD_SOURCES_MAX) /* those of DNS beside: the best ones */
/* The well-known GUID of CN=Deleted Objects: [MS-ADTS] 6.1.1.4 */
#define DELETED_OBJECTS "18E2EA80684F11D2B9AA00C04F79F805"

enum conn_result ad_ladder(int r)
{
	if (r == -EHOSTDOWN)
		return CONN_DOWN;
	return r == -ECANCELED ? CONN_CANCELED : CONN_RUN_BAD;
}

struct root_reader {
	struct ad_server *server;
	const char *base_key;
	const char *too_long; /* the attribute that we have no room for */
	bool any_context;
	struct arena arena;
};

/* One of the server's names. */
static bool read_name(struct root_reader *r, const char *name, const struct directory_value *v)
{
	struct ad_server *s = r->server;
	const struct {
		const char *name;
		char *to;
	} names[] = {
		{"dsServiceName", s->service},
		{"schemaNamingContext", s->schema_nc},
		{"defaultNamingContext", s->default_nc},
		{"configurationNamingContext", s->config_nc},
		{"rootDomainNamingContext", s->root_nc},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		if (strcasecmp(name, names[i].name) != 0)
			continue;
		if (v->len >= AD_NAME_SIZE)
			r->too_long = names[i].name;
		snprintf(names[i].to, AD_NAME_SIZE, "%s", v->data);
		return true;
	}
	return false;
}

static void read_value(struct root_reader *r, const char *name, const struct directory_value *v)
{
	struct ad_server *s = r->server;

	if (read_name(r, name, v)) {
		return;
	} else if (strcasecmp(name, "highestCommittedUSN") == 0) {
		s->usn = strtoll(v->data, NULL, 10);
	} else if (strcasecmp(name, "forestFunctionality") == 0) {
		s->forest_level = atoi(v->data);
	} else if (strcasecmp(name, "domainFunctionality") == 0) {
		s->domain_level = atoi(v->data);
	} else if (strcasecmp(name, "domainControllerFunctionality") == 0) {
		s->dc_level = atoi(v->data);
	} else if (strcasecmp(name, "vendorName") == 0) {
		s->is_samba = str_starts(v->data, "Samba");
	} else if (strcasecmp(name, "supportedControl") == 0) {
		s->has_dirsync |= streq(v->data, DIRSYNC_OID);
		s->has_deleted |= streq(v->data, SHOW_DELETED_OID);
	} else if (strcasecmp(name, "namingContexts") == 0) {
		r->any_context = true;
		s->hosts |= streq(dn_key(&r->arena, v->data), r->base_key);
	} else if (strcasecmp(name, "invocationId") == 0) {
		for (size_t k = 0; k < MIN(v->len, (size_t)16); k++)
			snprintf(s->invocation + 2 * k, 3, "%02x", (unsigned char)v->data[k]);
	}
}

static int each_root(void *ctx, const struct directory_entry *item, struct err *e)
{
	for (unsigned i = 0; i < item->n_attrs; i++)
		for (unsigned k = 0; k < item->attrs[i].n; k++)
			read_value(ctx, item->attrs[i].name, &item->attrs[i].values[k]);
	return 0;
}

static int read_root(struct ad_server *s, const char *base, struct err *e)
{
	static const char *const root_attrs[] = {"dsServiceName", "highestCommittedUSN",
		"schemaNamingContext", "defaultNamingContext", "configurationNamingContext",
		"rootDomainNamingContext", "forestFunctionality", "domainFunctionality",
		"domainControllerFunctionality", "vendorName", "supportedControl", "namingContexts",
		NULL};
	static const char *const nt_attrs[] = {"invocationId", NULL};
	struct directory_query q = {.base = "", .filter = "(objectClass=*)", .attrs = root_attrs};
	struct root_reader reader = {.server = s};
	struct err ignored = {0};
	int r;

	s->usn = s->forest_level = s->domain_level = s->dc_level = -1;
	reader.base_key = dn_key(&reader.arena, base);
	r = directory_search(s->dir, &q, each_root, &reader, e);
	if (r == 0 && reader.too_long)
		r = err_set(e, -EPROTO, directory_uri(s->dir), 0,
			"%s of the root DSE has more than %d bytes", reader.too_long,
			AD_NAME_SIZE - 1);
	if (r == 0 && !reader.any_context)
		s->hosts = true; /* the search will tell */
	if (r == 0 && s->service[0]) {
		q.base = s->service;
		q.attrs = nt_attrs;
		if (directory_search(s->dir, &q, each_root, &reader, &ignored) < 0)
			s->usn = -1; /* a restored server could not be told */
	}
	arena_done(&reader.arena);
	return r;
}

/* dns:ldaps or dns:ldap: the servers that the domain's DNS names. */
static int discover(const struct connector *con, const char *source, const char *base, char **list,
	unsigned *n, struct arena *a, struct err *e)
{
	_cleanup_free_ char *hosts = NULL;
	const char *scheme = source + strlen("dns:");
	char fqdn[256] = "", *save = NULL;
	int r;

	for (const char *p = base; *p; p = dn_parent(p)) {
		size_t len = strcspn(p, ",");

		if (len > 3 && strncasecmp(p, "DC=", 3) == 0)
			snprintf(fqdn + strlen(fqdn), sizeof(fqdn) - strlen(fqdn), "%s%.*s",
				*fqdn ? "." : "", (int)len - 3, p + 3);
	}
	r = directory_discover(fqdn, &hosts, e);
	for (char *h = r < 0 ? NULL : strtok_r(hosts, " ", &save); h && *n < SERVERS_MAX;
		h = strtok_r(NULL, " ", &save)) {
		/* the record's port is that of ldap:// */
		if (streq(scheme, "ldaps"))
			h[strcspn(h, ":")] = '\0';
		list[(*n)++] = arena_printf(a, "%s://%s", scheme, h);
	}
	return MIN(r, 0);
}

static int candidates(const struct connector *con, const char *base, const char *preferred,
	char *list[static SERVERS_MAX], unsigned *ret_n, struct arena *a, struct err *e)
{
	unsigned n = 0;
	int r = 0;

	for (unsigned i = 0; con->sources[i] && n < SERVERS_MAX; i++) {
		if (str_starts(con->sources[i], "dns:")) {
			struct err de = {0};

			if (discover(con, con->sources[i], base, list, &n, a, &de) < 0) {
				*e = de;
				r = de.code;
			}
		} else {
			list[n++] = con->sources[i];
		}
	}
	for (unsigned i = 1; preferred && i < n; i++) {
		char *found = list[i];

		if (!streq(found, preferred))
			continue;
		memmove(&list[1], &list[0], i * sizeof(*list));
		list[0] = found;
		break;
	}
	*ret_n = n;
	return n       ? 0
	       : r < 0 ? r
	               : err_set(e, -EHOSTDOWN, base, 0,
				 "no domain controller is known for this domain: check source");
}

/* The password would be sent in the clear: refused here, before anybody is asked. */
static bool is_cleartext(const struct directory_options *o)
{
	return o->auth == DIRECTORY_SIMPLE && o->bind_dn && !o->starttls && !o->allow_cleartext &&
	       str_starts(o->uri, "ldap://");
}

/*
 * -EACCES: the server does not take the credentials, or they cannot be used. What the account may
 * not read, and what the configuration does not allow, is -EPERM.
 */
static int open_one(const struct connector *con, const char *uri, const char *base,
	struct ad_server *ret, struct err *e)
{
	const struct settings *s = con->settings;
	struct directory_options o = {
		.uri = uri,
		.starttls = str_starts(uri, "ldap://") && setting_bool(s, "starttls"),
		.allow_cleartext = setting_bool(s, "allow_cleartext"),
		.ca_file = setting_text(s, "ca_file"),
		.auth = streq(setting_text(s, "auth"), "gssapi") ? DIRECTORY_GSSAPI
	                                                         : DIRECTORY_SIMPLE,
		.bind_dn = setting_text(s, "bind_dn"),
		.password_file = setting_text(s, "password_file"),
		.keytab_file = setting_text(s, "keytab_file"),
		.connect_timeout = (int)setting_number(s, "connect_timeout"),
		.search_timeout = (int)setting_number(s, "search_timeout"),
		.idle_timeout = (int)setting_number(s, "idle_timeout"),
		.waiting = con->host->waiting,
		.canceled = con->host->canceled,
		.ctx = con->host->ctx,
	};
	int r;

	*ret = (struct ad_server){0};
	r = directory_open(&o, &ret->dir, e);
	if (r == -EACCES && is_cleartext(&o))
		r = e->code = -EPERM;
	if (r == 0) {
		r = read_root(ret, base, e);
		if (r == -EACCES)
			r = e->code = -EPERM;
	}
	if (r == 0 && !ret->hosts)
		r = err_set(e, -ENOENT, uri, 0,
			"the server does not have %s; its own domain is %s: check base_dn and "
			"source",
			base, ret->default_nc[0] ? ret->default_nc : "not known");
	if (r < 0)
		ad_server_close(ret);
	return r;
}

int ad_server_open(const struct connector *con, const char *base, const char *preferred,
	struct ad_server *ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	char *list[SERVERS_MAX];
	unsigned n;
	int r = candidates(con, base, preferred, list, &n, &a, e);

	for (unsigned i = 0; r == 0 && i < n; i++) {
		struct err oe = {0};
		int one = open_one(con, list[i], base, ret, &oe);

		if (one == 0)
			return 0;
		*e = oe;
		if (one != -EHOSTDOWN && one != -ENOENT) /* another server would say the same */
			return one;
		if (i + 1 == n)
			r = one;
	}
	return r;
}

void ad_server_close(struct ad_server *s)
{
	directory_close(s->dir);
	s->dir = NULL;
}

static int each_any(void *ctx, const struct directory_entry *item, struct err *e)
{
	*(bool *)ctx |= item->n_attrs > 0; /* else only its name may be seen */
	return 0;
}

int ad_reads_deleted(struct ad_server *s, const char *base, struct err *e)
{
	static const char *const attrs[] = {"objectClass", NULL};
	_cleanup_free_ char *dn = xasprintf("<WKGUID=" DELETED_OBJECTS ",%s>", base);
	struct directory_query q = {
		.base = dn, .filter = "(objectClass=*)", .attrs = attrs, .deleted = true};
	bool any = false;
	int r = directory_search(s->dir, &q, each_any, &any, e);

	if (r == -EHOSTDOWN || r == -ECANCELED)
		return r;
	return r == 0 && any;
}
