/* What stands in the way of a change of authority, decided by what is known: see check.h. */
#include "sync/migration/check.h"
#include "base/timefmt.h"

#include <stdarg.h>
#include <stdio.h>

struct checker {
	const struct check_object *o;
	struct readiness_sink *sink;
	unsigned told[READINESS_COUNT];
};

/* A finding of a kind of which there may be thousands. */
static void tell(struct checker *c, enum readiness what, const char *attr, const char *before,
	const char *name, const char *behind)
{
	if (c->told[what]++ < CHECK_SHOWN)
		readiness_tell(c->sink, what, attr, "%s%s%s", before, name, behind);
}

static void tell_rest(struct checker *c)
{
	for (unsigned i = 0; i < READINESS_COUNT; i++)
		if (c->told[i] > CHECK_SHOWN)
			readiness_tell(c->sink, (enum readiness)i, NULL, "and %u more",
				c->told[i] - CHECK_SHOWN);
}

/* --- is it as the cloud has it --- */

static void check_state(struct checker *c)
{
	const struct check_object *o = c->o;

	if (o->error)
		readiness_tell(c->sink, READINESS_OBJECT_ERROR, NULL, "%s", o->error);
	if (o->pending)
		readiness_tell(
			c->sink, READINESS_PENDING, NULL, "still to be sent: %s", o->pending);
	if (o->awaiting)
		readiness_tell(c->sink, READINESS_NOT_CONFIRMED, NULL,
			"the last change was sent, and no import has confirmed it yet");
	if (o->changed)
		readiness_tell(c->sink, READINESS_NOT_IMPORTED, NULL,
			"changed since the last import: %s", o->changed);
}

/* When was it changed last? */
static void check_time(struct checker *c)
{
	const struct check_object *o = c->o;
	const char *text;
	char when[TIME_TEXT_SIZE];
	int64_t at;

	if (!o->live || !o->facts->changed_attr)
		return;
	text = entry_string(o->live, attr_intern(o->facts->changed_attr));
	if (!text || !gentime_parse(text, &at) || at + o->wait <= o->now)
		return;
	readiness_tell(c->sink, READINESS_CHANGED_LATELY, o->facts->changed_attr,
		"it was changed last at %s", time_format(at, when));
}

static bool check_source(struct checker *c)
{
	const struct check_object *o = c->o;

	if (o->unread)
		readiness_tell(c->sink, READINESS_OBJECT_ERROR, NULL, "%s", o->unread);
	else if (!o->facts)
		readiness_tell(c->sink, READINESS_NOT_IN_SOURCE, NULL,
			"no connector that is a source has the object");
	else if (o->asked && !o->live)
		readiness_tell(c->sink, READINESS_NOT_IN_SOURCE, NULL,
			"the directory does not have it, or the settings leave it out");
	else if (!o->asked)
		readiness_tell(c->sink, READINESS_SEEN_BY_SYNC, NULL,
			"the directory cannot be asked for single objects");
	else
		return true;
	return false;
}

/* --- references --- */

static bool is_unsynced(const struct check_object *o, const char *attr)
{
	for (unsigned i = 0; o->unsynced && i < o->unsynced->n; i++)
		if (strcasecmp(attr_name(o->unsynced->attrs[i].attr), attr) == 0)
			return true;
	return false;
}

/* The manager, and members: these are what a switch keeps, when they are right. */
static void check_kept(struct checker *c, const struct check_ref *r)
{
	bool group = c->o->kind == SUBJECT_GROUP;

	if (!r->synced)
		tell(c, group ? READINESS_MEMBER_OUT : READINESS_REFERENCE_OUT, r->attr, "", r->dn,
			" is not synchronized");
	else if (!r->same_domain)
		tell(c, READINESS_REFERENCE_DOMAIN, r->attr, "", r->dn, " is in another domain");
	else if (r->kind == SUBJECT_GROUP && !r->converted)
		tell(c, READINESS_CHILD_STAYS, r->attr, "the group ", r->dn,
			" is still managed in AD");
	else if (r->kind != SUBJECT_GROUP && r->kind != SUBJECT_USER)
		tell(c, READINESS_REFERENCE_CLASS, r->attr, "", r->dn, " is not a user");
}

static void check_references(struct checker *c)
{
	const struct check_object *o = c->o;

	for (unsigned i = 0; i < o->n_refs; i++) {
		const struct check_ref *r = &o->refs[i];
		enum attr_use use = o->facts->use(r->attr);

		if (use == ATTR_USE_KEPT)
			check_kept(c, r);
		else if (use != ATTR_USE_VALUE)
			continue;
		else if (is_unsynced(o, r->attr))
			tell(c, READINESS_REFERENCE_LOST, r->attr, "it names ", r->dn,
				", and no rule brings it to the target");
		else if (!r->synced)
			tell(c, READINESS_REFERENCE_OUT, r->attr, "", r->dn,
				" is not synchronized");
		else
			tell(c, READINESS_REFERENCE_SYNCED, r->attr, "it names ", r->dn, "");
	}
}

