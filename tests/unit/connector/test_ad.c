/* The AD connector without a server: references, scope, filters, the cursor, one object's values.
 */
#include "../check.h"
#include "base/text.h"
#include "connector/ad/ad.h"
#include "model/dn.h"

#define BASE "DC=a,DC=b"
#define GUID "01234567-89ab-cdef-0123-456789abcdef"

static void test_references(void **state)
{
	static const struct {
		const char *value, *anchor, *dn;
	} cases[] = {
		{"CN=x," BASE, NULL, "CN=x," BASE},
		{"<GUID=" GUID ">;CN=x," BASE, GUID, "CN=x," BASE},
		{"<GUID=" GUID ">;<SID=S-1-5-21-1-2-3-4>;CN=\\<x\\>," BASE, GUID,
			"CN=\\<x\\>," BASE},
		{"<GUID=0123>;CN=x", NULL, "CN=x"},
		{"<GUID=" GUID, NULL, "<GUID=" GUID},
		{"<>;CN=x", NULL, "CN=x"},
		{"", NULL, ""},
	};
	_cleanup_arena_ struct arena a = {0};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *anchor, *dn;

		ad_reference(cases[i].value, &a, &anchor, &dn);
		assert_string_equal(dn, cases[i].dn);
		if (cases[i].anchor)
			assert_string_equal(anchor, cases[i].anchor);
		else
			assert_null(anchor);
	}
}

static struct ad_ou ou(struct arena *a, bool include, const char *dn, const char *was)
{
	return (struct ad_ou){
		.include = include,
		.dn = dn,
		.key = dn ? dn_key(a, dn) : NULL,
		.was = was,
		.was_key = was ? dn_key(a, was) : NULL,
	};
}

static void test_scope(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	char *bases[] = {BASE, "DC=child," BASE, NULL};
	char *keys[] = {dn_key(&a, bases[0]), dn_key(&a, bases[1]), NULL};
	struct ad_ou ous[] = {
		ou(&a, true, "OU=New," BASE, "OU=In," BASE),
		ou(&a, false, "OU=No,OU=New," BASE, "OU=No,OU=In," BASE),
		ou(&a, true, "OU=Yes,OU=No,OU=New," BASE, "OU=Yes,OU=No,OU=In," BASE),
		ou(&a, false, NULL, "OU=Gone,OU=In," BASE),
	};
	struct connector con = {.bases = bases, .base_keys = keys, .ous = ous};
	static const struct {
		const char *dn;
		bool now, before;
	} cases[] = {
		{"CN=x,OU=New," BASE, true, false},
		{"CN=x,OU=In," BASE, false, true},
		{"cn=X , ou=new, dc=A,DC=b", true, false},
		{"CN=x,OU=No,OU=New," BASE, false, false},
		{"CN=x,OU=Yes,OU=No,OU=New," BASE, true, false},
		{"CN=x,OU=Newer," BASE, false, false},
		{"CN=x,OU=Gone,OU=In," BASE, false, false},
		{"CN=x,OU=New,DC=other", false, false},
	};

	con.n_ous = ARRAY_SIZE(ous);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *key = dn_key(&a, cases[i].dn);

		assert_int_equal(ad_in_scope(&con, key, false), cases[i].now);
		assert_int_equal(ad_in_scope(&con, key, true), cases[i].before);
	}
	assert_int_equal(ad_base_of(&con, dn_key(&a, "CN=x,DC=child," BASE)), 1);
	assert_int_equal(ad_base_of(&con, dn_key(&a, "CN=x,OU=child," BASE)), 0);
	con.n_ous = 3; /* without the folder that is gone: that takes a full import, to be sure */
	/* a chosen folder was renamed, with all that is chosen below it */
	assert_true(
		ad_move_keeps_scope(&con, dn_key(&a, "OU=In," BASE), dn_key(&a, "OU=New," BASE)));
	assert_true(ad_move_keeps_scope(
		&con, dn_key(&a, "OU=a,OU=In," BASE), dn_key(&a, "OU=b,OU=New," BASE)));
	assert_true(ad_move_keeps_scope(&con, dn_key(&a, "OU=a," BASE), dn_key(&a, "OU=b," BASE)));
	/* out of the scope, into it, and away from the excluded folder below it */
	assert_false(ad_move_keeps_scope(
		&con, dn_key(&a, "OU=a,OU=In," BASE), dn_key(&a, "OU=a," BASE)));
	assert_false(ad_move_keeps_scope(
		&con, dn_key(&a, "OU=a," BASE), dn_key(&a, "OU=a,OU=New," BASE)));
	assert_false(ad_move_keeps_scope(
		&con, dn_key(&a, "OU=In," BASE), dn_key(&a, "OU=x,OU=New," BASE)));
}

