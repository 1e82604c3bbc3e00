/* What is deleted for good after 30 days, and the way out of the quarantine. */
#include "tenant/housekeeping.h"

#include "tenant/clock.h"
#include "tenant/conflict.h"

#define KEPT_DAYS 30       /* soft-deleted objects and audit records */
#define RELEASE_EVERY 3600 /* seconds between two looks at the quarantine */

static void purge(struct emulator *em, int64_t before)
{
	for (uint32_t i = 0; i < directory_size(em->dir); i++) {
		struct object *o = directory_get(em->dir, i);

		if (!o->deleted || o->purged || !o->deleted_at || o->deleted_at > before)
			continue;
		object_keys_drop(em->dir, o);
		o->purged = true;
		object_touch(em->dir, o);
	}
}

static void release(struct emulator *em)
{
	unsigned left = 0;
	size_t n;

	for (uint32_t i = 0; em->n_quarantined && i < directory_size(em->dir); i++) {
		struct object *o = directory_get(em->dir, i);

		if (o->deleted || !object_prop(o, P_ERRORS, &n))
			continue;
		quarantine_release(em, o);
		left += object_prop(o, P_ERRORS, &n) != NULL;
	}
	em->n_quarantined = left;
}

void tenant_housekeeping(struct emulator *em)
{
	int64_t t = tenant_now(em);

	if (t - em->last_release < RELEASE_EVERY)
		return;
	em->last_release = t;
	purge(em, t - KEPT_DAYS * 86400);
	audits_purge(&em->audits, t - KEPT_DAYS * 86400);
	audits_purge(&em->skips, t - KEPT_DAYS * 86400);
	release(em);
}
