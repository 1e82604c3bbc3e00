/* mailNickname of any name is one that Graph takes; which values are named before they are sent. */
#include "../check.h"
#include "base/buf.h"
#include "base/country.h"
#include "connector/entra/value.h"

#define ANCHOR "eFY0Erya8N4RIjNEVWZ3iA==" /* 12345678-9abc-def0-1122-334455667788 */

/* learn.microsoft.com/graph/api/resources/group */
static bool graph_takes(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] <= ' ' || (unsigned char)s[i] > '~' ||
			strchr("@()\\[]\";:<>,", s[i]))
			return false;
	return n > 0 && n <= 64;
}

static void becomes(const char *name, size_t n, const char *anchor, const char *want)
{
	_cleanup_buf_ struct buf b = {0}, again = {0};

	entra_nickname(name, n, anchor, &b);
	assert_string_equal(buf_str(&b), want);
	assert_true(graph_takes(b.data, b.len));
	entra_nickname(name, n, anchor, &again);
	assert_string_equal(buf_str(&again), want); /* nothing by chance */
}

#define X8 "xxxxxxxx"
#define X64 X8 X8 X8 X8 X8 X8 X8 X8

static void test_nicknames(void **state)
{
	static const char *const cases[][2] = {
		{"Domain Helpers", "DomainHelpers"},
		{"R&D Labs (north)", "R&DLabsnorth"},
		{"Führungskräfte", "Fuehrungskraefte"},
		{"Fu\xcc\x88hrungskra\xcc\x88"
		 "fte",
			"Fuehrungskraefte"}, /* decomposed */
		{"ÄÖÜ Straße", "AeOeUeStrasse"},
		{"Zoë Núñez-Ørsted", "ZoeNunez-Orsted"},
		{"Łódź", "Lodz"},
		{"Nguyễn Văn Đức", "NguyenVanDuc"},
		{"Œuvre Þór ħ", "OEuvreThorh"},
		{"O’Neil", "O'Neil"},
		{"a@b\\c[d]e\"f;g:h<i>j,k", "abcdefghijk"},
		{"a\tb\nc\x7f", "abc"},
		{"no\xc2\xa0"
		 "break",
			"nobreak"},
		{"..dots..", "dots"},
		{"東京 1", "1"},
		{"plain.name-1_2+3'4", "plain.name-1_2+3'4"},
	};
	char long_name[70];

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++)
		becomes(cases[i][0], strlen(cases[i][0]), ANCHOR, cases[i][1]);
	memset(long_name, 'x', sizeof(long_name));
	becomes(long_name, 70, ANCHOR, X64);
	long_name[63] = '.'; /* at the end when cut */
	becomes(long_name, 70, ANCHOR, X64 + 1);
}

static void test_nothing_left(void **state)
{
	_cleanup_buf_ struct buf one = {0}, two = {0}, three = {0};

	becomes("東京", 6, ANCHOR, "12345678-9abc-def0-1122-334455667788");
	becomes("Кириллица", strlen("Кириллица"), ANCHOR, "12345678-9abc-def0-1122-334455667788");
	becomes("((( )))", 7, ANCHOR, "12345678-9abc-def0-1122-334455667788");
	becomes("", 0, ANCHOR, "12345678-9abc-def0-1122-334455667788");
	becomes("...", 3, ANCHOR, "12345678-9abc-def0-1122-334455667788");
	becomes("\xff\xfe", 2, ANCHOR, "12345678-9abc-def0-1122-334455667788");
	/* an anchor that is no GUID, and none */
	entra_nickname("東京", 6, "employee 7", &one);
	entra_nickname("東京", 6, "employee 8", &two);
	entra_nickname("東京", 6, NULL, &three);
	assert_true(graph_takes(one.data, one.len) && graph_takes(two.data, two.len));
	assert_true(graph_takes(three.data, three.len));
	assert_string_not_equal(one.data, two.data);
}

static struct entry entry_with(struct arena *a, const char *attr, const char *value)
{
	struct entry en;

	entry_init(&en, a);
	entry_set(&en, attr_intern(attr), value_string(value));
	return en;
}

static void test_settle(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry en = entry_with(&a, "alias", "Domain Helpers");
	struct value shared = value_string("R&D Labs (north)");
	unsigned alias = attr_intern("alias");

	entra_settle_alias(&en);
	assert_string_equal(entry_string(&en, alias), "DomainHelpers");
	entra_settle_alias(&en);
	assert_string_equal(entry_string(&en, alias), "DomainHelpers");
	/* what a flow hands over is the source's own value */
	entry_put(&en, alias, &shared, 1);
	entra_settle_alias(&en);
	assert_string_equal(entry_string(&en, alias), "R&DLabsnorth");
	assert_string_equal(shared.data, "R&D Labs (north)");
	/* the service's to choose */
	entry_clear(&en, alias);
	entra_settle_alias(&en);
	assert_int_equal(entry_get(&en, alias)->count, 0);
	entry_remove(&en, alias);
	entra_settle_alias(&en);
	assert_null(entry_get(&en, alias));
}

