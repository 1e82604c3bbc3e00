/* Look-ups in a schema. They are linear: tables are short, and asked when rules are loaded. */
#include "model/schema.h"

const struct schema_class *schema_class_find(const struct schema *s, const char *class)
{
	for (unsigned i = 0; i < s->n_classes; i++)
		if (streq(s->classes[i].name, class))
			return &s->classes[i];
	return NULL;
}

const struct schema_attr *schema_attr_find(const struct schema_class *c, const char *attr)
{
	for (unsigned i = 0; i < c->n_attrs; i++)
		if (streq(c->attrs[i].name, attr))
			return &c->attrs[i];
	return NULL;
}

const char *schema_attr_name(const struct schema *s, const char *name)
{
	for (unsigned i = 0; i < s->n_aliases; i++)
		if (streq(s->aliases[i].alias, name))
			return s->aliases[i].name;
	return name;
}
