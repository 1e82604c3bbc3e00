/*
 * AD over LDAP: a full read, page by page. The cursor is the domain controller's identity and its
 * highestCommittedUSN before the read: every write to a domain controller raises that number
 * ([MS-ADTS] 3.1.1.1.9 and 3.1.1.3.2.25), so when both are the same nothing has changed.
 */
#include "connector/ad.h"
#include "net/ldap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define RANGE_ROUNDS_MAX 100000

#define CLASS_FILTER                                                   \
	"(|(objectClass=user)(objectClass=group)(objectClass=contact)" \
	"(objectClass=foreignSecurityPrincipal))"

struct ldap_import {
	struct ad_import *im;
	struct directory *dir;
	const char **attrs; /* NULL-terminated */
	struct arena arena;
	/* of the object under construction */
	struct {
		char *name;
		int64_t next; /* first value not yet read; -1: complete */
	} ranged[8];
	unsigned n_ranged;
	int64_t got_from;
};

static enum conn_result ladder(int r)
{
	if (r == -EHOSTDOWN)
		return CONN_DOWN;
	return r == -ECANCELED ? CONN_CANCELED : CONN_RUN_BAD;
}

/* "member;range=0-1499": first and last (-1 for "*"). False: no range option. */
static bool range_parse(const char *name, int64_t *ret_first, int64_t *ret_last)
{
	const char *p = strcasestr(name, ";range=");
	char *end;

	if (!p)
		return false;
	*ret_first = strtoll(p + 7, &end, 10);
	if (*end != '-')
		return false;
	*ret_last = end[1] == '*' ? -1 : strtoll(end + 1, NULL, 10);
	return *ret_first >= 0;
}

static void add_attr(struct ldap_import *li, const struct directory_attr *a)
{
	size_t n = strcspn(a->name, ";");

	for (unsigned i = 0; i < a->n; i++)
		ad_object_value(li->im, a->name, n, a->values[i].data, a->values[i].len);
}

/* One answer to a range request: must go on where the last one ended. */
static int each_range(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct ldap_import *li = ctx;
	int64_t first, last;

	for (unsigned i = 0; i < item->n_attrs; i++) {
		if (!range_parse(item->attrs[i].name, &first, &last))
			continue;
		if (first != li->got_from)
			return err_set(e, -EPROTO, item->dn, 0,
				"the server answered values from %" PRId64
				" when asked from %" PRId64,
				first, li->got_from);
		add_attr(li, &item->attrs[i]);
		li->got_from = last < 0 || item->attrs[i].n == 0 ? -1 : last + 1;
		return 0;
	}
	li->got_from = -1;
	return 0;
}

