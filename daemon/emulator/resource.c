/* Users, groups and contacts: list, read, create, update, delete. */
#include "write.h"

#include "base/err.h"
#include "base/timefmt.h"

#include <ctype.h>
#include <stdio.h>

#define PAGE_DEFAULT 100

/* --- rendering --- */

static void render_properties(const struct query *q, const struct object *o, struct buf *b)
{
	const char *json[SELECT_MAX] = {0};
	size_t len[SELECT_MAX], pos = 0, n;
	const char *text;
	unsigned prop;
	uint64_t seq;

	while (object_next(o, &pos, &prop, &seq, &text, &n)) {
		json[prop] = text;
		len[prop] = n;
	}
	for (unsigned i = 0; i < n_properties; i++) {
		if (!q->selected[i] || !(properties[i].types >> o->type & 1))
			continue;
		buf_addf(b, ",\"%s\":", properties[i].name);
		if (json[i])
			buf_add(b, json[i], len[i]);
		else
			buf_adds(b, properties[i].kind == KIND_STRINGS ||
						    properties[i].kind == KIND_OBJECTS
					    ? "[]"
					    : "null");
	}
}

void object_render(const struct request *rq, const struct object *o, struct buf *b)
{
	buf_addf(b, "\"id\":\"%s\"", o->id);
	render_properties(rq->query, o, b);
}

static void respond_object(struct emulator *em, struct request *rq, const struct object *o,
	int status, struct response *rs)
{
	if (!query_select(rq->query, rq, o->type, rs))
		return;
	rs->status = status;
	buf_addf(&rs->body, "{\"@odata.context\":\"%s/%s/$metadata#%s/$entity\",", em->base,
		rq->version, types[o->type].collection);
	object_render(rq, o, &rs->body);
	buf_addc(&rs->body, '}');
}

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
	if (rq->app->roles & rights[t].write)
		return true;
	respond_forbidden(rs);
	return false;
}

bool object_writable(const struct request *rq, const struct object *o, struct response *rs)
{
	if (is_sync(rq)) {
		if (!o->cloud_managed)
			return true;
		respond_error(rs, 400, "Request_BadRequest",
			"The source of authority of this object is in the cloud (isCloudManaged is "
			"true): synchronization cannot write it.");
		return false;
	}
	if (!object_prop_is(o, P_SYNC_ENABLED, "true"))
		return true;
	respond_error(rs, 400, "Request_BadRequest",
		"Unable to update the specified properties for on-premises mastered Directory Sync "
		"objects or objects currently undergoing migration.");
	return false;
}

/* --- lists --- */

static struct object *fast_match(
	const struct emulator *em, const struct query *q, enum object_type t, bool *ret_certain)
{
	const char *v;
	struct object *o = NULL;

	*ret_certain = false;
	if (!q->filter)
		return NULL;
	v = filter_equals(q->filter, "onPremisesImmutableId");
	if (v) {
		*ret_certain = true;
		o = directory_key(em->dir, KEY_IMMUTABLE, t, v, strlen(v));
	} else if ((v = filter_equals(q->filter, "userPrincipalName"))) {
		*ret_certain = true;
		o = directory_key(em->dir, KEY_UPN, t, v, strlen(v));
	}
	return o && o->type == t && !o->deleted ? o : NULL;
}

static bool check_advanced(const struct request *rq, struct response *rs)
{
	const struct query *q = rq->query;

	if (!q->filter || !filter_is_advanced(q->filter) || (rq->eventual && q->count))
		return true;
	respond_error(rs, 400, "Request_UnsupportedQuery",
		"Unsupported or invalid query filter clause: it needs the header ConsistencyLevel: "
		"eventual and $count=true.");
	return false;
}

struct listing {
	struct emulator *em;
	struct request *rq;
	struct response *rs;
	enum object_type type;
	long top;
	unsigned long total, given;
	uint32_t next; /* index behind the last one given; 0: complete */
};

static bool list_one(struct listing *l, const struct object *o)
{
	const char *why;
	int m;

	if (o->type != l->type || o->deleted)
		return true;
	m = l->rq->query->filter ? filter_match(l->rq->query->filter, o, &why) : 1;
	if (m < 0) {
		buf_clear(&l->rs->body);
		respond_error(l->rs, 400, "Request_UnsupportedQuery",
			"Unsupported property filter: '%s'.", why);
		return false;
	}
	if (!m)
		return true;
	l->total++;
	if (l->given < (unsigned long)l->top) {
		buf_adds(&l->rs->body, l->given++ ? ",{" : "{");
		object_render(l->rq, o, &l->rs->body);
		buf_addc(&l->rs->body, '}');
		l->next = o->index + 1;
	}
	return true;
}

static bool wants_managed(const struct query *q)
{
	const char *v = q->filter
	                        ? filter_equals(q->filter, "onPremisesSyncBehavior/isCloudManaged")
	                        : NULL;

	return v && streq(v, "true");
}

static bool list_all(struct listing *l)
{
	uint32_t i = 0, n = directory_size(l->em->dir);
	const struct query *q = l->rq->query;
	bool managed = wants_managed(q);

	if (q->skiptoken)
		i = (uint32_t)strtoul(q->skiptoken, NULL, 10);
	for (; i < n; i++) {
		if (managed && l->total == l->em->n_managed[l->type])
			break; /* there are no more */
		if (!list_one(l, directory_get(l->em->dir, i)))
			return false;
		if (l->given == (unsigned long)l->top && !q->count)
			break;
	}
	if (l->given < (unsigned long)l->top || (q->count && l->total == l->given))
		l->next = 0;
	return true;
}

