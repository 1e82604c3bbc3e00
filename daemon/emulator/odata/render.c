/* Objects as JSON: selected properties, computed ones, $expand. */
#include "odata/render.h"

#include "odata/query_check.h"
#include "tenant/guid.h"

#include "base/err.h"

#include <inttypes.h>

#define EXPANDED_MAX 20 /* members shown by $expand: learn.microsoft.com/graph/query-parameters */

/* "S-1-12-1-" and the object id's 16 bytes as four little-endian numbers. */
static void render_sid(const struct object *o, struct buf *b)
{
	unsigned char raw[16];
	uint32_t n[4];

	guid_read(raw, o->id);
	memcpy(n, raw, sizeof(n));
	buf_addf(b, "\"S-1-12-1-%" PRIu32 "-%" PRIu32 "-%" PRIu32 "-%" PRIu32 "\"", n[0], n[1],
		n[2], n[3]);
}

void render_property(
	const struct object *o, unsigned prop, const char *json, size_t n, struct buf *b)
{
	const struct property *p = &properties[prop];

	buf_addf(b, ",\"%s\":", p->name);
	if (prop == P_SID)
		render_sid(o, b);
	else if (json)
		buf_add(b, json, n);
	else
		buf_adds(b, property_is_list(p) ? "[]" : "null");
}

static void render_selected(const struct query *q, const struct object *o, struct buf *b)
{
	const char *json[PROPERTIES_MAX] = {0};
	size_t len[PROPERTIES_MAX] = {0}, pos = 0, n;
	const char *text;
	unsigned prop;
	uint64_t seq;

	while (object_next(o, &pos, &prop, &seq, &text, &n)) {
		json[prop] = text;
		len[prop] = n;
	}
	for (unsigned i = 0; i < n_properties; i++)
		if (q->selected[i] && properties[i].types >> o->type & 1 &&
			(json[i] || !properties[i].extension)) /* these are not told as null */
			render_property(o, i, json[i], len[i], b);
}

void render_other(
	const struct request *rq, const char *select, const struct object *o, struct buf *b)
{
	struct query q = {0};
	struct response ignored = {0};

	buf_addf(b, "{\"@odata.type\":\"%s\",\"id\":\"%s\"", object_types[o->type].odata, o->id);
	if (!select)
		query_select(&q, rq, o->type, &ignored);
	for (const char *p = select; p && *(p += strspn(p, " ,"));) {
		size_t n = strcspn(p, " ,");
		int prop = property_find(o->type, p, n);

		if (prop >= 0 && may_read_property(rq, (unsigned)prop, &ignored))
			q.selected[prop] = true;
		p += n;
	}
	render_selected(&q, o, b);
	buf_addc(b, '}');
	buf_done(&ignored.body);
}

static void expand_members(const struct emulator *em, const struct request *rq,
	const struct expand *x, const struct object *o, struct buf *b)
{
	unsigned given = 0;

	buf_adds(b, ",\"members\":[");
	for (uint32_t i = 0; i < o->n_links && given < EXPANDED_MAX; i++) {
		if (o->links[i].removed)
			continue;
		if (given++)
			buf_addc(b, ',');
		render_other(rq, x->select, directory_get(em->dir, o->links[i].target), b);
	}
	buf_addc(b, ']');
}

static void expand_manager(const struct emulator *em, const struct request *rq,
	const struct expand *x, const struct object *o, struct buf *b)
{
	if (o->manager < 0)
		return;
	buf_adds(b, ",\"manager\":");
	render_other(rq, x->select, directory_get(em->dir, (uint32_t)o->manager), b);
}

static const struct {
	const char *name;
	unsigned types;
	void (*render)(const struct emulator *em, const struct request *rq, const struct expand *x,
		const struct object *o, struct buf *b);
} expansions[] = {
	{"members", 1u << TYPE_GROUP, expand_members},
	{"manager", 1u << TYPE_USER | 1u << TYPE_CONTACT, expand_manager},
};

bool expand_check(const struct query *q, enum object_type t, struct response *rs)
{
	for (unsigned i = 0; i < q->n_expands; i++) {
		unsigned k = 0;

		while (k < ARRAY_SIZE(expansions) &&
			!(strcasecmp(q->expands[i].name, expansions[k].name) == 0 &&
				expansions[k].types >> t & 1))
			k++;
		if (k < ARRAY_SIZE(expansions))
			continue;
		respond_error(rs, 400, "Request_BadRequest",
			"Parsing OData Select and Expand failed: Could not find a property named "
			"'%s' on type 'microsoft.graph.%s'.",
			q->expands[i].name, object_types[t].word);
		return false;
	}
	return true;
}

void object_render(
	const struct emulator *em, const struct request *rq, const struct object *o, struct buf *b)
{
	const struct query *q = rq->query;

	buf_addf(b, "\"id\":\"%s\"", o->id);
	render_selected(q, o, b);
	for (unsigned i = 0; i < q->n_expands; i++)
		for (unsigned k = 0; k < ARRAY_SIZE(expansions); k++)
			if (strcasecmp(q->expands[i].name, expansions[k].name) == 0 &&
				expansions[k].types >> o->type & 1)
				expansions[k].render(em, rq, &q->expands[i], o, b);
}

void respond_object(struct emulator *em, struct request *rq, const struct object *o, int status,
	struct response *rs)
{
	if (!query_select(rq->query, rq, o->type, rs) || !expand_check(rq->query, o->type, rs))
		return;
	rs->status = status;
	buf_addf(&rs->body, "{\"@odata.context\":\"%s/%s/$metadata#%s/$entity\",", rq->base,
		rq->version, object_types[o->type].collection);
	if (strcasecmp(rq->segments[0], object_types[o->type].collection) != 0)
		buf_addf(&rs->body, "\"@odata.type\":\"%s\",", object_types[o->type].odata);
	object_render(em, rq, o, &rs->body);
	buf_addc(&rs->body, '}');
}
