/*
 * The property table (learn.microsoft.com/graph/api/resources/user, group, orgcontact, device:
 * names, types, what $select gives by default; .../aad-advanced-queries: what $filter needs). A new
 * property is a row at the end: the databases of the tenants hold their numbers.
 */
#include "tenant/property.h"

#include "tenant/body.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/text.h"
#include "base/timefmt.h"

#include <ctype.h>
#include <stdio.h>

const struct type_info object_types[] = {
#define X(id, collection, odata, word) {collection, odata, word},
	TYPES(X)
#undef X
};

#define U (1u << TYPE_USER)
#define G (1u << TYPE_GROUP)
#define C (1u << TYPE_CONTACT)
#define D (1u << TYPE_DEVICE)

static const struct property fixed[] = {
	[P_DISPLAY_NAME] = {"displayName", KIND_STRING, U | G | C | D, U | G | C | D,
		BY_APPLICATION},
	[P_MAIL_NICKNAME] = {"mailNickname", KIND_STRING, U | G | C, G | C, BY_APPLICATION,
		.max = 64},
	[P_UPN] = {"userPrincipalName", KIND_STRING, U, U, BY_APPLICATION, .max = 113,
		.sensitive = true},
	[P_MAIL] = {"mail", KIND_STRING, U | G | C, U | G | C, BY_SYNC},
	[P_PROXIES] = {"proxyAddresses", KIND_STRINGS, U | G | C, G | C, BY_SYNC},
	[P_IMMUTABLE_ID] = {"onPremisesImmutableId", KIND_STRING, U | G | C | D, 0, BY_APPLICATION,
		.sensitive = true, .hidden = G | C | D},
	[P_UNIQUE_NAME] = {"uniqueName", KIND_STRING, G, G, BY_APPLICATION},
	[P_ACCOUNT_ENABLED] = {"accountEnabled", KIND_BOOLEAN, U | D, D, BY_APPLICATION,
		.sensitive = true},
	[P_MAIL_ENABLED] = {"mailEnabled", KIND_BOOLEAN, G, G, BY_APPLICATION},
	[P_SECURITY_ENABLED] = {"securityEnabled", KIND_BOOLEAN, G, G, BY_APPLICATION},
	[P_SYNC_ENABLED] = {"onPremisesSyncEnabled", KIND_BOOLEAN, U | G | C | D, G | C | D,
		BY_SERVICE},
	[P_LAST_SYNC] = {"onPremisesLastSyncDateTime", KIND_TIME, U | G | C | D, G | C | D,
		BY_SERVICE},
	[P_CREATED] = {"createdDateTime", KIND_TIME, U | G, G, BY_SERVICE},
	[P_DELETED] = {"deletedDateTime", KIND_TIME, U | G | C | D, G | C | D, BY_SERVICE},
	[P_SID] = {"securityIdentifier", KIND_STRING, U | G, G, BY_SERVICE},
	[P_ERRORS] = {"onPremisesProvisioningErrors", KIND_OBJECTS, U | G | C, G | C, BY_SERVICE},
	[P_SENT_UPN] = {"onPremisesUserPrincipalName", KIND_STRING, U, 0, BY_MASTER},
	[P_GROUP_TYPES] = {"groupTypes", KIND_STRINGS, G, G, BY_APPLICATION},
	[P_FIRST_OTHER] = {"givenName", KIND_STRING, U | C, U | C, BY_APPLICATION, .max = 64},
	{"surname", KIND_STRING, U | C, U | C, BY_APPLICATION, .max = 64},
	{"jobTitle", KIND_STRING, U | C, U | C, BY_APPLICATION, .max = 128},
	{"department", KIND_STRING, U | C, C, BY_APPLICATION, .max = 64},
	{"companyName", KIND_STRING, U | C, C, BY_APPLICATION, .max = 64, .advanced = U | C},
	{"officeLocation", KIND_STRING, U, U, BY_APPLICATION, .max = 128, .advanced = U},
	{"city", KIND_STRING, U, 0, BY_APPLICATION, .max = 128},
	{"state", KIND_STRING, U, 0, BY_APPLICATION, .max = 128},
	{"country", KIND_STRING, U, 0, BY_APPLICATION, .max = 128},
	{"postalCode", KIND_STRING, U, 0, BY_APPLICATION, .max = 40, .advanced = U},
	{"streetAddress", KIND_STRING, U, 0, BY_APPLICATION, .max = 1024, .advanced = U},
	{"businessPhones", KIND_STRINGS, U, U, BY_APPLICATION, .sensitive = true},
	{"mobilePhone", KIND_STRING, U, U, BY_APPLICATION, .max = 64, .advanced = U,
		.sensitive = true},
	{"faxNumber", KIND_STRING, U, 0, BY_APPLICATION},
	{"employeeId", KIND_STRING, U, 0, BY_APPLICATION, .max = 16},
	{"employeeType", KIND_STRING, U, 0, BY_APPLICATION, .advanced = U},
	{"employeeHireDate", KIND_TIME, U, 0, BY_APPLICATION, .advanced = U},
	{"preferredLanguage", KIND_STRING, U | G, U | G, BY_APPLICATION, .advanced = U | G},
	{"preferredDataLocation", KIND_STRING, U | G, G, BY_APPLICATION},
	{"usageLocation", KIND_STRING, U, 0, BY_APPLICATION, .max = 2, .upper = true},
	[P_USER_TYPE] = {"userType", KIND_STRING, U, 0, BY_APPLICATION},
	{"otherMails", KIND_STRINGS, U, 0, BY_APPLICATION, .sensitive = true},
	{"passwordPolicies", KIND_STRING, U, 0, BY_APPLICATION},
	{"showInAddressList", KIND_BOOLEAN, U, 0, BY_APPLICATION, .advanced = U},
	{"lastPasswordChangeDateTime", KIND_TIME, U, 0, BY_SERVICE},
	{"description", KIND_STRING, G, G, BY_APPLICATION, .max = 1024, .advanced = G},
	{"classification", KIND_STRING, G, G, BY_APPLICATION},
	{"visibility", KIND_STRING, G, G, BY_APPLICATION},
	{"isAssignableToRole", KIND_BOOLEAN, G, G, BY_APPLICATION},
	{"onPremisesExtensionAttributes", KIND_EXTENSIONS, U | G, 0, BY_SYNC},
	{"onPremisesSamAccountName", KIND_STRING, U | G, G, BY_MASTER, .advanced = U | G},
	{"onPremisesSecurityIdentifier", KIND_STRING, U | G, G, BY_MASTER},
	{"onPremisesDistinguishedName", KIND_STRING, U, 0, BY_MASTER, .max = 2048, .advanced = U},
	{"onPremisesDomainName", KIND_STRING, U | G, G, BY_MASTER},
	{"onPremisesNetBiosName", KIND_STRING, G, G, BY_SYNC},
	{"phones", KIND_OBJECTS, C, C, BY_SYNC},
	{"addresses", KIND_OBJECTS, C, C, BY_SYNC},
	{"membershipRule", KIND_STRING, G, G, BY_APPLICATION, .max = 3072},
	{"membershipRuleProcessingState", KIND_STRING, G, G, BY_APPLICATION},
	{"expirationDateTime", KIND_TIME, G, G, BY_SERVICE},
	{"renewedDateTime", KIND_TIME, G, G, BY_SERVICE},
	{"resourceBehaviorOptions", KIND_STRINGS, G, G, BY_APPLICATION},
	{"resourceProvisioningOptions", KIND_STRINGS, G, G, BY_APPLICATION},
	{"theme", KIND_STRING, G, G, BY_APPLICATION},
	{"employeeLeaveDateTime", KIND_TIME, U, 0, BY_LIFECYCLE, .advanced = U},
	[P_DEVICE_ID] = {"deviceId", KIND_STRING, D, D, BY_APPLICATION},
	[P_SECURITY_IDS] = {"alternativeSecurityIds", KIND_OBJECTS, D, D, BY_APPLICATION},
	[P_SYSTEM] = {"operatingSystem", KIND_STRING, D, D, BY_APPLICATION},
	[P_SYSTEM_VERSION] = {"operatingSystemVersion", KIND_STRING, D, D, BY_APPLICATION},
	[P_TRUST_TYPE] = {"trustType", KIND_STRING, D, D, BY_APPLICATION},
	[P_PROFILE_TYPE] = {"profileType", KIND_STRING, D, D, BY_APPLICATION},
	{"approximateLastSignInDateTime", KIND_TIME, D, D, BY_APPLICATION, .advanced = D},
	{"deviceVersion", KIND_INTEGER, D, D, BY_APPLICATION},
	{"isCompliant", KIND_BOOLEAN, D, D, BY_APPLICATION},
	{"isManaged", KIND_BOOLEAN, D, D, BY_APPLICATION},
	{"physicalIds", KIND_STRINGS, D, D, BY_APPLICATION},
	[P_BAG] = {"", KIND_EXTENSIONS, 0, 0, BY_SERVICE}, /* no type shows it */
	[P_UNRESOLVED] = {"", KIND_OBJECTS, 0, 0, BY_SERVICE},
};
_Static_assert(ARRAY_SIZE(fixed) <= EXTENSIONS_FROM, "EXTENSIONS_FROM");

