/* What the directory's own schema says about the attributes that the rules read. */
#include "base/buf.h"
#include "connector/ad/ldap.h"

#include <errno.h>
#include <stdio.h>

struct schema_reader {
	struct arena *arena;
	struct ad_cursor_type *types; /* every attribute that was found */
	unsigned n, max;
};

static int each_attribute(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct schema_reader *r = ctx;
	const char *name = NULL, *syntax = "";

	for (unsigned i = 0; i < item->n_attrs; i++) {
		const struct directory_attr *a = &item->attrs[i];

		if (a->n && strcasecmp(a->name, "lDAPDisplayName") == 0)
			name = a->values[0].data;
		else if (a->n && strcasecmp(a->name, "attributeSyntax") == 0)
			syntax = a->values[0].data;
	}
	if (name && r->n == r->max)
		return err_set(e, -EPROTO, item->dn, 0,
			"the server returned more attributes of the schema than were asked for");
	if (name)
		r->types[r->n++] = (struct ad_cursor_type){
			arena_strdup(r->arena, name), (int)ad_syntax_type(syntax)};
	return 0;
}

static bool found(const struct schema_reader *r, const char *name)
{
	for (unsigned i = 0; i < r->n; i++)
		if (strcasecmp(r->types[i].attr, name) == 0)
			return true;
	return false;
}

/*
 * Was the schema read whole? Where one of these is missing the account cannot read it, and nothing
 * may be concluded from what is not there.
 */
static bool is_whole(const struct schema_reader *r, const struct import_request *req)
{
	static const char *const core[] = {"cn", "displayName", "mail", "member", "objectSid",
		"sAMAccountName", "telephoneNumber", "title", "userAccountControl",
		"userPrincipalName"};

	for (unsigned i = 0; i < req->n_attrs; i++)
		for (unsigned k = 0; k < ARRAY_SIZE(core); k++)
			if (strcasecmp(attr_name(req->attrs[i]), core[k]) == 0 &&
				!found(r, core[k]))
				return false;
	return true;
}

int ad_schema_read(struct ad_server *s, const struct import_request *req, struct arena *a,
	struct ad_cursor_type **ret, unsigned *ret_n, const char ***ret_missing,
	unsigned *ret_n_missing, struct err *e)
{
	static const char *const attrs[] = {"lDAPDisplayName", "attributeSyntax", NULL};
	struct schema_reader r = {.arena = a, .max = req->n_attrs};
	_cleanup_buf_ struct buf filter = {0};
	struct directory_query q = {
		.base = s->schema_nc, .scope = DIRECTORY_SUBTREE, .attrs = attrs, .page_size = 500};
	struct err ignored = {0};
	unsigned n = 0;
	int search;

	*ret_n = *ret_n_missing = 0;
	*ret = r.types = arena_alloc(a, (r.max + 1) * sizeof(*r.types));
	*ret_missing = arena_alloc(a, (r.max + 1) * sizeof(**ret_missing));
	if (!s->schema_nc[0] || !r.max)
		return AD_SCHEMA_NONE;
	buf_adds(&filter, "(&(objectClass=attributeSchema)(|");
	for (unsigned i = 0; i < r.max; i++)
		buf_addf(&filter, "(lDAPDisplayName=%s)", attr_name(req->attrs[i]));
	buf_adds(&filter, "))");
	q.filter = buf_str(&filter);
	search = directory_search(s->dir, &q, each_attribute, &r, &ignored);
	if (search == -EHOSTDOWN || search == -ECANCELED) {
		*e = ignored;
		return search;
	}
	if (search < 0 || !is_whole(&r, req))
		return AD_SCHEMA_NONE;
	for (unsigned i = 0; i < r.max; i++)
		if (!found(&r, attr_name(req->attrs[i])))
			(*ret_missing)[(*ret_n_missing)++] = attr_name(req->attrs[i]);
	for (unsigned i = 0; i < r.n; i++)
		if (!ad_attr_in_table(r.types[i].attr, strlen(r.types[i].attr)))
			(*ret)[n++] = r.types[i];
	*ret_n = n;
	return 0;
}

const char *ad_name_list(const char *const *names, unsigned n, struct arena *a)
{
	_cleanup_buf_ struct buf b = {0};
	unsigned shown = MIN(n, 20u);

	for (unsigned i = 0; i < shown; i++)
		buf_addf(&b, "%s%s", i ? ", " : "", names[i]);
	if (n > shown)
		buf_addf(&b, " and %u more", n - shown);
	return arena_strdup(a, buf_str(&b));
}
