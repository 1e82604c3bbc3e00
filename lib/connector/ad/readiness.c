/*
 * What the attributes of an AD object mean when its source of authority is to change: see
 * connector/readiness.h. The tables name their sources: [MS-ADTS], [MS-ADA1] to [MS-ADA3]
 * (attributes and the products that own them), learn.microsoft.com for Exchange's numbers. A new
 * product is a row of `products`.
 */
#include "base/buf.h"
#include "connector/ad/ad.h"

#include <stdio.h>
#include <stdlib.h>

/* [MS-ADTS] 2.2.12, 2.2.16 */
#define GROUP_UNIVERSAL 0x8
#define GROUP_SECURITY 0x80000000u
#define ACCOUNT_SMART_CARD 0x40000

#define MEMBERS_MAX 50000 /* of a group that can be provisioned to AD */
#define NAMES_SHOWN 8

/* Attributes that a product on the premises keeps. A name that ends in "*" stands for all such. */
static const struct {
	const char *attr, *product;
} products[] = {
	{"msDS-KeyCredentialLink", "Windows Hello for Business"},
	{"msNPAllowDialin", "Network Policy Server"},
	{"msNPCallingStationID", "Network Policy Server"},
	{"msNPSavedCallingStationID", "Network Policy Server"},
	{"msPKI*", "credential roaming (AD CS)"},
	{"msRADIUS*", "Network Policy Server"},
	{"msRASSaved*", "Routing and Remote Access"},
	{"msRTCSIP-*", "Skype for Business Server"},
	{"msSFU30*", "Identity Management for UNIX"},
	{"msTSExpireDate*", "Remote Desktop Licensing"},
	{"msTSLicenseVersion*", "Remote Desktop Licensing"},
	{"msTSManagingLS*", "Remote Desktop Licensing"},
	{"userCertificate", "AD Certificate Services"},
};

/* The directory's own bookkeeping, and what it computes when it is asked. */
static const char *const own[] = {
	"accountExpires",
	"adminDescription",
	"badPasswordTime",
	"badPwdCount",
	"canonicalName",
	"cn",
	"codePage",
	"countryCode",
	"createTimeStamp",
	"dBCSPwd",
	"distinguishedName",
	"dSCorePropagationData",
	"fSMORoleOwner",
	"instanceType",
	"isCriticalSystemObject",
	"lastKnownParent",
	"lastLogoff",
	"lastLogon",
	"lastLogonTimestamp",
	"lmPwdHistory",
	"lockoutTime",
	"logonCount",
	"logonHours",
	"modifyTimeStamp",
	"mS-DS-ConsistencyGuid",
	"mS-DS-CreatorSID",
	"msDS-ApproximateLastLogonTimeStamp",
	"msDS-Auth*",
	"msDS-ExternalDirectoryObjectId",
	"msDS-KeyVersionNumber",
	"msDS-parentdistname",
	"msDS-PrincipalName",
	"msDS-RepAttributeMetaData",
	"msDS-RepValueMetaData",
	"msDS-ResultantPSO",
	"msDS-RevealedDSAs",
	"msDS-SupportedEncryptionTypes",
	"msDS-TokenGroup*",
	"msDS-User-Account-Control-Computed",
	"msDS-User*",
	"name",
	"nTPwdHistory",
	"nTSecurityDescriptor",
	"objectCategory",
	"objectClass",
	"objectGUID",
	"objectSid",
	"parentGUID",
	"primaryGroupID",
	"primaryGroupToken",
	"pwdLastSet",
	"replPropertyMetaData",
	"replUpToDateVector",
	"sAMAccountType",
	"sDRightsEffective",
	"showInAdvancedViewOnly",
	"sIDHistory",
	"structuralObjectClass",
	"subSchemaSubEntry",
	"supplementalCredentials",
	"systemFlags",
	"tokenGroups*",
	"unicodePwd",
	"uSN*",
	"whenChanged",
	"whenCreated",
};

/* Links that the directory keeps at the other end of a reference. */
static const char *const mirrors[] = {
	"allowedAttributes*",
	"allowedChildClasses*",
	"altRecipientBL",
	"authOrigBL",
	"bridgeheadServerListBL",
	"directReports",
	"dLMemRejectPermsBL",
	"dLMemSubmitPermsBL",
	"isMemberOfPartialAttributeSet",
	"isPrivilegeHolder",
	"managedObjects",
	"masteredBy",
	"memberOf",
	"msDS-*BL",
	"msDS-memberOfTransitive",
	"msDS-memberTransitive",
	"msExch*BL",
	"netbootSCPBL",
	"nonSecurityMemberBL",
	"ownerBL",
	"publicDelegatesBL",
	"serverReferenceBL",
	"siteObjectBL",
	"unauthOrigBL",
};

