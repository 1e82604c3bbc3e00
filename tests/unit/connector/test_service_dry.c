/* connector/entra/service/dry: what a dry run tells of a request. */
#include "../check.h"
#include "connector/entra/schema.h"
#include "connector/entra/service/bag.h"
#include "connector/entra/service/dry.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <errno.h>
#include <stdio.h>

#define ANCHOR "eFY0Erya8N4RIjNEVWZ3iA=="

static void write_user(struct buf *b)
{
	struct attr empty = {.id = attr_intern("title")};
	struct delta_attr changed[3] = {{.id = attr_intern("title"), .after = &empty}};
	struct delta delta = {changed, ARRAY_SIZE(changed)};
	struct service_name who = {ANCHOR}, boss = {"A=="};
	struct service_bag *bag =
		service_bag_new(schema_class_find(entra_schema(ENTRA_SERVICE), "user"), NULL);
	_cleanup_arena_ struct arena a = {0};
	struct entry e;

	entry_init(&e, &a);
	entry_add(&e, attr_intern("proxyAddresses"), value_string("SMTP:a@x.de"));
	entry_add(&e, attr_intern("proxyAddresses"), value_string("smtp:b@x.de"));
	entry_set(&e, attr_intern("accountEnabled"), value_boolean(false));
	for (unsigned i = 0; i < 2; i++)
		changed[i + 1] = (struct delta_attr){.id = e.attrs[i].id, .after = &e.attrs[i]};
	service_object_begin(b, &who);
	service_put_values(b, bag, &e, &delta);
	service_put_reference(b, "manager", &boss);
	service_object_end(b, "user", SERVICE_SET);
	service_bag_free(bag);
}

static void write_objects(struct buf *b, void *ctx)
{
	struct service_name who = {ANCHOR}, one = {"A=="}, two = {"B=="};
	struct service_name cloud = {"User_1", .is_cloud = true};

	service_objects_begin(b);
	write_user(b);
	service_object_begin(b, &who);
	service_changes_begin(b, "member");
	service_put_change(b, &one, true);
	service_put_change(b, &two, false);
	service_changes_end(b);
	service_object_end(b, "group", SERVICE_SET);
	service_object_begin(b, &cloud);
	service_object_end(b, "user", SERVICE_DELETE);
	service_objects_end(b);
}

static void write_request(struct buf *b)
{
	struct service_header h = {"ProvisionAzureADSyncObjects2", "https://x.example/p.svc", NULL,
		"2.6.3.0", "00112233-4455-6677-8899-aabbccddeeff"};

	service_begin(b, &h);
	write_objects(b, NULL);
	service_end(b);
}

static const struct dry_property *property(const struct dry_object *o, const char *name)
{
	for (unsigned i = 0; i < o->n; i++)
		if (streq(o->properties[i].name, name))
			return &o->properties[i];
	fail_msg("no %s", name);
	return NULL;
}

static void expect(const struct dry_object *o, const char *name, const char *type, unsigned n,
	const char *last, char change)
{
	const struct dry_property *p = property(o, name);

	assert_int_equal(p->n, n);
	if (!type) {
		assert_null(p->type);
		return;
	}
	assert_string_equal(p->type, type);
	assert_string_equal(p->values[n - 1].text, last);
	assert_int_equal(p->values[n - 1].change, change);
}