/* The values that the server held back: MaxValRange ([MS-ADTS] 3.1.1.3.1.3.3). */
static int read_ranges(struct ldap_import *li, const char *dn, struct err *e)
{
	for (unsigned i = 0; i < li->n_ranged; i++) {
		li->got_from = li->ranged[i].next;
		for (int round = 0; li->got_from >= 0; round++) {
			char name[ATTR_NAME_MAX + 40];
			const char *attrs[] = {name, NULL};
			struct directory_query q = {
				.base = dn, .filter = "(objectClass=*)", .attrs = attrs};
			int r;

			if (round == RANGE_ROUNDS_MAX)
				return err_set(e, -EPROTO, dn, 0, "a value range without end");
			snprintf(name, sizeof(name), "%.*s;range=%" PRId64 "-*",
				(int)strcspn(li->ranged[i].name, ";"), li->ranged[i].name,
				li->got_from);
			r = directory_search(li->dir, &q, each_range, li, e);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int each_entry(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct ldap_import *li = ctx;
	int r;

	ad_object_begin(li->im, item->dn);
	li->n_ranged = 0;
	for (unsigned i = 0; i < item->n_attrs; i++) {
		const struct directory_attr *a = &item->attrs[i];
		int64_t first, last;

		add_attr(li, a);
		if (!range_parse(a->name, &first, &last) || last < 0 ||
			li->n_ranged == ARRAY_SIZE(li->ranged))
			continue;
		li->ranged[li->n_ranged].name = arena_strdup(&li->im->arena, a->name);
		li->ranged[li->n_ranged++].next = last + 1;
	}
	if (li->n_ranged) {
		r = read_ranges(li, item->dn, e);
		if (r < 0)
			return r;
	}
	return ad_object_end(li->im, e);
}

struct root {
	char service[512]; /* dsServiceName: DN of the domain controller's NTDS settings */
	char usn[32];      /* highestCommittedUSN; empty: the server has none */
	char invocation[64];
};

static int each_root(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct root *root = ctx;

	for (unsigned i = 0; i < item->n_attrs; i++) {
		const struct directory_attr *a = &item->attrs[i];

		if (!a->n)
			continue;
		if (strcasecmp(a->name, "dsServiceName") == 0)
			snprintf(root->service, sizeof(root->service), "%s", a->values[0].data);
		else if (strcasecmp(a->name, "highestCommittedUSN") == 0)
			snprintf(root->usn, sizeof(root->usn), "%s", a->values[0].data);
		else if (strcasecmp(a->name, "invocationId") == 0)
			for (size_t k = 0; k < MIN(a->values[0].len, (size_t)16); k++)
				snprintf(root->invocation + 2 * k, 3, "%02x",
					(unsigned char)a->values[0].data[k]);
	}
	return 0;
}

static int read_root(struct ldap_import *li, struct root *root, struct err *e)
{
	static const char *const root_attrs[] = {"dsServiceName", "highestCommittedUSN", NULL};
	static const char *const nt_attrs[] = {"invocationId", NULL};
	struct directory_query q = {.base = "", .filter = "(objectClass=*)", .attrs = root_attrs};
	struct err ignored = {0};
	int r = directory_search(li->dir, &q, each_root, root, e);

	if (r < 0 || !root->service[0])
		return r;
	q.base = root->service;
	q.attrs = nt_attrs;
	r = directory_search(li->dir, &q, each_root, root, &ignored);
	if (r < 0)
		root->usn[0] = '\0'; /* a restored server could not be told: always read */
	return 0;
}

static const char **attr_list(struct ldap_import *li)
{
	const struct import_request *req = li->im->req;
	const char **list = arena_alloc(&li->arena, (req->n_attrs + 3) * sizeof(*list));
	unsigned n = 0;

	for (unsigned i = 0; i < req->n_attrs; i++)
		list[n++] = attr_name(req->attrs[i]);
	list[n++] = "objectClass";
	list[n++] = "objectGUID";
	list[n] = NULL;
	return list;
}

static int search_all(struct ldap_import *li, struct err *e)
{
	const struct settings *s = li->im->con->settings;
	const char *extra = setting_text(s, "ldap_filter");
	char **bases = li->im->con->include_ou;
	struct directory_query q = {
		.base = setting_text(s, "base_dn"),
		.scope = DIRECTORY_SUBTREE,
		.filter = extra ? arena_printf(&li->arena, "(&" CLASS_FILTER "%s)", extra)
	                        : CLASS_FILTER,
		.attrs = attr_list(li),
		.page_size = (int)setting_number(s, "page_size"),
	};

	if (!*bases)
		return directory_search(li->dir, &q, each_entry, li, e);
	for (; *bases; bases++) {
		int r;

		q.base = *bases;
		r = directory_search(li->dir, &q, each_entry, li, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The first server of the list that answers. */
static int open_any(struct ldap_import *li, struct err *e)
{
	const struct connector *con = li->im->con;
	const struct settings *s = con->settings;
	struct directory_options o = {
		.allow_cleartext = setting_bool(s, "allow_cleartext"),
		.ca_file = setting_text(s, "ca_file"),
		.bind_dn = setting_text(s, "bind_dn"),
		.password_file = setting_text(s, "password_file"),
		.connect_timeout = (int)setting_number(s, "connect_timeout"),
		.search_timeout = (int)setting_number(s, "search_timeout"),
		.canceled = con->host->canceled,
		.ctx = con->host->ctx,
	};
	int r = -EHOSTDOWN;

	for (unsigned i = 0; con->sources[i]; i++) {
		o.uri = con->sources[i];
		o.starttls = str_starts(o.uri, "ldap://") && setting_bool(s, "starttls");
		r = directory_open(&o, &li->dir, e);
		if (r != -EHOSTDOWN)
			break;
	}
	return r;
}

static int import_open(struct ldap_import *li, struct import_answer *ret, struct err *e)
{
	const struct import_request *req = li->im->req;
	char cursor[AD_CURSOR_MAX] = "";
	struct root root = {0};
	int r = read_root(li, &root, e);

	if (r < 0)
		return r;
	if (root.usn[0])
		snprintf(cursor, sizeof(cursor), "1 ldap %s %s %s %" PRIx64, root.usn,
			root.invocation, root.service, ad_import_digest(li->im));
	if (cursor[0] && !req->full && req->cursor && req->cursor_len == strlen(cursor) &&
		memcmp(req->cursor, cursor, req->cursor_len) == 0) {
		ret->nothing = true;
		return 0;
	}
	ret->full = true;
	r = search_all(li, e);
	if (r < 0)
		return r;
	return li->im->sink->cursor(li->im->sink, cursor, strlen(cursor), e);
}

enum conn_result ad_import_ldap(struct ad_import *im, struct import_answer *ret, struct err *e)
{
	struct ldap_import li = {.im = im};
	int r = open_any(&li, e);

	if (r == 0)
		r = import_open(&li, ret, e);
	directory_close(li.dir);
	arena_done(&li.arena);
	return r < 0 ? ladder(r) : CONN_OK;
}
