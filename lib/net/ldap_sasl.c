/*
 * Kerberos sign-in (SASL GSSAPI, RFC 4752) with a keytab. Without TLS the connection is signed
 * and sealed; inside TLS it is not sealed twice but bound to the server's certificate (channel
 * binding "tls-server-end-point", RFC 5929), as domain controllers demand it.
 */
#include "base/file.h"
#include "net/ldap_priv.h"

#include <sasl/sasl.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define SEALED "minssf=56" /* encrypted, whatever the mechanism's cipher */
#define IN_TLS "minssf=0,maxssf=0"

/* The mechanism may ask for an identity: the keytab's is the answer. */
static int interact(LDAP *ld, unsigned flags, void *defaults, void *questions)
{
	for (sasl_interact_t *q = questions; q->id != SASL_CB_LIST_END; q++) {
		q->result = q->defresult ? q->defresult : "";
		q->len = (unsigned)strlen(q->result);
	}
	return LDAP_SUCCESS;
}

/*
 * Tickets stay in memory; the library reads the keytab when it needs a new one. Cyrus SASL has no
 * other way to name a client's keytab than the environment (krb5.conf(5)), which is the process's:
 * this is for a worker, which has one thread and signs in to one directory at a time.
 */
static int set_keytab(struct directory *d, struct err *e)
{
	_cleanup_free_ char *path = NULL, *name = NULL;
	static unsigned count;
	char cache[64];

	if (secret_path(d->o.keytab_file, &path, e) < 0)
		return e->code = -EACCES; /* a keytab that cannot be used is a wrong one */
	name = xasprintf("FILE:%s", path);
	snprintf(cache, sizeof(cache), "MEMORY:adsyncd-%u", count++);
	if (setenv("KRB5_CLIENT_KTNAME", name, 1) < 0 || setenv("KRB5CCNAME", cache, 1) < 0)
		return err_set(
			e, -errno, path, 0, "cannot set the environment: %s", strerror(errno));
	return 0;
}

int dir_bind_gssapi(struct directory *d, bool tls, struct err *e)
{
	int binding = tls ? LDAP_OPT_X_SASL_CBINDING_TLS_ENDPOINT : LDAP_OPT_X_SASL_CBINDING_NONE;
	const struct dir_option options[] = {
		{LDAP_OPT_X_SASL_SECPROPS, tls ? IN_TLS : SEALED},
		{LDAP_OPT_X_SASL_NOCANON, LDAP_OPT_ON},
		{LDAP_OPT_X_SASL_CBINDING, &binding},
	};
	int r;

	TRY(set_keytab(d, e));
	TRY(dir_set_options(d, options, ARRAY_SIZE(options), e));
	r = ldap_sasl_interactive_bind_s(
		d->ld, NULL, "GSSAPI", NULL, NULL, LDAP_SASL_QUIET, interact, NULL);
	if (r == LDAP_SUCCESS)
		return 0;
	if (r == LDAP_LOCAL_ERROR || r == LDAP_AUTH_UNKNOWN) {
		dir_fail(d, r, "Kerberos sign-in", e);
		e->code = -EACCES; /* no ticket: wrong keytab, unknown service name, clock */
		return -EACCES;
	}
	return dir_fail(d, r, "Kerberos sign-in", e);
}
