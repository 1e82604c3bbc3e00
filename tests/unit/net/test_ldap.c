/* net/ldap: what is found out before a server is asked, and one that is not there. */
#include "../folder.h"
#include "net/ldap.h"
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static void refused(
	const struct directory_options *o, int code, const char *source, const char *why)
{
	struct directory *d = NULL;
	struct err e = {0};

	assert_int_equal(directory_open(o, &d, &e), code);
	assert_null(d);
	assert_int_equal(e.code, code);
	assert_string_equal(e.source, source);
	if (!strstr(e.text, why))
		fail_msg("%s: %s", why, e.text);
}

/* It is the file that is wrong, not the connection. */
static void test_ca_file(void **state)
{
	struct directory_options o = {.uri = "ldaps://127.0.0.1:1", .connect_timeout = 5};
	char path[128];

	o.ca_file = "/nonexistent/ca.pem";
	refused(&o, -ENOENT, o.ca_file, "cannot read the CA file");
	o.ca_file = folder_put("ca.pem", "no certificates", path);
	refused(&o, -EINVAL, o.ca_file, "no CA certificates in PEM form");
	o.ca_file = folder_put(
		"ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", path);
	refused(&o, -EINVAL, o.ca_file, "no CA certificates in PEM form");
	o.ca_file = folder;
	refused(&o, -EISDIR, o.ca_file, "folder");
}

static void test_address(void **state)
{
	struct directory_options o = {.uri = "http://127.0.0.1/", .connect_timeout = 5};

	refused(&o, -EINVAL, o.uri, "not a valid LDAP address");
}

static void test_cleartext(void **state)
{
	struct directory_options o = {
		.uri = "ldap://127.0.0.1:1", .bind_dn = "CN=a", .connect_timeout = 5};
	char path[128];

	o.password_file = folder_put("password", "secret", path);
	refused(&o, -EACCES, o.uri, "not sent without encryption");
}

static void test_nobody_there(void **state)
{
	struct directory_options o = {.connect_timeout = 5};
	char uri[64];

	snprintf(uri, sizeof(uri), "ldap://127.0.0.1:%d", closed_port());
	o.uri = uri;
	refused(&o, -EHOSTDOWN, o.uri, "is the server up");
	o.starttls = true;
	refused(&o, -EHOSTDOWN, o.uri, "is the server up");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ca_file),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_cleartext),
		cmocka_unit_test(test_nobody_there),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
