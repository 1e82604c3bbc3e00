/*
 * The one thing that is written to AD, when the settings ask for it: the source anchor to an empty
 * ms-DS-ConsistencyGuid, so that it stays with the user when it moves to another forest
 * (learn.microsoft.com: "Microsoft Entra Connect: Design concepts", sourceAnchor).
 */
#include "base/text.h"
#include "connector/ad_ldap.h"

#include <errno.h>
#include <stdio.h>

static void set_outcome(struct write_back *w, int r, const struct err *e)
{
	w->outcome.result = r == 0 ? CONN_OK : CONN_OBJECT_BAD;
	w->outcome.error_type = r == -EACCES   ? "permission-issue"
	                        : r == -EEXIST ? "attribute-conflict"
	                        : r == -ENOENT ? "dn-attributes-failure"
	                                       : "connector-error";
	err_format(e, w->outcome.text, sizeof(w->outcome.text));
}

static int write_one(struct ad_server *s, struct write_back *w, struct err *e)
{
	_cleanup_free_ char *dn = xasprintf("<GUID=%s>", w->anchor);
	struct err we = {0};
	int r = directory_add_value(
		s->dir, dn, "mS-DS-ConsistencyGuid", w->guid, sizeof(w->guid), &we);

	if (r == -EHOSTDOWN || r == -ECANCELED) {
		*e = we;
		return r;
	}
	if (r == -EACCES)
		snprintf(we.text + strlen(we.text), sizeof(we.text) - strlen(we.text),
			"; the account needs write access to ms-DS-ConsistencyGuid");
	set_outcome(w, r, &we);
	return 0;
}

enum conn_result ad_write_back(
	struct connector *c, struct write_back *items, unsigned n, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct ad_server s = {0};
	const char *open = NULL;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < n; i++) {
		const char *base = c->bases[ad_base_of(c, dn_key(&a, items[i].dn))];

		if (!open || !streq(open, base)) {
			ad_server_close(&s);
			r = ad_server_open(c, base, NULL, &s, e);
			open = base;
		}
		if (r == 0)
			r = write_one(&s, &items[i], e);
	}
	ad_server_close(&s);
	return r < 0 ? ad_ladder(r) : CONN_OK;
}
