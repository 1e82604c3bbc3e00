/* Creating, deleting and restoring: what else changes with it. */
#include "tenant/lifecycle.h"

#include "tenant/clock.h"
#include "tenant/guid.h"

#include "base/codec.h"
#include "base/timefmt.h"

#include <stdio.h>

void object_restore(struct emulator *em, struct object *o)
{
	o->deleted = false;
	o->deleted_at = 0;
	object_set(em->dir, o, P_DELETED, NULL, 0);
	object_keys_add(em->dir, o);
}

struct object *object_new(struct emulator *em, enum object_type t, const char *anchor, size_t n)
{
	unsigned char raw[16];
	char id[UUID_TEXT_SIZE];
	uint64_t hash;

	if (!em->stable_ids || !n)
		return directory_add(em->dir, t, NULL);
	hash = hash64(anchor, n) + t;
	memcpy(raw, &hash, 8);
	hash = hash64(&hash, sizeof(hash));
	memcpy(raw + 8, &hash, 8);
	guid_write(id, raw);
	return directory_add(em->dir, t, directory_find(em->dir, id, 36) ? NULL : id);
}

/* Everything that refers to a deleted object loses that reference. */
static void drop_references(struct emulator *em, struct object *gone)
{
	while (gone->n_holders) {
		struct object *o = directory_get(em->dir, gone->holders[gone->n_holders - 1]);

		if (o->manager == (int64_t)gone->index) {
			object_set_manager(em->dir, o, NULL);
			o->manager_seq = directory_seq(em->dir) + 1;
		} else if (!object_link_set(em->dir, o, gone, false)) {
			gone->n_holders--;
			continue;
		}
		object_touch(em->dir, o);
	}
}

void object_delete(struct emulator *em, struct object *o)
{
	char text[TIME_TEXT_SIZE], json[TIME_TEXT_SIZE + 2];

	o->deleted_at = tenant_now(em);
	snprintf(json, sizeof(json), "\"%s\"", time_format(o->deleted_at, text));
	object_keys_drop(em->dir, o);
	o->deleted = true;
	o->purged = o->type == TYPE_CONTACT || o->type == TYPE_DEVICE;
	if (object_prop_is(o, P_SYNC_ENABLED, "true"))
		object_set(em->dir, o, P_SYNC_ENABLED, "false", 5);
	if (!o->purged)
		object_set(em->dir, o, P_DELETED, json, strlen(json));
	object_keys_add(em->dir, o);
	em->n_managed[o->type] -= o->cloud_managed;
	o->cloud_managed = false;
	o->roles = 0;
	object_set_manager(em->dir, o, NULL);
	drop_references(em, o);
	object_touch(em->dir, o);
}
