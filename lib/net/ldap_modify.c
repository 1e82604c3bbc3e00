/*
 * Writes of the LDAP client. Each is one request that waits for its result; a further kind of
 * modification is a function beside the one here.
 */
#include "net/ldap_priv.h"

int directory_modify(struct directory *d, const char *dn, const struct directory_change *changes,
	unsigned n, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	LDAPMod **mods = arena_zalloc(&a, (n + 1) * sizeof(*mods));
	int id, r;

	for (unsigned i = 0; i < n; i++) {
		const struct directory_change *c = &changes[i];
		struct berval *v = arena_zalloc(&a, (c->n + 1) * sizeof(*v));
		struct berval **values = arena_zalloc(&a, (c->n + 1) * sizeof(*values));

		for (unsigned k = 0; k < c->n; k++) {
			v[k] = (struct berval){c->values[k].len, (char *)c->values[k].data};
			values[k] = &v[k];
		}
		mods[i] = arena_zalloc(&a, sizeof(*mods[i]));
		*mods[i] = (LDAPMod){
			.mod_op = (c->add ? LDAP_MOD_ADD : LDAP_MOD_REPLACE) | LDAP_MOD_BVALUES,
			.mod_type = (char *)c->attr,
			.mod_vals.modv_bvals = values,
		};
	}
	r = ldap_modify_ext(d->ld, dn, mods, NULL, NULL, &id);
	return r == LDAP_SUCCESS ? dir_wait_result(d, id, dn, e) : dir_fail(d, r, dn, e);
}
