/*
 * The tenant's time, which tests move forward, what it brings, and reads that lag behind writes.
 */
#include "tenant/conflict.h"

#include "base/err.h"
#include "base/timefmt.h"

#define KEPT_DAYS 30       /* soft-deleted objects and audit records */
#define RELEASE_EVERY 3600 /* seconds between two looks at the quarantine */

int64_t now(const struct emulator *em)
{
	return unix_now() + em->clock;
}

void marks_add(struct emulator *em)
{
	uint64_t seq = directory_seq(em->dir);
	int64_t ms = monotonic_ms();
	unsigned old = 0;

	if (!em->lag_ms || (em->n_marks && em->marks[em->n_marks - 1].seq == seq))
		return;
	while (old + 1 < em->n_marks && em->marks[old + 1].ms <= ms - em->lag_ms)
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

uint64_t visible_seq(const struct emulator *em)
{
	uint64_t seq;

	if (!em->lag_ms || !em->n_marks)
		return UINT64_MAX;
	seq = em->marks[0].seq; /* what was there before the lag began, or is old enough */
	for (unsigned i = 0; i < em->n_marks; i++)
		if (em->marks[i].ms <= monotonic_ms() - em->lag_ms)
			seq = em->marks[i].seq;
	return seq;
}

static void purge(struct emulator *em, int64_t before)
{
	for (uint32_t i = 0; i < directory_size(em->dir); i++) {
		struct object *o = directory_get(em->dir, i);

		if (!o->deleted || o->purged || !o->deleted_at || o->deleted_at > before)
			continue;
		object_keys_drop(em->dir, o);
		o->purged = true;
		object_touch(em->dir, o);
	}
}

static void release(struct emulator *em)
{
	unsigned left = 0;
	size_t n;

	for (uint32_t i = 0; em->n_quarantined && i < directory_size(em->dir); i++) {
		struct object *o = directory_get(em->dir, i);

		if (o->deleted || !object_prop(o, P_ERRORS, &n))
			continue;
		quarantine_release(em, o);
		left += object_prop(o, P_ERRORS, &n) != NULL;
	}
	em->n_quarantined = left;
}

void housekeeping(struct emulator *em)
{
	int64_t t = now(em);

	if (t - em->last_release < RELEASE_EVERY)
		return;
	em->last_release = t;
	purge(em, t - KEPT_DAYS * 86400);
	audits_purge(em, t - KEPT_DAYS * 86400);
	release(em);
}
