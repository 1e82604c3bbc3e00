/* An index of wanted values by hash; the values themselves are compared in the images. */
#include "sync/export/duplicate.h"
#include "base/codec.h"
#include "base/text.h"
#include "store/cs_page.h"
#include "sync/images.h"
#include "sync/soa.h"

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
	const struct schema_class *class = soa_class(c->cfg, row);
	struct unique_keys old = {0}, new;
	struct entry before;

	if (!c->type->unique_attrs)
		return 0;
	if (row->wanted) {
		TRY(row_entry(s, row, true, a, &before, e));
		duplicate_keys(c, &before, a, &old);
	}
	duplicate_keys(c, wanted, a, &new);
	/* what is not sent stays in the directory as it is: has_value() looks there */
	for (unsigned i = 0; i < old.n; i++)
		if (!duplicate_has_key(&new, old.items[i].hash) &&
			!soa_blocks(row, class, old.items[i].attr))
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

/* 1: the row's wanted, or imported, image has the value. */
static int has_value(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	bool wanted, const struct unique_key *k, struct arena *a, struct err *e)
{
	const struct attr *at;
	struct entry en;

	TRY(row_entry(s, row, wanted, a, &en, e));
	at = entry_get(&en, k->attr);
	for (unsigned i = 0; at && i < at->count; i++)
		if (same_value(c->type, attr_name(k->attr), &at->values[i], k->value))
			return 1;
	return 0;
}

enum holder { HOLDER_NONE, HOLDER_YES, HOLDER_LATER };

/*
 * Is the value the row's? The hash alone does not prove it. An authority that blocks the attribute
 * changes which image counts: the directory has what the last import showed, and refuses it to
 * others, whatever the rules want; what they want is asked for when the authority ends
 * (HOLDER_LATER). *ret: the row.
 */
static int holder_of(struct sync *s, const struct sync_connector *c, int64_t id,
	const struct unique_key *k, struct arena *a, struct cs_row *ret, enum holder *ret_holder,
	struct err *e)
{
	int r = cs_get(s->store, id, a, ret, e);
	bool theirs;

	TRY(r);
	*ret_holder = HOLDER_NONE;
	if (r == STORE_NONE)
		return 0;
	theirs = soa_blocks(ret, soa_class(c->cfg, ret), k->attr);
	if (theirs && ret->imported && !ret->deleted) {
		r = has_value(s, c, ret, false, k, a, e);
		if (r > 0)
			*ret_holder = HOLDER_YES;
		if (r != 0)
			return MIN(r, 0);
	}
	if (ret->want != WANT_PRESENT || !ret->wanted)
		return 0;
	r = has_value(s, c, ret, true, k, a, e);
	if (r > 0)
		*ret_holder = theirs ? HOLDER_LATER : HOLDER_YES;
	return MIN(r, 0);
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

/* 1: found, 0: nobody else has it or wants it. */
static int find_other(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	const struct unique_key *k, struct arena *a, const char **ret_text, struct err *e)
{
	unsigned n, n_deleted;
	int64_t ids[OTHERS];
	struct cs_row other;

	do { /* outdated entries are deleted, so each round finds others */
		n_deleted = 0;
		TRY(cs_key_find(s->store, row->connector, k->hash, row->id, OTHERS, ids, &n, e));
		for (unsigned i = 0; i < n; i++) {
			enum holder holder;

			TRY(holder_of(s, c, ids[i], k, a, &other, &holder, e));
			if (holder == HOLDER_YES)
				return describe(s, row, &other, k, a, ret_text, e);
			if (holder == HOLDER_LATER)
				continue;
			TRY(cs_key_delete(s->store, row->connector, k->hash, ids[i], e));
			n_deleted++;
		}
	} while (n == OTHERS && n_deleted);
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
