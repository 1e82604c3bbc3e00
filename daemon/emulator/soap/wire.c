/*
 * See wire.h. Names of Connect Sync's connector ("AAD" schema as Microsoft's
 * AADConnectConfigDocumenter has it) and of learn.microsoft.com/graph/api/resources. A new one is a
 * row of rows[].
 */
#include "soap/wire.h"

#include "soap/bag.h"
#include "tenant/property.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/timefmt.h"

#include <stdio.h>

#define U (1u << TYPE_USER)
#define G (1u << TYPE_GROUP)
#define C (1u << TYPE_CONTACT)
#define D (1u << TYPE_DEVICE)

enum shape {
	AS_IS,
	ONE_OF_LIST, /* "businessPhones": ["..."] */
	SID,         /* octets to S-1-... */
	TIME,        /* 20260801000000.0Z to ISO 8601 */
	GUID,        /* octets to text */
};

static const struct {
	const char *wire, *property;
	unsigned types;
	enum shape shape;
} rows[] = {
	{"sourceAnchor", "onPremisesImmutableId", U | G | C | D, AS_IS},
	{"accountEnabled", "accountEnabled", U | D, AS_IS},
	{"displayName", "displayName", U | G | C | D, AS_IS},
	{"givenName", "givenName", U | C, AS_IS},
	{"surname", "surname", U | C, AS_IS},
	{"userPrincipalName", "userPrincipalName", U, AS_IS},
	{"alias", "mailNickname", U | G | C, AS_IS},
	{"mail", "mail", U | G | C, AS_IS},
	{"proxyAddresses", "proxyAddresses", U | G | C, AS_IS},
	{"city", "city", U, AS_IS},
	{"state", "state", U, AS_IS},
	{"country", "country", U, AS_IS},
	{"streetAddress", "streetAddress", U, AS_IS},
	{"postalCode", "postalCode", U, AS_IS},
	{"physicalDeliveryOfficeName", "officeLocation", U, AS_IS},
	{"telephoneNumber", "businessPhones", U, ONE_OF_LIST},
	{"mobile", "mobilePhone", U, AS_IS},
	{"facsimileTelephoneNumber", "faxNumber", U, AS_IS},
	{"department", "department", U | C, AS_IS},
	{"company", "companyName", U | C, AS_IS},
	{"title", "jobTitle", U | C, AS_IS},
	{"preferredLanguage", "preferredLanguage", U, AS_IS},
	{"usageLocation", "usageLocation", U, AS_IS},
	{"userType", "userType", U, AS_IS},
	{"employeeID", "employeeId", U, AS_IS},
	{"employeeType", "employeeType", U, AS_IS},
	{"employeeHireDate", "employeeHireDate", U, TIME},
	{"employeeLeaveDateTime", "employeeLeaveDateTime", U, TIME},
	{"onPremisesSamAccountName", "onPremisesSamAccountName", U | G, AS_IS},
	{"onPremiseSecurityIdentifier", "onPremisesSecurityIdentifier", U | G, SID},
	{"onPremisesUserPrincipalName", "onPremisesUserPrincipalName", U, AS_IS},
	{"onPremisesDistinguishedName", "onPremisesDistinguishedName", U, AS_IS},
	{"dnsDomainName", "onPremisesDomainName", U | G, AS_IS},
	{"netBiosName", "onPremisesNetBiosName", G, AS_IS},
	{"description", "description", G, AS_IS},
	{"securityEnabled", "securityEnabled", G, AS_IS},
	{"deviceId", "deviceId", D, GUID},
	{"deviceOSType", "operatingSystem", D, AS_IS},
	{"deviceOSVersion", "operatingSystemVersion", D, AS_IS},
	{"deviceTrustType", "trustType", D, AS_IS},
	{"isCompliant", "isCompliant", D, AS_IS},
	{"isManaged", "isManaged", D, AS_IS},
};

#define EXTENSIONS 15

/* --- shapes --- */

/* The octets of a binary value; -1: it is none, or too long. */
static ssize_t octets(const json_t *v, unsigned char *dst, size_t size)
{
	const char *text = json_string_value(json_object_get(v, "base64"));

	if (!text || strlen(text) / 4 * 3 > size)
		return -1;
	return base64_decode(dst, text, strlen(text));
}

