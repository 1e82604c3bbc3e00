/* May this application change the source of authority, and does the tenant let AD take it back? */
#include "connector/entra/call.h"
#include "connector/entra/check.h"
#include "connector/entra/match.h"

/* The takeover is blocked of users only. */
static bool has_users(const char *const *classes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (entra_class_find(classes[i]) == ENTRA_USER)
			return true;
	return false;
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
	if (r != CONN_OK || !back || !has_users(classes, n))
		return r;
	r = entra_read_switches(c, e);
	if (r != CONN_OK)
		return r;
	if (!c->switches.known)
		readiness_tell(sink, READINESS_TAKEOVER_UNSEEN, NULL,
			"directory/onPremisesSynchronization cannot be read");
	else if (c->switches.block_takeover)
		readiness_tell(sink, READINESS_TAKEOVER_BLOCKED, NULL,
			"blockCloudObjectTakeoverThroughHardMatchEnabled is true in the tenant");
	return CONN_OK;
}
