/*
 * Export: items to sub-requests, 20 to a $batch, several batches in flight: more while the service
 * keeps up, fewer when it throttles, and never more writes than the budget has. A sub-request that
 * was throttled is sent again; one whose outcome is unknown (a dropped connection, a 500) is looked
 * up before it is sent again, so that nothing is created twice. A batch that is refused as a whole
 * is sent again in halves until the object is found that the service does not take.
 */
#include "connector/entra/export.h"
#include "base/timefmt.h"
#include "connector/entra/answer.h"
#include "connector/entra/call.h"
#include "connector/entra/error.h"
#include "connector/entra/item.h"
#include "connector/entra/match.h"
#include "connector/entra/pace.h"
#include "connector/entra/parse.h"
#include "connector/entra/refused.h"
#include "connector/entra/request.h"
#include "connector/entra/service/export.h"
#include "connector/entra/suspect.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#define UNKNOWN_TRIES 3

struct batch {
	struct http_request *request;
	struct part *parts[BATCH_MAX];
	unsigned n; /* 0: a probe */
	bool busy;
};

struct queue {
	struct part *first, **last;
};

struct graph_export {
	struct connector *c;
	struct export_source *source;
	struct err *e;
	struct batch *batches;
	unsigned n_batches, n_busy;
	struct pace pace;
	struct queue queue; /* parts to be sent */
	struct suspects suspects;
	struct part *open;        /* an ADD that may take further items */
	int64_t pulled, reported; /* items: equal when all is done */
	bool ended;               /* the source has no more */
	bool canceled; /* what is in flight is answered and recorded; nothing new is begun */
	struct arena arena;
};

static void queue_put(struct queue *q, struct part *p)
{
	p->next = NULL;
	*q->last = p;
	q->last = &p->next;
}

/* The first part that may be sent now, into a batch that has others already or not. */
static struct part *queue_take(struct queue *q, int64_t now, bool with_others)
{
	struct part **pp = &q->first, *p;

	while (*pp && ((*pp)->not_before > now || ((*pp)->alone && with_others)))
		pp = &(*pp)->next;
	p = *pp;
	if (!p)
		return NULL;
	*pp = p->next;
	if (!*pp)
		q->last = pp;
	return p;
}

static int report(struct graph_export *x, struct part *p, const struct export_outcome *o)
{
	int r = 0;

	assert(p->n && x->reported + p->n <= x->pulled); /* each item once */
	x->reported += p->n;
	for (unsigned i = 0; i < p->n && r >= 0; i++)
		r = x->source->result(x->source, p->items[i].id, o, x->e);
	part_free(p);
	return r < 0 ? -1 : 0;
}

static int report_outside(struct graph_export *x, struct part *p)
{
	struct export_outcome o = {
		.result = CONN_OBJECT_BAD, .text = p->outside, .outside_surface = true};

	if (p->unfit)
		o = (struct export_outcome){.result = CONN_OBJECT_BAD,
			.error_type = entra_error_word(ENTRA_ERROR_DATA_VALIDATION_FAILED),
			.text = p->unfit};
	if (p->problem)
		o = (struct export_outcome){
			.result = CONN_OBJECT_BAD,
			.error_type = p->problem,
			.text = "not sent: public Graph would refuse the object",
		};
	if (p->n_refused) {
		arena_reset(&x->arena);
		o = (struct export_outcome){0};
		part_refused(x->c, p, false, &x->arena, &o);
	}
	return report(x, p, &o);
}

/* The next part to send: a waiting one, else made of what the source gives. 1, 0 none, -1. */
static int next_part(struct graph_export *x, struct part **ret, bool with_others)
{
	struct export_item item;
	int r;

	*ret = queue_take(&x->queue, monotonic_ms(), with_others);
	if (*ret)
		return 1;
	while (!x->ended) {
		r = x->source->next(x->source, &item, x->e);
		if (r < 0)
			return -1;
		x->ended = r == 0;
		x->pulled += !x->ended;
		if (x->open && (x->ended || !part_join(x->open, &item))) {
			*ret = x->open;
			x->open = x->ended ? NULL : part_new(x->c, &item);
			return 1;
		}
		if (x->ended)
			break;
		if (x->open)
			continue;
		x->open = part_new(x->c, &item);
	}
	return 0;
}

