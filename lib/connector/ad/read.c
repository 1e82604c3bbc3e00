/* Whole objects of AD over LDAP: all of a naming context, or single ones by their GUIDs. */
#include "base/buf.h"
#include "base/text.h"
#include "connector/ad/ldap.h"
#include "model/dn.h"
#include "model/dtyp.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#define RANGE_ROUNDS_MAX 100000
#define BATCH 50 /* objects asked for by GUID in one search */

/* --- ranges: values that the server holds back, MaxValRange ([MS-ADTS] 3.1.1.3.1.3.3) --- */

static void add_attr(struct ad_domain *d, const struct directory_attr *a, size_t n)
{
	const struct attr *so_far = entry_get(&d->im->entry, ad_attr_find(a->name, n).id);
	char text[80];

	if (a->n + (so_far ? so_far->count : 0) > AD_VALUES_MAX) {
		snprintf(text, sizeof(text),
			"it has more than %d values, the most that can be read", AD_VALUES_MAX);
		ad_object_problem(d->im, a->name, n, text);
		return;
	}
	for (unsigned i = 0; i < a->n; i++)
		ad_object_value(d->im, a->name, n, a->values[i].data, a->values[i].len);
}

/*
 * Adds the values of one part. It must go on where the last one ended; otherwise nothing of the
 * object is taken. Returns the number of the first value that is left, -1: none.
 */
static int64_t add_part(
	struct ad_domain *d, const struct directory_attr *a, const struct ad_name *nm, int64_t from)
{
	char text[160];

	if (nm->first == from && (nm->last < 0 || nm->last - nm->first + 1 == a->n)) {
		add_attr(d, a, nm->n);
		return nm->last < 0 || a->n == 0 ? -1 : nm->last + 1;
	}
	snprintf(text, sizeof(text),
		"the server was asked for the values from number %" PRId64
		" on and answered %u values marked \"%s\"",
		from, a->n, a->name + nm->n);
	ad_object_problem(d->im, a->name, nm->n, text);
	return -1;
}

/* One answer to a range request. */
static int each_range(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct ad_domain *d = ctx;

	d->part_came = true;
	if (item->problem)
		ad_object_cut(d->im, item->problem);
	for (unsigned i = 0; i < item->n_attrs; i++) {
		const struct directory_attr *a = &item->attrs[i];
		struct ad_name nm = ad_name_parse(a->name, strlen(a->name));

		if (!nm.in_range && !a->n)
			continue;
		if (!nm.in_range)
			nm = (struct ad_name){nm.n, true, 0, -1};
		d->got_from = add_part(d, a, &nm, d->got_from);
		return 0;
	}
	d->got_from = -1; /* the values that were left are gone */
	return 0;
}

/* The next values of a range. That the object is gone meanwhile concerns no other. */
static int ask_range(struct ad_domain *d, const struct directory_query *q, struct err *e)
{
	struct err qe = {0};
	int r = directory_search(d->server.dir, q, each_range, d, &qe);

	if (r < 0 && r != -ENOENT)
		*e = qe;
	return r == -ENOENT ? 0 : r;
}

static int read_ranges(struct ad_domain *d, const char *dn, struct err *e)
{
	for (unsigned i = 0; i < d->n_ranged; i++) {
		const char *name = d->ranged[i].name;
		size_t n = strcspn(name, ";");

		d->got_from = d->ranged[i].next;
		for (int round = 0; d->got_from >= 0 && !d->im->problem; round++) {
			char asked[ATTR_NAME_MAX + 40];
			const char *attrs[] = {asked, NULL};
			struct directory_query q = {.base = dn,
				.filter = "(objectClass=*)",
				.attrs = attrs,
				.extended_dn = true,
				.take_bad = true};

			snprintf(asked, sizeof(asked), "%.*s;range=%" PRId64 "-*", (int)n, name,
				d->got_from);
			d->part_came = false;
			TRY(ask_range(d, &q, e));
			if (!d->part_came || round == RANGE_ROUNDS_MAX)
				ad_object_problem(
					d->im, name, n, "the server did not return all values");
		}
	}
	return 0;
}

static void read_attr(struct ad_domain *d, const struct directory_attr *a)
{
	struct ad_name nm = ad_name_parse(a->name, strlen(a->name));
	int64_t next;

	if (!nm.in_range) {
		add_attr(d, a, nm.n);
		return;
	}
	next = add_part(d, a, &nm, 0);
	if (next < 0)
		return;
	if (d->n_ranged == ARRAY_SIZE(d->ranged)) {
		ad_object_problem(d->im, a->name, nm.n,
			"too many attributes of the object have so many values that the server "
			"sends them in parts");
		return;
	}
	d->ranged[d->n_ranged].name = arena_strdup(&d->im->arena, a->name);
	d->ranged[d->n_ranged++].next = next;
}

