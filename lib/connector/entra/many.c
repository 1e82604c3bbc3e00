/* Several GETs in one $batch, see many.h. */
#include "connector/entra/many.h"
#include "base/buf.h"
#include "base/json.h"
#include "connector/entra/call.h"

#include <errno.h>

/* Those of one $batch that have no answer yet. */
struct asking {
	struct connector *c;
	struct entra_question *items[ENTRA_MANY];
	unsigned n;
	long last;        /* the status that keeps one of them open; 0: it was left out */
	long retry_after; /* seconds; -1: not told */
};

static void write_batch(const struct asking *k, struct buf *b)
{
	buf_adds(b, "{\"requests\":[");
	for (unsigned i = 0; i < k->n; i++)
		buf_addf(b, "%s{\"id\":\"%u\",\"method\":\"GET\",\"url\":\"%s\"}", i ? "," : "",
			i + 1, k->items[i]->path);
	buf_adds(b, "]}");
}

static bool is_busy(long status)
{
	return status == 401 || status == 429 || status >= 500 || status <= 0;
}

static void take_answer(struct asking *k, const json_t *response, bool *answered)
{
	const char *id = json_string_value(json_object_get(response, "id"));
	long number = id ? strtol(id, NULL, 10) : 0;
	long status = (long)json_integer_value(json_object_get(response, "status"));
	const json_t *headers = json_object_get(response, "headers");
	const char *later = json_string_value(json_object_get(headers, "Retry-After"));
	struct entra_question *q;

	if (number < 1 || number > (long)k->n || answered[number - 1])
		return;
	if (is_busy(status)) {
		k->last = status;
		if (later)
			k->retry_after = strtol(later, NULL, 10);
		return;
	}
	q = k->items[number - 1];
	q->status = status;
	q->body = json_incref(json_object_get(response, "body"));
	answered[number - 1] = true;
}

/* Sends it once; those that were answered leave k. */
static enum conn_result ask_once(struct asking *k, struct err *e)
{
	_cleanup_buf_ struct buf body = {0};
	_cleanup_free_ char *url = xasprintf("%s/$batch", k->c->base);
	bool answered[ENTRA_MANY] = {0};
	struct entra_reply reply = {0};
	_cleanup_json_ json_t *json = NULL;
	enum conn_result r = entra_ready(k->c, e);
	unsigned left = 0;
	size_t i;
	json_t *one;

	write_batch(k, &body);
	if (r == CONN_OK)
		r = entra_post(k->c, url, buf_str(&body), &reply, e);
	json = reply.json;
	if (r != CONN_OK)
		return r;
	if (reply.status != 200) {
		err_set(e, reply.status == 403 ? -EPERM : -EPROTO, k->c->graph, 0,
			"answered %ld %s (%s) to POST %s", reply.status, reply.code, reply.message,
			url);
		return CONN_RUN_BAD;
	}
	k->last = 0;
	k->retry_after = -1;
	json_array_foreach (json_object_get(json, "responses"), i, one)
		take_answer(k, one, answered);
	for (unsigned n = 0; n < k->n; n++)
		if (!answered[n])
			k->items[left++] = k->items[n];
	k->n = left;
	return CONN_OK;
}

static enum conn_result ask_until(struct asking *k, struct err *e)
{
	bool renewed = false;

	for (int tries = 1;; tries++) {
		enum conn_result r = ask_once(k, e);
		bool stale = r == CONN_RUN_BAD ? e->code == -EACCES : k->last == 401;

		if (r == CONN_OK && !k->n)
			return CONN_OK;
		if (stale && !renewed) { /* one that was good may have been withdrawn */
			oauth_forget(&k->c->oauth);
			renewed = true;
			continue;
		}
		if (r != CONN_OK)
			return r;
		if (tries >= ENTRA_TRIES) {
			err_set(e, -EAGAIN, k->c->graph, 0,
				"%s %d times to GET %.300s; it is asked again in the next cycle",
				k->last ? "was too busy" : "did not answer", tries,
				k->items[0]->path);
			return CONN_DOWN;
		}
		if (http_sleep(k->c->http, entra_backoff(tries, k->retry_after))) {
			err_set(e, -ECANCELED, k->c->graph, 0, "the request was stopped");
			return CONN_CANCELED;
		}
	}
}

enum conn_result entra_ask_many(
	struct connector *c, struct entra_question *items, unsigned n, struct err *e)
{
	enum conn_result r = CONN_OK;

	for (unsigned i = 0; i < n && r == CONN_OK;) {
		struct asking k = {.c = c, .retry_after = -1};

		for (; i < n && k.n < ENTRA_MANY; i++)
			k.items[k.n++] = &items[i];
		r = ask_until(&k, e);
	}
	return r;
}

void entra_questions_clear(struct entra_question *items, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		free(items[i].path);
		json_decref(items[i].body);
		items[i].path = NULL;
		items[i].body = NULL;
		items[i].status = 0;
	}
}
