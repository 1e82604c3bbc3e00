/*
 * onPremisesSyncBehavior of an object (learn.microsoft.com/graph/api/resources/
 * onpremisessyncbehavior).
 */
#include "graph/soa.h"

#include "tenant/clock.h"
#include "tenant/soa.h"

#include "base/err.h"

/* true, false, and the strings "true", "false" that documented scripts send. -1: neither. */
static int read_flag(const json_t *body)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)body, key, v) {
		if (strcasecmp(key, "isCloudManaged") != 0)
			continue;
		if (json_is_boolean(v))
			return json_is_true(v);
		if (json_is_string(v) && strcasecmp(json_string_value(v), "true") == 0)
			return 1;
		if (json_is_string(v) && strcasecmp(json_string_value(v), "false") == 0)
			return 0;
	}
	return -1;
}

static void switch_authority(
	struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	int cloud = read_flag(rq->body);
	bool changed = false;

	if (cloud < 0) {
		respond_error(rs, 400, "Request_BadRequest",
			"Invalid value specified for property 'isCloudManaged' of resource "
			"'onPremisesSyncBehavior'.");
		return;
	}
	if (!soa_switch(em, o, cloud, &changed)) {
		respond_error(rs, 400, "Request_BadRequest",
			"The source of authority can be changed only for objects that were "
			"synchronized from on-premises.");
		return;
	}
	if (changed)
		audits_add(&em->audits, tenant_now(em), rq->app,
			cloud ? "Change Source of Authority from AD to cloud"
			      : "Undo changes to Source of Authority from AD DS to cloud",
			o);
	rs->status = 204;
}

void handle_soa(struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	if (!has_soa_role(rq, o->type)) {
		respond_forbidden(rs);
	} else if (rq->method == M_GET) {
		rs->status = 200;
		buf_addf(&rs->body,
			"{\"@odata.context\":\"%s/%s/$metadata#%s('%s')/onPremisesSyncBehavior/"
			"$entity\",\"id\":\"%s\",\"isCloudManaged\":%s}",
			rq->base, rq->version, object_types[o->type].collection, o->id, o->id,
			o->cloud_managed ? "true" : "false");
	} else if (rq->method == M_PATCH) {
		switch_authority(em, rq, o, rs);
	} else {
		respond_method(rs);
	}
}
