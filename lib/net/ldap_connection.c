/*
 * The LDAP client: connecting and signing in, on libldap's asynchronous calls. Errors are told in
 * three parts: what was tried, the server's own words, and what to do; a new piece of advice is a
 * row or a case in advice_of() and what it calls.
 */
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
	case LDAP_CONFIDENTIALITY_REQUIRED:
	case LDAP_AUTH_METHOD_NOT_SUPPORTED:
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
static const char *credentials_advice(const struct directory *d, const char *diagnostic)
{
	static const struct {
		const char *code, *text;
	} codes[] = {
		{"data 525", "; the account does not exist: check bind_dn"},
		{"data 52e", "; the password is wrong: check password_file"},
		{"data 530", "; the account may not sign in at this time"},
		{"data 531", "; the account may not sign in from this computer"},
		{"data 532", "; the password has expired"},
		{"data 533", "; the account is disabled"},
		{"data 701", "; the account has expired"},
		{"data 773", "; the password must be changed first"},
		{"data 775", "; the account is locked"},
		{"80090346",
			"; the server wants the sign-in to be bound to its certificate, and it is "
			"bound to another one: is there a proxy between?"},
	};

	/* of a ticket the first two say nothing */
	for (unsigned i = d->o.auth == DIRECTORY_GSSAPI ? 2 : 0;
		diagnostic && i < ARRAY_SIZE(codes); i++)
		if (strstr(diagnostic, codes[i].code))
			return codes[i].text;
	return d->o.auth == DIRECTORY_GSSAPI ? "; check keytab_file, and that the clocks agree"
	                                     : "; check bind_dn and password_file";
}

/*
 * GnuTLS's verdict on the server's certificate. libldap has no other way to tell it than its debug
 * log ("TLS: peer cert untrusted or revoked (0x42)"); the bits are those of gnutls/gnutls.h,
 * gnutls_certificate_status_t.
 */
static unsigned tls_status;
#define OTHER_NAME (1u << 14)

static void take_log(const char *text)
{
	const char *p = strstr(text, "untrusted or revoked (0x");

	if (p)
		tls_status |= (unsigned)strtoul(strchr(p, '(') + 1, NULL, 16);
	if (str_starts(text, "TLS: hostname") && strstr(text, "does not match"))
		tls_status |= OTHER_NAME;
}

/* While a connection is made; nothing of the log is shown. Without it only an advice is missing. */
static void listen_to_tls(bool listen)
{
	int level = listen ? 1 : 0; /* LDAP_DEBUG_TRACE */

	if (listen)
		tls_status = 0;
	(void)ber_set_option(NULL, LBER_OPT_LOG_PRINT_FN, (void *)take_log);
	(void)ldap_set_option(NULL, LDAP_OPT_DEBUG_LEVEL, &level);
}

static const char *certificate_verdict(void)
{
	static const struct {
		unsigned bit;
		const char *text;
	} reasons[] = {
		{1u << 5, "it was revoked"},
		{1u << 10, "it has expired"},
		{1u << 9, "it is not valid yet: check the clock"},
		{1u << 8, "it is signed with an insecure algorithm"},
		{1u << 7, "who signed it is no certificate authority"},
		{1u << 6,
			"its issuer is not known: ca_file must hold the authority that signed it"},
		{1u << 11, "its signature is wrong"},
		{OTHER_NAME, "it belongs to another name: source must name the server as its "
			     "certificate does"},
		{1u << 18, "it is for another purpose"},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(reasons); i++)
		if (tls_status & reasons[i].bit)
			return reasons[i].text;
	return tls_status ? "it is not valid" : NULL;
}

static bool is_tls(const struct directory_options *o)
{
	return o->starttls || str_starts(o->uri, "ldaps://") || str_starts(o->uri, "ldapi://");
}

/* The connection could not be made, or has ended. */
static const char *connection_advice(const struct directory *d)
{
	if (d->signed_in)
		return "; the connection was there, and has ended";
	if (!is_tls(&d->o))
		return "; is the server up, and can it be reached?";
	return d->o.starttls ? "; is the server up, and does it know StartTLS?"
	                     : "; is the server up, and does it speak TLS at this address?";
}

