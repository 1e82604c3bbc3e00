/*
 * LDAP client: connect and bind over TLS or with Kerberos, paged searches, Active Directory's
 * DirSync, modify. Only net/ldap*.c see ldap.h. Nothing blocks longer than half a second without
 * asking whether to stop, except a Kerberos sign-in (at most connect_timeout).
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct directory; /* a connection; not called ldap_..., for libldap owns that prefix */

enum directory_auth { DIRECTORY_SIMPLE, DIRECTORY_GSSAPI };

struct directory_options {
	const char *uri;      /* ldaps://host[:port], ldap://host[:port], ldapi://... */
	bool starttls;        /* for ldap:// */
	bool allow_cleartext; /* bind without TLS when the configuration says so */
	const char *ca_file;  /* NULL: the system's */
	enum directory_auth auth;
	const char *bind_dn;         /* SIMPLE: DN or user@domain; NULL: anonymous */
	const char *password_file;   /* SIMPLE; see base/file.h: secret_read() */
	const char *keytab_file;     /* GSSAPI: path or credential:NAME */
	int connect_timeout;         /* seconds, to connect and to sign in */
	int search_timeout;          /* seconds until the first answer to a request */
	int idle_timeout;            /* seconds between two messages of an answer */
	void (*waiting)(void *ctx);  /* called before each wait; may be NULL */
	bool (*canceled)(void *ctx); /* asked right after it; may be NULL */
	void *ctx;
};

/*
 * Results of the functions below besides 0: -EHOSTDOWN not reachable or gone (try later),
 * -EACCES wrong credentials or missing rights, -ENOENT no such base, -ENOTSUP the server refuses a
 * control or its cookie, -ECANCELED, -EPROTO and others: configuration or a
 * broken answer. *e names server and base, and says what to do.
 */
int directory_open(
	const struct directory_options *o, struct directory **ret, struct err *e) _must_check_;
void directory_close(struct directory *d); /* NULL is fine */
const char *directory_uri(const struct directory *d);

/*
 * The domain controllers of a domain as its DNS names them (RFC 2782, [MS-ADTS] 6.3.2.3:
 * _ldap._tcp.dc._msdcs.DOMAIN), best first: "host:port host:port"; the caller frees.
 */
int directory_discover(const char *domain, char **ret, struct err *e) _must_check_;

struct directory_value {
	const char *data; /* NUL-terminated behind len */
	size_t len;
};

struct directory_attr {
	const char *name; /* as the server spells it, with options such as ;range=0-1499 */
	const struct directory_value *values;
	unsigned n; /* 0: the server says that it is empty */
};

struct directory_entry {
	const char *dn;
	const struct directory_attr *attrs;
	unsigned n_attrs;
	/* What is wrong with it: it is not whole. NULL: nothing; see directory_query.take_bad. */
	const char *problem;
};

enum directory_scope { DIRECTORY_BASE, DIRECTORY_SUBTREE };

/* DirSync ([MS-ADTS] 3.1.1.3.4.1.3): a search that gives what changed since a cookie. */
#define DIRSYNC_OBJECT_SECURITY 0x00000001u
#define DIRSYNC_ANCESTORS_FIRST 0x00000800u
#define DIRSYNC_INCREMENTAL_VALUES 0x80000000u
#define DIRSYNC_COOKIE_MAX (1024 * 1024)
struct directory_sync {
	uint32_t flags;
	char *cookie; /* in: of the last answer, NULL at first; out: of this one. Heap */
	size_t cookie_len;
	bool more; /* out: there is more; search again */
};
void directory_sync_done(struct directory_sync *s);

struct directory_query {
	const char *base;
	enum directory_scope scope;
	const char *filter;
	const char *const *attrs;    /* NULL-terminated */
	int page_size;               /* 0: no paging */
	bool deleted;                /* tombstones, deleted and recycled objects too */
	bool extended_dn;            /* DNs as <GUID=...>;<SID=...>;DN where the server can do so */
	bool take_bad;               /* an entry that is not whole is handed out; else an error */
	struct directory_sync *sync; /* a DirSync request; NULL: an ordinary search */
};

/*
 * Calls `each` for every entry (valid during the call). Paged: the next page is requested before
 * the entries of the current one are handed out, and `each` may search on the same connection.
 * Not paged: entries are handed out as they come. A negative result of `each` ends the search and
 * is returned. Referrals are ignored.
 */
int directory_search(struct directory *d, const struct directory_query *q,
	int (*each)(void *ctx, const struct directory_entry *item, struct err *e), void *ctx,
	struct err *e) _must_check_;

struct directory_change {
	const char *attr;
	bool add; /* the values are added; refused where there are some, if one is the most */
	const struct directory_value
		*values; /* not add: these and no others; none: it is cleared */
	unsigned n;
};
/* Changes an object's attributes, all or none. 0, -EEXIST such a value is there, or as above. */
int directory_modify(struct directory *d, const char *dn, const struct directory_change *changes,
	unsigned n, struct err *e) _must_check_;
