/* Objects as JSON: selected properties, computed ones, $expand, lists of objects of any type. */
#include "odata/query.h"

#include "base/codec.h"
#include "base/err.h"

#include <inttypes.h>
#include <stdio.h>

#define EXPANDED_MAX 20 /* members shown by $expand: learn.microsoft.com/graph/query-parameters */
#define PAGE_DEFAULT 100

/* "S-1-12-1-" and the object id's 16 bytes as four little-endian numbers. */
static void render_sid(const struct object *o, struct buf *b)
{
	unsigned char raw[16];
	uint32_t n[4];

	guid_parse(raw, o->id);
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
		buf_adds(b, p->kind == KIND_STRINGS || p->kind == KIND_OBJECTS ? "[]" : "null");
}

static void render_selected(const struct query *q, const struct object *o, struct buf *b)
{
	const char *json[SELECT_MAX] = {0};
	size_t len[SELECT_MAX] = {0}, pos = 0, n;
	const char *text;
	unsigned prop;
	uint64_t seq;

	while (object_next(o, &pos, &prop, &seq, &text, &n)) {
		json[prop] = text;
		len[prop] = n;
	}
	for (unsigned i = 0; i < n_properties; i++)
		if (q->selected[i] && properties[i].types >> o->type & 1)
			render_property(o, i, json[i], len[i], b);
}

/*
 * One object of an expansion or a mixed list; names of $select that its type lacks, or that the
 * caller may not see, are left out.
 */
static void render_other(
	const struct request *rq, const char *select, const struct object *o, struct buf *b)
{
	struct query q = {0};
	struct response ignored = {0};

	buf_addf(b, "{\"@odata.type\":\"%s\",\"id\":\"%s\"", types[o->type].odata, o->id);
	if (!select)
		query_select(&q, rq, o->type, &ignored);
	for (const char *p = select; p && *(p += strspn(p, " ,"));) {
		size_t n = strcspn(p, " ,");
		int prop = property_find(o->type, p, n);

		if (prop >= 0 && may_read_property(rq, (unsigned)prop, &ignored) &&
			(!(properties[prop].sync_only >> o->type & 1) || is_sync(rq)))
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
			q->expands[i].name, types[t].word);
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
	buf_addf(&rs->body, "{\"@odata.context\":\"%s/%s/$metadata#%s/$entity\",", em->base,
		rq->version, types[o->type].collection);
	if (strcasecmp(rq->segments[0], types[o->type].collection) != 0)
		buf_addf(&rs->body, "\"@odata.type\":\"%s\",", types[o->type].odata);
	object_render(em, rq, o, &rs->body);
	buf_addc(&rs->body, '}');
}

/* --- lists of objects of any type --- */

int cast_type(const char *segment)
{
	const char *word = strrchr(segment, '.');

	for (int t = 0; word && t < TYPE_COUNT; t++)
		if (strcasecmp(word + 1, types[t].word) == 0 && strcasestr(segment, "graph."))
			return t;
	return -1;
}

struct related {
	struct emulator *em;
	struct request *rq;
	struct response *rs;
	int cast;         /* object_type, -1: none */
	bool count, refs; /* .../$count, .../$ref */
	const struct object **found;
	unsigned n;
	unsigned long skip; /* token of the page */
};

/* [/microsoft.graph.user][/$count|/$ref] from the segment on; false with rs filled. */
static bool related_path(struct related *r, unsigned i)
{
	const struct request *rq = r->rq;
	const char *s = i < rq->n_segments ? rq->segments[i] : NULL;

	r->cast = -1;
	if (s && *s != '$') {
		r->cast = cast_type(s);
		if (r->cast < 0 && !strcasestr(s, "graph.directoryObject"))
			goto unknown;
		s = ++i < rq->n_segments ? rq->segments[i] : NULL;
	}
	if (!s)
		return true;
	r->count = streq(s, "$count");
	r->refs = streq(s, "$ref");
	if ((r->count || r->refs) && i + 1 == rq->n_segments)
		return true;
unknown:
	respond_error(r->rs, 400, "BadRequest", "Resource not found for the segment '%.100s'.", s);
	return false;
}