/* --- batches --- */

/* Needs a right that each surface needs, too, and changes nothing. */
#define PROBE "{\"id\":\"1\",\"method\":\"GET\",\"url\":\"/users?$top=1&$select=id\"}"

static void batch_send(struct graph_export *x, struct batch *b)
{
	struct http_request *r = b->request;

	buf_clear(&r->body);
	buf_adds(&r->body, "{\"requests\":[");
	if (!b->n)
		buf_adds(&r->body, PROBE);
	for (unsigned i = 0; i < b->n; i++) {
		if (i)
			buf_addc(&r->body, ',');
		part_write(x->c, b->parts[i], i + 1, &r->body);
	}
	buf_adds(&r->body, "]}");
	r->headers[0] = x->c->oauth.header;
	r->headers[1] = "Content-Type: application/json";
	r->ctx = b;
	b->busy = true;
	x->n_busy++;
	http_start(x->c->http, r);
}

/* Adds what is to be sent next; a part that must be alone ends it. */
static int batch_add_parts(struct graph_export *x, struct batch *b)
{
	while (b->n < BATCH_MAX && budget_allows(&x->c->budget)) {
		struct part *p;
		int r = next_part(x, &p, b->n > 0);

		if (r <= 0)
			return r;
		if (p->kind == PART_OUTSIDE) {
			if (report_outside(x, p) < 0)
				return -1;
			continue;
		}
		budget_spend(&x->c->budget, p);
		b->parts[b->n++] = p;
		if (p->alone)
			break;
	}
	return 0;
}

/* Fills and sends one batch. 1: sent, 0: nothing to send now, -1. */
static int batch_fill(struct graph_export *x, struct batch *b)
{
	b->n = 0;
	if (x->suspects.ask) {
		if (x->n_busy) /* their answers may tell it as well */
			return 0;
		x->suspects.ask = false;
		batch_send(x, b);
		return 1;
	}
	if (!budget_allows_batch(&x->c->budget))
		return 0;
	b->n = suspects_take(&x->suspects, b->parts);
	for (unsigned i = 0; i < b->n; i++)
		budget_spend(&x->c->budget, b->parts[i]);
	if (b->n == 0 && batch_add_parts(x, b) < 0)
		return -1;
	if (b->n == 0)
		return 0;
	if (x->source->sending && x->source->sending(x->source, x->e) < 0)
		return -1;
	batch_send(x, b);
	return 1;
}

/* --- what failed --- */

static enum conn_result overloaded(struct graph_export *x, const struct part *p, const char *why)
{
	err_set(x->e, -EAGAIN, x->c->graph, 0,
		"%s %d times for %s; the rest is exported in the next cycle", why, p->tries,
		p->items[0].dn ? p->items[0].dn : p->id);
	return CONN_DOWN;
}

/* The service takes others, so it is the object. */
static enum conn_result blame(
	struct graph_export *x, struct part *p, const char *error_type, const char *text)
{
	struct export_outcome o = {
		.result = CONN_OBJECT_BAD, .error_type = error_type, .text = text};

	return report(x, p, &o) < 0 ? CONN_RUN_BAD : CONN_OK;
}

/* It failed as often as it may: its own fault, if the service took something else meanwhile. */
static enum conn_result give_up(struct graph_export *x, struct part *p, const char *why)
{
	enum conn_result ret;

	if (suspects_blame(&x->suspects, p))
		return blame(x, p, entra_error_word(ENTRA_ERROR_SERVICE_FAILURE),
			arena_printf(&x->arena, "%s %d times for this object, and not for others",
				why, p->tries));
	if (p->tries > ENTRA_TRIES + UNKNOWN_TRIES) {
		ret = overloaded(x, p, why);
		part_free(p);
		return ret;
	}
	suspects_ask(&x->suspects, p);
	return CONN_OK;
}

/*
 * Sends the part again after a while. reason: what has nothing to do with the object (the pace, the
 * token, the whole request), for the error when it lasts; NULL: the service failed at this part.
 */
