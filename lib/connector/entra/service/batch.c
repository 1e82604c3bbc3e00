/* Batches, see batch.h. */
#include "connector/entra/service/batch.h"

#include <assert.h>

static bool same_object(const struct export_item *a, const struct export_item *b)
{
	return a->kind == EXPORT_LINK && b->kind == EXPORT_LINK && streq(a->class, b->class) &&
	       streq(a->anchor, b->anchor);
}

static bool joins(const struct service_batch *b, const struct export_item *item)
{
	return b->n_items && same_object(&b->items[b->n_items - 1], item);
}

bool service_takes_version2(struct connector *c, const struct export_item *item)
{
	_cleanup_arena_ struct arena a = {0};
	const struct service_bag *bag = service_bag_of(c, entra_class_find(item->class));
	bool multi;

	if (item->kind != EXPORT_LINK)
		return false;
	if (service_bag_has_reference(bag, item->link_attr, &multi) && multi)
		return true;
	/* the first version knows targets by their sourceAnchor alone */
	return item->op == DELTA_ADD && !entra_source_anchor(item->target_dn, &a);
}

bool service_batch_fits(
	const struct service_batch *b, const struct connector *c, const struct export_item *item)
{
	unsigned most = (unsigned)setting_number(c->settings, "service_batch");

	if (!b->n_items)
		return true;
	if (item->kind == EXPORT_LINK && b->n_links >= c->session->links_max)
		return false;
	return joins(b, item) || b->n_objects < most;
}

void service_batch_add(struct service_batch *b, const struct export_item *item)
{
	if (!joins(b, item)) {
		if (b->n_objects == b->cap_objects) {
			b->cap_objects = b->cap_objects ? b->cap_objects * 2 : 32;
			b->objects = xrealloc(b->objects, b->cap_objects * sizeof(*b->objects));
		}
		b->objects[b->n_objects++] = (struct service_run){.first = b->n_items};
	}
	if (b->n_items == b->cap_items) {
		b->cap_items = b->cap_items ? b->cap_items * 2 : 32;
		b->items = xrealloc(b->items, b->cap_items * sizeof(*b->items));
	}
	b->items[b->n_items++] = *item;
	b->objects[b->n_objects - 1].n++;
	b->n_links += item->kind == EXPORT_LINK;
}

void service_batch_clear(struct service_batch *b)
{
	b->n_items = b->n_objects = b->n_links = 0;
}

void service_batch_done(struct service_batch *b)
{
	free(b->items);
	free(b->objects);
	*b = (struct service_batch){.version2 = b->version2};
}

const char *service_batch_operation(const struct service_batch *b)
{
	return b->version2 ? "ProvisionAzureADSyncObjects2" : "ProvisionAzureADSyncObjects";
}

const char *service_source_anchor(const struct export_item *item, struct arena *a)
{
	return entra_source_anchor(item->dn, a);
}

/* --- writing --- */

static struct service_name name_of(const char *dn, const char *anchor, struct arena *a)
{
	const char *source_anchor = entra_source_anchor(dn, a);

	return source_anchor ? (struct service_name){source_anchor}
	                     : (struct service_name){anchor ? anchor : "", .is_cloud = true};
}

static void write_object(struct connector *c, const struct export_item *it, struct buf *buf)
{
	const struct service_bag *bag = service_bag_of(c, entra_class_find(it->class));

	service_put_values(buf, bag, it->wanted, it->op == DELTA_ADD ? NULL : it->delta);
}

static void write_references(const struct export_item *items, unsigned n, struct buf *buf)
{
	_cleanup_arena_ struct arena a = {0};

	for (unsigned i = 0; i < n; i++) {
		const struct export_item *it = &items[i];
		struct service_name target;

		arena_reset(&a);
		target = name_of(it->target_dn, it->target_anchor, &a);
		service_put_reference(
			buf, attr_name(it->link_attr), it->op == DELTA_ADD ? &target : NULL);
	}
}

static void write_changes(const struct export_item *items, unsigned n, struct buf *buf)
{
	_cleanup_arena_ struct arena a = {0};

	for (unsigned i = 0; i < n; i++) {
		const struct export_item *it = &items[i];
		struct service_name target;

		if (!i || it->link_attr != it[-1].link_attr)
			service_changes_begin(buf, attr_name(it->link_attr));
		arena_reset(&a);
		target = name_of(it->target_dn, it->target_anchor, &a);
		service_put_change(buf, &target, it->op == DELTA_ADD);
		if (i + 1 == n || it->link_attr != it[1].link_attr)
			service_changes_end(buf);
	}
}

void service_batch_write(struct connector *c, const struct service_batch *b, struct buf *buf)
{
	_cleanup_arena_ struct arena a = {0};

	service_objects_begin(buf);
	for (unsigned i = 0; i < b->n_objects; i++) {
		const struct export_item *it = &b->items[b->objects[i].first];
		struct service_name who;

		arena_reset(&a);
		who = name_of(it->dn, it->anchor, &a);
		service_object_begin(buf, &who);
		if (it->kind == EXPORT_OBJECT)
			write_object(c, it, buf);
		else if (it->kind == EXPORT_LINK && b->version2)
			write_changes(it, b->objects[i].n, buf);
		else if (it->kind == EXPORT_LINK)
			write_references(it, b->objects[i].n, buf);
		service_object_end(
			buf, it->class, it->kind == EXPORT_DELETE ? SERVICE_DELETE : SERVICE_SET);
	}
	service_objects_end(buf);
}