static void test_objects(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	struct dry_object *o;
	struct err e = {0};
	unsigned n;

	write_request(&b);
	if (service_message_objects(b.data, b.len, &a, &o, &n, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(n, 3);
	assert_string_equal(o[0].type, "User");
	assert_string_equal(o[0].operation, "Set");
	assert_string_equal(o[0].dn, entra_dn(ANCHOR, &a));
	assert_int_equal(o[0].n, 5);
	expect(&o[0], "SourceAnchor", "d:string", 1, ANCHOR, 0);
	expect(&o[0], "title", NULL, 0, NULL, 0);
	expect(&o[0], "proxyAddresses", "c:ArrayOfstring", 2, "smtp:b@x.de", 0);
	expect(&o[0], "accountEnabled", "d:boolean", 1, "false", 0);
	expect(&o[0], "manager", "d:string", 1, "A==", 0);
	assert_string_equal(o[1].type, "Group");
	expect(&o[1], "member", "SyncReferenceChangeCollection", 2, "B==", '-');
	assert_int_equal(property(&o[1], "member")->values[0].change, '+');
	assert_string_equal(property(&o[1], "member")->values[1].dn, entra_dn("B==", &a));
	assert_string_equal(o[2].operation, "Delete");
	assert_int_equal(o[2].n, 1);
	assert_null(o[2].dn);
	assert_int_equal(service_message_objects(b.data, b.len - 1, &a, &o, &n, &e), -EBADMSG);
}

/* --- what the sink gets --- */

static struct told {
	struct dry_sink sink;
	unsigned n, objects;
	char name[64];
	struct buf text;
	int answer;
} told;

static int take(struct dry_sink *sink, const struct dry_message *m, struct err *e)
{
	told.n++;
	told.objects = m->n;
	snprintf(told.name, sizeof(told.name), "%s", m->name);
	buf_clear(&told.text);
	if (m->text)
		buf_adds(&told.text, m->text);
	return told.answer;
}

static void test_tell(void **state)
{
	_cleanup_buf_ struct buf b = {0};
	struct err e = {0};

	told.sink.message = take;
	write_request(&b);
	assert_int_equal(service_tell(&told.sink, "ProvisionAzureADSyncObjects2", &b, &e), 0);
	assert_string_equal(told.name, "ProvisionAzureADSyncObjects2");
	assert_int_equal(told.objects, 0);
	assert_non_null(strstr(buf_str(&told.text), "<Anchor>B==</Anchor>"));
	assert_non_null(strstr(buf_str(&told.text), "\"></BearerToken>"));
	told.sink.objects = true;
	assert_int_equal(service_tell(&told.sink, "X", &b, &e), 0);
	assert_int_equal(told.objects, 3);
	assert_int_equal(told.text.len, 0);
	told.answer = -EIO;
	assert_int_equal(service_tell(&told.sink, "X", &b, &e), -EIO);
	b.len--;
	assert_int_equal(service_tell(&told.sink, "X", &b, &e), -EBADMSG);
	buf_done(&told.text);
}

/* It is told, and all of it is taken; what is new gets an anchor. */
static void test_call(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct service s = {.build = "2.6.3.0", .url = (char *)"https://x.example/p.svc"};
	struct service_answer answer;
	struct err e = {0};

	told = (struct told){.sink = {false, take}};
	assert_int_equal(service_dry_call(&s, &told.sink, "ProvisionAzureADSyncObjects2",
				 write_objects, NULL, &a, &answer, &e),
		CONN_OK);
	assert_int_equal(told.n, 1);
	assert_non_null(strstr(buf_str(&told.text), "https://x.example/p.svc</a:To>"));
	assert_false(answer.is_fault);
	assert_int_equal(answer.n_results, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(answer.results[i].code, "Success");
	assert_string_equal(answer.results[0].source_anchor, ANCHOR);
	assert_true(str_starts(answer.results[0].cloud_anchor, "User_dry-run-"));
	assert_true(str_starts(answer.results[1].cloud_anchor, "Group_dry-run-"));
	assert_string_equal(answer.results[2].cloud_anchor, "User_1");
	assert_int_equal(service_dry_call(&s, &told.sink, "GetCompanyConfiguration", NULL, NULL, &a,
				 &answer, &e),
		CONN_OK);
	assert_int_equal(answer.n_results, 0);
	told.answer = -EIO;
	assert_int_equal(
		service_dry_call(&s, &told.sink, "FinalizeExport", NULL, NULL, &a, &answer, &e),
		CONN_RUN_BAD);
	buf_done(&told.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_objects),
		cmocka_unit_test(test_tell),
		cmocka_unit_test(test_call),
	};

	return cmocka_run_group_tests_name("connector/entra/service/dry", tests, NULL, NULL);
}