static enum conn_result again(
	struct graph_export *x, struct part *p, long retry_after, const char *reason)
{
	enum conn_result ret;

	suspects_blame(&x->suspects, p);
	if (++p->tries >= ENTRA_TRIES) {
		if (!reason)
			return give_up(x, p, "the service was too busy");
		ret = overloaded(x, p, reason);
		part_free(p);
		return ret;
	}
	p->not_before = monotonic_ms() + (int64_t)(entra_backoff(p->tries, retry_after) * 1000);
	queue_put(&x->queue, p);
	return CONN_OK;
}

/* Why a part is to be sent again, when it is not for its own sake. */
static const char *reason_of(long status)
{
	return status == 401   ? "the service did not take the token"
	       : status == 429 ? "the service was too busy"
	                       : NULL;
}

/*
 * A write that may have been done. References and deletes can be sent twice without harm. The last
 * time it goes by itself: one that the service fails at must not take the others along.
 */
static enum conn_result unknown(struct graph_export *x, struct part *p)
{
	suspects_blame(&x->suspects, p);
	if (p->kind == PART_CREATE || p->kind == PART_UPDATE)
		p->kind = PART_FIND;
	p->alone = ++p->tries >= UNKNOWN_TRIES - 1;
	if (p->tries >= UNKNOWN_TRIES)
		return give_up(x, p, "the service failed");
	p->not_before = monotonic_ms() + (int64_t)(entra_backoff(p->tries, -1) * 1000);
	queue_put(&x->queue, p);
	return CONN_OK;
}

static void split(struct graph_export *x, struct part *p)
{
	for (unsigned i = 0; i < p->n; i++)
		queue_put(&x->queue, part_new(x->c, &p->items[i]));
	part_free(p);
}

static enum conn_result part_take(
	struct graph_export *x, struct part *p, long status, const json_t *body, long retry_after)
{
	struct export_outcome o;

	arena_reset(&x->arena);
	suspects_answer(&x->suspects, status < 500 && status != 429 && status != 401);
	switch (part_answer(x->c, p, status, body, &x->arena, &o)) {
	case PART_DONE:
		return report(x, p, &o) < 0 ? CONN_RUN_BAD : CONN_OK;
	case PART_AGAIN:
		if (status == 401)
			oauth_forget(&x->c->oauth);
		else
			pace_shrink(&x->pace, retry_after);
		return again(x, p, status == 401 ? 0 : retry_after, reason_of(status));
	case PART_UNKNOWN:
		return unknown(x, p);
	case PART_CHANGED:
		queue_put(&x->queue, p);
		return CONN_OK;
	case PART_SPLIT:
		split(x, p);
		return CONN_OK;
	}
	return CONN_OK;
}

static long part_retry_after(const json_t *response)
{
	const json_t *headers = json_object_get(response, "headers");
	const json_t *v = json_object_get(headers, "Retry-After");

	if (json_is_string(v))
		return strtol(json_string_value(v), NULL, 10);
	return json_is_integer(v) ? (long)json_integer_value(v) : -1;
}

/* The answers of one batch, in whatever order. What is not answered has an unknown outcome. */
static enum conn_result batch_answers(struct graph_export *x, struct batch *b, const json_t *json)
{
	enum conn_result r = CONN_OK;
	size_t i;
	json_t *v;

	json_array_foreach (json_object_get(json, "responses"), i, v) {
		const char *id = json_string_value(json_object_get(v, "id"));
		long n = id ? strtol(id, NULL, 10) : 0;
		struct part *p;

		if (n < 1 || n > (long)b->n || !b->parts[n - 1])
			continue;
		p = b->parts[n - 1];
		b->parts[n - 1] = NULL;
		if (r == CONN_OK)
			r = part_take(x, p, (long)json_integer_value(json_object_get(v, "status")),
				json_object_get(v, "body"), part_retry_after(v));
		else
			part_free(p);
	}
	for (unsigned k = 0; k < b->n; k++) {
		struct part *p = b->parts[k];

		b->parts[k] = NULL;
		if (p && r == CONN_OK)
			r = unknown(x, p);
		else
			part_free(p);
	}
	return r;
}

