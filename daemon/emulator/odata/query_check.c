/* What may be asked of which type, and by whom. */
#include "odata/query_check.h"

#include "odata/filter.h"

#include "base/err.h"

static bool unknown(struct response *rs, const char *name, size_t n, enum object_type t)
{
	respond_error(rs, 400, "BadRequest",
		"Could not find a property named '%.*s' on type 'microsoft.graph.%s'.", (int)n,
		name, object_types[t].word);
	return false;
}

/* learn.microsoft.com/graph/api/resources/user: employeeLeaveDateTime asks for a role of its own */
bool may_read_property(const struct request *rq, unsigned prop, struct response *rs)
{
	if (properties[prop].writer != BY_LIFECYCLE || has_role(rq, ROLE_LIFECYCLE_READ) ||
		has_role(rq, ROLE_LIFECYCLE_WRITE))
		return true;
	respond_forbidden(rs);
	return false;
}

bool query_select(
	struct query *q, const struct request *rq, enum object_type t, struct response *rs)
{
	const char *p = q->select;

	memset(q->selected, 0, sizeof(q->selected));
	if (!p) {
		for (unsigned i = 0; i < n_properties; i++)
			q->selected[i] = properties[i].by_default >> t & 1;
		return true;
	}
	for (p += strspn(p, " "); *p; p += strspn(p, " ,")) {
		size_t n = strcspn(p, " ,");
		int prop = property_find(t, p, n);

		if (n == 7 && strncasecmp(p, "members", n) == 0 && t == TYPE_GROUP)
			q->select_members = true;
		else if (n == 7 && strncasecmp(p, "manager", n) == 0 && type_has_manager(t))
			q->select_manager = true;
		else if (prop >= 0 && !may_read_property(rq, (unsigned)prop, rs))
			return false;
		else if (prop >= 0)
			q->selected[prop] = true;
		else if (!(n == 2 && strncasecmp(p, "id", n) == 0))
			return unknown(rs, p, n, t);
		p += n;
	}
	return true;
}

bool query_skip(const struct query *q, unsigned long *ret, struct response *rs)
{
	const char *token = q->skiptoken ? q->skiptoken : "0";
	size_t n = strspn(token, "0123456789");

	if (n == 0 || n > 9 || token[n]) {
		respond_error(rs, 400, "Directory_ExpiredPageToken",
			"The specified page token value has expired and can no longer be included "
			"in your request.");
		return false;
	}
	*ret = strtoul(token, NULL, 10);
	return true;
}

/* learn.microsoft.com/graph/aad-advanced-queries: what can be sorted by at all, and how. */
static bool order_check(struct query *q, enum object_type t, struct response *rs)
{
	static const unsigned sortable[] = {P_DISPLAY_NAME, P_UPN, P_CREATED, P_DELETED};
	int prop = property_find(t, q->order_text, strlen(q->order_text));

	if (prop < 0)
		return unknown(rs, q->order_text, strlen(q->order_text), t);
	for (unsigned i = 0; i < ARRAY_SIZE(sortable); i++)
		if (sortable[i] == (unsigned)prop)
			q->order_by = prop + 1;
	if (!q->order_by)
		respond_error(rs, 400, "Request_UnsupportedQuery",
			"Sorting by property '%s' is not supported.", properties[prop].name);
	return q->order_by != 0;
}

static bool order_is_plain(const struct query *q, enum object_type t)
{
	unsigned prop = (unsigned)q->order_by - 1;

	return !q->filter && t != TYPE_CONTACT && (prop == P_DISPLAY_NAME || prop == P_UPN);
}

static bool refuse_plain(struct response *rs, const char *what)
{
	respond_error(rs, 400, "Request_UnsupportedQuery",
		"%s: it needs the header ConsistencyLevel: eventual and $count=true.", what);
	return false;
}

static bool refuse_filter(struct response *rs, const char *property)
{
	respond_error(rs, 400, "Request_UnsupportedQuery",
		"Unsupported or invalid query filter clause specified for property '%s'.",
		property);
	return false;
}

static bool search_check(const struct query *q, const struct request *rq, struct response *rs)
{
	if (!q->search || rq->eventual)
		return true;
	respond_error(rs, 400, "Request_UnsupportedQuery",
		"Request with $search query parameter only works through MSGraph with a special "
		"request header: 'ConsistencyLevel: eventual'");
	return false;
}

/* A filter tells about values, too: what may not be read may not be compared. */
static bool filter_allowed(
	const struct query *q, const struct request *rq, enum object_type t, struct response *rs)
{
	int prop = q->filter ? filter_restricted(q->filter, t) : -1;

	if (rq->filter_needs_soa && q->filter && filter_asks_soa(q->filter) && t != TYPE_DEVICE &&
		!has_soa_role(rq, t)) {
		respond_forbidden(rs);
		return false;
	}
	return prop < 0 || may_read_property(rq, (unsigned)prop, rs);
}

bool query_check(struct query *q, const struct request *rq, enum object_type t, struct response *rs)
{
	const char *why = "";
	enum filter_need need = q->filter ? filter_need(q->filter, t, &why) : NEED_NOTHING;
	bool advanced = rq->eventual && q->count;

	if (need == NEED_PROPERTY)
		return refuse_filter(rs, why);
	if (!filter_allowed(q, rq, t, rs))
		return false;
	if ((q->order_text && !order_check(q, t, rs)) || !search_check(q, rq, rs))
		return false;
	if (need == NEED_INDEX && !advanced)
		return refuse_plain(rs, "Unsupported or invalid query filter clause");
	if (q->order_text && !advanced && !order_is_plain(q, t))
		return refuse_plain(rs, "Sorting not supported for current query");
	return true;
}

bool query_check_related(struct query *q, const struct request *rq, int cast, struct response *rs)
{
	bool advanced = rq->eventual && q->count, known = !q->filter;
	const char *why = "";

	if ((q->filter || q->order_text) && !advanced)
		return refuse_plain(rs, "Unsupported query on a relationship");
	if (cast >= 0)
		return query_check(q, rq, (enum object_type)cast, rs);
	if (q->order_text) {
		respond_error(rs, 400, "Request_UnsupportedQuery",
			"Sorting objects of several types is not supported: a cast is needed.");
		return false;
	}
	for (int t = 0; !known && t < TYPE_COUNT; t++)
		known = filter_need(q->filter, (enum object_type)t, &why) < NEED_PROPERTY;
	if (!known)
		return refuse_filter(rs, why);
	for (int t = 0; t < TYPE_COUNT; t++)
		if (!filter_allowed(q, rq, (enum object_type)t, rs))
			return false;
	return search_check(q, rq, rs);
}
