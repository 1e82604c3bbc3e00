/* One AD object from names and values, whichever source they come from, to the sink. */
#include "connector/ad/ad.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/text.h"
#include "model/dn.h"
#include "model/dtyp.h"
#include "report/error_type.h"

#include <stdio.h>

#define DELETED_MARK "\nDEL:" /* in the RDN of a deleted object: [MS-ADTS] 3.1.1.5.5.1.1 */

/* Attributes that decide what an entry is; the rules need not read them. */
static struct {
	unsigned object_class, object_guid, object_sid, is_deleted, when_created, dn, cn;
} ids;

static void ids_init(void)
{
	if (ids.object_class)
		return;
	ids.object_class = ad_attr_find("objectClass", 11).id;
	ids.object_guid = ad_attr_find("objectGUID", 10).id;
	ids.object_sid = ad_attr_find("objectSid", 9).id;
	ids.is_deleted = ad_attr_find("isDeleted", 9).id;
	ids.when_created = ad_attr_find("whenCreated", 11).id;
	ids.dn = ad_attr_find("distinguishedName", 17).id;
	ids.cn = ad_attr_find("cn", 2).id;
}

void ad_import_init(struct ad_import *im, struct connector *con, const struct import_request *req,
	struct import_sink *sink)
{
	*im = (struct ad_import){.con = con, .req = req, .sink = sink, .unique = true};
	ids_init();
	ad_attr_forget();
	im->n_wanted = ATTR_MAX;
	im->wanted = xcalloc(im->n_wanted, sizeof(*im->wanted));
	im->retry = xcalloc(AD_RETRIES_MAX, sizeof(*im->retry));
	for (unsigned i = 0; i < req->n_attrs; i++) {
		const char *name = attr_name(req->attrs[i]);

		im->wanted[req->attrs[i]] = true;
		/* a rule may spell a name in another case than the schema does */
		im->wanted[ad_attr_find(name, strlen(name)).id] = true;
	}
}

void ad_import_again(struct ad_import *im)
{
	hashset_done(&im->guids);
	hashset_done(&im->dns);
	hashset_done(&im->pairs);
}

void ad_import_forget_retries(struct ad_import *im)
{
	for (unsigned i = 0; i < im->n_retry; i++)
		free(im->retry[i]);
	im->n_retry = 0;
	im->retry_lost = false;
}

void ad_import_done(struct ad_import *im)
{
	ad_import_again(im);
	ad_import_forget_retries(im);
	free(im->retry);
	free(im->wanted);
	arena_done(&im->arena);
}

uint64_t ad_import_digest(const struct ad_import *im, bool with_source)
{
	static const char *const names[] = {"base_dn", "include_ou", "exclude_ou", "ldap_filter",
		"include_group", "delta", "source"};
	uint64_t h = 1;

	for (unsigned i = 0; i < ARRAY_SIZE(names) - !with_source; i++) {
		const char *v = setting_text(im->con->settings, names[i]);

		h = h * 31 + (v ? hash64(v, strlen(v)) : 7);
	}
	for (unsigned i = 0; i < im->req->n_attrs; i++) {
		const char *name = attr_name(im->req->attrs[i]);

		h += hash64(name, strlen(name)); /* order does not matter */
	}
	return h;
}

void ad_reference(const char *value, struct arena *a, const char **ret_anchor, const char **ret_dn)
{
	const char *p = value;

	*ret_anchor = NULL;
	while (p[0] == '<') {
		const char *end = strchr(p, '>');
		unsigned char guid[16];

		if (!end || end[1] != ';')
			break;
		if (strncasecmp(p, "<GUID=", 6) == 0 && end - p == 6 + 36 &&
			guid_parse(guid, arena_dup(a, p + 6, 36))) {
			char *text = arena_alloc(a, GUID_TEXT_SIZE);

			guid_format(text, guid);
			*ret_anchor = text;
		}
		p = end + 2;
	}
	*ret_dn = p;
}

void ad_object_problem(struct ad_import *im, const char *attr, size_t n, const char *what)
{
	if (im->problem)
		return;
	snprintf(im->problem_text, sizeof(im->problem_text), "%.*s: %s", (int)n, attr, what);
	im->problem = im->problem_text;
}

void ad_object_cut(struct ad_import *im, const char *what)
{
	im->is_cut = true;
	ad_object_problem(im, "the object", 10, what);
}

bool ad_object_is_ours(const struct ad_import *im)
{
	if (im->any_scope) /* who looks it up decides */
		return true;
	return (im->entry.class || im->is_cut) && ad_in_scope(im->con, im->key, false);
}

static void take_guid(struct ad_import *im, const char *data, size_t len)
{
	im->n_guids++;
	if (len != 16) {
		ad_object_problem(im, "objectGUID", 10, "it does not have 16 bytes");
		return;
	}
	memcpy(im->guid, data, 16);
	guid_format(im->anchor, im->guid);
}

