/*
 * Who is to blame when a request is refused or lost as a whole: the service, or one object in it?
 * A batch that was refused is sent again in halves until the object is found that it does not take.
 * An object is blamed only when the service took something else since it failed first; where
 * nothing else was sent, a harmless probe asks.
 */
#pragma once

#include "connector/entra/pace.h"

struct suspects {
	struct half *halves; /* to be sent as they are, the last one first */
	unsigned answers;    /* requests that were answered or lost */
	unsigned well;       /* ... when the last good answer came */
	bool ask;            /* a probe is to be sent before anything else */
	int probes;          /* that failed, one after the other */
};

/* An answer came; good: the service did what it was asked. */
void suspects_answer(struct suspects *s, bool good);
/* The part failed; true: it may be blamed, for the service took something else since. */
bool suspects_blame(struct suspects *s, struct part *p);
/* Parts of a batch that was refused: they are sent again in halves. Takes the parts. */
void suspects_halve(struct suspects *s, struct part **parts, unsigned n);
/* Asks the service first, then sends the part again, by itself. Takes the part. */
void suspects_ask(struct suspects *s, struct part *p);
/* The next ones to be sent together; their number, 0: none. */
unsigned suspects_take(struct suspects *s, struct part *ret[static BATCH_MAX]);
void suspects_done(struct suspects *s);
