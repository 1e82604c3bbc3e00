/*
 * Searches of the LDAP client: pages, DirSync, and the entries that they bring. Everything that a
 * server decides has a limit: attributes, values and bytes of an entry, empty pages, cookies.
 */
#include "base/buf.h"
#include "net/ldap_priv.h"

#include <errno.h>
#include <stdio.h>

#define ATTRS_MAX 4096           /* attributes of one entry */
#define ENTRY_VALUES_MAX 1000000 /* values of one attribute */
#define ENTRY_BYTES_MAX (64 * 1024 * 1024)
#define EMPTY_PAGES_MAX 10000                   /* in a row: a filter may pass over many objects */
#define SHOW_RECYCLED "1.2.840.113556.1.4.2064" /* [MS-ADTS] 3.1.1.3.4.1.26 */
/*
 * Several DirSync answers of this size rather than a large one. The number also bounds the values
 * of one attribute in an answer; domain controllers cut it at their own limit.
 */
#define DIRSYNC_BYTES (4 * 1024 * 1024)

struct page {
	LDAPMessage **entries;
	unsigned n, cap;
	struct berval cookie; /* of the next page; length 0: this was the last */
};

static void page_done(struct page *p)
{
	for (unsigned i = 0; i < p->n; i++)
		ldap_msgfree(p->entries[i]);
	free(p->entries);
	ber_memfree(p->cookie.bv_val);
	*p = (struct page){0};
}
#define _cleanup_page_ _cleanup_(page_done)

void directory_sync_done(struct directory_sync *s)
{
	free(s->cookie);
	*s = (struct directory_sync){0};
}

/* --- the request --- */

static int add_controls(struct directory *d, const struct directory_query *q, struct berval *cookie,
	LDAPControl *controls[static 6])
{
	static const struct berval flag_string = {5, "\x30\x03\x02\x01\x01"}; /* GUIDs as text */
	struct berval none = {0};
	int n = 0, r = LDAP_SUCCESS;

	if (q->page_size)
		r = ldap_create_page_control(d->ld, q->page_size, cookie, 1, &controls[n++]);
	if (r == LDAP_SUCCESS && q->sync) {
		struct berval value = {q->sync->cookie_len, q->sync->cookie};

		r = ldap_create_dirsync_control(d->ld, (int)q->sync->flags, DIRSYNC_BYTES,
			q->sync->cookie ? &value : &none, &controls[n++]);
	}
	if (r == LDAP_SUCCESS && q->deleted && !q->sync)
		r = ldap_control_create(SHOW_RECYCLED, 1, NULL, 0, &controls[n++]);
	if (r == LDAP_SUCCESS && q->deleted && !q->sync)
		r = ldap_create_show_deleted_control(d->ld, &controls[n++]);
	if (r == LDAP_SUCCESS && q->extended_dn)
		r = ldap_control_create(LDAP_CONTROL_X_EXTENDED_DN, 0,
			(struct berval *)&flag_string, 1, &controls[n++]);
	return r;
}

static int request(struct directory *d, const struct directory_query *q, struct berval *cookie,
	int *ret_id, struct err *e)
{
	LDAPControl *controls[6] = {0};
	int scope = q->scope == DIRECTORY_BASE ? LDAP_SCOPE_BASE : LDAP_SCOPE_SUBTREE;
	int r = add_controls(d, q, cookie, controls);

	if (r == LDAP_SUCCESS)
		r = ldap_search_ext(d->ld, q->base, scope, q->filter, (char **)q->attrs, 0,
			controls[0] ? controls : NULL, NULL, NULL, LDAP_NO_LIMIT, ret_id);
	for (int i = 0; controls[i]; i++)
		ldap_control_free(controls[i]);
	return r == LDAP_SUCCESS ? 0 : dir_fail(d, r, "search", e);
}

/* --- the answer --- */