/* 1, 0, -1 with rs filled. */
static int is_wanted(const struct related *r, const struct object *o)
{
	const struct query *q = r->rq->query;
	const char *why = "";
	int m = 1;

	if (o->deleted || (r->cast >= 0 && (int)o->type != r->cast))
		return 0;
	if (q->filter)
		m = filter_match(q->filter, o, &why);
	if (m > 0 && q->search)
		m = search_match(q->search, o, &why);
	if (m >= 0 || r->cast < 0) /* of several types one may lack the property */
		return m > 0;
	respond_error(
		r->rs, 400, "Request_UnsupportedQuery", "Unsupported property filter: '%s'.", why);
	return -1;
}

static void render_ref(const struct related *r, const struct object *o, struct buf *b)
{
	buf_addf(b, "{\"@odata.id\":\"%s/%s/directoryObjects/%s\"}", r->em->base, r->rq->version,
		o->id);
}

static void respond_related(const struct related *r)
{
	const struct request *rq = r->rq;
	const struct query *q = rq->query;
	unsigned long skip = r->skip;
	unsigned long top = q->top          ? (unsigned long)q->top
	                    : rq->page_size ? (unsigned long)rq->page_size
	                                    : PAGE_DEFAULT;
	unsigned long end = skip < r->n ? MIN(skip + top, (unsigned long)r->n) : skip;
	struct buf *b = &r->rs->body;

	r->rs->status = 200;
	buf_addf(b, "{\"@odata.context\":\"%s/%s/$metadata#%s\",", r->em->base, rq->version,
		r->refs ? "Collection($ref)" : "directoryObjects");
	if (q->count && rq->eventual && !q->skiptoken)
		buf_addf(b, "\"@odata.count\":%u,", r->n);
	if (end < r->n)
		add_next_link(r->em, rq, end, b);
	buf_adds(b, "\"value\":[");
	for (unsigned long i = skip; i < end; i++) {
		if (i > skip)
			buf_addc(b, ',');
		if (r->refs)
			render_ref(r, r->found[i], b);
		else
			render_other(rq, q->select, r->found[i], b);
	}
	buf_adds(b, "]}");
}

void respond_objects(struct emulator *em, struct request *rq, const struct objects *list,
	unsigned segment, struct response *rs)
{
	_cleanup_free_ const struct object **found = xcalloc(list->n + 1, sizeof(*found));
	struct related r = {.em = em, .rq = rq, .rs = rs, .found = found};
	uint64_t seen = visible_seq(em);

	if (!query_skip(rq->query, &r.skip, rs) || !related_path(&r, segment) ||
		!query_check_related(rq->query, rq, r.cast, rs))
		return;
	if (r.cast >= 0 && !query_select(rq->query, rq, (enum object_type)r.cast, rs))
		return;
	for (unsigned i = 0; i < list->n; i++) {
		const struct object *o = directory_get(em->dir, list->items[i]);
		int m = o->created <= seen ? is_wanted(&r, o) : 0;

		if (m < 0)
			return;
		if (m)
			found[r.n++] = o;
	}
	if (rq->query->order_by)
		objects_sort(found, r.n, rq->query);
	if (r.count)
		add_count_only(rq, r.n, rs);
	else
		respond_related(&r);
}

void add_next_link(
	const struct emulator *em, const struct request *rq, unsigned long token, struct buf *b)
{
	buf_addf(b, "\"@odata.nextLink\":\"%s/%s", em->base, rq->version);
	for (unsigned i = 0; i < rq->n_segments; i++) {
		buf_addc(b, '/');
		if (rq->segments[i][0] == '$')
			buf_addc(b, '$');
		url_encode(b, rq->segments[i] + (rq->segments[i][0] == '$'));
	}
	buf_addf(b, "?$skiptoken=%lu", token);
	if (rq->query->options) {
		const char *o = rq->query->options;

		buf_add_json(b, o, strlen(o));
	}
	buf_adds(b, "\",");
}

void add_count_only(const struct request *rq, unsigned long n, struct response *rs)
{
	if (!rq->eventual) {
		respond_error(rs, 400, "Request_BadRequest", "$count is not currently supported.");
		return;
	}
	rs->status = 200;
	rs->type = "text/plain";
	buf_addf(&rs->body, "%lu", n);
}
