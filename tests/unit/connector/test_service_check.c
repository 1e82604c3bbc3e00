/*
 * connector/entra/service/check: each finding of the test of the service, once good and once not,
 * by itself and against a server on the loopback interface.
 */
#include "../folder.h"
#include "../net/server.h"
#include "connector/entra/service/check.h"
#include "connector/entra/service/soap.h"
#include "net/nbfx.h"

#include <stdio.h>
#include <sys/socket.h>

#define TENANT "6f1d2a7e-3c5b-4e0f-9b8a-1c2d3e4f5a6b"
#define FEATURES (8 | 16 | 32)

/* --- findings --- */

struct heard {
	struct test_sink sink;
	struct buf text; /* a line each: "good check: text" */
};

static void hear(struct test_sink *sink, const struct test_finding *f)
{
	struct heard *h = container_of(sink, struct heard, sink);

	buf_addf(&h->text, "%s %s: %s\n", test_verdict_name(f->verdict), f->check, f->text);
}

static struct heard heard = {.sink = {hear}};

static int forget(void **state)
{
	buf_done(&heard.text);
	return 0;
}

static void has(const char *line)
{
	if (!strstr(buf_str(&heard.text), line))
		fail_msg("missing: %s in\n%s", line, buf_str(&heard.text));
}

static void has_not(const char *line)
{
	if (strstr(buf_str(&heard.text), line))
		fail_msg("must not be: %s in\n%s", line, buf_str(&heard.text));
}

/* --- what a configuration tells --- */

static struct service_configuration good_configuration(void)
{
	return (struct service_configuration){.features = FEATURES,
		.links_max = 15000,
		.threshold = 500,
		.prevention = "EnabledForCount",
		.allowed = "PasswordWriteback",
		.machine = "",
		.name = "Fjordline",
		.tenant_id = TENANT,
		.is_syncing = true};
}

static struct service_check good_check(void)
{
	return (struct service_check){.tenant_id = TENANT, .deletion_threshold = 500};
}

static void tell(struct service_check x, struct service_configuration c)
{
	buf_clear(&heard.text);
	service_tell_configuration(&heard.sink, &x, &c);
}

static void test_all_good(void **state)
{
	tell(good_check(), good_configuration());
	has("good tenant: Fjordline, id " TENANT ", as tenant_id\n");
	has("good synchronization: switched on");
	has("good features: DirSyncFeatures 56: DuplicateUPNResiliency, EnableSoftMatchOnUpn, "
	    "DuplicateProxyAddressResiliency\n");
	has("good features: quarantine");
	has("good features: soft match allowed, by userPrincipalName too\n");
	has("good features: takeover");
	has("good features: AllowedFeatures: PasswordWriteback\n");
	has("good links: a request may have 15000 references\n");
	has("good threshold: the tenant asks for a stop above 500 deletes; adsyncd stops above "
	    "deletion_threshold = 500\n");
	has_not("warning");
	has_not("bad");
}

static void test_tenant(void **state)
{
	struct service_check x = good_check();
	struct service_configuration c = good_configuration();

	x.tenant_id = "fjordline.example"; /* a domain cannot be compared */
	tell(x, c);
	has("good tenant: Fjordline, id " TENANT "\n");
	x.tenant_id = "00000000-3c5b-4e0f-9b8a-1c2d3e4f5a6b";
	tell(x, c);
	has("bad tenant: the service takes us for the tenant Fjordline (" TENANT
	    "), and tenant_id is 00000000-3c5b-4e0f-9b8a-1c2d3e4f5a6b\n");
	c.tenant_id = "";
	tell(x, c);
	has("warning tenant: the service does not tell which tenant it is");
	c.is_syncing = false;
	tell(x, c);
	has("bad synchronization: switched off");
	has("{\"onPremisesSyncEnabled\": true}");
	c.machine = "SERVER1";
	tell(x, c);
	has("warning synchronization: the server SERVER1 has exported");
}

static void test_features(void **state)
{
	struct service_check x = good_check();
	struct service_configuration c = good_configuration();

	c.features = 0;
	tell(x, c);
	has("good features: DirSyncFeatures 0: none\n");
	has("warning features: quarantine is off for names and addresses");
	has("good features: soft match allowed, by userPrincipalName not\n");
	c.features = 8 | 64 | 524288 | 1048576;
	tell(x, c);
	has("BlockCloudObjectTakeoverThroughHardMatch; bits without a known name: 64\n");
	has("warning features: quarantine is off for addresses");
	has("good features: soft match blocked");
	has("warning features: takeover of cloud objects by a hard match is blocked");
	has_not("DirectoryExtensions is off");
	x.extensions = true;
	tell(x, c);
	has("warning features: DirectoryExtensions is off");
	c.features |= 4;
	tell(x, c);
	has_not("DirectoryExtensions is off");
	c.features = -1;
	tell(x, c);
	has("warning features: the service does not tell the tenant's features\n");
}

