/*
 * Records in the order of time: what was done to the source of authority, and, in a list of its
 * own, what synchronization was refused since an object's is in the cloud.
 */
#pragma once

#include "tenant/directory.h"
#include "tenant/tenant.h"

#define AUDITS_MAX 100000 /* later ones are not recorded */

struct audit {
	char id[37];
	int64_t time;
	char *activity, *app_id, *app_name, *target_id, *target_name;
	enum object_type target_type;
	bool good;
	char *anchor,
		*changed; /* of what was refused: sourceAnchor, a JSON list of names; or NULL */
};

struct audits {
	struct audit *items;
	unsigned n, gone; /* gone: how many were too old; see audits_purge() */
};

/* How many there ever were. */
static inline unsigned audits_ever(const struct audits *as)
{
	return as->gone + as->n;
}

/* One more, whose strings the caller fills in with memory that the list then owns. */
struct audit *audits_append(struct audits *as);
/* What an application did to an object; copies everything. NULL: the list is full. */
struct audit *audits_add(struct audits *as, int64_t when, const struct application *app,
	const char *activity, const struct object *target);
/* Forgets records that are older. */
void audits_purge(struct audits *as, int64_t before);
void audits_done(struct audits *as);