static void test_filters(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	const char **names =
		ad_filter_attrs("(&(department=Sales)(!(title=*))(|(uSNChanged>=5)(a-b~=c))"
				"(memberOf:1.2.840.113556.1.4.1941:=CN=x)(&)(=bad))",
			&a);
	static const char *const want[] = {"department", "title", "uSNChanged", "a-b", "memberOf"};

	for (unsigned i = 0; i < ARRAY_SIZE(want); i++)
		assert_string_equal(names[i], want[i]);
	assert_null(names[ARRAY_SIZE(want)]);
	assert_null(ad_filter_attrs(NULL, &a)[0]);
	ad_filter_escape(&b, "CN=a*(b)\\,c");
	assert_string_equal(buf_str(&b), "CN=a\\2a\\28b\\29\\5c,c");
}

static void test_cursor(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct ad_cursor_domain domain = {
		BASE, "ldaps://dc", "CN=NTDS", "00ff", 77, AD_METHOD_DIRSYNC_OS, "MSDS\0\1\2", 7};
	struct ad_cursor_ou one = {"OU=x", GUID, "OU=y"};
	const char *retry[] = {"0 " GUID};
	struct ad_cursor c = {.digest = 0x1234567890abcdef,
		.domains = &domain,
		.n_domains = 1,
		.ous = &one,
		.n_ous = 1,
		.group = GUID,
		.retry = retry,
		.n_retry = 1};
	_cleanup_free_ char *text = ad_cursor_write(&c);
	struct ad_cursor back;

	assert_true(ad_cursor_read(&back, text, strlen(text), &a));
	assert_true(back.digest == c.digest && back.n_domains == 1 && back.n_retry == 1);
	assert_int_equal(back.domains[0].method, AD_METHOD_DIRSYNC_OS);
	assert_int_equal(back.domains[0].usn, 77);
	assert_int_equal(back.domains[0].cookie_len, 7);
	assert_memory_equal(back.domains[0].cookie, "MSDS\0\1\2", 7);
	assert_string_equal(ad_cursor_ou(&back, "OU=x")->dn, "OU=y");
	assert_null(ad_cursor_ou(&back, "OU=z"));
	assert_null(ad_cursor_domain(&back, "DC=z"));
	assert_string_equal(back.group, GUID);
	/* an older or damaged one is none */
	assert_false(ad_cursor_read(&back, "1 ldap 5", 8, &a));
	assert_false(ad_cursor_read(&back, text, strlen(text) / 2, &a));
	assert_false(ad_cursor_read(&back, NULL, 0, &a));
	assert_false(ad_cursor_read(&back, "{\"version\":1,\"digest\":\"1\"}", 26, &a));
}

static void value(struct ad_import *im, const char *name, const char *data)
{
	ad_object_value(im, name, strlen(name), data, strlen(data));
}

