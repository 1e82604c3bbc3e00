/*
 * The LDAP client, on libldap's asynchronous calls. One connection, one search at a time (the
 * next page of it may be on its way while the last is handed out).
 */
#include "net/ldap.h"
#include "base/file.h"
#include "base/timefmt.h"

#include <ldap.h>

#include <errno.h>
#include <stdio.h>

#define ATTRS_MAX 4096           /* attributes of one entry */
#define ENTRY_VALUES_MAX 1000000 /* values of one attribute */
#define ENTRY_BYTES_MAX (64 * 1024 * 1024)
#define WAIT_MS 500 /* between two questions whether to stop */

struct directory {
	LDAP *ld;
	struct directory_options o; /* borrowed strings */
	char *uri;
};

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

static int fail(struct directory *d, int code, const char *what, struct err *e)
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

/* Waits for one message of a request, at most so many seconds. */
static int wait_message(struct directory *d, int id, int seconds, const char *what,
	LDAPMessage **ret, struct err *e)
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
			return fail(d, code ? code : LDAP_SERVER_DOWN, what, e);
		}
		if (d->o.canceled && d->o.canceled(d->o.ctx))
			return err_set(e, -ECANCELED, d->uri, 0, "%s was stopped", what);
		if (monotonic_ms() >= end)
			return err_set(e, -EHOSTDOWN, d->uri, 0, "%s: no answer for %d seconds",
				what, seconds);
	}
}

/* Waits for the end of a request that has one answer and checks its result code. */
static int wait_result(struct directory *d, int id, const char *what, struct err *e)
{
	LDAPMessage *msg = NULL;
	int code = LDAP_OTHER, r = wait_message(d, id, d->o.connect_timeout, what, &msg, e);

	if (r < 0)
		return r;
	r = ldap_parse_result(d->ld, msg, &code, NULL, NULL, NULL, NULL, 1);
	if (r == LDAP_SUCCESS && code == LDAP_SUCCESS)
		return 0;
	ldap_set_option(d->ld, LDAP_OPT_RESULT_CODE, &code);
	return fail(d, r != LDAP_SUCCESS ? r : code, what, e);
}

