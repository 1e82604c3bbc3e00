/*
 * One request to the provisioning service: which export items go into it together, and how they
 * are written. Items of one object that follow each other, its references, are one object there.
 */
#pragma once

#include "connector/entra/service/session.h"

/* Items of one object that follow each other in the batch. */
struct service_run {
	unsigned first, n;
};

struct service_batch {
	bool version2; /* for the second version of the operation: single changes of references */
	struct export_item *items;
	struct service_run *objects;
	unsigned n_items, n_objects, n_links;
	unsigned cap_items, cap_objects;
};

/* Does the item go to the second version of the operation, which takes single changes? */
bool service_takes_version2(struct connector *c, const struct export_item *item);
/* Is there room for the item? An empty batch takes any. */
bool service_batch_fits(
	const struct service_batch *b, const struct connector *c, const struct export_item *item);
/* Keeps the item; what it points to is borrowed. */
void service_batch_add(struct service_batch *b, const struct export_item *item);
void service_batch_clear(struct service_batch *b);
void service_batch_done(struct service_batch *b);

/* The operation that the batch is for. */
const char *service_batch_operation(const struct service_batch *b);
/* Appends what stands in the operation's element. Nothing is kept or sent. */
void service_batch_write(struct connector *c, const struct service_batch *b, struct buf *buf);

/* The sourceAnchor of an object, in the arena; NULL: it has none and is known by its anchor. */
const char *service_source_anchor(const struct export_item *item, struct arena *a);
