/*
 * Chosen objects of AD, see connector/lookup.h: over LDAP one search of a single object for each
 * name, in an LDIF file by reading it and picking them.
 */
#include "base/codec.h"
#include "base/text.h"
#include "connector/ad/ldap.h"
#include "model/dn.h"
#include "report/error_type.h"

#include <errno.h>

/* A search of one object may be followed by others while it is read: it asks for a page. */
#define ONE_PAGE 10

/* What a domain controller shows only when it is asked by name. */
static const char *const everything_attrs[] = {"*", "memberOf", "canonicalName", "directReports",
	"managedObjects", "msDS-PrincipalName", "msDS-User-Account-Control-Computed",
	"msDS-UserPasswordExpiryTimeComputed", NULL};

struct ad_finder {
	const struct lookup_request *req;
	struct import_sink *sink; /* who asked */
	struct ad_import *im;
	struct hashset told; /* anchors that were delivered */
};

static bool is_meant(const struct ad_finder *f, const struct lookup_name *name)
{
	const struct ad_import *im = f->im;

	return im->entry.class && (!name->class || streq(name->class, im->entry.class)) &&
	       (f->req->any_scope || ad_in_scope(im->con, im->key, false));
}

/* It was asked for by its anchor, and the directory has it no more, or it is left out. */
static int tell_absent(
	struct ad_finder *f, const struct lookup_name *name, bool deleted, struct err *e)
{
	struct import_object o = {.deleted = deleted, .left = !deleted};
	_cleanup_arena_ struct arena a = {0};
	struct entry en;

	if (!name->anchor)
		return 0;
	entry_init(&en, &a);
	en.anchor = name->anchor;
	en.class = name->class;
	o.entry = &en;
	return f->sink->object(f->sink, &o, e);
}

/* Delivers the object that was read, unless it was already. */
static int tell_found(struct ad_finder *f, struct err *e)
{
	const char *anchor = f->im->entry.anchor;

	if (anchor && !hashset_add(&f->told, hash64(anchor, strlen(anchor))))
		return 0;
	return ad_object_deliver(f->im, false, e);
}

/* --- over LDAP --- */

struct ldap_finder {
	struct ad_finder find;
	struct ldap_import li;
	struct ad_domain *domain; /* that is asked */
	bool there;
};

static int each_read(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct ldap_finder *lf = ctx;

	lf->there = true;
	return ad_read_whole(lf->domain, item, e);
}

static int each_seen(void *ctx, const struct directory_entry *item, struct err *e)
{
	*(bool *)ctx = true;
	return 0;
}

/* Does the object that was read meet the filter and the group of the settings? */
static int meets_filter(struct ldap_finder *lf, const char *base, bool *ret, struct err *e)
{
	static const char *const attrs[] = {"objectGUID", NULL};
	_cleanup_arena_ struct arena a = {0};
	struct directory_query q = {
		.base = base,
		.filter = arena_printf(&a, "(&(objectClass=*)%s)", lf->domain->filter),
		.attrs = attrs,
	};

	*ret = lf->find.req->any_scope || !lf->domain->filter[0];
	return *ret ? 0 : directory_search(lf->domain->server.dir, &q, each_seen, ret, e);
}

/* Asks one domain. */
static int search_one(struct ldap_finder *lf, struct ad_domain *d, const char *base, struct err *e)
{
	struct directory_query q = {
		.base = base,
		.filter = "(objectClass=*)",
		.attrs = lf->find.req->everything ? everything_attrs : d->attrs,
		.page_size = ONE_PAGE,
		.extended_dn = true,
		.take_bad = true,
	};
	struct err se = {0};
	int r;

	lf->domain = d;
	r = directory_search(d->server.dir, &q, each_read, lf, &se);
	if (r < 0 && r != -ENOENT)
		*e = se;
	return r == -ENOENT ? 0 : r;
}

static bool in_domain(const struct connector *con, const char *dn, struct arena *a)
{
	const char *key = dn_key(a, dn);

	for (unsigned i = 0; con->base_keys[i]; i++)
		if (dn_key_below(key, con->base_keys[i]))
			return true;
	return false;
}

