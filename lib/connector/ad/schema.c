/*
 * Active Directory's attributes by type ([MS-ADA1]..[MS-ADA3], syntaxes in [MS-ADTS] 3.1.1.2.2).
 * Only what is not a plain string needs a row, and strings whose number of values matters to the
 * rules. A new attribute is a row.
 */
#include "connector/ad/schema.h"
#include "base/err.h"
#include "base/text.h"

#include <ctype.h>
#include <errno.h>

#define S VALUE_STRING
#define I VALUE_INTEGER
#define B VALUE_BOOLEAN
#define X VALUE_BINARY
#define R VALUE_REFERENCE
#define MULTI SCHEMA_MULTI
/* the directory's own, or with rights behind it, or (references) not written yet */
#define RO SCHEMA_READ_ONLY

static const struct schema_attr attrs[] = {
	{"accountExpires", I, 0},
	{"adminDescription", S, 0},
	{"altRecipient", R, RO},
	{"altSecurityIdentities", S, MULTI},
	{"assistant", R, RO},
	{"authOrig", R, MULTI | RO},
	{"badPasswordTime", I, RO},
	{"c", S, 0},
	{"cn", S, RO},
	{"co", S, 0},
	{"company", S, 0},
	{"countryCode", I, 0},
	{"deliverAndRedirect", B, 0},
	{"department", S, 0},
	{"description", S, MULTI},
	{"displayName", S, 0},
	{"distinguishedName", S, RO},
	{"division", S, 0},
	{"dLMemRejectPerms", R, MULTI | RO},
	{"dLMemSubmitPerms", R, MULTI | RO},
	{"employeeID", S, 0},
	{"employeeNumber", S, 0},
	{"employeeType", S, 0},
	{"extensionAttribute1", S, 0},
	{"extensionAttribute10", S, 0},
	{"extensionAttribute11", S, 0},
	{"extensionAttribute12", S, 0},
	{"extensionAttribute13", S, 0},
	{"extensionAttribute14", S, 0},
	{"extensionAttribute15", S, 0},
	{"extensionAttribute2", S, 0},
	{"extensionAttribute3", S, 0},
	{"extensionAttribute4", S, 0},
	{"extensionAttribute5", S, 0},
	{"extensionAttribute6", S, 0},
	{"extensionAttribute7", S, 0},
	{"extensionAttribute8", S, 0},
	{"extensionAttribute9", S, 0},
	{"facsimileTelephoneNumber", S, 0},
	{"givenName", S, 0},
	{"groupType", I, RO},
	{"hideDLMembership", B, 0},
	{"homePhone", S, 0},
	{"info", S, 0},
	{"initials", S, 0},
	{"instanceType", I, RO},
	{"ipPhone", S, 0},
	{"isCriticalSystemObject", B, RO},
	{"isDeleted", B, RO},
	{"l", S, 0},
	{"labeledURI", S, MULTI},
	{"lastLogonTimestamp", I, RO},
	{"legacyExchangeDN", S, 0},
	{"lockoutTime", I, RO},
	{"logonHours", X, 0},
	{"mail", S, 0},
	{"mailNickname", S, 0},
	{"managedBy", R, RO},
	{"manager", R, RO},
	{"member", R, MULTI | RO},
	{"middleName", S, 0},
	{"mobile", S, 0},
	{"mS-DS-ConsistencyGuid", X, SCHEMA_FILL_ONLY},
	{"mS-DS-CreatorSID", X, RO},
	{"msDS-ApproximateLastLogonTimeStamp", I, RO},
	{"msDS-CloudAnchor", X, 0},
	{"msDS-cloudExtensionAttribute1", S, 0},
	{"msDS-cloudExtensionAttribute10", S, 0},
	{"msDS-cloudExtensionAttribute11", S, 0},
	{"msDS-cloudExtensionAttribute12", S, 0},
	{"msDS-cloudExtensionAttribute13", S, 0},
	{"msDS-cloudExtensionAttribute14", S, 0},
	{"msDS-cloudExtensionAttribute15", S, 0},
	{"msDS-cloudExtensionAttribute16", S, 0},
	{"msDS-cloudExtensionAttribute17", S, 0},
	{"msDS-cloudExtensionAttribute18", S, 0},
	{"msDS-cloudExtensionAttribute19", S, 0},
	{"msDS-cloudExtensionAttribute2", S, 0},
	{"msDS-cloudExtensionAttribute20", S, 0},
	{"msDS-cloudExtensionAttribute3", S, 0},
	{"msDS-cloudExtensionAttribute4", S, 0},
	{"msDS-cloudExtensionAttribute5", S, 0},
	{"msDS-cloudExtensionAttribute6", S, 0},
	{"msDS-cloudExtensionAttribute7", S, 0},
	{"msDS-cloudExtensionAttribute8", S, 0},
	{"msDS-cloudExtensionAttribute9", S, 0},
	{"msDS-CloudIsManaged", B, 0},
	{"msDS-DeviceID", X, 0},
	{"msDS-DeviceObjectVersion", I, 0},
	{"msDS-DeviceOSType", S, 0},
	{"msDS-DeviceOSVersion", S, 0},
	{"msDS-DevicePhysicalIDs", S, MULTI},
	{"msDS-ExternalDirectoryObjectId", S, 0},
	{"msDS-HABSeniorityIndex", I, 0},
	{"msDS-IsEnabled", B, 0},
	{"msDS-IsManaged", B, 0},
	{"msDS-PhoneticDisplayName", S, 0},
	{"msExchArchiveGUID", X, 0},
	{"msExchArchiveName", S, MULTI},
	{"msExchAssistantName", S, 0},
	{"msExchAuditAdmin", I, 0},
	{"msExchAuditDelegate", I, 0},
	{"msExchAuditDelegateAdmin", I, 0},
	{"msExchAuditOwner", I, 0},
	{"msExchBlockedSendersHash", X, 0},
	{"msExchBypassAudit", B, 0},
	{"msExchBypassModerationFromDLMembersBL", R, MULTI | RO},
	{"msExchBypassModerationFromDLMembersLink", R, MULTI | RO},
	{"msExchBypassModerationLink", R, MULTI | RO},
	{"msExchCoManagedByLink", R, MULTI | RO},
	{"msExchDelegateListLink", R, MULTI | RO},
	{"msExchELCExpirySuspensionEnd", S, 0},
	{"msExchELCExpirySuspensionStart", S, 0},
	{"msExchELCMailboxFlags", I, 0},
	{"msExchEnableModeration", B, 0},
	{"msExchExtensionCustomAttribute1", S, MULTI},
	{"msExchExtensionCustomAttribute2", S, MULTI},
	{"msExchExtensionCustomAttribute3", S, MULTI},
	{"msExchExtensionCustomAttribute4", S, MULTI},
	{"msExchExtensionCustomAttribute5", S, MULTI},
	{"msExchGroupDepartRestriction", I, 0},
	{"msExchGroupJoinRestriction", I, 0},
	{"msExchHideFromAddressLists", B, 0},
	{"msExchImmutableId", S, 0},
	{"msExchMailboxAuditEnable", B, 0},
	{"msExchMailboxAuditLogAgeLimit", I, 0},
	{"msExchMailboxGuid", X, 0},
	{"msExchMasterAccountSid", X, 0},
	{"msExchModeratedByLink", R, MULTI | RO},
	{"msExchModerationFlags", I, 0},
	{"msExchRecipientDisplayType", I, 0},
	{"msExchRecipientTypeDetails", I, 0},
	{"msExchRemoteRecipientType", I, 0},
	{"msExchRequireAuthToSendTo", B, 0},
	{"msExchResourceCapacity", I, 0},
	{"msExchResourceDisplay", S, 0},
	{"msExchResourceMetaData", S, MULTI},
	{"msExchResourceSearchProperties", S, MULTI},
	{"msExchRetentionComment", S, 0},
	{"msExchRetentionURL", S, 0},
	{"msExchSafeRecipientsHash", X, 0},
	{"msExchSafeSendersHash", X, 0},
	{"msExchSenderHintTranslations", S, MULTI},
	{"msExchTeamMailboxOwners", R, MULTI | RO},
	{"msExchUCVoiceMailSettings", S, MULTI},
	{"msExchUsageLocation", S, 0},
	{"msExchUserHoldPolicies", S, MULTI},
	{"msRTCSIP-ApplicationOptions", I, 0},
	{"msRTCSIP-DeploymentLocator", S, 0},
	{"msRTCSIP-Line", S, 0},
	{"msRTCSIP-OptionFlags", I, 0},
	{"msRTCSIP-OriginatorSid", X, 0},
	{"msRTCSIP-OwnerUrn", S, 0},
	{"msRTCSIP-PrimaryUserAddress", S, 0},
	{"msRTCSIP-UserEnabled", B, 0},
	{"nTSecurityDescriptor", X, RO},
	{"objectClass", S, MULTI | RO},
	{"objectGUID", X, RO},
	{"objectSid", X, RO},
	{"oOFReplyToOriginator", B, 0},
	{"operatingSystem", S, 0},
	{"operatingSystemVersion", S, 0},
	{"otherFacsimileTelephoneNumber", S, MULTI},
	{"otherHomePhone", S, MULTI},
	{"otherIpPhone", S, MULTI},
	{"otherMobile", S, MULTI},
	{"otherPager", S, MULTI},
	{"otherTelephone", S, MULTI},
	{"pager", S, 0},
	{"photo", X, MULTI},
	{"physicalDeliveryOfficeName", S, 0},
	{"postalCode", S, 0},
	{"postOfficeBox", S, MULTI},
	{"preferredLanguage", S, 0},
	{"primaryGroupID", I, RO},
	{"proxyAddresses", S, MULTI},
	{"publicDelegates", R, MULTI | RO},
	{"pwdLastSet", I, RO},
	{"reportToOriginator", B, 0},
	{"reportToOwner", B, 0},
	{"sAMAccountName", S, 0},
	{"sAMAccountType", I, RO},
	{"secretary", R, MULTI | RO},
	{"sIDHistory", X, MULTI | RO},
	{"sn", S, 0},
	{"st", S, 0},
	{"streetAddress", S, 0},
	{"targetAddress", S, 0},
	{"telephoneAssistant", S, 0},
	{"telephoneNumber", S, 0},
	{"thumbnailPhoto", X, 0},
	{"title", S, 0},
	{"unauthOrig", R, MULTI | RO},
	{"url", S, MULTI},
	{"userAccountControl", I, RO},
	{"userCertificate", X, MULTI},
	{"userPrincipalName", S, 0},
	{"userSharedFolder", S, 0},
	{"userSMIMECertificate", X, MULTI},
	{"uSNChanged", I, RO},
	{"uSNCreated", I, RO},
	{"wWWHomePage", S, 0},
};

