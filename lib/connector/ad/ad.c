/*
 * The Active Directory connector: the domains of one forest, read over LDAP or from an LDIF file.
 * Written to AD is what outbound rules say, and only when a setting asks for it: write.c.
 */
#include "connector/ad/ad.h"
#include "base/text.h"
#include "model/dn.h"

#include <ctype.h>
#include <errno.h>

static const struct option_def options[] = {
	{"source", OPTION_LIST, NULL, true,
		.help = "ldaps://HOST[:PORT] or ldap://HOST, several for failover; dns:ldaps or "
			"dns:ldap: the domain's own list; or ldif:/PATH"},
	{"base_dn", OPTION_LIST, NULL, true,
		.help = "the domain, DC=contoso,DC=com; several domains of a forest: one in a "
			"line"},
	{"auth", OPTION_CHOICE, "simple", .choices = "simple|gssapi",
		.help = "bind_dn and password_file, or Kerberos with keytab_file"},
	{"bind_dn", OPTION_STRING, .help = "account: a DN or user@domain"},
	{"password_file", OPTION_SECRET, .help = "a file of mode 0600, or credential:NAME"},
	{"keytab_file", OPTION_SECRET,
		.help = "auth = gssapi: a keytab of mode 0600, or credential:NAME"},
	{"ca_file", OPTION_PATH, .help = "CA certificates; default: the system's"},
	{"starttls", OPTION_BOOLEAN, "yes", .help = "encrypt ldap:// connections"},
	{"allow_cleartext", OPTION_BOOLEAN, "no", .help = "send the password without encryption"},
	{"include_ou", OPTION_LIST,
		.help = "only objects below these DNs, or <GUID=...>, one in a line"},
	{"exclude_ou", OPTION_LIST,
		.help = "no objects below these; the longest of both lists decides"},
	{"include_group", OPTION_STRING,
		.help = "only direct members of this group, by DN: for a pilot"},
	{"ldap_filter", OPTION_STRING, .help = "an LDAP filter that objects must also meet"},
	{"delta", OPTION_CHOICE, "auto", .choices = "auto|dirsync|usn|none",
		.help = "how changes are found; auto: the best way that the account may use"},
	{"consistency_guid", OPTION_BOOLEAN, "no",
		.help = "write the sourceAnchor to ms-DS-ConsistencyGuid of users that have none"},
	{"own_write_back", OPTION_BOOLEAN, "no",
		.help = "lets rules of your own that name this setting write attributes of users "
			"to the directory"},
	{"own_rules_only", OPTION_BOOLEAN, "no",
		.help = "only rules that name this connector are for it, none that name its type: "
			"for a source that is no Active Directory, such as an HR system"},
	{"match_users", OPTION_CHOICE, "once", .choices = "once|mail|sid|account|attribute",
		.help = "how accounts of one person in several forests are recognized; see Users "
			"in several forests"},
	{"match_attribute", OPTION_STRING,
		.help = "match_users = attribute: an attribute that the metaverse has, too"},
	{"directory_extensions", OPTION_LIST,
		.help = "attributes of users and groups that Entra gets as directory extensions, "
			"separated by commas"},
	{"page_size", OPTION_NUMBER, "500", .min = 10, .max = 5000,
		.help = "entries in one page of a search"},
	{"connect_timeout", OPTION_DURATION, "30", .help = "to connect and to sign in"},
	{"search_timeout", OPTION_DURATION, "120", .help = "until the first answer to a search"},
	{"idle_timeout", OPTION_DURATION, "60", .help = "without a byte while an answer comes"},
	{"domain_netbios", OPTION_LIST,
		.help = "%Domain.Netbios% in rules, in the order of base_dn; default: what the "
			"directory says"},
	{"forest_fqdn", OPTION_STRING,
		.help = "%Forest.FQDN% in rules; default: what the directory says"},
	{"forest_netbios", OPTION_STRING,
		.help = "%Forest.Netbios% in rules; default: what the directory says"},
};

static bool is_ldif(const char *source)
{
	return str_starts(source, "ldif:");
}

