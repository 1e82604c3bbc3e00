/*
 * Directory extensions of AD: what an attribute of the setting is, by the directory's schema
 * ([MS-ADTS] 3.1.1.2.3, attributeSchema), or without it by the tables here and in schema.c.
 */
#include "base/buf.h"
#include "connector/ad/ldap.h"

#include <errno.h>
#include <stdlib.h>

/* [MS-ADTS] 2.2.10 */
#define FLAG_NOT_REPLICATED 0x1
#define FLAG_CONSTRUCTED 0x4
#define OM_UTC_TIME 23 /* two digits for the year */

static const char REFERENCE[] =
	"it holds references to other objects, which a directory extension cannot";

/* Where the table of schema.c does not say it: several values, 64 bits, times. */
static const struct {
	const char *name;
	enum extension_data data;
	bool multi;
} known[] = {
	{"accountExpires", EXTENSION_LARGE},
	{"badPasswordTime", EXTENSION_LARGE},
	{"businessCategory", EXTENSION_STRING, true},
	{"carLicense", EXTENSION_STRING, true},
	{"departmentNumber", EXTENSION_STRING, true},
	{"houseIdentifier", EXTENSION_STRING, true},
	{"lastLogonTimestamp", EXTENSION_LARGE},
	{"lockoutTime", EXTENSION_LARGE},
	{"msDS-ApproximateLastLogonTimeStamp", EXTENSION_LARGE},
	{"msExchELCExpirySuspensionEnd", EXTENSION_TIME},
	{"msExchELCExpirySuspensionStart", EXTENSION_TIME},
	{"msExchLitigationHoldDate", EXTENSION_TIME},
	{"msExchRecipientTypeDetails", EXTENSION_LARGE},
	{"msExchWhenMailboxCreated", EXTENSION_TIME},
	{"msTSExpireDate", EXTENSION_TIME},
	{"otherMailbox", EXTENSION_STRING, true},
	{"pwdLastSet", EXTENSION_LARGE},
	{"roomNumber", EXTENSION_STRING, true},
	{"uid", EXTENSION_STRING, true},
	{"whenCreated", EXTENSION_TIME},
};

static const char *problem(const char *class, const char *name)
{
	static const char *const classes[] = {"user", "inetOrgPerson", "group"};
	const struct schema_attr *row = ad_attr_row(name);
	const char *why = ad_attr_refused(name);
	unsigned c = 0;

	while (class && c < ARRAY_SIZE(classes) && !streq(classes[c], class))
		c++;
	if (c == ARRAY_SIZE(classes))
		return "only users and groups have directory extensions";
	if (why)
		return why;
	return row && row->type == VALUE_REFERENCE ? REFERENCE : NULL;
}

static enum extension_data data_of(enum value_type type)
{
	switch (type) {
	case VALUE_INTEGER:
		return EXTENSION_INTEGER;
	case VALUE_BOOLEAN:
		return EXTENSION_BOOLEAN;
	case VALUE_BINARY:
		return EXTENSION_BINARY;
	case VALUE_STRING:
	case VALUE_REFERENCE:
	case VALUE_TYPE_COUNT:
		break;
	}
	return EXTENSION_STRING;
}

/* A text of one value, unless a table says something else. */
static void guess(struct extension *x)
{
	const struct schema_attr *row = ad_attr_row(x->attr);

	x->data = row ? data_of(row->type) : EXTENSION_STRING;
	x->multi = row && row->flags & SCHEMA_MULTI;
	if (row)
		x->attr = row->name;
	for (unsigned i = 0; i < ARRAY_SIZE(known); i++)
		if (strcasecmp(known[i].name, x->attr) == 0) {
			x->data = known[i].data;
			x->multi = known[i].multi;
			x->attr = known[i].name;
		}
	x->refused = problem(NULL, x->attr);
}

/* --- the directory's schema --- */

struct learner {
	struct extension *items;
	bool *found;
	unsigned n;
	bool readable; /* cn was told: the account can read the schema */
	struct arena *arena;
};

/* What one attributeSchema says. */
struct definition {
	const char *name, *syntax;
	long om_syntax, system_flags;
	bool single;
};

static void read_definition(const struct directory_entry *item, struct definition *ret)
{
	*ret = (struct definition){.name = "", .syntax = ""};
	for (unsigned i = 0; i < item->n_attrs; i++) {
		const struct directory_attr *a = &item->attrs[i];
		const char *text = a->n ? a->values[0].data : "";

		if (strcasecmp(a->name, "lDAPDisplayName") == 0)
			ret->name = text;
		else if (strcasecmp(a->name, "attributeSyntax") == 0)
			ret->syntax = text;
		else if (strcasecmp(a->name, "oMSyntax") == 0)
			ret->om_syntax = strtol(text, NULL, 10);
		else if (strcasecmp(a->name, "systemFlags") == 0)
			ret->system_flags = strtol(text, NULL, 10);
		else if (strcasecmp(a->name, "isSingleValued") == 0)
			ret->single = strcasecmp(text, "TRUE") == 0;
	}
}

