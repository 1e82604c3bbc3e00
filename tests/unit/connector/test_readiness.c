/* What AD's attributes mean for a change of authority: each finding, and what must not be one. */
#include "../check.h"
#include "base/err.h"
#include "connector/ad/ad.h"

#include <stdio.h>
#include <stdlib.h>

struct heard {
	struct readiness_sink sink;
	unsigned n[READINESS_COUNT];
	const char *attr[READINESS_COUNT];
	char text[READINESS_COUNT][256];
};

static void hear(
	struct readiness_sink *sink, enum readiness what, const char *attr, const char *text)
{
	struct heard *h = container_of(sink, struct heard, sink);

	h->n[what]++;
	h->attr[what] = attr;
	snprintf(h->text[what], sizeof(h->text[what]), "%s", text);
}

/* What an object of the class with these values tells; "name", "value", ..., NULL. */
static struct heard look(struct entry *en, const char *class, const char *const *values)
{
	struct heard h = {.sink = {hear}};

	en->class = class;
	for (; *values; values += 2)
		entry_add(en, attr_intern(values[0]), value_string(values[1]));
	ad_readiness.look(en, &h.sink);
	return h;
}

#define LOOK(class, ...) look(&en, class, (const char *const[]){__VA_ARGS__, NULL})

/* Exactly this one is told. */
static void only(const struct heard *h, enum readiness what)
{
	for (unsigned i = 0; i < READINESS_COUNT; i++)
		if (h->n[i] != (i == (unsigned)what))
			fail_msg("%s was told %u times", readiness_rows[i].code, h->n[i]);
}

static void none(const struct heard *h)
{
	only(h, READINESS_COUNT);
}

#define ENTRY                                 \
	_cleanup_arena_ struct arena a = {0}; \
	struct entry en;                      \
	struct heard h;                       \
	entry_init(&en, &a)

static void test_plain_objects(void **state)
{
	ENTRY;
	h = LOOK("user", "cn", "Anna", "mail", "anna@contoso.example", "userAccountControl", "512",
		"adminCount", "0", "isCriticalSystemObject", "FALSE");
	entry_set(&en, attr_intern("isCriticalSystemObject"), value_boolean(false));
	memset(&h.n, 0, sizeof(h.n));
	ad_readiness.look(&en, &h.sink);
	none(&h);
	entry_init(&en, &a);
	h = LOOK("group", "cn", "All", "groupType", "-2147483640"); /* universal, security */
	none(&h);
}

static void test_products(void **state)
{
	static const char *const attrs[] = {"userCertificate", "msDS-KeyCredentialLink",
		"msRTCSIP-Line", "msPKIAccountCredentials", "msNPAllowDialin"};

	for (unsigned i = 0; i < 5; i++) {
		ENTRY;
		h = LOOK("user", attrs[i], "x");
		only(&h, READINESS_KEPT_BY_PRODUCT);
		assert_string_equal(h.attr[READINESS_KEPT_BY_PRODUCT], attrs[i]);
	}
}

static void mailbox(const char *number, bool is_one)
{
	ENTRY;
	h = LOOK("user", "msExchRecipientTypeDetails", number);
	assert_int_equal(h.n[READINESS_MAILBOX], is_one);
	assert_int_equal(h.n[READINESS_EXCHANGE_VALUES], 1);
}

static void test_mailboxes(void **state)
{
	static const char *const here[] = {"1", "2", "4", "16", "32"};
	/* a mail user, and mailboxes that are in the cloud already */
	static const char *const elsewhere[] = {
		"128", "2147483648", "8589934592", "17179869184", "34359738368"};

	for (unsigned i = 0; i < 5; i++) {
		mailbox(here[i], true);
		mailbox(elsewhere[i], false);
	}
	ENTRY;
	h = LOOK("user", "homeMDB", "CN=DB1,DC=contoso,DC=example");
	only(&h, READINESS_MAILBOX);
}

static void test_exchange(void **state)
{
	ENTRY;
	h = LOOK("user", "mailNickname", "anna");
	only(&h, READINESS_EXCHANGE_VALUES);
	assert_string_equal(h.attr[READINESS_EXCHANGE_VALUES], "mailNickname");
	entry_init(&en, &a);
	h = LOOK("contact", "mailNickname", "anna", "msExchHideFromAddressLists", "TRUE");
	only(&h, READINESS_EXCHANGE_VALUES);
	assert_null(h.attr[READINESS_EXCHANGE_VALUES]);
	assert_non_null(strstr(h.text[READINESS_EXCHANGE_VALUES], "msExchHideFromAddressLists"));
	entry_init(&en, &a);
	h = LOOK("user", "msExchDelegateListBL", "CN=Bert,DC=contoso,DC=example");
	none(&h); /* Exchange keeps it at the other object */
}