static const char *const told[] = {
	"adminCount",
	"groupType",
	"homeMDB",
	"homeMTA",
	"legacyExchangeDN",
	"mailNickname",
	"msExch*",
	"protocolSettings",
	"servicePrincipalName",
	"showInAddressBook",
	"targetAddress",
	"userAccountControl",
};

/* msExchRecipientTypeDetails: learn.microsoft.com, "RecipientTypeDetails" of Get-Recipient. */
static const struct {
	int64_t number;
	const char *word;
} mailboxes[] = {
	{1, "UserMailbox"},
	{2, "LinkedMailbox"},
	{4, "SharedMailbox"},
	{8, "LegacyMailbox"},
	{16, "RoomMailbox"},
	{32, "EquipmentMailbox"},
	{8192, "SystemAttendantMailbox"},
	{16384, "SystemMailbox"},
	{8388608, "ArbitrationMailbox"},
	{536870912, "DiscoveryMailbox"},
	{INT64_C(2199023255552), "LinkedRoomMailbox"},
};

/* A "*" in the pattern stands for any text. */
static bool matches(const char *pattern, const char *name)
{
	const char *star = strchr(pattern, '*');
	size_t n, behind, before;

	if (!star)
		return strcasecmp(pattern, name) == 0;
	n = strlen(name);
	before = (size_t)(star - pattern);
	behind = strlen(star + 1);
	return n >= before + behind && strncasecmp(pattern, name, before) == 0 &&
	       strcasecmp(star + 1, name + n - behind) == 0;
}

static bool is_one_of(const char *const *patterns, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (matches(patterns[i], name))
			return true;
	return false;
}

static const char *product_of(const char *attr)
{
	for (unsigned i = 0; i < ARRAY_SIZE(products); i++)
		if (matches(products[i].attr, attr))
			return products[i].product;
	return NULL;
}

static enum attr_use ad_use(const char *attr)
{
	if (strcasecmp(attr, "manager") == 0 || strcasecmp(attr, "member") == 0)
		return ATTR_USE_KEPT;
	if (is_one_of(mirrors, ARRAY_SIZE(mirrors), attr))
		return ATTR_USE_PARENTS;
	if (is_one_of(own, ARRAY_SIZE(own), attr))
		return ATTR_USE_OWN;
	if (product_of(attr) || is_one_of(told, ARRAY_SIZE(told), attr))
		return ATTR_USE_TOLD;
	return ATTR_USE_VALUE;
}

static enum subject_kind ad_kind(const char *class)
{
	if (strcasecmp(class, "user") == 0 || strcasecmp(class, "inetOrgPerson") == 0)
		return SUBJECT_USER;
	if (strcasecmp(class, "group") == 0)
		return SUBJECT_GROUP;
	return strcasecmp(class, "contact") == 0 ? SUBJECT_CONTACT : SUBJECT_OTHER;
}

/* A DN of this or another domain: its last part is DC=. Attributes of this form are links. */
static bool ad_is_reference(const struct value *v)
{
	_cleanup_arena_ struct arena a = {0};
	const char *last, *dn, *anchor;

	if (v->type == VALUE_REFERENCE)
		return true;
	if (v->type != VALUE_STRING || v->len < 5 || strlen(v->data) != v->len)
		return false;
	ad_reference(v->data, &a, &anchor, &dn);
	last = strrchr(dn, ',');
	return last && strncasecmp(last + 1, "DC=", 3) == 0 && strchr(dn, '=') < last;
}

/* --- what the values mean --- */

static const struct attr *attr_of(const struct entry *en, const char *name)
{
	const struct attr *a = entry_get(en, attr_find_nocase(name, strlen(name)));

	return a && a->count ? a : NULL;
}

/* A number may be text, where the type of the attribute was not known; 0: there is none. */
static int64_t number_of(const struct entry *en, const char *name)
{
	const struct attr *a = attr_of(en, name);

	if (a && a->values[0].type == VALUE_STRING)
		return strtoll(a->values[0].data, NULL, 10);
	return a && a->values[0].type == VALUE_INTEGER ? a->values[0].num : 0;
}

static const char *mailbox_word(int64_t number)
{
	for (unsigned i = 0; i < ARRAY_SIZE(mailboxes); i++)
		if (mailboxes[i].number == number)
			return mailboxes[i].word;
	return NULL;
}