int ad_read_whole(struct ad_domain *d, const struct directory_entry *item, struct err *e)
{
	struct ad_import *im = d->im;

	ad_object_begin(im, item->dn);
	if (item->problem)
		ad_object_cut(im, item->problem);
	d->n_ranged = 0;
	for (unsigned i = 0; i < item->n_attrs; i++)
		read_attr(d, &item->attrs[i]);
	TRY(d->n_ranged ? read_ranges(d, im->entry.dn, e) : 0);
	ad_object_close(im);
	return 0;
}

/* --- all --- */

static int each_object(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct ad_domain *d = ctx;
	struct ad_import *im = d->im;

	TRY(ad_read_whole(d, item, e));
	return ad_object_is_ours(im) ? ad_object_deliver(im, false, e) : 0;
}

static int each_container(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct ad_domain *d = ctx;
	const char *old;

	TRY(ad_read_whole(d, item, e));
	if (!d->im->entry.anchor) /* a server other than AD: nothing can follow */
		return 0;
	return d->im->sink->container(
		d->im->sink, d->im->entry.anchor, d->im->entry.dn, true, &old, e);
}

static int page_size(const struct ad_domain *d)
{
	return (int)setting_number(d->im->con->settings, "page_size");
}

static int read_containers(struct ad_domain *d, struct err *e)
{
	static const char *const attrs[] = {"objectGUID", "objectClass", NULL};
	struct directory_query q = {
		.base = d->base,
		.scope = DIRECTORY_SUBTREE,
		.filter = "(|" AD_CONTAINER_CLASSES ")",
		.attrs = attrs,
		.page_size = page_size(d),
	};

	return directory_search(d->server.dir, &q, each_container, d, e);
}

/* An included folder below another one is read with that. */
static bool is_topmost(const struct connector *con, const struct ad_ou *ou)
{
	for (unsigned i = 0; i < con->n_ous; i++) {
		const struct ad_ou *other = &con->ous[i];

		if (other == ou || !other->include || !dn_key_below(ou->key, other->key))
			continue;
		if (!streq(ou->key, other->key) || other < ou)
			return false;
	}
	return true;
}

int ad_read_all(struct ad_domain *d, struct err *e)
{
	const struct connector *con = d->im->con;
	bool any_include = false;
	struct directory_query q = {
		.base = d->base,
		.scope = DIRECTORY_SUBTREE,
		.filter = arena_printf(&d->arena, "(&" AD_CLASS_FILTER "%s)", d->filter),
		.attrs = d->all_attrs,
		.page_size = page_size(d),
		.extended_dn = true,
		.take_bad = true,
	};

	if (d->method != AD_METHOD_NONE)
		TRY(read_containers(d, e));
	for (unsigned i = 0; i < con->n_ous; i++) {
		const struct ad_ou *ou = &con->ous[i];

		any_include |= ou->include;
		if (!ou->include || con->bases[ad_base_of(con, ou->key)] != d->base ||
			!is_topmost(con, ou))
			continue;
		q.base = ou->dn;
		TRY(directory_search(d->server.dir, &q, each_object, d, e));
	}
	return any_include ? 0 : directory_search(d->server.dir, &q, each_object, d, e);
}

/* --- single ones --- */

void ad_read_later(struct ad_domain *d, const unsigned char guid[16], bool restored)
{
	if (d->later.n == d->later.cap) {
		d->later.cap = d->later.cap ? d->later.cap * 2 : 64;
		d->later.guids = xrealloc(d->later.guids, d->later.cap * sizeof(*d->later.guids));
		d->later.restored =
			xrealloc(d->later.restored, d->later.cap * sizeof(*d->later.restored));
	}
	memcpy(d->later.guids[d->later.n], guid, 16);
	d->later.restored[d->later.n++] = restored;
}

struct batch {
	struct ad_domain *d;
	unsigned first, n;
	bool seen[BATCH];
	char *dns[BATCH]; /* of restored ones, on the heap */
};

