/* net/ldap: what is found out before a server is asked, and one that is not there. */
#include "../check.h"
#include "net/ldap.h"
#include "server.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

static char folder[] = "/tmp/test_ldap.XXXXXX";

static const char *put(const char *name, const char *text)
{
	static char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "we");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, 0600), 0);
	return path;
}

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

	o.ca_file = "/nonexistent/ca.pem";
	refused(&o, -ENOENT, o.ca_file, "cannot read the CA file");
	o.ca_file = put("ca.pem", "no certificates");
	refused(&o, -EINVAL, o.ca_file, "no CA certificates in PEM form");
	o.ca_file = put("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
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

	o.password_file = put("password", "secret");
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

static int clear(void **state)
{
	char command[300];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ca_file),
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_cleartext),
		cmocka_unit_test(test_nobody_there),
	};

	return mkdtemp(folder) ? cmocka_run_group_tests(tests, NULL, clear) : 1;
}