static void look_mailbox(const struct entry *en, struct readiness_sink *sink)
{
	static const char *const homes[] = {"homeMDB", "msExchHomeServerName"};
	const char *word = mailbox_word(number_of(en, "msExchRecipientTypeDetails"));

	if (word) {
		readiness_tell(sink, READINESS_MAILBOX, "msExchRecipientTypeDetails",
			"it is a %s on the premises", word);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(homes); i++)
		if (attr_of(en, homes[i])) {
			readiness_tell(sink, READINESS_MAILBOX, homes[i],
				"its mailbox is on a server on the premises");
			return;
		}
}

/* One finding for all of them: an object of Exchange has dozens. */
static void look_exchange(const struct entry *en, struct readiness_sink *sink)
{
	_cleanup_buf_ struct buf names = {0};
	const char *first = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < en->n_attrs; i++) {
		const char *name = attr_name(en->attrs[i].id);

		if (!en->attrs[i].count ||
			(strncasecmp(name, "msExch", 6) != 0 &&
				strcasecmp(name, "mailNickname") != 0) ||
			ad_use(name) == ATTR_USE_PARENTS)
			continue;
		if (n++ < NAMES_SHOWN)
			buf_addf(&names, "%s%s", first ? ", " : "", name);
		if (!first)
			first = name;
	}
	if (n > NAMES_SHOWN)
		buf_addf(&names, " and %u more", n - NAMES_SHOWN);
	if (n)
		readiness_tell(sink, READINESS_EXCHANGE_VALUES, n == 1 ? first : NULL,
			"Exchange's attributes have values: %s", buf_str(&names));
}

static bool is_mail_enabled(const struct entry *en)
{
	return attr_of(en, "mailNickname") || attr_of(en, "msExchRecipientTypeDetails") ||
	       attr_of(en, "msExchRecipientDisplayType") || attr_of(en, "proxyAddresses");
}

static void look_group(const struct entry *en, struct readiness_sink *sink)
{
	const struct attr *members = attr_of(en, "member"), *type = attr_of(en, "groupType");
	uint32_t bits = (uint32_t)number_of(en, "groupType");
	bool mail = is_mail_enabled(en);

	if (type && !(bits & GROUP_UNIVERSAL))
		readiness_tell(sink, READINESS_GROUP_SCOPE, "groupType", "it is a %s group",
			bits & 4 ? "domain local" : "global");
	if (mail)
		readiness_tell(sink, READINESS_MAIL_GROUP, NULL, "it is a mail-enabled %s group",
			bits & GROUP_SECURITY ? "security" : "distribution");
	if (members && members->count > MEMBERS_MAX)
		readiness_tell(
			sink, READINESS_GROUP_SIZE, "member", "it has %u members", members->count);
	for (unsigned i = 1; i <= 15 && (bits & GROUP_SECURITY); i++) {
		char name[32];

		snprintf(name, sizeof(name), "extensionAttribute%u", i);
		if (attr_of(en, name))
			readiness_tell(sink, READINESS_EXTENSIONS_END, name, "it has a value");
	}
}

static void look_user(const struct entry *en, struct readiness_sink *sink)
{
	if (number_of(en, "userAccountControl") & ACCOUNT_SMART_CARD)
		readiness_tell(sink, READINESS_SMART_CARD, "userAccountControl",
			"a smart card is required to sign in");
	if (attr_of(en, "servicePrincipalName"))
		readiness_tell(sink, READINESS_SERVICE_ACCOUNT, "servicePrincipalName",
			"it is the account of a service");
	look_mailbox(en, sink);
}

static void ad_look(const struct entry *en, struct readiness_sink *sink)
{
	enum subject_kind kind = ad_kind(en->class ? en->class : "");
	const struct attr *critical = attr_of(en, "isCriticalSystemObject");

	if (kind == SUBJECT_USER)
		look_user(en, sink);
	if (kind == SUBJECT_GROUP)
		look_group(en, sink);
	look_exchange(en, sink);
	if (number_of(en, "adminCount") > 0 || (critical && critical->values[0].num))
		readiness_tell(sink, READINESS_ADMINISTRATIVE,
			critical && critical->values[0].num ? "isCriticalSystemObject"
							    : "adminCount",
			"AD protects it as an administrative object");
	for (unsigned i = 0; i < en->n_attrs; i++) {
		const char *product = product_of(attr_name(en->attrs[i].id));

		if (product && en->attrs[i].count)
			readiness_tell(sink, READINESS_KEPT_BY_PRODUCT, attr_name(en->attrs[i].id),
				"%u value%s, kept by %s", en->attrs[i].count,
				en->attrs[i].count == 1 ? "" : "s", product);
	}
}

const struct readiness_facts ad_readiness = {
	.changed_attr = "whenChanged",
	.kind = ad_kind,
	.use = ad_use,
	.is_reference = ad_is_reference,
	.look = ad_look,
};
