/* An index of wanted values by hash; the values themselves are compared in the images. */
#include "sync/export/duplicate.h"
#include "base/codec.h"
#include "base/text.h"
#include "store/cs_page.h"
#include "sync/images.h"

#include <errno.h>

#define OTHERS 8 /* read at once for one value */

/* 0: more than one object may have the value. */
static int64_t hash_of(
	const struct connector_type *type, const char *attr, const struct value *v, struct arena *a)
{
	const char *text;
	char *folded;
	size_t n;

	if (!type->unique_part(attr, v, &text, &n))
		return 0;
	folded = text_fold(a, text, n, &n);
	return (int64_t)(hash64(folded, n) ^ hash64(attr, strlen(attr)));
}

void duplicate_keys(const struct sync_connector *c, const struct entry *en, struct arena *a,
	struct unique_keys *ret)
{
	*ret = (struct unique_keys){0};
	for (unsigned i = 0; c->type->unique_attrs && c->type->unique_attrs[i]; i++) {
		const char *name = c->type->unique_attrs[i];
		const struct attr *at = entry_get(en, attr_intern(name));
		struct unique_key *old = ret->items;

		if (!at || !at->count)
			continue;
		ret->items = arena_alloc(a, (ret->n + at->count) * sizeof(*ret->items));
		if (ret->n)
			memcpy(ret->items, old, ret->n * sizeof(*old));
		for (unsigned k = 0; k < at->count; k++) {
			int64_t hash = hash_of(c->type, name, &at->values[k], a);

			if (hash)
				ret->items[ret->n++] =
					(struct unique_key){hash, at->id, &at->values[k]};
		}
	}
}

bool duplicate_has_key(const struct unique_keys *k, int64_t hash)
{
	for (unsigned i = 0; i < k->n; i++)
		if (k->items[i].hash == hash)
			return true;
	return false;
}

int duplicate_index(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	const struct entry *wanted, struct arena *a, struct err *e)
{
	struct unique_keys old = {0}, new;
	struct entry before;

	if (!c->type->unique_attrs)
		return 0;
	if (row->wanted) {
		TRY(row_entry(s, row, true, a, &before, e));
		duplicate_keys(c, &before, a, &old);
	}
	duplicate_keys(c, wanted, a, &new);
	for (unsigned i = 0; i < old.n; i++)
		if (!duplicate_has_key(&new, old.items[i].hash))
			TRY(cs_key_delete(s->store, row->connector, old.items[i].hash, row->id, e));
	for (unsigned i = 0; i < new.n; i++)
		if (!duplicate_has_key(&old, new.items[i].hash))
			TRY(cs_key_add(s->store, row->connector, new.items[i].hash, row->id, e));
	return 0;
}

static bool same_value(const struct connector_type *type, const char *attr, const struct value *x,
	const struct value *y)
{
	const char *s, *t;
	size_t n, m;

	return type->unique_part(attr, x, &s, &n) && type->unique_part(attr, y, &t, &m) &&
	       text_casecmp(s, n, t, m) == 0;
}

/* 1: the row really wants the value; the hash alone does not prove it. */
static int wants(struct sync *s, const struct sync_connector *c, int64_t id,
	const struct unique_key *k, struct arena *a, struct cs_row *ret, struct err *e)
{
	const struct attr *at;
	struct entry en;
	int r = cs_get(s->store, id, a, ret, e);

	if (r != 0 || ret->want != WANT_PRESENT || !ret->wanted)
		return MIN(r, 0);
	TRY(row_entry(s, ret, true, a, &en, e));
	at = entry_get(&en, k->attr);
	for (unsigned i = 0; at && i < at->count; i++)
		if (same_value(c->type, attr_name(k->attr), &at->values[i], k->value))
			return 1;
	return 0;
}

int duplicate_name_of(
	struct sync *s, const struct cs_row *row, struct arena *a, const char **ret, struct err *e)
{
	struct cs_row *sources;
	unsigned n = 0;

	*ret = row->dn;
	if (row->mv)
		TRY(cs_page_sources(s->store, row->mv, a, &sources, &n, e));
	for (unsigned i = 0; i < n; i++)
		if (sources[i].connector != row->connector) {
			*ret = sources[i].dn;
			break;
		}
	return 0;
}

static int describe(struct sync *s, const struct cs_row *row, const struct cs_row *other,
	const struct unique_key *k, struct arena *a, const char **ret, struct err *e)
{
	const char *one, *two;

	TRY(duplicate_name_of(s, row, a, &one, e));
	TRY(duplicate_name_of(s, other, a, &two, e));
	*ret = arena_printf(a, "%s and %s have the same %s %.*s", one, two, attr_name(k->attr),
		(int)k->value->len, (const char *)k->value->data);
	return 1;
}

/* 1: found, 0: nobody else wants it. */
static int find_other(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	const struct unique_key *k, struct arena *a, const char **ret_text, struct err *e)
{
	int64_t ids[OTHERS];
	struct cs_row other;
	unsigned n;

	do { /* outdated entries are deleted, so each round finds others */
		TRY(cs_key_find(s->store, row->connector, k->hash, row->id, OTHERS, ids, &n, e));
		for (unsigned i = 0; i < n; i++) {
			int r = wants(s, c, ids[i], k, a, &other, e);

			TRY(r);
			if (r)
				return describe(s, row, &other, k, a, ret_text, e);
			TRY(cs_key_delete(s->store, row->connector, k->hash, ids[i], e));
		}
	} while (n == OTHERS);
	return 0;
}

static bool is_sent(const struct delta *d, unsigned attr)
{
	for (unsigned i = 0; d && i < d->n_attrs; i++)
		if (d->attrs[i].id == attr)
			return true;
	return d == NULL;
}

int duplicate_find(struct sync *s, struct sync_connector *c, const struct cs_row *row,
	const struct entry *wanted, const struct delta *delta, struct arena *a,
	const char **ret_text, struct err *e)
{
	struct unique_keys keys;
	int r = 0;

	*ret_text = NULL;
	duplicate_keys(c, wanted, a, &keys);
	for (unsigned i = 0; i < keys.n && r == 0; i++)
		if (is_sent(delta, keys.items[i].attr))
			r = find_other(s, c, row, &keys.items[i], a, ret_text, e);
	return MIN(r, 0);
}