/* The service does not take the request as it is, and will not take it another time. */
static bool is_refusal(const struct http_request *r)
{
	return r->outcome == HTTP_ANSWERED && r->status != 401 && r->status != 429 &&
	       r->status < 500;
}

/* Refused as a whole: in halves; one by itself is the one that is to blame. */
static enum conn_result batch_refused(struct graph_export *x, struct batch *b)
{
	const struct http_request *r = b->request;
	struct part *p = b->parts[0];
	const char *code, *message, *type;
	enum conn_result ret;
	json_t *json;

	if (b->n > 1) {
		suspects_halve(&x->suspects, b->parts, b->n);
		return CONN_OK;
	}
	if (!suspects_blame(&x->suspects, p)) {
		suspects_ask(&x->suspects, p);
		return CONN_OK;
	}
	if (p->n > 1) {
		split(x, p);
		return CONN_OK;
	}
	json = entra_parse(r->answer.data, r->answer.len, 0);
	entra_error(json, &code, &message);
	arena_reset(&x->arena);
	type = r->status == 413 ? entra_error_word(ENTRA_ERROR_LARGE_OBJECT)
	                        : entra_error_name(r->status, code, message);
	ret = blame(x, p, type,
		arena_printf(&x->arena,
			"the service refuses every request with this object in it: %ld %s: %s",
			r->status, code, message));
	json_decref(json);
	return ret;
}

/* Was the probe not taken either, it is the service. */
static enum conn_result probe_failed(struct graph_export *x, const struct http_request *r)
{
	bool stale = r->outcome == HTTP_ANSWERED && r->status == 401; /* asked with a new token */

	if (!(entra_retriable(r) || stale) || ++x->suspects.probes >= UNKNOWN_TRIES) {
		if (!stale)
			return entra_refused(x->c, r, x->e);
		err_set(x->e, -EHOSTDOWN, x->c->graph, 0,
			"the service refuses the token that it has just issued");
		return CONN_DOWN;
	}
	if (!stale)
		pace_shrink(&x->pace, r->retry_after);
	x->suspects.ask = true;
	return CONN_OK;
}

/* The whole batch failed: the outcome is not known, or nothing was done. */
static enum conn_result batch_failed(struct graph_export *x, struct batch *b)
{
	const struct http_request *r = b->request;
	bool busy = r->outcome == HTTP_ANSWERED && (r->status == 429 || r->status == 503);
	bool stale = r->outcome == HTTP_ANSWERED && r->status == 401;
	enum conn_result ret = CONN_OK;

	suspects_answer(&x->suspects, false);
	if (stale)
		oauth_forget(&x->c->oauth);
	if (!b->n)
		return probe_failed(x, r);
	if (is_refusal(r))
		return batch_refused(x, b);
	if (!entra_retriable(r) && !stale)
		ret = entra_refused(x->c, r, x->e);
	if (busy)
		pace_shrink(&x->pace, r->retry_after);
	arena_reset(&x->arena);
	for (unsigned i = 0; i < b->n; i++) {
		struct part *p = b->parts[i];

		b->parts[i] = NULL;
		if (ret != CONN_OK)
			part_free(p);
		else if (busy || stale || r->outcome == HTTP_NOT_SENT)
			ret = again(x, p, stale ? 0 : r->retry_after,
				stale ? reason_of(401) : reason_of(429));
		else
			ret = unknown(x, p);
	}
	if (ret != CONN_OK && r->outcome != HTTP_ANSWERED)
		err_set(x->e, -EHOSTDOWN, x->c->graph, 0, "%s", r->error);
	return ret;
}

/* What the probe was answered: the service takes requests, or it does not. */
static enum conn_result probe_answer(struct graph_export *x, const json_t *json)
{
	const json_t *one = json_array_get(json_object_get(json, "responses"), 0);
	json_int_t status = json_integer_value(json_object_get(one, "status"));
	bool good = status >= 200 && status < 500 && status != 429 && status != 401;

