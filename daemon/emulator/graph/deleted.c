/* directory/deletedItems: soft-deleted users and groups; restore, and delete for good. */
#include "graph/deleted.h"

#include "graph/rights.h"
#include "odata/list.h"
#include "odata/query_check.h"
#include "odata/related.h"
#include "odata/render.h"
#include "order/orders.h"
#include "tenant/conflict.h"
#include "tenant/lifecycle.h"

#include "base/err.h"

static void restore(struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	const char *taken = conflict_find(em, o);

	if (!may_write(rq, o->type, rs))
		return;
	if (taken) {
		respond_error(rs, 400, "Request_BadRequest",
			"Another object with the same value for property %s already exists.",
			taken);
		return;
	}
	object_restore(em, o);
	o->created = object_touch(em->dir, o);
	em->orders->stats.writes++;
	if (!query_select(rq->query, rq, o->type, rs))
		return;
	rs->status = 200;
	buf_addc(&rs->body, '{');
	object_render(em, rq, o, &rs->body);
	buf_addc(&rs->body, '}');
}

static void list(struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	if (rq->method != M_GET)
		respond_method(rs);
	else if (!may_read(rq, t, rs))
		return;
	else if (rq->n_segments == 3)
		list_collection(em, rq, t, true, rs);
	else if (streq(rq->segments[3], "$count"))
		count_collection(em, rq, t, true, rs);
	else
		respond_not_found(rs, rq->segments[3]);
}

/* /directory/deletedItems/{cast}[/$count] | {id} | {id}/restore */
void handle_deleted(struct emulator *em, struct request *rq, struct response *rs)
{
	const char *third = rq->n_segments > 2 ? rq->segments[2] : "";
	int t = cast_type(third);
	struct object *o;

	if (t >= 0 && t != TYPE_DEVICE) { /* devices are gone at once */
		list(em, rq, (enum object_type)t, rs);
		return;
	}
	o = directory_find(em->dir, third, strlen(third));
	if (!o || !o->deleted || o->purged || !o->deleted_at) {
		respond_not_found(rs, third);
	} else if (rq->method == M_GET && rq->n_segments == 3) {
		if (may_read(rq, o->type, rs))
			respond_object(em, rq, o, 200, rs);
	} else if (rq->method == M_POST && rq->n_segments == 4 &&
		   streq(rq->segments[3], "restore")) {
		restore(em, rq, o, rs);
	} else if (rq->method == M_DELETE && rq->n_segments == 3) {
		if (!may_write(rq, o->type, rs))
			return;
		object_keys_drop(em->dir, o);
		o->purged = true;
		object_touch(em->dir, o);
		rs->status = 204;
	} else {
		respond_method(rs);
	}
}
