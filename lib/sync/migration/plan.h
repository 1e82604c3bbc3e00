/*
 * plan: in which order objects change their source of authority, and in which wave each is. It
 * knows objects and memberships as numbers and nothing of a store or a directory; it is pure.
 *
 * Groups come before everything else, and a group after the groups that are its members: a group of
 * the source keeps a reference to a converted user, but not one to a converted group, so what is
 * below is done first. Groups that contain each other in a circle have no order of their own: they
 * stay together in one wave, and are numbered so that somebody can look at them.
 *
 * A wave has at most the chosen number of objects, and never groups together with others. Only a
 * circle that is larger than a wave makes one that is larger. Within a wave the order holds.
 *
 * The same objects give the same plan, in whatever order they are told.
 */
#pragma once

#include "base/util.h"

#include <limits.h>

#define PLAN_OBJECTS_MAX (UINT_MAX / 4)

struct plan_object {
	const char *key; /* unlike all others: decides between equals; a folded DN */
	bool group;
	/* what plan_make() finds */
	unsigned level; /* groups below each other under this one; 0: none */
	unsigned cycle; /* number of the circle of groups that it is in; 0: none */
	unsigned wave;  /* from 1 on */
};

/* `member` is a direct member of `group`; both are numbers of objects. It may be told twice. */
struct plan_member {
	unsigned group, member;
};

struct plan_result {
	unsigned *order; /* numbers of objects, the first one first; the caller frees it */
	unsigned waves, cycles;
};

/* n is at most PLAN_OBJECTS_MAX; wave_size 0: a wave for all groups, and one for all others. */
void plan_make(struct plan_object *objects, unsigned n, const struct plan_member *members,
	size_t n_members, unsigned wave_size, struct plan_result *ret);
