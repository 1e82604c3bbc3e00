/* One AD object from names and values, whichever source they come from, to the sink. */
#include "connector/ad.h"
#include "base/codec.h"
#include "base/text.h"

#include <stdio.h>

void ad_import_init(struct ad_import *im, struct connector *con, const struct import_request *req,
	struct import_sink *sink)
{
	*im = (struct ad_import){.con = con, .req = req, .sink = sink};
	im->n_wanted = ATTR_MAX;
	im->wanted = xcalloc(im->n_wanted, sizeof(*im->wanted));
	for (unsigned i = 0; i < req->n_attrs; i++) {
		const char *name = attr_name(req->attrs[i]);

		im->wanted[req->attrs[i]] = true;
		/* a rule may spell a name in another case than the schema does */
		im->wanted[ad_attr_find(name, strlen(name)).id] = true;
	}
}

void ad_import_done(struct ad_import *im)
{
	free(im->wanted);
	hashset_done(&im->guids);
	hashset_done(&im->dns);
	arena_done(&im->arena);
}

uint64_t ad_import_digest(const struct ad_import *im)
{
	static const char *const names[] = {
		"source", "base_dn", "include_ou", "exclude_ou", "ldap_filter"};
	uint64_t h = 1;

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
		const char *v = setting_text(im->con->settings, names[i]);

		h = h * 31 + (v ? hash64(v, strlen(v)) : 7);
	}
	for (unsigned i = 0; i < im->req->n_attrs; i++) {
		const char *name = attr_name(im->req->attrs[i]);

		h += hash64(name, strlen(name)); /* order does not matter */
	}
	return h;
}

void ad_object_begin(struct ad_import *im, const char *dn)
{
	arena_reset(&im->arena);
	entry_init(&im->entry, &im->arena);
	im->entry.dn = arena_strdup(&im->arena, dn);
	im->n_classes = im->n_guids = 0;
	im->problem = NULL;
}

static void set_problem(struct ad_import *im, const char *attr, size_t n, const char *what)
{
	if (im->problem)
		return;
	snprintf(im->problem_text, sizeof(im->problem_text), "%.*s: %s", (int)n, attr, what);
	im->problem = im->problem_text;
}

void ad_object_value(struct ad_import *im, const char *name, size_t n, const char *data, size_t len)
{
	static unsigned object_class, object_guid;
	struct ad_attr attr = ad_attr_find(name, n);
	const char *wrong;

	if (!object_class) {
		object_class = attr_intern("objectClass");
		object_guid = attr_intern("objectGUID");
	}
	if (!attr.id)
		return;
	if (attr.id == object_class && im->n_classes < ARRAY_SIZE(im->classes)) {
		im->classes[im->n_classes++] = value_dup(&im->arena, value_stringn(data, len));
	} else if (attr.id == object_guid) {
		im->n_guids++;
		if (len == 16)
			memcpy(im->guid, data, 16);
		else
			set_problem(im, name, n, "16 bytes were expected");
	}
	if (!im->wanted[attr.id])
		return;
	wrong = ad_value_add(&im->entry, attr, data, len);
	if (wrong)
		set_problem(im, name, n, wrong);
}

static bool key_below(const char *key, const char *base)
{
	size_t n = strlen(key), m = strlen(base);

	return n >= m && streq(key + n - m, base) && (n == m || m == 0 || key[n - m - 1] == ',');
}

static bool key_below_any(const char *key, char *const *list)
{
	for (; *list; list++)
		if (key_below(key, *list))
			return true;
	return false;
}

static bool in_scope(const struct connector *con, const char *key)
{
	if (!key_below(key, con->base_key))
		return false;
	if (*con->include_keys && !key_below_any(key, con->include_keys))
		return false;
	return !key_below_any(key, con->exclude_keys);
}

static const char *find_problem(struct ad_import *im, const char *key)
{
	if (im->problem)
		return im->problem;
	if (im->n_guids != 1)
		return "the object has no objectGUID, or the account may not read it";
	if (!hashset_add(&im->guids, hash64(im->guid, 16)))
		return "another object has the same objectGUID";
	if (!hashset_add(&im->dns, hash64(key, strlen(key))))
		return "another object has the same distinguished name";
	return NULL;
}

int ad_object_end(struct ad_import *im, struct err *e)
{
	struct import_object o = {.entry = &im->entry};
	char guid[GUID_TEXT_SIZE];
	const char *key, *problem;

	im->entry.class = ad_class(im->classes, im->n_classes);
	if (!im->entry.class)
		return 0;
	key = dn_key(&im->arena, im->entry.dn);
	if (!in_scope(im->con, key))
		return 0;
	problem = find_problem(im, key);
	if (problem)
		return im->sink->bad(im->sink, im->entry.dn, "invalid-attribute-value", problem, e);
	guid_format(guid, im->guid);
	im->entry.anchor = guid;
	return im->sink->object(im->sink, &o, e);
}
