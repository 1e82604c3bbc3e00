/*
 * Sending, see send.h. send_batch() is called again for each half. Bounded by numbers of its own:
 * FRESH_WAITS for references whose target is new, UNKNOWN_TRIES for a request that is not answered,
 * REFUSALS_MAX for refusals that have nothing to do with the single object.
 */
#include "connector/entra/service/send.h"
#include "base/codec.h"
#include "connector/entra/call.h"
#include "connector/entra/error.h"
#include "connector/entra/pace.h"
#include "connector/entra/service/learn.h"
#include "connector/entra/service/result.h"

#include <errno.h>

#define UNKNOWN_TRIES 3 /* sends of what may have been done, and does not show */
#define BLAMED_MAX 8    /* objects that the service fails at, one after the other */
#define REFUSALS_MAX 32 /* refusals with the same words, one after the other */
#define FRESH_WAITS 4   /* 2, 4, 8 and 16 seconds: the 30 of session.c */

/* What was refused of the references of one object, and what was waited for. */
struct refusals {
	struct service_words words; /* of refusals one after the other */
	unsigned waits;             /* for new targets */
};

/*
 * `tries` counts sends of unknown outcome, up to UNKNOWN_TRIES. A refusal sets it back to 0, and
 * yet the sends come to an end: after a refusal only fewer items are sent, or the same ones after
 * one of the FRESH_WAITS of their object.
 */
static enum conn_result send_batch(
	struct sender *x, const struct service_batch *b, struct refusals *refusals, unsigned tries);

static void batch_donep(struct service_batch *b)
{
	service_batch_done(b);
}
#define _cleanup_batch_ _cleanup_(batch_donep)

void sender_done(struct sender *x)
{
	service_words_done(&x->refused);
	arena_done(&x->arena);
	arena_done(&x->kept);
}

/* --- outcomes --- */

int sender_report(struct sender *x, const struct export_item *item, const struct export_outcome *o)
{
	return x->source->result(x->source, item->id, o, x->e) < 0 ? -1 : 0;
}

/* References that follow each other count as one object, as they are written. */
static bool counts(const struct export_item *item, uint64_t *last)
{
	uint64_t key = item->anchor ? hash64(item->anchor, strlen(item->anchor)) : 0;
	bool again = item->kind == EXPORT_LINK && key == *last;

	*last = item->kind == EXPORT_LINK ? key : 0;
	return !again;
}

static const struct service_reduced *reduced_of(
	const struct sender *x, const struct export_item *item)
{
	const struct service_reduced *r = x->reduced;

	while (r && r->id != item->id)
		r = r->next;
	return r;
}

static enum conn_result report(
	struct sender *x, const struct export_item *item, const struct export_outcome *o)
{
	struct service_session *s = x->c->session;
	const struct service_reduced *reduced = reduced_of(x, item);
	struct export_outcome partly = *o;

	s->exported += counts(item, &x->last);
	if (o->result == CONN_OK)
		s->good += counts(item, &x->last_good);
	if (o->result == CONN_OK && o->anchor)
		service_note_added(s, o->anchor);
	if (o->result == CONN_OK && reduced) {
		service_reduced_outcome(reduced, true, &x->arena, &partly);
		o = &partly;
	}
	return sender_report(x, item, o) < 0 ? CONN_RUN_BAD : CONN_OK;
}

static enum conn_result report_refused(
	struct sender *x, const struct export_item *item, const char *words)
{
	struct export_outcome o;

	arena_reset(&x->arena);
	service_refused(item, words, &x->arena, &o);
	return report(x, item, &o);
}

static enum conn_result stopped(struct sender *x)
{
	err_set(x->e, -ECANCELED, x->c->service.host, 0, "the export was stopped");
	return CONN_CANCELED;
}

static enum conn_result wait_for(struct sender *x, double seconds)
{
	return http_sleep(x->c->http, seconds) ? stopped(x) : CONN_OK;
}

/* --- halves --- */

static void add_items(
	struct service_batch *to, const struct service_batch *b, unsigned first, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		service_batch_add(to, &b->items[first + i]);
}

