/*
 * connector/entra/service: requests as XML, and what is read from answers. That the messages are
 * those of the real service is known by what clients that work send, not by a tenant.
 */
#include "../check.h"
#include "base/codec.h"
#include "base/file.h"
#include "connector/entra/schema.h"
#include "connector/entra/service/answer.h"
#include "connector/entra/service/bag.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <errno.h>

#define ANCHOR "eFY0Erya8N4RIjNEVWZ3iA=="

static struct value binary(const char *s)
{
	return value_binary(s, strlen(s));
}

static const char *to_xml(const struct buf *b, struct buf *xml)
{
	struct err e = {0};

	buf_clear(xml);
	if (nbfx_to_xml(b->data, b->len, xml, &e) < 0)
		fail_msg("%s", e.text);
	return buf_str(xml);
}

static void has(const char *xml, const char *part)
{
	if (!strstr(xml, part))
		fail_msg("missing: %s in\n%s", part, xml);
}

static void test_envelope(void **state)
{
	struct service_header h = {"FinalizeExport", "https://x.example/provisioningservice.svc",
		"TOKEN", "2.6.3.0", "00112233-4455-6677-8899-aabbccddeeff"};
	_cleanup_buf_ struct buf b = {.wipe = true}, xml = {0};

	service_begin(&b, &h);
	nbfx_leaf(&b, 0, "totalExported", "3");
	service_end(&b);
	to_xml(&b, &xml);
	has(buf_str(&xml), "<s:Envelope xmlns:s=\"" SERVICE_NS_SOAP "\" "
			   "xmlns:a=\"http://www.w3.org/2005/08/addressing\">\n  <s:Header>\n"
			   "    <a:Action s:mustUnderstand=\"1\">" SERVICE_NS_CHANGE
			   "/IProvisioningWebService/FinalizeExport</a:Action>\n");
	has(buf_str(&xml), "<BearerToken xmlns=\"" SERVICE_NS_CHANGE "\">TOKEN</BearerToken>");
	has(buf_str(&xml), ">2.6.3.0</FIMBuildNumber>");
	has(buf_str(&xml), ">2.0</ProtocolVersion>");
	has(buf_str(&xml), "<a:MessageID>urn:uuid:00112233-4455-6677-8899-aabbccddeeff<");
	has(buf_str(&xml), "<FinalizeExport xmlns=\"" SERVICE_NS_CHANGE
			   "\">\n      <totalExported>3</totalExported>\n    </FinalizeExport>\n");
	buf_clear(&b);
	h.token = NULL;
	service_begin(&b, &h);
	service_end(&b);
	assert_null(strstr(to_xml(&b, &xml), "TOKEN"));
}

static void begin(struct buf *b)
{
	nbfx_start(b, 0, "P");
	nbfx_declare(b, 0, SERVICE_NS_CHANGE);
	service_objects_begin(b);
}

static void end(struct buf *b)
{
	service_objects_end(b);
	nbfx_end(b);
}

static struct service_bag *bag_of(const char *class)
{
	return service_bag_new(schema_class_find(entra_schema(ENTRA_SERVICE), class), NULL);
}