#undef S
#undef I
#undef B
#undef X
#undef R

static const struct schema_class classes[] = {
	{"user", attrs, ARRAY_SIZE(attrs)},
	{"inetOrgPerson", attrs, ARRAY_SIZE(attrs)},
	{"group", attrs, ARRAY_SIZE(attrs)},
	{"contact", attrs, ARRAY_SIZE(attrs)},
	{"foreignSecurityPrincipal", attrs, ARRAY_SIZE(attrs)},
	{"computer", attrs, ARRAY_SIZE(attrs)},
	{"msDS-Device", attrs, ARRAY_SIZE(attrs)},
};

/* As adsyncd 0.1.0 spelled it; rules of that time still load. */
static const struct schema_alias aliases[] = {{"msExchResourceMetadata", "msExchResourceMetaData"}};

const struct schema ad_schema = {"ad", classes, ARRAY_SIZE(classes), .open = true,
	.aliases = aliases, .n_aliases = ARRAY_SIZE(aliases)};

/* Names in any case -> attribute; open addressing, filled as names are met, never emptied. */
#define SLOTS 8192 /* power of two; twice ATTR_MAX */

struct slot {
	char *name;
	size_t n;
	struct ad_attr attr;
};
static struct slot slots[SLOTS];
static unsigned n_slots;

