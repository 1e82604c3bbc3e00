/* What a run's steps share. */
#include "sync/session.h"
#include "base/timefmt.h"

void sync_progress(struct sync *s, bool now)
{
	int64_t t = monotonic_ms();

	if (!s->host->progress || (!now && t - s->last_progress < 500))
		return;
	s->last_progress = t;
	s->progress.counters = &s->counters;
	s->host->progress(s->host->ctx, &s->progress);
}

struct sync_connector *sync_connector_by_id(struct sync *s, int64_t id)
{
	for (unsigned i = 0; i < s->n_connectors; i++)
		if (s->connectors[i].row.id == id)
			return &s->connectors[i];
	return NULL;
}

unsigned sync_member_attr(const struct sync_connector *c)
{
	return c->type->member_attr ? attr_intern(c->type->member_attr) : 0;
}

void sync_done(struct sync *s)
{
	buf_done(&s->image);
	bitmap_done(&s->flow_done);
	bitmap_done(&s->errors);
	bitmap_done(&s->fresh);
	arena_done(&s->arena);
}