/* Half of the objects; of a single one half of its references. */
static enum conn_result send_halves(
	struct sender *x, const struct service_batch *b, struct refusals *refusals, unsigned tries)
{
	unsigned middle = b->n_objects > 1 ? b->objects[b->n_objects / 2].first : b->n_items / 2;
	_cleanup_batch_ struct service_batch a = {.version2 = b->version2}, z = a;
	enum conn_result r;

	add_items(&a, b, 0, middle);
	r = send_batch(x, &a, refusals, tries);
	if (r != CONN_OK)
		return r;
	add_items(&z, b, middle, b->n_items - middle);
	return send_batch(x, &z, refusals, tries);
}

/* --- a request that is refused --- */

/* In halves. What is counted of the references of one object says nothing of other objects. */
static enum conn_result whole_refused(struct sender *x, const struct service_batch *b,
	struct refusals *refusals, const char *words)
{
	struct refusals own = {0};
	enum conn_result r;
	unsigned n;

	if (b->n_items > 1) {
		r = send_halves(x, b, b->n_objects > 1 ? NULL : refusals ? refusals : &own, 0);
		service_words_done(&own.words);
		return r;
	}
	n = service_words_count(&x->refused, &b->items[0], words); /* while the item is valid */
	r = report_refused(x, &b->items[0], words);
	if (r != CONN_OK || n < REFUSALS_MAX)
		return r;
	err_set(x->e, -EPROTO, x->c->service.host, 0,
		"the service has refused %d requests of one object in a row and took none; the "
		"rest is exported in the next cycle: %s",
		REFUSALS_MAX, words);
	return CONN_RUN_BAD;
}

/* --- references that are refused --- */

static bool has_fresh(const struct sender *x, const struct service_batch *b)
{
	for (unsigned i = 0; i < b->n_items; i++)
		if (b->items[i].kind == EXPORT_LINK && b->items[i].target_anchor &&
			service_is_fresh(x->c->session, b->items[i].target_anchor))
			return true;
	return false;
}

/* All of them for one reason. */
static enum conn_result report_all_refused(
	struct sender *x, const struct service_batch *b, const char *words)
{
	enum conn_result r = CONN_OK;

	for (unsigned i = 0; i < b->n_items && r == CONN_OK; i++)
		r = report_refused(x, &b->items[i], words);
	return r;
}

/* So many were refused that the others are not tried. */
static enum conn_result give_up_references(
	struct sender *x, const struct service_batch *b, const struct refusals *refusals)
{
	_cleanup_free_ char *words =
		xasprintf("not tried: the service has refused %d references of the object in a row "
			  "with these words: %s",
			REFUSALS_MAX, refusals->words.text);

	return report_all_refused(x, b, words);
}

/*
 * One object was refused. Which of its references is to blame is not told: they are sent again in
 * halves. New targets may be found in a moment.
 */
static enum conn_result object_refused(struct sender *x, const struct service_batch *b,
	struct refusals *refusals, const char *words)
{
	if (service_says_cloud(words))
		return report_all_refused(x, b, words);
	if (refusals->waits < FRESH_WAITS && has_fresh(x, b)) {
		enum conn_result r = wait_for(x, (double)(2u << refusals->waits++));

		return r == CONN_OK ? send_batch(x, b, refusals, 0) : r;
	}
	if (b->n_items > 1)
		return send_halves(x, b, refusals, 0);
	service_words_count(&refusals->words, &b->items[0], words);
	return report_refused(x, &b->items[0], words);
}

/* --- outcomes that are not known --- */

/* Reports what the directory shows as done; the rest goes to `to`. */
static enum conn_result learn(
	struct sender *x, const struct service_batch *b, struct service_batch *to)
{
	_cleanup_free_ bool *done = xcalloc(b->n_items, sizeof(*done));
	_cleanup_free_ const char **anchors = xcalloc(b->n_items, sizeof(*anchors));
	_cleanup_arena_ struct arena a = {0};
	enum conn_result r = service_learn(x->c, b->items, b->n_items, done, anchors, &a, x->e);

