/* The LDAP client: connecting and signing in, on libldap's asynchronous calls. */
#include "base/file.h"
#include "base/timefmt.h"
#include "net/ldap_priv.h"

#include <errno.h>
#include <stdio.h>

#define WAIT_MS 500 /* between two questions whether to stop */

static int result_errno(int code)
{
	switch (code) {
	case LDAP_SERVER_DOWN:
	case LDAP_CONNECT_ERROR:
	case LDAP_TIMEOUT:
	case LDAP_BUSY:
	case LDAP_UNAVAILABLE:
		return -EHOSTDOWN;
	case LDAP_INVALID_CREDENTIALS:
	case LDAP_INAPPROPRIATE_AUTH:
	case LDAP_STRONG_AUTH_REQUIRED:
	case LDAP_INSUFFICIENT_ACCESS:
		return -EACCES;
	case LDAP_NO_SUCH_OBJECT:
		return -ENOENT;
	case LDAP_UNAVAILABLE_CRITICAL_EXTENSION:
		return -ENOTSUP;
	case LDAP_TYPE_OR_VALUE_EXISTS:
		return -EEXIST;
	}
	return -EPROTO;
}

/*
 * Active Directory's sub-codes of error 49, "data 52e" in the diagnostic text
 * (learn.microsoft.com, "LDAP Wiki: common Active Directory bind errors").
 */
static const char *bind_advice(const char *diagnostic)
{
	static const struct {
		const char *code, *text;
	} codes[] = {
		{"data 525", "; the account does not exist: check bind_dn"},
		{"data 52e", "; the password is wrong: check password_file"},
		{"data 530", "; the account may not sign in at this time"},
		{"data 532", "; the password has expired"},
		{"data 533", "; the account is disabled"},
		{"data 701", "; the account has expired"},
		{"data 773", "; the password must be changed first"},
		{"data 775", "; the account is locked"},
	};

	for (unsigned i = 0; diagnostic && i < ARRAY_SIZE(codes); i++)
		if (strstr(diagnostic, codes[i].code))
			return codes[i].text;
	return "; check bind_dn and password_file";
}

