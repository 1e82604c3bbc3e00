/*
 * The rights of applications, by their roles. The roles of onPremisesSyncBehavior open that alone:
 * the documented scripts of a switch have Group.Read.All beside Group-OnPremisesSyncBehavior.
 */
#include "graph/rights.h"

#include "graph/provisioning.h"

#include "tenant/match.h"

static const struct {
	unsigned read, write;
} rights[] = {
#define BIT(r) (1u << ROLE_##r)
	[TYPE_USER] = {BIT(USER_READ) | BIT(USER_WRITE) | BIT(DIRECTORY_READ) |
			       BIT(DIRECTORY_WRITE),
		BIT(USER_WRITE) | BIT(DIRECTORY_WRITE)},
	[TYPE_GROUP] = {BIT(GROUP_READ) | BIT(GROUP_WRITE) | BIT(DIRECTORY_READ) |
				BIT(DIRECTORY_WRITE) | BIT(MEMBER_WRITE),
		BIT(GROUP_WRITE) | BIT(DIRECTORY_WRITE)},
	[TYPE_CONTACT] = {BIT(CONTACT_READ) | BIT(DIRECTORY_READ) | BIT(DIRECTORY_WRITE), 0},
	[TYPE_DEVICE] = {BIT(DEVICE_READ) | BIT(DEVICE_WRITE) | BIT(DIRECTORY_READ) |
				 BIT(DIRECTORY_WRITE),
		BIT(DEVICE_WRITE) | BIT(DIRECTORY_WRITE)},
#undef BIT
};

bool may_read(const struct request *rq, enum object_type t, struct response *rs)
{
	if (rq->app->roles & rights[t].read)
		return true;
	respond_forbidden(rs);
	return false;
}

bool may_write(const struct request *rq, enum object_type t, struct response *rs)
{
	if (is_sync(rq) || rq->app->roles & rights[t].write)
		return true;
	respond_forbidden(rs);
	return false;
}

bool object_writable(
	struct emulator *em, const struct request *rq, const struct object *o, struct response *rs)
{
	struct refusal refusal = {0};

	if (!is_sync(rq)) {
		if (!object_prop_is(o, P_SYNC_ENABLED, "true"))
			return true;
		respond_error(rs, 400, "Request_BadRequest",
			"Unable to update the specified properties for on-premises mastered "
			"Directory Sync objects or objects currently undergoing migration.");
		return false;
	}
	if (o->cloud_managed) {
		provisioning_skipped(em, rq, o);
		respond_error(rs, 400, "Request_BadRequest",
			"The source of authority of this object is in the cloud (isCloudManaged is "
			"true): synchronization cannot write it.");
		return false;
	}
	if (match_takeover(em, o, &refusal))
		return true;
	respond_refusal(rs, &refusal);
	return false;
}

bool may_touch(const struct request *rq, const struct object *o)
{
	return !o || o->type != TYPE_USER || !o->roles || is_sync(rq) ||
	       has_role(rq, ROLE_ROLES_WRITE);
}
