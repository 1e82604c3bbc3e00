/* The window of batches in flight, and the budget of writes as a token bucket. */
#include "connector/entra/pace.h"
#include "base/timefmt.h"
#include "connector/entra/call.h"

#define BUDGET_SECONDS 150 /* learn.microsoft.com/graph/throttling-limits */
#define NEAR_LIMIT 0.8     /* of the service's own limit: no more batches than now */

void pace_init(struct pace *p, unsigned max)
{
	*p = (struct pace){.window = MIN(2.0, (double)max), .max = max};
}

bool pace_allows(const struct pace *p, unsigned busy)
{
	return busy < (unsigned)p->window && monotonic_ms() >= p->hold_until;
}

void pace_shrink(struct pace *p, long retry_after)
{
	int64_t now = monotonic_ms();
	int64_t until = now + (int64_t)(entra_backoff(1, retry_after) * 1000);

	if (now >= p->hold_until) /* once for all answers of one time */
		p->window = MAX(p->window / 2, 1.0);
	p->hold_until = MAX(p->hold_until, until);
}

void pace_grow(struct pace *p, double used)
{
	if (used < NEAR_LIMIT) /* a batch more for each round of good answers */
		p->window = MIN(p->window + 1 / p->window, (double)p->max);
}

void budget_refill(struct entra_budget *b)
{
	int64_t now = monotonic_ms();

	b->left += (double)(now - b->filled) / 1000 * b->limit / BUDGET_SECONDS;
	b->left = MIN(b->left, b->limit);
	b->filled = now;
}

bool budget_allows(const struct entra_budget *b)
{
	return !b->limit || b->left >= 1;
}

bool budget_allows_batch(const struct entra_budget *b)
{
	double share = MIN(b->limit / BUDGET_SECONDS, (double)BATCH_MAX);

	return !b->limit || b->left >= MAX(share, 1.0);
}

static bool is_write(const struct part *p)
{
	return p->kind != PART_FIND && p->kind != PART_MATCH && p->kind != PART_ROLES;
}

void budget_take(struct entra_budget *b, unsigned n)
{
	if (b->limit)
		b->left -= n;
}

void budget_spend(struct entra_budget *b, const struct part *p)
{
	if (b->limit && is_write(p))
		b->left -= 1;
}
