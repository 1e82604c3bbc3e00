/* References: members of groups, managers of users and contacts. */
#include "graph/reference.h"

#include "graph/rights.h"
#include "odata/query_check.h"
#include "odata/related.h"
#include "odata/render.h"
#include "order/orders.h"
#include "tenant/body.h"

#include "base/err.h"

#define BIND_MAX 20

struct object *object_of_url(const struct emulator *em, const char *url)
{
	const char *id = strrchr(url, '/');
	struct object *o;

	id = id ? id + 1 : url;
	o = directory_find(em->dir, id, strlen(id));
	return o && !o->deleted ? o : NULL;
}

static bool duplicate(struct response *rs)
{
	respond_error(rs, 400, "Request_BadRequest",
		"One or more added object references already exist for the following modified "
		"properties: 'members'.");
	return false;
}

/* All or nothing, as Graph does it. */
bool bind_members(struct emulator *em, struct request *rq, struct object *group, const json_t *list,
	bool *ret_changed, struct response *rs)
{
	struct object *targets[BIND_MAX];
	size_t n = json_array_size(list), i;
	json_t *v;

	if (!json_is_array(list) || n > BIND_MAX) {
		respond_error(rs, 400, "Request_BadRequest",
			"'members@odata.bind' takes a list of at most %d references.", BIND_MAX);
		return false;
	}
	json_array_foreach ((json_t *)list, i, v) {
		const char *url = json_string_value(v);
		const struct link *l;

		targets[i] = url ? object_of_url(em, url) : NULL;
		if (!targets[i]) {
			respond_not_found(rs, url ? url : "-");
			return false;
		}
		if (targets[i] == group) {
			respond_error(rs, 400, "Request_BadRequest",
				"A group cannot be a member of itself.");
			return false;
		}
		l = object_link(em->dir, group, targets[i]->index);
		if (l && !l->removed) {
			em->orders->stats.duplicates++;
			return duplicate(rs);
		}
	}
	for (i = 0; i < n; i++)
		if (object_link_set(em->dir, group, targets[i], true))
			*ret_changed = true;
	return true;
}

static bool may_write_members(
	struct emulator *em, const struct request *rq, const struct object *o, struct response *rs)
{
	size_t n;
	const char *mail = object_prop(o, P_MAIL_ENABLED, &n);

	if (!has_role(rq, ROLE_MEMBER_WRITE) && !may_write(rq, TYPE_GROUP, rs))
		return false;
	if (!object_writable(em, rq, o, rs))
		return false;
	if (is_sync(rq) || !mail || *mail != 't')
		return true;
	respond_error(rs, 400, "Request_BadRequest",
		"Cannot Update a mail-enabled security groups and or distribution list.");
	return false;
}

static struct objects live_members(const struct object *o)
{
	struct objects list = {.items = xcalloc(o->n_links + 1, sizeof(uint32_t))};

	for (uint32_t i = 0; i < o->n_links; i++)
		if (!o->links[i].removed)
			list.items[list.n++] = o->links[i].target;
	return list;
}

/* /groups/{id}/members[/microsoft.graph.user][/$count|/$ref] */
static void list_members(
	struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	struct objects list;

	if (!may_read(rq, TYPE_GROUP, rs))
		return;
	list = live_members(o);
	respond_objects(em, rq, &list, 3, rs);
	free(list.items);
}

static void write_done(struct emulator *em, struct object *o, struct response *rs)
{
	object_touch(em->dir, o);
	em->orders->stats.writes++;
	rs->status = 204;
}

/* POST .../members/$ref {"@odata.id": "..."} */
static void add_member(
	struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	_cleanup_json_ json_t *list = json_array();
	json_t *url = body_get(rq->body, "@odata.id");
	bool changed = false;

	json_array_append(list, json_is_string(url) ? url : json_null());
	if (bind_members(em, rq, o, list, &changed, rs))
		write_done(em, o, rs);
}

static void remove_member(struct emulator *em, struct request *rq, struct object *o, const char *id,
	struct response *rs)
{
	struct object *target = directory_find(em->dir, id, strlen(id));

	if (!target || !object_link_set(em->dir, o, target, false)) {
		em->orders->stats.duplicates++;
		respond_not_found(rs, id);
		return;
	}
	write_done(em, o, rs);
}

/* /groups/{id}/members, .../members/$ref, .../members/{id}/$ref */
void handle_members(struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	unsigned n = rq->n_segments;
	bool ref = streq(rq->segments[n - 1], "$ref");

	if (rq->method == M_GET) {
		list_members(em, rq, o, rs);
		return;
	}
	if (!ref || !may_write_members(em, rq, o, rs)) {
		if (!rs->status)
			respond_method(rs);
		return;
	}
	if (rq->method == M_POST && n == 4)
		add_member(em, rq, o, rs);
	else if (rq->method == M_DELETE && n == 5)
		remove_member(em, rq, o, rq->segments[3], rs);
	else
		respond_method(rs);
}

static void set_manager(
	struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	const char *url = body_text(rq->body, "@odata.id");
	struct object *target = object_of_url(em, url);

	if (!target || !type_has_manager(target->type)) {
		respond_not_found(rs, url);
		return;
	}
	em->orders->stats.duplicates += o->manager == (int64_t)target->index;
	object_set_manager(em->dir, o, target);
	write_done(em, o, rs);
	o->manager_seq = o->seq;
}

static void get_manager(
	struct emulator *em, struct request *rq, struct object *o, bool ref, struct response *rs)
{
	const struct object *m =
		o->manager >= 0 ? directory_get(em->dir, (uint32_t)o->manager) : NULL;

	if (!may_read(rq, o->type, rs))
		return;
	if (!m) {
		respond_not_found(rs, "manager");
		return;
	}
	if (ref) {
		rs->status = 200;
		buf_addf(&rs->body,
			"{\"@odata.context\":\"%s/%s/$metadata#$ref\",\"@odata.id\":"
			"\"%s/%s/directoryObjects/%s\"}",
			rq->base, rq->version, rq->base, rq->version, m->id);
		return;
	}
	if (!query_select(rq->query, rq, m->type, rs))
		return;
	rs->status = 200;
	buf_addf(&rs->body,
		"{\"@odata.context\":\"%s/%s/$metadata#directoryObjects/$entity\","
		"\"@odata.type\":\"%s\",",
		rq->base, rq->version, object_types[m->type].odata);
	object_render(em, rq, m, &rs->body);
	buf_addc(&rs->body, '}');
}

/* /users/{id}/manager, .../manager/$ref */
void handle_manager(struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	bool ref = rq->n_segments == 4 && streq(rq->segments[3], "$ref");

	if (rq->method == M_GET) {
		get_manager(em, rq, o, ref, rs);
		return;
	}
	if (!may_write(rq, o->type, rs) || !object_writable(em, rq, o, rs))
		return;
	if (rq->method == M_PUT && ref) {
		set_manager(em, rq, o, rs);
	} else if (rq->method == M_DELETE && ref) {
		if (o->manager < 0) {
			em->orders->stats.duplicates++;
			respond_not_found(rs, "manager");
			return;
		}
		object_set_manager(em->dir, o, NULL);
		write_done(em, o, rs);
		o->manager_seq = o->seq;
	} else {
		respond_method(rs);
	}
}
