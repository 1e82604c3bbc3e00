/*
 * Directory roles, as far as the matching rules look at them: who is an administrator. And the
 * ways to ask what an object belongs to.
 * Template ids: learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
 */
#include "graph/roles.h"

#include "graph/reference.h"
#include "graph/rights.h"
#include "odata/related.h"
#include "tenant/body.h"

#include "base/err.h"

#include <stdio.h>

static const struct {
	const char *template_id, *name;
} roles[] = {
	{"62e90394-69f5-4237-9190-012177145e10", "Global Administrator"},
	{"8ac3fc64-6eca-42ea-9e69-59f4c7b60eb2", "Hybrid Identity Administrator"},
	{"fe930be7-5e62-47db-91af-98c3a49a38b1", "User Administrator"},
	{"88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "Directory Readers"},
};

static int find_role(const char *id)
{
	static const char key[] = "roleTemplateId='";

	if (strncasecmp(id, key, strlen(key)) == 0)
		id += strlen(key);
	for (unsigned i = 0; i < ARRAY_SIZE(roles); i++)
		if (strncasecmp(roles[i].template_id, id, 36) == 0)
			return (int)i;
	return -1;
}

static void render(unsigned i, struct buf *b)
{
	buf_addf(b,
		"\"@odata.type\":\"#microsoft.graph.directoryRole\",\"id\":\"%s\","
		"\"displayName\":\"%s\",\"roleTemplateId\":\"%s\"}",
		roles[i].template_id, roles[i].name, roles[i].template_id);
}

static void respond_role(const struct request *rq, unsigned i, struct response *rs)
{
	rs->status = 200;
	buf_addf(&rs->body, "{\"@odata.context\":\"%s/%s/$metadata#directoryRoles/$entity\",",
		rq->base, rq->version);
	render(i, &rs->body);
}

static bool may(const struct request *rq, bool write, struct response *rs)
{
	if (has_role(rq, ROLE_ROLES_WRITE) ||
		(!write && (has_role(rq, ROLE_DIRECTORY_READ) || has_role(rq, ROLE_USER_READ) ||
				   has_role(rq, ROLE_USER_WRITE))))
		return true;
	respond_forbidden(rs);
	return false;
}

static void list_roles(struct request *rq, unsigned bits, struct response *rs)
{
	bool any = false;

	rs->status = 200;
	buf_adds(&rs->body, "{\"value\":[");
	for (unsigned i = 0; i < ARRAY_SIZE(roles); i++) {
		if (!(bits >> i & 1))
			continue;
		buf_adds(&rs->body, any ? ",{" : "{");
		render(i, &rs->body);
		any = true;
	}
	buf_adds(&rs->body, "]}");
}

static void list_holders(struct emulator *em, struct request *rq, int role, struct response *rs)
{
	struct objects list = {0};

	list.items = xcalloc(directory_size(em->dir) + 1, sizeof(*list.items));
	for (uint32_t i = 0; i < directory_size(em->dir); i++)
		if (directory_get(em->dir, i)->roles >> role & 1)
			list.items[list.n++] = i;
	respond_objects(em, rq, &list, 3, rs);
	free(list.items);
}

/* /directoryRoles, /directoryRoles/{id}[/members[/{id}/$ref | /$ref]] */
void handle_roles(struct emulator *em, struct request *rq, struct response *rs)
{
	unsigned n = rq->n_segments;
	int role = n > 1 ? find_role(rq->segments[1]) : 0;
	bool members = n > 2 && strcasecmp(rq->segments[2], "members") == 0;
	struct object *o = NULL;

	if (!may(rq, rq->method != M_GET, rs))
		return;
	if (role < 0 || (n > 2 && !members)) {
		respond_not_found(rs, rq->segments[n - 1]);
		return;
	}
	if (rq->method == M_GET && n == 1)
		list_roles(rq, ~0u, rs);
	else if (rq->method == M_GET && n == 2)
		respond_role(rq, (unsigned)role, rs);
	else if (rq->method == M_GET)
		list_holders(em, rq, role, rs);
	if (rs->status)
		return;
	if (rq->method == M_POST && n == 4)
		o = object_of_url(em, body_text(rq->body, "@odata.id"));
	else if (rq->method == M_DELETE && n == 5)
		o = object_of_url(em, rq->segments[3]);
	if (!o) {
		respond_not_found(rs, rq->segments[n - 1]);
		return;
	}
	if (rq->method == M_POST)
		o->roles |= (unsigned char)(1u << role);
	else
		o->roles &= (unsigned char)~(1u << role);
	o->dirty = true;
	object_touch(em->dir, o);
	rs->status = 204;
}

/* Of the objects that refer to this one: those of which a function says so. */
static void list_referring(struct emulator *em, struct request *rq, const struct object *o,
	bool (*is_listed)(const struct object *holder, const struct object *o), struct response *rs)
{
	struct objects list = {.items = xcalloc(o->n_holders + 1, sizeof(*list.items))};

	for (uint32_t i = 0; i < o->n_holders; i++)
		if (is_listed(directory_get(em->dir, o->holders[i]), o))
			list.items[list.n++] = o->holders[i];
	respond_objects(em, rq, &list, 3, rs);
	free(list.items);
}

static bool is_group(const struct object *holder, const struct object *o)
{
	return holder->type == TYPE_GROUP;
}

static bool is_report(const struct object *holder, const struct object *o)
{
	return holder->manager == (int64_t)o->index;
}

/* /users/{id}/memberOf[/microsoft.graph.group|directoryRole][/$count] */
void handle_member_of(
	struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	if (!may_read(rq, o->type, rs))
		return;
	if (rq->method != M_GET)
		respond_method(rs);
	else if (rq->n_segments == 4 && strcasestr(rq->segments[3], "graph.directoryRole"))
		list_roles(rq, o->roles, rs);
	else
		list_referring(em, rq, o, is_group, rs);
}

/* /users/{id}/directReports */
void handle_reports(struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	if (!may_read(rq, o->type, rs))
		return;
	if (rq->method != M_GET)
		respond_method(rs);
	else
		list_referring(em, rq, o, is_report, rs);
}