int dir_fail(struct directory *d, int code, const char *what, struct err *e)
{
	char *diagnostic = NULL;
	const char *advice = "";
	int ret = result_errno(code);

	ldap_get_option(d->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
	if (code == LDAP_INVALID_CREDENTIALS)
		advice = bind_advice(diagnostic);
	else if (ret == -EHOSTDOWN)
		advice = "; is the server up, and does its certificate match its name and ca_file?";
	else if (code == LDAP_STRONG_AUTH_REQUIRED)
		advice = "; the server wants an encrypted connection: use ldaps:// or starttls";
	err_set(e, ret, d->uri, 0, "%s: %s%s%s%s%s", what,
		code == LDAP_INVALID_CREDENTIALS ? "invalid credentials" : ldap_err2string(code),
		diagnostic && *diagnostic ? " (" : "", diagnostic ? diagnostic : "",
		diagnostic && *diagnostic ? ")" : "", advice);
	ldap_memfree(diagnostic);
	return ret;
}

int dir_wait(struct directory *d, int id, int seconds, const char *what, LDAPMessage **ret,
	struct err *e)
{
	int64_t end = monotonic_ms() + (int64_t)seconds * 1000;

	for (;;) {
		struct timeval tv = {.tv_usec = WAIT_MS * 1000};
		int r = ldap_result(d->ld, id, LDAP_MSG_ONE, &tv, ret);

		if (r > 0)
			return 0;
		if (r < 0) {
			int code = LDAP_SERVER_DOWN;

			ldap_get_option(d->ld, LDAP_OPT_RESULT_CODE, &code);
			return dir_fail(d, code ? code : LDAP_SERVER_DOWN, what, e);
		}
		if (d->o.canceled && d->o.canceled(d->o.ctx))
			return err_set(e, -ECANCELED, d->uri, 0, "%s was stopped", what);
		if (monotonic_ms() >= end)
			return err_set(e, -EHOSTDOWN, d->uri, 0, "%s: no answer for %d seconds",
				what, seconds);
	}
}

int dir_wait_result(struct directory *d, int id, const char *what, struct err *e)
{
	LDAPMessage *msg = NULL;
	int code = LDAP_OTHER, r = dir_wait(d, id, d->o.connect_timeout, what, &msg, e);

	if (r < 0)
		return r;
	r = ldap_parse_result(d->ld, msg, &code, NULL, NULL, NULL, NULL, 1);
	if (r == LDAP_SUCCESS && code == LDAP_SUCCESS)
		return 0;
	ldap_set_option(d->ld, LDAP_OPT_RESULT_CODE, &code);
	return dir_fail(d, r != LDAP_SUCCESS ? r : code, what, e);
}

static void set_options(struct directory *d)
{
	int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND;
	int first = 0;
	struct timeval tv = {.tv_sec = d->o.connect_timeout};

	ldap_set_option(d->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(d->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(d->ld, LDAP_OPT_NETWORK_TIMEOUT, &tv);
	ldap_set_option(d->ld, LDAP_OPT_TIMEOUT, &tv); /* of the calls that wait by themselves */
	ldap_set_option(d->ld, LDAP_OPT_X_TLS_REQUIRE_CERT, &demand);
	if (d->o.ca_file)
		ldap_set_option(d->ld, LDAP_OPT_X_TLS_CACERTFILE, d->o.ca_file);
	ldap_set_option(d->ld, LDAP_OPT_X_TLS_NEWCTX, &first);
}

static bool is_tls(const struct directory_options *o)
{
	return o->starttls || str_starts(o->uri, "ldaps://") || str_starts(o->uri, "ldapi://");
}

static int starttls(struct directory *d, struct err *e)
{
	int r = ldap_start_tls_s(d->ld, NULL, NULL);

	return r == LDAP_SUCCESS ? 0 : dir_fail(d, r, "StartTLS", e);
}

static int bind_simple(struct directory *d, struct err *e)
{
	_cleanup_secret_ char *password = NULL;
	struct berval cred = {0};
	int id, r;

	if (d->o.bind_dn) {
		if (!is_tls(&d->o) && !d->o.allow_cleartext)
			return err_set(e, -EACCES, d->uri, 0,
				"the password is not sent without encryption: use ldaps:// or "
				"starttls = yes");
		r = secret_read(d->o.password_file, &password, e);
		if (r < 0)
			return r;
		if (!*password)
			return err_set(e, -EACCES, d->o.password_file, 0,
				"the password is empty, which a server takes for an anonymous "
				"bind");
		cred.bv_val = password;
		cred.bv_len = strlen(password);
	}
	r = ldap_sasl_bind(
		d->ld, d->o.bind_dn ? d->o.bind_dn : "", LDAP_SASL_SIMPLE, &cred, NULL, NULL, &id);
	if (r != LDAP_SUCCESS)
		return dir_fail(d, r, "connecting", e);
	return dir_wait_result(d, id, "sign-in", e);
}

int directory_open(const struct directory_options *o, struct directory **ret, struct err *e)
{
	struct directory *d;
	int r;

	if (o->ca_file && access(o->ca_file, R_OK) < 0)
		return err_set(
			e, -errno, o->ca_file, 0, "cannot read the CA file: %s", strerror(errno));
	d = xcalloc(1, sizeof(*d));
	d->o = *o;
	d->uri = xstrdup(o->uri);
	r = ldap_initialize(&d->ld, o->uri);
	if (r != LDAP_SUCCESS) {
		err_set(e, -EINVAL, o->uri, 0, "not a valid LDAP address: %s", ldap_err2string(r));
		free(d->uri);
		free(d);
		return -EINVAL;
	}
	set_options(d);
	r = o->starttls ? starttls(d, e) : 0;
	if (r == 0)
		r = o->auth == DIRECTORY_GSSAPI ? dir_bind_gssapi(d, is_tls(o), e)
		                                : bind_simple(d, e);
	if (r < 0) {
		directory_close(d);
		return r;
	}
	*ret = d;
	return 0;
}

void directory_close(struct directory *d)
{
	if (!d)
		return;
	ldap_unbind_ext(d->ld, NULL, NULL);
	free(d->uri);
	free(d);
}

const char *directory_uri(const struct directory *d)
{
	return d->uri;
}

int directory_discover(const char *domain, char **ret, struct err *e)
{
	_cleanup_free_ char *name = xasprintf("dc._msdcs.%s", domain);
	char *list = NULL;
	int r = ldap_domain2hostlist(name, &list);

	if (r != LDAP_SUCCESS || !list || !*list) {
		ldap_memfree(list);
		return err_set(e, -EHOSTDOWN, domain, 0,
			"DNS names no domain controller (SRV _ldap._tcp.%s)%s%s; is the DNS "
			"server the domain's?",
			name, r != LDAP_SUCCESS ? ": " : "",
			r != LDAP_SUCCESS ? ldap_err2string(r) : "");
	}
	*ret = xstrdup(list);
	ldap_memfree(list);
	return 0;
}