static void test_values(void **state)
{
	unsigned attrs[] = {attr_intern("msDS-KeyCredentialLink"), attr_intern("manager"),
		attr_intern("member"), attr_intern("cn"), attr_intern("distinguishedName"),
		attr_intern("title")};
	struct import_request req = {.attrs = attrs, .n_attrs = ARRAY_SIZE(attrs)};
	struct connector con = {0};
	struct ad_import im;

	ad_import_init(&im, &con, &req, NULL);
	ad_object_begin(&im, "<GUID=" GUID ">;<SID=S-1-5-1>;CN=a\\, b,OU=x," BASE);
	value(&im, "objectClass", "top");
	value(&im, "objectClass", "user");
	ad_object_value(&im, "objectGUID", 10, "0123456789abcdef", 16);
	value(&im, "msDS-KeyCredentialLink", "B:8:01020304:<GUID=" GUID ">;CN=k," BASE);
	value(&im, "manager", "<GUID=" GUID ">;CN=gone\\0ADEL:" GUID ",CN=Deleted Objects," BASE);
	ad_object_clear(&im, "title", 5);
	ad_object_change(&im, "member", 6, "CN=m," BASE, true);
	ad_object_change(&im, "member", 6, "CN=gone\\0aDEL:" GUID ",OU=x," BASE, true);
	/* only the folder was deleted, the member is one */
	ad_object_change(&im, "member", 6, "CN=n,OU=x\\0ADEL:" GUID "," BASE, true);
	ad_object_close(&im);
	assert_null(im.problem);
	assert_string_equal(im.entry.dn, "CN=a\\, b,OU=x," BASE);
	assert_string_equal(entry_string(&im.entry, attrs[0]), "B:8:01020304:CN=k," BASE);
	assert_null(entry_get(&im.entry, attrs[1])); /* its target was deleted */
	assert_string_equal(entry_string(&im.entry, attrs[3]), "a, b");
	assert_string_equal(entry_string(&im.entry, attrs[4]), im.entry.dn);
	assert_int_equal(entry_get(&im.entry, attrs[5])->count, 0);
	assert_int_equal(im.n_changes, 2);
	assert_string_equal(im.changes[1].target, "CN=n,OU=x\\0ADEL:" GUID "," BASE);
	assert_string_equal(im.entry.class, "user");

	ad_object_begin(&im, "OU=x," BASE);
	value(&im, "objectClass", "organizationalUnit");
	ad_object_close(&im);
	assert_true(im.is_container && !im.entry.class && !im.entry.anchor);

	ad_object_begin(&im, "CN=s," BASE);
	ad_object_value(&im, "objectSid", 9, "\1\5short", 7);
	assert_non_null(strstr(im.problem, "objectSid"));
	ad_import_done(&im);
}

