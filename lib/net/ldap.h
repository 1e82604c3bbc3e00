/*
 * LDAP client: bind over TLS, paged searches. Only this module sees ldap.h. Nothing blocks longer
 * than half a second without asking whether to stop.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct directory; /* a connection; not called ldap_..., for libldap owns that prefix */

struct directory_options {
	const char *uri;             /* ldaps://host[:port], ldap://host[:port], ldapi://... */
	bool starttls;               /* for ldap:// */
	bool allow_cleartext;        /* bind without TLS when the configuration says so */
	const char *ca_file;         /* NULL: the system's */
	const char *bind_dn;         /* DN or user@domain; NULL: anonymous */
	const char *password_file;   /* see base/file.h: secret_read() */
	int connect_timeout;         /* seconds */
	int search_timeout;          /* seconds without any answer */
	bool (*canceled)(void *ctx); /* may be NULL */
	void *ctx;
};

/*
 * Results of the functions below besides 0: -EHOSTDOWN not reachable or gone (try later),
 * -EACCES wrong credentials or missing rights, -ECANCELED, -EPROTO and others: configuration or
 * a broken answer. *e names server and base, and says what to do.
 */
int directory_open(
	const struct directory_options *o, struct directory **ret, struct err *e) _must_check_;
void directory_close(struct directory *d); /* NULL is fine */

struct directory_value {
	const char *data; /* NUL-terminated behind len */
	size_t len;
};

struct directory_attr {
	const char *name; /* as the server spells it, with options such as ;range=0-1499 */
	const struct directory_value *values;
	unsigned n;
};

struct directory_entry {
	const char *dn;
	const struct directory_attr *attrs;
	unsigned n_attrs;
};

enum directory_scope { DIRECTORY_BASE, DIRECTORY_SUBTREE };

struct directory_query {
	const char *base;
	enum directory_scope scope;
	const char *filter;
	const char *const *attrs; /* NULL-terminated */
	int page_size;            /* 0: no paging */
};

/*
 * Calls `each` for every entry (valid during the call). The next page is requested before the
 * entries of the current one are handed out. A negative result of `each` ends the search and is
 * returned. Referrals are ignored.
 */
int directory_search(struct directory *d, const struct directory_query *q,
	int (*each)(void *ctx, const struct directory_entry *item, struct err *e), void *ctx,
	struct err *e) _must_check_;