static const struct {
	const char *attr, *value, *error, *words; /* error NULL: good */
} problems[] = {
	{"userPrincipalName", "anna@fjordline.example", NULL, NULL},
	{"userPrincipalName", "o'neil.a-b_c!#^~@fjordline.example", NULL, NULL},
	{"userPrincipalName", "anna.@fjordline.example", "Identity", "has a dot before the @"},
	{"userPrincipalName", ".anna@fjordline.example", "Identity", "begins with a dot"},
	{"userPrincipalName", "an..na@fjordline.example", "Identity", "two dots"},
	{"userPrincipalName", "an na@fjordline.example", "Identity", "a blank"},
	{"userPrincipalName", "an\xc2\xa0na@fjordline.example", "Identity", "a blank"},
	{"userPrincipalName", "änna@fjordline.example", "Identity", "umlaut"},
	{"userPrincipalName", "@fjordline.example", "Identity", "nothing before the @"},
	{"userPrincipalName", "anna", "Identity", "no @"},
	{"userPrincipalName", "a@b@fjordline.example", "Identity", "more than one @"},
	{"userPrincipalName", "anna@", "Identity", "no domain"},
	{"userPrincipalName", "an/na@fjordline.example", "Identity", "not allowed"},
	{"mail", "anna@fjordline.example", NULL, NULL},
	{"mail", "anna/x=y&z+1@x", NULL, NULL},
	{"mail", "anna <anna@fjordline.example>", "Identity", "a blank"},
	{"mail", "<anna@fjordline.example>", "Identity", "not allowed"},
	{"mail", "anna@fjordline..example", "Identity", "dot too many"},
	{"mail", "anna@fjordlíne.example", "Identity", "umlaut"},
	{"proxyAddresses", "SMTP:anna@fjordline.example", NULL, NULL},
	{"proxyAddresses", "anna@fjordline.example", NULL, NULL},
	{"proxyAddresses", "X500:/o=Fjord Line/ou=Büro (x)/cn=anna", NULL, NULL},
	{"proxyAddresses", "SIP:anna nord@fjordline.example", NULL, NULL},
	{"proxyAddresses", "smtp:an na@fjordline.example", "Data", "a blank"},
	{"proxyAddresses", "SMTP: anna@fjordline.example", "Data", "a blank"},
	{"proxyAddresses", "smtp:@fjordline.example", "Data", "nothing before the @"},
	{"proxyAddresses", "smtp:", "Data", "no @"},
	{"proxyAddresses", "smtp:ånna@fjordline.example", "Data", "umlaut"},
	{"proxyAddresses", "smtp:a<b>@fjordline.example", "Data", "not allowed"},
	{"usageLocation", "NO", NULL, NULL},
	{"usageLocation", "no", NULL, NULL},
	{"usageLocation", "UK", "Data", "not a country"},
	{"usageLocation", "NOR", "Data", "not a country"},
	{"usageLocation", "Norway", "Data", "not a country"},
	{"usageLocation", "N", "Data", "not a country"},
	{"displayName", "Anna <x>", NULL, NULL},
};

static void test_problems(void **state)
{
	_cleanup_arena_ struct arena a = {0};

	for (unsigned i = 0; i < ARRAY_SIZE(problems); i++) {
		struct entry en = entry_with(&a, problems[i].attr, problems[i].value);
		const char *text = "", *error = entra_problem(&en, NULL, &a, &text);

		if (!problems[i].error != !error)
			fail_msg("%s: %s", problems[i].value, error ? text : "was taken");
		if (!error)
			continue;
		/* attribute, value and reason */
		assert_true(str_starts(error, problems[i].error));
		assert_non_null(strstr(text, problems[i].attr));
		assert_non_null(strstr(text, problems[i].value));
		if (!strstr(text, problems[i].words))
			fail_msg("%s", text);
	}
}

static void test_two_primaries(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry en = entry_with(&a, "proxyAddresses", "SMTP:one@x");
	unsigned id = attr_intern("proxyAddresses");
	struct delta_attr da = {.id = attr_intern("title")};
	struct delta d = {.attrs = &da, .n_attrs = 1};
	const char *text;

	entry_add(&en, id, value_string("smtp:two@x"));
	assert_null(entra_problem(&en, NULL, &a, &text));
	entry_add(&en, id, value_string("SMTP:three@x"));
	assert_string_equal(entra_problem(&en, NULL, &a, &text), "DataValidationFailed");
	assert_non_null(strstr(text, "SMTP:three@x"));
	/* only what is sent */
	assert_null(entra_problem(&en, &d, &a, &text));
	da.id = id;
	assert_non_null(entra_problem(&en, &d, &a, &text));
}

static void test_countries(void **state)
{
	static const char *const good[] = {"AD", "ZW", "no", "Gb", "US", "CW", "SS", "BQ"};
	static const char *const bad[] = {
		"UK", "EU", "XX", "", "A", "USA", "A ", "D A", "\xc3\x85"};

	for (unsigned i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(country_exists(good[i], strlen(good[i])));
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(country_exists(bad[i], strlen(bad[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nicknames),
		cmocka_unit_test(test_nothing_left),
		cmocka_unit_test(test_settle),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_two_primaries),
		cmocka_unit_test(test_countries),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
