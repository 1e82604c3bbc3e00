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
#define I VALUE_INTEGER
#define X VALUE_BINARY
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
#define LOCAL(name, type, where)                                 \
	{                                                        \
		name, NULL, NULL, SHAPE_PLAIN, type, where,      \
			.flags = SCHEMA_READ_ONLY | SCHEMA_LOCAL \
	}
#define LOCALS(name, type, where)                                               \
	{                                                                       \
		name, NULL, NULL, SHAPE_PLAIN, type, where,                     \
			.flags = SCHEMA_READ_ONLY | SCHEMA_LOCAL | SCHEMA_MULTI \
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
	PLAIN("alias", "mailNickname", S, U | G | C, .flags = SCHEMA_NEVER_EMPTY),
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
	{"onPremisesProvisioningErrors", "onPremisesProvisioningErrors", NULL, SHAPE_ERRORS, S,
		U | G | C, .flags = SCHEMA_READ_ONLY | SCHEMA_MULTI},
	{"manager", "manager", NULL, SHAPE_REFERENCE, R, U | C},
	{"member", "members", NULL, SHAPE_REFERENCE, R, G, .flags = SCHEMA_MULTI},
	/* the surface "graph": public Graph's own key of a group, given once at creation */
	PLAIN("sourceAnchor", "uniqueName", S, G, .flags = SCHEMA_WRITE_ONCE),
	/* and a contact's anchor has no place there: it stays in the schema so that rules load */
	{"blockOnPremisesSync", NULL, NULL, SHAPE_PLAIN, B, U | G | C, .flags = SCHEMA_READ_ONLY},
	/* written back from the cloud: never so here, and rules ask for it */
	{"cloudMastered", NULL, NULL, SHAPE_PLAIN, B, U | G | C, .flags = SCHEMA_READ_ONLY},
	/* Connect Sync's own service takes these; Graph has no property that could be written */
	LOCAL("altRecipient", R, U),
	LOCAL("assistant", R, U | C),
	LOCALS("authOrig", R, U | G | C),
	LOCAL("cloudLegacyExchangeDN", S, U | G | C),
	LOCAL("cloudSOAExchMailbox", B, U | G),
	LOCAL("commonName", S, U | G | C),
	LOCAL("countryCode", I, U | C),
	LOCAL("countryLetterCode", S, U | C),
	LOCAL("deliverAndRedirect", B, U),
	LOCAL("description", S, U | C),
	LOCAL("displayNamePrintable", S, G),
	LOCAL("division", S, U),
	LOCALS("dLMemRejectPerms", R, U | G | C),
	LOCALS("dLMemSubmitPerms", R, U | G | C),
	LOCAL("dn", S, U | G | C),
	LOCAL("employeeNumber", S, U),
	LOCAL("extensionAttribute1", S, G | C),
	LOCAL("extensionAttribute10", S, G | C),
	LOCAL("extensionAttribute11", S, G | C),
	LOCAL("extensionAttribute12", S, G | C),
	LOCAL("extensionAttribute13", S, G | C),
	LOCAL("extensionAttribute14", S, G | C),
	LOCAL("extensionAttribute15", S, G | C),
	LOCAL("extensionAttribute2", S, G | C),
	LOCAL("extensionAttribute3", S, G | C),
	LOCAL("extensionAttribute4", S, G | C),
	LOCAL("extensionAttribute5", S, G | C),
	LOCAL("extensionAttribute6", S, G | C),
	LOCAL("extensionAttribute7", S, G | C),
	LOCAL("extensionAttribute8", S, G | C),
	LOCAL("extensionAttribute9", S, G | C),
	LOCAL("groupType", I, G),
	LOCAL("hideDLMembership", B, G),
	LOCAL("homePhone", S, U | C),
	LOCAL("info", S, U | G | C),
	LOCAL("initials", S, U | C),
	LOCAL("ipPhone", S, U | C),
	LOCAL("lastPasswordChangeTimestamp", S, U),
	LOCAL("legacyExchangeDN", S, U),
	LOCAL("managedBy", R, G),
	LOCAL("middleName", S, U | C),
	LOCAL("msExchArchiveGUID", X, U),
	LOCALS("msExchArchiveName", S, U),
	LOCAL("msExchAssistantName", S, U | C),
	LOCAL("msExchAuditAdmin", X, U),
	LOCAL("msExchAuditDelegate", X, U),
	LOCAL("msExchAuditDelegateAdmin", X, U),
	LOCAL("msExchAuditOwner", X, U),
	LOCAL("msExchBlockedSendersHash", X, U),
	LOCAL("msExchBypassAudit", B, U),
	LOCALS("msExchBypassModerationLink", R, U | G),
	LOCALS("msExchCoManagedByLink", R, U | G),
	LOCALS("msExchDelegateListLink", R, U),
	LOCAL("msExchELCExpirySuspensionEnd", S, U),
	LOCAL("msExchELCExpirySuspensionStart", S, U),
	LOCAL("msExchELCMailboxFlags", I, U),
	LOCAL("msExchEnableModeration", B, U | G | C),
	LOCALS("msExchExtensionCustomAttribute1", S, U | G | C),
	LOCALS("msExchExtensionCustomAttribute2", S, U | G | C),
	LOCALS("msExchExtensionCustomAttribute3", S, U | G | C),
	LOCALS("msExchExtensionCustomAttribute4", S, U | G | C),
	LOCALS("msExchExtensionCustomAttribute5", S, U | G | C),
	LOCAL("msExchGenericForwardingAddress", S, U),
	LOCAL("msExchGroupDepartRestriction", I, G),
	LOCAL("msExchGroupJoinRestriction", I, G),
	LOCAL("msExchHideFromAddressLists", B, U | G | C),
	LOCAL("msExchImmutableID", S, U),
	LOCAL("msExchLitigationHoldDate", S, U),
	LOCAL("msExchLitigationHoldOwner", S, U),
	LOCAL("msExchMailboxAuditEnable", B, U),
	LOCAL("msExchMailboxAuditLogAgeLimit", I, U),
	LOCAL("msExchMailboxGuid", X, U),
	LOCALS("msExchModeratedByLink", R, U | G | C),
	LOCAL("msExchModerationFlags", I, U | G | C),
	LOCAL("msExchRecipientDisplayType", I, U | G | C),
	LOCAL("msExchRecipientTypeDetails", I, U | G | C),
	LOCAL("msExchRemoteRecipientType", I, U),
	LOCAL("msExchRequireAuthToSendTo", B, U | G | C),
	LOCAL("msExchResourceCapacity", I, U),
	LOCAL("msExchResourceDisplay", S, U),
	LOCALS("msExchResourceMetadata", S, U),
	LOCALS("msExchResourceSearchProperties", S, U),
	LOCAL("msExchRetentionComment", S, U),
	LOCAL("msExchRetentionURL", S, U),
	LOCAL("msExchSafeRecipientsHash", X, U),
	LOCAL("msExchSafeSendersHash", X, U),
	LOCALS("msExchSenderHintTranslations", S, U | G | C),
	LOCAL("msExchTeamMailboxExpiration", S, U),
	LOCALS("msExchTeamMailboxOwners", R, U),
	LOCAL("msExchTeamMailboxSharePointUrl", S, U),
	LOCAL("msExchUCVoiceMailSettings", S, U),
	LOCALS("msExchUserHoldPolicies", S, U),
	LOCAL("msRTCSIP-ApplicationOptions", I, U | C),
	LOCAL("msRTCSIP-DeploymentLocator", S, U | C),
	LOCAL("msRTCSIP-Line", S, U | C),
	LOCAL("msRTCSIP-OptionFlags", I, U | C),
	LOCAL("msRTCSIP-OwnerUrn", S, U | C),
	LOCAL("msRTCSIP-PrimaryUserAddress", S, U | C),
	LOCAL("msRTCSIP-UserEnabled", B, U | C),
	LOCAL("netBiosName", S, U),
	LOCAL("onPremiseObjectType", S, U),
	LOCAL("oOFReplyToOriginator", B, G),
	LOCALS("otherFacsimileTelephoneNumber", S, U | C),
	LOCALS("otherHomePhone", S, U | C),
	LOCALS("otherTelephone", S, U | C),
	LOCAL("pager", S, U | C),
	LOCAL("postOfficeBox", S, U | C),
	LOCAL("preferredDataLocation", S, U),
	LOCALS("publicDelegates", R, U | G),
	LOCAL("pwdLastSet", S, U),
	LOCAL("reportToOriginator", B, G),
	LOCAL("reportToOwner", B, G),
	LOCAL("shadowProxyAddresses", S, U),
	LOCAL("sourceObjectType", S, U | G | C),
	LOCAL("targetAddress", S, U | G | C),
	LOCAL("telephoneAssistant", S, U | C),
	LOCAL("thumbnailPhoto", X, U),
	LOCALS("unauthOrig", R, U | G | C),
	LOCAL("url", S, U | C),
	LOCALS("userCertificate", X, U | C),
	LOCALS("userSMIMECertificate", X, U | C),
	LOCAL("writebackEnabled", S, G),
	LOCAL("wWWHomePage", S, U | C),
};

#undef S
#undef I
#undef X
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
