/*
 * Changes of AD over LDAP, by the DirSync control or by uSNChanged.
 *
 * A pass over the changes delivers what it can at once and lists the rest: objects that must be
 * read whole (they entered the scope, were restored, or a filter must be asked), and containers
 * that were renamed. Those are applied at the end, since they may have taken each other's names;
 * and as objects that came before already carry their new DNs, the pass is then made once more
 * from the same place.
 */
#include "base/text.h"
#include "connector/ad/ldap.h"
#include "model/dn.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define PASSES_MAX 5

/* During a search it is enough to call it: the pass looks at full_reason afterwards. */
static int needs_full(struct ad_domain *d, const char *fmt, ...) _printf_(2, 3);
static int needs_full(struct ad_domain *d, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->full_reason = arena_strdup(&d->arena, text);
	return AD_NEEDS_FULL;
}

/* --- which way --- */

static int each_nothing(void *ctx, const struct directory_entry *item, struct err *e)
{
	return 0;
}

static uint32_t sync_flags(enum ad_method m)
{
	return DIRSYNC_INCREMENTAL_VALUES | DIRSYNC_ANCESTORS_FIRST |
	       (m == AD_METHOD_DIRSYNC_OS ? DIRSYNC_OBJECT_SECURITY : 0);
}

/* A cookie of now: asks for the changes of nothing. */
static int sync_begin(struct ad_domain *d, enum ad_method m, struct err *e)
{
	static const char *const attrs[] = {"objectGUID", NULL};
	struct directory_query q = {
		.base = d->base,
		.scope = DIRECTORY_SUBTREE,
		.filter = "(objectGUID=\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00"
			  "\\00)",
		.attrs = attrs,
		.sync = &d->sync,
	};

	directory_sync_done(&d->sync);
	d->sync.flags = sync_flags(m);
	do
		TRY(directory_search(d->server.dir, &q, each_nothing, NULL, e));
	while (d->sync.more);
	return 0;
}

static int hides_deleted(struct ad_domain *d, enum ad_method m, struct err *e)
{
	int r;

	if (m == AD_METHOD_DIRSYNC && !d->server.is_samba)
		return 0; /* the right to replicate shows them */
	r = ad_reads_deleted(&d->server, d->base, e);
	return r < 0 ? r : !r;
}

/* For the operator, told when the way turns out to be another one than before. */
static void note(struct ad_domain *d, const char *fmt, ...) _printf_(2, 3);
static void note(struct ad_domain *d, const char *fmt, ...)
{
	char text[768];
	int n = snprintf(text, sizeof(text), "%s, %s: ", directory_uri(d->server.dir), d->base);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - (size_t)n, fmt, ap);
	va_end(ap);
	if (d->n_notes < ARRAY_SIZE(d->notes))
		d->notes[d->n_notes++] = arena_strdup(&d->arena, text);
}

/* The best way that the settings allow, the server knows and the account may use. */
static int choose(struct ad_domain *d, struct err *e)
{
	const char *setting = setting_text(d->im->con->settings, "delta");
	bool dirsync = streq(setting, "auto") || streq(setting, "dirsync");
	struct err refused = {0};

	d->method = AD_METHOD_NONE;
	if (streq(setting, "none") || !d->server.service[0])
		return 0;
	for (int m = AD_METHOD_DIRSYNC;
		dirsync && d->server.has_dirsync && m <= AD_METHOD_DIRSYNC_OS; m++) {
		int r = sync_begin(d, (enum ad_method)m, &refused);

		if (r == -EHOSTDOWN || r == -ECANCELED) {
			*e = refused;
			return r;
		}
		if (r < 0)
			continue;
		d->method = (enum ad_method)m;
		if (m == AD_METHOD_DIRSYNC_OS)
			note(d, "the account lacks the right \"Replicating Directory Changes\"; "
				"only changes of what the account itself may read are seen");
		return 0;
	}
	if (streq(setting, "dirsync") || d->server.usn < 0 || !d->server.has_deleted) {
		note(d, "the server cannot report changes (%s), so every import reads everything",
			refused.text[0] ? refused.text : "it has neither DirSync nor uSNChanged");
		return 0;
	}
	d->method = AD_METHOD_USN;
	if (dirsync)
		note(d, "the server refuses DirSync (%s), so changes are found by uSNChanged",
			refused.text[0] ? refused.text : "it does not know it");
	return 0;
}

/* 1: deletes could not be told. */
static int check_deleted(struct ad_domain *d, struct err *e)
{
	int hidden = d->method == AD_METHOD_NONE ? 0 : hides_deleted(d, d->method, e);

	if (hidden > 0) {
		d->method = AD_METHOD_NONE;
		note(d, "the account may not read CN=Deleted Objects, so deletes would be missed; "
			"every import reads everything until the account gets the right (dsacls, "
			"\"list\" and \"read property\")");
	}
	return hidden;
}