static enum extension_data data_of_syntax(const struct definition *d)
{
	if (streq(d->syntax, "2.5.5.16"))
		return EXTENSION_LARGE;
	if (streq(d->syntax, "2.5.5.11") && d->om_syntax != OM_UTC_TIME)
		return EXTENSION_TIME;
	return data_of(ad_syntax_type(d->syntax));
}

static const char *refusal(const struct definition *d)
{
	static const char *const references[] = {
		"2.5.5.1", "2.5.5.7", "2.5.5.14"}; /* a DN; with octets; with text */
	const char *why = problem(NULL, d->name);

	if (why)
		return why;
	for (unsigned i = 0; i < ARRAY_SIZE(references); i++)
		if (streq(references[i], d->syntax))
			return REFERENCE;
	if (d->system_flags & FLAG_CONSTRUCTED)
		return AD_CONSTRUCTED;
	if (d->system_flags & FLAG_NOT_REPLICATED)
		return AD_NOT_REPLICATED;
	return streq(d->syntax, "2.5.5.15") ? AD_SECURITY : NULL;
}

static int each_definition(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct learner *l = ctx;
	struct definition d;

	read_definition(item, &d);
	l->readable |= strcasecmp(d.name, "cn") == 0;
	for (unsigned i = 0; i < l->n; i++) {
		struct extension *x = &l->items[i];

		if (strcasecmp(x->attr, d.name) != 0)
			continue;
		l->found[i] = true;
		x->attr = arena_strdup(l->arena, d.name);
		x->data = data_of_syntax(&d);
		x->multi = !d.single;
		x->refused = refusal(&d);
	}
	return 0;
}

static int ask_schema(struct ad_server *s, struct learner *l, struct err *e)
{
	static const char *const attrs[] = {"lDAPDisplayName", "attributeSyntax", "oMSyntax",
		"systemFlags", "isSingleValued", NULL};
	_cleanup_buf_ struct buf filter = {0};
	struct directory_query q = {
		.base = s->schema_nc, .scope = DIRECTORY_SUBTREE, .attrs = attrs, .page_size = 500};

	buf_adds(&filter, "(&(objectClass=attributeSchema)(|(lDAPDisplayName=cn)");
	for (unsigned i = 0; i < l->n; i++)
		buf_addf(&filter, "(lDAPDisplayName=%s)", l->items[i].attr);
	buf_adds(&filter, "))");
	q.filter = buf_str(&filter);
	return directory_search(s->dir, &q, each_definition, l, e);
}

/* The schema is one for the whole forest: the first domain is asked. */
static int learn_ldap(struct connector *c, struct learner *l, bool *ret_asked, struct err *e)
{
	struct ad_server server = {0};
	int r = ad_server_open(c, c->bases[0], NULL, &server, e);

	if (r == 0 && server.schema_nc[0])
		r = ask_schema(&server, l, e);
	ad_server_close(&server);
	if (r == -EHOSTDOWN || r == -ECANCELED)
		return r;
	*ret_asked = r == 0 && l->readable;
	return 0;
}

static enum conn_result learn(struct connector *c, struct extension *items, unsigned n,
	struct arena *a, bool *ret_asked, struct err *e)
{
	struct learner l = {.items = items, .n = n, .arena = a};
	int r = 0;

	*ret_asked = false;
	l.found = arena_zalloc(a, (n + 1) * sizeof(*l.found));
	for (unsigned i = 0; i < n; i++)
		guess(&items[i]);
	if (ad_source_is_ldif(c))
		*ret_asked = true; /* the file has no schema: this is all there is to be known */
	else
		r = learn_ldap(c, &l, ret_asked, e);
	if (r < 0)
		return ad_ladder(r);
	for (unsigned i = 0; i < n && *ret_asked && !ad_source_is_ldif(c); i++)
		if (!l.found[i])
			items[i].refused = "the directory's schema has no such attribute";
	return CONN_OK;
}

static const struct extension_rule rules[] = {
	{"In from AD - User DirectoryExtension", "user", "person"},
	{"In from AD - InetOrgPerson DirectoryExtension", "inetOrgPerson", "person"},
	{"In from AD - Group DirectoryExtension", "group", "group"},
	{NULL},
};

const struct extension_source ad_extension_source = {
	.rules = rules,
	.problem = problem,
	.guess = guess,
	.learn = learn,
};
