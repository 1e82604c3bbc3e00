/* Objects that the service gives back, see object.h. */
#include "connector/entra/service/object.h"
#include "base/codec.h"

#include <errno.h>
#include <stdlib.h>

#define CLASSES_MAX 8

/* An attribute, and what it is in each class. */
struct service_key {
	const char *name;
	const struct schema_attr *of[CLASSES_MAX];
};

struct service_keys {
	const struct schema *schema;
	struct service_key *items; /* in the order of their names, without case */
	size_t n;
};

static int by_name(const void *x, const void *y)
{
	return strcasecmp(
		((const struct service_key *)x)->name, ((const struct service_key *)y)->name);
}

static struct service_key *find(const struct service_keys *k, const char *name)
{
	struct service_key key = {.name = name};

	return k->n ? bsearch(&key, k->items, k->n, sizeof(key), by_name) : NULL;
}

struct service_keys *service_keys_new(const struct schema *s)
{
	struct service_keys *k = xcalloc(1, sizeof(*k));
	size_t all = 0;

	k->schema = s;
	for (unsigned c = 0; c < s->n_classes && c < CLASSES_MAX; c++)
		all += s->classes[c].n_attrs;
	k->items = xcalloc(all + 1, sizeof(*k->items));
	for (unsigned c = 0; c < s->n_classes && c < CLASSES_MAX; c++)
		for (unsigned i = 0; i < s->classes[c].n_attrs; i++) {
			const struct schema_attr *at = &s->classes[c].attrs[i];
			struct service_key *key;

			if (!(at->flags & SCHEMA_UNREADABLE))
				continue;
			key = find(k, at->name);
			if (!key) {
				k->items[k->n].name = at->name;
				k->items[k->n++].of[c] = at;
				qsort(k->items, k->n, sizeof(*k->items), by_name);
			} else {
				key->of[c] = at;
			}
		}
	return k;
}

void service_keys_free(struct service_keys *k)
{
	if (!k)
		return;
	free(k->items);
	free(k);
}

/* --- one value as it stands there --- */

struct text {
	const char *s;
	size_t n;
};

/* A property, before the class of its object is known. */
struct property {
	const char *key;
	struct text *items;
	unsigned n, cap;
	bool odd; /* it has a form that no value has */
	struct property *next;
};

static void add_item(struct property *p, const struct buf *b, struct arena *a)
{
	if (p->n == p->cap) {
		struct text *old = p->items;

		p->cap = p->cap ? p->cap * 2 : 1;
		p->items = arena_alloc(a, p->cap * sizeof(*old));
		if (old)
			memcpy(p->items, old, p->n * sizeof(*old));
	}
	p->items[p->n++] = (struct text){arena_dup(a, buf_str(b), b->len), b->len};
}

/* An item of a list. One that has elements in it is none. */
static int read_item(
	struct nbfx_reader *r, struct property *p, struct buf *b, struct arena *a, struct err *e)
{
	enum nbfx_event event;
	struct nbfx_text t;

	buf_clear(b);
	for (;;) {
		TRY(nbfx_next(r, &event, e));
		if (event == NBFX_END)
			break;
		if (event == NBFX_START) {
			p->odd = true;
			TRY(nbfx_skip(r, e));
			continue;
		}
		t = nbfx_text(r);
		buf_add(b, t.s, t.n);
	}
	add_item(p, b, a);
	return 0;
}

static bool is_blank(const struct buf *b)
{
	return strspn(buf_str(b), " \t\r\n") == b->len;
}

/* c:Value: text, a list of elements that have text, or nil. */
static int read_value(struct nbfx_reader *r, struct property *p, struct arena *a, struct err *e)
{
	_cleanup_buf_ struct buf b = {0}, item = {0};
	bool is_list = false, is_nil = false;
	struct nbfx_name name;
	struct nbfx_text t;
	enum nbfx_event event;

	for (unsigned i = 0; nbfx_attribute_at(r, i, &name, &t); i++) {
		is_nil |= nbfx_is(name.local, "nil") && nbfx_is(t, "true");
		if (nbfx_is(name.local, "type"))
			is_list |= t.n >= 7 && memmem(t.s, t.n, "ArrayOf", 7);
	}
	for (;;) {
		TRY(nbfx_next(r, &event, e));
		if (event == NBFX_END)
			break;
		if (event == NBFX_START) {
			is_list = true;
			TRY(read_item(r, p, &item, a, e));
			continue;
		}
		t = nbfx_text(r);
		buf_add(&b, t.s, t.n);
	}
	if (is_list)
		p->odd |= !is_blank(&b);
	else if (!is_nil)
		add_item(p, &b, a);
	return 0;
}

/* c:KeyValueOfstringanyType. Only what is asked for is kept. */
static int read_property(struct nbfx_reader *r, const struct service_keys *k, struct arena *a,
	struct property **list, struct err *e)
{
	_cleanup_buf_ struct buf key = {0};
	struct property *p = NULL;
	bool more;