static struct property extended[PROPERTIES_MAX];

const struct property *properties = fixed;
unsigned n_properties = ARRAY_SIZE(fixed);

#undef U
#undef G
#undef C
#undef D

#define SLOTS 1024
#define EXTENSIONS 15
#define LIST_MAX 1000
#define BINARY_MAX 256

static short slots[SLOTS]; /* index + 1 */
static bool slots_filled;

static unsigned hash(const char *s, size_t n)
{
	unsigned h = 5381;

	for (size_t i = 0; i < n; i++)
		h = h * 33 + (unsigned)tolower((unsigned char)s[i]);
	return h % SLOTS;
}

static void slots_fill(void)
{
	memset(slots, 0, sizeof(slots));
	slots_filled = true;
	for (unsigned i = 0; i < n_properties; i++) {
		unsigned h = hash(properties[i].name, strlen(properties[i].name));

		if (!properties[i].types)
			continue;

		while (slots[h])
			h = (h + 1) % SLOTS;
		slots[h] = (short)(i + 1);
	}
}

void properties_extend(const struct property *rows, unsigned n)
{
	slots_filled = false;
	properties = fixed;
	n_properties = ARRAY_SIZE(fixed);
	if (!n)
		return;
	memcpy(extended, fixed, sizeof(fixed));
	for (unsigned i = n_properties; i < EXTENSIONS_FROM; i++)
		extended[i] = (struct property){.name = ""};
	memcpy(extended + EXTENSIONS_FROM, rows, n * sizeof(*rows));
	properties = extended;
	n_properties = EXTENSIONS_FROM + n;
}

