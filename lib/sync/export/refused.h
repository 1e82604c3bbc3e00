/*
 * Attributes of an object that the directory refused while it takes the others: they are not sent
 * again with the same values before the object's error says so (its retry time, errors retry).
 */
#pragma once

#include "sync/session.h"

/* The outcome of a send: these attributes, with the values wanted now. Replaces what was known. */
int refused_record(struct store *s, int64_t cs, const struct entry *wanted, const unsigned *attrs,
	unsigned n, struct err *e) _must_check_;
/*
 * Takes out of the delta what was refused with the same value and must still wait at that time
 * (unix time; 0: ever). *ret_held: was there something?
 */
int refused_hold(struct store *s, int64_t cs, int64_t now, struct delta *d, bool *ret_held,
	struct err *e) _must_check_;
