/* One request, as OData sees it. */
#pragma once

#include "tenant/property.h"
#include "tenant/tenant.h"

enum method { M_GET, M_POST, M_PATCH, M_PUT, M_DELETE, M_OTHER };
const char *method_name(enum method m);

#define SEGMENTS_MAX 8

struct request {
	enum method method;
	const char *path;    /* as sent, with version and query: for the log */
	const char *base;    /* "https://localhost:8443", as the client called us: in links */
	const char *version; /* "v1.0" or "beta" */
	char *segments[SEGMENTS_MAX]; /* behind the version, decoded */
	unsigned n_segments;
	struct query *query;
	json_t *body;                  /* NULL: none */
	const struct application *app; /* who asks */
	bool eventual;                 /* ConsistencyLevel: eventual */
	int page_size;                 /* Prefer: odata.maxpagesize, 0: none */
	bool minimal, representation;  /* Prefer: return=... */
	bool part;                     /* of a $batch */
	const json_t *references;      /* names of those that are written beside the body; NULL */
	bool service;                  /* it comes through the provisioning service */
	bool filter_needs_soa;         /* the tenant's soaRolesToFilter */
};

static inline bool has_role(const struct request *rq, enum role r)
{
	return rq->app->roles >> r & 1;
}

/* Synchronization writes through the provisioning service alone: Graph has no role for it. */
static inline bool is_sync(const struct request *rq)
{
	return rq->service;
}

/*
 * onPremisesSyncBehavior has a role for each type, which is for reading and for writing
 * (learn.microsoft.com/graph/api/onpremisessyncbehavior-get).
 */
static inline bool has_soa_role(const struct request *rq, enum object_type t)
{
	static const enum role roles[] = {
		[TYPE_USER] = ROLE_USER_SOA,
		[TYPE_GROUP] = ROLE_GROUP_SOA,
		[TYPE_CONTACT] = ROLE_CONTACT_SOA,
	};

	return (unsigned)t < ARRAY_SIZE(roles) && has_role(rq, roles[t]);
}
