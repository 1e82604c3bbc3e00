/*
 * Delta queries. A token names the state's epoch, the change number from where, and the selected
 * properties; a page token also how far the round has come. Pages walk the type's list of objects
 * in the order of their last change.
 */
#include "graph/delta.h"

#include "graph/rights.h"
#include "odata/filter.h"
#include "odata/query_check.h"
#include "odata/render.h"
#include "odata/url.h"
#include "order/orders.h"
#include "tenant/clock.h"

#include "base/err.h"

#include <inttypes.h>
#include <stdio.h>

#define PAGE_DEFAULT 200

struct token {
	uint64_t since; /* changes after this number */
	uint64_t after; /* of this round: objects after this number */
	uint64_t upto;  /* of this round: changes that were seen when it began; 0: none began */
	char *select;
	char *ids; /* "a,b,": only these objects; NULL: all */
};

#define IDS_MAX 50
#define LIFE (7 * 86400) /* seconds: learn.microsoft.com/graph/delta-query-overview */

/* "epoch.time.since.after.upto.ids.select"; percent-encoded a second time with the whole. */
static void token_write(const struct emulator *em, const struct token *t, struct buf *b)
{
	_cleanup_buf_ struct buf plain = {0};

	buf_addf(&plain, "%s.%lld.%" PRIu64 ".%" PRIu64 ".%" PRIu64 ".%s.%s", em->epoch,
		(long long)tenant_now(em), t->since, t->after, t->upto, t->ids ? t->ids : "",
		t->select ? t->select : "");
	url_encode(b, plain.data);
}

static bool token_read(const struct emulator *em, const char *text, struct token *t)
{
	size_t n = strlen(em->epoch);
	char *end;

	if (strncmp(text, em->epoch, n) != 0 || text[n] != '.')
		return false;
	if (strtoll(text + n + 1, &end, 10) < tenant_now(em) - LIFE || *end != '.')
		return false;
	t->since = strtoull(end + 1, &end, 10);
	if (*end != '.')
		return false;
	t->after = strtoull(end + 1, &end, 10);
	if (*end != '.')
		return false;
	t->upto = strtoull(end + 1, &end, 10);
	if (*end != '.' || t->since > directory_seq(em->dir))
		return false;
	n = strcspn(++end, ".");
	if (!end[n])
		return false;
	t->ids = n ? xstrndup(end, n) : NULL;
	end += n + 1;
	t->select = *end ? xstrdup(end) : NULL;
	return true;
}

static void token_done(struct token *t)
{
	free(t->select);
	free(t->ids);
}
#define _cleanup_token_ _cleanup_(token_done)

/* The first token of a round; false with rs filled. */
static bool token_new(
	struct emulator *em, const struct query *q, struct token *t, struct response *rs)
{
	_cleanup_buf_ struct buf ids = {0};
	unsigned n = q->filter ? filter_ids(q->filter, &ids) : 0;

	if (q->filter && (n == 0 || n > IDS_MAX ||
				 strspn(ids.data, "0123456789abcdefABCDEF-,") != ids.len)) {
		respond_error(rs, 400, "Request_UnsupportedQuery",
			"A delta query takes no $filter but id eq '...', at most %d times.",
			IDS_MAX);
		return false;
	}
	if (q->deltatoken) /* "latest" */
		t->since = directory_seq(em->dir);
	t->ids = n ? buf_steal(&ids) : NULL;
	t->select = q->select ? xstrdup(q->select) : NULL;
	return true;
}

static void respond_gone(const struct request *rq, enum object_type t, struct response *rs)
{
	respond_error(rs, 410, "syncStateNotFound",
		"The sync state generation is not found; continuing is not possible. Start again "
		"without a token.");
	snprintf(rs->location, sizeof(rs->location), "%s/%s/%s/delta", rq->base, rq->version,
		object_types[t].collection);
}

/* --- one object --- */