static void get_list(
	struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	struct query *q = rq->query;
	struct listing l = {.em = em, .rq = rq, .rs = rs, .type = t};
	struct buf *b = &rs->body, tail = {0};
	const struct object *one;
	bool certain;

	if (!query_select(q, rq, t, rs) || !check_advanced(rq, rs))
		return;
	l.top = q->top ? q->top : rq->page_size ? rq->page_size : PAGE_DEFAULT;
	buf_adds(b, "\"value\":[");
	one = fast_match(em, q, t, &certain);
	if (certain ? one && !list_one(&l, one) : !list_all(&l)) {
		if (rs->status)
			return;
	}
	if (rs->status >= 400)
		return;
	if (certain)
		l.next = 0;
	rs->status = 200;
	buf_addf(&tail, "{\"@odata.context\":\"%s/%s/$metadata#%s\",", em->base, rq->version,
		types[t].collection);
	if (q->count)
		buf_addf(&tail, "\"@odata.count\":%lu,", l.total);
	if (l.next) {
		buf_addf(&tail, "\"@odata.nextLink\":\"%s/%s/%s?$top=%ld&$skiptoken=%u", em->base,
			rq->version, types[t].collection, l.top, l.next);
		if (q->select)
			buf_addf(&tail, "&$select=%s", q->select);
		if (q->count)
			buf_adds(&tail, "&$count=true");
		if (q->filter_text) {
			buf_adds(&tail, "&$filter=");
			url_encode(&tail, q->filter_text);
		}
		buf_adds(&tail, "\",");
	}
	buf_add(&tail, b->data, b->len);
	buf_adds(&tail, "]}");
	buf_done(b);
	*b = tail;
}

/* --- create --- */

/* The hard match: an object of the type with the same anchor, live or soft-deleted. */
static struct object *hard_match(struct emulator *em, struct request *rq, enum object_type t)
{
	const char *v = json_string_value(json_object_get(rq->body, "onPremisesImmutableId"));
	_cleanup_buf_ struct buf b = {0};

	if (!is_sync(rq) || !v)
		return NULL;
	buf_addc(&b, '"');
	buf_add_json(&b, v, strlen(v));
	buf_addc(&b, '"');
	return directory_key(em->dir, KEY_IMMUTABLE, t, b.data, b.len);
}

static void create(struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	struct object *o = hard_match(em, rq, t);
	bool matched = o != NULL, changed;

	if (t == TYPE_CONTACT && !is_sync(rq)) {
		respond_error(rs, 400, "Request_BadRequest",
			"Organizational contacts cannot be created through Microsoft Graph.");
		return;
	}
	if (!may_write(rq, t, rs) || (o && !object_writable(rq, o, rs)))
		return;
	if (!object_write(em, rq, t, &o, &changed, rs))
		return;
	em->stats.writes++;
	em->stats.creates += !matched;
	em->stats.duplicates += matched && !changed;
	respond_object(em, rq, o, matched ? 200 : 201, rs);
}

void handle_collection(
	struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	if (rq->method == M_GET) {
		if (may_read(rq, t, rs))
			get_list(em, rq, t, rs);
	} else if (rq->method == M_POST) {
		create(em, rq, t, rs);
	} else {
		respond_error(rs, 405, "Request_BadRequest", "The method is not allowed here.");
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
	if (!may_write(rq, o->type, rs) || !object_writable(rq, o, rs) ||
		!object_write(em, rq, o->type, &o, &changed, rs))
		return;
	em->stats.writes++;
	em->stats.duplicates += !changed;
	rs->status = 204;
}

/* Everything that refers to a deleted object loses that reference. */
static void drop_references(struct emulator *em, const struct object *gone)
{
	for (uint32_t i = 0; i < directory_size(em->dir); i++) {
		struct object *o = directory_get(em->dir, i);

		if (o->deleted)
			continue;
		if (o->type == TYPE_GROUP && object_link_set(em->dir, o, gone, false))
			object_touch(em->dir, o);
		if (o->manager == (int64_t)gone->index) {
			o->manager = -1;
			o->manager_seq = object_touch(em->dir, o);
		}
	}
}

void object_delete(struct emulator *em, struct object *o)
{
	char text[TIME_TEXT_SIZE], json[TIME_TEXT_SIZE + 2];

	snprintf(json, sizeof(json), "\"%s\"", time_format(unix_now(), text));
	object_keys_drop(em->dir, o);
	o->deleted = true;
	o->purged = o->type == TYPE_CONTACT;
	if (object_prop_is(o, P_SYNC_ENABLED, "true"))
		object_set(em->dir, o, P_SYNC_ENABLED, "false", 5);
	if (o->type != TYPE_CONTACT)
		object_set(em->dir, o, P_DELETED, json, strlen(json));
	object_keys_add(em->dir, o);
	em->n_managed[o->type] -= o->cloud_managed;
	o->cloud_managed = false;
	o->manager = -1;
	drop_references(em, o);
	object_touch(em->dir, o);
}

static void remove_object(
	struct emulator *em, struct request *rq, struct object *o, struct response *rs)
{
	if (!may_write(rq, o->type, rs) || !object_writable(rq, o, rs))
		return;
	if (is_sync(rq) && !object_prop_is(o, P_SYNC_ENABLED, "true")) {
		respond_error(rs, 400, "DeletingCloudOnlyObjectNotAllowed",
			"Deleting a cloud-only object isn't supported.");
		return;
	}
	object_delete(em, o);
	em->stats.writes++;
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
	respond_error(rs, 405, "Request_BadRequest", "The method is not allowed here.");
}
