/*
 * Who is to blame: counts of answers, and a stack of the halves of refused batches, whose parts it
 * owns until they are taken again.
 */
#include "connector/entra/suspect.h"

struct half {
	struct part *parts[BATCH_MAX];
	unsigned n;
	struct half *next;
};

void suspects_answer(struct suspects *s, bool good)
{
	s->answers++;
	if (!good)
		return;
	s->well = s->answers;
	s->probes = 0;
}

bool suspects_blame(struct suspects *s, struct part *p)
{
	if (!p->failed_at)
		p->failed_at = s->answers;
	return s->well > p->failed_at;
}

static void push(struct suspects *s, struct part **parts, unsigned n)
{
	struct half *h = xcalloc(1, sizeof(*h));

	memcpy(h->parts, parts, n * sizeof(struct part *));
	h->n = n;
	h->next = s->halves;
	s->halves = h;
}

void suspects_halve(struct suspects *s, struct part **parts, unsigned n)
{
	unsigned half = n / 2;

	for (unsigned i = 0; i < n; i++)
		suspects_blame(s, parts[i]);
	push(s, parts + half, n - half);
	if (half)
		push(s, parts, half);
}

void suspects_ask(struct suspects *s, struct part *p)
{
	suspects_blame(s, p);
	push(s, &p, 1);
	s->ask = true;
}

unsigned suspects_take(struct suspects *s, struct part *ret[static BATCH_MAX])
{
	struct half *h = s->halves;
	unsigned n;

	if (!h)
		return 0;
	n = h->n;
	memcpy(ret, h->parts, n * sizeof(struct part *));
	s->halves = h->next;
	free(h);
	return n;
}

void suspects_done(struct suspects *s)
{
	struct part *parts[BATCH_MAX];
	unsigned n;

	while ((n = suspects_take(s, parts)))
		for (unsigned i = 0; i < n; i++)
			part_free(parts[i]);
}