static void test_groups(void **state)
{
	ENTRY;
	h = LOOK("group", "groupType", "-2147483646"); /* global, security */
	only(&h, READINESS_GROUP_SCOPE);
	assert_string_equal(h.text[READINESS_GROUP_SCOPE], "it is a global group");
	entry_init(&en, &a);
	h = LOOK("group", "groupType", "-2147483644");
	assert_string_equal(h.text[READINESS_GROUP_SCOPE], "it is a domain local group");
	entry_init(&en, &a);
	h = LOOK("group", "groupType", "8", "proxyAddresses", "SMTP:all@contoso.example");
	only(&h, READINESS_MAIL_GROUP);
	assert_string_equal(
		h.text[READINESS_MAIL_GROUP], "it is a mail-enabled distribution group");
	entry_init(&en, &a);
	h = LOOK("group", "groupType", "-2147483640", "extensionAttribute3", "x");
	only(&h, READINESS_EXTENSIONS_END);
	entry_init(&en, &a);
	h = LOOK("group", "groupType", "8", "extensionAttribute3", "x");
	none(&h); /* of a distribution group they stay */
}

static void test_large_group(void **state)
{
	struct value *v = xcalloc(50001, sizeof(*v));

	ENTRY;
	for (unsigned i = 0; i <= 50000; i++)
		v[i] = value_reference("CN=x,DC=contoso,DC=example");
	en.class = "group";
	h = (struct heard){.sink = {hear}};
	entry_put(&en, attr_intern("member"), v, 50000);
	ad_readiness.look(&en, &h.sink);
	none(&h);
	entry_put(&en, attr_intern("member"), v, 50001);
	ad_readiness.look(&en, &h.sink);
	only(&h, READINESS_GROUP_SIZE);
	free(v);
}

static void test_accounts(void **state)
{
	ENTRY;
	h = LOOK("user", "userAccountControl", "262656");
	only(&h, READINESS_SMART_CARD);
	entry_init(&en, &a);
	h = LOOK("user", "servicePrincipalName", "HTTP/www.contoso.example");
	only(&h, READINESS_SERVICE_ACCOUNT);
	entry_init(&en, &a);
	h = LOOK("user", "adminCount", "1");
	only(&h, READINESS_ADMINISTRATIVE);
}

static void test_uses(void **state)
{
	static const struct {
		const char *attr;
		enum attr_use use;
	} rows[] = {
		{"manager", ATTR_USE_KEPT},
		{"MEMBER", ATTR_USE_KEPT},
		{"managedBy", ATTR_USE_VALUE},
		{"secretary", ATTR_USE_VALUE},
		{"contosoBadge", ATTR_USE_VALUE},
		{"memberOf", ATTR_USE_PARENTS},
		{"directReports", ATTR_USE_PARENTS},
		{"msExchDelegateListBL", ATTR_USE_PARENTS},
		{"msDS-NonMembersBL", ATTR_USE_PARENTS},
		{"objectGUID", ATTR_USE_OWN},
		{"uSNChanged", ATTR_USE_OWN},
		{"pwdLastSet", ATTR_USE_OWN},
		{"userCertificate", ATTR_USE_TOLD},
		{"msExchMailboxGuid", ATTR_USE_TOLD},
		{"userAccountControl", ATTR_USE_TOLD},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(ad_readiness.use(rows[i].attr), rows[i].use);
}

static void test_references(void **state)
{
	static const char *const good[] = {"CN=Anna,OU=Staff,DC=contoso,DC=example",
		"<GUID=00112233-4455-6677-8899-aabbccddeeff>;CN=Anna,DC=contoso,DC=example"};
	static const char *const bad[] = {"Anna", "", "a, b", "DC=x", "Room 4, DC=5", "x,DC"};
	struct value v;

	for (unsigned i = 0; i < 2; i++) {
		v = value_string(good[i]);
		assert_true(ad_readiness.is_reference(&v));
	}
	for (unsigned i = 0; i < 6; i++) {
		v = value_string(bad[i]);
		assert_false(ad_readiness.is_reference(&v));
	}
	v = value_integer(5);
	assert_false(ad_readiness.is_reference(&v));
	v = value_reference("x");
	assert_true(ad_readiness.is_reference(&v));
}

/* Codes are names in CSV and JSON: no two are the same, and each row says why and what to do. */
static void test_table(void **state)
{
	for (unsigned i = 0; i < READINESS_COUNT; i++) {
		const struct readiness_row *r = &readiness_rows[i];

		assert_true(*r->code && *r->why && *r->advice);
		assert_true(r->severity < SEVERITY_COUNT);
		for (unsigned k = 0; k < i; k++)
			assert_string_not_equal(r->code, readiness_rows[k].code);
	}
	assert_string_equal(readiness_severity_word(SEVERITY_BLOCKS), "blocks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_objects),
		cmocka_unit_test(test_products),
		cmocka_unit_test(test_mailboxes),
		cmocka_unit_test(test_exchange),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_large_group),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_uses),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