static void test_limits(void **state)
{
	struct service_check x = good_check();
	struct service_configuration c = good_configuration();

	x.deletion_threshold = 501;
	tell(x, c);
	has("warning threshold: the tenant asks for a stop above 500 deletes; adsyncd stops above "
	    "deletion_threshold = 501\n");
	x.deletion_threshold = 0;
	tell(x, c);
	has("warning threshold: ");
	has("deletion_threshold = off\n");
	c.prevention = "Disabled";
	tell(x, c);
	has("good threshold: the tenant's own limit is not on (Disabled)");
	c.threshold = -1;
	tell(x, c);
	has("good threshold: the tenant tells no limit");
	c.links_max = 0;
	c.allowed = "";
	tell(x, c);
	has("warning links: the service does not tell");
	has("AllowedFeatures: none told\n");
}

static void test_clock(void **state)
{
	service_tell_clock(&heard.sink, "h", 1000060, 1000000);
	has("good clock: within 60 s of the clock of h\n");
	service_tell_clock(&heard.sink, "h", 1000061, 1000000);
	has("warning clock: this machine is 61 s behind h");
	service_tell_clock(&heard.sink, "h", 1000000, 1000301);
	has("bad clock: this machine is 301 s ahead of h: sign-ins are refused");
	service_tell_clock(&heard.sink, "h", 0, 1000000);
	has("warning clock: h does not tell its time\n");
}

/* --- a whole test, against a server --- */

#define SIGNED "eyJhbGciOiJub25lIn0."
#define WITH_ROLE                                                              \
	SIGNED "eyJyb2xlcyI6WyJBRFN5bmNocm9uaXphdGlvbi5SZWFkV3JpdGUuQWxsIl19." \
	       "c2ln"
#define WITHOUT_ROLE SIGNED "eyJyb2xlcyI6W119.c2ln"

static struct server server;
static struct http *http;
static struct service service;
static char secret[128];
static struct {
	int get;              /* what the service's URL answers to a GET */
	bool refuses_sign_in; /* the secret is not the application's */
	const char *token, *fault;
} now;

static void say(int fd, int status, const char *type, const void *body, size_t n)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addf(&b, "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n", status,
		type, n);
	buf_add(&b, n ? body : "", n);
	(void)!send(fd, b.data, b.len, MSG_NOSIGNAL);
}

static void say_token(int fd)
{
	char text[512];

	if (now.refuses_sign_in) {
		snprintf(text, sizeof(text),
			"{\"error\":\"invalid_client\","
			"\"error_description\":\"AADSTS7000215: no.\"}");
		say(fd, 401, "application/json", text, strlen(text));
		return;
	}
	snprintf(text, sizeof(text),
		"{\"access_token\":\"%s\",\"expires_in\":3600,\"token_type\":\"Bearer\"}",
		now.token);
	say(fd, 200, "application/json", text, strlen(text));
}

static void begin_envelope(struct buf *b)
{
	nbfx_start(b, 's', "Envelope");
	nbfx_declare(b, 's', SERVICE_NS_SOAP);
	nbfx_start(b, 's', "Body");
}

static void say_fault(int fd)
{
	_cleanup_buf_ struct buf b = {0};

	begin_envelope(&b);
	nbfx_start(&b, 's', "Fault");
	nbfx_start(&b, 's', "Reason");
	nbfx_leaf(&b, 's', "Text", now.fault);
	for (unsigned i = 0; i < 4; i++)
		nbfx_end(&b);
	say(fd, 500, SERVICE_CONTENT_TYPE, b.data, b.len);
}

static void say_configuration(int fd)
{
	_cleanup_buf_ struct buf b = {0};

	begin_envelope(&b);
	nbfx_start(&b, 0, "GetCompanyConfigurationResponse");
	nbfx_declare(&b, 0, SERVICE_NS_CHANGE);
	nbfx_start(&b, 0, "GetCompanyConfigurationResult");
	nbfx_leaf(&b, 0, "DisplayName", "Fjordline");
	nbfx_leaf(&b, 0, "IsDirSyncing", "true");
	nbfx_leaf(&b, 0, "TenantId", TENANT);
	for (unsigned i = 0; i < 4; i++)
		nbfx_end(&b);
	say(fd, 200, SERVICE_CONTENT_TYPE, b.data, b.len);
}

