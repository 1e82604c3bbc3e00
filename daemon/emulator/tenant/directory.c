/* Objects, their properties, links and keys. */
#include "tenant/directory.h"

#include "tenant/map.h"
#include "tenant/record.h"

#include "base/codec.h"
#include "base/err.h"

#include <ctype.h>

struct directory {
	struct object **objects;
	uint32_t n, cap;
	uint64_t seq;
	struct object *newest[TYPE_COUNT];
	struct map ids, keys, links;
};

struct directory *directory_new(void)
{
	return xcalloc(1, sizeof(struct directory));
}

void directory_free(struct directory *d)
{
	if (!d)
		return;
	for (uint32_t i = 0; i < d->n; i++) {
		struct object *o = d->objects[i];

		free(o->props);
		free(o->links);
		free(o->holders);
		if (o->mailbox)
			json_decref(o->mailbox->own);
		free(o->mailbox);
		free(o);
	}
	free(d->objects);
	map_done(&d->ids);
	map_done(&d->keys);
	map_done(&d->links);
	free(d);
}

static uint64_t id_hash(const char *id, size_t n)
{
	char low[40];

	for (size_t i = 0; i < n && i < sizeof(low); i++)
		low[i] = (char)tolower((unsigned char)id[i]);
	return hash64(low, MIN(n, sizeof(low)));
}

struct object *directory_add(struct directory *d, enum object_type type, const char *id)
{
	struct object *o = xcalloc(1, sizeof(*o));

	if (id)
		memcpy(o->id, id, sizeof(o->id) - 1);
	else
		uuid_random(o->id);
	o->type = type;
	o->manager = -1;
	o->index = d->n;
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 1024;
		d->objects = xrealloc(d->objects, d->cap * sizeof(struct object *));
	}
	d->objects[d->n++] = o;
	map_add(&d->ids, id_hash(o->id, 36), o->index);
	return o;
}

void directory_drop(struct directory *d, struct object *o)
{
	map_remove(&d->ids, id_hash(o->id, 36), o->index);
	d->n--;
	free(o);
}

struct object *directory_get(const struct directory *d, uint32_t index)
{
	return d->objects[index];
}

uint32_t directory_size(const struct directory *d)
{
	return d->n;
}

struct wanted_id {
	const struct directory *d;
	const char *id;
};

static bool same_id(const void *ctx, uint64_t index)
{
	const struct wanted_id *w = ctx;

	return strncasecmp(w->d->objects[index]->id, w->id, 36) == 0;
}

struct object *directory_find(const struct directory *d, const char *id, size_t n)
{
	struct wanted_id w = {d, id};
	uint64_t i = n == 36 ? map_find(&d->ids, id_hash(id, n), same_id, &w) : MAP_NONE;

	return i == MAP_NONE ? NULL : d->objects[i];
}

uint64_t directory_seq(const struct directory *d)
{
	return d->seq;
}

void directory_set_seq(struct directory *d, uint64_t seq)
{
	d->seq = seq;
}

struct object *directory_newest(const struct directory *d, enum object_type type)
{
	return d->newest[type];
}

static void unlink_object(struct directory *d, struct object *o)
{
	if (o->newer)
		o->newer->older = o->older;
	if (o->older)
		o->older->newer = o->newer;
	if (d->newest[o->type] == o)
		d->newest[o->type] = o->older;
	o->newer = o->older = NULL;
}

void object_link_in(struct directory *d, struct object *o)
{
	o->older = d->newest[o->type];
	if (o->older)
		o->older->newer = o;
	d->newest[o->type] = o;
}

uint64_t object_touch(struct directory *d, struct object *o)
{
	unlink_object(d, o);
	o->seq = ++d->seq;
	o->dirty = true;
	object_link_in(d, o);
	return o->seq;
}

/* --- properties --- */

bool object_next(const struct object *o, size_t *pos, unsigned *ret_prop, uint64_t *ret_seq,
	const char **ret_json, size_t *ret_n)
{
	return record_next(o->props, o->props_len, pos, ret_prop, ret_seq, ret_json, ret_n);
}

const char *object_prop(const struct object *o, unsigned prop, size_t *ret_n)
{
	size_t pos = 0, n;
	const char *json;
	unsigned found;
	uint64_t seq;

	while (object_next(o, &pos, &found, &seq, &json, &n))
		if (found == prop) {
			*ret_n = n;
			return json;
		}
	*ret_n = 0;
	return NULL;
}

bool object_prop_is(const struct object *o, unsigned prop, const char *json)
{
	size_t n;
	const char *have = object_prop(o, prop, &n);

	return have && n == strlen(json) && memcmp(have, json, n) == 0;
}

