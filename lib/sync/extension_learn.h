/* Asking the directories about directory extensions, before the rules of a run are loaded. */
#pragma once

#include "sync/session.h"

struct extension_asking {
	const char *only; /* this connector; NULL: all */
	bool again;       /* sources also about what is known */
	bool make;        /* what is missing in a target is made */
};
/*
 * Asks each source what an attribute of its setting is, and each target what it has of them. What
 * is new and not good (an attribute that cannot be one, a right that is missing, one that is no
 * longer listed) is told once, as warnings. What cannot be reached is asked another time. Outside
 * of a transaction; the rules need not be loaded. Negative: the store or the file failed.
 */
int extensions_learn(
	struct sync *s, const struct extension_asking *how, struct err *e) _must_check_;