/* In the domain of its DN first; what is known by its anchor may be in any. */
static int search_all(
	struct ldap_finder *lf, const struct lookup_name *name, const char *base, struct err *e)
{
	struct ldap_import *li = &lf->li;
	_cleanup_arena_ struct arena a = {0};
	bool known = name->dn && in_domain(li->im->con, name->dn, &a);
	struct ad_domain *first =
		&li->domains[known ? ad_base_of(li->im->con, dn_key(&a, name->dn)) : 0];

	lf->there = false;
	if (!name->anchor)
		return known ? search_one(lf, first, base, e) : 0;
	TRY(search_one(lf, first, base, e));
	for (unsigned i = 0; !lf->there && i < li->n_domains; i++)
		if (&li->domains[i] != first)
			TRY(search_one(lf, &li->domains[i], base, e));
	return 0;
}

/* What a search of the name gave. */
static int tell_ldap(
	struct ldap_finder *lf, const struct lookup_name *name, const char *base, struct err *e)
{
	struct ad_finder *f = &lf->find;
	bool meant = false;

	if (!lf->there)
		return tell_absent(f, name, true, e);
	if (is_meant(f, name) || f->im->is_cut)
		TRY(meets_filter(lf, base, &meant, e));
	return meant ? tell_found(f, e) : tell_absent(f, name, false, e);
}

/* What the server refuses to tell of one object is that object's error. */
static int find_ldap(struct ldap_finder *lf, const struct lookup_name *name, struct err *e)
{
	struct import_sink *sink = lf->find.sink;
	_cleanup_arena_ struct arena a = {0};
	const char *base = name->anchor ? arena_printf(&a, "<GUID=%s>", name->anchor) : name->dn;
	struct err se = {0};
	int r = search_all(lf, name, base, &se);

	if (r >= 0)
		return tell_ldap(lf, name, base, e);
	if (r != -EACCES && r != -EPROTO) {
		*e = se;
		return r;
	}
	return sink->bad(sink, name->dn ? name->dn : name->anchor, name->anchor,
		error_type_word(ERROR_TYPE_INVALID_VALUE), se.text, e);
}

static int lookup_ldap(struct ldap_finder *lf, struct err *e)
{
	TRY(ad_ldap_begin(&lf->li, e));
	ad_ldap_use_types(lf->li.last.types, lf->li.last.n_types);
	if (!lf->find.req->any_scope)
		TRY(ad_ldap_resolve(&lf->li, e));
	for (unsigned i = 0; i < lf->find.req->n; i++)
		TRY(find_ldap(lf, &lf->find.req->names[i], e));
	return 0;
}

/* --- from an LDIF file --- */

/* Stands between the file and the sink, and lets pass what was asked for. */
struct picker {
	struct import_sink sink; /* first: the reader hands it back */
	struct ad_finder find;
	const char **keys; /* dn_key() of each name; NULL: it has none */
	bool *there;
};

static int pick(struct picker *p, const char *anchor, const char *key, unsigned from)
{
	const struct lookup_request *req = p->find.req;

	for (unsigned i = from; i < req->n; i++) {
		const struct lookup_name *name = &req->names[i];

		if (name->anchor ? anchor && strcasecmp(name->anchor, anchor) == 0
				 : p->keys[i] && streq(p->keys[i], key))
			return (int)i;
	}
	return -1;
}

static int picker_object(struct import_sink *sink, const struct import_object *o, struct err *e)
{
	struct picker *p = container_of(sink, struct picker, sink);
	struct ad_finder *f = &p->find;
	const char *anchor = o->entry->anchor;
	bool told = false;

	for (int i = pick(p, anchor, f->im->key, 0); i >= 0;
		i = pick(p, anchor, f->im->key, (unsigned)i + 1)) {
		const struct lookup_name *name = &f->req->names[i];

		p->there[i] = true;
		if (!is_meant(f, name))
			TRY(tell_absent(f, name, false, e));
		else if (!told)
			TRY(f->sink->object(f->sink, o, e));
		told = told || is_meant(f, name);
	}
	return 0;
}

