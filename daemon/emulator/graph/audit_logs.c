/* auditLogs: records, newest first; directoryAudits: what was done to the source of authority. */
#include "graph/audit_logs.h"

#include "odata/filter_match.h"
#include "odata/page.h"
#include "odata/query_check.h"
#include "tenant/body.h"

#include "base/err.h"
#include "base/timefmt.h"

static json_t *initiator(const struct audit *a)
{
	return json_pack("{s:n, s:{s:s, s:s, s:n, s:n}}", "user", "app", "appId", a->app_id,
		"displayName", a->app_name, "servicePrincipalId", "servicePrincipalName");
}

static json_t *target(const struct audit *a)
{
	static const char *const words[] = {
		[TYPE_USER] = "User",
		[TYPE_GROUP] = "Group",
		[TYPE_CONTACT] = "Contact",
		[TYPE_DEVICE] = "Device",
	};
	bool cloud = strstr(a->activity, "Undo") == NULL;
	json_t *name = json_loads(a->target_name, JSON_DECODE_ANY, NULL);

	return json_pack("{s:s, s:o, s:s, s:n, s:[{s:s, s:s, s:s}]}", "id", a->target_id,
		"displayName", name ? name : json_null(), "type", words[a->target_type],
		"userPrincipalName", "modifiedProperties", "displayName", "isCloudManaged",
		"oldValue", cloud ? "[false]" : "[true]", "newValue", cloud ? "[true]" : "[false]");
}

static json_t *render(const struct emulator *em, const struct audit *a)
{
	char when[TIME_TEXT_SIZE];

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:[o], s:[]}", "id",
		a->id, "category", "DirectoryManagement", "correlationId", a->id, "result",
		a->good ? "success" : "failure", "resultReason", "", "activityDisplayName",
		a->activity, "activityDateTime", time_format(a->time, when), "loggedByService",
		"Core Directory", "operationType", "Update", "initiatedBy", initiator(a),
		"targetResources", target(a), "additionalDetails");
}

static void add_record(struct buf *b, unsigned n, const json_t *record)
{
	if (n)
		buf_addc(b, ',');
	body_dump(b, record, JSON_COMPACT);
}

static void list(const struct emulator *em, struct request *rq, const struct record_set *set,
	struct response *rs)
{
	const struct query *q = rq->query;
	unsigned n = 0, top = q->top ? (unsigned)q->top : PAGE_DEFAULT;
	unsigned i = set->records->n;
	unsigned long skip;
	_cleanup_buf_ struct buf items = {0};
	const char *why;

	if (!query_skip(q, &skip, rs))
		return;
	if (q->skiptoken)
		i = MIN((unsigned)skip, i);
	for (; i > 0 && n < top; i--) {
		_cleanup_json_ json_t *record = set->render(em, &set->records->items[i - 1]);

		if (!q->filter || filter_match_json(q->filter, record, &why) > 0)
			add_record(&items, n++, record);
	}
	rs->status = 200;
	buf_addf(&rs->body, "{\"@odata.context\":\"%s/%s/$metadata#auditLogs/%s\",", rq->base,
		rq->version, set->name);
	if (i > 0)
		add_next_link(rq, i, &rs->body);
	buf_adds(&rs->body, "\"value\":[");
	buf_add(&rs->body, buf_str(&items), items.len);
	buf_adds(&rs->body, "]}");
}

static void one(const struct emulator *em, const struct request *rq, const struct record_set *set,
	struct response *rs)
{
	const char *id = rq->segments[2];

	for (unsigned i = 0; i < set->records->n && !rs->status; i++)
		if (strcasecmp(set->records->items[i].id, id) == 0) {
			_cleanup_json_ json_t *record = set->render(em, &set->records->items[i]);

			rs->status = 200;
			add_record(&rs->body, 0, record);
		}
	if (!rs->status)
		respond_not_found(rs, id);
}

void respond_records(const struct emulator *em, struct request *rq, const struct record_set *set,
	struct response *rs)
{
	if (rq->method != M_GET)
		respond_method(rs);
	else if (rq->n_segments == 2)
		list(em, rq, set, rs);
	else
		one(em, rq, set, rs);
}

/* /auditLogs/directoryAudits[/{id}] */
void handle_audits(struct emulator *em, struct request *rq, struct response *rs)
{
	if (!has_role(rq, ROLE_AUDIT_READ) && !has_role(rq, ROLE_DIRECTORY_READ))
		respond_forbidden(rs);
	else
		respond_records(
			em, rq, &(struct record_set){"directoryAudits", &em->audits, render}, rs);
}