/* An attribute of each type: a row of the table, or learned from the directory's schema. */
static const struct {
	const char *attr, *syntax; /* NULL: a row of the table */
	const char *wire;
	size_t n;
	const char *text; /* value_text(), NULL: refused */
	enum value_type type;
} types[] = {
	{"company", NULL, "A\xc3\xa5", 3, "A\xc3\xa5", VALUE_STRING},
	{"company", NULL, "\xff", 1, NULL, VALUE_STRING},
	{"company", NULL, "a\0b", 3, NULL, VALUE_STRING},
	{"countryCode", NULL, "-47", 3, "-47", VALUE_INTEGER},
	{"countryCode", NULL, "4 7", 3, NULL, VALUE_INTEGER},
	{"countryCode", NULL, "", 0, NULL, VALUE_INTEGER},
	{"pwdLastSet", NULL, "9223372036854775807", 19, "9223372036854775807", VALUE_INTEGER},
	{"pwdLastSet", NULL, "9223372036854775808", 19, NULL, VALUE_INTEGER},
	{"msDS-IsEnabled", NULL, "TRUE", 4, "True", VALUE_BOOLEAN},
	{"msDS-IsEnabled", NULL, "false", 5, "False", VALUE_BOOLEAN},
	{"msDS-IsEnabled", NULL, "1", 1, NULL, VALUE_BOOLEAN},
	{"thumbnailPhoto", NULL, "\0\xff", 2, "AP8=", VALUE_BINARY},
	{"mS-DS-CreatorSID", NULL, "\1\0\0\0\0\0\0\5", 8, "AQAAAAAAAAU=", VALUE_BINARY},
	{"msExchMailboxGuid", NULL, "0123456789abcdef", 16,
		"MDEyMzQ1Njc4OWFiY2RlZg==", VALUE_BINARY},
	{"managedBy", NULL, "CN=x,DC=a", 9, "CN=x,DC=a", VALUE_REFERENCE},
	{"secretary", NULL, "CN=x,DC=a", 9, "CN=x,DC=a", VALUE_REFERENCE}, /* several */
	{"managedBy", NULL, "CN=\xff", 4, NULL, VALUE_REFERENCE},
	{"x-text", "2.5.5.12", "abc", 3, "abc", VALUE_STRING},
	{"x-integer", "2.5.5.9", "2147483647", 10, "2147483647", VALUE_INTEGER},
	{"x-large", "2.5.5.16", "-9223372036854775808", 20, "-9223372036854775808", VALUE_INTEGER},
	{"x-boolean", "2.5.5.8", "TRUE", 4, "True", VALUE_BOOLEAN},
	{"x-time", "2.5.5.11", "20260801080000.0Z", 17, "20260801080000.0Z", VALUE_STRING},
	{"x-octets", "2.5.5.10", "\0\1", 2, "AAE=", VALUE_BINARY},
	{"x-sid", "2.5.5.17", "\1\0\0\0\0\0\0\5", 8, "AQAAAAAAAAU=", VALUE_BINARY},
	{"x-descriptor", "2.5.5.15", "\1\0", 2, "AQA=", VALUE_BINARY},
	{"x-link", "2.5.5.1", "CN=x,DC=a", 9, "CN=x,DC=a", VALUE_REFERENCE},
};

static void test_types(void **state)
{
	for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
		unsigned id = attr_intern(types[i].attr);
		struct import_request req = {.attrs = &id, .n_attrs = 1};
		_cleanup_arena_ struct arena a = {0};
		struct connector con = {0};
		const struct value *v;
		struct ad_import im;

		ad_import_init(&im, &con, &req, NULL);
		if (types[i].syntax)
			ad_attr_learn(types[i].attr, ad_syntax_type(types[i].syntax));
		assert_int_equal(types[i].syntax == NULL,
			ad_attr_in_table(types[i].attr, strlen(types[i].attr)));
		ad_object_begin(&im, "CN=x," BASE);
		ad_object_value(
			&im, types[i].attr, strlen(types[i].attr), types[i].wire, types[i].n);
		v = entry_first(&im.entry, id);
		if (!types[i].text) {
			assert_null(v);
			assert_non_null(im.problem);
			assert_non_null(strstr(im.problem, types[i].attr));
		} else {
			assert_null(im.problem);
			assert_int_equal(v->type, types[i].type);
			assert_string_equal(value_text(&a, v), types[i].text);
		}
		/* another one, and none */
		if (types[i].text) {
			ad_object_value(&im, types[i].attr, strlen(types[i].attr), types[i].wire,
				types[i].n);
			assert_int_equal(entry_get(&im.entry, id)->count, 2);
			ad_object_clear(&im, types[i].attr, strlen(types[i].attr));
			assert_int_equal(entry_get(&im.entry, id)->count, 0);
		}
		ad_import_done(&im);
	}
}

/* What one directory's schema said holds for its import alone. */
static void test_types_forgotten(void **state)
{
	unsigned id = attr_intern("x-integer");
	struct import_request req = {.attrs = &id, .n_attrs = 1};
	struct connector con = {0};
	struct ad_import im;

	ad_attr_learn("x-integer", VALUE_INTEGER);
	ad_attr_learn("countryCode", VALUE_STRING); /* the table is stronger */
	assert_int_equal(ad_attr_find("X-INTEGER", 9).type, VALUE_INTEGER);
	ad_import_init(&im, &con, &req, NULL);
	assert_int_equal(ad_attr_find("x-integer", 9).type, VALUE_STRING);
	assert_int_equal(ad_attr_find("countrycode", 11).type, VALUE_INTEGER);
	ad_import_done(&im);
}

