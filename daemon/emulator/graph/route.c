/* From a URL to the part that handles it: a new one is a row of a table. */
#include "graph/route.h"

#include "graph/audit_logs.h"
#include "graph/batch.h"
#include "graph/deleted.h"
#include "graph/delta.h"
#include "graph/extension.h"
#include "graph/features.h"
#include "graph/metadata.h"
#include "graph/provisioning.h"
#include "graph/reference.h"
#include "graph/resource.h"
#include "graph/rights.h"
#include "graph/roles.h"
#include "graph/service_principal.h"
#include "graph/soa.h"
#include "odata/list.h"
#include "odata/related.h"
#include "order/orders.h"
#include "tenant/clock.h"

#include "base/err.h"
#include "base/text.h"

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
	return rq->method != M_GET || !em->orders->lag_reads || o->created <= tenant_visible(em);
}

/* What belongs to an object: /users/{id}/NAME... A new one is a row. */
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
	else if (strcasecmp(second, "getAvailableExtensionProperties") == 0 && rq->method == M_POST)
		handle_available_extensions(em, rq, rs);
	else if (rq->n_segments == 2)
		route_directory_object(em, rq, rs);
	else
		respond_not_found(rs, second);
}

/* applications(appId='...') is one of them, too; servicePrincipals(appId='...') likewise. */
static bool is_root(const char *segment, const char *name)
{
	size_t n = strlen(name);

	return strncasecmp(segment, name, n) == 0 &&
	       (!segment[n] || (segment[n] == '(' && (streq(name, "applications") ||
							     streq(name, "servicePrincipals"))));
}

static void route_audits(struct emulator *em, struct request *rq, struct response *rs)
{
	const char *second = rq->n_segments == 2 || rq->n_segments == 3 ? rq->segments[1] : "";

	if (strcasecmp(second, "directoryAudits") == 0)
		handle_audits(em, rq, rs);
	else if (strcasecmp(second, "provisioning") == 0)
		handle_provisioning(em, rq, rs);
	else
		respond_not_found(rs, "auditLogs");
}

static void route_me(struct emulator *em, struct request *rq, struct response *rs)
{
	respond_error(rs, 400, "BadRequest",
		"/me request is only valid with delegated authentication flow.");
}

static void route_batch(struct emulator *em, struct request *rq, struct response *rs)
{
	handle_batch(em, rq, graph_route, rs);
}

static const struct {
	const char *name;
	void (*handle)(struct emulator *em, struct request *rq, struct response *rs);
	bool read_only;
} roots[] = {
	{"$batch", route_batch, false},
	{"$metadata", handle_metadata, true},
	{"directoryObjects", route_directory_objects, false},
	{"applications", handle_applications, false},
	{"auditLogs", route_audits, true},
	{"directory", route_directory, false},
	{"directoryRoles", handle_roles, false},
	{"organization", handle_organization, false},
	{"domains", handle_domains, true},
	{"servicePrincipals", handle_service_principals, true},
	{"me", route_me, false},
};

/*
 * /v1.0/{tenant}/users is /v1.0/users: the token says which tenant it is, but Terraform's provider
 * names it as well.
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
		if (strcasecmp(first, object_types[t].collection) == 0) {
			route_collection(em, rq, (enum object_type)t, rs);
			return;
		}
	for (unsigned i = 0; i < ARRAY_SIZE(roots); i++)
		if (is_root(first, roots[i].name)) {
			if (roots[i].read_only && rq->method != M_GET)
				respond_method(rs);
			else
				roots[i].handle(em, rq, rs);
			return;
		}
	respond_error(rs, 400, "BadRequest", "Resource not found for the segment '%.100s'.", first);
}

void graph_route(struct emulator *em, struct request *rq, struct response *rs)
{
	bool batch;

	drop_tenant(em, rq);
	rq->filter_needs_soa = em->tenant->soa_roles_to_filter;
	batch = rq->n_segments == 1 && streq(rq->segments[0], "$batch");
	rs->units = batch ? 0 : request_units(rq);
	if (rq->method == M_OTHER)
		respond_method(rs);
	else if (batch || !em->orders->throttle || throttle_take(em->orders->throttle, em, rq, rs))
		dispatch(em, rq, rs);
	tenant_mark(em);
}