static void test_bag(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0}, xml = {0};
	struct service_bag *bag = bag_of("user");
	struct service_name who = {ANCHOR};
	struct entry e;

	entry_init(&e, &a);
	entry_set(&e, attr_intern("sourceAnchor"), value_string(ANCHOR));
	entry_set(&e, attr_intern("displayName"), value_string("M\303\274ller & Co"));
	entry_set(&e, attr_intern("accountEnabled"), value_boolean(true));
	entry_set(&e, attr_intern("onPremiseSecurityIdentifier"), binary("\1\1"));
	entry_add(&e, attr_intern("proxyAddresses"), value_string("SMTP:a@x.de"));
	entry_add(&e, attr_intern("proxyAddresses"), value_string("smtp:b@x.de"));
	entry_set(&e, attr_intern("onPremisesSyncEnabled"), value_boolean(true));
	entry_set(&e, attr_intern("countryCode"), value_integer(276)); /* nobody shows it */
	entry_add(&e, attr_intern("userCertificate"), binary("\2\2"));
	entry_set(&e, attr_intern("pager"), value_boolean(true)); /* of another type than its own */
	entry_clear(&e, attr_intern("title"));
	begin(&b);
	service_object_begin(&b, &who);
	service_put_values(&b, bag, &e, NULL);
	service_object_end(&b, "user", SERVICE_SET);
	end(&b);
	service_bag_free(bag);
	to_xml(&b, &xml);
	has(buf_str(&xml), "<c:Key>SourceAnchor</c:Key>");
	has(buf_str(&xml), "<c:Value i:type=\"d:string\">M\303\274ller &amp; Co</c:Value>");
	has(buf_str(&xml), "<c:Value i:type=\"d:boolean\">true</c:Value>");
	has(buf_str(&xml), "<c:Value i:type=\"d:base64Binary\">AQE=</c:Value>");
	has(buf_str(&xml),
		"<c:Key>countryCode</c:Key>\n            <c:Value i:type=\"d:long\">276<");
	has(buf_str(&xml), "<c:Value i:type=\"c:ArrayOfbase64Binary\">");
	has(buf_str(&xml), "<c:base64Binary>AgI=</c:base64Binary>");
	has(buf_str(&xml), "<c:Key>pager</c:Key>\n            <c:Value i:type=\"d:boolean\">");
	has(buf_str(&xml), "<c:Value i:type=\"c:ArrayOfstring\">");
	has(buf_str(&xml), "<c:string>smtp:b@x.de</c:string>");
	has(buf_str(&xml), "<b:SyncObjectType>User</b:SyncObjectType>");
	has(buf_str(&xml), "<b:SyncOperation>Set</b:SyncOperation>");
	assert_null(strstr(buf_str(&xml), "onPremisesSyncEnabled")); /* the service's own */
	assert_null(strstr(buf_str(&xml), "<c:Key>title"));          /* has no value */
	assert_null(strstr(buf_str(&xml), "<c:Key>sourceAnchor"));   /* only once */
}

static void test_clear_and_delete(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0}, xml = {0};
	struct attr empty = {.id = attr_intern("title")};
	struct delta_attr changed[] = {{.id = attr_intern("title"), .after = &empty},
		{.id = attr_intern("department"), .after = NULL}};
	struct delta delta = {changed, ARRAY_SIZE(changed)};
	struct service_bag *bag = bag_of("user");
	struct service_name who = {"User_1", .is_cloud = true};
	struct entry e;

	entry_init(&e, &a);
	begin(&b);
	service_object_begin(&b, &who);
	service_put_values(&b, bag, &e, &delta);
	service_object_end(&b, "user", SERVICE_SET);
	service_object_begin(&b, &who);
	service_object_end(&b, "user", SERVICE_DELETE);
	end(&b);
	service_bag_free(bag);
	to_xml(&b, &xml);
	has(buf_str(&xml), "<c:Key>CloudAnchor</c:Key>");
	has(buf_str(&xml), "<c:Key>title</c:Key>\n            <c:Value i:nil=\"true\"></c:Value>");
	has(buf_str(&xml), "<c:Key>department</c:Key>\n            <c:Value i:nil=\"true\">");
	has(buf_str(&xml), "<b:SyncOperation>Delete</b:SyncOperation>");
}

