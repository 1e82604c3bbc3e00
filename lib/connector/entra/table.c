/*
 * The attribute table: one row carries an attribute through $select, reading, writing and the
 * schema. Names, types and classes are those of Connect Sync's Entra connector (the description of
 * it that an export of a server has: 185 attributes of five classes); the properties are documented
 * at learn.microsoft.com/graph/api/resources/{user,group,orgcontact,device}. An attribute that
 * Graph carries in another way for another class has a row for each. A row says who can send it:
 * LOCAL nobody; WIRE the surface "service", and nobody shows it; SHOWN the same, and Graph shows
 * it; CLOUDS the surface "graph"; any other one both.
 */
#include "connector/entra/schema.h"

#define S FORM_TEXT
#define I FORM_INT32
#define X FORM_BINARY
#define B FORM_BOOLEAN
#define T FORM_TIME
#define R FORM_REFERENCE
#define U FOR_USER
#define G FOR_GROUP
#define C FOR_CONTACT
#define D FOR_DEVICE
#define P FOR_PUBLIC_FOLDER
#define SHOWN .shown = true
#define CLOUDS .clouds = true
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
#define WIRE(name, type, where)                                                   \
	{                                                                         \
		name, NULL, NULL, SHAPE_PLAIN, type, where,                       \
			.flags = SCHEMA_READ_ONLY | SCHEMA_LOCAL, .service = true \
	}
#define WIRES(name, type, where)                                                                 \
	{                                                                                        \
		name, NULL, NULL, SHAPE_PLAIN, type, where,                                      \
			.flags = SCHEMA_READ_ONLY | SCHEMA_LOCAL | SCHEMA_MULTI, .service = true \
	}
#define EXTENSION(n)                                                                             \
	{                                                                                        \
		"extensionAttribute" n, "onPremisesExtensionAttributes", "extensionAttribute" n, \
			SHAPE_NESTED, S, U, SHOWN                                                \
	}

