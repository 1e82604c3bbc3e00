/* A collection: $filter, $search, $orderby, $count and pages. */
#include "odata/list.h"

#include "odata/filter_match.h"
#include "odata/page.h"
#include "odata/query_check.h"
#include "odata/render.h"
#include "odata/search.h"
#include "odata/sort.h"
#include "tenant/clock.h"

#include "base/err.h"

#include <limits.h>

struct listing {
	struct emulator *em;
	struct request *rq;
	struct response *rs;
	enum object_type type;
	bool deleted;  /* those of deletedItems */
	uint64_t seen; /* objects that came later are not there yet */
	unsigned long top, total, given;
	unsigned long skip, next; /* tokens of this page and the next one, 0: there is none */
	struct buf items;
};

/* 1, 0, -1 with rs filled. */
static int is_listed(struct listing *l, const struct object *o)
{
	const struct query *q = l->rq->query;
	const char *why;
	int m = 1;

	if (o->type != l->type || o->created > l->seen)
		return 0;
	if (o->deleted != l->deleted || (l->deleted && (o->purged || !o->deleted_at)))
		return 0;
	if (q->filter)
		m = filter_match(q->filter, o, &why);
	if (m > 0 && q->search)
		m = search_match(q->search, o, &why);
	if (m < 0)
		respond_error(l->rs, 400, "Request_UnsupportedQuery",
			"Unsupported or invalid query filter clause specified for property '%s'.",
			why);
	return m;
}

static void give(struct listing *l, const struct object *o)
{
	buf_adds(&l->items, l->given++ ? ",{" : "{");
	object_render(l->em, l->rq, o, &l->items);
	buf_addc(&l->items, '}');
}

/* Of a filter that names one object: a look-up instead of a walk. */
static struct object *named_object(const struct listing *l, bool *ret_certain)
{
	static const struct {
		const char *property;
		enum key_kind kind;
	} keys[] = {
		{"onPremisesImmutableId", KEY_IMMUTABLE},
		{"userPrincipalName", KEY_UPN},
		{"uniqueName", KEY_UNIQUE_NAME},
		{"deviceId", KEY_DEVICE_ID},
	};
	const struct filter *f = l->rq->query->filter;

	*ret_certain = false;
	for (unsigned i = 0; f && !l->deleted && i < ARRAY_SIZE(keys); i++) {
		const char *v = filter_equals(f, keys[i].property);

		if (!v)
			continue;
		*ret_certain = true;
		return directory_key(l->em->dir, keys[i].kind, l->type, v, strlen(v));
	}
	return NULL;
}

static unsigned long managed_left(const struct listing *l)
{
	const struct filter *f = l->rq->query->filter;
	const char *v = f ? filter_equals(f, "onPremisesSyncBehavior/isCloudManaged") : NULL;

	return v && streq(v, "true") ? l->em->n_managed[l->type] : ULONG_MAX;
}

static bool list_walk(struct listing *l)
{
	const struct query *q = l->rq->query;
	uint32_t n = directory_size(l->em->dir);
	unsigned long most = managed_left(l);
	bool counting = q->count && !q->skiptoken; /* told with the first page only */

	for (uint32_t i = (uint32_t)l->skip; i < n && l->total < most; i++) {
		const struct object *o = directory_get(l->em->dir, i);
		int m = is_listed(l, o);

		if (m < 0)
			return false;
		if (m == 0)
			continue;
		if (l->given == l->top) {
			l->next = l->next ? l->next : i;
			if (!counting)
				break;
		} else {
			give(l, o);
		}
		l->total++;
	}
	return true;
}

static bool list_sorted(struct listing *l)
{
	uint32_t n = directory_size(l->em->dir), found = 0;
	_cleanup_free_ const struct object **all = xcalloc(n + 1, sizeof(struct object *));

	for (uint32_t i = 0; i < n; i++) {
		const struct object *o = directory_get(l->em->dir, i);
		int m = is_listed(l, o);

		if (m < 0)
			return false;
		if (m)
			all[found++] = o;
	}
	objects_sort(all, found, l->rq->query);
	for (unsigned long i = l->skip; i < found && l->given < l->top; i++)
		give(l, all[i]);
	l->total = found;
	if (l->skip + l->given < found)
		l->next = l->skip + l->given;
	return true;
}

static bool list_any(struct listing *l)
{
	bool certain;
	const struct object *one = named_object(l, &certain);
	int m;

	if (!certain)
		return l->rq->query->order_by ? list_sorted(l) : list_walk(l);
	m = one ? is_listed(l, one) : 0;
	if (m > 0) {
		give(l, one);
		l->total++;
	}
	return m >= 0;
}

static bool prepare(struct listing *l)
{
	struct query *q = l->rq->query;

	l->top = q->top             ? (unsigned long)q->top
	         : l->rq->page_size ? (unsigned long)l->rq->page_size
	                            : PAGE_DEFAULT;
	l->seen = tenant_visible(l->em);
	if (!query_skip(q, &l->skip, l->rs) || !query_select(q, l->rq, l->type, l->rs) ||
		!expand_check(q, l->type, l->rs) || !query_check(q, l->rq, l->type, l->rs))
		return false;
	if (l->deleted && !q->select)
		q->selected[P_DELETED] = true;
	return true;
}

static void respond_list(struct listing *l)
{
	struct buf *b = &l->rs->body;

	l->rs->status = 200;
	buf_addf(b, "{\"@odata.context\":\"%s/%s/$metadata#%s\",", l->rq->base, l->rq->version,
		object_types[l->type].collection);
	if (l->rq->query->count && l->rq->eventual && !l->rq->query->skiptoken)
		buf_addf(b, "\"@odata.count\":%lu,", l->total);
	if (l->next)
		add_next_link(l->rq, l->next, b);
	buf_adds(b, "\"value\":[");
	buf_add(b, buf_str(&l->items), l->items.len);
	buf_adds(b, "]}");
}

void list_collection(struct emulator *em, struct request *rq, enum object_type t, bool deleted,
	struct response *rs)
{
	struct listing l = {.em = em, .rq = rq, .rs = rs, .type = t, .deleted = deleted};

	if (prepare(&l) && list_any(&l))
		respond_list(&l);
	buf_done(&l.items);
}

void count_collection(struct emulator *em, struct request *rq, enum object_type t, bool deleted,
	struct response *rs)
{
	struct listing l = {.em = em, .rq = rq, .rs = rs, .type = t, .deleted = deleted};

	rq->query->count = true;
	if (prepare(&l) && (l.top = 0, list_any(&l)))
		add_count_only(rq, l.total, rs);
	buf_done(&l.items);
}
