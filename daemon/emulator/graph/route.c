/* From a URL to the part that handles it. */
#include "odata/query.h"
#include "order/throttle.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/text.h"
#include "base/timefmt.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 64

static const char *const METHODS[] = {"GET", "POST", "PATCH", "PUT", "DELETE", "?"};

const char *method_name(enum method m)
{
	return METHODS[m];
}

/* Of the request that is being served: requests are served one after the other. */
static char request_id[37], client_request_id[64], request_date[24];

void request_begin(const struct emulator *em, const char *client_id)
{
	char text[TIME_TEXT_SIZE];
	size_t n = 0;

	guid_random(request_id);
	for (; client_id && client_id[n] && n + 1 < sizeof(client_request_id) &&
		(isalnum((unsigned char)client_id[n]) || client_id[n] == '-');
		n++)
		client_request_id[n] = client_id[n];
	client_request_id[n] = '\0';
	snprintf(request_date, sizeof(request_date), "%.19s", time_format(now(em), text));
}

const char *request_ids(const char **ret_client)
{
	*ret_client = *client_request_id ? client_request_id : request_id;
	return request_id;
}

void add_text(struct buf *b, const char *s)
{
	while (*s) {
		size_t n = 1;

		while (n < 4 && s[n] && !utf8_valid(s, n))
			n++;
		if (!utf8_valid(s, n)) {
			s++;
			continue;
		}
		buf_add_json(b, s, n);
		s += n;
	}
}

/* `details`: JSON behind the message, or "". */
static void add_error(
	struct response *rs, int status, const char *code, const char *text, const char *details)
{
	rs->status = status;
	rs->type = NULL;
	buf_clear(&rs->body);
	buf_addf(&rs->body, "{\"error\":{\"code\":\"%s\",\"message\":\"", code);
	add_text(&rs->body, text);
	buf_addf(&rs->body,
		"\"%s,\"innerError\":{\"date\":\"%s\",\"request-id\":\"%s\","
		"\"client-request-id\":\"%s\"}}}",
		details, request_date, request_id,
		*client_request_id ? client_request_id : request_id);
}

void respond_error(struct response *rs, int status, const char *code, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add_error(rs, status, code, text, "");
}

void respond_value(struct response *rs, const char *code, enum object_type t, const char *property,
	const char *why)
{
	static const char *const RESOURCES[TYPE_COUNT] = {
		[TYPE_USER] = "User",
		[TYPE_GROUP] = "Group",
		[TYPE_CONTACT] = "Contact",
		[TYPE_DEVICE] = "Device",
	};
	_cleanup_buf_ struct buf details = {0};
	char text[256];

	snprintf(text, sizeof(text), "Invalid value specified for property '%s' of resource '%s'.",
		property, RESOURCES[t]);
	buf_addf(&details,
		",\"details\":[{\"code\":\"InvalidValue\",\"target\":\"%s\",\"message\":\"",
		property);
	add_text(&details, why);
	buf_adds(&details, ".\"}]");
	add_error(rs, 400, code, text, buf_str(&details));
}

void respond_forbidden(struct response *rs)
{
	respond_error(rs, 403, "Authorization_RequestDenied",
		"Insufficient privileges to complete the operation.");
}

void respond_method(struct response *rs)
{
	respond_error(rs, 405, "Request_BadRequest", "The method is not allowed here.");
}

void respond_not_found(struct response *rs, const char *id)
{
	respond_error(rs, 404, "Request_ResourceNotFound",
		"Resource '%.200s' does not exist or one of its queried reference-property objects "
		"are not present.",
		id);
}

/* Brackets inside brackets, outside of strings; jansson's own limit is far higher. */
static bool is_too_deep(const char *p, size_t n)
{
	unsigned depth = 0;
	bool text = false;

	for (size_t i = 0; i < n; i++) {
		if (text && p[i] == '\\')
			i++;
		else if (p[i] == '"')
			text = !text;
		else if (!text && (p[i] == '{' || p[i] == '[') && ++depth > JSON_DEPTH_MAX)
			return true;
		else if (!text && (p[i] == '}' || p[i] == ']') && depth)
			depth--;
	}
	return false;
}