/* [MS-DTYP] 2.4.2.2: revision, count, six bytes of authority, then the sub-authorities. */
static json_t *sid(const json_t *v)
{
	unsigned char p[72];
	ssize_t n = octets(v, p, sizeof(p));
	_cleanup_buf_ struct buf b = {0};
	uint64_t authority = 0;

	if (n < 8 || n != 8 + 4 * p[1])
		return NULL;
	for (unsigned i = 2; i < 8; i++)
		authority = authority << 8 | p[i];
	buf_addf(&b, "S-%u-%llu", p[0], (unsigned long long)authority);
	for (ssize_t i = 8; i < n; i += 4)
		buf_addf(&b, "-%u",
			p[i] | (unsigned)p[i + 1] << 8 | (unsigned)p[i + 2] << 16 |
				(unsigned)p[i + 3] << 24);
	return json_string(buf_str(&b));
}

static json_t *guid(const json_t *v)
{
	unsigned char p[18];
	char text[UUID_TEXT_SIZE];

	if (octets(v, p, sizeof(p)) != 16)
		return NULL;
	snprintf(text, sizeof(text),
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", p[3], p[2],
		p[1], p[0], p[5], p[4], p[7], p[6], p[8], p[9], p[10], p[11], p[12], p[13], p[14],
		p[15]);
	return json_string(text);
}

static json_t *iso_time(const json_t *v)
{
	char text[TIME_TEXT_SIZE];
	int64_t t;

	if (!json_is_string(v) || !gentime_parse(json_string_value(v), &t))
		return NULL;
	return json_string(time_format(t, text));
}

/* NULL: the value is none of its kind. */
static json_t *shaped(enum shape shape, const json_t *v)
{
	if (json_is_null(v))
		return shape == ONE_OF_LIST ? json_array() : json_null();
	switch (shape) {
	case AS_IS:
		break;
	case ONE_OF_LIST:
		return json_pack("[O]", v);
	case SID:
		return sid(v);
	case TIME:
		return iso_time(v);
	case GUID:
		return guid(v);
	}
	return json_incref((json_t *)v);
}

/* --- what one property is made of several --- */

static void add_extensions(const json_t *in, json_t *body)
{
	json_t *all = json_object();

	for (unsigned i = 1; i <= EXTENSIONS; i++) {
		char name[32];
		json_t *v;

		snprintf(name, sizeof(name), "extensionAttribute%u", i);
		v = bag_get(in, name);
		if (v)
			json_object_set(all, name, v);
	}
	if (json_object_size(all))
		json_object_set(body, "onPremisesExtensionAttributes", all);
	json_decref(all);
}

static bool text_in(const char *const *names, unsigned n, const char *text)
{
	for (unsigned i = 0; i < n; i++)
		if (strcasecmp(names[i], text) == 0)
			return true;
	return false;
}

static bool has_one_of(const json_t *in, const char *const *names, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (bag_get(in, names[i]))
			return true;
	return false;
}

static void add_phones(const json_t *in, const json_t *whole, json_t *body)
{
	static const char *const names[] = {
		"telephoneNumber", "mobile", "facsimileTelephoneNumber"};
	static const char *const kinds[] = {"business", "mobile", "businessFax"};
	json_t *list;

	if (!has_one_of(in, names, ARRAY_SIZE(names)))
		return;
	list = json_array();
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (*bag_text(whole, names[i]))
			json_array_append_new(list, json_pack("{s:s, s:s}", "type", kinds[i],
							    "number", bag_text(whole, names[i])));
	json_object_set_new(body, "phones", list);
}

static void add_address(const json_t *in, const json_t *whole, json_t *body)
{
	static const char *const names[] = {"city", "state", "country", "streetAddress",
		"postalCode", "physicalDeliveryOfficeName"};
	static const char *const fields[] = {
		"city", "state", "countryOrRegion", "street", "postalCode", "officeLocation"};
	json_t *one, *list;

	if (!has_one_of(in, names, ARRAY_SIZE(names)))
		return;
	one = json_object();
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (*bag_text(whole, names[i]))
			json_object_set_new(one, fields[i], json_string(bag_text(whole, names[i])));
	list = json_array();
	if (json_object_size(one))
		json_array_append(list, one);
	json_decref(one);
	json_object_set_new(body, "addresses", list);
}