/* A sign-in that the server wants in another way: [MS-ADTS] 5.1.1.1.2 and 5.1.2. */
static const char *strength_advice(const struct directory *d)
{
	if (d->signed_in)
		return "";
	if (d->o.auth == DIRECTORY_GSSAPI && is_tls(&d->o))
		return "; the server refuses Kerberos inside TLS: use an ldap:// address and "
		       "starttls = "
		       "no, then Kerberos signs and seals the connection";
	if (is_tls(&d->o))
		return "; the server refuses this way to sign in: use auth = gssapi";
	return d->o.auth == DIRECTORY_GSSAPI
	               ? "; the server wants a stronger connection: use ldaps:// or starttls = yes"
	               : "; the server wants an encrypted connection: use ldaps:// or starttls = "
	                 "yes";
}

static const char *advice_of(const struct directory *d, int code, const char *diagnostic)
{
	switch (code) {
	case LDAP_INVALID_CREDENTIALS:
		return credentials_advice(d, diagnostic);
	case LDAP_SERVER_DOWN:
	case LDAP_CONNECT_ERROR:
	case LDAP_TIMEOUT:
		return connection_advice(d);
	case LDAP_BUSY:
	case LDAP_UNAVAILABLE:
		return d->signed_in ? "" : "; the server has no time or no certificate for us now";
	case LDAP_STRONG_AUTH_REQUIRED:
	case LDAP_CONFIDENTIALITY_REQUIRED:
	case LDAP_UNWILLING_TO_PERFORM:
		return strength_advice(d);
	case LDAP_AUTH_METHOD_NOT_SUPPORTED:
	case LDAP_AUTH_UNKNOWN:
		return d->o.auth == DIRECTORY_GSSAPI
		               ? "; the server or this machine has no GSSAPI "
		                 "(package libsasl2-modules-gssapi-mit)"
		               : "; the server takes no passwords: use auth = gssapi";
	case LDAP_LOCAL_ERROR:
		return d->o.auth == DIRECTORY_GSSAPI
		               ? "; check keytab_file, that source has the server's full name, and "
		                 "that the clocks agree"
		               : "";
	}
	return "";
}

int dir_fail(struct directory *d, int code, const char *what, struct err *e)
{
	const char *verdict = d->signed_in ? NULL : certificate_verdict();
	char *diagnostic = NULL;
	int ret = result_errno(code);

	ldap_get_option(d->ld, LDAP_OPT_DIAGNOSTIC_MESSAGE, &diagnostic);
	if (verdict && ret == -EHOSTDOWN)
		err_set(e, ret, d->uri, 0, "%s: the server's certificate is not trusted: %s", what,
			verdict);
	else
		err_set(e, ret, d->uri, 0, "%s: %s%s%s%s%s", what,
			code == LDAP_INVALID_CREDENTIALS ? "invalid credentials"
							 : ldap_err2string(code),
			diagnostic && *diagnostic ? " (" : "", diagnostic ? diagnostic : "",
			diagnostic && *diagnostic ? ")" : "", advice_of(d, code, diagnostic));
	ldap_memfree(diagnostic);
	return ret;
}

int dir_wait(struct directory *d, int id, int seconds, const char *what, LDAPMessage **ret,
	struct err *e)
{
	int64_t end = monotonic_ms() + (int64_t)seconds * 1000;
	long wait = 0; /* what has come already is taken without one */

