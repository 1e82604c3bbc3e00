/*
 * waves: the plan of a migration (plan.h) for objects of the store: which groups are in which, as
 * their sources show it, and what a person should know of each object before.
 */
#pragma once

#include "base/json.h"
#include "sync/migration/identity.h"

/* Can it be in a plan: it is known, and its source has the authority. */
bool waves_can_switch(const struct subject *s);

/*
 * *ret, a new reference:
 *
 * "objects"   those that can be switched, in the order of the plan: subject_json() with "wave",
 *             "level", "cycle" (0: none), "members" (of a group), "note" (or null), and "given":
 * the wave that the list had "nesting"   [group, member] for each group in a group, as numbers in
 * "objects" "left_out"  subject_json() of the others, with "why" "waves", "cycles": how many
 *
 * wave_size 0: a wave for the groups and one for the others. -E2BIG: too many memberships.
 */
int waves_make(struct migration *m, const struct subjects *of, unsigned wave_size, json_t **ret,
	struct err *e) _must_check_;
