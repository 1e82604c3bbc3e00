/*
 * For tests: faults on order, the clock, statistics, the last requests, snapshots. Without sign-in:
 * the emulator listens on this host only.
 */
#include "tenant/persist.h"
#include "odata/query.h"
#include "order/throttle.h"

#include "base/err.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#define FAULTS_MAX 1000
#define DELAY_MAX 3600000L /* ms */

static long number(const json_t *o, const char *key, long def)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? (long)json_integer_value(v) : def;
}

/* What is in force until it is changed: {"lagMs", "lagReads", "expireTokens", "throttle"}. */
static bool set_conditions(struct emulator *em, const json_t *o)
{
	const json_t *throttle = json_object_get(o, "throttle");
	bool any = throttle || json_object_get(o, "lagMs") || json_object_get(o, "lagReads") ||
	           json_object_get(o, "deltaReplay");

	if (json_object_get(o, "lagMs"))
		em->lag_ms = MAX(number(o, "lagMs", 0), 0L);
	if (json_object_get(o, "lagReads"))
		em->lag_reads = json_is_true(json_object_get(o, "lagReads"));
	if (json_object_get(o, "deltaReplay"))
		em->replay = json_is_true(json_object_get(o, "deltaReplay"));
	if (em->lag_ms && !em->n_marks)
		marks_add(em);
	if (throttle) {
		throttle_free(em->throttle);
		em->throttle = json_is_object(throttle)
		                       ? throttle_new(number(throttle, "writes", 3000),
						 number(throttle, "units", 3500))
		                       : NULL;
	}
	if (json_is_true(json_object_get(o, "expireTokens"))) {
		em->tokens_from = now(em) + 1;
		em->clock++; /* tokens of the next second are good, and that is now */
		any = true;
	}
	return any;
}

/* The end of the list, without those that are used up; NULL: there are too many. */
static struct fault **faults_end(struct emulator *em)
{
	struct fault **pp = &em->faults;
	unsigned n = 0;

	while (*pp) {
		struct fault *f = *pp;

		if (f->count > 0) {
			pp = &f->next;
			n++;
			continue;
		}
		*pp = f->next;
		free(f);
	}
	return n < FAULTS_MAX ? pp : NULL;
}

static void add_fault(struct emulator *em, const json_t *o, struct response *rs)
{
	const char *match = json_string_value(json_object_get(o, "match"));
	long status = number(o, "status", 0);
	struct fault *f, **pp = faults_end(em);

	if (!json_is_object(o)) {
		respond_error(rs, 400, "BadRequest", "A JSON object was expected.");
		return;
	}
	if (set_conditions(em, o) && !match) {
		rs->status = 204;
		return;
	}
	if (!pp || (status && (status < 200 || status > 599))) {
		respond_error(rs, 400, "BadRequest",
			pp ? "A status is a number from 200 to 599."
			   : "There are too many faults already.");
		return;
	}
	f = xcalloc(1, sizeof(*f));
	snprintf(f->match, sizeof(f->match), "%s", match ? match : "");
	snprintf(f->holds, sizeof(f->holds), "%s", body_text(o, "holds"));
	f->rate = json_number_value(json_object_get(o, "rate"));
	f->count = number(o, "count", f->rate > 0 ? 1000000000 : 1);
	f->skip = number(o, "skip", 0);
	f->status = (int)status;
	f->retry_after = number(o, "retryAfter", -1);
	f->delay_ms = MIN(MAX(number(o, "delayMs", 0), 0L), DELAY_MAX);
	f->after_bytes = number(o, "afterBytes", -1);
	f->reset = json_is_true(json_object_get(o, "reset"));
	f->batch_part = json_is_true(json_object_get(o, "batchPart"));
	*pp = f;
	rs->status = 204;
}

static void clear_faults(struct emulator *em)
{
	em->lag_ms = 0;
	em->lag_reads = em->replay = false;
	em->n_marks = 0;
	while (em->faults) {
		struct fault *f = em->faults;

		em->faults = f->next;
		free(f);
	}
}

static bool holds(const struct request_body *body, const char *text)
{
	return !*text || (body->n && memmem(body->data, body->n, text, strlen(text)));
}

struct fault *fault_take(struct emulator *em, const char *method, const char *path, bool part,
	const struct request_body *body)
{
	char line[1024];

	if (!em->faults)
		return NULL;
	snprintf(line, sizeof(line), "%s %s", method, path);
	for (struct fault *f = em->faults; f; f = f->next) {
		if (f->batch_part != part || !strstr(line, f->match) || f->count <= 0 ||
			!holds(body, f->holds))
			continue;
		if (f->skip > 0) {
			f->skip--;
			continue;
		}
		if (f->rate > 0 && (double)rand() / RAND_MAX >= f->rate)
			continue;
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
			f->status == 429   ? "TooManyRequests"
			: f->status >= 500 ? "serviceNotAvailable"
					   : "BadRequest",
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
		"\"deletes\":%lu,\"users\":%lu,\"groups\":%lu,\"contacts\":%lu,\"devices\":%lu}",
		s->requests, s->batches, s->parts, s->good, s->refused, s->failed, s->writes,
		s->duplicates, s->creates, s->deletes, live[TYPE_USER], live[TYPE_GROUP],
		live[TYPE_CONTACT], live[TYPE_DEVICE]);
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
		add_text(&rs->body, l->path);
		buf_addf(&rs->body, "\",\"status\":%d}", l->status);
	}
	buf_adds(&rs->body, "]}");
}

