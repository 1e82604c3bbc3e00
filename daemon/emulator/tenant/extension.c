/* Definitions of directory extensions, and the rows of the property table that they are. */
#include "tenant/extension.h"

#include "tenant/guid.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/json.h"

#include <strings.h>

#define NAME_MAX_LENGTH 200

static const struct {
	const char *name;
	enum property_kind kind;
} data_types[] = {
#define X(id, name, kind) {name, kind},
	DATA_TYPES(X)
#undef X
};

static const struct {
	const char *name;
	unsigned types;
} targets[] = {
#define X(id, name, types) {name, types},
	TARGETS(X)
#undef X
};

const char *data_type_name(enum data_type t)
{
	return data_types[t].name;
}

const char *target_name(enum target t)
{
	return targets[t].name;
}

struct extension *extensions_add(struct extensions *xs)
{
	xs->items = xrealloc(xs->items, (xs->n + 1) * sizeof(*xs->items));
	xs->items[xs->n] = (struct extension){0};
	xs->n_changes++;
	return &xs->items[xs->n++];
}

static struct property row_of(const struct extension *x)
{
	struct property p = {
		.name = x->name,
		.kind = data_types[x->type].kind,
		.writer = x->synced ? BY_MASTER : BY_APPLICATION,
		.many = x->many,
		.extension = true,
	};

	for (unsigned i = 0; i < TARGET_COUNT; i++)
		if (x->targets >> i & 1)
			p.types |= targets[i].types;
	p.advanced = p.types;
	if (x->gone)
		p.name = "";
	return p;
}

void extensions_use(const struct extensions *xs)
{
	struct property rows[EXTENSIONS_MAX];

	for (unsigned i = 0; i < xs->n; i++)
		rows[i] = row_of(&xs->items[i]);
	properties_extend(rows, xs->n);
}

void extensions_done(struct extensions *xs)
{
	properties_extend(NULL, 0);
	for (unsigned i = 0; i < xs->n; i++) {
		free(xs->items[i].name);
		free(xs->items[i].app_id);
	}
	free(xs->items);
	*xs = (struct extensions){0};
}

struct extension *extension_named(const struct extensions *xs, const char *name)
{
	for (unsigned i = 0; i < xs->n; i++)
		if (!xs->items[i].gone && strcasecmp(xs->items[i].name, name) == 0)
			return &xs->items[i];
	return NULL;
}

bool extension_name_good(const char *name)
{
	return name && *name && strlen(name) <= NAME_MAX_LENGTH &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
				 "-")] == '\0';
}

static unsigned count_values(const struct property *p, const char *text, size_t n)
{
	_cleanup_json_ json_t *list = text && p->many ? json_loadb(text, n, 0, NULL) : NULL;

	return p->many ? (unsigned)json_array_size(list) : text != NULL;
}

unsigned extension_values(const struct object *o, const struct change *c)
{
	unsigned count = 0;

	for (unsigned i = EXTENSIONS_FROM; i < n_properties; i++) {
		size_t n;
		const char *text = *properties[i].name ? change_future(c, o, i, &n) : NULL;

		if (text)
			count += count_values(&properties[i], text, n);
	}
	return count;
}

/* A GUID that follows from a text. */
static void derived_id(const char *text, char ret[static 37])
{
	uint64_t hash[2] = {hash64(text, strlen(text)), hash64(text + 1, strlen(text) - 1)};
	unsigned char raw[16];

	memcpy(raw, hash, sizeof(raw));
	guid_write(ret, raw);
}

void schema_app_id(const struct tenant *t, char ret[static 37])
{
	_cleanup_free_ char *text = xasprintf("schema extension app of %s", t->id);

	derived_id(text, ret);
}

void application_object_id(const struct tenant *t, const char *app_id, char ret[static 37])
{
	_cleanup_free_ char *text = xasprintf("application %s of %s", app_id, t->id);

	derived_id(text, ret);
}
