/* directory/deletedItems: soft-deleted users and groups; restore, and delete for good. */
#include "query.h"

#include "base/err.h"

static void list(struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	const struct query *q = rq->query;
	unsigned n = 0;
	const char *why;

	if (!may_read(rq, t, rs) || !query_select(rq->query, rq, t, rs))
		return;
	rs->status = 200;
	rq->query->selected[P_DELETED] = true;
	buf_adds(&rs->body, "{\"value\":[");
	for (uint32_t i = 0; i < directory_size(em->dir); i++) {
		const struct object *o = directory_get(em->dir, i);

		if (o->type != t || !o->deleted || o->purged || !o->deleted_at)
			continue;
		if (q->filter && filter_match(q->filter, o, &why) <= 0)
			continue;
		buf_adds(&rs->body, n++ ? ",{" : "{");
		object_render(em, rq, o, &rs->body);
		buf_addc(&rs->body, '}');
	}
	buf_adds(&rs->body, "]}");
}

static bool upn_is_free(const struct emulator *em, const struct object *o)
{
	size_t n;
	const char *upn = object_prop(o, P_UPN, &n);
	const struct object *other = upn ? directory_key(em->dir, KEY_UPN, o->type, upn, n) : NULL;

	return !other || other == o || other->deleted;
}

static void restore(struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	if (!may_write(rq, o->type, rs))
		return;
	if (!upn_is_free(em, o)) {
		respond_error(rs, 400, "Request_BadRequest",
			"Another object with the same value for property userPrincipalName already "
			"exists.");
		return;
	}
	object_restore(em, o);
	o->created = object_touch(em->dir, o);
	em->stats.writes++;
	if (!query_select(rq->query, rq, o->type, rs))
		return;
	rs->status = 200;
	buf_addc(&rs->body, '{');
	object_render(em, rq, o, &rs->body);
	buf_addc(&rs->body, '}');
}

/* /directory/deletedItems/{cast} | {id} | {id}/restore */
void handle_deleted(struct emulator *em, struct request *rq, struct response *rs)
{
	const char *third = rq->n_segments > 2 ? rq->segments[2] : "";
	int t = cast_type(third);
	struct object *o;

	if (rq->method == M_GET && rq->n_segments == 3 && t >= 0) {
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