	for (;;) {
		struct timeval tv = {.tv_usec = wait};
		int r = ldap_result(d->ld, id, LDAP_MSG_ONE, &tv, ret);

		if (r > 0)
			return 0;
		if (r < 0) {
			int code = LDAP_SERVER_DOWN;

			ldap_get_option(d->ld, LDAP_OPT_RESULT_CODE, &code);
			return dir_fail(d, code ? code : LDAP_SERVER_DOWN, what, e);
		}
		if (d->o.waiting)
			d->o.waiting(d->o.ctx);
		if (d->o.canceled && d->o.canceled(d->o.ctx))
			return err_set(e, -ECANCELED, d->uri, 0, "%s was stopped", what);
		if (monotonic_ms() >= end)
			return err_set(e, -EHOSTDOWN, d->uri, 0, "%s: no answer for %d seconds",
				what, seconds);
		wait = WAIT_MS * 1000;
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
	(void)ldap_set_option(d->ld, LDAP_OPT_RESULT_CODE, &code);
	return dir_fail(d, r != LDAP_SUCCESS ? r : code, what, e);
}

int dir_set_options(struct directory *d, const struct dir_option *options, size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (ldap_set_option(d->ld, options[i].option, options[i].value) != LDAP_OPT_SUCCESS)
			return err_set(e, -EPROTO, d->uri, 0,
				"the LDAP library refuses option 0x%x",
				(unsigned)options[i].option);
	return 0;
}

static int set_options(struct directory *d, struct err *e)
{
	int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, is_server = 0;
	int oldest = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	struct timeval tv = {.tv_sec = d->o.connect_timeout};
	const struct dir_option options[] = {
		{LDAP_OPT_PROTOCOL_VERSION, &version},
		{LDAP_OPT_REFERRALS, LDAP_OPT_OFF},
		{LDAP_OPT_NETWORK_TIMEOUT, &tv},
		{LDAP_OPT_TIMEOUT, &tv}, /* of the calls that wait by themselves */
		{LDAP_OPT_X_TLS_REQUIRE_CERT, &demand},
		{LDAP_OPT_X_TLS_PROTOCOL_MIN, &oldest},
	};

	TRY(dir_set_options(d, options, ARRAY_SIZE(options), e));
	if (!is_tls(&d->o))
		return 0;
	if (d->o.ca_file &&
		ldap_set_option(d->ld, LDAP_OPT_X_TLS_CACERTFILE, d->o.ca_file) != LDAP_OPT_SUCCESS)
		return err_set(e, -EINVAL, d->o.ca_file, 0, "the LDAP library refuses the CA file");
	/* reads the CA file */
	if (ldap_set_option(d->ld, LDAP_OPT_X_TLS_NEWCTX, &is_server) != LDAP_OPT_SUCCESS)
		return err_set(e, -EINVAL, d->o.ca_file ? d->o.ca_file : d->uri, 0, "%s",
			d->o.ca_file ? "holds no CA certificates in PEM form"
				     : "the system's CA certificates cannot be read");
	return 0;
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
		if (secret_read(d->o.password_file, &password, e) < 0)
			return e->code =
			               -EACCES; /* a password that cannot be used is a wrong one */
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

#define CA_FILE_MAX (8 * 1024 * 1024)

/* The library takes any file, and then trusts nobody. */
static int check_ca_file(const char *path, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t n;

	if (access(path, R_OK) < 0)
		return err_set(e, -errno, path, 0, "cannot read the CA file: %s", strerror(errno));
	TRY(file_read(path, CA_FILE_MAX, &text, &n, e));
	return strstr(text, "-----BEGIN ")
	               ? 0
	               : err_set(e, -EINVAL, path, 0, "holds no CA certificates in PEM form");
}

int directory_open(const struct directory_options *o, struct directory **ret, struct err *e)
{
	struct directory *d;
	int r;

	r = o->ca_file ? check_ca_file(o->ca_file, e) : 0;
	if (r < 0)
		return r;
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
	if (o->waiting) /* the library connects, and may sign in, in one go */
		o->waiting(o->ctx);
	listen_to_tls(true);
	r = set_options(d, e);
	if (r == 0 && o->starttls)
		r = starttls(d, e);
	if (r == 0)
		r = o->auth == DIRECTORY_GSSAPI ? dir_bind_gssapi(d, is_tls(o), e)
		                                : bind_simple(d, e);
	listen_to_tls(false);
	if (r < 0) {
		directory_close(d);
		return r;
	}
	d->signed_in = true;
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