	suspects_answer(&x->suspects, good);
	if (good)
		return CONN_OK;
	if (++x->suspects.probes < UNKNOWN_TRIES) {
		pace_shrink(&x->pace, part_retry_after(one));
		x->suspects.ask = true;
		return CONN_OK;
	}
	err_set(x->e, -EAGAIN, x->c->graph, 0,
		"the service failed at several requests in a row; the rest is exported in the next "
		"cycle");
	return CONN_DOWN;
}

static enum conn_result batch_done(struct graph_export *x, struct batch *b)
{
	struct http_request *r = b->request;
	enum conn_result ret;
	json_t *json;

	b->busy = false;
	x->n_busy--;
	if (r->outcome != HTTP_ANSWERED || r->status != 200)
		return batch_failed(x, b);
	pace_grow(&x->pace, r->used);
	json = entra_parse(r->answer.data, r->answer.len, 0);
	ret = b->n ? batch_answers(x, b, json) : probe_answer(x, json);
	json_decref(json);
	return ret;
}

/* Fills the batches that are free, as many as the window takes. */
static int fill(struct graph_export *x)
{
	budget_refill(&x->c->budget);
	for (unsigned i = 0; i < x->n_batches && pace_allows(&x->pace, x->n_busy); i++) {
		int sent = x->batches[i].busy ? 1 : batch_fill(x, &x->batches[i]);

		if (sent <= 0)
			return sent;
	}
	return 0;
}

static enum conn_result stopped(struct graph_export *x)
{
	err_set(x->e, -ECANCELED, x->c->graph, 0, "the export was stopped");
	return CONN_CANCELED;
}

static bool is_canceled(struct graph_export *x)
{
	const struct connector_host *host = x->c->host;

	if (!x->canceled && host->canceled && host->canceled(host->ctx))
		x->canceled = true;
	return x->canceled;
}

static enum conn_result run(struct graph_export *x)
{
	for (;;) {
		bool fresh = oauth_fresh(&x->c->oauth);
		enum conn_result r = CONN_OK;

		if (fresh && !is_canceled(x) && fill(x) < 0)
			return CONN_RUN_BAD;
		if (x->n_busy)
			r = batch_done(x, http_next(x->c->http)->ctx);
		else if (x->canceled)
			return stopped(x);
		else if (!fresh)
			r = entra_ready(x->c, x->e);
		else if (x->queue.first || x->open || !x->ended || x->suspects.halves ||
			 x->suspects.ask)
			x->canceled = http_sleep(
				x->c->http, 0.1); /* held back, or the budget is used up */
		else
			break;
		if (r != CONN_OK)
			return r;
	}
	assert(x->pulled == x->reported);
	return CONN_OK;
}

static void export_done(struct graph_export *x)
{
	struct part *p;

	http_abort(x->c->http);
	while (x->queue.first) {
		p = x->queue.first;
		x->queue.first = p->next;
		part_free(p);
	}
	part_free(x->open);
	suspects_done(&x->suspects);
	for (unsigned i = 0; i < x->n_batches; i++) {
		if (x->batches[i].busy)
			for (unsigned k = 0; k < x->batches[i].n; k++)
				part_free(x->batches[i].parts[k]);
		http_request_free(x->batches[i].request);
	}
	free(x->batches);
	arena_done(&x->arena);
}

enum conn_result entra_export(struct connector *c, struct export_source *source, struct err *e)
{
	struct graph_export x = {.c = c, .source = source, .e = e};
	_cleanup_free_ char *url = xasprintf("%s/$batch", c->base);
	enum conn_result r;

	if (c->session)
		return service_export(c, source, e);
	r = entra_ready(c, e);
	if (r == CONN_OK && !c->match)
		r = entra_match_begin(c, &c->match, e);
	if (r != CONN_OK)
		return r;
	x.queue.last = &x.queue.first;
	x.n_batches = (unsigned)setting_number(c->settings, "batches_in_flight");
	pace_init(&x.pace, x.n_batches);
	x.batches = xcalloc(x.n_batches, sizeof(*x.batches));
	for (unsigned i = 0; i < x.n_batches; i++)
		x.batches[i].request = http_request_new("POST", url);
	r = run(&x);
	export_done(&x);
	return r;
}
