/*
 * Service principals: those of the tenant file's applications, and that of the provisioning service
 * with the role that it gives (learn.microsoft.com/entra/identity/hybrid/connect/
 * authenticate-application-id reads it like that). The latter is there since synchronization was
 * switched on for the organization. Who has which role is said by the tenant file alone: there are
 * no appRoleAssignments.
 */
#include "graph/service_principal.h"

#include "graph/token.h"
#include "odata/filter_match.h"
#include "odata/query.h"
#include "tenant/body.h"

#include "base/codec.h"
#include "base/err.h"

#include <stdio.h>

/* One of two that Microsoft's pages name; a client reads it and does not know it. */
#define ROLE_ID "ab43b826-2c7a-4aff-9ecd-d0629d0ca6a9"

#define ANY(r) (1u << ROLE_##r)
#define READERS                                                                  \
	(ANY(APPLICATION_READ) | ANY(APPLICATION_WRITE) | ANY(APPLICATION_OWN) | \
		ANY(DIRECTORY_READ) | ANY(DIRECTORY_WRITE))

static json_t *principal(
	const struct emulator *em, const char *app_id, const char *name, json_t *roles)
{
	char id[UUID_TEXT_SIZE];

	service_principal_id(em, app_id, id);
	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "id", id, "appId", app_id, "displayName",
		name, "servicePrincipalType", "Application", "accountEnabled", 1, "appRoles",
		roles);
}

/* The nth; NULL: there are fewer. */
static json_t *principal_at(const struct emulator *em, unsigned n)
{
	const struct tenant *t = em->tenant;

	if (n < t->n_apps)
		return principal(em, t->apps[n].app_id,
			t->apps[n].name ? t->apps[n].name : t->apps[n].app_id, json_array());
	if (n > t->n_apps || !em->syncs)
		return NULL;
	return principal(em, SERVICE_APP_ID, "Microsoft Entra AD Synchronization Service",
		json_pack("[{s:[s], s:s, s:s, s:s, s:b, s:s, s:s}]", "allowedMemberTypes",
			"Application", "description",
			"Read and write what is synchronized from Active Directory.", "displayName",
			"ADSynchronization.ReadWrite.All", "id", ROLE_ID, "isEnabled", 1, "origin",
			"Application", "value", "ADSynchronization.ReadWrite.All"));
}

static bool is_selected(const char *select, const char *key)
{
	size_t n = strlen(key);

	for (const char *p = select; *p; p += strcspn(p, ","), p += *p == ',') {
		p += strspn(p, " ");
		if (strncasecmp(p, key, n) == 0 && (!p[n] || p[n] == ',' || p[n] == ' '))
			return true;
	}
	return false;
}

static void apply_select(const struct request *rq, json_t *v)
{
	const char *key;
	json_t *value;
	void *next;

	if (!rq->query->select)
		return;
	json_object_foreach_safe(v, next, key, value) if (!is_selected(rq->query->select, key))
		json_object_del(v, key);
}

static void begin(const struct request *rq, bool list, struct response *rs)
{
	rs->status = 200;
	buf_addf(&rs->body, "{\"@odata.context\":\"%s/%s/$metadata#servicePrincipals%s\",%s",
		rq->base, rq->version, list ? "" : "/$entity", list ? "\"value\":[" : "");
}

static void list(const struct emulator *em, const struct request *rq, struct response *rs)
{
	const char *why;
	bool any = false;
	json_t *v;

	begin(rq, true, rs);
	for (unsigned i = 0; (v = principal_at(em, i)); i++) {
		if (!rq->query->filter || filter_match_json(rq->query->filter, v, &why) > 0) {
			if (any)
				buf_addc(&rs->body, ',');
			any = true;
			apply_select(rq, v);
			body_dump(&rs->body, v, JSON_COMPACT);
		}
		json_decref(v);
	}
	buf_adds(&rs->body, "]}");
}

/* Is it the one that servicePrincipals(appId='...') or servicePrincipals/{id} names? */
static bool is_meant(const struct request *rq, const json_t *v)
{
	static const char head[] = "servicePrincipals(appId='";
	const char *first = rq->segments[0], *app_id = body_text(v, "appId");
	size_t n = strlen(app_id);

	if (rq->n_segments == 2)
		return strcasecmp(rq->segments[1], body_text(v, "id")) == 0;
	return strncasecmp(first, head, strlen(head)) == 0 &&
	       strncasecmp(first + strlen(head), app_id, n) == 0 &&
	       streq(first + strlen(head) + n, "')");
}

void handle_service_principals(struct emulator *em, struct request *rq, struct response *rs)
{
	json_t *v;

	if (!(rq->app->roles & READERS)) {
		respond_forbidden(rs);
		return;
	}
	if (rq->n_segments == 1 && !strchr(rq->segments[0], '(')) {
		list(em, rq, rs);
		return;
	}
	for (unsigned i = 0; !rs->status && (v = principal_at(em, i)); i++) {
		if (is_meant(rq, v)) {
			begin(rq, false, rs);
			apply_select(rq, v);
			body_dump(&rs->body, v, JSON_COMPACT | JSON_EMBED);
			buf_addc(&rs->body, '}');
		}
		json_decref(v);
	}
	if (!rs->status)
		respond_not_found(rs, rq->segments[rq->n_segments - 1]);
}