int ad_delta_begin(struct ad_domain *d, struct err *e)
{
	d->usn = d->server.usn;
	d->n_notes = 0;
	TRY(choose(d, e));
	TRY(check_deleted(d, e));
	for (unsigned i = 0; i < d->n_notes && (int)d->method != d->method_before; i++)
		d->im->sink->note(d->im->sink, d->notes[i]);
	d->method_before = (int)d->method;
	return 0;
}

/* --- a pass over the changes --- */

static void add_move(struct ad_domain *d, const char *anchor, const char *dn)
{
	if (d->n_moves == d->cap_moves) {
		d->cap_moves = d->cap_moves ? d->cap_moves * 2 : 16;
		d->moves = xrealloc(d->moves, d->cap_moves * sizeof(*d->moves));
	}
	d->moves[d->n_moves++] = (struct container_move){
		arena_strdup(&d->arena, anchor), arena_strdup(&d->arena, dn)};
}

/* 1: the entry was a container, and that is all that it was. */
static int take_container(struct ad_domain *d, struct err *e)
{
	struct ad_import *im = d->im;
	const char *old;
	int r = im->sink->container(im->sink, im->anchor, im->entry.dn, im->is_container, &old, e);

	TRY(r);
	if (r == IMPORT_OTHER)
		return 0;
	if (r != IMPORT_MOVED)
		return 1;
	if (ad_move_keeps_scope(im->con, dn_key(&im->arena, old), im->key))
		add_move(d, im->anchor, im->entry.dn);
	else
		needs_full(d, "%s was moved to %s, into or out of what is imported", old,
			im->entry.dn);
	return 1;
}

static bool names_member(const struct ad_import *im)
{
	unsigned member = ad_attr_find("member", 6).id;

	for (unsigned i = 0; i < im->n_changes; i++)
		if (im->changes[i].attr == member)
			return true;
	return entry_get(&im->entry, member) != NULL;
}

/*
 * What is to be done with one changed entry, which was closed. `whole`: it has all attributes,
 * otherwise those that changed.
 */
static int take_change(struct ad_domain *d, bool whole, struct err *e)
{
	struct ad_import *im = d->im;
	int known, r;

	if (!im->entry.anchor) /* neither of ours, nor can it be told which */
		return ad_object_is_ours(im) ? ad_object_deliver(im, !whole, e) : 0;
	if (im->is_cut) {
		known = im->sink->known(im->sink, im->anchor, e);
		TRY(known);
		return known || ad_object_is_ours(im) ? ad_object_deliver(im, true, e) : 0;
	}
	if (im->is_deleted) {
		TRY(im->sink->container_gone(im->sink, im->anchor, e));
		return ad_anchor_gone(im, im->anchor, true, e);
	}
	if (d->group_guid && streq(d->group_guid, im->anchor) && (whole || names_member(im)))
		needs_full(d, "the members of include_group may have changed");
	r = take_container(d, e);
	if (r != 0)
		return MIN(r, 0);
	known = im->sink->known(im->sink, im->anchor, e);
	TRY(known);
	if (!ad_in_scope(im->con, im->key, false))
		return known ? ad_anchor_gone(im, im->anchor, false, e) : 0;
	if (*d->filter || (!known && !im->is_new)) {
		bool restored = im->is_restored || (whole && !im->is_new);

		ad_read_later(d, im->guid, !known && restored);
		return 0;
	}
	if (!known && !im->entry.class)
		return 0;
	return ad_object_deliver(im, known && !whole, e);
}

/*
 * [MS-ADTS] 3.1.1.3.4.1.3: with incremental values "range=1-1" are added, "range=0-0" removed.
 * False: another range, or no references, so the server has held values back.
 */
static bool add_changed(struct ad_import *im, const struct directory_attr *a)
{
	struct ad_name nm = ad_name_parse(a->name, strlen(a->name));
	size_t n = nm.n;
	bool added = nm.in_range && nm.first == 1 && nm.last == 1;
	bool removed = nm.in_range && nm.first == 0 && nm.last == 0;

	if (!ad_name_is_whole(&nm) && !((added || removed) && ad_holds_references(im, a->name, n)))
		return false;
	if (!a->n && !added && !removed)
		ad_object_clear(im, a->name, n);
	for (unsigned i = 0; i < a->n; i++)
		if (added || removed)
			ad_object_change(im, a->name, n, a->values[i].data, added);
		else
			ad_object_value(im, a->name, n, a->values[i].data, a->values[i].len);
	return true;
}

static int each_sync(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct ad_domain *d = ctx;
	bool whole = true;

	ad_object_begin(d->im, item->dn);
	if (item->problem)
		ad_object_cut(d->im, item->problem);
	for (unsigned i = 0; i < item->n_attrs; i++)
		whole &= add_changed(d->im, &item->attrs[i]);
	ad_object_close(d->im);
	if (!whole && d->im->entry.anchor) /* again, with all its values */
		ad_read_later(d, d->im->guid, false);
	return take_change(d, false, e);
}

