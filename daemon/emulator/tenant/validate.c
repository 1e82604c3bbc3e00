/*
 * Values that the service refuses. mailNickname: learn.microsoft.com/graph/api/resources/group.
 * Addresses: microsoft.github.io/idfix (Errors supported by the IdFix tool) and
 * learn.microsoft.com/microsoft-365/enterprise/prepare-for-directory-synchronization.
 * usageLocation: learn.microsoft.com/graph/api/resources/user. Devices: .../resources/device.
 */
#include "tenant/validate.h"

#include "tenant/guid.h"

#include "base/codec.h"
#include "base/country.h"
#include "base/err.h"
#include "base/util.h"

bool local_part_is_good(const char *s, size_t n)
{
	return n > 0 && s[0] != '.' && s[n - 1] != '.' && !memmem(s, n, "..", 2);
}

/* Visible ASCII without any of these. */
static bool is_plain(const char *s, size_t n, const char *without)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' || strchr(without, s[i]))
			return false;
	return true;
}

static const char *wrong_nickname(const char *s, size_t n)
{
	if (!is_plain(s, n, "@()\\[]\";:<>,"))
		return "ASCII without blanks and @ () \\ [] \" ; : <> , was expected";
	return *s == '.' ? "it begins with a dot" : NULL;
}

static const char *wrong_address(const char *s, size_t n)
{
	const char *at = memchr(s, '@', n);
	size_t local = at ? (size_t)(at - s) : 0, domain = at ? n - local - 1 : 0;

	if (!is_plain(s, n, "<>();,[]\"\\:"))
		return "an address has no blanks, no letters beyond ASCII and none of < > ( ) ; , "
		       "[ ] \" : \\";
	if (!at || memchr(at + 1, '@', domain))
		return "an address has one @";
	if (!local_part_is_good(s, local))
		return "the part of the address before the @ is not valid";
	return local_part_is_good(at + 1, domain) ? NULL : "the domain of the address is not valid";
}

/* Only mail's: an X500 address is a name of another kind. */
static const char *wrong_proxy(const char *s, size_t n)
{
	if (n > 256)
		return "an address is longer than 256 characters";
	if (n >= 5 && strncasecmp(s, "smtp:", 5) == 0)
		return wrong_address(s + 5, n - 5);
	return memchr(s, ':', n) ? NULL : wrong_address(s, n);
}

static const char *wrong_list(
	const json_t *list, const char *(*wrong)(const char *s, size_t n), bool one_primary)
{
	unsigned primaries = 0;
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		const char *why = wrong(json_string_value(v), json_string_length(v));

		if (why)
			return why;
		primaries += str_starts(json_string_value(v), "SMTP:");
	}
	return one_primary && primaries > 1 ? "there are two primary addresses" : NULL;
}

static const char *wrong_country(const char *s, size_t n)
{
	return country_exists(s, n) ? NULL : "a country of ISO 3166 in two letters was expected";
}

static const char *wrong_word(const char *s, const char *const *words)
{
	for (; *words; words++)
		if (streq(*words, s))
			return NULL;
	return "it is not one of the values that the property can have";
}

static const char *wrong_trust(const char *s)
{
	static const char *const words[] = {"Workplace", "AzureAd", "ServerAd", NULL};

	return wrong_word(s, words);
}

static const char *wrong_profile(const char *s)
{
	static const char *const words[] = {
		"RegisteredDevice", "SecureVM", "Printer", "Shared", "IoT", NULL};

	return wrong_word(s, words);
}

/* [{"type": 2, "identityProvider": null, "key": "base64"}] */
static const char *wrong_security_ids(const json_t *list)
{
	json_t *v;
	size_t i;

	json_array_foreach (list, i, v) {
		const json_t *key = json_object_get(v, "key");
		size_t n = json_string_length(key);
		_cleanup_free_ char *raw = xcalloc(1, n + 1);

		if (!json_is_string(key) || base64_decode(raw, json_string_value(key), n) < 0)
			return "objects with a key in base64 were expected";
	}
	return NULL;
}

static const char *wrong_device(unsigned prop, const char *s)
{
	unsigned char guid[16];

	if (prop == P_DEVICE_ID)
		return guid_read(guid, s) ? NULL : "a GUID was expected";
	return prop == P_TRUST_TYPE ? wrong_trust(s) : wrong_profile(s);
}

const char *value_wrong(unsigned prop, const json_t *v)
{
	const char *s = json_string_value(v), *name = properties[prop].name;
	size_t n = json_string_length(v);

	if (prop == P_PROXIES)
		return wrong_list(v, wrong_proxy, true);
	if (streq(name, "otherMails"))
		return wrong_list(v, wrong_address, false);
	if (prop == P_SECURITY_IDS)
		return wrong_security_ids(v);
	if (!s)
		return NULL;
	if (prop == P_DEVICE_ID || prop == P_TRUST_TYPE || prop == P_PROFILE_TYPE)
		return wrong_device(prop, s);
	if (prop == P_MAIL_NICKNAME)
		return wrong_nickname(s, n);
	if (prop == P_MAIL)
		return wrong_address(s, n);
	return streq(name, "usageLocation") ? wrong_country(s, n) : NULL;
}
