/*
 * Reading of schemas in DSML 1.0, as Microsoft Identity Manager and Connect Sync write them. Only
 * names, types and "several values" are taken; a type that is not known counts as text.
 */
#include "lang/import/dsml.h"
#include "base/json.h"
#include "model/value.h"

#include <stdio.h>

/* The name of an element behind its prefix: the two kinds of files differ in that. */
static const char *local_name(const struct xml_node *n)
{
	const char *colon = strchr(n->name, ':');

	return colon ? colon + 1 : n->name;
}

static const struct xml_node *find(const struct xml_node *n, const char *name)
{
	const struct xml_node *found = NULL;

	for (const struct xml_node *c = n->first; c && !found; c = c->next)
		found = streq(local_name(c), name) ? c : find(c, name);
	return found;
}

static const char *child_text(const struct xml_node *n, const char *name, struct arena *a)
{
	for (const struct xml_node *c = n->first; c; c = c->next)
		if (streq(local_name(c), name))
			return xml_trim(c->text, a);
	return "";
}

/* LDAP's syntaxes ([RFC 4517], [MS-ADTS] 3.1.1.2.2.2); what is not here is text. */
static enum value_type type_of(const char *syntax)
{
	static const struct {
		const char *oid;
		enum value_type type;
	} TYPES[] = {
		{"1.3.6.1.4.1.1466.115.121.1.5", VALUE_BINARY},
		{"1.3.6.1.4.1.1466.115.121.1.7", VALUE_BOOLEAN},
		{"1.3.6.1.4.1.1466.115.121.1.12", VALUE_REFERENCE}, /* a DN */
		{"1.3.6.1.4.1.1466.115.121.1.27", VALUE_INTEGER},
		{"1.3.6.1.4.1.1466.115.121.1.40", VALUE_BINARY}, /* an octet string */
		{"1.2.840.113556.1.4.906", VALUE_INTEGER},       /* of 64 bits */
		{"1.2.840.113556.1.4.907", VALUE_BINARY},        /* a security descriptor */
		{"1.2.840.113556.1.4.1221", VALUE_REFERENCE},    /* an OR name of Exchange */
	};

	for (unsigned i = 0; i < ARRAY_SIZE(TYPES); i++)
		if (streq(TYPES[i].oid, syntax))
			return TYPES[i].type;
	return VALUE_STRING;
}

/* {"id": ["name", "string multi"]}: classes refer to attributes by their ids. */
static json_t *read_attributes(const struct xml_node *schema, struct arena *a)
{
	json_t *ids = json_object();

	for (const struct xml_node *n = schema->first; n; n = n->next) {
		const char *id = xml_attribute(n, "id"), *single, *name;

		if (!streq(local_name(n), "attribute-type") || !id)
			continue;
		single = xml_attribute(n, "single-value");
		name = child_text(n, "name", a);
		json_object_set_new(ids, id,
			json_pack("[s, s]", *name ? name : id,
				arena_printf(a, "%s%s",
					value_type_name(type_of(child_text(n, "syntax", a))),
					single && streq(single, "true") ? "" : " multi")));
	}
	return ids;
}

static void add(json_t *class, const json_t *attr)
{
	json_object_set(class, json_string_value(json_array_get(attr, 0)), json_array_get(attr, 1));
}

static json_t *read_class(const struct xml_node *n, const json_t *ids)
{
	json_t *class = json_object();

	for (const struct xml_node *c = n->first; c; c = c->next) {
		const char *ref = xml_attribute(c, "ref");
		const json_t *attr = ref ? json_object_get(ids, ref + (*ref == '#')) : NULL;

		if (attr && streq(local_name(c), "attribute"))
			add(class, attr);
	}
	return class;
}

json_t *dsml_classes(const struct xml_node *root)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_json_ json_t *ids = NULL;
	const struct xml_node *schema = find(root, "directory-schema");
	json_t *classes, *any, *attr;
	const char *id;

	if (!schema)
		return NULL;
	ids = read_attributes(schema, &a);
	any = json_object();
	json_object_foreach (ids, id, attr)
		add(any, attr);
	classes = json_object();
	for (const struct xml_node *n = schema->first; n; n = n->next) {
		const char *name = child_text(n, "name", &a);

		if (streq(local_name(n), "class") && *name)
			json_object_set_new(classes, name, read_class(n, ids));
	}
	json_object_set_new(classes, DSML_ANY, any);
	return classes;
}

const char *dsml_type(const json_t *classes, const char *class, const char *attr)
{
	const char *type =
		json_string_value(json_object_get(json_object_get(classes, class), attr));

	return type ? type
	            : json_string_value(json_object_get(json_object_get(classes, DSML_ANY), attr));
}