struct entra_attr entra_table[] = {
	PLAIN("sourceAnchor", "onPremisesImmutableId", S, U),
	/* Graph has none of a group and a contact. The rules make it, and what is called by it. */
	{"sourceAnchor", NULL, NULL, SHAPE_PLAIN, S, G | C, .service = true},
	PLAIN("accountEnabled", "accountEnabled", B, U | D),
	PLAIN("cloudAccountEnabled", "accountEnabled", B, D, CLOUDS),
	PLAIN("displayName", "displayName", S, U | G | C | D),
	PLAIN("cloudDisplayName", "displayName", S, D, CLOUDS),
	PLAIN("givenName", "givenName", S, U | C),
	PLAIN("surname", "surname", S, U | C),
	PLAIN("userPrincipalName", "userPrincipalName", S, U, .flags = SCHEMA_NO_CASE),
	PLAIN("alias", "mailNickname", S, U | G | C, .flags = SCHEMA_NEVER_EMPTY | SCHEMA_NO_CASE),
	PLAIN("mail", "mail", S, U | G | C, SHOWN, .flags = SCHEMA_NO_CASE),
	{"proxyAddresses", "proxyAddresses", NULL, SHAPE_LIST, S, U | G | C, SHOWN,
		.flags = SCHEMA_MULTI | SCHEMA_NO_CASE},
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
	PLAIN("company", "companyName", S, U | C),
	PLAIN("title", "jobTitle", S, U | C),
	PLAIN("preferredLanguage", "preferredLanguage", S, U, .flags = SCHEMA_NO_CASE),
	PLAIN("usageLocation", "usageLocation", S, U, .flags = SCHEMA_NO_CASE),
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
	PLAIN("onPremisesSamAccountName", "onPremisesSamAccountName", S, U | G, SHOWN),
	PLAIN("onPremiseSecurityIdentifier", "onPremisesSecurityIdentifier", FORM_SID, U | G,
		SHOWN),
	PLAIN("onPremisesUserPrincipalName", "onPremisesUserPrincipalName", S, U, SHOWN),
	PLAIN("dnsDomainName", "onPremisesDomainName", S, U | G, SHOWN),
	PLAIN("netBiosName", "onPremisesNetBiosName", S, G, SHOWN),
	PLAIN("description", "description", S, G),
	PLAIN("securityEnabled", "securityEnabled", B, G),
	{"manager", "manager", NULL, SHAPE_LINK, R, U | C},
	{"member", "members", NULL, SHAPE_BIND, R, G, .flags = SCHEMA_MULTI},
	/* newer than that description, or of Graph alone */
	PLAIN("employeeID", "employeeId", S, U),
	PLAIN("employeeType", "employeeType", S, U),
	PLAIN("employeeHireDate", "employeeHireDate", T, U, .flags = SCHEMA_TIME),
	/* public Graph gives it only to an application with User-LifeCycleInfo.ReadWrite.All */
	PLAIN("employeeLeaveDateTime", "employeeLeaveDateTime", T, U, .lifecycle = true,
		.flags = SCHEMA_TIME),
	PLAIN("onPremisesDistinguishedName", "onPremisesDistinguishedName", S, U, SHOWN),
	PLAIN("mailEnabled", "mailEnabled", B, G, CLOUDS), /* the service sees it in mail */
	PLAIN("onPremisesSyncEnabled", "onPremisesSyncEnabled", B, U | G | C | D,
		.flags = SCHEMA_READ_ONLY),
	{"onPremisesProvisioningErrors", "onPremisesProvisioningErrors", NULL, SHAPE_ERRORS, S,
		U | G | C, .flags = SCHEMA_READ_ONLY | SCHEMA_MULTI},
	/* devices: what Graph has is the cloud's and the directory's value at once */
	PLAIN("deviceId", "deviceId", FORM_GUID, D),
	PLAIN("deviceOSType", "operatingSystem", S, D),
	PLAIN("cloudDeviceOSType", "operatingSystem", S, D, CLOUDS),
	PLAIN("deviceOSVersion", "operatingSystemVersion", S, D),
	PLAIN("cloudDeviceOSVersion", "operatingSystemVersion", S, D, CLOUDS),
	PLAIN("deviceTrustType", "trustType", S, D),
	PLAIN("deviceObjectVersion", "deviceVersion", I, D),
	PLAIN("isCompliant", "isCompliant", B, D),
	PLAIN("isManaged", "isManaged", B, D),
	{"devicePhysicalIds", "physicalIds", NULL, SHAPE_LIST, S, D, .flags = SCHEMA_MULTI},
	{"alternativeSecurityId", "alternativeSecurityIds", NULL, SHAPE_KEYS, S, D,
		.flags = SCHEMA_MULTI},
	PLAIN("approximateLastLogonTimestamp", "approximateLastSignInDateTime", T, D),
	/* the surface "graph": public Graph's own key of a group, given once at creation */
	PLAIN("sourceAnchor", "uniqueName", S, G, .flags = SCHEMA_WRITE_ONCE),
	{"blockOnPremisesSync", NULL, NULL, SHAPE_PLAIN, B, U | G | C, .flags = SCHEMA_READ_ONLY},
	/* the rest of it: the rules may name these, and Graph has no property for them. What the
         * original sends is sent to its service, too; nobody shows it afterwards. */
	WIRE("alias", S, P),
	WIRE("altRecipient", R, U | G | C),
	WIRE("assistant", R, U | G | C),
	WIRES("authOrig", R, U | G | C),
	LOCAL("cloudAnchor", S, U | G | C | D | P),
	LOCAL("cloudCreated", B, D),
	LOCAL("cloudLegacyExchangeDN", S, U | G | C),
	LOCAL("cloudMastered", B, U | G),
	LOCAL("cloudMSExchArchiveStatus", I, U),
	LOCAL("cloudMSExchBlockedSendersHash", X, U),
	LOCALS("cloudMSExchDelegateListLink", R, U),
	LOCAL("cloudMSExchRecipientDisplayType", I, U),
	LOCAL("cloudMSExchSafeRecipientsHash", X, U),
	LOCAL("cloudMSExchSafeSendersHash", X, U),
	LOCAL("cloudMSExchTeamMailboxExpiration", S, U),
	LOCALS("cloudMSExchTeamMailboxOwners", R, U),
	LOCAL("cloudMSExchTeamMailboxSharePointUrl", S, U),
	LOCALS("cloudMSExchUCVoiceMailSettings", S, U),
	LOCALS("cloudMSExchUserHoldPolicies", S, U),
	LOCALS("cloudPublicDelegates", R, U | G | C),
	WIRE("commonName", S, U | G | C),
	WIRE("countryCode", I, U | C),
	WIRE("countryLetterCode", S, U | C),
	WIRE("description", S, U | C),
	WIRE("dirSyncOverrides", I, D),
	WIRE("displayName", S, P),
	WIRES("dLMemRejectPerms", R, U | G | C),
	WIRES("dLMemSubmitPerms", R, U | G | C),
	LOCAL("export_password", S, U | G | C | D),
	WIRE("extensionAttribute1", S, G | C),
	WIRE("extensionAttribute10", S, G | C),
	WIRE("extensionAttribute11", S, G | C),
	WIRE("extensionAttribute12", S, G | C),
	WIRE("extensionAttribute13", S, G | C),
	WIRE("extensionAttribute14", S, G | C),
	WIRE("extensionAttribute15", S, G | C),
	WIRE("extensionAttribute2", S, G | C),
	WIRE("extensionAttribute3", S, G | C),
	WIRE("extensionAttribute4", S, G | C),
	WIRE("extensionAttribute5", S, G | C),
	WIRE("extensionAttribute6", S, G | C),
	WIRE("extensionAttribute7", S, G | C),
	WIRE("extensionAttribute8", S, G | C),
	WIRE("extensionAttribute9", S, G | C),
	WIRE("hideDLMembership", B, G),
	WIRE("homePhone", S, U | C),
	WIRE("info", S, U | G | C),
	WIRE("initials", S, U | C),
	WIRE("ipPhone", S, U | C),
	WIRE("lastPasswordChangeTimestamp", S, U),
	WIRE("legacyExchangeDN", S, U | G | C | P),
	WIRE("mail", S, P),
	WIRE("managedBy", R, G),
	WIRE("middleName", S, U | C),
	WIRE("msDsHabSeniorityIndex", I, U | G | C),
	WIRE("msDsPhoneticDisplayName", S, U | G | C),
	WIRE("msExchArchiveGuid", X, U),
	WIRES("msExchArchiveName", S, U),
	WIRE("msExchAssistantName", S, U | C),
	WIRE("msExchAuditAdmin", I, U),
	WIRE("msExchAuditDelegate", I, U),
	WIRE("msExchAuditDelegateAdmin", I, U),
	WIRE("msExchAuditOwner", I, U),
	WIRE("msExchBlockedSendersHash", X, U | C),
	WIRE("msExchBypassAudit", B, U | P),
	WIRES("msExchBypassModerationFromDLMembersLink", R, U | G | C),
	WIRES("msExchBypassModerationLink", R, U | G | C),
	WIRES("msExchCoManagedByLink", R, G),
	WIRES("msExchDelegateListLink", R, U),
	WIRE("msExchElcExpirySuspensionEnd", S, U),
	WIRE("msExchElcExpirySuspensionStart", S, U),
	WIRE("msExchElcMailboxFlags", I, U),
	WIRE("msExchEnableModeration", B, U | G | C),
	WIRES("msExchExtensionCustomAttribute1", S, U | G | C),
	WIRES("msExchExtensionCustomAttribute2", S, U | G | C),
	WIRES("msExchExtensionCustomAttribute3", S, U | G | C),
	WIRES("msExchExtensionCustomAttribute4", S, U | G | C),
	WIRES("msExchExtensionCustomAttribute5", S, U | G | C),
	WIRE("msExchGroupDepartRestriction", I, G),
	WIRE("msExchGroupJoinRestriction", I, G),
	WIRE("msExchHideFromAddressLists", B, U | G | C),
	WIRE("msExchImmutableId", S, U),
	WIRES("msExchLabeledURI", S, G),
	WIRE("msExchLitigationHoldDate", S, U | G | C),
	WIRE("msExchLitigationHoldOwner", S, U | G | C),
	WIRE("msExchMailboxAuditEnable", B, U | P),
	WIRE("msExchMailboxAuditLogAgeLimit", I, U | P),
	WIRE("msExchMailboxGuid", X, U),
	WIRES("msExchModeratedByLink", R, U | G | C),
	WIRE("msExchModerationFlags", I, U | G | C | P),
	WIRE("msExchRecipientDisplayType", I, U | G | C),
	WIRE("msExchRecipientSoftDeletedStatus", I, P),
	WIRE("msExchRecipientTypeDetails", I, U | G | C | P),
	WIRE("msExchRemoteRecipientType", I, U),
	WIRE("msExchRequireAuthToSendTo", B, U | G | C),
	WIRE("msExchResourceCapacity", I, U),
	WIRE("msExchResourceDisplay", S, U),
	WIRES("msExchResourceMetadata", S, U),
	WIRES("msExchResourceSearchProperties", S, U),
	WIRE("msExchRetentionComment", S, U | G | C),
	WIRE("msExchRetentionUrl", S, U | G | C),
	WIRE("msExchSafeRecipientsHash", X, U | C),
	WIRE("msExchSafeSendersHash", X, U | C),
	WIRES("msExchSenderHintTranslations", S, U | G | C),
	WIRE("msExchTeamMailboxExpiration", S, U),
	WIRES("msExchTeamMailboxOwners", R, U),
	WIRE("msExchTeamMailboxSharePointLinkedBy", R, U),
	WIRE("msExchTeamMailboxSharePointUrl", S, U),
	WIRE("msExchTransportRecipientSettingsFlags", I, P),
	WIRES("msExchUserHoldPolicies", S, U),
	WIRE("msOrgIsOrganizational", B, G),
	WIRE("msRtcSipApplicationOptions", I, U),
	WIRE("msRtcSipDeploymentLocator", S, U | C),
	WIRE("msRtcSipLine", S, U | C),
	WIRE("msRtcSipOptionFlags", I, U | C),
	WIRE("msRtcSipOwnerUrn", S, U),
	WIRE("msRtcSipPrimaryUserAddress", S, U | C),
	WIRE("msRtcSipUserEnabled", B, U | C),
	WIRE("netBiosName", S, U),
	WIRE("onPremiseSecurityIdentifier", X, D),
	WIRE("oOFReplyToOriginator", B, G),
	WIRES("otherFacsimileTelephoneNumber", S, U | C),
	WIRES("otherHomePhone", S, U | C),
	WIRES("otherIpPhone", S, U | C),
	WIRES("otherMobile", S, U | C),
	WIRES("otherPager", S, U | C),
	WIRES("otherTelephone", S, U | C),
	WIRE("pager", S, U | C),
	WIRES("postOfficeBox", S, U | C),
	WIRES("proxyAddresses", S, P),
	WIRES("publicDelegates", R, U | G | C),
	WIRE("registeredOwnerReference", R, D),
	WIRES("registeredUsersReference", R, D),
	WIRE("reportToOriginator", B, G),
	WIRE("reportToOwner", B, G),
	WIRES("searchableDeviceKey", X, U),
	WIRES("signInNames", S, U),
	WIRE("sourceAnchor", S, D | P),
	WIRES("stkDeviceKey", X, D),
	WIRE("targetAddress", S, U | G | C | P),
	WIRE("telephoneAssistant", S, U | C),
	WIRE("thumbnailPhoto", X, U | C),
	WIRES("unauthOrig", R, U | G | C),
	WIRES("url", S, U | C),
	WIRES("userCertificate", X, U | C | D),
	WIRES("userSMIMECertificate", X, U | C),
	WIRE("wWWHomePage", S, U | C),
	/* and what rules of later versions, or ours, name */
	LOCAL("cloudMastered", B, C),
	LOCAL("cloudSOAExchMailbox", B, U | G),
	LOCAL("deliverAndRedirect", B, U),
	LOCAL("displayNamePrintable", S, G),
	LOCAL("division", S, U),
	LOCAL("dn", S, U | G | C | D | P),
	LOCAL("employeeNumber", S, U),
	LOCAL("groupType", I, G),
	LOCALS("msExchCoManagedByLink", R, U),
	LOCAL("msExchGenericForwardingAddress", S, U),
	LOCALS("msExchUCVoiceMailSettings", S, U),
	LOCAL("msRtcSipApplicationOptions", I, C),
	LOCAL("msRtcSipOwnerUrn", S, C),
	LOCAL("onPremiseObjectType", S, U),
	WIRE("preferredDataLocation", S, U),
	LOCAL("pwdLastSet", S, U),
	LOCALS("shadowProxyAddresses", S, U),
	LOCAL("sourceObjectType", S, U | G | C),
	LOCAL("writebackEnabled", S, G),
};
const unsigned entra_table_rows = ARRAY_SIZE(entra_table);