static int keep_sync(struct directory *d, struct directory_sync *s, LDAPControl **controls,
	const char *what, struct err *e)
{
	LDAPControl *control = ldap_control_find(LDAP_CONTROL_X_DIRSYNC, controls, NULL);
	struct berval cookie = {0};
	int more = 0;

	if (!control ||
		ldap_parse_dirsync_control(d->ld, control, &more, &cookie) != LDAP_SUCCESS ||
		!cookie.bv_len || cookie.bv_len > DIRSYNC_COOKIE_MAX) {
		ber_memfree(cookie.bv_val);
		return err_set(e, -EPROTO, d->uri, 0,
			"%s: the server answered DirSync without a usable cookie", what);
	}
	if (more && s->cookie && s->cookie_len == cookie.bv_len &&
		memcmp(s->cookie, cookie.bv_val, cookie.bv_len) == 0) {
		ber_memfree(cookie.bv_val);
		return err_set(e, -EPROTO, d->uri, 0,
			"%s: the server has more changes, and gives the same cookie again", what);
	}
	free(s->cookie);
	s->cookie = xmalloc(cookie.bv_len);
	memcpy(s->cookie, cookie.bv_val, cookie.bv_len);
	s->cookie_len = cookie.bv_len;
	s->more = more != 0;
	ber_memfree(cookie.bv_val);
	return 0;
}

/* The result that ends an answer: its code, and where to go on. */
static int answer_end(struct directory *d, const struct directory_query *q, LDAPMessage *msg,
	struct berval *ret_cookie, struct err *e)
{
	LDAPControl **controls = NULL, *control;
	char what[512];
	int code = LDAP_OTHER, r;
	ber_int_t estimate;

	snprintf(what, sizeof(what), "%ssearch in %s", q->sync ? "DirSync " : "",
		*q->base ? q->base : "the root");
	r = ldap_parse_result(d->ld, msg, &code, NULL, NULL, NULL, &controls, 0);
	if (r == LDAP_SUCCESS)
		r = code;
	control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (r == LDAP_SUCCESS && q->page_size && control)
		r = ldap_parse_pageresponse_control(d->ld, control, &estimate, ret_cookie);
	if (r == LDAP_SUCCESS && q->sync)
		r = keep_sync(d, q->sync, controls, what, e);
	else if (r != LDAP_SUCCESS)
		r = dir_fail(d, r, what, e);
	ldap_controls_free(controls);
	return r;
}

/* The values of one attribute. False: too many or too large. */
static bool read_attr(const char *name, BerVarray vals, struct directory_attr *ret, struct arena *a,
	size_t *bytes)
{
	struct directory_value *v;
	size_t size = 0;
	unsigned n = 0;

	while (vals && vals[n].bv_val && n <= ENTRY_VALUES_MAX)
		size += vals[n++].bv_len;
	if (n > ENTRY_VALUES_MAX || *bytes + size > ENTRY_BYTES_MAX)
		return false;
	*bytes += size;
	v = arena_alloc(a, (n + 1) * sizeof(*v));
	for (unsigned i = 0; i < n; i++)
		v[i] = (struct directory_value){
			arena_dup(a, vals[i].bv_val, vals[i].bv_len), vals[i].bv_len};
	*ret = (struct directory_attr){name, v, n};
	return true;
}

/* The next attribute: 1, 0 there is none, -EBADMSG cannot be decoded, -E2BIG it is left out. */
static int next_attr(struct directory *d, LDAPMessage *msg, BerElement *ber,
	struct directory_entry *en, struct directory_attr *attrs, struct arena *a, size_t *bytes)
{
	struct berval name = {0};
	BerVarray vals = NULL;
	int r = -E2BIG;

	if (ldap_get_attribute_ber(d->ld, msg, ber, &name, &vals) != LDAP_SUCCESS)
		r = -EBADMSG;
	else if (!name.bv_val)
		r = 0;
	else if (en->n_attrs < ATTRS_MAX && read_attr(arena_dup(a, name.bv_val, name.bv_len), vals,
						    &attrs[en->n_attrs], a, bytes))
		r = 1;
	if (r == -E2BIG)
		en->problem = arena_printf(a, "%.*s: too many or too large values",
			(int)MIN(name.bv_len, (ber_len_t)100), name.bv_val);
	ber_memfree(vals);
	return r;
}

/* What cannot be read of an entry is its problem: the others come all the same. */
static int read_entry(struct directory *d, LDAPMessage *msg, struct arena *a,
	struct directory_entry *ret, struct err *e)
{
	struct directory_attr *attrs = arena_alloc(a, ATTRS_MAX * sizeof(*attrs));
	BerElement *ber = NULL;
	struct berval dn;
	size_t bytes = 0;
	int r = ldap_get_dn_ber(d->ld, msg, &ber, &dn);