bool ad_source_is_ldif(const struct connector *con)
{
	return is_ldif(con->sources[0]);
}

static int check_source(const struct settings *s, const char *source, struct err *e)
{
	static const char *const schemes[] = {"ldaps://", "ldap://", "ldapi://", "ldif:/"};

	for (unsigned i = 0; i < ARRAY_SIZE(schemes); i++)
		if (str_starts(source, schemes[i]))
			return 0;
	if (streq(source, "dns:ldaps") || streq(source, "dns:ldap"))
		return 0;
	if (is_ldif(source))
		return setting_error(s, "source", e,
			"\"ldif:\" needs an absolute path behind it, not \"%s\"", source + 5);
	return setting_error(s, "source", e,
		"\"%s\" is not an address: it must begin with ldaps://, ldap:// or ldif:, or be "
		"dns:ldaps or dns:ldap",
		source);
}

static unsigned list_length(char *const *list)
{
	unsigned n = 0;

	while (list[n])
		n++;
	return n;
}

/* What only a domain controller can answer. */
static int check_ldif(const struct settings *s, struct arena *a, struct err *e)
{
	static const char *const names[] = {"include_group", "ldap_filter"};
	static const char *const lists[] = {"include_ou", "exclude_ou"};
	static const char *const writes[] = {"consistency_guid", "own_write_back"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (setting_text(s, names[i]))
			return setting_error(s, names[i], e,
				"only a domain controller can do this; an LDIF file is always read "
				"whole: remove the setting");
	for (unsigned i = 0; i < ARRAY_SIZE(writes); i++)
		if (setting_bool(s, writes[i]))
			return setting_error(s, writes[i], e,
				"an LDIF file cannot be written to: remove the setting, or name a "
				"domain controller as source");
	for (unsigned i = 0; i < ARRAY_SIZE(lists); i++)
		for (char **p = setting_list(s, lists[i], '\n', a); *p; p++)
			if (strncasecmp(*p, "<GUID=", 6) == 0)
				return setting_error(s, lists[i], e,
					"with an LDIF file a folder must be named by its DN, not "
					"as %s",
					*p);
	return 0;
}

static int check_limits(const struct settings *s, struct arena *a, struct err *e)
{
	if (list_length(setting_list(s, "source", ',', a)) > AD_SOURCES_MAX)
		return setting_error(
			s, "source", e, "more than %d servers are listed", AD_SOURCES_MAX);
	if (list_length(setting_list(s, "domain_netbios", '\n', a)) >
		list_length(setting_list(s, "base_dn", '\n', a)))
		return setting_error(
			s, "domain_netbios", e, "it lists more names than base_dn lists domains");
	if (list_length(setting_list(s, "include_ou", '\n', a)) +
			list_length(setting_list(s, "exclude_ou", '\n', a)) >
		AD_OUS_MAX)
		return setting_error(s, "include_ou", e,
			"include_ou and exclude_ou have more than %d lines together; name a folder "
			"above them instead",
			AD_OUS_MAX);
	return 0;
}

static int check_lists(const struct settings *s, struct arena *a, struct err *e)
{
	char **sources = setting_list(s, "source", ',', a);
	char **bases = setting_list(s, "base_dn", '\n', a);
	bool ldif = sources[0] && is_ldif(sources[0]);

	for (unsigned i = 0; sources[i]; i++) {
		TRY(check_source(s, sources[i], e));
		if (i && (ldif || is_ldif(sources[i])))
			return setting_error(
				s, "source", e, "an LDIF file must be the only source");
	}
	for (unsigned i = 0; bases[i]; i++)
		if (!strcasestr(bases[i], "DC="))
			return setting_error(s, "base_dn", e,
				"\"%s\" is not the naming context of a domain, such as "
				"DC=contoso,DC=com",
				bases[i]);
	TRY(check_limits(s, a, e));
	return ldif ? check_ldif(s, a, e) : 0;
}

static int check_match(const struct settings *s, struct err *e)
{
	const char *attr = setting_text(s, "match_attribute");
	bool wanted = streq(setting_text(s, "match_users"), "attribute");
	const struct schema_attr *known =
		attr ? schema_attr_find(&ad_schema.classes[0], attr) : NULL;

	if (wanted && !attr)
		return setting_error(
			s, "match_users", e, "match_users = attribute also needs match_attribute");
	if (!wanted && attr)
		return setting_error(s, "match_attribute", e,
			"it is used only with match_users = attribute: set that too, or remove it");
	return known && known->type == VALUE_REFERENCE
	               ? setting_error(s, "match_attribute", e,
				 "%s points to other objects and cannot be compared; name an "
				 "attribute that holds plain values",
				 attr)
	               : 0;
}

/* What is known without asking the directory; the rest is said by its schema. */
static int check_extensions(const struct settings *s, struct arena *a, struct err *e)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
	char **names = setting_list(s, "directory_extensions", ',', a);

	if (list_length(names) > AD_EXTENSIONS_MAX)
		return setting_error(s, "directory_extensions", e,
			"over %d attributes: an object may have that many values at most",
			AD_EXTENSIONS_MAX);
	for (unsigned i = 0; names[i]; i++) {
		const char *name = names[i], *why;

		if (strspn(name, letters) != strlen(name) || !isalpha((unsigned char)*name) ||
			strlen(name) > 100)
			return setting_error(s, "directory_extensions", e,
				"\"%s\" is not the name of an attribute", name);
		why = ad_extension_source.problem(NULL, name);
		if (why)
			return setting_error(s, "directory_extensions", e,
				"%s cannot be a directory extension: %s", name, why);
		for (unsigned k = 0; k < i; k++)
			if (strcasecmp(names[k], name) == 0)
				return setting_error(s, "directory_extensions", e,
					"%s stands there twice", name);
	}
	return 0;
}

