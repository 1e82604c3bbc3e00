/* auditLogs/directoryAudits: what was done to the source of authority, newest first. */
#include "query.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/timefmt.h"

#include <stdio.h>

static char *plain_name(const struct object *o)
{
	size_t n;
	const char *json = object_prop(o, P_DISPLAY_NAME, &n);

	return json ? xasprintf("%.*s", (int)n, json) : xstrdup("null");
}

void audit_add(struct emulator *em, const struct request *rq, const char *activity,
	const struct object *target)
{
	struct audit *a;

	if (em->n_audits == AUDITS_MAX)
		return;
	em->audits = xrealloc(em->audits, (em->n_audits + 1) * sizeof(*em->audits));
	a = &em->audits[em->n_audits++];
	*a = (struct audit){.time = unix_now(), .target_type = target->type, .good = true};
	guid_random(a->id);
	a->activity = xstrdup(activity);
	a->app_id = xstrdup(rq->app->app_id);
	a->app_name = xstrdup(rq->app->name ? rq->app->name : rq->app->app_id);
	a->target_id = xstrdup(target->id);
	a->target_name = plain_name(target);
}

static void render(const struct audit *a, struct buf *b)
{
	char when[TIME_TEXT_SIZE];

	buf_addf(b,
		"{\"id\":\"%s\",\"category\":\"DirectoryManagement\",\"result\":\"%s\","
		"\"activityDateTime\":\"%s\",\"loggedByService\":\"Core Directory\","
		"\"operationType\":\"Update\",\"activityDisplayName\":\"%s\",",
		a->id, a->good ? "success" : "failure", time_format(a->time, when), a->activity);
	buf_addf(b, "\"initiatedBy\":{\"user\":null,\"app\":{\"appId\":\"%s\",\"displayName\":\"",
		a->app_id);
	buf_add_json(b, a->app_name, strlen(a->app_name));
	buf_addf(b,
		"\"}},\"targetResources\":[{\"id\":\"%s\",\"displayName\":%s,\"type\":\"%s\"}]}",
		a->target_id, a->target_name,
		a->target_type == TYPE_USER    ? "User"
		: a->target_type == TYPE_GROUP ? "Group"
					       : "Contact");
}

/* "\"text\"" of a filter against plain text, without regard to case */
static bool literal_is(const char *literal, const char *text)
{
	size_t n = strlen(text);

	return strlen(literal) == n + 2 && strncasecmp(literal + 1, text, n) == 0;
}

void handle_audits(struct emulator *em, struct request *rq, struct response *rs)
{
	const struct query *q = rq->query;
	const char *activity = q->filter ? filter_equals(q->filter, "activityDisplayName") : NULL;
	unsigned n = 0, max = q->top ? (unsigned)q->top : 100;

	if (!has_role(rq, ROLE_AUDIT_READ) && !has_role(rq, ROLE_DIRECTORY_READ)) {
		respond_forbidden(rs);
		return;
	}
	if (q->filter && !activity) {
		respond_error(rs, 400, "Request_UnsupportedQuery",
			"Only activityDisplayName eq '...' is supported here.");
		return;
	}
	rs->status = 200;
	buf_adds(&rs->body, "{\"value\":[");
	for (unsigned i = em->n_audits; i-- > 0 && n < max;) {
		if (activity && !literal_is(activity, em->audits[i].activity))
			continue;
		if (n++)
			buf_addc(&rs->body, ',');
		render(&em->audits[i], &rs->body);
	}
	buf_adds(&rs->body, "]}");
}