	if (r != LDAP_SUCCESS)
		return dir_fail(d, r, "reading an entry", e);
	*ret = (struct directory_entry){.dn = arena_dup(a, dn.bv_val, dn.bv_len), .attrs = attrs};
	do {
		r = next_attr(d, msg, ber, ret, attrs, a, &bytes);
		if (r == 1)
			ret->n_attrs++;
	} while (r == 1 || r == -E2BIG);
	if (r == -EBADMSG)
		ret->problem = "the server's answer breaks off within the object";
	ber_free(ber, 0);
	return 0;
}

struct receiver {
	int (*each)(void *ctx, const struct directory_entry *item, struct err *e);
	void *ctx;
	struct arena arena;
};

static int deliver(struct directory *d, const struct directory_query *q, LDAPMessage *msg,
	struct receiver *rc, struct err *e)
{
	struct directory_entry en;
	int r;

	arena_reset(&rc->arena);
	r = read_entry(d, msg, &rc->arena, &en, e);
	if (r == 0 && en.problem && !q->take_bad)
		r = err_set(e, -EPROTO, d->uri, 0, "%s: %s", en.dn, en.problem);
	return r < 0 ? r : rc->each(rc->ctx, &en, e);
}

/*
 * Takes the messages of one answer: into the page, or without one to the receiver as they come.
 */
static int collect(struct directory *d, const struct directory_query *q, int id, struct page *p,
	struct receiver *rc, struct err *e)
{
	int wait = d->o.search_timeout;

	for (;;) {
		LDAPMessage *msg = NULL;
		int r = dir_wait(d, id, wait, q->base, &msg, e);

		if (r < 0)
			return r;
		wait = d->o.idle_timeout;
		switch (ldap_msgtype(msg)) {
		case LDAP_RES_SEARCH_ENTRY:
			if (!q->page_size) {
				r = deliver(d, q, msg, rc, e);
				ldap_msgfree(msg);
				if (r < 0)
					return r;
				break;
			}
			if (p->n == p->cap) {
				p->cap = p->cap ? p->cap * 2 : 512;
				p->entries = xrealloc(p->entries, p->cap * sizeof(*p->entries));
			}
			p->entries[p->n++] = msg;
			break;
		case LDAP_RES_SEARCH_RESULT:
			r = answer_end(d, q, msg, &p->cookie, e);
			ldap_msgfree(msg);
			return r;
		case LDAP_RES_SEARCH_REFERENCE:
		default:
			ldap_msgfree(msg);
		}
	}
}

static int deliver_page(struct directory *d, const struct directory_query *q, struct page *p,
	struct receiver *rc, struct err *e)
{
	for (unsigned i = 0; i < p->n; i++) {
		int r = deliver(d, q, p->entries[i], rc, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int search_pages(
	struct directory *d, const struct directory_query *q, struct receiver *rc, struct err *e)
{
	struct berval none = {0};
	int id, r = request(d, q, &none, &id, e);
	unsigned empty = 0;
	bool more;

	if (r < 0)
		return r;
	do {
		_cleanup_page_ struct page p = {0};

		r = collect(d, q, id, &p, rc, e);
		if (r < 0)
			break;
		more = p.cookie.bv_len > 0;
		empty = p.n ? 0 : empty + 1;
		if (empty == EMPTY_PAGES_MAX)
			r = err_set(e, -EPROTO, d->uri, 0,
				"search in %s: %d pages without an entry, and no end", q->base,
				EMPTY_PAGES_MAX);
		else if (more)
			r = request(d, q, &p.cookie, &id, e);
		if (r == 0)
			r = deliver_page(d, q, &p, rc, e);
	} while (r == 0 && more);
	if (r < 0)
		ldap_abandon_ext(d->ld, id, NULL, NULL);
	return r;
}

int directory_search(struct directory *d, const struct directory_query *q,
	int (*each)(void *ctx, const struct directory_entry *item, struct err *e), void *ctx,
	struct err *e)
{
	struct receiver rc = {.each = each, .ctx = ctx};
	int r = search_pages(d, q, &rc, e);

	arena_done(&rc.arena);
	return r;
}
