/*
 * Learning what became of items, see learn.h: a question for each, asked in rounds until all are
 * answered or the patience is over.
 */
#include "connector/entra/service/learn.h"
#include "base/buf.h"
#include "base/codec.h"
#include "base/hashset.h"
#include "base/json.h"
#include "base/timefmt.h"
#include "connector/entra/call.h"
#include "connector/entra/read.h"
#include "connector/entra/service/question.h"

#include <errno.h>

/* The references of one object, for all items of it. */
struct members {
	const char *id;
	const struct entra_attr *link;
	struct hashset ids;
	bool known; /* the object was found */
};

/* --- references with several values --- */

static uint64_t key_of(const char *id)
{
	return hash64(id, strlen(id));
}

/* Another page; *url becomes the next one's, NULL at the end. */
static enum conn_result read_page(
	struct learner *l, struct members *m, struct entra_pages *pages, char **url)
{
	struct entra_question asked = {.path = *url};
	struct entra_reply reply = {0};
	_cleanup_json_ json_t *json = NULL;
	const char *next = NULL, *wrong, *id;
	enum conn_result r = entra_ready(l->c, l->e);
	size_t i;
	json_t *v;

	if (r == CONN_OK)
		r = entra_ask(l->c, *url, false, &reply, l->e);
	json = asked.body = reply.json;
	asked.status = reply.status;
	if (r != CONN_OK)
		return r;
	if (reply.status == 404) {
		free(*url);
		*url = NULL;
		return CONN_OK;
	}
	if (reply.status != 200)
		return question_refused(l, &asked);
	wrong = entra_next_page(l->c, pages, *url, json, &next);
	if (!wrong && pages->objects > ENTRA_REFS_MAX)
		wrong = "has too many references";
	if (wrong)
		return question_bad(l, &asked, wrong);
	json_array_foreach (json_object_get(json, "value"), i, v) {
		id = entra_id(v);
		if (id)
			hashset_add(&m->ids, key_of(id));
	}
	m->known = true;
	free(*url);
	*url = next ? xstrdup(next) : NULL;
	return CONN_OK;
}

static enum conn_result read_members(
	struct learner *l, const struct question *q, struct members *ret)
{
	char *url = xasprintf("%s/%s/%s/%s?$select=id&$top=999", l->c->base,
		entra_classes[q->class].collection, q->id, q->link->property);
	struct entra_pages pages = {0};
	enum conn_result r = CONN_OK;

	*ret = (struct members){.id = q->id, .link = q->link};
	while (url && r == CONN_OK)
		r = read_page(l, ret, &pages, &url);
	free(url);
	return r;
}

static void judge_member(struct question *q, const struct members *m)
{
	const char *target = question_target(q);
	bool has = target && hashset_has(&m->ids, key_of(target));

	q->done = m->known && target && has == (q->item->op != DELTA_DELETE);
	q->open = !q->done;
}

/* Each object's list once a round, for all the items of it that are open. */
static enum conn_result ask_members(struct learner *l)
{
	enum conn_result r = CONN_OK;

	for (unsigned i = 0; i < l->n && r == CONN_OK; i++) {
		struct question *q = &l->all[i];
		struct members m;

		if (!q->open || q->kind != KIND_MEMBERS || q->round == l->round)
			continue;
		r = read_members(l, q, &m);
		for (unsigned k = i; k < l->n && r == CONN_OK; k++) {
			struct question *o = &l->all[k];

			if (!o->open || o->kind != KIND_MEMBERS || o->link != m.link ||
				!streq(o->id, m.id))
				continue;
			judge_member(o, &m);
			o->round = l->round;
		}
		hashset_done(&m.ids);
	}
	return r;
}

/* --- rounds --- */

/* All that is open but members; some go on to another kind, which is asked in the same round. */
static enum conn_result ask_single(struct learner *l, bool bins)
{
	struct entra_question *asked = xcalloc(l->n, sizeof(*asked));
	enum conn_result r;
	unsigned n = 0;

	for (unsigned i = 0; i < l->n; i++) {
		_cleanup_buf_ struct buf path = {0};
		struct question *q = &l->all[i];

		if (!q->open || q->kind == KIND_MEMBERS || (q->kind == KIND_BIN) != bins)
			continue;
		question_write(l, q, &path);
		asked[n].path = buf_steal(&path);
		asked[n++].ctx = q;
	}
	r = entra_ask_many(l->c, asked, n, l->e);
	for (unsigned i = 0; i < n && r == CONN_OK; i++) {
		struct question *q = asked[i].ctx;

		r = question_judge(l, q, &asked[i]);
		q->done = q->done && !q->unreadable;
		q->open = !q->done && !q->unreadable;
	}
	entra_questions_clear(asked, n);
	free(asked);
	return r;
}

static bool any_open(const struct learner *l)
{
	for (unsigned i = 0; i < l->n; i++)
		if (l->all[i].open)
			return true;
	return false;
}

/*
 * Until when an answer may come late. What an earlier run sent is at least as old as this export:
 * its items share one time.
 */
static int64_t patience_end(struct connector *c, const struct export_item *items, unsigned n)
{
	int64_t patience = setting_number(c->settings, "service_patience") * 1000;
	int64_t now = monotonic_ms();

	for (unsigned i = 0; i < n; i++)
		if (!items[i].unknown_outcome)
			return now + patience;
	if (!c->learning_since)
		c->learning_since = now;
	return c->learning_since + patience;
}

static enum conn_result ask_all(struct learner *l, int64_t end)
{
	for (double wait = 0.5;; wait *= 2) {
		enum conn_result r;
		int64_t left;

		l->round++;
		r = ask_single(l, false);
		if (r == CONN_OK)
			r = ask_single(l, true);
		if (r == CONN_OK)
			r = ask_members(l);
		left = end - monotonic_ms();
		if (r != CONN_OK || !any_open(l) || left <= 0)
			return r;
		if (http_sleep(l->c->http, MIN(wait, (double)left / 1000))) {
			err_set(l->e, -ECANCELED, l->c->graph, 0, "the export was stopped");
			return CONN_CANCELED;
		}
	}
}

enum conn_result service_learn(struct connector *c, const struct export_item *items, unsigned n,
	bool *ret_done, const char **ret_anchor, struct arena *a, struct err *e)
{
	struct learner l = {.c = c, .n = n, .arena = a, .e = e};
	enum conn_result r;

	l.all = xcalloc(n ? n : 1, sizeof(*l.all));
	l.schema = c->extensions ? c->extensions->schema : entra_schema(c->surface);
	l.source_anchor = attr_intern("sourceAnchor");
	l.sync_enabled = attr_intern("onPremisesSyncEnabled");
	for (unsigned i = 0; i < n; i++)
		question_begin(&l, &l.all[i], &items[i]);
	/* a dry run asks nobody */
	r = any_open(&l) && !c->host->dry ? ask_all(&l, patience_end(c, items, n)) : CONN_OK;
	for (unsigned i = 0; i < n && r == CONN_OK; i++) {
		ret_done[i] = l.all[i].done;
		ret_anchor[i] = l.all[i].anchor;
	}
	free(l.all);
	return r;
}
