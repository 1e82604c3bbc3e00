/* For tests: faults on request, statistics, the last requests. Only reachable from this host. */
#include "query.h"

#include "base/err.h"

#include <stdio.h>

static long number(const json_t *o, const char *key, long def)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? (long)json_integer_value(v) : def;
}

static void add_fault(struct emulator *em, const json_t *o, struct response *rs)
{
	const char *match = json_string_value(json_object_get(o, "match"));
	struct fault *f, **pp = &em->faults;

	if (!json_is_object(o)) {
		respond_error(rs, 400, "BadRequest", "A JSON object was expected.");
		return;
	}
	f = xcalloc(1, sizeof(*f));
	snprintf(f->match, sizeof(f->match), "%s", match ? match : "");
	f->count = number(o, "count", 1);
	f->skip = number(o, "skip", 0);
	f->status = (int)number(o, "status", 0);
	f->retry_after = number(o, "retryAfter", -1);
	f->delay_ms = number(o, "delayMs", 0);
	f->after_bytes = number(o, "afterBytes", -1);
	f->reset = json_is_true(json_object_get(o, "reset"));
	f->batch_part = json_is_true(json_object_get(o, "batchPart"));
	while (*pp)
		pp = &(*pp)->next;
	*pp = f;
	rs->status = 204;
}

static void clear_faults(struct emulator *em)
{
	while (em->faults) {
		struct fault *f = em->faults;

		em->faults = f->next;
		free(f);
	}
}

struct fault *fault_take(struct emulator *em, const char *method, const char *path, bool part)
{
	char line[1024];

	if (!em->faults)
		return NULL;
	snprintf(line, sizeof(line), "%s %s", method, path);
	for (struct fault *f = em->faults; f; f = f->next) {
		if (f->batch_part != part || !strstr(line, f->match) || f->count <= 0)
			continue;
		if (f->skip > 0) {
			f->skip--;
			continue;
		}
		f->count--;
		return f;
	}
	return NULL;
}

/* A fault with a status answers instead of the request; others let it happen first. */
void fault_apply(const struct fault *f, struct response *rs)
{
	if (f->status)
		respond_error(rs, f->status,
			f->status == 429 ? "TooManyRequests" : "serviceNotAvailable",
			"A fault was asked for.");
	rs->retry_after = f->retry_after;
	rs->reset = f->reset;
	rs->after_bytes = f->after_bytes;
	rs->delay_ms = f->delay_ms;
}

void log_request(struct emulator *em, const char *method, const char *path, int status)
{
	struct log_entry *l = &em->log[em->n_log++ % LOG_MAX];

	snprintf(l->method, sizeof(l->method), "%s", method);
	snprintf(l->path, sizeof(l->path), "%s", path);
	l->status = status;
}

void count_response(struct emulator *em, enum method m, int status)
{
	em->stats.requests++;
	em->stats.by_method[m]++;
	if (status < 400)
		em->stats.good++;
	else if (status < 500)
		em->stats.refused++;
	else
		em->stats.failed++;
}

static void show_stats(struct emulator *em, struct response *rs)
{
	const struct stats *s = &em->stats;
	unsigned long live[TYPE_COUNT] = {0};

	for (uint32_t i = 0; i < directory_size(em->dir); i++)
		live[directory_get(em->dir, i)->type] += !directory_get(em->dir, i)->deleted;
	rs->status = 200;
	buf_addf(&rs->body,
		"{\"requests\":%lu,\"batches\":%lu,\"batchParts\":%lu,\"good\":%lu,\"refused\":%lu,"
		"\"failed\":%lu,\"writes\":%lu,\"duplicateWrites\":%lu,\"creates\":%lu,"
		"\"deletes\":%lu,\"users\":%lu,\"groups\":%lu,\"contacts\":%lu}",
		s->requests, s->batches, s->parts, s->good, s->refused, s->failed, s->writes,
		s->duplicates, s->creates, s->deletes, live[TYPE_USER], live[TYPE_GROUP],
		live[TYPE_CONTACT]);
}

static void show_requests(struct emulator *em, struct response *rs)
{
	uint64_t from = em->n_log > LOG_MAX ? em->n_log - LOG_MAX : 0;

	rs->status = 200;
	buf_adds(&rs->body, "{\"requests\":[");
	for (uint64_t i = from; i < em->n_log; i++) {
		const struct log_entry *l = &em->log[i % LOG_MAX];

		buf_addf(&rs->body, "%s{\"method\":\"%s\",\"path\":\"", i > from ? "," : "",
			l->method);
		buf_add_json(&rs->body, l->path, strlen(l->path));
		buf_addf(&rs->body, "\",\"status\":%d}", l->status);
	}
	buf_adds(&rs->body, "]}");
}

void handle_emulator(struct emulator *em, struct request *rq, const char *path, struct response *rs)
{
	if (str_starts(path, "/emulator/faults")) {
		if (rq->method == M_POST) {
			add_fault(em, rq->body, rs);
		} else {
			clear_faults(em);
			rs->status = 204;
		}
	} else if (str_starts(path, "/emulator/stats")) {
		show_stats(em, rs);
	} else if (str_starts(path, "/emulator/requests")) {
		show_requests(em, rs);
	} else {
		respond_error(rs, 404, "Request_ResourceNotFound", "There is nothing here.");
	}
}