static uint32_t name_hash(const char *name, size_t n)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ (uint32_t)tolower((unsigned char)name[i])) * 16777619u;
	return h;
}

static struct slot *slot_find(const char *name, size_t n)
{
	uint32_t i = name_hash(name, n) % SLOTS;

	while (slots[i].name && (slots[i].n != n || strncasecmp(slots[i].name, name, n) != 0))
		i = (i + 1) % SLOTS;
	return &slots[i];
}

static void slot_fill(struct slot *s, const char *name, size_t n, struct ad_attr attr)
{
	*s = (struct slot){xstrndup(name, n), n, attr};
	n_slots++;
}

static void slots_init(void)
{
	for (unsigned i = 0; i < ARRAY_SIZE(attrs); i++) {
		size_t n = strlen(attrs[i].name);

		slot_fill(slot_find(attrs[i].name, n), attrs[i].name, n,
			(struct ad_attr){attr_intern(attrs[i].name), attrs[i].type});
	}
}

struct ad_attr ad_attr_find(const char *name, size_t n)
{
	struct slot *s;

	if (!n_slots)
		slots_init();
	if (n == 0 || n > ATTR_NAME_MAX)
		return (struct ad_attr){0};
	s = slot_find(name, n);
	if (!s->name) {
		unsigned id = attr_find_nocase(name, n); /* a rule may have spelled it already */

		if (n_slots >= SLOTS / 2)
			return (struct ad_attr){0};
		slot_fill(s, name, n,
			(struct ad_attr){id ? id : attr_internn(name, n), VALUE_STRING});
	}
	return s->attr;
}