static bool is_key(unsigned prop)
{
	return prop == P_UPN || prop == P_MAIL || prop == P_PROXIES || prop == P_IMMUTABLE_ID ||
	       prop == P_UNIQUE_NAME || prop == P_DEVICE_ID;
}

bool object_set(struct directory *d, struct object *o, unsigned prop, const char *json, size_t n)
{
	size_t pos = 0, start, have_n;
	const char *have;
	struct buf b = {0};
	unsigned found;
	uint64_t seq;
	bool there = false;

	have = object_prop(o, prop, &have_n);
	if (have ? json && have_n == n && memcmp(have, json, n) == 0 : !json)
		return false;
	if (is_key(prop))
		object_keys_drop(d, o);
	buf_reserve(&b, o->props_len + n + 16);
	while (start = pos, object_next(o, &pos, &found, &seq, &have, &have_n)) {
		if (found == prop) {
			record_add(&b, prop, d->seq + 1, json ? json : "", json ? n : 0);
			there = true;
		} else {
			buf_add(&b, o->props + start, pos - start);
		}
	}
	if (!there)
		record_add(&b, prop, d->seq + 1, json, n);
	free(o->props);
	o->props_len = b.len;
	o->props = xrealloc(b.data, b.len);
	o->dirty = true;
	if (is_key(prop))
		object_keys_add(d, o);
	return true;
}

/* --- links --- */

static uint64_t link_hash(const struct object *group, uint32_t target)
{
	uint64_t pair[2] = {group->index, target};

	return hash64(pair, sizeof(pair));
}

struct wanted_link {
	const struct object *group;
	uint32_t target;
};

static bool same_link(const void *ctx, uint64_t position)
{
	const struct wanted_link *w = ctx;

	return position < w->group->n_links && w->group->links[position].target == w->target;
}

struct link *object_link(const struct directory *d, const struct object *group, uint32_t target)
{
	struct wanted_link w = {group, target};
	uint64_t i = map_find(&d->links, link_hash(group, target), same_link, &w);

	return i == MAP_NONE ? NULL : &group->links[i];
}

void object_link_index(struct directory *d, struct object *group, uint32_t position)
{
	map_add(&d->links, link_hash(group, group->links[position].target), position);
}

static void holder_add(struct object *target, uint32_t holder)
{
	if (target->n_holders == target->cap_holders) {
		target->cap_holders = target->cap_holders ? target->cap_holders * 2 : 2;
		target->holders =
			xrealloc(target->holders, target->cap_holders * sizeof(*target->holders));
	}
	target->holders[target->n_holders++] = holder;
}

static void holder_remove(struct object *target, uint32_t holder)
{
	for (uint32_t i = target->n_holders; i-- > 0;)
		if (target->holders[i] == holder) {
			target->holders[i] = target->holders[--target->n_holders];
			return;
		}
}

void directory_index_holders(struct directory *d)
{
	for (uint32_t i = 0; i < d->n; i++) {
		const struct object *o = d->objects[i];

		for (uint32_t k = 0; k < o->n_links; k++)
			if (!o->links[k].removed)
				holder_add(d->objects[o->links[k].target], i);
		if (o->manager >= 0)
			holder_add(d->objects[o->manager], i);
	}
}

void object_set_manager(struct directory *d, struct object *o, struct object *target)
{
	if (o->manager >= 0)
		holder_remove(d->objects[o->manager], o->index);
	o->manager = target ? (int64_t)target->index : -1;
	if (target)
		holder_add(target, o->index);
}

bool object_link_set(struct directory *d, struct object *group, struct object *target, bool present)
{
	struct link *l = object_link(d, group, target->index);

	if (l ? l->removed == !present : !present)
		return false;
	if (!l) {
		if (group->n_links == group->cap_links) {
			group->cap_links = group->cap_links ? group->cap_links * 2 : 8;
			group->links =
				xrealloc(group->links, group->cap_links * sizeof(*group->links));
		}
		l = &group->links[group->n_links++];
		l->target = target->index;
		object_link_index(d, group, group->n_links - 1);
	}
	if (present)
		holder_add(target, group->index);
	else
		holder_remove(target, group->index);
	l->removed = !present;
	l->seq = d->seq + 1;
	group->dirty = true;
	return true;
}

/* --- keys --- */

static uint64_t key_hash(enum key_kind kind, enum object_type type, const char *text, size_t n)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addc(&b, (char)('a' + (int)kind));
	if (kind == KEY_IMMUTABLE) {
		buf_addc(&b, (char)('a' + (int)type));
		buf_add(&b, text, n);
	} else {
		for (size_t i = 0; i < n; i++)
			buf_addc(&b, (char)tolower((unsigned char)text[i]));
	}
	return hash64(b.data, b.len);
}

