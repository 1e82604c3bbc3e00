/* Users, groups, contacts and devices: create, read, update, delete; and who may. */
#include "tenant/match.h"
#include "graph/write.h"

#include "base/err.h"
#include "base/timefmt.h"

#include <stdio.h>

/* --- rights --- */

static const struct {
	unsigned read, write;
} rights[] = {
#define BIT(r) (1u << ROLE_##r)
	[TYPE_USER] = {BIT(USER_READ) | BIT(USER_WRITE) | BIT(DIRECTORY_READ) |
			       BIT(DIRECTORY_WRITE) | BIT(SYNC) | BIT(USER_SOA),
		BIT(USER_WRITE) | BIT(DIRECTORY_WRITE) | BIT(SYNC)},
	[TYPE_GROUP] = {BIT(GROUP_READ) | BIT(GROUP_WRITE) | BIT(DIRECTORY_READ) |
				BIT(DIRECTORY_WRITE) | BIT(SYNC) | BIT(MEMBER_WRITE) |
				BIT(GROUP_SOA),
		BIT(GROUP_WRITE) | BIT(DIRECTORY_WRITE) | BIT(SYNC)},
	[TYPE_CONTACT] = {BIT(CONTACT_READ) | BIT(DIRECTORY_READ) | BIT(DIRECTORY_WRITE) |
				  BIT(SYNC) | BIT(CONTACT_SOA),
		BIT(SYNC)},
	/* synchronization has no part in them: it needs the right to read them like anybody */
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
	if (rq->app->roles & rights[t].write && !(t == TYPE_DEVICE && is_sync(rq)))
		return true;
	respond_forbidden(rs);
	return false;
}

bool object_writable(const struct emulator *em, const struct request *rq, const struct object *o,
	struct response *rs)
{
	struct match m = {0};

	if (!is_sync(rq)) {
		if (!object_prop_is(o, P_SYNC_ENABLED, "true"))
			return true;
		respond_error(rs, 400, "Request_BadRequest",
			"Unable to update the specified properties for on-premises mastered "
			"Directory Sync objects or objects currently undergoing migration.");
		return false;
	}
	if (o->cloud_managed) {
		respond_error(rs, 400, "Request_BadRequest",
			"The source of authority of this object is in the cloud (isCloudManaged is "
			"true): synchronization cannot write it.");
		return false;
	}
	if (match_takeover(em, o, &m))
		return true;
	respond_error(rs, 400, m.code, "%s", m.text);
	return false;
}

/* --- create --- */

static void count_write(struct emulator *em, bool changed)
{
	em->stats.writes++;
	em->stats.duplicates += !changed;
}

/* return=minimal: 204 with where it is (learn.microsoft.com/graph: RFC 7240). */
static void respond_minimal(const struct emulator *em, const struct request *rq,
	const struct object *o, struct response *rs)
{
	rs->status = 204;
	rs->preference = 1;
	snprintf(rs->location, sizeof(rs->location), "%s/%s/%s/%s", em->base, rq->version,
		types[o->type].collection, o->id);
}

static void respond_written(struct emulator *em, struct request *rq, const struct object *o,
	int status, struct response *rs)
{
	respond_object(em, rq, o, status, rs);
	rs->preference = rq->representation ? 2 : 0;
}

static void create(struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	struct match m = {0};
	bool changed = true;

	if (t == TYPE_CONTACT && !is_sync(rq)) {
		respond_error(rs, 400, "Request_BadRequest",
			"Organizational contacts cannot be created through Microsoft Graph.");
		return;
	}
	if (!may_write(rq, t, rs))
		return;
	if (is_sync(rq))
		match_incoming(em, t, rq->body, &m);
	if (m.verdict == MATCH_REFUSED) {
		respond_error(rs, 400, m.code, "%s", m.text);
		return;
	}
	if (m.object && m.verdict == MATCH_HARD && !m.object->deleted &&
		!object_writable(em, rq, m.object, rs))
		return;
	if (!object_write(em, rq, t, &m.object, &changed, rs))
		return;
	count_write(em, changed || m.verdict == MATCH_NONE);
	em->stats.creates += m.verdict == MATCH_NONE;
	if (rq->minimal)
		respond_minimal(em, rq, m.object, rs);
	else
		respond_written(em, rq, m.object, m.verdict == MATCH_NONE ? 201 : 200, rs);
}

