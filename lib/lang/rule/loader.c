/*
 * What the readers of the parts of a rule share: messages with file, rule and line, keys that are
 * not known, attributes in the schema of the side that they belong to.
 */
#include "lang/rule/loader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* A file asks this for each of its flows, mostly from its start to its end. */
int rule_line_at(struct loader *l, size_t offset)
{
	if (l->line == 0 || offset < l->counted) {
		l->counted = 0;
		l->line = 1;
	}
	for (const char *at = l->text + l->counted, *end = l->text + offset;
		(at = memchr(at, '\n', (size_t)(end - at))); at++)
		l->line++;
	l->counted = offset;
	return l->line;
}

const char *rule_find(const struct loader *l, const char *what)
{
	char quoted[300];

	snprintf(quoted, sizeof(quoted), "\"%s\"", what);
	return memmem(l->text + l->offset, l->len - l->offset, quoted, strlen(quoted));
}

/* The line of the first "what" behind the rule's start: close enough to find it in an editor. */
int rule_line(struct loader *l, const char *what)
{
	const char *at = rule_find(l, what);

	return rule_line_at(l, at ? (size_t)(at - l->text) : l->offset);
}

int rule_bad(struct loader *l, const char *near, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(l->e, -EINVAL, l->path,
		near ? rule_line(l, near) : rule_line_at(l, l->offset), "rule \"%s\": %s",
		l->rule && l->rule->name ? l->rule->name : "?", text);
}

int rule_keys(struct loader *l, json_t *obj, const char *const *known, const char *where)
{
	const char *key;
	json_t *value;

	if (!json_is_object(obj))
		return rule_bad(l, NULL, "%s: an object {...} was expected", where);
	json_object_foreach (obj, key, value) {
		unsigned i = 0;

		while (known[i] && !streq(known[i], key))
			i++;
		if (!known[i])
			return rule_bad(l, key, "%s: unknown key \"%s\"", where, key);
	}
	return 0;
}

const char *rule_text(json_t *obj, const char *key)
{
	return json_string_value(json_object_get(obj, key));
}

/* An attribute of one side. Pseudo attributes: dn and cloudAnchor of a connector space object. */
int rule_attr(struct loader *l, const char *name, const struct schema *schema,
	const struct schema_class *class, const struct schema_attr **ret_attr, unsigned *ret)
{
	static const struct schema_attr PSEUDO = {"dn", VALUE_STRING, 0};

	if (!name)
		return rule_bad(l, NULL, "the name of an attribute is missing");
	name = schema ? schema_attr_name(schema, name) : name;
	*ret = attr_intern(name);
	if (!*ret)
		return rule_bad(l, name, "attribute \"%s\": the name is too long", name);
	if (!schema) { /* the rule's connector is not configured */
		*ret_attr = NULL;
		return 0;
	}
	*ret_attr = class ? schema_attr_find(class, name) : NULL;
	for (unsigned i = 0; !class && !*ret_attr && i < schema->n_classes; i++)
		*ret_attr = schema_attr_find(&schema->classes[i], name);
	if (*ret_attr)
		return 0;
	if (streq(name, "dn") || streq(name, "cloudAnchor")) {
		*ret_attr = &PSEUDO;
		return 0;
	}
	if (schema->open)
		return 0;
	return rule_bad(l, name, "attribute \"%s\" is not in %s%s of %s", name,
		class ? "class " : "any class", class ? class->name : "", schema->name);
}
