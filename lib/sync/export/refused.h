/*
 * Attributes of an object that the directory refused while it took the others. With the same values
 * they are sent again only at the retry time of the object's error, or after "errors retry".
 */
#pragma once

#include "sync/session.h"

/* Records the attributes refused by a send, with the values wanted now. Replaces older ones. */
int refused_record(struct store *s, int64_t cs, const struct entry *wanted, const unsigned *attrs,
	unsigned n, struct err *e) _must_check_;
/*
 * Removes from the delta what was refused with the same value and must still wait at `now` (unix
 * time; 0: wait, as long as the error has a retry time). *ret_held: was there something?
 */
int refused_hold(struct store *s, int64_t cs, int64_t now, struct delta *d, bool *ret_held,
	struct err *e) _must_check_;