const char *property_edm(const struct property *p)
{
	switch (p->kind) {
	case KIND_STRING:
		return "Edm.String";
	case KIND_BOOLEAN:
		return "Edm.Boolean";
	case KIND_STRINGS:
		return "Collection(Edm.String)";
	case KIND_TIME:
		return "Edm.DateTimeOffset";
	case KIND_INTEGER:
		return "Edm.Int32";
	case KIND_LARGE:
		return "Edm.Int64";
	case KIND_BINARY:
		return "Edm.Binary";
	case KIND_EXTENSIONS:
		return "graph.onPremisesExtensionAttributes";
	case KIND_OBJECTS:
		break;
	}
	if (streq(p->name, "phones"))
		return "Collection(graph.phone)";
	if (streq(p->name, "addresses"))
		return "Collection(graph.physicalOfficeAddress)";
	if (streq(p->name, "alternativeSecurityIds"))
		return "Collection(graph.alternativeSecurityId)";
	return "Collection(graph.onPremisesProvisioningError)";
}

bool property_is_list(const struct property *p)
{
	return p->kind == KIND_STRINGS || p->kind == KIND_OBJECTS || p->many;
}

unsigned extension_number(const char *name)
{
	static const char head[] = "extensionAttribute";
	const char *digits;
	unsigned n = 0;

	if (strncasecmp(name, head, strlen(head)) != 0)
		return 0;
	digits = name + strlen(head);
	if (*digits == '0')
		return 0;
	for (; isdigit((unsigned char)*digits) && n <= EXTENSIONS; digits++)
		n = n * 10 + (unsigned)(*digits - '0');
	return *digits || n > EXTENSIONS ? 0 : n;
}

int property_find(enum object_type type, const char *name, size_t n)
{
	int prop = property_find_any(type, name, n);

	return prop >= 0 && properties[prop].hidden >> type & 1 ? -1 : prop;
}

int property_find_any(enum object_type type, const char *name, size_t n)
{
	if (!slots_filled)
		slots_fill();
	for (unsigned h = hash(name, n); slots[h]; h = (h + 1) % SLOTS) {
		const struct property *p = &properties[slots[h] - 1];

		if (strlen(p->name) == n && strncasecmp(p->name, name, n) == 0)
			return p->types >> type & 1 ? slots[h] - 1 : -1;
	}
	return -1;
}

static void add_string(struct buf *b, const json_t *v)
{
	buf_addc(b, '"');
	buf_add_json(b, json_string_value(v), json_string_length(v));
	buf_addc(b, '"');
}