/* {"advance": seconds}; purges and the quarantine follow at once. */
static void move_clock(struct emulator *em, const json_t *body, struct response *rs)
{
	long seconds = number(body, "advance", 0);

	if (seconds < 0 || seconds > 10L * 366 * 86400) {
		respond_error(rs, 400, "BadRequest", "advance takes seconds, forward only.");
		return;
	}
	em->clock += seconds;
	housekeeping(em);
	rs->status = 204;
}

/* The file of a snapshot; NULL with rs filled: the name is none. */
static char *snapshot_path(const struct emulator *em, const json_t *body, struct response *rs)
{
	const char *name = body_text(body, "name");
	bool good = *name && strlen(name) <= 64;

	for (const char *p = name; *p; p++)
		good = good && (isalnum((unsigned char)*p) || *p == '-' || *p == '_');
	if (good)
		return xasprintf("%s/snapshots/%s.db", em->state, name);
	respond_error(rs, 400, "BadRequest",
		"A name of letters, digits, - and _ is needed (at most 64).");
	return NULL;
}

static void list_snapshots(struct emulator *em, struct response *rs)
{
	_cleanup_free_ char *path = xasprintf("%s/snapshots", em->state);
	DIR *dir = opendir(path);
	const struct dirent *d;
	unsigned n = 0;

	rs->status = 200;
	buf_adds(&rs->body, "{\"snapshots\":[");
	while (dir && (d = readdir(dir))) {
		size_t len = strlen(d->d_name);

		if (len > 3 && streq(d->d_name + len - 3, ".db"))
			buf_addf(
				&rs->body, "%s\"%.*s\"", n++ ? "," : "", (int)(len - 3), d->d_name);
	}
	if (dir)
		closedir(dir);
	buf_adds(&rs->body, "]}");
}

static void snapshot(struct emulator *em, const json_t *body, bool back, struct response *rs)
{
	_cleanup_free_ char *path = snapshot_path(em, body, rs);
	_cleanup_free_ char *folder = xasprintf("%s/snapshots", em->state);
	struct err e = {0};
	int r;

	if (!path)
		return;
	mkdir(folder, 0700);
	r = back ? persist_restore(path, em, &e) : persist_save(path, em, &e);
	if (r < 0)
		respond_error(rs, back ? 404 : 500, "Failed", "%s: %s", e.source, e.text);
	else
		rs->status = 204;
}

/* A path below /emulator/: a row. */
static void route_faults(struct emulator *em, struct request *rq, struct response *rs)
{
	if (rq->method == M_POST) {
		add_fault(em, rq->body, rs);
	} else {
		clear_faults(em);
		rs->status = 204;
	}
}

static void route_stats(struct emulator *em, struct request *rq, struct response *rs)
{
	show_stats(em, rs);
}

static void route_requests(struct emulator *em, struct request *rq, struct response *rs)
{
	show_requests(em, rs);
}

static void route_clock(struct emulator *em, struct request *rq, struct response *rs)
{
	move_clock(em, rq->body, rs);
}

static void route_snapshot(struct emulator *em, struct request *rq, struct response *rs)
{
	if (rq->method == M_GET)
		list_snapshots(em, rs);
	else
		snapshot(em, rq->body, false, rs);
}

static void route_restore(struct emulator *em, struct request *rq, struct response *rs)
{
	snapshot(em, rq->body, true, rs);
}

static const struct {
	const char *path;
	void (*handle)(struct emulator *em, struct request *rq, struct response *rs);
} routes[] = {
	{"/emulator/faults", route_faults},
	{"/emulator/stats", route_stats},
	{"/emulator/requests", route_requests},
	{"/emulator/clock", route_clock},
	{"/emulator/snapshot", route_snapshot},
	{"/emulator/restore", route_restore},
};

void handle_emulator(struct emulator *em, struct request *rq, const char *path, struct response *rs)
{
	for (unsigned i = 0; i < ARRAY_SIZE(routes); i++)
		if (strncmp(path, routes[i].path, strlen(routes[i].path)) == 0) {
			routes[i].handle(em, rq, rs);
			return;
		}
	respond_error(rs, 404, "Request_ResourceNotFound", "There is nothing here.");
}