void ad_object_begin(struct ad_import *im, const char *dn)
{
	const char *anchor, *plain;

	arena_reset(&im->arena);
	entry_init(&im->entry, &im->arena);
	im->n_classes = im->n_guids = im->n_changes = im->cap_changes = im->cap_classes = 0;
	im->changes = NULL;
	im->classes = NULL;
	im->is_cut = false;
	im->anchor[0] = '\0';
	im->is_deleted = im->is_new = im->is_restored = im->is_container = false;
	im->problem = NULL;
	ad_reference(dn, &im->arena, &anchor, &plain);
	im->entry.dn = arena_strdup(&im->arena, plain);
	im->key = dn_key(&im->arena, im->entry.dn);
	if (!utf8_valid(plain, strlen(plain)))
		ad_object_problem(im, "dn", 2, "it is not text in UTF-8");
}

/*
 * Deleted objects are still named where they were, as Samba does, until the server cleans up. What
 * only lies below a folder with such a name is not deleted.
 */
static bool is_deleted_dn(struct ad_import *im, const char *text)
{
	_cleanup_buf_ struct buf b = {0};
	const char *anchor, *dn;

	if (!strstr(text, "DEL:"))
		return false;
	ad_reference(text, &im->arena, &anchor, &dn);
	return rdn_value(&b, dn) && strstr(buf_str(&b), DELETED_MARK);
}

/* "B:8:0123abcd:<GUID=...>;DN" and extended DNs in text, without what was asked for too much. */
static const char *plain_text(struct ad_import *im, const char *data, size_t *len)
{
	const char *tail = strstr(data, "<GUID="), *anchor, *dn;

	if (!tail || (tail != data && tail[-1] != ':'))
		return data;
	ad_reference(tail, &im->arena, &anchor, &dn);
	data = arena_printf(&im->arena, "%.*s%s", (int)(tail - data), data, dn);
	*len = strlen(data);
	return data;
}

/* An array in the object's arena with room for one more. */
static void *grow(struct ad_import *im, void *old, unsigned n, unsigned *cap, size_t size)
{
	void *more;

	if (n < *cap)
		return old;
	*cap = *cap ? *cap * 2 : 16;
	more = arena_alloc(&im->arena, *cap * size);
	if (n)
		memcpy(more, old, n * size);
	return more;
}

static void look_at(struct ad_import *im, unsigned id, const char *data, size_t len)
{
	char sid[200];

	if (id == ids.object_class) {
		im->classes = grow(
			im, im->classes, im->n_classes, &im->cap_classes, sizeof(*im->classes));
		im->classes[im->n_classes++] = value_dup(&im->arena, value_stringn(data, len));
	} else if (id == ids.object_guid) {
		take_guid(im, data, len);
	} else if (id == ids.is_deleted) {
		im->is_deleted = len == 4 && strncasecmp(data, "TRUE", 4) == 0;
	} else if (id == ids.when_created) {
		im->is_new = true;
	} else if (id == ids.object_sid &&
		   !sid_format(sid, sizeof(sid), (const unsigned char *)data, len)) {
		ad_object_problem(im, "objectSid", 9, "the bytes are not a security identifier");
	}
}

/* Of what nobody asked for the type is not known: what is no text is bytes. */
static void add_unasked(struct ad_import *im, const char *name, size_t n, struct ad_attr attr,
	const char *data, size_t len)
{
	const char *wrong;

	if (attr.type == VALUE_STRING && text_problem(data, len))
		attr.type = VALUE_BINARY;
	wrong = ad_value_add(&im->entry, attr, data, len);
	if (wrong)
		ad_object_problem(im, name, n, wrong);
}

void ad_object_value(struct ad_import *im, const char *name, size_t n, const char *data, size_t len)
{
	struct ad_attr attr = im->everything ? ad_attr_find(name, n) : ad_attr_look(name, n);
	const char *wrong;

	if (!attr.id && im->everything)
		ad_object_problem(im, name, n, "there are more names of attributes than are kept");
	if (!attr.id)
		return;
	look_at(im, attr.id, data, len);
	if (!im->wanted[attr.id] && !im->everything)
		return;
	if (attr.type == VALUE_REFERENCE && is_deleted_dn(im, data))
		return;
	if (attr.type == VALUE_STRING)
		data = plain_text(im, data, &len);
	if (!im->wanted[attr.id]) {
		add_unasked(im, name, n, attr, data, len);
		return;
	}
	wrong = ad_value_add(&im->entry, attr, data, len);
	if (wrong)
		ad_object_problem(im, name, n, wrong);
}

/* objectGUID and SIDs as text, as ldbsearch prints them; what is not is bytes. */
static void add_value_of_file(
	struct ad_import *im, const char *name, size_t n, const char *data, size_t len)
{
	static const char *const sids[] = {
		"objectSid", "sIDHistory", "msExchMasterAccountSid", "msRTCSIP-OriginatorSid"};
	unsigned char bytes[SID_MAX];
	size_t size = 0;

	if (n == 10 && strncasecmp(name, "objectGUID", n) == 0 && guid_parse(bytes, data))
		size = 16;
	for (unsigned i = 0; !size && i < ARRAY_SIZE(sids); i++)
		if (n == strlen(sids[i]) && strncasecmp(name, sids[i], n) == 0 &&
			strlen(data) == len)
			size = sid_parse(bytes, data);
	if (size)
		ad_object_value(im, name, n, (const char *)bytes, size);
	else
		ad_object_value(im, name, n, data, len);
}

