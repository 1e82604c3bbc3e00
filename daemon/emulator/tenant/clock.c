/* The clock, and marks of what had changed when. */
#include "tenant/clock.h"

#include "base/err.h"
#include "base/timefmt.h"

int64_t tenant_now(const struct emulator *em)
{
	return unix_now() + em->clock;
}

void tenant_mark(struct emulator *em)
{
	uint64_t seq = directory_seq(em->dir);
	int64_t ms = monotonic_ms();
	unsigned old = 0;

	long kept = MAX(em->lag_ms, em->visibility_ms);

	if (!kept || (em->n_marks && em->marks[em->n_marks - 1].seq == seq))
		return;
	while (old + 1 < em->n_marks && em->marks[old + 1].ms <= ms - kept)
		old++; /* the last one that is old enough stays */
	if (old)
		memmove(em->marks, em->marks + old, (em->n_marks - old) * sizeof(*em->marks));
	em->n_marks -= old;
	if (em->n_marks == em->cap_marks) {
		em->cap_marks = MAX(64u, em->cap_marks * 2);
		em->marks = xrealloc(em->marks, em->cap_marks * sizeof(*em->marks));
	}
	em->marks[em->n_marks++] = (struct mark){ms, seq};
}

static uint64_t older_than(const struct emulator *em, long age)
{
	uint64_t seq;

	if (!age || !em->n_marks)
		return UINT64_MAX;
	seq = em->marks[0].seq; /* what was there before the lag began, or is old enough */
	for (unsigned i = 0; i < em->n_marks; i++)
		if (em->marks[i].ms <= monotonic_ms() - age)
			seq = em->marks[i].seq;
	return seq;
}

uint64_t tenant_visible(const struct emulator *em)
{
	return older_than(em, em->lag_ms);
}

uint64_t tenant_resolved(const struct emulator *em)
{
	return older_than(em, MAX(em->lag_ms, em->visibility_ms));
}