static int each_listed(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct batch *b = ctx;
	struct ad_import *im = b->d->im;

	TRY(ad_read_whole(b->d, item, e));
	if (!ad_object_is_ours(im))
		return 0;
	for (unsigned i = 0; i < b->n; i++) {
		if (memcmp(b->d->later.guids[b->first + i], im->guid, 16) != 0)
			continue;
		b->seen[i] = true;
		if (b->d->later.restored[b->first + i] && !b->dns[i])
			b->dns[i] = xstrdup(im->entry.dn);
	}
	return ad_object_deliver(im, false, e);
}

struct referrers {
	struct ad_domain *d;
	unsigned attr;
	const char *target;
};

static int each_referrer(void *ctx, const struct directory_entry *item, struct err *e)
{
	const struct referrers *r = ctx;
	struct ad_import *im = r->d->im;
	const char *name = attr_name(r->attr);
	int known;

	TRY(ad_read_whole(r->d, item, e));
	if (!im->entry.anchor)
		return 0;
	known = im->sink->known(im->sink, im->entry.anchor, e);
	if (known != 1)
		return known;
	/* only this: should a pass be made again, the object itself would not come again */
	entry_init(&im->entry, &im->arena);
	im->entry.anchor = im->anchor;
	ad_object_change(im, name, strlen(name), r->target, true);
	return ad_object_deliver(im, true, e);
}

/* A restored object has its place in groups again, which no change of the groups tells. */
static int read_referrers(
	struct ad_domain *d, const unsigned char guid[16], const char *dn, struct err *e)
{
	static const char *const attrs[] = {"objectGUID", NULL};
	_cleanup_arena_ struct arena a = {0};
	_cleanup_buf_ struct buf escaped = {0};
	char text[GUID_TEXT_SIZE];
	struct referrers r = {.d = d};

	guid_format(text, guid);
	r.target = arena_printf(&a, "<GUID=%s>;%s", text, dn);
	ad_filter_escape(&escaped, dn);
	for (unsigned i = 0; i < d->im->req->n_attrs; i++) {
		const char *name = attr_name(d->im->req->attrs[i]);
		struct ad_attr attr = ad_attr_find(name, strlen(name));
		struct directory_query q = {
			.base = d->base,
			.scope = DIRECTORY_SUBTREE,
			.filter = arena_printf(&a, "(%s=%s)", name, buf_str(&escaped)),
			.attrs = attrs,
			.page_size = page_size(d),
		};

		r.attr = attr.id;
		if (attr.type == VALUE_REFERENCE)
			TRY(directory_search(d->server.dir, &q, each_referrer, &r, e));
	}
	return 0;
}

static int batch_end(struct batch *b, struct err *e)
{
	struct ad_import *im = b->d->im;

	for (unsigned i = 0; i < b->n; i++) {
		const unsigned char *guid = b->d->later.guids[b->first + i];
		char anchor[GUID_TEXT_SIZE];

		guid_format(anchor, guid);
		if (b->seen[i]) {
			TRY(b->dns[i] ? read_referrers(b->d, guid, b->dns[i], e) : 0);
			continue;
		}
		/* not chosen by the filter, out of scope, or gone meanwhile */
		arena_reset(&im->arena);
		TRY(ad_anchor_gone(im, anchor, false, e));
	}
	return 0;
}

static int read_batch(struct ad_domain *d, unsigned first, unsigned n, struct err *e)
{
	struct batch b = {.d = d, .first = first, .n = n};
	_cleanup_buf_ struct buf f = {0};
	struct directory_query q = {
		.base = d->base,
		.scope = DIRECTORY_SUBTREE,
		.attrs = d->attrs,
		.page_size = page_size(d),
		.extended_dn = true,
		.take_bad = true,
	};
	int r;

	buf_addf(&f, "(&" AD_CLASS_FILTER "%s(|", d->filter);
	for (unsigned i = 0; i < n; i++) {
		buf_adds(&f, "(objectGUID=");
		for (unsigned k = 0; k < 16; k++)
			buf_addf(&f, "\\%02x", d->later.guids[first + i][k]);
		buf_addc(&f, ')');
	}
	buf_adds(&f, "))");
	q.filter = buf_str(&f);
	r = directory_search(d->server.dir, &q, each_listed, &b, e);
	if (r == 0)
		r = batch_end(&b, e);
	for (unsigned i = 0; i < n; i++)
		free(b.dns[i]);
	return r;
}

int ad_read_listed(struct ad_domain *d, struct err *e)
{
	for (unsigned i = 0; i < d->later.n; i += BATCH)
		TRY(read_batch(d, i, MIN(d->later.n - i, (unsigned)BATCH), e));
	d->later.n = 0;
	return 0;
}