/* A group is one with mail when it has an address. What the request says nothing of stays. */
static void add_group_kind(const json_t *in, const json_t *whole, bool is_new, json_t *body)
{
	static const char *const names[] = {"mail", "proxyAddresses"};
	bool mail = *bag_text(whole, "mail") || json_array_size(bag_get(whole, "proxyAddresses"));

	if (is_new || has_one_of(in, names, ARRAY_SIZE(names)))
		json_object_set_new(body, "mailEnabled", json_boolean(mail));
	if (is_new && !bag_get(whole, "securityEnabled"))
		json_object_set_new(body, "securityEnabled", json_false());
}

/* The forms that Graph has for a directory extension's type; NULL: the value is none of it. */
static json_t *as_extension(enum property_kind kind, const json_t *v)
{
	json_t *bytes = json_object_get(v, "base64");

	if (kind == KIND_TIME && !json_is_null(v))
		return iso_time(v);
	return json_incref(bytes ? bytes : (json_t *)v);
}

/* NULL, or the name of one that cannot be used. */
static const char *add_directory_extensions(enum object_type t, const json_t *in, json_t *body)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)in, key, v) {
		int prop = property_find(t, key, strlen(key));
		json_t *as;

		if (strncasecmp(key, "extension_", strlen("extension_")) != 0)
			continue;
		as = as_extension(prop < 0 ? KIND_STRING : properties[prop].kind, v);
		if (!as)
			return key;
		json_object_set_new(body, key, as);
	}
	return NULL;
}

json_t *wire_to_graph(enum object_type t, const json_t *in, const json_t *whole, bool is_new,
	const char **ret_wrong)
{
	json_t *body = json_object();
	const char *wrong;

	*ret_wrong = NULL;
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
		const json_t *v = rows[i].types >> t & 1 ? bag_get(in, rows[i].wire) : NULL;

		json_t *as = v ? shaped(rows[i].shape, v) : NULL;

		if (as)
			json_object_set_new(body, rows[i].property, as);
		else if (v)
			*ret_wrong = rows[i].wire;
	}
	if (t == TYPE_USER || t == TYPE_GROUP) {
		add_extensions(in, body);
		wrong = add_directory_extensions(t, in, body);
		*ret_wrong = wrong ? wrong : *ret_wrong;
	}
	if (t == TYPE_CONTACT) {
		add_phones(in, whole, body);
		add_address(in, whole, body);
	}
	if (t == TYPE_GROUP)
		add_group_kind(in, whole, is_new, body);
	return body;
}

bool wire_is_shown(enum object_type t, const char *key)
{
	static const char *const parts[] = {"city", "state", "country", "streetAddress",
		"postalCode", "physicalDeliveryOfficeName", "telephoneNumber", "mobile",
		"facsimileTelephoneNumber"};

	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcasecmp(rows[i].wire, key) == 0)
			return rows[i].types >> t & 1 ||
			       (t == TYPE_CONTACT && text_in(parts, ARRAY_SIZE(parts), key));
	return strncasecmp(key, "extension", strlen("extension")) == 0 ||
	       strcasecmp(key, "cloudAnchor") == 0 || strcasecmp(key, "member") == 0 ||
	       strcasecmp(key, "manager") == 0;
}

static const char *const words[] = {
	[TYPE_USER] = "User",
	[TYPE_GROUP] = "Group",
	[TYPE_CONTACT] = "Contact",
	[TYPE_DEVICE] = "Device",
};

enum object_type wire_type(const char *word)
{
	for (unsigned t = 0; t < ARRAY_SIZE(words); t++)
		if (strcasecmp(words[t], word) == 0)
			return (enum object_type)t;
	return TYPE_COUNT;
}

const char *wire_type_word(enum object_type t)
{
	return words[t];
}