static void test_references(void **state)
{
	static const struct service_name targets[] = {{"A=="}, {"User_2", .is_cloud = true}};
	struct service_name who = {ANCHOR};
	_cleanup_buf_ struct buf b = {0}, xml = {0};

	begin(&b);
	service_object_begin(&b, &who);
	service_put_reference(&b, "manager", &targets[0]);
	service_put_reference(&b, "managedBy", NULL);
	service_changes_begin(&b, "member");
	service_put_change(&b, &targets[0], true);
	service_put_change(&b, &targets[1], false);
	service_changes_end(&b);
	service_object_end(&b, "group", SERVICE_SET);
	end(&b);
	to_xml(&b, &xml);
	has(buf_str(&xml), "<c:Value i:type=\"d:string\">A==</c:Value>");
	has(buf_str(&xml), "<c:Key>managedBy</c:Key>\n            <c:Value i:nil=\"true\">");
	has(buf_str(&xml), "<c:Value i:type=\"SyncReferenceChangeCollection\">");
	has(buf_str(&xml), "<Anchor>A==</Anchor>");
	has(buf_str(&xml), "<referenceTypeInt>2</referenceTypeInt>");
	has(buf_str(&xml), "<operationInt>1</operationInt>");
	has(buf_str(&xml), "<Anchor>User_2</Anchor>");
	has(buf_str(&xml), "<referenceTypeInt>1</referenceTypeInt>");
	has(buf_str(&xml), "<operationInt>2</operationInt>");
	has(buf_str(&xml), "<b:SyncObjectType>Group</b:SyncObjectType>");
}

static void test_unfit(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	struct entry e;

	entry_init(&e, &a);
	entry_set(&e, attr_intern("title"), value_string("good\ttext\n"));
	assert_null(service_problem(&e, NULL));
	entry_set(&e, attr_intern("department"), value_string("bell\a"));
	assert_string_equal(service_problem(&e, NULL), "department");
}

/* --- answers --- */

static void read_vector(const char *name, struct buf *b)
{
	_cleanup_free_ char *path = xasprintf("%s/%s.hex", ADSYNC_NBFX_VECTORS, name), *hex = NULL;
	struct err e = {0};
	char byte;

	assert_int_equal(file_read(path, 1 << 20, &hex, NULL, &e), 0);
	for (const char *p = hex; *p; p++)
		if (*p != '\n') {
			assert_int_equal(hex_decode(&byte, p++, 2), 1);
			buf_addc(b, byte);
		}
}

static void test_result(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	struct service_answer answer;
	struct err e = {0};

	read_vector("t3", &b);
	assert_int_equal(
		service_read_answer(b.data, b.len, "ProvisionAzureADSyncObjects", &a, &answer, &e),
		0);
	assert_false(answer.is_fault);
	assert_int_equal(answer.n_results, 1);
	assert_string_equal(
		answer.results[0].cloud_anchor, "User_64c6616b-f961-4882-a03e-9209d01711aa");
	assert_string_equal(answer.results[0].source_anchor, ANCHOR);
	assert_string_equal(answer.results[0].code, "Success");
	assert_string_equal(answer.results[0].text, "");
	assert_int_equal(
		service_read_answer(b.data, b.len, "FinalizeExport", &a, &answer, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "not one to FinalizeExport"));
}

static void test_redirect(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	struct service_answer answer;
	struct err e = {0};

	read_vector("t4", &b);
	assert_int_equal(service_read_answer(b.data, b.len, "FinalizeExport", &a, &answer, &e), 0);
	assert_true(answer.is_fault);
	assert_string_equal(answer.fault.text, "Redirect");
	assert_string_equal(answer.fault.redirect,
		"https://adminwebservice-s1-bn1a.microsoftonline.com/provisioningservice.svc");
}

static void begin_envelope(struct buf *b)
{
	nbfx_start(b, 's', "Envelope");
	nbfx_declare(b, 's', SERVICE_NS_SOAP);
	nbfx_start(b, 's', "Header");
	nbfx_end(b);
	nbfx_start(b, 's', "Body");
}

static void end_envelope(struct buf *b)
{
	nbfx_end(b);
	nbfx_end(b);
}

