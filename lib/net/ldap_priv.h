/* What the files of the LDAP client share: the connection, its options, waiting, errors. */
#pragma once

#include "net/ldap.h"

#include <ldap.h>

struct directory {
	LDAP *ld;
	struct directory_options o; /* borrowed strings */
	char *uri;
	bool signed_in;
};

struct dir_option {
	int option; /* LDAP_OPT_... */
	const void *value;
};
/* Sets them all; an option that the library does not take is an error. */
int dir_set_options(struct directory *d, const struct dir_option *options, size_t n,
	struct err *e) _must_check_;

/* Fills *e with server, what, the result code's text and the server's own words. */
int dir_fail(struct directory *d, int code, const char *what, struct err *e);
/* Waits for one message of a request, at most so many seconds. The caller frees *ret. */
int dir_wait(struct directory *d, int id, int seconds, const char *what, LDAPMessage **ret,
	struct err *e) _must_check_;
/* Waits for the end of a request that has one answer and checks its result code. */
int dir_wait_result(struct directory *d, int id, const char *what, struct err *e) _must_check_;

/* Signs in with the keytab's account. */
int dir_bind_gssapi(struct directory *d, bool tls, struct err *e) _must_check_;