/* A source of items for an export that reaches no server. */
struct item_source {
	struct export_source source;
	const struct export_item *items;
	unsigned n, given, bad, outside;
	char text[300];
};

static int next_item(struct export_source *s, struct export_item *ret, struct err *e)
{
	struct item_source *is = (struct item_source *)s;

	if (is->given == is->n)
		return 0;
	*ret = is->items[is->given];
	ret->id = is->given++;
	return 1;
}

static int item_result(
	struct export_source *s, int64_t id, const struct export_outcome *o, struct err *e)
{
	struct item_source *is = (struct item_source *)s;

	assert_int_equal(id, is->given - 1);
	assert_int_equal(o->result, CONN_OBJECT_BAD);
	is->bad++;
	is->outside += o->outside_surface;
	assert_true(o->outside_surface || ad_error_advice(o->error_type));
	snprintf(is->text, sizeof(is->text), "%s", o->text);
	return 0;
}

static int item_sending(struct export_source *s, struct err *e)
{
	fail_msg("nothing was to be sent");
	return 0;
}

/* One result for each item that cannot be written: a bad anchor, and what AD does not take. */
static void test_not_written(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	char *bases[] = {(char *)BASE, NULL}, *keys[] = {dn_key(&a, BASE), NULL};
	char *sources[] = {(char *)"ldaps://nobody.example", NULL};
	const struct connector_host host = {0};
	struct connector con = {
		.bases = bases, .base_keys = keys, .sources = sources, .host = &host};
	struct delta_attr sid = {.id = attr_intern("objectSid")};
	struct delta none = {0}, system = {&sid, 1};
	const struct {
		struct export_item item;
		const char *words;
	} cases[] = {
		{{.kind = EXPORT_OBJECT, .op = DELTA_UPDATE, .anchor = "x", .delta = &none},
			"is not an objectGUID"},
		{{.kind = EXPORT_OBJECT, .op = DELTA_UPDATE, .anchor = "", .delta = &none},
			"is not an objectGUID"},
		{{.kind = EXPORT_OBJECT, .op = DELTA_UPDATE, .anchor = "x", .delta = &system},
			"objectSid is not written"},
		{{.kind = EXPORT_OBJECT, .op = DELTA_ADD, .delta = &none}, "no objects are made"},
		{{.kind = EXPORT_DELETE, .op = DELTA_DELETE, .anchor = "x"}, "nothing is deleted"},
		{{.kind = EXPORT_RENAME, .anchor = "x", .new_dn = "CN=y," BASE},
			"nothing is renamed"},
		{{.kind = EXPORT_LINK, .op = DELTA_ADD, .link_attr = attr_intern("member")},
			"member is a reference"},
	};
	struct err e = {0};

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct export_item item = cases[i].item;
		struct item_source is = {{next_item, item_result, item_sending}, &item, 1};

		item.class = "user";
		item.dn = "CN=x," BASE;
		assert_int_equal(ad_export(&con, &is.source, &e), CONN_OK);
		assert_int_equal(is.bad, 1);
		assert_int_equal(is.outside, i >= 2);
		assert_non_null(strstr(is.text, cases[i].words));
	}
	/* a file is not written, and says so */
	sources[0] = (char *)"ldif:/tmp/x";
	assert_int_equal(ad_export(&con, &(struct item_source){0}.source, &e), CONN_RUN_BAD);
	assert_non_null(strstr(e.text, "cannot be written"));
}

static void check_name(const char *name, size_t n, bool whole, int64_t first, int64_t last)
{
	struct ad_name nm = ad_name_parse(name, strlen(name));

	if (nm.n != n || ad_name_is_whole(&nm) != whole ||
		(nm.in_range && (nm.first != first || nm.last != last)))
		fail_msg("%s: %zu %d %d %lld %lld", name, nm.n, ad_name_is_whole(&nm), nm.in_range,
			(long long)nm.first, (long long)nm.last);
}

