/* Asking the directories about directory extensions, before the rules of a run are loaded. */
#pragma once

#include "sync/session.h"

/*
 * Asks each source what an attribute of its setting is, when that is not known or `full`; and each
 * target what it has, making what is missing there if `make`. What is new and not good (an
 * attribute that cannot be one, a right that is missing, one that is no longer listed) is told
 * once, as warnings. What cannot be reached is asked another time. Outside of a transaction.
 * s->rules need not be there. Negative: the store or the file failed.
 */
int extensions_learn(struct sync *s, bool full, bool make, struct err *e) _must_check_;
