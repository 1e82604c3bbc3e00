/*
 * An import of AD over LDAP: nothing, the changes, or everything. When the domain controllers'
 * highestCommittedUSN is what it was, nothing has changed ([MS-ADTS] 3.1.1.1.9): nothing is read.
 */
#include "connector/ad/ldap.h"
#include "base/text.h"
#include "model/dn.h"
#include "model/dtyp.h"

#include <errno.h>
#include <stdio.h>

#define FULL_TRIES 3

/* --- the folders and the group that were chosen: by GUID, so that they stay when renamed --- */

struct found {
	struct arena *arena;
	const char *guid, *dn;
};

static int each_found(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct found *f = ctx;
	char text[GUID_TEXT_SIZE];

	f->dn = arena_strdup(f->arena, item->dn);
	for (unsigned i = 0; i < item->n_attrs; i++) {
		const struct directory_attr *a = &item->attrs[i];

		if (strcasecmp(a->name, "objectGUID") != 0 || !a->n || a->values[0].len != 16)
			continue;
		guid_format(text, (const unsigned char *)a->values[0].data);
		f->guid = arena_strdup(f->arena, text);
	}
	return 0;
}

/* 0: *ret is filled. -ENOENT: there is no such object. */
static int find_object(struct ad_server *s, const char *text, const char *guid, struct arena *a,
	struct found *ret, struct err *e)
{
	static const char *const attrs[] = {"objectGUID", NULL};
	struct directory_query q = {.filter = "(objectClass=*)", .attrs = attrs};
	int r;

	q.base = guid ? arena_printf(a, "<GUID=%s>", guid) : text;
	*ret = (struct found){.arena = a};
	r = directory_search(s->dir, &q, each_found, ret, e);
	if (r < 0)
		return r;
	return ret->dn ? 0
	               : err_set(e, -ENOENT, directory_uri(s->dir), 0,
				 "%s does not exist, or the account may not see it", text);
}

static struct ad_domain *domain_of(struct ldap_import *li, const char *text)
{
	return &li->domains[ad_base_of(li->im->con, dn_key(&li->arena, text))];
}

/* A DN tells the domain; what is known by its GUID only is looked for in each of them. */
static int find_anywhere(struct ldap_import *li, const char *text, const char *guid,
	const char *last_dn, struct arena *a, struct found *ret, struct err *e)
{
	bool by_guid = strncasecmp(text, "<GUID=", 6) == 0;
	struct ad_domain *first = domain_of(li, by_guid && last_dn ? last_dn : text);
	int r = find_object(&first->server, text, guid, a, ret, e);

	for (unsigned i = 0; r == -ENOENT && (by_guid || guid) && i < li->n_domains; i++)
		if (&li->domains[i] != first)
			r = find_object(&li->domains[i].server, text, guid, a, ret, e);
	return r;
}

static int resolve_ou(struct ldap_import *li, struct ad_ou *ou, struct err *e)
{
	struct connector *con = li->im->con;
	const struct ad_cursor_ou *last = ad_cursor_ou(&li->last, ou->text);
	struct err fe = {0};
	struct found f;
	int r = find_anywhere(li, ou->text, last ? last->guid : NULL, last ? last->dn : NULL,
		&con->arena, &f, &fe);

	if (r == -ENOENT && last && !ou->include) {
		ou->dn = ou->key = NULL; /* the folder was deleted: nothing is left to exclude */
		return 0;
	}
	if (r < 0) {
		*e = fe;
		return err_prefix(e, "%s \"%s\"%s", ou->include ? "include_ou" : "exclude_ou",
			ou->text, r == -ENOENT ? " does not exist" : "");
	}
	ou->guid = f.guid;
	ou->dn = f.dn;
	ou->key = dn_key(&con->arena, f.dn);
	ou->was = last ? last->dn : NULL;
	ou->was_key = ou->was ? dn_key(&con->arena, ou->was) : NULL;
	return 0;
}