/* The properties that are keys by their whole text; addresses are looked for in a list. */
static const struct {
	unsigned prop;
	enum key_kind kind;
} plain_keys[] = {
	{P_UPN, KEY_UPN},
	{P_UNIQUE_NAME, KEY_UNIQUE_NAME},
	{P_DEVICE_ID, KEY_DEVICE_ID},
};

/* The next "smtp:..." of a list, as "addr" with quotes like the other keys; false at the end. */
static bool next_address(const char **p, const char *behind, struct buf *ret)
{
	for (; *p < behind; (*p)++) {
		const char *start = *p, *end = start + 1;

		if (*start != '"')
			continue;
		while (end < behind && *end != '"')
			end += *end == '\\' ? 2 : 1;
		if (end >= behind)
			return false;
		*p = end;
		if (end - start <= 5 || strncasecmp(start + 1, "smtp:", 5) != 0)
			continue;
		buf_clear(ret);
		buf_addc(ret, '"');
		buf_add(ret, start + 6, (size_t)(end - start - 5));
		(*p)++;
		return true;
	}
	return false;
}

struct wanted_key {
	const struct directory *d;
	enum key_kind kind;
	enum object_type type;
	const char *text;
	size_t n;
};

static bool is_text(const struct wanted_key *w, const char *text, size_t n)
{
	if (!text || n != w->n)
		return false;
	return w->kind == KEY_IMMUTABLE ? memcmp(text, w->text, n) == 0
	                                : strncasecmp(text, w->text, n) == 0;
}

static bool has_address(const struct wanted_key *w, const struct object *o)
{
	_cleanup_buf_ struct buf b = {0};
	const char *p, *behind;
	size_t n;

	p = object_prop(o, P_PROXIES, &n);
	behind = p ? p + n : NULL;
	while (p && next_address(&p, behind, &b))
		if (is_text(w, b.data, b.len))
			return true;
	return false;
}

/* Does the object have the key, or only its hash? */
static bool same_key(const void *ctx, uint64_t index)
{
	const struct wanted_key *w = ctx;
	const struct object *o = w->d->objects[index];
	const char *text;
	size_t n;

	if (w->kind == KEY_ADDRESS)
		return has_address(w, o);
	if (w->kind == KEY_IMMUTABLE) {
		text = object_prop(o, P_IMMUTABLE_ID, &n);
		return o->type == w->type && is_text(w, text, n);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(plain_keys); i++)
		if (plain_keys[i].kind == w->kind) {
			text = object_prop(o, plain_keys[i].prop, &n);
			return is_text(w, text, n);
		}
	return false;
}

struct object *directory_key(const struct directory *d, enum key_kind kind, enum object_type type,
	const char *text, size_t n)
{
	struct wanted_key w = {d, kind, type, text, n};
	uint64_t i = map_find(&d->keys, key_hash(kind, type, text, n), same_key, &w);

	return i == MAP_NONE ? NULL : d->objects[i];
}

/* Of two objects with one address the older keeps it; other keys are the newer one's. */
static void key_set(struct directory *d, struct object *o, enum key_kind kind, const char *text,
	size_t n, bool add)
{
	uint64_t hash = key_hash(kind, o->type, text, n);
	const struct object *have = directory_key(d, kind, o->type, text, n);

	if (add ? have && (have == o || kind == KEY_ADDRESS) : have != o)
		return;
	if (have)
		map_remove(&d->keys, hash, have->index);
	if (add)
		map_add(&d->keys, hash, o->index);
}

static void addresses_set(
	struct directory *d, struct object *o, const char *json, size_t n, bool add)
{
	_cleanup_buf_ struct buf b = {0};
	const char *p = json;

	while (next_address(&p, json + n, &b))
		key_set(d, o, KEY_ADDRESS, b.data, b.len, add);
}

static void keys_set(struct directory *d, struct object *o, bool add)
{
	const char *json;
	size_t n;

	for (unsigned i = 0; i < ARRAY_SIZE(plain_keys) && !(add && o->deleted); i++) {
		json = object_prop(o, plain_keys[i].prop, &n);
		if (json)
			key_set(d, o, plain_keys[i].kind, json, n, add);
	}
	json = object_prop(o, P_PROXIES, &n);
	if (json && !(add && o->deleted))
		addresses_set(d, o, json, n, add);
	json = object_prop(o, P_IMMUTABLE_ID, &n);
	if (json && !(add && o->purged))
		key_set(d, o, KEY_IMMUTABLE, json, n, add);
}

void object_keys_drop(struct directory *d, struct object *o)
{
	keys_set(d, o, false);
}

void object_keys_add(struct directory *d, struct object *o)
{
	keys_set(d, o, true);
}
