/*
 * Writes of the LDAP client. Each is one request that waits for its result; a further kind of
 * modification is a function beside the one here.
 */
#include "net/ldap_priv.h"

int directory_add_value(struct directory *d, const char *dn, const char *attr, const void *value,
	size_t n, struct err *e)
{
	struct berval v = {n, (char *)value}, *values[] = {&v, NULL};
	LDAPMod mod = {.mod_op = LDAP_MOD_ADD | LDAP_MOD_BVALUES,
		.mod_type = (char *)attr,
		.mod_vals.modv_bvals = values};
	LDAPMod *mods[] = {&mod, NULL};
	int id, r = ldap_modify_ext(d->ld, dn, mods, NULL, NULL, &id);

	return r == LDAP_SUCCESS ? dir_wait_result(d, id, dn, e) : dir_fail(d, r, dn, e);
}