static void set_options(struct directory *d)
{
	int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND;
	int first = 0;
	struct timeval tv = {.tv_sec = d->o.connect_timeout};

	ldap_set_option(d->ld, LDAP_OPT_PROTOCOL_VERSION, &version);
	ldap_set_option(d->ld, LDAP_OPT_REFERRALS, LDAP_OPT_OFF);
	ldap_set_option(d->ld, LDAP_OPT_NETWORK_TIMEOUT, &tv);
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

	return r == LDAP_SUCCESS ? 0 : fail(d, r, "StartTLS", e);
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
		return fail(d, r, "connecting", e);
	return wait_result(d, id, "sign-in", e);
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
		r = bind_simple(d, e);
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

/* --- search --- */

struct page {
	LDAPMessage **entries;
	unsigned n, cap;
	struct berval cookie; /* of the next page; length 0: this was the last */
};

static void page_done(struct page *p)
{
	for (unsigned i = 0; i < p->n; i++)
		ldap_msgfree(p->entries[i]);
	free(p->entries);
	ber_memfree(p->cookie.bv_val);
	*p = (struct page){0};
}
#define _cleanup_page_ _cleanup_(page_done)

static int page_request(struct directory *d, const struct directory_query *q, struct berval *cookie,
	int *ret_id, struct err *e)
{
	LDAPControl *controls[2] = {0};
	int scope = q->scope == DIRECTORY_BASE ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE;
	int r;

	if (q->page_size) {
		r = ldap_create_page_control(d->ld, q->page_size, cookie, 1, &controls[0]);
		if (r != LDAP_SUCCESS)
			return fail(d, r, "search", e);
	}
	r = ldap_search_ext(d->ld, q->base, scope, q->filter, (char **)q->attrs, 0,
		q->page_size ? controls : NULL, NULL, NULL, LDAP_NO_LIMIT, ret_id);
	if (controls[0])
		ldap_control_free(controls[0]);
	return r == LDAP_SUCCESS ? 0 : fail(d, r, "search", e);
}

/* The result that ends a page: its code, and the cookie of the next. */
static int page_end(struct directory *d, const struct directory_query *q, LDAPMessage *msg,
	struct page *p, struct err *e)
{
	LDAPControl **controls = NULL, *control;
	char what[512];
	int code = LDAP_OTHER, r;
	ber_int_t estimate;

	snprintf(what, sizeof(what), "search in %s", *q->base ? q->base : "the root");
	r = ldap_parse_result(d->ld, msg, &code, NULL, NULL, NULL, &controls, 0);
	if (r == LDAP_SUCCESS && code == LDAP_NO_SUCH_OBJECT && q->scope == DIRECTORY_BASE)
		r = code; /* the caller asked for one object that is gone */
	else if (r == LDAP_SUCCESS)
		r = code;
	control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (r == LDAP_SUCCESS && control)
		r = ldap_parse_pageresponse_control(d->ld, control, &estimate, &p->cookie);
	ldap_controls_free(controls);
	return r == LDAP_SUCCESS ? 0 : fail(d, r, what, e);
}

static int page_collect(
	struct directory *d, const struct directory_query *q, int id, struct page *p, struct err *e)
{
	for (;;) {
		LDAPMessage *msg = NULL;
		int r = wait_message(d, id, d->o.search_timeout, "search", &msg, e);

		if (r < 0)
			return r;
		switch (ldap_msgtype(msg)) {
		case LDAP_RES_SEARCH_ENTRY:
			if (p->n == p->cap) {
				p->cap = p->cap ? p->cap * 2 : 512;
				p->entries = xrealloc(p->entries, p->cap * sizeof(*p->entries));
			}
			p->entries[p->n++] = msg;
			break;
		case LDAP_RES_SEARCH_RESULT:
			r = page_end(d, q, msg, p, e);
			ldap_msgfree(msg);
			return r;
		case LDAP_RES_SEARCH_REFERENCE:
		default:
			ldap_msgfree(msg);
		}
	}
}

/* The values of one attribute, in place in the message. */
static int read_attr(struct directory *d, const char *dn, const char *name, BerVarray vals,
	struct directory_attr *ret, struct arena *a, size_t *bytes, struct err *e)
{
	struct directory_value *v;
	unsigned n = 0;

	while (vals && vals[n].bv_val && n <= ENTRY_VALUES_MAX)
		*bytes += vals[n++].bv_len;
	if (n > ENTRY_VALUES_MAX || *bytes > ENTRY_BYTES_MAX)
		return err_set(
			e, -E2BIG, d->uri, 0, "%s: %s has too many or too large values", dn, name);
	v = arena_alloc(a, (n + 1) * sizeof(*v));
	for (unsigned i = 0; i < n; i++)
		v[i] = (struct directory_value){
			arena_dup(a, vals[i].bv_val, vals[i].bv_len), vals[i].bv_len};
	*ret = (struct directory_attr){name, v, n};
	return 0;
}

static int read_entry(struct directory *d, LDAPMessage *msg, struct arena *a,
	struct directory_entry *ret, struct err *e)
{
	struct directory_attr *attrs = arena_alloc(a, ATTRS_MAX * sizeof(*attrs));
	BerElement *ber = NULL;
	struct berval dn, name;
	BerVarray vals = NULL;
	size_t bytes = 0;
	int r = ldap_get_dn_ber(d->ld, msg, &ber, &dn);

	if (r != LDAP_SUCCESS)
		return fail(d, r, "reading an entry", e);
	*ret = (struct directory_entry){.dn = arena_dup(a, dn.bv_val, dn.bv_len), .attrs = attrs};
	r = 0;
	while (r == 0 && ldap_get_attribute_ber(d->ld, msg, ber, &name, &vals) == LDAP_SUCCESS &&
		name.bv_val) {
		if (ret->n_attrs == ATTRS_MAX)
			r = err_set(e, -E2BIG, d->uri, 0, "%s has over %d attributes", ret->dn,
				ATTRS_MAX);
		else
			r = read_attr(d, ret->dn, arena_dup(a, name.bv_val, name.bv_len), vals,
				&attrs[ret->n_attrs++], a, &bytes, e);
		ber_memfree(vals);
		vals = NULL;
	}
	ber_free(ber, 0);
	return r;
}

static int page_deliver(struct directory *d, struct page *p,
	int (*each)(void *ctx, const struct directory_entry *item, struct err *e), void *ctx,
	struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	for (unsigned i = 0; i < p->n; i++) {
		struct directory_entry en;
		int r;

		arena_reset(&a);
		r = read_entry(d, p->entries[i], &a, &en, e);
		if (r == 0)
			r = each(ctx, &en, e);
		if (r < 0)
			return r;
	}
	return 0;
}

int directory_search(struct directory *d, const struct directory_query *q,
	int (*each)(void *ctx, const struct directory_entry *item, struct err *e), void *ctx,
	struct err *e)
{
	struct berval none = {0};
	int id, r = page_request(d, q, &none, &id, e);
	bool more;

	if (r < 0)
		return r;
	do {
		_cleanup_page_ struct page p = {0};

		r = page_collect(d, q, id, &p, e);
		if (r < 0)
			break;
		more = p.cookie.bv_len > 0;
		if (more)
			r = page_request(d, q, &p.cookie, &id, e);
		if (r == 0)
			r = page_deliver(d, &p, each, ctx, e);
	} while (r == 0 && more);
	if (r < 0)
		ldap_abandon_ext(d->ld, id, NULL, NULL);
	return r;
}