	for (;;) {
		TRY(nbfx_child(r, &more, e));
		if (!more)
			return 0;
		if (nbfx_is(nbfx_name(r)->local, "Key") && !key.len) {
			TRY(nbfx_read_text(r, &key, e));
			if (!find(k, buf_str(&key)) &&
				strcasecmp(buf_str(&key), "SourceAnchor") != 0 &&
				strcasecmp(buf_str(&key), "CloudAnchor") != 0)
				continue;
			p = arena_zalloc(a, sizeof(*p));
			p->key = arena_dup(a, buf_str(&key), key.len);
			p->next = *list;
			*list = p;
		} else if (p && nbfx_is(nbfx_name(r)->local, "Value")) {
			TRY(read_value(r, p, a, e));
		} else {
			TRY(nbfx_skip(r, e));
		}
	}
}

static int read_properties(struct nbfx_reader *r, const struct service_keys *k, struct arena *a,
	struct property **list, struct err *e)
{
	bool more;

	for (;;) {
		TRY(nbfx_child(r, &more, e));
		if (!more)
			return 0;
		TRY(read_property(r, k, a, list, e));
	}
}

/* --- properties to an entry --- */

static bool to_number(const char *s, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(s, &end, 10);
	return end != s && !*end && !errno;
}

static bool to_boolean(const char *s, int64_t *ret)
{
	*ret = strcasecmp(s, "true") == 0 || streq(s, "1");
	return *ret || strcasecmp(s, "false") == 0 || streq(s, "0");
}

static bool to_value(enum value_type type, struct text t, struct arena *a, struct value *ret)
{
	int64_t number = 0;
	char *bytes;
	ssize_t n;

	switch (type) {
	case VALUE_INTEGER:
		*ret = value_integer(0);
		return to_number(t.s, &ret->num);
	case VALUE_BOOLEAN:
		if (!to_boolean(t.s, &number))
			return false;
		*ret = value_boolean(number);
		return true;
	case VALUE_BINARY:
		bytes = arena_alloc(a, t.n + 1);
		n = base64_decode(bytes, t.s, t.n);
		*ret = value_binary(bytes, n < 0 ? 0 : (size_t)n);
		return n >= 0;
	case VALUE_STRING:
	case VALUE_REFERENCE:
		*ret = value_stringn(t.s, t.n);
		return true;
	case VALUE_TYPE_COUNT:
		break;
	}
	return false;
}

static void put(struct entry *en, const struct schema_attr *at, const struct property *p)
{
	struct value *values = arena_alloc(en->arena, (p->n + 1) * sizeof(*values));
	bool good = !p->odd && (p->n < 2 || at->flags & SCHEMA_MULTI);

	for (unsigned i = 0; i < p->n && good; i++)
		good = to_value(at->type, p->items[i], en->arena, &values[i]);
	if (good && p->n)
		entry_put(en, attr_intern(at->name), values, p->n);
	else if (good)
		entry_clear(en, attr_intern(at->name));
}

static const char *text_of(const struct property *list, const char *key)
{
	for (; list; list = list->next)
		if (strcasecmp(list->key, key) == 0 && list->n == 1 && !list->odd)
			return list->items[0].s;
	return "";
}

/* "Group": which class of the schema it is; the number of classes: none. */
static unsigned class_of(const struct schema *s, const char *type, const char *cloud_anchor)
{
	const char *underscore = strchr(cloud_anchor, '_');
	size_t n = underscore ? (size_t)(underscore - cloud_anchor) : 0;
	unsigned c = 0;

	while (c < s->n_classes && c < CLASSES_MAX && strcasecmp(s->classes[c].name, type) != 0 &&
		!(n && strlen(s->classes[c].name) == n &&
			strncasecmp(s->classes[c].name, cloud_anchor, n) == 0))
		c++;
	return c == CLASSES_MAX ? s->n_classes : c;
}

int service_read_object(struct nbfx_reader *r, const struct service_keys *k, struct arena *a,
	struct service_given *ret, struct err *e)
{
	_cleanup_buf_ struct buf type = {0}, operation = {0};
	struct property *list = NULL;
	unsigned class;
	bool more;

	*ret = (struct service_given){0};
	entry_init(&ret->entry, a);
	for (;;) {
		TRY(nbfx_child(r, &more, e));
		if (!more)
			break;
		if (nbfx_is(nbfx_name(r)->local, "PropertyValues"))
			TRY(read_properties(r, k, a, &list, e));
		else if (nbfx_is(nbfx_name(r)->local, "SyncObjectType"))
			TRY(nbfx_read_text(r, &type, e));
		else if (nbfx_is(nbfx_name(r)->local, "SyncOperation"))
			TRY(nbfx_read_text(r, &operation, e));
		else
			TRY(nbfx_skip(r, e));
	}
	ret->cloud_anchor = text_of(list, "CloudAnchor");
	ret->source_anchor = text_of(list, "SourceAnchor");
	ret->deleted = strcasecmp(buf_str(&operation), "Delete") == 0;
	class = class_of(k->schema, buf_str(&type), ret->cloud_anchor);
	if (class == k->schema->n_classes)
		return 0;
	ret->class = k->schema->classes[class].name;
	for (const struct property *p = list; p; p = p->next) {
		const struct service_key *key = find(k, p->key);

		if (key && key->of[class])
			put(&ret->entry, key->of[class], p);
	}
	return 0;
}
