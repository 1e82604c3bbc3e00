/*
 * For tests: faults on order, the clock, statistics, the last requests, snapshots. Without sign-in:
 * the emulator listens on this host only.
 */
#include "order/control.h"

#include "order/orders.h"
#include "tenant/body.h"
#include "tenant/clock.h"
#include "tenant/housekeeping.h"
#include "tenant/persist.h"

#include "base/err.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

/* What is in force until it is changed: {"lagMs", "lagReads", "expireTokens", "throttle"}. */
static bool set_conditions(struct emulator *em, const json_t *o)
{
	const json_t *throttle = json_object_get(o, "throttle");
	bool any = throttle || json_object_get(o, "lagMs") || json_object_get(o, "lagReads") ||
	           json_object_get(o, "deltaReplay");

	if (json_object_get(o, "lagMs"))
		em->lag_ms = MAX(body_number(o, "lagMs", 0), 0L);
	if (json_object_get(o, "lagReads"))
		em->orders->lag_reads = json_is_true(json_object_get(o, "lagReads"));
	if (json_object_get(o, "deltaReplay"))
		em->orders->replay = json_is_true(json_object_get(o, "deltaReplay"));
	if (em->lag_ms && !em->n_marks)
		tenant_mark(em);
	if (throttle) {
		throttle_free(em->orders->throttle);
		em->orders->throttle = json_is_object(throttle)
		                               ? throttle_new(body_number(throttle, "writes", 3000),
							 body_number(throttle, "units", 3500))
		                               : NULL;
	}
	if (json_is_true(json_object_get(o, "expireTokens"))) {
		em->tokens_from = tenant_now(em) + 1;
		em->clock++; /* new tokens are of the next second, which begins now */
		any = true;
	}
	return any;
}

static void add_fault(struct emulator *em, const json_t *o, struct response *rs)
{
	if (!json_is_object(o)) {
		respond_error(rs, 400, "BadRequest", "A JSON object was expected.");
		return;
	}
	if ((set_conditions(em, o) && !json_is_string(json_object_get(o, "match"))) ||
		faults_add(&em->orders->faults, o, rs))
		rs->status = 204;
}

static void clear(struct emulator *em)
{
	em->lag_ms = 0;
	em->orders->lag_reads = em->orders->replay = false;
	em->n_marks = 0;
	tenant_mark(em);
	faults_clear(&em->orders->faults);
}

static void show_stats(struct emulator *em, struct response *rs)
{
	const struct stats *s = &em->orders->stats;
	unsigned long live[TYPE_COUNT] = {0};

	for (uint32_t i = 0; i < directory_size(em->dir); i++)
		live[directory_get(em->dir, i)->type] += !directory_get(em->dir, i)->deleted;
	rs->status = 200;
	buf_addf(&rs->body,
		"{\"requests\":%lu,\"batches\":%lu,\"batchParts\":%lu,\"good\":%lu,\"refused\":%lu,"
		"\"failed\":%lu,\"writes\":%lu,\"duplicateWrites\":%lu,\"creates\":%lu,"
		"\"deletes\":%lu,\"users\":%lu,\"groups\":%lu,\"contacts\":%lu,\"devices\":%lu,"
		"\"provisions\":%lu,\"provisionObjects\":%lu,"
		"\"hiddenDuplicates\":%lu}",
		s->requests, s->batches, s->parts, s->good, s->refused, s->failed, s->writes,
		s->duplicates, s->creates, s->deletes, live[TYPE_USER], live[TYPE_GROUP],
		live[TYPE_CONTACT], live[TYPE_DEVICE], s->provisions, s->objects,
		s->hidden_duplicates);
}

static void show_requests(struct emulator *em, struct response *rs)
{
	const struct stats *s = &em->orders->stats;
	uint64_t from = s->n_log > LOG_MAX ? s->n_log - LOG_MAX : 0;

	rs->status = 200;
	buf_adds(&rs->body, "{\"requests\":[");
	for (uint64_t i = from; i < s->n_log; i++) {
		const struct log_entry *l = &s->log[i % LOG_MAX];

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
	long seconds = body_number(body, "advance", 0);

	if (seconds < 0 || seconds > 10L * 366 * 86400) {
		respond_error(rs, 400, "BadRequest", "advance takes seconds, forward only.");
		return;
	}
	em->clock += seconds;
	tenant_housekeeping(em);
	rs->status = 204;
}

/* The file of a snapshot; NULL with rs filled: the name is not allowed. */
static char *snapshot_path(const struct emulator *em, const json_t *body, struct response *rs)
{
	const char *name = body_text(body, "name");
	bool good = *name && strlen(name) <= 64;

	for (const char *p = name; *p; p++)
		good = good && (isalnum((unsigned char)*p) || *p == '-' || *p == '_');
	if (good)
		return xasprintf("%s/%s.db", em->orders->snapshots, name);
	respond_error(rs, 400, "BadRequest",
		"A name of letters, digits, - and _ is needed (at most 64).");
	return NULL;
}

static void list_snapshots(struct emulator *em, struct response *rs)
{
	DIR *dir = opendir(em->orders->snapshots);
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
	struct err e = {0};
	int r;

	if (!path)
		return;
	mkdir(em->orders->snapshots, 0700);
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
		clear(em);
		rs->status = 204;
	}
}

static void route_service(struct emulator *em, struct request *rq, struct response *rs)
{
	struct service_orders *o = &em->orders->service;
	const char *wrong = NULL;

	if (rq->method == M_DELETE)
		service_orders_init(o, em->orders->service_settings);
	else
		wrong = service_orders_set(o, rq->body);
	if (wrong) {
		respond_error(rs, 400, "BadRequest",
			"An order of the provisioning service is not known, or has a value that it "
			"cannot have: %.100s.",
			wrong);
		return;
	}
	em->visibility_ms = o->visibility_ms;
	tenant_mark(em);
	rs->status = 204;
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
	{"/emulator/service", route_service},
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
