/* Objects, their properties, links and keys. */
#include "tenant/directory.h"

#include "base/codec.h"
#include "base/err.h"

#include <ctype.h>

/* --- an open-addressing map from 64-bit hashes to numbers --- */

struct map {
	struct {
		uint64_t hash; /* 0: free */
		uint64_t value;
	} * slots;
	size_t size, n; /* n counts removed ones too */
};

#define REMOVED UINT64_MAX

static size_t map_slot(const struct map *m, uint64_t hash)
{
	size_t i = hash & (m->size - 1);

	while (m->slots[i].hash && m->slots[i].hash != hash)
		i = (i + 1) & (m->size - 1);
	return i;
}

static void map_put(struct map *m, uint64_t hash, uint64_t value)
{
	size_t i;

	hash = hash ? hash : 1;
	if (m->n * 2 >= m->size) {
		struct map old = *m;

		m->size = old.size ? old.size * 2 : 1024;
		m->slots = xcalloc(m->size, sizeof(*m->slots));
		m->n = 0;
		for (size_t k = 0; k < old.size; k++)
			if (old.slots[k].hash && old.slots[k].value != REMOVED)
				map_put(m, old.slots[k].hash, old.slots[k].value);
		free(old.slots);
	}
	i = map_slot(m, hash);
	m->n += !m->slots[i].hash;
	m->slots[i].hash = hash;
	m->slots[i].value = value;
}

static uint64_t map_get(const struct map *m, uint64_t hash)
{
	size_t i;

	hash = hash ? hash : 1;
	if (!m->size)
		return REMOVED;
	i = map_slot(m, hash);
	return m->slots[i].hash ? m->slots[i].value : REMOVED;
}

/* --- the directory --- */

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
		free(d->objects[i]->props);
		free(d->objects[i]->links);
		free(d->objects[i]->holders);
		free(d->objects[i]);
	}
	free(d->objects);
	free(d->ids.slots);
	free(d->keys.slots);
	free(d->links.slots);
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
		guid_random(o->id);
	o->type = type;
	o->manager = -1;
	o->index = d->n;
	if (d->n == d->cap) {
		d->cap = d->cap ? d->cap * 2 : 1024;
		d->objects = xrealloc(d->objects, d->cap * sizeof(struct object *));
	}
	d->objects[d->n++] = o;
	map_put(&d->ids, id_hash(o->id, 36), o->index);
	return o;
}

void directory_drop(struct directory *d, struct object *o)
{
	map_put(&d->ids, id_hash(o->id, 36), REMOVED);
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

struct object *directory_find(const struct directory *d, const char *id, size_t n)
{
	uint64_t i = n == 36 ? map_get(&d->ids, id_hash(id, n)) : REMOVED;

	if (i == REMOVED || strncasecmp(d->objects[i]->id, id, n) != 0)
		return NULL;
	return d->objects[i];
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

/* --- properties: records of 1 byte number, 8 bytes seq, 4 bytes length, the text --- */

#define HEAD 13

static void head_read(const unsigned char *p, unsigned *prop, uint64_t *seq, uint32_t *len)
{
	*prop = p[0];
	memcpy(seq, p + 1, 8);
	memcpy(len, p + 9, 4);
}

bool object_next(const struct object *o, size_t *pos, unsigned *ret_prop, uint64_t *ret_seq,
	const char **ret_json, size_t *ret_n)
{
	uint32_t len;

	if (*pos + HEAD > o->props_len)
		return false;
	head_read(o->props + *pos, ret_prop, ret_seq, &len);
	*ret_json = len ? (const char *)o->props + *pos + HEAD : NULL;
	*ret_n = len;
	*pos += HEAD + len;
	return true;
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

static void record_add_raw(struct buf *b, unsigned prop, uint64_t seq, const char *json, size_t n)
{
	unsigned char head[HEAD];
	uint32_t len = (uint32_t)n;

	head[0] = (unsigned char)prop;
	memcpy(head + 1, &seq, 8);
	memcpy(head + 9, &len, 4);
	buf_add(b, head, HEAD);
	buf_add(b, json, n);
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
	buf_reserve(&b, o->props_len + n + HEAD);
	while (start = pos, object_next(o, &pos, &found, &seq, &have, &have_n)) {
		if (found == prop) {
			record_add_raw(&b, prop, d->seq + 1, json ? json : "", json ? n : 0);
			there = true;
		} else {
			buf_add(&b, o->props + start, pos - start);
		}
	}
	if (!there)
		record_add_raw(&b, prop, d->seq + 1, json, n);
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

struct link *object_link(const struct directory *d, const struct object *group, uint32_t target)
{
	uint64_t i = map_get(&d->links, link_hash(group, target));

	return i == REMOVED || i >= group->n_links || group->links[i].target != target
	               ? NULL
	               : &group->links[i];
}

void object_link_index(struct directory *d, struct object *group, uint32_t position)
{
	map_put(&d->links, link_hash(group, group->links[position].target), position);
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

struct object *directory_key(const struct directory *d, enum key_kind kind, enum object_type type,
	const char *text, size_t n)
{
	uint64_t i = map_get(&d->keys, key_hash(kind, type, text, n));

	return i == REMOVED ? NULL : d->objects[i];
}

static void key_set(struct directory *d, struct object *o, enum key_kind kind, const char *text,
	size_t n, bool add)
{
	uint64_t hash = key_hash(kind, o->type, text, n);
	uint64_t have = map_get(&d->keys, hash);

	if (add && (have == REMOVED || kind != KEY_ADDRESS))
		map_put(&d->keys, hash, o->index);
	else if (!add && have == o->index)
		map_put(&d->keys, hash, REMOVED);
}

/* Every "smtp:..." of the list, as "addr" with quotes like the other keys. */
static void addresses_set(
	struct directory *d, struct object *o, const char *json, size_t n, bool add)
{
	const char *behind = json + n;

	for (const char *p = json; p < behind; p++) {
		const char *end = p + 1;
		_cleanup_buf_ struct buf b = {0};

		if (*p != '"')
			continue;
		while (end < behind && *end != '"')
			end += *end == '\\' ? 2 : 1;
		if (end >= behind)
			return;
		if (end - p > 5 && strncasecmp(p + 1, "smtp:", 5) == 0) {
			buf_addc(&b, '"');
			buf_add(&b, p + 6, (size_t)(end - p - 5));
			key_set(d, o, KEY_ADDRESS, b.data, b.len, add);
		}
		p = end;
	}
}

static void keys_set(struct directory *d, struct object *o, bool add)
{
	static const struct {
		unsigned prop;
		enum key_kind kind;
	} plain[] = {
		{P_UPN, KEY_UPN},
		{P_UNIQUE_NAME, KEY_UNIQUE_NAME},
		{P_DEVICE_ID, KEY_DEVICE_ID},
	};
	const char *json;
	size_t n;

	for (unsigned i = 0; i < ARRAY_SIZE(plain) && !(add && o->deleted); i++) {
		json = object_prop(o, plain[i].prop, &n);
		if (json)
			key_set(d, o, plain[i].kind, json, n, add);
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
