/*
 * auditLogs/provisioning in Cloud Sync's words (learn.microsoft.com/graph/api/resources/
 * provisioningobjectsummary): an object that is skipped since its source of authority is in the
 * cloud. Only what was sent is seen here: a client that knows of the switch and sends nothing, as
 * adsyncd and Connect Sync do, leaves no record; theirs is event 6956.
 */
#include "graph/provisioning.h"

#include "graph/audit_logs.h"
#include "tenant/body.h"
#include "tenant/clock.h"

#include "base/err.h"
#include "base/timefmt.h"

#include <stdio.h>

/* --- what is recorded --- */

/* Would the value change what the object has? */
static bool differs(const struct object *o, unsigned prop, const json_t *v)
{
	_cleanup_buf_ struct buf text = {0};
	size_t n;
	const char *have = object_prop(o, prop, &n);

	if (property_value(&properties[prop], v, &text))
		return true;
	return have ? text.len != n || memcmp(have, text.data, n) != 0 : text.len > 0;
}

/* The names of what is different in a body; their values are nobody's business here. */
static json_t *changed_names(const struct request *rq, const struct object *o)
{
	const char *third = rq->n_segments > 2 ? rq->segments[2] : "", *key;
	json_t *names = json_array(), *v;

	if (strcasecmp(third, "members") == 0 || strcasecmp(third, "manager") == 0) {
		json_array_append_new(names, json_string(third));
		return names;
	}
	json_array_extend(names, (json_t *)rq->references);
	if (!json_is_object(rq->body))
		return names;
	json_object_foreach (rq->body, key, v) {
		size_t n = strcspn(key, "@");
		int prop = property_find_any(o->type, key, strlen(key));

		if (n && (prop < 0 || differs(o, (unsigned)prop, v)))
			json_array_append_new(names, prop < 0 ? json_stringn(key, n)
							      : json_string(properties[prop].name));
	}
	return names;
}

static char *anchor_of(const struct object *o)
{
	size_t n;
	const char *text = object_prop(o, P_IMMUTABLE_ID, &n);
	_cleanup_json_ json_t *v = text ? json_loadb(text, n, JSON_DECODE_ANY, NULL) : NULL;

	return xstrdup(json_is_string(v) ? json_string_value(v) : "");
}

void provisioning_skipped(struct emulator *em, const struct request *rq, const struct object *o)
{
	bool whole = rq->method == M_DELETE && rq->n_segments == 2; /* not a reference */
	struct audit *a =
		audits_add(&em->skips, tenant_now(em), rq->app, whole ? "delete" : "update", o);
	_cleanup_json_ json_t *names = NULL;
	_cleanup_buf_ struct buf text = {0};

	if (!a)
		return;
	names = changed_names(rq, o);
	body_dump(&text, names, JSON_COMPACT);
	a->changed = buf_steal(&text);
	a->anchor = anchor_of(o);
}

/* --- and shown --- */

static const struct {
	const char *identity, *word;
} words[] = {
	[TYPE_USER] = {"User", "user"},
	[TYPE_GROUP] = {"Group", "group"},
	[TYPE_CONTACT] = {"Contact", "contact"},
	[TYPE_DEVICE] = {"Device", "device"},
};

static json_t *system_of(const char *id, const char *name)
{
	return json_pack("{s:s, s:s, s:{}}", "id", id, "displayName", name, "details");
}

static json_t *identity_of(const struct audit *a, const char *id)
{
	json_t *name = json_loads(a->target_name, JSON_DECODE_ANY, NULL);

	return json_pack("{s:s, s:o, s:s, s:{}}", "id", id, "displayName",
		json_is_string(name) ? name : json_string(""), "identityType",
		words[a->target_type].identity, "details");
}

static json_t *modified(const struct audit *a)
{
	_cleanup_json_ json_t *names = json_loads(a->changed, 0, NULL);
	json_t *list = json_array(), *v;
	size_t i;

	json_array_foreach (names, i, v)
		json_array_append_new(list,
			json_pack("{s:O, s:n, s:n}", "displayName", v, "oldValue", "newValue"));
	return list;
}

static json_t *steps(const struct audit *a)
{
	char text[128];

	snprintf(text, sizeof(text),
		"As the SOA of this %s is in the cloud, this object will not sync.",
		words[a->target_type].word);
	return json_pack("[{s:s, s:s, s:s, s:s, s:{}}]", "name", "EntrySynchronizationSkip",
		"provisioningStepType", "processing", "status", "skipped", "description", text,
		"details");
}

static json_t *render(const struct emulator *em, const struct audit *a)
{
	const struct tenant *t = em->tenant;
	_cleanup_free_ char *job = xasprintf("AD2AADProvisioning.%s.%s", t->id, a->app_id);
	char when[TIME_TEXT_SIZE];
	json_t *v = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:{s:s, s:n}}", "id", a->id,
		"activityDateTime", time_format(a->time, when), "tenantId", t->id, "jobId", job,
		"cycleId", a->id, "changeId", a->id, "provisioningAction", a->activity,
		"durationInMilliseconds", 0, "provisioningStatusInfo", "status", "skipped",
		"errorInformation");

	json_object_set_new(v, "provisioningSteps", steps(a));
	json_object_set_new(v, "modifiedProperties", modified(a));
	json_object_set_new(v, "servicePrincipal",
		json_pack("{s:s, s:s}", "id", a->app_id, "displayName", a->app_name));
	json_object_set_new(v, "sourceSystem", system_of("", "Active Directory"));
	json_object_set_new(v, "targetSystem", system_of(t->id, "Microsoft Entra ID"));
	json_object_set_new(v, "initiatedBy",
		json_pack("{s:s, s:s, s:s}", "id", a->app_id, "displayName", a->app_name,
			"initiatorType", "application"));
	json_object_set_new(v, "sourceIdentity", identity_of(a, a->anchor));
	json_object_set_new(v, "targetIdentity", identity_of(a, a->target_id));
	return v;
}

/* /auditLogs/provisioning[/{id}]: it takes both roles. */
void handle_provisioning(struct emulator *em, struct request *rq, struct response *rs)
{
	if (!has_role(rq, ROLE_AUDIT_READ) || !has_role(rq, ROLE_DIRECTORY_READ))
		respond_forbidden(rs);
	else
		respond_records(
			em, rq, &(struct record_set){"provisioning", &em->skips, render}, rs);
}