static int picker_bad(struct import_sink *sink, const char *dn, const char *anchor,
	const char *error_type, const char *text, struct err *e)
{
	struct picker *p = container_of(sink, struct picker, sink);
	struct ad_finder *f = &p->find;
	int first = pick(p, anchor, f->im->key, 0);

	for (int i = first; i >= 0; i = pick(p, anchor, f->im->key, (unsigned)i + 1))
		p->there[i] = true;
	return first < 0 ? 0 : f->sink->bad(f->sink, dn, anchor, error_type, text, e);
}

static int picker_cursor(struct import_sink *sink, const void *cursor, size_t n, struct err *e)
{
	return 0;
}

static int picker_names(struct import_sink *sink, const char *text, struct err *e)
{
	return 0;
}

static void picker_note(struct import_sink *sink, const char *text)
{
}

static enum conn_result lookup_ldif(struct picker *p, struct err *e)
{
	const struct lookup_request *req = p->find.req;
	struct import_answer answer = {0};
	_cleanup_arena_ struct arena a = {0};
	enum conn_result r;

	p->keys = arena_zalloc(&a, (req->n + 1) * sizeof(*p->keys));
	p->there = arena_zalloc(&a, (req->n + 1) * sizeof(*p->there));
	for (unsigned i = 0; i < req->n; i++)
		p->keys[i] = req->names[i].dn ? dn_key(&a, req->names[i].dn) : NULL;
	r = ad_import_ldif(p->find.im, p->find.im->con->sources[0] + strlen("ldif:"), &answer, e);
	for (unsigned i = 0; r == CONN_OK && i < req->n; i++)
		if (!p->there[i] && tell_absent(&p->find, &req->names[i], true, e) < 0)
			r = CONN_RUN_BAD;
	return r;
}

/* --- both --- */

static enum conn_result from_ldif(struct connector *c, const struct lookup_request *req,
	const struct import_request *as_import, struct import_sink *sink, struct ad_import *im,
	struct err *e)
{
	struct picker p = {
		.sink =
			{
				.object = picker_object,
				.bad = picker_bad,
				.cursor = picker_cursor,
				.names = picker_names,
				.note = picker_note,
			},
		.find = {req, sink, im, {0}},
	};

	ad_import_init(im, c, as_import, &p.sink);
	im->everything = req->everything;
	im->any_scope = true;
	return lookup_ldif(&p, e);
}

static enum conn_result from_ldap(struct connector *c, const struct lookup_request *req,
	const struct import_request *as_import, struct import_sink *sink, struct ad_import *im,
	struct err *e)
{
	struct ldap_finder lf = {.find = {req, sink, im, {0}}, .li = {.im = im}};
	int r;

	ad_import_init(im, c, as_import, sink);
	im->everything = req->everything;
	im->any_scope = true;
	im->unique = false;
	if (!ad_cursor_read(&lf.li.last, req->cursor, req->cursor_len, &lf.li.arena))
		lf.li.last = (struct ad_cursor){0};
	r = lookup_ldap(&lf, e);
	if (r == -EACCES && lf.li.signed_in)
		e->code = -EPERM;
	ad_ldap_end(&lf.li);
	hashset_done(&lf.find.told);
	return r < 0 ? ad_ladder(r) : CONN_OK;
}

enum conn_result ad_lookup(struct connector *c, const struct lookup_request *req,
	struct import_sink *sink, struct err *e)
{
	struct import_request as_import = {
		.full = true, .attrs = req->attrs, .n_attrs = req->n_attrs};
	struct ad_import im;
	enum conn_result r;

	if (req->n > LOOKUP_MAX) {
		err_set(e, -E2BIG, NULL, 0, "over %d objects are asked for at once", LOOKUP_MAX);
		return CONN_RUN_BAD;
	}
	r = ad_source_is_ldif(c) ? from_ldif(c, req, &as_import, sink, &im, e)
	                         : from_ldap(c, req, &as_import, sink, &im, e);
	ad_import_done(&im);
	return r;
}