static void test_options(void **state)
{
	check_name("member", 6, true, 0, 0);
	check_name("member;binary", 6, true, 0, 0);
	check_name("member;BINARY;range=0-*", 6, true, 0, -1);
	check_name("member;range=0-*", 6, true, 0, -1);
	check_name("member;Range=0-29", 6, false, 0, 29);
	check_name("member;range=30-*", 6, false, 30, -1);
	check_name("member;range=0-0", 6, false, 0, 0);
	check_name("member;range=", 6, false, -1, -1);
	check_name("member;range=x", 6, false, -1, -1);
	check_name("member;range=*-*", 6, false, -1, -1);
	check_name("member;range=0-*;range=0-*", 6, false, -1, -1);
	check_name("member;range=0-", 6, false, -1, -1);
	check_name("member;range=5-4", 6, false, -1, 4);
	check_name("member;range=0-*x", 6, false, -1, -1);
	check_name("member;range=99999999999999999999-*", 6, false, -1, -1);
	check_name("cn;lang-de", 10, true, 0, 0);
	check_name("cn;binary;lang-de", 17, true, 0, 0);
	check_name("cn;binaryx", 10, true, 0, 0);
	check_name("cn;", 3, true, 0, 0);
}

/* A part of the values is a problem of its object, unless nobody asks for the attribute. */
static void test_lines_with_options(void **state)
{
	unsigned attrs[] = {attr_intern("member"), attr_intern("title")};
	struct import_request req = {.attrs = attrs, .n_attrs = ARRAY_SIZE(attrs)};
	struct connector con = {0};
	struct ad_import im;
	unsigned count;

	ad_import_init(&im, &con, &req, NULL);
	count = attr_count();
	ad_object_begin(&im, "CN=a," BASE);
	ad_object_line(&im, "title;binary", 12, "one", 3);
	ad_object_line(&im, "title;lang-de", 13, "two", 3);
	ad_object_line(&im, "member;range=0-*", 16, "CN=m," BASE, strlen("CN=m," BASE));
	ad_object_line(&im, "notAsked;range=0-1", 18, "x", 1);
	assert_null(im.problem);
	assert_int_equal(entry_get(&im.entry, attrs[1])->count, 1);
	assert_string_equal(entry_string(&im.entry, attrs[1]), "one");
	assert_int_equal(entry_get(&im.entry, attrs[0])->count, 1);
	ad_object_line(&im, "member;range=1-*", 16, "CN=m," BASE, strlen("CN=m," BASE));
	assert_non_null(strstr(im.problem, "member;range=1-*"));
	assert_int_equal(attr_count(), count); /* names of a file do not fill the table */
	ad_import_done(&im);
}

/* The mark of a deleted object counts in its own name, in whatever spelling. */
static void test_deleted_targets(void **state)
{
	static const struct {
		const char *dn;
		bool kept;
	} cases[] = {
		{"CN=a\\0ADEL:" GUID ",CN=Deleted Objects," BASE, false},
		{"CN=a\\0aDEL:" GUID ",OU=x," BASE, false},
		{"<GUID=" GUID ">;CN=a\\0ADEL:" GUID ",OU=x," BASE, false},
		{"CN=a,OU=x\\0ADEL:" GUID "," BASE, true},
		{"CN=a,OU=MODEL: T," BASE, true},
		{"CN=0ADEL:1," BASE, true},
	};
	unsigned attrs[] = {attr_intern("member")};
	struct import_request req = {.attrs = attrs, .n_attrs = 1};
	struct connector con = {0};
	struct ad_import im;

	ad_import_init(&im, &con, &req, NULL);
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		ad_object_begin(&im, "CN=g," BASE);
		value(&im, "member", cases[i].dn);
		assert_int_equal(entry_get(&im.entry, attrs[0]) != NULL, cases[i].kept);
	}
	ad_import_done(&im);
}

