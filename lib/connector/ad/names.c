/*
 * What a forest calls its domains: %Domain...% and %Forest...% of the rules. The names stand in the
 * crossRef objects of CN=Partitions ([MS-ADTS] 6.1.1.2.1.1) and are kept from one import to the
 * next as JSON, {"domains": {KEY OF THE DN: {"dns", "netbios"}}, "root": DN}. A setting is
 * stronger; where there is neither, the NetBIOS name is guessed.
 */
#include "base/text.h"
#include "connector/ad/ldap.h"
#include "model/dn.h"

#include <ctype.h>
#include <errno.h>

void ad_names_done(struct ad_names *n)
{
	json_decref(n->domains);
	free(n->root);
	*n = (struct ad_names){0};
}

void ad_names_add(struct ad_names *n, const char *context, const char *dns, const char *netbios)
{
	_cleanup_arena_ struct arena a = {0};
	json_t *o = json_object();

	if (!n->domains)
		n->domains = json_object();
	json_object_set_new(o, "netbios", json_string(netbios));
	if (dns)
		json_object_set_new(o, "dns", json_string(dns));
	json_object_set_new(n->domains, dn_key(&a, context), o);
}

void ad_names_root(struct ad_names *n, const char *dn)
{
	free(n->root);
	n->root = xstrdup(dn);
}

char *ad_names_text(const struct ad_names *n)
{
	json_t *o = json_object();
	char *text;

	if (n->domains)
		json_object_set(o, "domains", n->domains);
	if (n->root)
		json_object_set_new(o, "root", json_string(n->root));
	text = json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS);
	json_decref(o);
	return text ? text : xstrdup("{}");
}

static const char *first_value(const struct directory_entry *item, const char *name)
{
	for (unsigned i = 0; i < item->n_attrs; i++)
		if (strcasecmp(item->attrs[i].name, name) == 0 && item->attrs[i].n)
			return item->attrs[i].values[0].data;
	return NULL;
}

static int each_cross_ref(void *ctx, const struct directory_entry *item, struct err *e)
{
	const char *context = first_value(item, "nCName");
	const char *netbios = first_value(item, "nETBIOSName");

	if (context && netbios) /* else it does not belong to a domain */
		ad_names_add(ctx, context, first_value(item, "dnsRoot"), netbios);
	return 0;
}

int ad_names_read(struct ad_server *s, struct ad_names *ret, struct err *e)
{
	static const char *const attrs[] = {"nCName", "nETBIOSName", "dnsRoot", NULL};
	_cleanup_free_ char *base = xasprintf("CN=Partitions,%s", s->config_nc);
	struct directory_query q = {.base = base,
		.scope = DIRECTORY_SUBTREE,
		.filter = "(objectClass=crossRef)",
		.attrs = attrs,
		.page_size = 500};
	struct err se = {0};
	int r;

	if (s->root_nc[0])
		ad_names_root(ret, s->root_nc);
	if (!s->config_nc[0])
		return 0;
	r = directory_search(s->dir, &q, each_cross_ref, ret, &se);
	if (r < 0) { /* a part of them would make the others guessed */
		json_decref(ret->domains);
		ret->domains = NULL;
	}
	if (r != -EHOSTDOWN && r != -ECANCELED)
		return 0; /* what cannot be read is not known, and told */
	*e = se;
	return r;
}

/* --- the values --- */

/* "DC=contoso,DC=com" -> "contoso.com" */
static const char *dn_fqdn(const char *dn, struct arena *a)
{
	_cleanup_buf_ struct buf b = {0};

	for (const char *p = dn; *p; p = dn_parent(p)) {
		while (*p == ' ')
			p++;
		if (strncasecmp(p, "DC", 2) != 0)
			continue;
		if (b.len)
			buf_addc(&b, '.');
		if (!rdn_value(&b, p))
			break;
	}
	return arena_dup(a, buf_str(&b), b.len);
}

/* "contoso.com" -> "DC=contoso,DC=com" */
static const char *fqdn_dn(const char *fqdn, struct arena *a)
{
	const char *dn = "";

	while (*fqdn) {
		size_t n = strcspn(fqdn, ".");

		dn = arena_printf(a, "%s%sDC=%.*s", dn, *dn ? "," : "", (int)n, fqdn);
		fqdn += n + (fqdn[n] == '.');
	}
	return dn;
}

