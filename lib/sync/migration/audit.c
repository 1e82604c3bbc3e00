/* The journal's record of each object, see audit.h. */
#include "sync/migration/audit.h"
#include "store/outbox.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>

char *audit_who(int64_t uid)
{
	struct passwd pw, *found = NULL;
	char buf[4096];

	if (uid < 0)
		return xstrdup("unknown");
	if (getpwuid_r((uid_t)uid, &pw, buf, sizeof(buf), &found) == 0 && found)
		return xasprintf("%s (%" PRId64 ")", pw.pw_name, uid);
	return xasprintf("user %" PRId64, uid);
}

int audit_add(struct migration *m, const struct audit *a, struct err *e)
{
	struct record r = {.event = a->error ? EVENT_SOA_NOT_MOVED : EVENT_SOA_MOVED};
	_cleanup_free_ char *text = NULL, *uid = xasprintf("%" PRId64, a->uid),
			    *job = xasprintf("%" PRId64, a->job);

	if (a->error)
		text = xasprintf(
			"%s: the source of authority of %s was not moved from %s to %s: %s", a->who,
			a->dn, a->from, a->to, a->error);
	else
		text = xasprintf("%s: the source of authority of %s was moved from %s to %s.",
			a->who, a->dn, a->from, a->to);
	r.message = text;
	record_add(&r, RECORD_CONNECTOR, m->target->settings.name);
	record_add(&r, RECORD_DN, a->dn);
	record_add(&r, RECORD_CLOUD_ANCHOR, a->anchor);
	record_add(&r, RECORD_OPERATION, a->kind);
	record_add(&r, RECORD_ATTRIBUTES, a->authority);
	record_add(&r, RECORD_FROM, a->from);
	record_add(&r, RECORD_TO, a->to);
	record_add(&r, RECORD_USER, a->who);
	record_add(&r, RECORD_UID, uid);
	record_add(&r, RECORD_JOB, job);
	record_add(&r, RECORD_RESULT, a->error ? "failed" : "done");
	record_add(&r, RECORD_ERROR, a->error);
	return outbox_add(m->store, &r, e);
}