static int ad_check(const struct settings *s, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	const char *filter = setting_text(s, "ldap_filter");
	bool gssapi = streq(setting_text(s, "auth"), "gssapi");

	TRY(check_lists(s, &a, e));
	TRY(check_match(s, e));
	TRY(check_extensions(s, &a, e));
	if (gssapi && !setting_text(s, "keytab_file"))
		return setting_error(s, "auth", e, "auth = gssapi also needs keytab_file");
	if (!gssapi && setting_text(s, "bind_dn") && !setting_text(s, "password_file"))
		return setting_error(s, "bind_dn", e, "bind_dn also needs password_file");
	if (filter && filter[0] != '(')
		return setting_error(s, "ldap_filter", e, "an LDAP filter must begin with \"(\"");
	return 0;
}

static const struct schema *ad_schema_of(const struct settings *s)
{
	return &ad_schema;
}

static char **keys_of(char *const *dns, struct arena *a)
{
	unsigned n = list_length(dns);
	char **keys;

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
	c->bases = setting_list(s, "base_dn", '\n', &c->arena);
	c->base_keys = keys_of(c->bases, &c->arena);
	ad_scope_init(c);
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
	if (ad_source_is_ldif(c))
		r = ad_import_ldif(&im, c->sources[0] + strlen("ldif:"), ret, e);
	else
		r = ad_import_ldap(&im, ret, e);
	ad_import_done(&im);
	return r;
}

extern const struct connector_type connector_ad;
const struct connector_type connector_ad = {
	.name = "ad",
	.reference = ad_reference,
	.dn_attr = "distinguishedName",
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.match_setting = "match_users",
	.match_attr_setting = "match_attribute",
	.check = ad_check,
	.schema = ad_schema_of,
	.partitions = ad_partitions,
	.parameter = ad_parameter,
	.group_class = "group",
	.member_attr = "member",
	.attr_is_operational = ad_attr_operational,
	.extension_source = &ad_extension_source,
	.open = ad_open,
	.close = ad_close,
	.state = ad_cursor_describe,
	.import = ad_import,
	.lookup = ad_lookup,
	.writes_by_setting = true,
	.export = ad_export,
	.readiness = &ad_readiness,
	.error_advice = ad_error_advice,
	.test = ad_test,
};
