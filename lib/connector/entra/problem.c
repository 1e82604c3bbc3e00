/*
 * Values that the service refuses, as IdFix and the service's documents have them
 * (microsoft.github.io/idfix, learn.microsoft.com/microsoft-365/enterprise/
 * prepare-for-directory-synchronization). Another attribute is a row of the table below.
 */
#include "base/country.h"
#include "base/text.h"
#include "connector/entra/value.h"

#include <ctype.h>

#define ADDRESS_MAX 256

/* Characters that no address has; blanks and letters beyond ASCII have a text of their own. */
static const char *wrong_characters(const char *s, size_t n, const char *not_in)
{
	if (!utf8_valid(s, n))
		return "is not UTF-8";
	for (const char *p = s; p < s + n;) {
		uint32_t c = utf8_next(&p);

		if (char_is_space(c))
			return "has a blank";
		if (c < 0x20 || c == 0x7f)
			return "has a control character";
		if (c >= 0x80)
			return "has a letter with an accent, an umlaut or the like";
		if (strchr(not_in, (int)c))
			return "has a character that is not allowed";
	}
	return NULL;
}

/* The part before the @, by RFC 5322's dot-atom. */
static const char *wrong_local(const char *s, size_t n)
{
	if (n == 0)
		return "has nothing before the @";
	if (s[0] == '.')
		return "begins with a dot";
	if (s[n - 1] == '.')
		return "has a dot before the @";
	return memmem(s, n, "..", 2) ? "has two dots in a row" : NULL;
}

static const char *wrong_domain(const char *s, size_t n)
{
	if (n == 0)
		return "has no domain behind the @";
	if (s[0] == '.' || s[n - 1] == '.' || memmem(s, n, "..", 2))
		return "has a dot too many in its domain";
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)s[i]) && s[i] != '.' && s[i] != '-' && s[i] != '_')
			return "has a character in its domain that is not allowed";
	return NULL;
}

static const char *wrong_name(const char *s, size_t n, const char *not_in)
{
	const char *at = memchr(s, '@', n), *wrong;

	wrong = wrong_characters(s, n, not_in);
	if (wrong)
		return wrong;
	if (!at)
		return "has no @";
	if (memchr(at + 1, '@', n - (size_t)(at + 1 - s)))
		return "has more than one @";
	wrong = wrong_local(s, (size_t)(at - s));
	return wrong ? wrong : wrong_domain(at + 1, n - (size_t)(at + 1 - s));
}

static const char *wrong_address(const char *s, size_t n)
{
	if (n > ADDRESS_MAX)
		return "is longer than 256 characters";
	return wrong_name(s, n, "<>()[];:,\"\\");
}

static const char *wrong_upn(const char *s, size_t n)
{
	if (n > 113)
		return "is longer than 113 characters";
	return wrong_name(s, n, "\\%&*/=?{}|<>();:,[]\"`$");
}

static const char *wrong_country(const char *s, size_t n)
{
	return country_exists(s, n) ? NULL : "is not a country of ISO 3166-1 (two letters)";
}

/* An address of mail; what has another prefix (X500:, SIP:) has another form. */
static const char *wrong_proxy(const char *s, size_t n)
{
	const char *colon = memchr(s, ':', n);

	if (n >= 5 && strncasecmp(s, "smtp:", 5) == 0)
		return wrong_address(s + 5, n - 5);
	return colon ? NULL : wrong_address(s, n);
}

static bool is_primary(const struct value *v)
{
	return v->len >= 5 && memcmp(v->data, "SMTP:", 5) == 0;
}

/* Two primary addresses, in words; NULL: there is one, or none. */
static const char *two_primaries(const struct attr *at, struct arena *a)
{
	const struct value *first = NULL, *v;

	for (v = at->values; v < at->values + at->count; v++) {
		if (!is_primary(v))
			continue;
		if (first)
			return arena_printf(a,
				"%s \"%.*s\" and \"%.*s\" are both the primary address (SMTP:)",
				attr_name(at->id), (int)MIN(first->len, 300u), first->data,
				(int)MIN(v->len, 300u), v->data);
		first = v;
	}
	return NULL;
}

/* Words of ENTRA_ERRORS. */
#define IDENTITY_ERROR "IdentityDataValidationFailed"
#define DATA_ERROR ENTRA_DATA_ERROR

const char *const entra_problem_errors[] = {IDENTITY_ERROR, DATA_ERROR, NULL};

static const struct {
	const char *attr, *error;
	const char *(*wrong)(const char *s, size_t n);
	bool one_primary; /* a list of addresses with at most one primary one */
} checks[] = {
	{"userPrincipalName", IDENTITY_ERROR, wrong_upn},
	{"mail", IDENTITY_ERROR, wrong_address},
	{"proxyAddresses", DATA_ERROR, wrong_proxy, .one_primary = true},
	{"usageLocation", DATA_ERROR, wrong_country},
};

static bool is_sent(const struct delta *d, unsigned attr)
{
	for (unsigned i = 0; d && i < d->n_attrs; i++)
		if (d->attrs[i].id == attr)
			return true;
	return d == NULL;
}

static const char *explain(
	const struct attr *at, const struct value *v, const char *wrong, struct arena *a)
{
	return arena_printf(
		a, "%s \"%.*s\" %s", attr_name(at->id), (int)MIN(v->len, 300u), v->data, wrong);
}

static const char *wrong_values(unsigned check, const struct attr *at, struct arena *a)
{
	for (unsigned i = 0; i < at->count; i++) {
		const struct value *v = &at->values[i];
		const char *wrong =
			v->type == VALUE_STRING ? checks[check].wrong(v->data, v->len) : NULL;

		if (wrong)
			return explain(at, v, wrong, a);
	}
	return checks[check].one_primary ? two_primaries(at, a) : NULL;
}

const char *entra_problem(const struct entry *wanted, const struct delta *delta, struct arena *a,
	const char **ret_text)
{
	for (unsigned i = 0; i < ARRAY_SIZE(checks); i++) {
		unsigned id = attr_intern(checks[i].attr);
		const struct attr *at = is_sent(delta, id) ? entry_get(wanted, id) : NULL;
		const char *text = at ? wrong_values(i, at, a) : NULL;

		if (!text)
			continue;
		*ret_text = text;
		return checks[i].error;
	}
	return NULL;
}