/* Groups that the source goes on managing. */
static void check_parents(struct checker *c)
{
	const struct check_object *o = c->o;
	const char *first = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < o->n_parents; i++) {
		const struct check_ref *r = &o->parents[i];

		if (!r->synced || r->converted)
			continue;
		if (o->kind == SUBJECT_GROUP)
			tell(c, READINESS_PARENT_STAYS, NULL, "it is in the group ", r->dn, "");
		first = first ? first : r->dn;
		n++;
	}
	if (n && o->kind != SUBJECT_GROUP)
		readiness_tell(c->sink, READINESS_KEEP_IN_SCOPE, NULL,
			"it is in %u group%s that AD manages: %s%s", n, n == 1 ? "" : "s", first,
			n == 1 ? "" : " ...");
}

static void check_values(struct checker *c)
{
	const struct unsynced *u = c->o->unsynced;

	for (unsigned i = 0; u && i < u->n; i++) {
		const char *name = attr_name(u->attrs[i].attr);
		const struct attr *a = entry_get(c->o->live, u->attrs[i].attr);

		if (c->o->facts->use(name) != ATTR_USE_VALUE || !a || !a->count ||
			c->o->facts->is_reference(&a->values[0]))
			continue;
		if (u->attrs[i].why)
			readiness_tell(c->sink, READINESS_NOT_IN_TARGET, name,
				"no rule brings it to the target; it cannot be a directory "
				"extension: %s",
				u->attrs[i].why);
		else if (u->setting)
			readiness_tell(c->sink, READINESS_NOT_IN_TARGET, name,
				"no rule brings it to the target; this line in the configuration "
				"would: %s",
				u->setting);
		else
			readiness_tell(c->sink, READINESS_NOT_IN_TARGET, name,
				"no rule brings it to the target");
	}
}

/* --- both ways --- */

static void check_convert(struct checker *c)
{
	const struct check_object *o = c->o;

	switch (o->place) {
	case PLACE_CONVERTED:
		readiness_tell(c->sink, READINESS_CONVERTED, NULL, "%s", place_text(o->place));
		return;
	case PLACE_UNKNOWN:
	case PLACE_NATIVE:
	case PLACE_OTHER:
	case PLACE_COUNT:
		readiness_tell(c->sink, READINESS_NOT_SYNCED, NULL, "%s", place_text(o->place));
		return;
	case PLACE_ROLLED_BACK:
		readiness_tell(c->sink, READINESS_NOT_CONFIRMED, NULL, "%s", place_text(o->place));
		break;
	case PLACE_SYNCED:
	case PLACE_EXCHANGE_ONLY:
		break;
	}
	check_state(c);
	if (check_source(c)) {
		check_time(c);
		check_references(c);
		check_values(c);
		o->facts->look(o->live, c->sink);
	}
	check_parents(c);
}

/* Of what the attributes mean, only what has to do with the mailbox. */
struct mail_only {
	struct readiness_sink sink, *to;
};

static void pass_mail(
	struct readiness_sink *sink, enum readiness what, const char *attr, const char *text)
{
	struct readiness_sink *to = container_of(sink, struct mail_only, sink)->to;

	if (what == READINESS_MAILBOX)
		to->finding(to, what, attr, text);
}

/* The object stays the source's: its references, and what is not synchronized, do not matter. */
static void check_exchange(struct checker *c)
{
	struct mail_only mail = {{pass_mail}, c->sink};
	const struct check_object *o = c->o;

	if (o->place == PLACE_CONVERTED || o->place == PLACE_EXCHANGE_ONLY) {
		readiness_tell(c->sink, READINESS_CONVERTED, NULL, "%s", place_text(o->place));
		return;
	}
	if (o->place != PLACE_SYNCED) {
		readiness_tell(c->sink, READINESS_NOT_SYNCED, NULL, "%s", place_text(o->place));
		return;
	}
	check_state(c);
	if (!check_source(c))
		return;
	check_time(c);
	o->facts->look(o->live, &mail.sink);
}

static void check_rollback(struct checker *c)
{
	const struct check_object *o = c->o;

	if (o->place != PLACE_CONVERTED && o->place != PLACE_EXCHANGE_ONLY) {
		readiness_tell(c->sink, READINESS_NOT_CONVERTED, NULL, "%s", place_text(o->place));
		return;
	}
	if (o->error)
		readiness_tell(c->sink, READINESS_OBJECT_ERROR, NULL, "%s", o->error);
	check_source(c);
	if (o->unseen)
		readiness_tell(c->sink, READINESS_CLOUD_UNSEEN, NULL, "%s", o->unseen);
	for (unsigned i = 0; i < o->n_cloud_members; i++)
		tell(c, READINESS_CLOUD_MEMBER, NULL, "", o->cloud_members[i],
			" exists in the cloud only");
	for (unsigned i = 0; i < o->n_cloud_groups; i++)
		tell(c, READINESS_CLOUD_GROUP, NULL, "it is in the cloud's group ",
			o->cloud_groups[i], "");
}

void check_object(const struct check_object *o, struct readiness_sink *sink)
{
	struct checker c = {.o = o, .sink = sink};

	if (o->problem) {
		readiness_tell(sink, READINESS_UNKNOWN, NULL, "%s", o->problem);
		return;
	}
	switch (o->purpose) {
	case CHECK_CONVERT:
		check_convert(&c);
		break;
	case CHECK_EXCHANGE:
		check_exchange(&c);
		break;
	case CHECK_ROLLBACK:
		check_rollback(&c);
		break;
	}
	tell_rest(&c);
}