	for (unsigned i = 0; i < b->n_items && r == CONN_OK; i++) {
		const struct export_item *it = &b->items[i];
		struct export_outcome o = {
			.result = CONN_OK, .anchor = it->anchor ? NULL : anchors[i]};

		if (!done[i] || (it->kind == EXPORT_OBJECT && !it->anchor && !o.anchor))
			service_batch_add(to, it);
		else
			r = report(x, it, &o);
	}
	return r;
}

/* The service takes others and fails at this one, which is not asked again in this run. */
static enum conn_result blame(
	struct sender *x, const struct service_batch *b, bool unreadable, const struct err *why)
{
	struct export_outcome o = {.result = CONN_OBJECT_BAD};

	if (++x->blamed > BLAMED_MAX) {
		*x->e = *why;
		return CONN_DOWN;
	}
	arena_reset(&x->arena);
	o.error_type = entra_error_word(
		unreadable ? ENTRA_ERROR_INVALID_RESPONSE : ENTRA_ERROR_SERVICE_FAILURE);
	o.text = arena_printf(&x->arena, "the service (%s) failed %d times at this object: %s",
		x->c->service.host, UNKNOWN_TRIES, why->text);
	return report(x, &b->items[0], &o);
}

/*
 * A request that may have been done. Its items are asked for, and what was not done is sent again.
 * The last time one is sent by itself: what the service fails at must not take the others along.
 */
static enum conn_result unknown_outcome(struct sender *x, const struct service_batch *b,
	struct refusals *refusals, unsigned tries, bool unreadable)
{
	_cleanup_batch_ struct service_batch rest = {.version2 = b->version2};
	struct err why = *x->e;
	enum conn_result r = learn(x, b, &rest);

	if (r != CONN_OK || !rest.n_items)
		return r;
	if (tries + 1 < UNKNOWN_TRIES) {
		r = wait_for(x, entra_backoff((int)tries + 1, -1));
		return r == CONN_OK ? send_batch(x, &rest, refusals, tries + 1) : r;
	}
	r = service_probe(x->c, x->e);
	if (r != CONN_OK)
		return r;
	if (rest.n_items > 1)
		return send_halves(x, &rest, refusals, UNKNOWN_TRIES - 1);
	return blame(x, &rest, unreadable, &why);
}

/* --- results --- */

/* What became of the objects of a request that was taken. */
struct taken {
	struct service_batch missing; /* their outcome is not known */
	const char **words;           /* by object: why it was refused; NULL: it was not */
};

static enum conn_result object_taken(struct sender *x, const struct service_batch *b, unsigned i,
	const struct service_result *result, struct taken *t)
{
	const struct service_run *run = &b->objects[i];
	const struct export_item *items = &b->items[run->first];
	enum conn_result r = CONN_OK;
	struct export_outcome o;

	arena_reset(&x->arena);
	if (!result ||
		(service_result_good(result) && !service_accepted(items, result, &x->arena, &o))) {
		add_items(&t->missing, b, run->first, run->n);
		return CONN_OK;
	}
	if (!service_result_good(result)) {
		t->words[i] = result->text;
		return CONN_OK;
	}
	for (unsigned k = 0; k < run->n && r == CONN_OK; k++) {
		r = report(x, &items[k], &o);
		o.text = NULL; /* once for the object */
	}
	return r;
}

static enum conn_result send_refused(struct sender *x, const struct service_batch *b, unsigned i,
	struct refusals *refusals, const char *words)
{
	_cleanup_batch_ struct service_batch one = {.version2 = b->version2};
	struct refusals own = {0};
	enum conn_result r;

	add_items(&one, b, b->objects[i].first, b->objects[i].n);
	r = object_refused(x, &one, refusals ? refusals : &own, words);
	service_words_done(&own.words);
	return r;
}