void handle_collection(
	struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	if (rq->method == M_GET) {
		if (may_read(rq, t, rs))
			list_collection(em, rq, t, false, rs);
	} else if (rq->method == M_POST) {
		create(em, rq, t, rs);
	} else {
		respond_method(rs);
	}
}

/* --- one object --- */

static void update(struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	bool changed;

	if (o->type == TYPE_CONTACT && !is_sync(rq)) {
		respond_error(rs, 400, "Request_BadRequest",
			"Organizational contacts cannot be changed through Microsoft Graph.");
		return;
	}
	if (!may_write(rq, o->type, rs) || !object_writable(em, rq, o, rs) ||
		!object_write(em, rq, o->type, &o, &changed, rs))
		return;
	count_write(em, changed);
	rs->status = 204;
	rs->preference = rq->minimal;
	if (rq->representation)
		respond_written(em, rq, o, 200, rs);
}

/* Everything that refers to a deleted object loses that reference. */
static void drop_references(struct emulator *em, struct object *gone)
{
	while (gone->n_holders) {
		struct object *o = directory_get(em->dir, gone->holders[gone->n_holders - 1]);

		if (o->manager == (int64_t)gone->index) {
			object_set_manager(em->dir, o, NULL);
			o->manager_seq = directory_seq(em->dir) + 1;
		} else if (!object_link_set(em->dir, o, gone, false)) {
			gone->n_holders--;
			continue;
		}
		object_touch(em->dir, o);
	}
}

void object_delete(struct emulator *em, struct object *o)
{
	char text[TIME_TEXT_SIZE], json[TIME_TEXT_SIZE + 2];

	o->deleted_at = now(em);
	snprintf(json, sizeof(json), "\"%s\"", time_format(o->deleted_at, text));
	object_keys_drop(em->dir, o);
	o->deleted = true;
	o->purged = o->type == TYPE_CONTACT || o->type == TYPE_DEVICE;
	if (object_prop_is(o, P_SYNC_ENABLED, "true"))
		object_set(em->dir, o, P_SYNC_ENABLED, "false", 5);
	if (!o->purged)
		object_set(em->dir, o, P_DELETED, json, strlen(json));
	object_keys_add(em->dir, o);
	em->n_managed[o->type] -= o->cloud_managed;
	o->cloud_managed = false;
	o->roles = 0;
	object_set_manager(em->dir, o, NULL);
	drop_references(em, o);
	object_touch(em->dir, o);
}

static void remove_object(
	struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	if (!may_write(rq, o->type, rs))
		return;
	if (!may_touch(rq, o)) {
		respond_forbidden(rs);
		return;
	}
	if (is_sync(rq) && !o->cloud_managed && !object_prop_is(o, P_SYNC_ENABLED, "true")) {
		respond_error(rs, 400, "DeletingCloudOnlyObjectNotAllowed",
			"This synchronization operation, Delete, is not valid. Deleting a "
			"cloud-only object isn't supported.");
		return;
	}
	if (!object_writable(em, rq, o, rs))
		return;
	object_delete(em, o);
	count_write(em, true);
	em->stats.deletes++;
	rs->status = 204;
}

void handle_object(struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	switch (rq->method) {
	case M_GET:
		if (may_read(rq, o->type, rs))
			respond_object(em, rq, o, 200, rs);
		return;
	case M_PATCH:
		update(em, rq, o, rs);
		return;
	case M_DELETE:
		remove_object(em, rq, o, rs);
		return;
	case M_POST:
	case M_PUT:
	case M_OTHER:
		break;
	}
	respond_method(rs);
}
