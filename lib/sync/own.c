/* Values of one connector or one class: found by key, class and section. */
#include "sync/own.h"
#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

/* Old names of KEY.CLASS, only in [export]. */
static const struct {
	const char *key, *base, *class;
} OLDER[] = {
	{"deletion_threshold_user", "deletion_threshold", "user"},
	{"deletion_threshold_group", "deletion_threshold", "group"},
	{"deletion_threshold_contact", "deletion_threshold", "contact"},
};

static const struct option_def *def_find(const struct settings *all, const char *key, size_t len)
{
	for (unsigned i = 0; i < all->n_defs; i++)
		if (all->defs[i].own && strlen(all->defs[i].name) == len &&
			strncmp(all->defs[i].name, key, len) == 0)
			return &all->defs[i];
	return NULL;
}

static bool is_class(const struct setting_own *o, const char *class)
{
	return class ? o->class && streq(o->class, class) : !o->class;
}

static const struct setting_own *find(
	const struct settings *s, const struct option_def *def, const char *class)
{
	for (unsigned i = 0; i < s->n_own; i++)
		if (s->own[i].def == def && is_class(&s->own[i], class))
			return &s->own[i];
	return NULL;
}

/* May the section have it? */
static int refuse(const struct option_def *def, const struct connector_type *type,
	const char *class, char *why, size_t size)
{
	if (class && !(def->own & OPTION_OWN_CLASS))
		return snprintf(
			why, size, " cannot be set for one class; write \"%s\" for all", def->name);
	if (type && !(def->own & OPTION_OWN_CONNECTOR) && !type->export)
		return snprintf(why, size,
			" is only for exports, and nothing is exported to a connector of type %s",
			type->name);
	return 0;
}

int own_put(struct settings *s, const struct settings *all, const struct connector_type *type,
	const char *key, const char *value, int line, char *why, size_t size)
{
	const char *dot = strchr(key, '.'), *class = dot ? dot + 1 : NULL, *base = key;
	size_t len = dot ? (size_t)(dot - key) : strlen(key);
	const struct option_def *def;
	struct setting_own *o;
	char *normal, wrong[250];

	for (unsigned i = 0; !type && i < ARRAY_SIZE(OLDER); i++)
		if (streq(OLDER[i].key, key)) {
			base = OLDER[i].base;
			class = OLDER[i].class;
			len = strlen(base);
		}
	def = def_find(all, base, len);
	if (!def || (s == all && !class)) /* the caller sets the value for all */
		return 0;
	if (refuse(def, type, class, why, size))
		return -EINVAL;
	if (find(s, def, class)) {
		snprintf(why, size, " was set in line %d already", find(s, def, class)->line);
		return -EINVAL;
	}
	if (!*value) {
		snprintf(why, size, " has no value");
		return -EINVAL;
	}
	normal = setting_normalise(def, value, wrong, sizeof(wrong));
	if (!normal) {
		snprintf(why, size, ": %s", wrong);
		return -EINVAL;
	}
	s->own = xrealloc(s->own, (s->n_own + 1) * sizeof(*s->own));
	o = &s->own[s->n_own++];
	*o = (struct setting_own){.def = def, .value = normal, .line = line};
	o->written = xstrdup(key);
	o->class = class ? xstrdup(class) : NULL;
	snprintf(why, size, "%s", wrong);
	return 1;
}

void own_free(struct settings *s)
{
	for (unsigned i = 0; i < s->n_own; i++) {
		free(s->own[i].class);
		free(s->own[i].written);
		free(s->own[i].value);
	}
	free(s->own);
}

/* --- what is in force --- */

static struct own_value make_value(
	const struct option_def *def, int64_t n, const char *key, bool own, int line)
{
	return (struct own_value){
		.n = n, .word = setting_word(def, n), .key = key, .own = own, .line = line};
}

static bool take(const struct settings *s, bool own, const struct option_def *def,
	const char *class, struct own_value *ret)
{
	const struct setting_own *o = s ? find(s, def, class) : NULL;

	if (o)
		*ret = make_value(def, strtoll(o->value, NULL, 10), o->written, own, o->line);
	return o != NULL;
}

bool own_value_of_class(const struct settings *all, const struct settings *own, const char *key,
	const char *class, struct own_value *ret)
{
	const struct option_def *def = def_find(all, key, strlen(key));

	assert(def);
	return take(own, true, def, class, ret) || take(all, false, def, class, ret);
}

void own_value(const struct settings *all, const struct settings *own, const char *key,
	const char *class, struct own_value *ret)
{
	const struct option_def *def = def_find(all, key, strlen(key));

	assert(def);
	if ((class && take(own, true, def, class, ret)) || take(own, true, def, NULL, ret) ||
		(class && take(all, false, def, class, ret)))
		return;
	*ret = make_value(
		def, setting_number(all, key), def->name, false, all->lines[def - all->defs]);
}

/* --- checks over the whole file --- */

static void add_classes(const struct schema *s, struct buf *b)
{
	for (unsigned i = 0; i < s->n_classes; i++)
		buf_addf(b, "%s%s", i ? ", " : "", s->classes[i].name);
}

/* A class of the connector; type NULL: of any that can be exported to. */
static bool class_exists(
	const struct settings *s, const struct connector_type *type, const char *class)
{
	bool ret = false;

	for (unsigned i = 0; connector_types[i]; i++) {
		const struct connector_type *t = connector_types[i];

		if (type ? t == type : t->export != NULL)
			ret = ret || schema_class_find(t->schema(type ? s : NULL), class);
	}
	return ret;
}

int own_check(const struct settings *s, const struct connector_type *type, const char *section,
	struct err *e)
{
	_cleanup_buf_ struct buf names = {0};

	for (unsigned i = 0; i < s->n_own; i++) {
		const struct setting_own *o = &s->own[i];

		if (!o->class || class_exists(s, type, o->class))
			continue;
		buf_adds(&names, type ? "; the classes are "
				      : " in a type of connector that can be exported to");
		if (type)
			add_classes(type->schema(s), &names);
		return err_set(e, -EINVAL, s->file, o->line, "[%s] %s: no class is called \"%s\"%s",
			section, o->written, o->class, buf_str(&names));
	}
	return 0;
}

int own_check_idle(const struct settings *all, const struct settings *own, const char *key,
	const char *begins, struct err *e)
{
	struct own_value total;

	own_value(all, own, key, NULL, &total);
	for (unsigned i = 0; !total.n && i < own->n_own; i++) {
		const struct setting_own *o = &own->own[i];
		const char *word = setting_word(o->def, strtoll(o->value, NULL, 10));

		if (str_starts(o->written, begins) && !(word && streq(word, "off")))
			return err_set(e, -EINVAL, own->file, o->line,
				"[connector \"%s\"] %s has no effect: %s = 0 (line %d) switches "
				"it off",
				own->name, o->written, total.key, total.line);
	}
	return 0;
}