json_t *body_parse(const char *text, size_t n)
{
	return is_too_deep(text, n) ? NULL : json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
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
		if (rq->n_segments == SEGMENTS_MAX || !path_decode(p)) {
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

/* Objects that are too new are not there yet, when reads lag. */
static bool is_seen(const struct emulator *em, const struct request *rq, const struct object *o)
{
	return rq->method != M_GET || !em->lag_reads || o->created <= visible_seq(em);
}

/* What hangs on an object: /users/{id}/NAME... A new one is a row. */
static const struct {
	const char *name;
	unsigned types;
	unsigned max; /* segments in all */
	void (*handle)(
		struct emulator *em, struct request *rq, struct object *o, struct response *rs);
} parts[] = {
#define U (1u << TYPE_USER)
#define G (1u << TYPE_GROUP)
#define C (1u << TYPE_CONTACT)
#define D (1u << TYPE_DEVICE)
	{"onPremisesSyncBehavior", U | G | C, 3, handle_soa},
	{"members", G, 5, handle_members},
	{"manager", U | C, 4, handle_manager},
	{"memberOf", U | G | C | D, 5, handle_member_of},
	{"directReports", U | C, 5, handle_reports},
#undef U
#undef G
#undef C
#undef D
};

/* /users/{id}/... */
static void route_object(
	struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	struct object *o = find_object(em, t, rq->segments[1]);
	unsigned n = rq->n_segments;
	const char *third = n > 2 ? rq->segments[2] : "";

	if (!o || !is_seen(em, rq, o)) {
		respond_not_found(rs, rq->segments[1]);
		return;
	}
	if (n == 2 || (n == 3 && cast_type(third) == (int)t)) {
		handle_object(em, rq, o, rs);
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(parts); i++)
		if (strcasecmp(parts[i].name, third) == 0 && parts[i].types >> t & 1 &&
			n <= parts[i].max) {
			parts[i].handle(em, rq, o, rs);
			return;
		}
	respond_error(rs, 400, "BadRequest", "Resource not found for the segment '%.100s'.", third);
}

static void route_directory_object(struct emulator *em, struct request *rq, struct response *rs)
{
	struct object *o = directory_find(em->dir, rq->segments[1], strlen(rq->segments[1]));

	if (!o || o->deleted || !is_seen(em, rq, o))
		respond_not_found(rs, rq->segments[1]);
	else
		handle_object(em, rq, o, rs);
}

static bool is_delta(const char *segment)
{
	return streq(segment, "delta") || streq(segment, "microsoft.graph.delta") ||
	       streq(segment, "graph.delta");
}

/* /users, /users/$count, /users/delta, /users/{id}... */
static void route_collection(
	struct emulator *em, struct request *rq, enum object_type t, struct response *rs)
{
	const char *second = rq->n_segments > 1 ? rq->segments[1] : "";

	if (rq->n_segments == 1)
		handle_collection(em, rq, t, rs);
	else if (rq->n_segments > 2 || *second == '\0')
		route_object(em, rq, t, rs);
	else if (is_delta(second) && rq->method == M_GET)
		handle_delta(em, rq, t, rs);
	else if (streq(second, "$count") && rq->method == M_GET) {
		if (may_read(rq, t, rs))
			count_collection(em, rq, t, false, rs);
	} else
		route_object(em, rq, t, rs);
}

static void route_directory(struct emulator *em, struct request *rq, struct response *rs)
{
	const char *second = rq->n_segments > 1 ? rq->segments[1] : "";

	if (strcasecmp(second, "deletedItems") == 0 && rq->n_segments > 2)
		handle_deleted(em, rq, rs);
	else if (strcasecmp(second, "onPremisesSynchronization") == 0)
		handle_features(em, rq, rs);
	else
		respond_error(rs, 400, "BadRequest", "Resource not found for the segment '%.100s'.",
			second);
}

static void route_directory_objects(struct emulator *em, struct request *rq, struct response *rs)
{
	const char *second = rq->n_segments > 1 ? rq->segments[1] : "";

	if (strcasecmp(second, "getByIds") == 0 && rq->method == M_POST)
		handle_by_ids(em, rq, rs);
	else if (rq->n_segments == 2)
		route_directory_object(em, rq, rs);
	else
		respond_not_found(rs, second);
}

static void route_audits(struct emulator *em, struct request *rq, struct response *rs)
{
	if ((rq->n_segments == 2 || rq->n_segments == 3) &&
		strcasecmp(rq->segments[1], "directoryAudits") == 0)
		handle_audits(em, rq, rs);
	else
		respond_not_found(rs, "auditLogs");
}

static void route_me(struct emulator *em, struct request *rq, struct response *rs)
{
	respond_error(rs, 400, "BadRequest",
		"/me request is only valid with delegated authentication flow.");
}

static const struct {
	const char *name;
	void (*handle)(struct emulator *em, struct request *rq, struct response *rs);
	bool read_only;
} roots[] = {
	{"$batch", handle_batch, false},
	{"$metadata", handle_metadata, true},
	{"directoryObjects", route_directory_objects, false},
	{"auditLogs", route_audits, true},
	{"directory", route_directory, false},
	{"directoryRoles", handle_roles, false},
	{"organization", handle_organization, true},
	{"domains", handle_domains, true},
	{"me", route_me, false},
};

/*
 * /v1.0/{tenant}/users is /v1.0/users: the tenant is the token's, and Terraform's provider names it
 * all the same.
 */
static void drop_tenant(const struct emulator *em, struct request *rq)
{
	const char *first = rq->n_segments > 1 ? rq->segments[0] : "";

	if (strcasecmp(first, em->tenant->id) != 0 && strcasecmp(first, "myOrganization") != 0 &&
		!tenant_verified(em->tenant, first))
		return;
	free(rq->segments[0]);
	rq->n_segments--;
	memmove(rq->segments, rq->segments + 1, rq->n_segments * sizeof(*rq->segments));
}

static void dispatch(struct emulator *em, struct request *rq, struct response *rs)
{
	const char *first = rq->n_segments ? rq->segments[0] : "";

	for (unsigned t = 0; t < TYPE_COUNT; t++)
		if (strcasecmp(first, types[t].collection) == 0) {
			route_collection(em, rq, (enum object_type)t, rs);
			return;
		}
	for (unsigned i = 0; i < ARRAY_SIZE(roots); i++)
		if (strcasecmp(first, roots[i].name) == 0) {
			if (roots[i].read_only && rq->method != M_GET)
				respond_method(rs);
			else
				roots[i].handle(em, rq, rs);
			return;
		}
	respond_error(rs, 400, "BadRequest", "Resource not found for the segment '%.100s'.", first);
}

void route(struct emulator *em, struct request *rq, struct response *rs)
{
	bool batch;

	drop_tenant(em, rq);
	batch = rq->n_segments == 1 && streq(rq->segments[0], "$batch");
	rs->units = batch ? 0 : request_units(rq);
	if (rq->method == M_OTHER)
		respond_method(rs);
	else if (batch || !em->throttle || throttle_take(em->throttle, em, rq, rs))
		dispatch(em, rq, rs);
	marks_add(em);
}