/* The first label of the domain in upper case: what NetBIOS names are by default. */
static const char *guess_netbios(const char *fqdn, struct arena *a)
{
	char *ret = arena_dup(a, fqdn, MIN(strcspn(fqdn, "."), (size_t)15));

	for (char *p = ret; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return ret;
}

/* What the directory says of the domain; NULL: nothing. */
static const char *known(const json_t *names, const char *dn, const char *what, struct arena *a)
{
	const json_t *domain = json_object_get(json_object_get(names, "domains"), dn_key(a, dn));
	const char *text = json_string_value(json_object_get(domain, what));

	return text ? arena_strdup(a, text) : NULL;
}

/* Lines of the setting are in the order of base_dn. */
static const char *own_netbios(const struct settings *s, unsigned partition, struct arena *a)
{
	char **list = setting_list(s, "domain_netbios", '\n', a);

	for (unsigned i = 0; list[i]; i++)
		if (i == partition)
			return list[i];
	return NULL;
}

struct domain_names {
	const char *dn, *fqdn, *netbios;
	bool guessed;
};

static struct domain_names domain_names(
	const struct settings *s, const json_t *names, unsigned partition, struct arena *a)
{
	struct domain_names d = {.dn = setting_list(s, "base_dn", '\n', a)[partition]};
	const char *dns = known(names, d.dn, "dns", a);

	d.fqdn = dns ? dns : dn_fqdn(d.dn, a);
	d.netbios = own_netbios(s, partition, a);
	if (!d.netbios)
		d.netbios = known(names, d.dn, "netbios", a);
	d.guessed = !d.netbios;
	if (d.guessed)
		d.netbios = guess_netbios(d.fqdn, a);
	return d;
}

/* The first domain of the forest: as set, as the directory says, or the first one of base_dn. */
static struct domain_names forest_names(
	const struct settings *s, const json_t *names, struct arena *a)
{
	const char *fqdn = setting_text(s, "forest_fqdn");
	const char *netbios = setting_text(s, "forest_netbios");
	const char *root = json_string_value(json_object_get(names, "root"));
	char **bases = setting_list(s, "base_dn", '\n', a);
	struct domain_names d = domain_names(s, names, 0, a);

	if (fqdn || root) {
		d.dn = fqdn ? fqdn_dn(fqdn, a) : arena_strdup(a, root);
		d.fqdn = fqdn ? fqdn : known(names, d.dn, "dns", a);
		if (!d.fqdn)
			d.fqdn = dn_fqdn(d.dn, a);
		d.netbios = known(names, d.dn, "netbios", a);
		for (unsigned i = 0; bases[i]; i++)
			if (streq(dn_key(a, bases[i]), dn_key(a, d.dn)))
				d.netbios = domain_names(s, names, i, a).netbios;
		if (!d.netbios)
			d.netbios = guess_netbios(d.fqdn, a);
	}
	if (netbios)
		d.netbios = netbios;
	return d;
}

/* [MS-ADTS] 2.2.16 userAccountControl, 2.2.12 groupType; no group filters what is synchronized. */
static const char *constant_parameter(const char *name)
{
	static const char *const VALUES[][2] = {
		{"ADS_UF_ACCOUNTDISABLE", "2"},
		{"ADS_GROUP_TYPE_GLOBAL", "2"},
		{"ADS_GROUP_TYPE_DOMAIN_LOCAL", "4"},
		{"ADS_GROUP_TYPE_LOCAL", "4"},
		{"ADS_GROUP_TYPE_UNIVERSAL", "8"},
		{"ADS_GROUP_TYPE_SECURITY_ENABLED", "2147483648"},
		{"Connector.GroupFilteringGroupDn", ""},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(VALUES); i++)
		if (streq(VALUES[i][0], name))
			return VALUES[i][1];
	return NULL;
}

static const char *name_parameter(const struct settings *s, const char *text, unsigned partition,
	const char *name, struct arena *a)
{
	json_t *names = text ? json_loads(text, 0, NULL) : NULL;
	struct domain_names domain = domain_names(s, names, partition, a);
	struct domain_names forest = forest_names(s, names, a);
	const struct {
		const char *name, *value;
	} values[] = {
		{"Domain.FQDN", domain.fqdn},
		{"Domain.LDAP", domain.dn},
		{"Domain.Netbios", domain.netbios},
		{"Forest.FQDN", forest.fqdn},
		{"Forest.LDAP", forest.dn},
		{"Forest.Netbios", forest.netbios},
	};

	json_decref(names);
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++)
		if (streq(name, values[i].name))
			return values[i].value;
	return NULL;
}

const char *ad_parameter(const struct settings *s, const char *text, unsigned partition,
	const char *name, struct arena *a)
{
	const char *constant = constant_parameter(name);

	return constant ? constant : name_parameter(s, text, partition, name, a);
}

char **ad_partitions(const struct settings *s, struct arena *a)
{
	return setting_list(s, "base_dn", '\n', a);
}

bool ad_netbios_is_guessed(const struct settings *s, const char *text, unsigned partition)
{
	_cleanup_arena_ struct arena a = {0};
	json_t *names = text ? json_loads(text, 0, NULL) : NULL;
	bool guessed = domain_names(s, names, partition, &a).guessed;

	json_decref(names);
	return guessed;
}

const char *ad_names_guessed(const struct settings *s, const char *text, struct arena *a)
{
	json_t *names = text ? json_loads(text, 0, NULL) : NULL;
	char **bases = setting_list(s, "base_dn", '\n', a);
	const char *ret = NULL;

	for (unsigned i = 0; bases[i]; i++) {
		struct domain_names d = domain_names(s, names, i, a);

		if (d.guessed)
			ret = arena_printf(a, "%s%s%s of %s", ret ? ret : "", ret ? ", " : "",
				d.netbios, d.dn);
	}
	json_decref(names);
	return ret;
}

int ad_names_keep(struct ad_import *im, const struct ad_names *n, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_free_ char *text = ad_names_text(n);
	const char *before = im->req->names, *guessed;

	if (!n->domains && before) /* as known before */
		return 0;
	if (before && streq(before, text))
		return 0;
	guessed = ad_names_guessed(im->con->settings, text, &a);
	if (guessed)
		im->sink->note(im->sink,
			arena_printf(&a,
				"the directory does not tell its NetBIOS names, so they are "
				"guessed: %s; set domain_netbios",
				guessed));
	return im->sink->names(im->sink, text, e);
}