static bool delta_changed(const struct request *rq, const struct object *o, uint64_t since)
{
	size_t pos = 0, n;
	const char *json;
	unsigned prop;
	uint64_t seq;

	while (object_next(o, &pos, &prop, &seq, &json, &n))
		if (rq->query->selected[prop] && seq > since)
			return true;
	return false;
}

/*
 * Every property that has a value the first time; later those set since, or with them the others
 * too unless "Prefer: return=minimal" was asked for. False: nothing has
 * changed.
 */
static bool delta_properties(
	const struct request *rq, const struct object *o, uint64_t since, struct buf *b)
{
	bool whole = o->created > since, any = whole;
	bool others = whole || (!rq->minimal && delta_changed(rq, o, since));
	size_t pos = 0, n;
	const char *json;
	unsigned prop;
	uint64_t seq;

	while (object_next(o, &pos, &prop, &seq, &json, &n)) {
		bool changed = seq > since && !whole;

		if (!rq->query->selected[prop] || (!changed && !(others && json)))
			continue;
		any = true;
		render_property(o, prop, json, n, b);
	}
	if (others && rq->query->selected[P_SID] && properties[P_SID].types >> o->type & 1)
		render_property(o, P_SID, NULL, 0, b);
	return any;
}

static bool delta_members(
	const struct emulator *em, const struct object *o, uint64_t since, struct buf *b)
{
	bool whole = o->created > since, any = false;

	for (uint32_t i = 0; i < o->n_links; i++) {
		const struct link *l = &o->links[i];
		const struct object *t = directory_get(em->dir, l->target);

		if (whole ? l->removed : l->seq <= since)
			continue;
		buf_addf(b, "%s{\"@odata.type\":\"%s\",\"id\":\"%s\"%s}",
			any ? "," : ",\"members@delta\":[", object_types[t->type].odata, t->id,
			l->removed ? ",\"@removed\":{\"reason\":\"deleted\"}" : "");
		any = true;
	}
	if (any)
		buf_addc(b, ']');
	return any;
}

static bool delta_manager(
	const struct emulator *em, const struct object *o, uint64_t since, struct buf *b)
{
	const struct object *m;

	if (o->manager_seq <= since && o->created <= since)
		return false;
	if (o->manager < 0) {
		if (o->created > since)
			return false;
		buf_adds(b, ",\"manager@delta\":[]");
		return true;
	}
	m = directory_get(em->dir, (uint32_t)o->manager);
	buf_addf(b, ",\"manager@delta\":[{\"@odata.type\":\"%s\",\"id\":\"%s\"}]",
		object_types[m->type].odata, m->id);
	return true;
}

/* Appends the object with a comma in front if need be; false: nothing has changed. */
static bool delta_object(const struct emulator *em, const struct request *rq,
	const struct object *o, uint64_t since, bool first, struct buf *b)
{
	const struct query *q = rq->query;
	size_t start = b->len;
	bool any;

	if (o->deleted && o->created > since)
		return false; /* created and deleted since: the client never knew it */
	buf_addf(b, "%s{\"@odata.type\":\"%s\",\"id\":\"%s\"", first ? "" : ",",
		object_types[o->type].odata, o->id);
	if (o->deleted) {
		buf_addf(
			b, ",\"@removed\":{\"reason\":\"%s\"}}", o->purged ? "deleted" : "changed");
		return true;
	}
	any = delta_properties(rq, o, since, b);
	if (q->select_members)
		any |= delta_members(em, o, since, b);
	if (q->select_manager)
		any |= delta_manager(em, o, since, b);
	if (!any) {
		b->len = start;
		return false;
	}
	buf_addc(b, '}');
	return true;
}

/* --- a page --- */

static const struct object *first_after(const struct emulator *em, enum object_type t, uint64_t seq)
{
	const struct object *o = em->hint[t], *found = NULL;

	if (o && o->seq == seq)
		return o->newer; /* the next page of the round that was served last */
	o = directory_newest(em->dir, t);
	for (; o && o->seq > seq; o = o->older)
		found = o;
	return found;
}