static int each_usn(void *ctx, const struct directory_entry *item, struct err *e)
{
	struct ad_domain *d = ctx;

	TRY(ad_read_whole(d, item, e));
	/* created since: uSNCreated is the server's own, like the watermark */
	d->im->is_new = false;
	for (unsigned i = 0; i < item->n_attrs; i++)
		if (strcasecmp(item->attrs[i].name, "uSNCreated") == 0 && item->attrs[i].n)
			d->im->is_new = strtoll(item->attrs[i].values[0].data, NULL, 10) > d->usn;
	return take_change(d, true, e);
}

static int pass_sync(struct ad_domain *d, struct directory_sync *sync, struct err *e)
{
	struct directory_query q = {
		.base = d->base,
		.scope = DIRECTORY_SUBTREE,
		.filter = "(|" AD_CLASS_FILTER AD_CONTAINER_CLASSES ")",
		.attrs = d->attrs,
		.extended_dn = true,
		.take_bad = true,
		.sync = sync,
	};
	int r;

	do {
		ad_import_again(d->im);
		r = directory_search(d->server.dir, &q, each_sync, d, e);
		if (r == 0)
			r = d->full_reason ? AD_NEEDS_FULL : ad_read_listed(d, e);
	} while (r == 0 && sync->more);
	return r;
}

static int pass_usn(struct ad_domain *d, struct err *e)
{
	struct directory_query q = {
		.base = d->base,
		.scope = DIRECTORY_SUBTREE,
		.filter = arena_printf(&d->arena,
			"(&(uSNChanged>=%" PRId64 ")(|" AD_CLASS_FILTER AD_CONTAINER_CLASSES "))",
			d->usn + 1),
		.attrs = d->attrs,
		.page_size = (int)setting_number(d->im->con->settings, "page_size"),
		.extended_dn = true,
		.take_bad = true,
		.deleted = true,
	};
	int r;

	ad_import_again(d->im);
	r = directory_search(d->server.dir, &q, each_usn, d, e);
	if (r == 0)
		r = d->full_reason ? AD_NEEDS_FULL : ad_read_listed(d, e);
	return r;
}

static int pass(struct ad_domain *d, struct directory_sync *sync, struct err *e)
{
	d->later.n = d->n_moves = 0;
	return d->method == AD_METHOD_USN ? pass_usn(d, e) : pass_sync(d, sync, e);
}

static int pass_until_still(struct ad_domain *d, struct directory_sync *sync, struct err *e)
{
	for (int i = 0; i < PASSES_MAX; i++) {
		int r;

		directory_sync_done(sync);
		sync->flags = d->sync.flags;
		if (d->sync.cookie) {
			sync->cookie = xmalloc(d->sync.cookie_len);
			memcpy(sync->cookie, d->sync.cookie, d->sync.cookie_len);
			sync->cookie_len = d->sync.cookie_len;
		}
		r = pass(d, sync, e);
		if (r != 0 || !d->n_moves)
			return r;
		TRY(d->im->sink->containers_moved(d->im->sink, d->moves, d->n_moves, e));
	}
	return needs_full(d, "containers kept being renamed while the changes were read");
}

/* Takes up where the last import ended. */
static int resume(struct ad_domain *d, struct err *e)
{
	const struct ad_cursor_domain *last = d->last;

	if (!last)
		return 0; /* ad_delta_begin() has set everything */
	d->method = last->method;
	d->usn = last->usn;
	if (last->method == AD_METHOD_NONE)
		return needs_full(d, "the server cannot report the changes of %s", d->base);
	if (last->method == AD_METHOD_USN) {
		if (!last->invocation || !streq(last->invocation, d->server.invocation))
			return needs_full(d,
				"%s is not the domain controller of the last import, or it was "
				"restored from a backup (its invocationId is %s, it was %s)",
				directory_uri(d->server.dir), d->server.invocation,
				last->invocation ? last->invocation : "not known");
		if (d->server.usn < last->usn)
			return needs_full(d,
				"highestCommittedUSN of %s fell from %" PRId64 " to %" PRId64
				": its database was set back (USN rollback)",
				directory_uri(d->server.dir), last->usn, d->server.usn);
		return 0;
	}
	if (!last->cookie)
		return needs_full(d, "no DirSync cookie was kept");
	directory_sync_done(&d->sync);
	d->sync.flags = sync_flags(last->method);
	d->sync.cookie = xmalloc(last->cookie_len);
	memcpy(d->sync.cookie, last->cookie, last->cookie_len);
	d->sync.cookie_len = last->cookie_len;
	return 0;
}

int ad_delta_read(struct ad_domain *d, struct err *e)
{
	struct directory_sync sync = {0};
	struct err pe = {0};
	int r;

	d->full_reason = NULL;
	r = resume(d, e);
	if (r != 0 || d->method == AD_METHOD_NONE)
		return r;
	r = pass_until_still(d, &sync, &pe);
	if (r == 0) {
		directory_sync_done(&d->sync);
		d->sync = sync;
		d->usn = d->server.usn;
		return 0;
	}
	directory_sync_done(&sync);
	if (r < 0 && d->last && (r == -EACCES || r == -ENOTSUP || r == -EPROTO))
		return needs_full(d, "the server refuses to report changes: %s", pe.text);
	if (r < 0)
		*e = pe;
	return r;
}