static int resolve_group(struct ldap_import *li, struct err *e)
{
	const char *text = setting_text(li->im->con->settings, "include_group");
	_cleanup_buf_ struct buf value = {0};
	struct found f;
	int r;

	if (!text)
		return 0;
	r = find_anywhere(li, text, li->last.group, NULL, &li->arena, &f, e);
	if (r < 0)
		return err_prefix(e, "include_group \"%s\"", text);
	li->next.group = f.guid;
	ad_filter_escape(&value, f.dn);
	for (unsigned i = 0; i < li->n_domains; i++) {
		struct ad_domain *d = &li->domains[i];
		d->group_guid = f.guid;
		d->filter = arena_printf(&li->arena, "%s(memberOf=%s)", d->filter, buf_str(&value));
	}
	return 0;
}

int ad_ldap_resolve(struct ldap_import *li, struct err *e)
{
	struct connector *con = li->im->con;

	for (unsigned i = 0; i < con->n_ous; i++)
		TRY(resolve_ou(li, &con->ous[i], e));
	return resolve_group(li, e);
}

/* --- the parts --- */

/* Beside what the rules read: what says that something has changed. */
static const char **attr_list(struct ldap_import *li)
{
	static const char *const signals[] = {"objectClass", "objectGUID", "name", "parentGUID",
		"isDeleted", "isRecycled", "lastKnownParent", "whenCreated", "uSNCreated"};
	const struct import_request *req = li->im->req;
	const struct settings *s = li->im->con->settings;
	const char **extra = ad_filter_attrs(setting_text(s, "ldap_filter"), &li->arena), **list;
	unsigned n = 0, n_extra = 0;

	while (extra[n_extra])
		n_extra++;
	list = arena_alloc(
		&li->arena, (req->n_attrs + ARRAY_SIZE(signals) + n_extra + 2) * sizeof(*list));
	for (unsigned i = 0; i < req->n_attrs; i++)
		list[n++] = attr_name(req->attrs[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(signals); i++)
		list[n++] = signals[i];
	for (unsigned i = 0; i < n_extra; i++)
		list[n++] = extra[i];
	if (setting_text(s, "include_group"))
		list[n++] = "member";
	list[n] = NULL;
	return list;
}

static void init_domains(struct ldap_import *li)
{
	struct connector *con = li->im->con;
	const char *filter = setting_text(con->settings, "ldap_filter");
	const char **attrs = attr_list(li);

	while (con->bases[li->n_domains])
		li->n_domains++;
	li->domains = arena_zalloc(&li->arena, li->n_domains * sizeof(*li->domains));
	for (unsigned i = 0; i < li->n_domains; i++) {
		const struct ad_cursor_domain *last = ad_cursor_domain(&li->last, con->bases[i]);

		li->domains[i] = (struct ad_domain){
			.im = li->im,
			.base = con->bases[i],
			.filter = filter ? filter : "",
			.attrs = attrs,
			.last = last,
			.method_before = last ? (int)last->method : -1,
			.usn = -1,
		};
	}
}

void ad_ldap_end(struct ldap_import *li)
{
	for (unsigned i = 0; i < li->n_domains; i++) {
		struct ad_domain *d = &li->domains[i];

		ad_server_close(&d->server);
		directory_sync_done(&d->sync);
		free(d->later.guids);
		free(d->later.restored);
		free(d->moves);
		arena_done(&d->arena);
	}
	arena_done(&li->arena);
}

int ad_ldap_begin(struct ldap_import *li, struct err *e)
{
	init_domains(li);
	for (unsigned i = 0; i < li->n_domains; i++) {
		struct ad_domain *d = &li->domains[i];

		TRY(ad_server_open(
			li->im->con, d->base, d->last ? d->last->uri : NULL, &d->server, e));
	}
	li->signed_in = true;
	return 0;
}

static bool nothing_new(const struct ldap_import *li)
{
	if (li->im->req->full || li->last.digest != li->digest || li->last.n_retry)
		return false;
	for (unsigned i = 0; i < li->n_domains; i++) {
		const struct ad_domain *d = &li->domains[i];

		if (!d->last || !d->last->invocation || !d->last->service || d->server.usn < 0 ||
			d->last->usn != d->server.usn || !d->server.invocation[0] ||
			!streq(d->last->invocation, d->server.invocation) ||
			!streq(d->last->service, d->server.service))
			return false;
	}
	return true;
}

/* --- everything --- */

static bool is_listed(const char *const *names, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (streq(names[i], name))
			return true;
	return false;
}

static void set_all_attrs(struct ldap_import *li, const char *const *missing, unsigned n_missing)
{
	const struct import_request *req = li->im->req;
	const char **list = arena_alloc(&li->arena, (req->n_attrs + 4) * sizeof(*list));
	unsigned n = 0;

	for (unsigned i = 0; i < req->n_attrs; i++)
		if (!is_listed(missing, n_missing, attr_name(req->attrs[i])))
			list[n++] = attr_name(req->attrs[i]);
	/* no AD: a long list costs an OpenLDAP server three times what all attributes cost */
	if (!li->domains[0].server.schema_nc[0]) {
		n = 0;
		list[n++] = "*";
	}
	list[n++] = "objectClass";
	list[n++] = "objectGUID";
	list[n] = NULL;
	for (unsigned i = 0; i < li->n_domains; i++)
		li->domains[i].all_attrs = list;
}

static int learn_schema(struct ldap_import *li, struct err *e)
{
	const char **missing;
	unsigned n_missing;
	int r = ad_schema_read(&li->domains[0].server, li->im->req, &li->arena, &li->next.types,
		&li->next.n_types, &missing, &n_missing, e);

	TRY(r);
	if (r == AD_SCHEMA_NONE) { /* as known before */
		li->next.types = li->last.types;
		li->next.n_types = li->last.n_types;
	}
	set_all_attrs(li, missing, n_missing);
	if (n_missing && li->last.digest != li->digest) {
		char text[768];

		snprintf(text, sizeof(text),
			"%s: %u of the attributes that rules read are not in the schema: %s",
			directory_uri(li->domains[0].server.dir), n_missing,
			ad_name_list(missing, n_missing, &li->arena));
		li->im->sink->note(li->im->sink, text);
	}
	return 0;
}

void ad_ldap_use_types(const struct ad_cursor_type *types, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (types[i].attr && types[i].type >= 0 && types[i].type < VALUE_TYPE_COUNT)
			ad_attr_learn(types[i].attr, (enum value_type)types[i].type);
}

/* 0, or AD_NEEDS_FULL with the reason. */
static int read_deltas(struct ldap_import *li, const char **ret_reason, struct err *e)
{
	for (unsigned i = 0; i < li->n_domains; i++) {
		int r;

		li->im->domain = i;
		r = ad_delta_read(&li->domains[i], e);
		TRY(r);
		if (r == AD_NEEDS_FULL) {
			*ret_reason = li->domains[i].full_reason;
			return AD_NEEDS_FULL;
		}
	}
	return 0;
}

static int read_everything(struct ldap_import *li, const char **ret_reason, struct err *e)
{
	*ret_reason = NULL;
	ad_import_forget_retries(li->im);
	ad_import_again(li->im);
	TRY(learn_schema(li, e));
	ad_ldap_use_types(li->next.types, li->next.n_types);
	for (unsigned i = 0; i < li->n_domains; i++) {
		struct ad_domain *d = &li->domains[i];

		d->last = NULL;
		TRY(ad_delta_begin(d, e));
	}
	li->im->unique = true;
	for (unsigned i = 0; i < li->n_domains; i++) {
		li->im->domain = i;
		TRY(ad_read_all(&li->domains[i], e));
	}
	/* what has changed meanwhile: an object that moved may have been missed */
	li->im->unique = false;
	return read_deltas(li, ret_reason, e);
}

/* A container that crosses the scope while everything is read: once more, from the beginning. */
static int import_full(struct ldap_import *li, const char *reason, struct err *e)
{
	for (int i = 0; i < FULL_TRIES; i++) {
		int r;

		TRY(li->im->sink->full(li->im->sink, reason, e));
		if (i)
			TRY(ad_ldap_resolve(li, e));
		r = read_everything(li, &reason, e);
		if (r <= 0)
			return r;
	}
	return err_set(e, -EAGAIN, directory_uri(li->domains[0].server.dir), 0,
		"the directory changed too much while it was read: %s", reason);
}

/* --- the changes --- */

/* Objects that could not be read: perhaps they can be now. */
static int read_retries(struct ldap_import *li, struct err *e)
{
	for (unsigned i = 0; i < li->last.n_retry; i++) {
		unsigned char guid[16];
		char *end;
		unsigned long k = strtoul(li->last.retry[i], &end, 10);

		if (*end == ' ' && k < li->n_domains && guid_parse(guid, end + 1))
			ad_read_later(&li->domains[k], guid, false);
	}
	for (unsigned i = 0; i < li->n_domains; i++) {
		li->im->domain = i;
		TRY(ad_read_listed(&li->domains[i], e));
	}
	return 0;
}

/* 0, or AD_NEEDS_FULL with the reason. */
static int import_changes(struct ldap_import *li, const char **ret_reason, struct err *e)
{
	int r;

	li->im->unique = false;
	ad_ldap_use_types(li->last.types, li->last.n_types);
	li->next.types = li->last.types;
	li->next.n_types = li->last.n_types;
	r = read_deltas(li, ret_reason, e);
	return r != 0 ? r : read_retries(li, e);
}

/* --- the cursor --- */

static int put_cursor(struct ldap_import *li, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct connector *con = li->im->con;
	struct ad_cursor *c = &li->next;

	c->digest = li->digest;
	c->n_domains = li->n_domains;
	c->domains = arena_zalloc(&li->arena, (li->n_domains + 1) * sizeof(*c->domains));
	for (unsigned i = 0; i < li->n_domains; i++) {
		const struct ad_domain *d = &li->domains[i];

		c->domains[i] = (struct ad_cursor_domain){d->base, directory_uri(d->server.dir),
			d->server.service, d->server.invocation, d->server.usn, d->method,
			d->sync.cookie, d->sync.cookie_len};
	}
	c->ous = arena_zalloc(&li->arena, (con->n_ous + 1) * sizeof(*c->ous));
	for (unsigned i = 0; i < con->n_ous; i++)
		if (con->ous[i].dn)
			c->ous[c->n_ous++] = (struct ad_cursor_ou){
				con->ous[i].text, con->ous[i].guid, con->ous[i].dn};
	if (li->im->retry_lost) {
		li->im->sink->note(li->im->sink,
			"too many objects could not be read to try them again one by "
			"one; the next import reads everything");
		return li->im->sink->cursor(li->im->sink, "", 0, e);
	}
	c->retry = (const char **)li->im->retry;
	c->n_retry = li->im->n_retry;
	text = ad_cursor_write(c);
	return li->im->sink->cursor(li->im->sink, text, strlen(text), e);
}

/* NULL: the changes can be asked for. */
static const char *why_full(const struct ldap_import *li, bool have_cursor)
{
	if (li->im->req->full)
		return "";
	if (!have_cursor)
		return "no earlier import has left its state";
	if (li->last.digest != li->digest)
		return "the filter, the scope or the attributes that rules read have changed";
	for (unsigned i = 0; i < li->n_domains; i++)
		if (!li->domains[i].last)
			return "base_dn names a domain that was not imported before";
	return NULL;
}

static int keep_names(struct ldap_import *li, struct err *e)
{
	_cleanup_names_ struct ad_names names = {0};

	TRY(ad_names_read(&li->domains[0].server, &names, e));
	return ad_names_keep(li->im, &names, e);
}

static int import(struct ldap_import *li, struct import_answer *ret, struct err *e)
{
	const struct import_request *req = li->im->req;
	bool have = ad_cursor_read(&li->last, req->cursor, req->cursor_len, &li->arena);
	const char *reason;
	int r;

	TRY(ad_ldap_begin(li, e));
	if (!req->names || !nothing_new(li))
		TRY(keep_names(li, e));
	if (nothing_new(li)) {
		ret->nothing = true;
		return 0;
	}
	TRY(ad_ldap_resolve(li, e));
	ret->retries = true;
	reason = why_full(li, have);
	r = reason ? AD_NEEDS_FULL : import_changes(li, &reason, e);
	TRY(r);
	if (r == AD_NEEDS_FULL) {
		ret->full = true;
		TRY(import_full(li, reason, e));
	}
	return put_cursor(li, e);
}

enum conn_result ad_import_ldap(struct ad_import *im, struct import_answer *ret, struct err *e)
{
	struct ldap_import li = {.im = im, .digest = ad_import_digest(im, false)};
	int r = import(&li, ret, e);

	if (r == -EACCES && li.signed_in)
		e->code = -EPERM;
	ad_ldap_end(&li);
	return r < 0 ? ad_ladder(r) : CONN_OK;
}
