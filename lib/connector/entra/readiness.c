/* May this application change the source of authority, and does the tenant let AD take it back? */
#include "base/json.h"
#include "connector/entra/call.h"
#include "connector/entra/check.h"
#include "connector/entra/match.h"
#include "connector/entra/service/session.h"

#include <errno.h>

/* The takeover is blocked of users only. */
static bool has_users(const char *const *classes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (entra_class_find(classes[i]) == ENTRA_USER)
			return true;
	return false;
}

/* Domains whose users are signed in by somebody else, as far as they may be read. */
static enum conn_result tell_federated(
	struct connector *c, struct readiness_sink *sink, struct err *e)
{
	_cleanup_free_ char *url = xasprintf("%s/organization", c->base);
	_cleanup_json_ json_t *json = NULL;
	struct entra_reply reply = {0};
	const json_t *org;
	json_t *domain;
	size_t i;
	enum conn_result r = entra_ask(c, url, false, &reply, e);

	if (r != CONN_OK)
		return r;
	json = reply.json;
	org = json_array_get(json_object_get(json, "value"), 0);
	json_array_foreach (json_object_get(org, "verifiedDomains"), i, domain) {
		const char *type = json_string_value(json_object_get(domain, "type"));
		const char *name = json_string_value(json_object_get(domain, "name"));

		if (type && name && streq(type, "Federated"))
			readiness_tell(sink, READINESS_FEDERATED, NULL,
				"users of %.253s sign in through federation", name);
	}
	return CONN_OK;
}

/* The switches as the provisioning service tells them; a right that is missing leaves them unknown.
 */
static enum conn_result ask_service(struct connector *c, struct err *e)
{
	enum conn_result r = service_probe(c, e);
	int64_t features = r == CONN_OK ? c->session->configuration.features : -1;

	if (r == CONN_RUN_BAD && (e->code == -EPERM || e->code == -EACCES))
		r = CONN_OK;
	c->switches.known = features >= 0;
	c->switches.block_takeover = features >= 0 && features & SERVICE_FEATURE_NO_TAKEOVER;
	return r;
}

/* Does the tenant let AD take its users back? */
static enum conn_result tell_takeover(
	struct connector *c, struct readiness_sink *sink, struct err *e)
{
	bool service = c->surface == ENTRA_SERVICE;
	enum conn_result r = service ? ask_service(c, e) : entra_read_switches(c, e);

	if (r != CONN_OK)
		return r;
	if (!c->switches.known)
		readiness_tell(sink, READINESS_TAKEOVER_UNSEEN, NULL,
			service ? "the service does not tell the tenant's features"
				: "directory/onPremisesSynchronization cannot be read");
	else if (c->switches.block_takeover)
		readiness_tell(sink, READINESS_TAKEOVER_BLOCKED, NULL,
			"blockCloudObjectTakeoverThroughHardMatchEnabled is true in the tenant");
	return CONN_OK;
}

enum conn_result entra_authority_ready(struct connector *c, const char *const *classes, unsigned n,
	bool back, struct readiness_sink *sink, struct err *e)
{
	enum conn_result r = entra_ready(c, e);

	for (unsigned i = 0; r == CONN_OK && i < n; i++) {
		enum entra_class class = entra_class_find(classes[i]);
		const char *role = class < ENTRA_CLASS_COUNT ? entra_classes[class].soa_role : NULL;

		if (role && !oauth_has_role(&c->oauth, role))
			readiness_tell(sink, READINESS_NO_RIGHT, NULL,
				"the application does not have the role %s, so it cannot change "
				"the source of authority of %s",
				role, entra_classes[class].collection);
	}
	if (r != CONN_OK || !has_users(classes, n))
		return r;
	return back ? tell_takeover(c, sink, e) : tell_federated(c, sink, e);
}
