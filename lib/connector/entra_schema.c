/*
 * The attribute table: one row carries an attribute through $select, reading, writing and the
 * schema. Names of the connector space are Connect Sync's; the properties are documented at
 * learn.microsoft.com/graph/api/resources/{user,group,orgcontact}.
 */
#include "connector/entra_schema.h"

#include <assert.h>

const struct entra_class_info entra_classes[] = {
#define X(id, class, collection, type, prefix) {class, collection, type, prefix},
	ENTRA_CLASSES(X)
#undef X
};

#define S VALUE_STRING
#define B VALUE_BOOLEAN
#define R VALUE_REFERENCE
#define U FOR_USER
#define G FOR_GROUP
#define C FOR_CONTACT
#define SYNC .sync_only = true
#define PLAIN(name, prop, type, where, ...)                             \
	{                                                               \
		name, prop, NULL, SHAPE_PLAIN, type, where, __VA_ARGS__ \
	}
#define PHONE(name, kind)                               \
	{                                               \
		name, "phones", kind, SHAPE_PHONE, S, C \
	}
#define ADDRESS(name, field)                                  \
	{                                                     \
		name, "addresses", field, SHAPE_ADDRESS, S, C \
	}
#define EXTENSION(n)                                                                             \
	{                                                                                        \
		"extensionAttribute" n, "onPremisesExtensionAttributes", "extensionAttribute" n, \
			SHAPE_NESTED, S, U, SYNC                                                 \
	}

static struct entra_attr table[] = {
	PLAIN("sourceAnchor", "onPremisesImmutableId", S, U),
	PLAIN("sourceAnchor", "onPremisesImmutableId", S, G | C, SYNC, .sync_read_only = true),
	PLAIN("accountEnabled", "accountEnabled", B, U),
	PLAIN("displayName", "displayName", S, U | G | C),
	PLAIN("givenName", "givenName", S, U | C),
	PLAIN("surname", "surname", S, U | C),
	PLAIN("userPrincipalName", "userPrincipalName", S, U),
	PLAIN("alias", "mailNickname", S, U | G | C),
	PLAIN("mail", "mail", S, U | G | C, SYNC),
	{"proxyAddresses", "proxyAddresses", NULL, SHAPE_LIST, S, U | G | C, SYNC,
		.flags = SCHEMA_MULTI},
	PLAIN("city", "city", S, U),
	PLAIN("state", "state", S, U),
	PLAIN("country", "country", S, U),
	PLAIN("streetAddress", "streetAddress", S, U),
	PLAIN("postalCode", "postalCode", S, U),
	PLAIN("physicalDeliveryOfficeName", "officeLocation", S, U),
	ADDRESS("city", "city"),
	ADDRESS("state", "state"),
	ADDRESS("country", "countryOrRegion"),
	ADDRESS("streetAddress", "street"),
	ADDRESS("postalCode", "postalCode"),
	ADDRESS("physicalDeliveryOfficeName", "officeLocation"),
	{"telephoneNumber", "businessPhones", NULL, SHAPE_FIRST, S, U},
	PLAIN("mobile", "mobilePhone", S, U),
	PLAIN("facsimileTelephoneNumber", "faxNumber", S, U),
	PHONE("telephoneNumber", "business"),
	PHONE("mobile", "mobile"),
	PHONE("facsimileTelephoneNumber", "businessFax"),
	PLAIN("department", "department", S, U | C),
	PLAIN("companyName", "companyName", S, U | C),
	PLAIN("title", "jobTitle", S, U | C),
	PLAIN("employeeID", "employeeId", S, U),
	PLAIN("employeeType", "employeeType", S, U),
	PLAIN("preferredLanguage", "preferredLanguage", S, U),
	PLAIN("usageLocation", "usageLocation", S, U),
	EXTENSION("1"),
	EXTENSION("2"),
	EXTENSION("3"),
	EXTENSION("4"),
	EXTENSION("5"),
	EXTENSION("6"),
	EXTENSION("7"),
	EXTENSION("8"),
	EXTENSION("9"),
	EXTENSION("10"),
	EXTENSION("11"),
	EXTENSION("12"),
	EXTENSION("13"),
	EXTENSION("14"),
	EXTENSION("15"),
	PLAIN("onPremisesSamAccountName", "onPremisesSamAccountName", S, U | G, SYNC),
	PLAIN("onPremiseSecurityIdentifier", "onPremisesSecurityIdentifier", S, U | G, SYNC),
	PLAIN("onPremisesUserPrincipalName", "onPremisesUserPrincipalName", S, U, SYNC),
	PLAIN("onPremisesDistinguishedName", "onPremisesDistinguishedName", S, U, SYNC),
	PLAIN("dnsDomainName", "onPremisesDomainName", S, U | G, SYNC),
	PLAIN("netBiosName", "onPremisesNetBiosName", S, G, SYNC),
	PLAIN("description", "description", S, G),
	PLAIN("mailEnabled", "mailEnabled", B, G),
	PLAIN("securityEnabled", "securityEnabled", B, G),
	PLAIN("onPremisesSyncEnabled", "onPremisesSyncEnabled", B, U | G | C,
		.flags = SCHEMA_READ_ONLY),
	{"manager", "manager", NULL, SHAPE_REFERENCE, R, U | C},
	{"member", "members", NULL, SHAPE_REFERENCE, R, G, .flags = SCHEMA_MULTI},
	/* the surface "graph": public Graph's own key of a group, given once at creation */
	PLAIN("sourceAnchor", "uniqueName", S, G, .flags = SCHEMA_WRITE_ONCE),
	/* and a contact's anchor has no place there: it stays in the schema so that rules load */
	{"blockOnPremisesSync", NULL, NULL, SHAPE_PLAIN, B, U | G | C, .flags = SCHEMA_READ_ONLY},
};