struct ad_attr ad_attr_look(const char *name, size_t n)
{
	if (!n_slots)
		slots_init();
	if (n == 0 || n > ATTR_NAME_MAX)
		return (struct ad_attr){0};
	if (!slot_find(name, n)->name && !attr_find_nocase(name, n))
		return (struct ad_attr){0};
	return ad_attr_find(name, n);
}

static bool option_is(const char *p, size_t n, const char *word)
{
	return n >= strlen(word) && strncasecmp(p, word, strlen(word)) == 0;
}

/* Digits; -1 when there are none or too many. */
static int64_t read_number(const char **p, const char *end)
{
	const char *start = *p;
	int64_t n = 0;

	for (; *p < end && isdigit((unsigned char)**p); (*p)++)
		n = *p - start < 18 ? n * 10 + (**p - '0') : n;
	return *p == start || *p - start > 18 ? -1 : n;
}

/* "0-1499", "1500-*" */
static void read_range(struct ad_name *ret, const char *p, const char *end)
{
	bool again = ret->in_range;

	ret->in_range = true;
	ret->first = read_number(&p, end);
	ret->last = -1;
	if (p < end && *p == '-') {
		p++;
		if (p < end && *p == '*')
			p++;
		else if ((ret->last = read_number(&p, end)) < ret->first)
			ret->first = -1;
	} else {
		ret->first = -1;
	}
	if (p < end || again)
		ret->first = -1;
}

struct ad_name ad_name_parse(const char *name, size_t len)
{
	const char *end = name + len, *p = memchr(name, ';', len), *next;
	struct ad_name ret = {.n = p ? (size_t)(p - name) : len};

	for (; p && p < end; p = next) {
		const char *word = p + 1;
		size_t n;

		next = memchr(word, ';', (size_t)(end - word));
		n = (size_t)((next ? next : end) - word);
		if (option_is(word, n, "range="))
			read_range(&ret, word + 6, word + n);
		else if (n != 6 || !option_is(word, n, "binary"))
			return (struct ad_name){.n = len};
	}
	return ret;
}

static const char *add_integer(struct entry *en, unsigned id, const char *data, size_t n)
{
	char *end;
	long long num;

	errno = 0;
	num = strtoll(data, &end, 10);
	if (n == 0 || n > 24 || end != data + n || errno)
		return "a whole number was expected";
	entry_add(en, id, value_integer(num));
	return NULL;
}