void ad_object_line(struct ad_import *im, const char *name, size_t n, const char *data, size_t len)
{
	struct ad_name nm = ad_name_parse(name, n);
	struct ad_attr attr = ad_attr_look(name, nm.n);

	if (ad_name_is_whole(&nm))
		add_value_of_file(im, name, nm.n, data, len);
	else if (attr.id && im->wanted[attr.id])
		ad_object_problem(im, name, n,
			"the file has only some of the values, so the values known before are "
			"kept; write the file with all of them");
}

bool ad_holds_references(const struct ad_import *im, const char *name, size_t n)
{
	struct ad_attr attr = ad_attr_look(name, n);

	return !attr.id || !im->wanted[attr.id] || attr.type == VALUE_REFERENCE;
}

void ad_object_clear(struct ad_import *im, const char *name, size_t n)
{
	struct ad_attr attr = ad_attr_look(name, n);

	if (!attr.id)
		return;
	if (attr.id == ids.is_deleted)
		im->is_restored = true;
	if (im->wanted[attr.id])
		entry_clear(&im->entry, attr.id);
}

void ad_object_change(
	struct ad_import *im, const char *name, size_t n, const char *target, bool add)
{
	struct ad_attr attr = ad_attr_look(name, n);

	if (!attr.id || !im->wanted[attr.id] || attr.type != VALUE_REFERENCE)
		return;
	if (!utf8_valid(target, strlen(target))) {
		ad_object_problem(im, name, n, "a distinguished name was expected");
		return;
	}
	if (add && is_deleted_dn(im, target))
		return;
	im->changes = grow(im, im->changes, im->n_changes, &im->cap_changes, sizeof(*im->changes));
	im->changes[im->n_changes++] =
		(struct ref_change){attr.id, arena_strdup(&im->arena, target), add};
}

/* What the DN says twice. */
static void add_names(struct ad_import *im)
{
	_cleanup_buf_ struct buf b = {0};

	if (im->wanted[ids.dn])
		entry_set(&im->entry, ids.dn, value_string(im->entry.dn));
	if (im->wanted[ids.cn] && strncasecmp(im->entry.dn, "CN=", 3) == 0 &&
		rdn_value(&b, im->entry.dn))
		entry_set(&im->entry, ids.cn, value_stringn(buf_str(&b), b.len));
}

static const char *find_problem(struct ad_import *im)
{
	uint64_t guid = hash64(im->guid, 16), dn = hash64(im->key, strlen(im->key));
	bool guid_new, dn_new, pair_new;

	if (im->n_guids != 1 && im->is_cut)
		return im->problem;
	if (im->n_guids != 1)
		return "the object has no objectGUID, or the account may not read it";
	if (im->problem)
		return im->problem;
	guid_new = hashset_add(&im->guids, guid);
	dn_new = hashset_add(&im->dns, dn);
	pair_new = hashset_add(&im->pairs, guid * 31 + dn);
	if (!im->unique && !pair_new)
		return NULL;
	if (!guid_new)
		return "another object has the same objectGUID";
	return dn_new ? NULL : "another object has the same distinguished name";
}

void ad_object_close(struct ad_import *im)
{
	im->entry.class = ad_class(im->classes, im->n_classes);
	im->is_container = !im->entry.class && ad_is_container(im->classes, im->n_classes);
	im->entry.anchor = im->n_guids == 1 && im->anchor[0] ? im->anchor : NULL;
	add_names(im);
}

static void keep_for_retry(struct ad_import *im)
{
	if (im->entry.anchor && im->n_retry < AD_RETRIES_MAX)
		im->retry[im->n_retry++] = xasprintf("%u %s", im->domain, im->entry.anchor);
	else
		im->retry_lost |= im->entry.anchor || im->is_cut;
}

int ad_object_deliver(struct ad_import *im, bool partial, struct err *e)
{
	struct import_object o = {
		.entry = &im->entry,
		.partial = partial,
		.changes = im->changes,
		.n_changes = im->n_changes,
	};
	const char *problem = find_problem(im);

	if (problem) {
		keep_for_retry(im);
		return im->sink->bad(im->sink, im->entry.dn ? im->entry.dn : im->entry.anchor,
			im->entry.anchor, error_type_word(ERROR_TYPE_INVALID_VALUE), problem, e);
	}
	return im->sink->object(im->sink, &o, e);
}

int ad_object_end(struct ad_import *im, struct err *e)
{
	ad_object_close(im);
	if (!ad_object_is_ours(im))
		return 0;
	return ad_object_deliver(im, false, e);
}

int ad_anchor_gone(struct ad_import *im, const char *anchor, bool deleted, struct err *e)
{
	struct entry en;
	struct import_object o = {.entry = &en, .deleted = deleted, .left = !deleted};

	entry_init(&en, &im->arena);
	en.anchor = anchor;
	return im->sink->object(im->sink, &o, e);
}
