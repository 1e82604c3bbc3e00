/*
 * How far an import of AD over LDAP has come: JSON text in the connector's row. Written with the
 * rows that it covers.
 */
#pragma once

#include "base/arena.h"
#include "base/codec.h"
#include "base/err.h"

#define AD_RETRIES_MAX 1000 /* unreadable objects that are tried again one by one */

/* X(enum, word): how changes are found, best first */
#define AD_METHODS(X)                                                                      \
	X(DIRSYNC, "dirsync")                                                              \
	X(DIRSYNC_OS, "dirsync-object-security") /* what the account may read, no right */ \
	X(USN, "usn")                            /* uSNChanged */                          \
	X(NONE, "none")                          /* every import is a full one */
enum ad_method {
#define X(id, word) AD_METHOD_##id,
	AD_METHODS(X)
#undef X
		AD_METHOD_COUNT
};

struct ad_cursor_domain {
	const char *base;
	const char *uri;        /* the server that was asked last */
	const char *service;    /* its dsServiceName */
	const char *invocation; /* invocationId of its database, hex */
	int64_t usn;            /* highestCommittedUSN before the read; -1: it has none */
	enum ad_method method;
	const char *cookie; /* DirSync; NULL: none */
	size_t cookie_len;
};

struct ad_cursor_ou {
	const char *text, *guid, *dn;
};

struct ad_cursor_type {
	const char *attr;
	int type; /* enum value_type, from the directory's schema */
};

struct ad_cursor {
	uint64_t digest;
	struct ad_cursor_domain *domains;
	unsigned n_domains;
	struct ad_cursor_ou *ous;
	unsigned n_ous;
	const char *group; /* GUID of the filter group; NULL: none */
	struct ad_cursor_type *types;
	unsigned n_types;
	const char **retry; /* number of the domain and anchor: "0 4e1c..." */
	unsigned n_retry;
};

/* False: the text is not a cursor of this version. Everything lives in the arena. */
bool ad_cursor_read(
	struct ad_cursor *ret, const void *data, size_t n, struct arena *a) _must_check_;
/* The caller frees. */
char *ad_cursor_write(const struct ad_cursor *c);
/* connector_type.state */
const char *ad_cursor_describe(const void *cursor, size_t n, struct arena *a);
const struct ad_cursor_domain *ad_cursor_domain(const struct ad_cursor *c, const char *base);
const struct ad_cursor_ou *ad_cursor_ou(const struct ad_cursor *c, const char *text);