static enum conn_result take_results(struct sender *x, const struct service_batch *b,
	const struct service_answer *answer, struct refusals *refusals, unsigned tries)
{
	_cleanup_free_ const struct service_result **results =
		xcalloc(b->n_objects, sizeof(*results));
	_cleanup_free_ const char **words = xcalloc(b->n_objects, sizeof(*words));
	struct taken t = {.missing.version2 = b->version2, .words = words};
	enum conn_result r = CONN_OK;

	service_match_results(b, answer, results);
	for (unsigned i = 0; i < b->n_objects && r == CONN_OK; i++)
		r = object_taken(x, b, i, results[i], &t);
	if (refusals && b->n_objects && !words[0] && !t.missing.n_items)
		refusals->words.n = 0;
	for (unsigned i = 0; i < b->n_objects && r == CONN_OK; i++)
		if (words[i])
			r = send_refused(x, b, i, refusals, words[i]);
	if (r == CONN_OK && t.missing.n_items) {
		err_set(x->e, -EPROTO, x->c->service.host, 0,
			"the answer has no result for the object, or no anchor of a new one");
		r = unknown_outcome(x, &t.missing, refusals, tries, true);
	}
	service_batch_done(&t.missing);
	return r;
}

/* --- a request --- */

struct message {
	struct connector *c;
	const struct service_batch *b;
};

static void write_message(struct buf *b, void *ctx)
{
	const struct message *m = ctx;

	service_batch_write(m->c, m->b, b);
}

static enum conn_result wait_for_budget(struct sender *x, unsigned objects)
{
	enum conn_result r = CONN_OK;

	budget_refill(&x->c->budget);
	while (r == CONN_OK && !budget_allows(&x->c->budget)) {
		r = wait_for(x, 0.1);
		budget_refill(&x->c->budget);
	}
	budget_take(&x->c->budget, objects);
	return r;
}

static enum conn_result send_batch(
	struct sender *x, const struct service_batch *b, struct refusals *refusals, unsigned tries)
{
	_cleanup_arena_ struct arena a = {0};
	struct message m = {x->c, b};
	struct service_answer answer;
	enum conn_result r;
	bool unknown;

	if (refusals && refusals->words.n >= REFUSALS_MAX)
		return give_up_references(x, b, refusals);
	r = wait_for_budget(x, b->n_objects);
	if (r != CONN_OK)
		return r;
	if (x->source->sending && x->source->sending(x->source, x->e) < 0)
		return CONN_RUN_BAD;
	r = service_ask(
		x->c, service_batch_operation(b), write_message, &m, &a, &answer, &unknown, x->e);
	if (r == CONN_CANCELED)
		return r;
	if (unknown)
		return unknown_outcome(x, b, refusals, tries, r == CONN_RUN_BAD);
	if (r == CONN_OBJECT_BAD) {
		_cleanup_free_ char *words = xstrdup(str_starts(x->e->text, SERVICE_REFUSES)
							     ? x->e->text + strlen(SERVICE_REFUSES)
							     : x->e->text);

		return whole_refused(x, b, refusals, words);
	}
	if (r != CONN_OK)
		return r;
	x->refused.n = x->blamed = 0;
	return take_results(x, b, &answer, refusals, tries);
}

/* --- from the source --- */

static bool has_unknown(const struct service_batch *b)
{
	for (unsigned i = 0; i < b->n_items; i++)
		if (b->items[i].unknown_outcome)
			return true;
	return false;
}

/* What an earlier run has sent and was not answered is asked for first. */
static enum conn_result send_unknown(struct sender *x, const struct service_batch *b)
{
	_cleanup_batch_ struct service_batch asked = {.version2 = b->version2}, rest = asked;
	enum conn_result r;

	for (unsigned i = 0; i < b->n_items; i++)
		service_batch_add(b->items[i].unknown_outcome ? &asked : &rest, &b->items[i]);
	r = learn(x, &asked, &rest);
	return r == CONN_OK && rest.n_items ? send_batch(x, &rest, NULL, 0) : r;
}

enum conn_result sender_send(struct sender *x, const struct service_batch *b)
{
	return has_unknown(b) ? send_unknown(x, b) : send_batch(x, b, NULL, 0);
}