static bool answer(struct server *s, int fd, unsigned i)
{
	const char *rq = s->request.data;

	if (strstr(rq, "/oauth2/"))
		say_token(fd);
	else if (strncmp(rq, "GET /provisioningservice.svc ", 29) == 0)
		say(fd, now.get, "text/plain", "", 0);
	else if (strncmp(rq, "GET ", 4) == 0)
		say(fd, strstr(rq, "/openid-configuration") ? 200 : 401, "text/plain", "", 0);
	else if (now.fault)
		say_fault(fd);
	else
		say_configuration(fd);
	return true;
}

static int set_up(void **state)
{
	struct http_options o = {
		.connect_timeout = 5, .request_timeout = 30, .connections = 2, .no_proxy = "*"};
	_cleanup_free_ char *url = NULL;
	struct oauth_options oo = {
		.method = OAUTH_SECRET, .tenant_id = TENANT, .client_id = "client"};
	struct err e = {0};

	now.get = 200;
	now.refuses_sign_in = false;
	now.token = WITH_ROLE;
	now.fault = NULL;
	folder_put("secret", "s", secret);
	server_start(&server, answer);
	assert_int_equal(http_new(&o, &http, &e), 0);
	oo.authority = server.url;
	oo.credential_file = secret;
	url = xasprintf("%s/provisioningservice.svc", server.url);
	service_init(&service, http, &oo, SERVICE_BUILD, url);
	return 0;
}

static int tear_down(void **state)
{
	service_done(&service);
	http_free(http);
	server_stop(&server);
	return forget(state);
}

static void run(void)
{
	struct service_check x = good_check();
	struct err e = {0};

	x.authority = x.graph = server.url;
	buf_clear(&heard.text);
	assert_int_equal(service_test_hosts(&service, &x, &heard.sink, &e), CONN_OK);
	assert_int_equal(service_test(&service, &x, &heard.sink, &e), CONN_OK);
	assert_int_equal(e.code, 0);
	has_not(SIGNED); /* no word of a token */
}

static void test_good(void **state)
{
	run();
	has("good host: 127.0.0.1 answers\n");
	has("good rights: the token for the service has the role "
	    "ADSynchronization.ReadWrite.All\n");
	has("good service: 127.0.0.1 answers as the provisioning service\n");
	has("good build: " SERVICE_BUILD " is accepted (adsyncd's own choice; seen accepted in "
	    "March 2026)\n");
	has("good tenant: Fjordline");
	has_not("bad ");
	service.build = "2.9.9.9";
	run();
	has("good build: sync_build = 2.9.9.9 is accepted\n");
}

static void test_hosts(void **state)
{
	struct service_check x = good_check();
	struct err e = {0};
	char closed[64];

	now.get = 404;
	run();
	has("bad host: 127.0.0.1 answers 404 to a GET: is service_url");
	snprintf(closed, sizeof(closed), "http://127.0.0.1:%d", closed_port());
	x.authority = closed;
	x.graph = server.url;
	buf_clear(&heard.text);
	assert_int_equal(service_test_hosts(&service, &x, &heard.sink, &e), CONN_OK);
	has("bad host: 127.0.0.1");
	has("may this host reach it?");
	has("good host: 127.0.0.1 answers\n"); /* the others are asked all the same */
}

static void test_refusals(void **state)
{
	now.refuses_sign_in = true;
	run();
	has("bad sign-in: for the service: ");
	has("AADSTS7000215");
	has_not("rights");
	now.refuses_sign_in = false;
	now.token = WITHOUT_ROLE;
	now.fault = "Access to Azure Active Directory has been denied. Contact Technical Support.";
	run();
	has("bad rights: the token for the service has no role: give the application "
	    "ADSynchronization.ReadWrite.All of \"Microsoft Entra AD Synchronization Service\" "
	    "(6bf85cfa-ac8a-4be5-b5de-425a0d0dc016) and admin consent\n");
	has("bad service: 127.0.0.1: Access to Azure Active Directory has been denied.");
	now.token = WITH_ROLE;
	oauth_forget(&service.oauth);
	now.fault = "This version of the Directory Sync tool is no longer supported.";
	run();
	has("bad build: sync_build = " SERVICE_BUILD ": ");
	has("set sync_build to a newer build");
	now.fault = "Identity synchronization is not yet activated for this company.";
	run();
	has("bad synchronization: Identity synchronization is not yet activated");
	has("onPremisesSyncEnabled");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_all_good, forget),
		cmocka_unit_test_teardown(test_tenant, forget),
		cmocka_unit_test_teardown(test_features, forget),
		cmocka_unit_test_teardown(test_limits, forget),
		cmocka_unit_test_teardown(test_clock, forget),
		cmocka_unit_test_setup_teardown(test_good, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_hosts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refusals, set_up, tear_down),
	};

	return cmocka_run_group_tests_name(
		"connector/entra/service/check", tests, folder_make, folder_remove);
}
