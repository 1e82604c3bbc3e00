/*
 * Reads the metaverse's schema from JSON, from a file or from the copy that is built in. The schema
 * and its names live in one arena, which goes with it.
 */
#include "lang/rule/metaverse.h"
#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"

#include <errno.h>
#include "metaverse_text.inc"

struct owned {
	struct schema schema; /* first */
	struct arena arena;
};

static int read_attr(const char *path, const char *class, const char *name, json_t *value,
	struct arena *a, struct schema_attr *ret, struct err *e)
{
	const char *text = json_string_value(value);
	char type[16] = "";
	const char *space = text ? strchr(text, ' ') : NULL;
	size_t n = text ? (space ? (size_t)(space - text) : strlen(text)) : 0;

	if (n && n < sizeof(type))
		memcpy(type, text, n);
	if (!n || value_type_find(type) < 0 || (space && !streq(space, " multi")))
		return err_set(e, -EINVAL, path, 0,
			"%s.%s: \"string\", \"integer\", \"boolean\", \"binary\" or "
			"\"reference\" was expected, with \" multi\" behind it for several values",
			class, name);
	ret->name = arena_strdup(a, name);
	ret->type = (enum value_type)value_type_find(type);
	ret->flags = space ? SCHEMA_MULTI : 0;
	return 0;
}

static int read_class(const char *path, const char *name, json_t *json, struct arena *a,
	struct schema_class *ret, struct err *e)
{
	struct schema_attr *attrs = arena_zalloc(a, (json_object_size(json) + 1) * sizeof(*attrs));
	const char *key;
	json_t *value;
	unsigned n = 0;

	if (!json_is_object(json))
		return err_set(e, -EINVAL, path, 0, "class %s: an object was expected", name);
	json_object_foreach (json, key, value) {
		int r = read_attr(path, name, key, value, a, &attrs[n++], e);

		if (r < 0)
			return r;
	}
	ret->name = arena_strdup(a, name);
	ret->attrs = attrs;
	ret->n_attrs = n;
	return 0;
}

int metaverse_schema_read(const char *name, const json_t *root, struct schema **ret, struct err *e)
{
	json_t *list = json_object_get(root, "classes"), *value;
	struct owned *o = xcalloc(1, sizeof(*o));
	struct schema_class *classes;
	const char *key;
	int r = 0;

	o->schema.name = "the metaverse";
	classes = arena_zalloc(&o->arena, (json_object_size(list) + 1) * sizeof(*classes));
	o->schema.classes = classes;
	if (json_object_size(list) == 0)
		r = err_set(e, -EINVAL, name, 1, "there is no \"classes\"");
	json_object_foreach (list, key, value) {
		if (r == 0)
			r = read_class(
				name, key, value, &o->arena, &classes[o->schema.n_classes++], e);
	}
	if (r < 0) {
		metaverse_schema_free(&o->schema);
		return r;
	}
	*ret = &o->schema;
	return 0;
}

int metaverse_json(const char *path, json_t **ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	json_error_t je;
	size_t len = sizeof(metaverse_text) - 1;

	if (path)
		TRY(file_read(path, 1024 * 1024, &text, &len, e));
	*ret = json_loadb(path ? text : metaverse_text, len, JSON_REJECT_DUPLICATES, &je);
	if (!*ret)
		return err_set(e, -EINVAL, path, je.line, "column %d: %s", je.column, je.text);
	return 0;
}

int metaverse_schema_load(const char *path, struct schema **ret, struct err *e)
{
	_cleanup_json_ json_t *root = NULL;

	TRY(metaverse_json(path, &root, e));
	return metaverse_schema_read(path ? path : "metaverse.json", root, ret, e);
}

bool metaverse_schema_add(
	struct schema *s, const char *class, const struct schema_attr *attrs, unsigned n)
{
	struct owned *o = (struct owned *)s;
	struct schema_class *c = (struct schema_class *)schema_class_find(s, class);
	struct schema_attr *all;
	unsigned count;

	if (!c)
		return false;
	count = c->n_attrs;
	all = arena_alloc(&o->arena, (count + n + 1) * sizeof(*all));
	memcpy(all, c->attrs, count * sizeof(*all));
	for (unsigned i = 0; i < n; i++) {
		if (schema_attr_find(c, attrs[i].name))
			continue;
		all[count] = attrs[i];
		all[count++].name = arena_strdup(&o->arena, attrs[i].name);
	}
	c->attrs = all;
	c->n_attrs = count;
	return true;
}

void metaverse_schema_free(struct schema *s)
{
	struct owned *o = (struct owned *)s;

	if (!o)
		return;
	arena_done(&o->arena);
	free(o);
}
