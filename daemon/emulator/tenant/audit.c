/* The list of audit records: appended to, cut at its old end. */
#include "tenant/audit.h"

#include "base/codec.h"
#include "base/err.h"

/* JSON text of the name. */
static char *plain_name(const struct object *o)
{
	size_t n;
	const char *json = object_prop(o, P_DISPLAY_NAME, &n);

	return json ? xasprintf("%.*s", (int)n, json) : xstrdup("null");
}

static void audit_done(struct audit *a)
{
	free(a->activity);
	free(a->app_id);
	free(a->app_name);
	free(a->target_id);
	free(a->target_name);
	free(a->anchor);
	free(a->changed);
}

void audits_done(struct audits *as)
{
	for (unsigned i = 0; i < as->n; i++)
		audit_done(&as->items[i]);
	free(as->items);
	*as = (struct audits){0};
}

void audits_purge(struct audits *as, int64_t before)
{
	unsigned n = 0;

	while (n < as->n && as->items[n].time < before)
		audit_done(&as->items[n++]);
	if (!n)
		return;
	memmove(as->items, as->items + n, (as->n - n) * sizeof(*as->items));
	as->n -= n;
	as->gone += n;
}

struct audit *audits_append(struct audits *as)
{
	struct audit *a;

	as->items = xrealloc(as->items, (as->n + 1) * sizeof(*as->items));
	a = &as->items[as->n++];
	*a = (struct audit){.good = true};
	return a;
}

struct audit *audits_add(struct audits *as, int64_t when, const struct application *app,
	const char *activity, const struct object *target)
{
	struct audit *a;

	if (as->n >= AUDITS_MAX)
		return NULL;
	a = audits_append(as);
	a->time = when;
	a->target_type = target->type;
	uuid_random(a->id);
	a->activity = xstrdup(activity);
	a->app_id = xstrdup(app->app_id);
	a->app_name = xstrdup(app->name ? app->name : app->app_id);
	a->target_id = xstrdup(target->id);
	a->target_name = plain_name(target);
	return a;
}