#undef S
#undef B
#undef R
#undef U
#undef G
#undef C

const struct entra_attr *entra_attrs(unsigned *ret_n)
{
	if (!table[0].id)
		for (unsigned i = 0; i < ARRAY_SIZE(table); i++)
			table[i].id = attr_intern(table[i].name);
	*ret_n = ARRAY_SIZE(table);
	return table;
}

bool entra_attr_used(const struct entra_attr *a, enum entra_class class, bool sync_surface)
{
	if (!(a->where & 1u << class) || !a->property)
		return false;
	if (sync_surface)
		return !(class == ENTRA_GROUP && strcmp(a->property, "uniqueName") == 0);
	return !a->sync_read_only;
}

/*
 * Attributes that a surface cannot write are read-only, so that outbound leaves their flows out.
 * Contacts stay as they are: on the surface "graph" the export reports each of them once.
 */
static void build(struct schema_class *class, struct schema_attr *attrs, enum entra_class c,
	bool sync_surface)
{
	unsigned n, count = 0;
	const struct entra_attr *all = entra_attrs(&n);

	for (unsigned i = 0; i < n; i++) {
		const struct entra_attr *a = &all[i];
		unsigned flags = a->flags;

		if (!(a->where & 1u << c))
			continue;
		if (a->property && !entra_attr_used(a, c, sync_surface) && c != ENTRA_CONTACT)
			continue;
		if (!sync_surface && a->sync_only && c != ENTRA_CONTACT)
			flags |= SCHEMA_READ_ONLY;
		attrs[count++] = (struct schema_attr){a->name, a->type, flags};
	}
	*class = (struct schema_class){entra_classes[c].name, attrs, count};
}

const struct schema *entra_schema(bool sync_surface)
{
	static struct schema_attr attrs[2][ENTRA_CLASS_COUNT][ARRAY_SIZE(table)];
	static struct schema_class classes[2][ENTRA_CLASS_COUNT];
	static struct schema schemas[2];
	struct schema *s = &schemas[sync_surface];

	if (!s->n_classes) {
		for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++)
			build(&classes[sync_surface][c], attrs[sync_surface][c],
				(enum entra_class)c, sync_surface);
		*s = (struct schema){
			"entra", classes[sync_surface], ENTRA_CLASS_COUNT, .open = false};
	}
	return s;
}

enum entra_class entra_class_find(const char *name)
{
	unsigned c = 0;

	while (c < ENTRA_CLASS_COUNT && !streq(entra_classes[c].name, name))
		c++;
	return (enum entra_class)c;
}

enum entra_class entra_class_of_type(const char *odata)
{
	unsigned c = 0;

	while (c < ENTRA_CLASS_COUNT && !streq(entra_classes[c].odata_type, odata))
		c++;
	return (enum entra_class)c;
}

enum entra_class entra_class_of_anchor(const char *anchor, const char **ret_id)
{
	for (unsigned c = 0; c < ENTRA_CLASS_COUNT; c++)
		if (str_starts(anchor, entra_classes[c].anchor_prefix)) {
			*ret_id = anchor + strlen(entra_classes[c].anchor_prefix);
			return (enum entra_class)c;
		}
	*ret_id = anchor;
	return ENTRA_CLASS_COUNT;
}
