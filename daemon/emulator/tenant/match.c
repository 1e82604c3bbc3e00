/* Hard match, soft match, or neither: decided, not done. */
#include "tenant/match.h"

#include "tenant/body.h"

#include <strings.h>

bool match_takeover(const struct emulator *em, const struct object *o, struct refusal *ret)
{
	if (object_prop_is(o, P_SYNC_ENABLED, "true") || o->type != TYPE_USER)
		return true;
	if (em->features[FEATURE_BLOCK_TAKEOVER])
		return refusal_set(ret, "InvalidHardMatch",
			"A hard match was found with the cloud object %s, and the tenant blocks "
			"the takeover of cloud objects "
			"(blockCloudObjectTakeoverThroughHardMatchEnabled).",
			o->id);
	if (o->roles)
		return refusal_set(ret, "ExistingAdminRoleConflict",
			"The cloud object %s holds an administrator role and is never matched.",
			o->id);
	return true;
}

/* The match's own way to say no. */
#define refuse(m, ...) \
	((m)->verdict = MATCH_REFUSED, (m)->object = NULL, refusal_set(&(m)->refusal, __VA_ARGS__))

static struct object *by_key(const struct emulator *em, enum key_kind kind, enum object_type t,
	const char *text, size_t n)
{
	_cleanup_buf_ struct buf b = {0};

	if (!text)
		return NULL;
	buf_addc(&b, '"');
	buf_add_json(&b, text, n);
	buf_addc(&b, '"');
	return directory_key(em->dir, kind, t, b.data, b.len);
}

/* The address behind "SMTP:"; NULL: there is none. */
static const char *primary_address(const json_t *body)
{
	size_t i;
	json_t *v;

	json_array_foreach (body_get(body, "proxyAddresses"), i, v)
		if (json_is_string(v) && str_starts(json_string_value(v), "SMTP:"))
			return json_string_value(v) + 5;
	return NULL;
}

static bool is_mail_enabled(enum object_type t, const json_t *body)
{
	return t != TYPE_GROUP || json_is_true(body_get(body, "mailEnabled"));
}

static struct object *candidate(
	const struct emulator *em, enum object_type t, const json_t *body, const char **ret_why)
{
	const char *primary = is_mail_enabled(t, body) ? primary_address(body) : NULL;
	const char *upn = json_string_value(body_get(body, "userPrincipalName"));
	struct object *o = by_key(em, KEY_ADDRESS, t, primary, primary ? strlen(primary) : 0);

	*ret_why = "proxyAddresses";
	if (o || t != TYPE_USER || !em->features[FEATURE_SOFT_MATCH_UPN])
		return o;
	*ret_why = "userPrincipalName";
	return by_key(em, KEY_UPN, t, upn, upn ? strlen(upn) : 0);
}

/* A device that has registered itself. */
static void match_device(const struct emulator *em, const json_t *body, struct match *m)
{
	const char *id = json_string_value(body_get(body, "deviceId"));
	struct object *o = by_key(em, KEY_DEVICE_ID, TYPE_DEVICE, id, id ? strlen(id) : 0);
	size_t n;

	if (!o || o->deleted)
		return;
	if (object_prop(o, P_IMMUTABLE_ID, &n)) {
		refuse(m, "InvalidSoftMatch",
			"A soft match was found by deviceId with the object %s, which has another "
			"sourceAnchor.",
			o->id);
		return;
	}
	m->verdict = MATCH_SOFT;
	m->object = o;
}

static bool quarantines(const struct emulator *em, const char *why)
{
	return em->features[*why == 'p' ? FEATURE_QUARANTINE_PROXY : FEATURE_QUARANTINE_UPN];
}

static void soft_match(
	const struct emulator *em, enum object_type t, const json_t *body, struct match *m)
{
	const char *why;
	struct object *o = candidate(em, t, body, &why);
	size_t n;

	if (!o || o->deleted)
		return;
	if (o->type != t) {
		refuse(m, "ObjectTypeMismatch",
			"The %s that comes in has the same %s as the %s %s.", object_types[t].word,
			why, object_types[o->type].word, o->id);
		return;
	}
	if (object_prop(o, P_IMMUTABLE_ID, &n) || em->features[FEATURE_BLOCK_SOFT_MATCH]) {
		if (!quarantines(em, why))
			refuse(m, "InvalidSoftMatch",
				"A soft match was found by %s with the object %s, %s.", why, o->id,
				em->features[FEATURE_BLOCK_SOFT_MATCH]
					? "and the tenant blocks soft matches "
					  "(blockSoftMatchEnabled)"
					: "which has another sourceAnchor");
		return;
	}
	if (o->roles) {
		refuse(m, "ExistingAdminRoleConflict",
			"A soft match was found by %s with the object %s, which holds an "
			"administrator role and is never matched.",
			why, o->id);
		return;
	}
	m->verdict = MATCH_SOFT;
	m->object = o;
}

void match_incoming(
	const struct emulator *em, enum object_type t, const json_t *body, struct match *m)
{
	const char *anchor = json_string_value(body_get(body, "onPremisesImmutableId"));

	m->verdict = MATCH_NONE;
	m->object = by_key(em, KEY_IMMUTABLE, t, anchor, anchor ? strlen(anchor) : 0);
	if (m->object)
		m->verdict = MATCH_HARD;
	else if (t == TYPE_DEVICE)
		match_device(em, body, m);
	else
		soft_match(em, t, body, m);
}