static void test_fault(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	struct service_answer answer;
	struct err e = {0};

	begin_envelope(&b);
	nbfx_start(&b, 's', "Fault");
	nbfx_start(&b, 's', "Reason");
	nbfx_leaf(&b, 's', "Text", "busy");
	nbfx_end(&b);
	nbfx_start(&b, 's', "Detail");
	nbfx_start(&b, 0, "AdminWebServiceFault");
	nbfx_leaf(&b, 0, "ErrorCode", "81");
	nbfx_leaf(&b, 0, "ErrorDescription", "currently busy");
	nbfx_leaf(&b, 0, "ServerName", "X");
	for (unsigned i = 0; i < 3; i++)
		nbfx_end(&b);
	end_envelope(&b);
	assert_int_equal(service_read_answer(b.data, b.len, "FinalizeExport", &a, &answer, &e), 0);
	assert_true(answer.is_fault);
	assert_int_equal(answer.fault.code, 81);
	assert_string_equal(answer.fault.text, "currently busy");
	assert_null(answer.fault.redirect);
}

static void test_configuration(void **state)
{
	static const char operation[] = "GetCompanyConfiguration";
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	struct service_answer answer;
	struct err e = {0};

	begin_envelope(&b);
	nbfx_start(&b, 0, "GetCompanyConfigurationResponse");
	nbfx_declare(&b, 0, SERVICE_NS_CHANGE);
	nbfx_start(&b, 0, "GetCompanyConfigurationResult");
	nbfx_leaf(&b, 0, "AllowedFeatures", "ObjectWriteback PasswordWriteback");
	nbfx_start(&b, 0, "DirSyncConfiguration");
	nbfx_start(&b, 0, "CurrentExport");
	nbfx_leaf(&b, 0, "DirSyncClientMachineName", "SERVER1");
	nbfx_end(&b);
	nbfx_start(&b, 0, "PreventAccidentalDeletion");
	nbfx_leaf(&b, 0, "DeletionPrevention", "EnabledForCount");
	nbfx_leaf(&b, 0, "ThresholdCount", "500");
	nbfx_end(&b);
	nbfx_end(&b);
	nbfx_leaf(&b, 0, "DirSyncFeatures", "41016");
	nbfx_leaf(&b, 0, "DisplayName", "Fjordline");
	nbfx_leaf(&b, 0, "IsDirSyncing", "true");
	nbfx_leaf(&b, 0, "MaxLinksSupportedAcrossBatchInProvision2", "15000");
	nbfx_leaf(&b, 0, "New", "member");
	nbfx_end(&b);
	nbfx_end(&b);
	end_envelope(&b);
	assert_int_equal(service_read_answer(b.data, b.len, operation, &a, &answer, &e), 0);
	assert_int_equal(answer.configuration.features, 41016);
	assert_int_equal(answer.configuration.links_max, 15000);
	assert_int_equal(answer.configuration.threshold, 500);
	assert_string_equal(answer.configuration.prevention, "EnabledForCount");
	assert_string_equal(answer.configuration.allowed, "ObjectWriteback PasswordWriteback");
	assert_string_equal(answer.configuration.machine, "SERVER1");
	assert_string_equal(answer.configuration.name, "Fjordline");
	assert_true(answer.configuration.is_syncing);
}

static void test_no_answer(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf b = {0};
	struct service_answer answer;
	struct err e = {0};

	assert_int_equal(
		service_read_answer("<html>", 6, "FinalizeExport", &a, &answer, &e), -EBADMSG);
	nbfx_leaf(&b, 0, "Envelope", "");
	assert_int_equal(
		service_read_answer(b.data, b.len, "FinalizeExport", &a, &answer, &e), -EBADMSG);
	assert_non_null(strstr(e.text, "not a SOAP envelope"));
	buf_clear(&b);
	begin_envelope(&b);
	end_envelope(&b);
	assert_int_equal(
		service_read_answer(b.data, b.len, "FinalizeExport", &a, &answer, &e), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_envelope),
		cmocka_unit_test(test_bag),
		cmocka_unit_test(test_clear_and_delete),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_unfit),
		cmocka_unit_test(test_result),
		cmocka_unit_test(test_redirect),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_configuration),
		cmocka_unit_test(test_no_answer),
	};

	return cmocka_run_group_tests_name("connector/entra/service", tests, NULL, NULL);
}
