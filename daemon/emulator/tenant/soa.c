/* isCloudManaged. */
#include "tenant/soa.h"

bool soa_switch(struct emulator *em, struct object *o, bool cloud, bool *ret_changed)
{
	size_t n;

	if (cloud == o->cloud_managed)
		return true;
	if (!object_prop(o, P_IMMUTABLE_ID, &n))
		return false;
	o->cloud_managed = cloud;
	em->n_managed[o->type] += cloud ? 1u : -1u;
	if (cloud)
		object_set(em->dir, o, P_SYNC_ENABLED, NULL, 0);
	if (cloud && o->mailbox)
		o->mailbox->cloud_managed = false;
	object_touch(em->dir, o);
	*ret_changed = true;
	return true;
}