static void check_parameter(struct settings *s, const char *names, unsigned partition,
	const char *name, const char *expected)
{
	_cleanup_arena_ struct arena a = {0};
	const char *got = ad_parameter(s, names, partition, name, &a);

	if (!got || !streq(got, expected))
		fail_msg("%s of %u: %s, not %s", name, partition, got ? got : "NULL", expected);
}

/* A setting, then the directory, then a guess; of the domain that was asked for. */
static void test_names(void **state)
{
	static const struct option_def defs[] = {{"base_dn", OPTION_LIST},
		{"domain_netbios", OPTION_LIST}, {"forest_fqdn", OPTION_STRING},
		{"forest_netbios", OPTION_STRING}};
	char *values[] = {
		"DC=ad,DC=corp,DC=test\nDC=child,DC=ad,DC=corp,DC=test", NULL, NULL, NULL};
	int lines[4] = {0};
	struct settings s = {"a", "f", 1, defs, 4, values, lines};
	_cleanup_names_ struct ad_names n = {0};
	_cleanup_free_ char *text = NULL;
	_cleanup_arena_ struct arena a = {0};

	ad_names_add(&n, "dc=AD, dc=corp,dc=test", "ad.corp.test", "ADTEST");
	ad_names_add(&n, "DC=corp,DC=test", "corp.test", "CORPROOT");
	ad_names_root(&n, "DC=corp,DC=test");
	text = ad_names_text(&n);
	check_parameter(&s, NULL, 0, "Domain.FQDN", "ad.corp.test");
	check_parameter(&s, NULL, 0, "Domain.Netbios", "AD");
	check_parameter(&s, NULL, 1, "Domain.Netbios", "CHILD");
	check_parameter(&s, NULL, 1, "Forest.FQDN", "ad.corp.test");
	check_parameter(&s, NULL, 1, "Domain.LDAP", "DC=child,DC=ad,DC=corp,DC=test");
	check_parameter(&s, text, 0, "Domain.Netbios", "ADTEST");
	check_parameter(&s, text, 1, "Domain.Netbios", "CHILD");
	check_parameter(&s, text, 1, "Domain.FQDN", "child.ad.corp.test");
	check_parameter(&s, text, 0, "Forest.FQDN", "corp.test");
	check_parameter(&s, text, 0, "Forest.LDAP", "DC=corp,DC=test");
	check_parameter(&s, text, 1, "Forest.Netbios", "CORPROOT");
	assert_string_equal(
		ad_names_guessed(&s, text, &a), "CHILD of DC=child,DC=ad,DC=corp,DC=test");
	assert_null(ad_parameter(&s, text, 0, "Forest.Other", &a));
	check_parameter(&s, NULL, 1, "ADS_UF_ACCOUNTDISABLE", "2");
	check_parameter(&s, text, 0, "ADS_GROUP_TYPE_SECURITY_ENABLED", "2147483648");
	check_parameter(&s, text, 0, "Connector.GroupFilteringGroupDn", "");
	values[1] = "X\nY";
	check_parameter(&s, text, 0, "Domain.Netbios", "X");
	check_parameter(&s, text, 1, "Domain.Netbios", "Y");
	check_parameter(&s, NULL, 1, "Forest.Netbios", "X");
	assert_null(ad_names_guessed(&s, NULL, &a));
	values[2] = "other.test";
	check_parameter(&s, text, 0, "Forest.LDAP", "DC=other,DC=test");
	check_parameter(&s, text, 0, "Forest.Netbios", "OTHER");
	values[3] = "F";
	check_parameter(&s, text, 0, "Forest.Netbios", "F");
	/* what is no JSON is nothing */
	check_parameter(&s, "{", 1, "Domain.FQDN", "child.ad.corp.test");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_scope),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_types_forgotten),
		cmocka_unit_test(test_not_written),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_lines_with_options),
		cmocka_unit_test(test_deleted_targets),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