static const char *add_boolean(struct entry *en, unsigned id, const char *data, size_t n)
{
	bool yes = n == 4 && strncasecmp(data, "TRUE", n) == 0;

	if (!yes && !(n == 5 && strncasecmp(data, "FALSE", n) == 0))
		return "TRUE or FALSE was expected";
	entry_add(en, id, value_boolean(yes));
	return NULL;
}

const char *ad_value_add(struct entry *en, struct ad_attr attr, const char *data, size_t n)
{
	const char *wrong;

	switch (attr.type) {
	case VALUE_INTEGER:
		return add_integer(en, attr.id, data, n);
	case VALUE_BOOLEAN:
		return add_boolean(en, attr.id, data, n);
	case VALUE_BINARY:
		if (n > ATTR_VALUE_MAX)
			return VALUE_TOO_LONG;
		entry_add(en, attr.id, value_binary(data, n));
		return NULL;
	case VALUE_REFERENCE:
		if (text_problem(data, n))
			return "a distinguished name was expected";
		entry_add(en, attr.id, value_reference(data));
		return NULL;
	case VALUE_STRING:
		wrong = text_problem(data, n);
		if (wrong)
			return wrong;
		entry_add(en, attr.id, value_stringn(data, n));
		return NULL;
	case VALUE_TYPE_COUNT:
		break;
	}
	return "unknown type";
}

const char *ad_class(const struct value *values, unsigned n)
{
	/* most specific first: a computer is a user too, and so is an inetOrgPerson */
	static const char *const order[] = {"computer", "inetOrgPerson", "user", "group", "contact",
		"foreignSecurityPrincipal", "msDS-Device"};

	for (unsigned k = 0; k < ARRAY_SIZE(order); k++)
		for (unsigned i = 0; i < n; i++)
			if (strcasecmp(values[i].data, order[k]) == 0)
				return order[k];
	return NULL;
}

bool ad_is_container(const struct value *values, unsigned n)
{
	static const char *const names[] = {
		"organizationalUnit", "container", "builtinDomain", "domain", "lostAndFound"};

	for (unsigned k = 0; k < ARRAY_SIZE(names); k++)
		for (unsigned i = 0; i < n; i++)
			if (strcasecmp(values[i].data, names[k]) == 0)
				return true;
	return false;
}

const struct schema_attr *ad_attr_row(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(attrs); i++)
		if (strcasecmp(attrs[i].name, name) == 0)
			return &attrs[i];
	return NULL;
}

bool ad_attr_in_table(const char *name, size_t n)
{
	for (unsigned i = 0; i < ARRAY_SIZE(attrs); i++)
		if (strlen(attrs[i].name) == n && strncasecmp(attrs[i].name, name, n) == 0)
			return true;
	return false;
}

void ad_attr_forget(void)
{
	for (unsigned i = 0; i < SLOTS; i++)
		if (slots[i].name && !ad_attr_in_table(slots[i].name, slots[i].n))
			slots[i].attr.type = VALUE_STRING;
}

void ad_attr_learn(const char *name, enum value_type type)
{
	size_t n = strlen(name);

	if (ad_attr_find(name, n).id && !ad_attr_in_table(name, n))
		slot_find(name, n)->attr.type = type;
}

enum value_type ad_syntax_type(const char *syntax)
{
	static const struct {
		const char *syntax;
		enum value_type type;
	} types[] = {
		{"2.5.5.1", VALUE_REFERENCE}, {"2.5.5.8", VALUE_BOOLEAN},
		{"2.5.5.9", VALUE_INTEGER}, {"2.5.5.10", VALUE_BINARY},
		{"2.5.5.15", VALUE_BINARY},                              /* security descriptor */
		{"2.5.5.16", VALUE_INTEGER}, {"2.5.5.17", VALUE_BINARY}, /* SID */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(types); i++)
		if (streq(types[i].syntax, syntax))
			return types[i].type;
	return VALUE_STRING;
}
