/*
 * The Active Directory connector: one domain naming context, read over LDAP or from an LDIF file.
 * Nothing is ever written to AD.
 */
#include "connector/ad.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>

static const struct option_def options[] = {
	{"source", OPTION_LIST, NULL, true,
		.help = "ldaps://HOST[:PORT] or ldap://HOST, several for failover; or ldif:/PATH"},
	{"base_dn", OPTION_STRING, NULL, true, .help = "the domain: DC=contoso,DC=com"},
	{"bind_dn", OPTION_STRING, .help = "account: a DN or user@domain"},
	{"password_file", OPTION_SECRET, .help = "a file of mode 0600, or credential:NAME"},
	{"ca_file", OPTION_PATH, .help = "CA certificates; default: the system's"},
	{"starttls", OPTION_BOOLEAN, "yes", .help = "encrypt ldap:// connections"},
	{"allow_cleartext", OPTION_BOOLEAN, "no", .help = "send the password without encryption"},
	{"include_ou", OPTION_LIST, .help = "only objects below these DNs, one in a line"},
	{"exclude_ou", OPTION_LIST, .help = "no objects below these DNs, one in a line"},
	{"ldap_filter", OPTION_STRING, .help = "an LDAP filter that objects must also meet"},
	{"page_size", OPTION_NUMBER, "500", .min = 10, .max = 5000,
		.help = "entries in one page of a search"},
	{"connect_timeout", OPTION_DURATION, "30", .help = "to connect and to sign in"},
	{"search_timeout", OPTION_DURATION, "120", .help = "without any answer to a search"},
	{"domain_netbios", OPTION_STRING, .help = "%Domain.Netbios% in rules"},
	{"forest_fqdn", OPTION_STRING, .help = "%Forest.FQDN% in rules; default: the domain's"},
	{"forest_netbios", OPTION_STRING, .help = "%Forest.Netbios% in rules"},
};

static bool is_ldif(const char *source)
{
	return str_starts(source, "ldif:");
}

static int ad_check(const struct settings *s, struct err *e)
{
	const char *source = setting_text(s, "source"), *filter = setting_text(s, "ldap_filter");
	bool bind = setting_text(s, "bind_dn") != NULL;

	if (!is_ldif(source) && !str_starts(source, "ldaps://") && !str_starts(source, "ldap://") &&
		!str_starts(source, "ldapi://"))
		return setting_error(
			s, "source", e, "\"%s\" is no ldaps://, ldap:// or ldif: address", source);
	if (is_ldif(source) && source[5] != '/')
		return setting_error(s, "source", e,
			"an absolute path must follow \"ldif:\", not \"%s\"", source + 5);
	if (bind && !setting_text(s, "password_file"))
		return setting_error(s, "bind_dn", e, "password_file is missing");
	if (filter && filter[0] != '(')
		return setting_error(s, "ldap_filter", e, "an LDAP filter begins with \"(\"");
	if (!strcasestr(setting_text(s, "base_dn"), "DC="))
		return setting_error(s, "base_dn", e,
			"\"%s\" is no domain naming context such as DC=contoso,DC=com",
			setting_text(s, "base_dn"));
	return 0;
}

static const struct schema *ad_schema_of(const struct settings *s)
{
	return &ad_schema;
}

/* "DC=contoso,DC=com" -> "contoso.com" */
static const char *base_fqdn(const char *dn, struct arena *a)
{
	char *ret = arena_zalloc(a, strlen(dn) + 1), *out = ret;

	while (*dn) {
		size_t n = strcspn(dn, ",");

		while (*dn == ' ')
			dn++, n--;
		if (n > 3 && strncasecmp(dn, "DC=", 3) == 0) {
			if (out != ret)
				*out++ = '.';
			memcpy(out, dn + 3, n - 3);
			out += n - 3;
		}
		dn += n + (dn[n] == ',');
	}
	return ret;
}

/* The first label of the domain in upper case: what NetBIOS names are by default. */
static const char *default_netbios(const char *fqdn, struct arena *a)
{
	char *ret = arena_dup(a, fqdn, MIN(strcspn(fqdn, "."), (size_t)15));

	for (char *p = ret; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return ret;
}

static const char *ad_parameter(const struct settings *s, const char *name, struct arena *a)
{
	const char *base = setting_text(s, "base_dn");
	const char *domain = base_fqdn(base, a);
	const char *forest = setting_text(s, "forest_fqdn");
	const char *netbios = setting_text(s, "domain_netbios");
	const char *forest_netbios = setting_text(s, "forest_netbios");

	forest = forest ? forest : domain;
	if (streq(name, "Domain.FQDN"))
		return domain;
	if (streq(name, "Domain.LDAP"))
		return base;
	if (streq(name, "Domain.Netbios"))
		return netbios ? netbios : default_netbios(domain, a);
	if (streq(name, "Forest.FQDN"))
		return forest;
	if (streq(name, "Forest.LDAP"))
		return arena_printf(a, "%s", base);
	if (streq(name, "Forest.Netbios"))
		return forest_netbios ? forest_netbios : default_netbios(forest, a);
	return NULL;
}

static char **keys_of(char *const *dns, struct arena *a)
{
	unsigned n = 0;
	char **keys;

	while (dns[n])
		n++;
	keys = arena_zalloc(a, (n + 1) * sizeof(*keys));
	for (unsigned i = 0; i < n; i++)
		keys[i] = dn_key(a, dns[i]);
	return keys;
}

static enum conn_result ad_open(const struct settings *s, const struct connector_host *host,
	struct connector **ret, struct err *e)
{
	struct connector *c = xcalloc(1, sizeof(*c));

	c->settings = s;
	c->host = host;
	c->sources = setting_list(s, "source", ',', &c->arena);
	c->include_ou = setting_list(s, "include_ou", '\n', &c->arena);
	c->exclude_ou = setting_list(s, "exclude_ou", '\n', &c->arena);
	c->include_keys = keys_of(c->include_ou, &c->arena);
	c->exclude_keys = keys_of(c->exclude_ou, &c->arena);
	c->base_key = dn_key(&c->arena, setting_text(s, "base_dn"));
	*ret = c;
	return CONN_OK;
}

static void ad_close(struct connector *c)
{
	if (!c)
		return;
	arena_done(&c->arena);
	free(c);
}

static enum conn_result ad_import(struct connector *c, const struct import_request *req,
	struct import_sink *sink, struct import_answer *ret, struct err *e)
{
	struct ad_import im;
	enum conn_result r;

	ad_import_init(&im, c, req, sink);
	if (is_ldif(c->sources[0]))
		r = ad_import_ldif(&im, c->sources[0] + strlen("ldif:"), ret, e);
	else
		r = ad_import_ldap(&im, ret, e);
	ad_import_done(&im);
	return r;
}

extern const struct connector_type connector_ad;
const struct connector_type connector_ad = {
	.name = "ad",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.check = ad_check,
	.schema = ad_schema_of,
	.parameter = ad_parameter,
	.open = ad_open,
	.close = ad_close,
	.import = ad_import,
};
