/* JSON batching: up to 20 requests in one, with dependsOn
 * (learn.microsoft.com/graph/json-batching). */
#include "graph/batch.h"

#include "odata/parse.h"
#include "order/orders.h"
#include "tenant/body.h"

#include "base/codec.h"
#include "base/err.h"

#include <stdio.h>

#define PARTS_MAX 20
#define ID_MAX 256

static enum method method_of(const char *name)
{
	for (int m = 0; m < M_OTHER; m++)
		if (strcasecmp(name, method_name((enum method)m)) == 0)
			return (enum method)m;
	return M_OTHER;
}

/* NULL: there is none. */
static const char *header(const json_t *headers, const char *name)
{
	return json_string_value(body_get(headers, name));
}

static bool header_is(const json_t *headers, const char *name, const char *value)
{
	const char *v = header(headers, name);

	return v && strcasestr(v, value);
}

/* Prefer: odata.maxpagesize=N */
static int page_size(const json_t *headers)
{
	const char *v = header(headers, "Prefer");

	v = v ? strcasestr(v, "odata.maxpagesize=") : NULL;
	return v ? (int)MIN(MAX(strtol(v + 18, NULL, 10), 1L), 999L) : 0;
}

/* A string, or a whole number as some clients send it; "" when it is neither. */
struct id {
	char text[ID_MAX + 1];
};

static struct id id_of(const json_t *v)
{
	struct id id = {""};

	if (json_is_integer(v))
		snprintf(id.text, sizeof(id.text), "%lld", (long long)json_integer_value(v));
	else if (json_is_string(v) && json_string_length(v) <= ID_MAX)
		snprintf(id.text, sizeof(id.text), "%s", json_string_value(v));
	return id;
}

/* Did everything that the part depends on succeed? */
static bool dependencies_good(
	const json_t *part, const struct id *ids, const int *status, unsigned n)
{
	size_t i;
	json_t *v;

	json_array_foreach (body_get(part, "dependsOn"), i, v) {
		struct id id = id_of(v);
		bool good = false;

		for (unsigned k = 0; k < n; k++)
			if (strcasecmp(ids[k].text, id.text) == 0)
				good = status[k] >= 200 && status[k] < 300;
		if (!good)
			return false;
	}
	return true;
}

static struct fault *part_fault(
	struct emulator *em, const char *method, const char *url, const json_t *body)
{
	_cleanup_buf_ struct buf text = {0};

	if (em->orders->faults && body)
		body_dump(&text, body, 0);
	return fault_take(em->orders->faults, method, url, true,
		&(struct request_body){buf_str(&text), text.len});
}

static void run_part(struct emulator *em, struct request *outer, batch_route *route,
	const json_t *part, struct response *rs)
{
	const char *method = json_string_value(body_get(part, "method"));
	const char *url = json_string_value(body_get(part, "url"));
	const json_t *headers = body_get(part, "headers");
	struct request rq = {
		.method = method_of(method ? method : ""),
		.app = outer->app,
		.base = outer->base,
		.version = outer->version,
		.body = body_get(part, "body"),
		.page_size = page_size(headers),
		.eventual = header_is(headers, "ConsistencyLevel", "eventual"),
		.minimal = header_is(headers, "Prefer", "return=minimal"),
		.representation = header_is(headers, "Prefer", "return=representation"),
		.part = true,
	};
	struct fault *f;

	if (!method || !url) {
		respond_error(rs, 400, "BadRequest", "A part needs method and url.");
		return;
	}
	if (str_starts(url, "http")) {
		respond_error(rs, 400, "BadRequest", "The url of a part must be relative.");
		return;
	}
	em->orders->stats.parts++;
	f = part_fault(em, method, url, rq.body);
	if (f && f->status) {
		fault_apply(f, rs);
		return;
	}
	if (rq.body && !header_is(headers, "Content-Type", "application/json")) {
		respond_error(
			rs, 400, "BadRequest", "A part with a body needs the header Content-Type.");
		return;
	}
	if (request_parse(&rq, url, rs)) {
		if (rq.n_segments && streq(rq.segments[0], "$batch"))
			respond_error(rs, 400, "BadRequest", "Batches cannot be nested.");
		else
			route(em, &rq, rs);
	}
	rq.body = NULL; /* borrowed */
	request_done(&rq);
	if (f)
		fault_apply(f, rs);
	stats_log(&em->orders->stats, method, url, rs->status);
	stats_count(&em->orders->stats, rq.method, rs->status);
}

