/* What belongs to an object: a cast, $count, $ref, and the pages. */
#include "odata/related.h"

#include "odata/filter_match.h"
#include "odata/page.h"
#include "odata/query_check.h"
#include "odata/render.h"
#include "odata/search.h"
#include "odata/sort.h"
#include "tenant/clock.h"

#include "base/err.h"

int cast_type(const char *segment)
{
	const char *word = strrchr(segment, '.');

	for (int t = 0; word && t < TYPE_COUNT; t++)
		if (strcasecmp(word + 1, object_types[t].word) == 0 &&
			strcasestr(segment, "graph."))
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

static bool unknown_segment(struct response *rs, const char *segment)
{
	respond_error(
		rs, 400, "BadRequest", "Resource not found for the segment '%.100s'.", segment);
	return false;
}

/* [/microsoft.graph.user][/$count|/$ref] from the segment on; false with rs filled. */
static bool related_path(struct related *r, unsigned i)
{
	const struct request *rq = r->rq;
	const char *s = i < rq->n_segments ? rq->segments[i] : NULL;

	r->cast = -1;
	if (s && *s != '$') {
		r->cast = cast_type(s);
		if (r->cast < 0 && !strcasestr(s, "graph.directoryObject"))
			return unknown_segment(r->rs, s);
		s = ++i < rq->n_segments ? rq->segments[i] : NULL;
	}
	if (!s)
		return true;
	r->count = streq(s, "$count");
	r->refs = streq(s, "$ref");
	return ((r->count || r->refs) && i + 1 == rq->n_segments) || unknown_segment(r->rs, s);
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
	buf_addf(b, "{\"@odata.id\":\"%s/%s/directoryObjects/%s\"}", r->rq->base, r->rq->version,
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
	buf_addf(b, "{\"@odata.context\":\"%s/%s/$metadata#%s\",", r->rq->base, rq->version,
		r->refs ? "Collection($ref)" : "directoryObjects");
	if (q->count && rq->eventual && !q->skiptoken)
		buf_addf(b, "\"@odata.count\":%u,", r->n);
	if (end < r->n)
		add_next_link(rq, end, b);
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
	uint64_t seen = tenant_visible(em);

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
