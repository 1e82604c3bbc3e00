/* Users, groups, contacts and devices: create, read, update, delete; and who may. */
#include "graph/resource.h"

#include "graph/rights.h"
#include "graph/write.h"
#include "odata/list.h"
#include "odata/render.h"
#include "order/orders.h"
#include "tenant/lifecycle.h"
#include "tenant/match.h"

#include "base/err.h"

#include <stdio.h>

/* --- create --- */

static void count_write(struct emulator *em, bool changed)
{
	em->orders->stats.writes++;
	em->orders->stats.duplicates += !changed;
}

/* return=minimal: 204 with where it is (learn.microsoft.com/graph: RFC 7240). */
static void respond_minimal(const struct request *rq, const struct object *o, struct response *rs)
{
	rs->status = 204;
	rs->preference = 1;
	snprintf(rs->location, sizeof(rs->location), "%s/%s/%s/%s", rq->base, rq->version,
		object_types[o->type].collection, o->id);
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
		respond_refusal(rs, &m.refusal);
		return;
	}
	if (m.object && m.verdict == MATCH_HARD && !m.object->deleted &&
		!object_writable(em, rq, m.object, rs))
		return;
	if (!object_write(em, rq, t, &m.object, &changed, rs))
		return;
	count_write(em, changed || m.verdict == MATCH_NONE);
	em->orders->stats.creates += m.verdict == MATCH_NONE;
	if (rq->minimal)
		respond_minimal(rq, m.object, rs);
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
	em->orders->stats.deletes++;
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
