/*
 * How fast writes leave: how many batches are in flight, more while the service keeps up and fewer
 * when it throttles, and the application's budget of writes.
 */
#pragma once

#include "connector/entra/part.h"

#define BATCH_MAX 20 /* sub-requests: learn.microsoft.com/graph/json-batching */

struct pace {
	double window; /* batches in flight at a time: 1 to max */
	unsigned max;
	int64_t hold_until; /* monotonic ms: the service asked to wait */
};

void pace_init(struct pace *p, unsigned max);
/* May another batch leave beside those in flight? */
bool pace_allows(const struct pace *p, unsigned busy);
/* The service throttles: halved; retry_after < 0: it named no time. */
void pace_shrink(struct pace *p, long retry_after);
/* A good answer; used: the share of its limit that the service says is used. */
void pace_grow(struct pace *p, double used);

/* Adds what the time since the last call allows. */
void budget_refill(struct entra_budget *b);
bool budget_allows(const struct entra_budget *b);
/* A batch is worth its request: it waits for a second's share of the budget, or for all it takes.
 */
bool budget_allows_batch(const struct entra_budget *b);
/* Takes so many writes at once; it may take more than there are, and then waits the longer. */
void budget_take(struct entra_budget *b, unsigned n);
/* Takes what the sub-request costs: a read costs nothing. */
void budget_spend(struct entra_budget *b, const struct part *p);