static void add_link(struct emulator *em, struct request *rq, enum object_type t, bool more,
	const struct token *token, struct buf *b)
{
	buf_addf(b, "],\"@odata.%s\":\"%s/%s/%s/delta?$%s=", more ? "nextLink" : "deltaLink",
		rq->base, rq->version, object_types[t].collection,
		more ? "skiptoken" : "deltatoken");
	token_write(em, token, b);
	buf_adds(b, "\"}");
}

/*
 * A change that is too new comes with the next round. Not so an object that the client does not
 * have yet: the next round would tell that change alone.
 */
static bool is_shown(const struct object *o, const struct token *t)
{
	if (t->ids && !strcasestr(t->ids, o->id))
		return false;
	return o->seq <= t->upto || (o->created > t->since && o->created <= t->upto);
}

/*
 * When tests order it: objects of this page and the one before are sent again in reverse order, as
 * the service may do (learn.microsoft.com/graph/delta-query-overview, "Replays").
 */
static void replay(const struct emulator *em, const struct request *rq, const struct token *token,
	const struct object *last, unsigned max, bool first, struct buf *b)
{
	for (unsigned n = 0; last && n < 2 * max && last->seq > token->since; last = last->older)
		if (is_shown(last, token) && delta_object(em, rq, last, token->since, first, b)) {
			first = false;
			n++;
		}
}

static void respond_page(struct emulator *em, struct request *rq, enum object_type t,
	struct token *token, struct response *rs)
{
	unsigned max = rq->page_size ? (unsigned)rq->page_size : PAGE_DEFAULT, n = 0;
	const struct object *o = first_after(em, t, MAX(token->since, token->after));
	struct buf *b = &rs->body;

	if (!token->upto)
		token->upto = MIN(tenant_visible(em), directory_seq(em->dir));
	rs->status = 200;
	buf_addf(b, "{\"@odata.context\":\"%s/%s/$metadata#%s\",\"value\":[", rq->base, rq->version,
		object_types[t].collection);
	for (; o && n < max; o = o->newer) {
		if (is_shown(o, token))
			n += delta_object(em, rq, o, token->since, n == 0, b);
		token->after = o->seq;
		em->hint[t] = o;
	}
	if (em->orders->replay)
		replay(em, rq, token, em->hint[t], max, n == 0, b);
	if (!o) {
		token->since = token->upto;
		token->after = token->upto = 0;
	}
	add_link(em, rq, t, o != NULL, token, b);
}

/* learn.microsoft.com/graph/delta-query-overview, "Use query parameters in a delta query" */
static bool query_good(const struct query *q, struct response *rs)
{
	const char *wrong = q->top          ? "$top"
	                    : q->order_text ? "$orderby"
	                    : q->n_expands  ? "$expand"
	                    : q->search     ? "$search"
	                                    : NULL;

	if (wrong)
		respond_error(rs, 400, "Request_UnsupportedQuery",
			"The query parameter '%s' is not supported in a delta query.", wrong);
	return !wrong;
}

void handle_delta(struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	struct query *q = rq->query;
	const char *text = q->skiptoken ? q->skiptoken : q->deltatoken;
	_cleanup_token_ struct token token = {0};

	if (!may_read(rq, t, rs) || !query_good(q, rs))
		return;
	if (text && !streq(text, "latest")) {
		if (!token_read(em, text, &token)) {
			respond_gone(rq, t, rs);
			return;
		}
	} else if (!token_new(em, q, &token, rs)) {
		return;
	}
	free(q->select);
	q->select = token.select ? xstrdup(token.select) : NULL;
	if (!query_select(q, rq, t, rs))
		return;
	if (!q->select && t == TYPE_GROUP)
		q->select_members = true;
	rs->preference = rq->minimal;
	respond_page(em, rq, t, &token, rs);
}