static void add_header(struct buf *b, const char *name, const char *value)
{
	buf_addf(b, ",\"%s\":\"%s\"", name, value);
}

/* What a request by itself has as headers (server.c); the ids are those of the batch. */
static void add_headers(struct buf *b, const struct response *rs)
{
	char text[32];

	buf_addf(b, ",\"headers\":{\"Content-Type\":\"%s\"",
		rs->type ? rs->type : "application/json");
	if (rs->location[0])
		add_header(b, "Location", rs->location);
	if (rs->preference)
		add_header(b, "Preference-Applied",
			rs->preference == 1 ? "return=minimal" : "return=representation");
	if (rs->retry_after >= 0) {
		snprintf(text, sizeof(text), "%ld", rs->retry_after);
		add_header(b, "Retry-After", text);
	}
	if (rs->units) {
		snprintf(text, sizeof(text), "%d", rs->units);
		add_header(b, "x-ms-resource-unit", text);
	}
	if (rs->used > 0) {
		snprintf(text, sizeof(text), "%.1f", rs->used);
		add_header(b, "x-ms-throttle-limit-percentage", text);
	}
	if (rs->reason) {
		add_header(b, "x-ms-throttle-information", rs->reason);
		add_header(b, "x-ms-throttle-scope", rs->scope);
	}
	buf_addc(b, '}');
}

static void add_response(struct buf *b, const char *id, const struct response *rs, bool first)
{
	buf_adds(b, first ? "{\"id\":\"" : ",{\"id\":\"");
	buf_add_json(b, id, strlen(id));
	buf_addf(b, "\",\"status\":%d", rs->status);
	add_headers(b, rs);
	if (rs->body.len && rs->type) { /* not JSON: as base64 */
		char *text = xmalloc(base64_len(rs->body.len) + 1);

		base64_encode(text, rs->body.data, rs->body.len);
		buf_addf(b, ",\"body\":\"%s\"", text);
		free(text);
	} else if (rs->body.len) {
		buf_adds(b, ",\"body\":");
		buf_add(b, rs->body.data, rs->body.len);
	}
	buf_addc(b, '}');
}

/* "Not case-sensitive. Must be unique in the batch." (learn.microsoft.com/graph/json-batching) */
static bool ids_read(const json_t *list, struct id *ids)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		ids[i] = id_of(body_get(json_array_get(list, i), "id"));
		if (!*ids[i].text)
			return false;
		for (size_t k = 0; k < i; k++)
			if (strcasecmp(ids[i].text, ids[k].text) == 0)
				return false;
	}
	return true;
}

void handle_batch(struct emulator *em, struct request *rq, batch_route *route, struct response *rs)
{
	const json_t *list = body_get(rq->body, "requests");
	struct id ids[PARTS_MAX];
	int status[PARTS_MAX];
	size_t i;
	json_t *part;

	if (rq->method != M_POST || !json_is_array(list)) {
		respond_error(rs, 400, "BadRequest", "Invalid batch payload format.");
		return;
	}
	if (json_array_size(list) > PARTS_MAX) {
		respond_error(rs, 400, "BadRequest",
			"Number of batch request steps exceeds the maximum value of %d.",
			PARTS_MAX);
		return;
	}
	if (!ids_read(list, ids)) {
		respond_error(rs, 400, "BadRequest",
			"Invalid batch payload format: each request needs an id of its own.");
		return;
	}
	em->orders->stats.batches++;
	rs->status = 200;
	buf_adds(&rs->body, "{\"responses\":[");
	json_array_foreach ((json_t *)list, i, part) {
		struct response one = {.retry_after = -1, .after_bytes = -1};

		if (dependencies_good(part, ids, status, (unsigned)i))
			run_part(em, rq, route, part, &one);
		else
			respond_error(&one, 424, "FailedDependency",
				"A request that this one depends on has failed.");
		status[i] = one.status;
		if (one.reset)
			rs->reset = true;
		rs->delay_ms = MAX(rs->delay_ms, one.delay_ms);
		add_response(&rs->body, ids[i].text, &one, i == 0);
		buf_done(&one.body);
	}
	buf_adds(&rs->body, "]}");
}