static void add_upper(struct buf *b, const json_t *v)
{
	size_t from = b->len;

	add_string(b, v);
	for (; from < b->len; from++)
		b->data[from] = (char)toupper((unsigned char)b->data[from]);
}

static void add_dump(struct buf *b, const json_t *v)
{
	body_dump(b, v, JSON_COMPACT | JSON_SORT_KEYS);
}

/* onPremisesExtensionAttributes: the names as Graph writes them. */
static const char *extensions_value(const json_t *v, struct buf *b)
{
	const char *key;
	_cleanup_json_ json_t *out = json_object();
	json_t *item;
	bool good = true;

	json_object_foreach ((json_t *)v, key, item) {
		char name[32];

		if (*key == '@')
			continue;
		good = good && extension_number(key) &&
		       (json_is_string(item) || json_is_null(item));
		snprintf(name, sizeof(name), "extensionAttribute%u", extension_number(key));
		json_object_set(out, name, item);
	}
	if (good && json_object_size(out))
		add_dump(b, out);
	return good ? NULL : "it takes strings for extensionAttribute1 to 15";
}

/* Whatever the offset, Graph keeps the time in UTC. */
static const char *time_value(const json_t *v, struct buf *b)
{
	char text[TIME_TEXT_SIZE];
	int64_t t;

	if (!json_is_string(v) || !time_parse(json_string_value(v), &t))
		return "a date and time such as 2026-08-01T00:00:00Z was expected";
	buf_addf(b, "\"%s\"", time_format(t, text));
	return NULL;
}

static const char *binary_value(const json_t *v, struct buf *b)
{
	size_t n = json_string_length(v);
	_cleanup_free_ char *raw = xmalloc(n + 1);
	ssize_t len = json_is_string(v) ? base64_decode(raw, json_string_value(v), n) : -1;

	if (len < 0)
		return "base64 was expected";
	if (len > BINARY_MAX)
		return "the value is too long";
	add_string(b, v);
	return NULL;
}

static const char *one_value(const struct property *p, const json_t *v, struct buf *b)
{
	size_t i;
	json_t *item;

	switch (p->kind) {
	case KIND_TIME:
		return time_value(v, b);
	case KIND_STRING:
		if (!json_is_string(v))
			return "a string was expected";
		if (utf8_len(json_string_value(v), json_string_length(v)) > (p->max ? p->max : 256))
			return "the value is too long";
		if (json_string_length(v) == 0)
			return "the value is empty; null clears a property";
		if (p->upper)
			add_upper(b, v);
		else
			add_string(b, v);
		return NULL;
	case KIND_BOOLEAN:
		if (!json_is_boolean(v))
			return "true or false was expected";
		buf_adds(b, json_is_true(v) ? "true" : "false");
		return NULL;
	case KIND_INTEGER:
		if (!json_is_integer(v) || json_integer_value(v) != (int32_t)json_integer_value(v))
			return "a whole number of 32 bits was expected";
		buf_addf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return NULL;
	case KIND_LARGE:
		if (!json_is_integer(v))
			return "a whole number was expected";
		buf_addf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		return NULL;
	case KIND_BINARY:
		return binary_value(v, b);
	case KIND_STRINGS:
		if (!json_is_array(v))
			return "a list of strings was expected";
		if (json_array_size(v) > LIST_MAX)
			return "the list is too long";
		json_array_foreach ((json_t *)v, i, item)
			if (!json_is_string(item))
				return "a list of strings was expected";
		if (json_array_size(v))
			add_dump(b, v);
		return NULL;
	case KIND_OBJECTS:
		if (!json_is_array(v))
			return "a list was expected";
		if (json_array_size(v))
			add_dump(b, v);
		return NULL;
	case KIND_EXTENSIONS:
		if (!json_is_object(v))
			return "an object was expected";
		return extensions_value(v, b);
	}
	return "unknown kind";
}

static const char *many_values(const struct property *p, const json_t *v, struct buf *b)
{
	size_t i, start = b->len;
	json_t *item;

	if (!json_is_array(v))
		return "a list was expected";
	if (json_array_size(v) > LIST_MAX)
		return "the list is too long";
	json_array_foreach ((json_t *)v, i, item) {
		const char *wrong;

		buf_addc(b, b->len == start ? '[' : ',');
		wrong = one_value(p, item, b);
		if (wrong)
			return wrong;
	}
	if (b->len > start)
		buf_addc(b, ']');
	return NULL;
}

const char *property_value(const struct property *p, const json_t *v, struct buf *b)
{
	if (json_is_null(v))
		return NULL;
	return p->many ? many_values(p, v, b) : one_value(p, v, b);
}
