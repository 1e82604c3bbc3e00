/* What was done to the source of authority: records in the order of time. */
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
};

struct audits {
	struct audit *items;
	unsigned n, gone; /* gone: how many were too old; see audits_purge() */
};

/* One more, whose strings the caller fills in with memory that the list then owns. */
struct audit *audits_append(struct audits *as);
/* What an application did to an object; copies everything. */
void audits_add(struct audits *as, int64_t when, const struct application *app,
	const char *activity, const struct object *target);
/* Forgets records that are older. */
void audits_purge(struct audits *as, int64_t before);
void audits_done(struct audits *as);
