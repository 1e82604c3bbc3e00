/* From a URL to the part that handles it. */
#include "query.h"

#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const METHODS[] = {"GET", "POST", "PATCH", "PUT", "DELETE", "?"};

const char *method_name(enum method m)
{
	return METHODS[m];
}

void respond_error(struct response *rs, int status, const char *code, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rs->status = status;
	buf_clear(&rs->body);
	buf_addf(&rs->body, "{\"error\":{\"code\":\"%s\",\"message\":\"", code);
	buf_add_json(&rs->body, text, strlen(text));
	buf_adds(&rs->body, "\",\"innerError\":{}}}");
}

void respond_forbidden(struct response *rs)
{
	respond_error(rs, 403, "Authorization_RequestDenied",
		"Insufficient privileges to complete the operation.");
}

void respond_not_found(struct response *rs, const char *id)
{
	respond_error(rs, 404, "Request_ResourceNotFound",
		"Resource '%.200s' does not exist or one of its queried reference-property objects "
		"are not present.",
		id);
}

void request_done(struct request *rq)
{
	for (unsigned i = 0; i < rq->n_segments; i++)
		free(rq->segments[i]);
	rq->n_segments = 0;
	query_done(rq->query);
	rq->query = NULL;
	json_decref(rq->body);
	rq->body = NULL;
}

static bool split_path(struct request *rq, char *path, struct response *rs)
{
	char *save = NULL;

	for (char *p = strtok_r(path, "/", &save); p; p = strtok_r(NULL, "/", &save)) {
		size_t n = strlen(p);

		if (rq->n_segments == 0 && (streq(p, "v1.0") || streq(p, "beta"))) {
			rq->version = streq(p, "beta") ? "beta" : "v1.0";
			continue;
		}
		if (rq->n_segments == SEGMENTS_MAX || !url_decode(p)) {
			respond_error(rs, 400, "BadRequest", "The URL is malformed.");
			return false;
		}
		if (n > 2 && streq(p + n - 2, "()"))
			p[n - 2] = '\0';
		rq->segments[rq->n_segments++] = xstrdup(p);
	}
	return true;
}

bool request_parse(struct request *rq, const char *url, struct response *rs)
{
	_cleanup_free_ char *copy = xstrdup(url);
	char *options = strchr(copy, '?');

	rq->query = xcalloc(1, sizeof(*rq->query));
	if (options)
		*options++ = '\0';
	if (!split_path(rq, copy, rs))
		return false;
	return !options || query_parse(rq->query, options, rs);
}

static struct object *find_object(const struct emulator *em, enum object_type t, const char *id)
{
	struct object *o = directory_find(em->dir, id, strlen(id));
	_cleanup_buf_ struct buf b = {0};

	if (!o && t == TYPE_USER && strchr(id, '@')) {
		buf_addc(&b, '"');
		buf_add_json(&b, id, strlen(id));
		buf_addc(&b, '"');
		o = directory_key(em->dir, KEY_UPN, t, b.data, b.len);
	}
	return o && o->type == t && !o->deleted ? o : NULL;
}

/* /users/{id}/... */
static void route_object(
	struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	struct object *o = find_object(em, t, rq->segments[1]);
	const char *third = rq->n_segments > 2 ? rq->segments[2] : "";

	if (!o)
		respond_not_found(rs, rq->segments[1]);
	else if (rq->n_segments == 2)
		handle_object(em, rq, o, rs);
	else if (strcasecmp(third, "onPremisesSyncBehavior") == 0 && rq->n_segments == 3)
		handle_soa(em, rq, o, rs);
	else if (streq(third, "members") && t == TYPE_GROUP)
		handle_members(em, rq, o, rs);
	else if (streq(third, "manager") && t != TYPE_GROUP)
		handle_manager(em, rq, o, rs);
	else
		respond_error(rs, 400, "BadRequest", "Resource not found for the segment '%.100s'.",
			third);
}

static void route_directory_object(struct emulator *em, struct request *rq, struct response *rs)
{
	struct object *o = directory_find(em->dir, rq->segments[1], strlen(rq->segments[1]));

	if (!o || o->deleted)
		respond_not_found(rs, rq->segments[1]);
	else
		handle_object(em, rq, o, rs);
}

void route(struct emulator *em, struct request *rq, struct response *rs)
{
	const char *first = rq->n_segments ? rq->segments[0] : "";
	unsigned n = rq->n_segments;

	for (unsigned t = 0; t < TYPE_COUNT; t++) {
		if (strcasecmp(first, types[t].collection) != 0)
			continue;
		if (n == 1)
			handle_collection(em, rq, (enum object_type)t, rs);
		else if (n == 2 && streq(rq->segments[1], "delta"))
			handle_delta(em, rq, (enum object_type)t, rs);
		else
			route_object(em, rq, (enum object_type)t, rs);
		return;
	}
	if (streq(first, "$batch") && n == 1)
		handle_batch(em, rq, rs);
	else if (strcasecmp(first, "directoryObjects") == 0 && n == 2)
		route_directory_object(em, rq, rs);
	else if (strcasecmp(first, "auditLogs") == 0 && n == 2 &&
		 strcasecmp(rq->segments[1], "directoryAudits") == 0)
		handle_audits(em, rq, rs);
	else if (streq(first, "directory") && n > 2 &&
		 strcasecmp(rq->segments[1], "deletedItems") == 0)
		handle_deleted(em, rq, rs);
	else
		respond_error(rs, 400, "BadRequest", "Resource not found for the segment '%.100s'.",
			first);
}
