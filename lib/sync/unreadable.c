/* Attributes that a directory never shows, by class. */
#include "sync/unreadable.h"

void unreadable_init(struct sync_connector *c, struct arena *a)
{
	const struct schema *schema = c->type->schema(&c->cfg->settings);
	struct unreadable *all = arena_zalloc(a, (schema->n_classes + 1) * sizeof(*all));

	c->unreadable = all;
	c->n_unreadable = 0;
	for (unsigned i = 0; i < schema->n_classes; i++) {
		const struct schema_class *class = &schema->classes[i];
		struct unreadable *u = &all[c->n_unreadable];

		for (unsigned k = 0; k < class->n_attrs; k++) {
			unsigned attr = attr_intern(class->attrs[k].name);

			if (!(class->attrs[k].flags & SCHEMA_UNREADABLE))
				continue;
			u->class = class->name;
			u->attrs[attr / 8] |= (unsigned char)(1u << attr % 8);
		}
		c->n_unreadable += u->class != NULL;
	}
}

const struct unreadable *unreadable_of(const struct sync_connector *c, const char *class)
{
	for (unsigned i = 0; c && i < c->n_unreadable; i++)
		if (streq(c->unreadable[i].class, class))
			return &c->unreadable[i];
	return NULL;
}

bool unreadable_is_all(const struct unreadable *u, const struct delta *d)
{
	for (unsigned i = 0; i < d->n_attrs; i++)
		if (!unreadable_has(u, d->attrs[i].id))
			return false;
	return d->n_attrs > 0;
}
