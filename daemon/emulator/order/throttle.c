/* Token buckets. */
#include "order/throttle.h"

#include "odata/query.h"

#include "base/err.h"
#include "base/timefmt.h"

#include <math.h>
#include <stdio.h>

#define WRITE_SECONDS 150
#define UNIT_SECONDS 10
#define APPS_MAX 64

struct bucket {
	double level, limit, per_second;
};

struct throttle {
	long writes, units;
	struct app {
		const struct application *app;
		struct bucket writes, units;
		int64_t ms;
	} apps[APPS_MAX];
	unsigned n;
};

struct throttle *throttle_new(long writes, long units)
{
	struct throttle *t = xcalloc(1, sizeof(*t));

	t->writes = MAX(writes, 1L);
	t->units = MAX(units, 1L);
	return t;
}

void throttle_free(struct throttle *t)
{
	free(t);
}

static bool is_get_by_ids(const struct request *rq)
{
	return rq->n_segments == 2 && strcasecmp(rq->segments[1], "getByIds") == 0;
}

/* learn.microsoft.com/graph/throttling-limits: base cost of requests, $select, $expand, $top. */
int request_units(const struct request *rq)
{
	const struct query *q = rq->query;
	int cost = 1;

	if (is_get_by_ids(rq))
		return 3;
	if (rq->method != M_GET)
		return 1;
	if (rq->n_segments == 1 && strcasecmp(rq->segments[0], "users") == 0)
		cost = 2;
	else if (rq->n_segments > 2 && strcasecmp(rq->segments[2], "members") == 0)
		cost = 3;
	if (q) {
		cost -= q->select != NULL;
		cost += q->n_expands > 0;
		cost -= q->top && q->top < 20;
	}
	return MAX(cost, 1);
}

static struct app *find_app(struct throttle *t, const struct application *app)
{
	struct app *a;

	for (unsigned i = 0; i < t->n; i++)
		if (t->apps[i].app == app)
			return &t->apps[i];
	if (t->n == APPS_MAX)
		t->n = 0;
	a = &t->apps[t->n++];
	*a = (struct app){.app = app, .ms = monotonic_ms()};
	a->writes = (struct bucket){
		(double)t->writes, (double)t->writes, (double)t->writes / WRITE_SECONDS};
	a->units = (struct bucket){
		(double)t->units, (double)t->units, (double)t->units / UNIT_SECONDS};
	return a;
}

static void refill(struct bucket *b, double seconds)
{
	b->level = fmin(b->limit, b->level + seconds * b->per_second);
}

bool throttle_take(struct throttle *t, const struct emulator *em, const struct request *rq,
	struct response *rs)
{
	struct app *a = find_app(t, rq->app);
	int64_t ms = monotonic_ms();
	bool write = rq->method != M_GET && !is_get_by_ids(rq);
	const struct bucket *empty;
	double units = fmin(rs->units, a->units.limit);

	refill(&a->writes, (double)(ms - a->ms) / 1000);
	refill(&a->units, (double)(ms - a->ms) / 1000);
	a->ms = ms;
	empty = write && a->writes.level < 1 ? &a->writes
	        : a->units.level < units     ? &a->units
	                                     : NULL;
	if (!empty) {
		a->writes.level -= write;
		a->units.level -= units;
		rs->used = 1 - a->units.level / a->units.limit;
		rs->used = rs->used > 0.8 ? rs->used : 0;
		return true;
	}
	respond_error(rs, 429, "TooManyRequests",
		"Too many requests: the application has used up its %s.",
		empty == &a->writes ? "writes" : "resource units");
	units = empty == &a->writes ? 1 : units;
	rs->retry_after = (long)ceil((units - empty->level) / empty->per_second);
	rs->retry_after = MAX(rs->retry_after, 1L);
	rs->reason = empty == &a->writes ? "WriteLimitExceeded" : "ResourceUnitLimitExceeded";
	rs->used = 1.0;
	snprintf(rs->scope, sizeof(rs->scope), "Tenant_Application/ReadWrite/%.36s/%.36s",
		rq->app->app_id, em->tenant->id);
	return false;
}
