/*
 * Writing properties. An application with the sync role makes what it writes a synced object; any
 * other cannot write a synced one. Both are checked against the property table before anything
 * changes.
 */
#include "write.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/timefmt.h"

#include <stdio.h>

/* A body after checking: JSON text by property. */
struct change {
	struct buf text[SELECT_MAX];
	bool given[SELECT_MAX];
	const json_t *members; /* members@odata.bind */
	bool password;
};

static void change_done(struct change *c)
{
	for (unsigned i = 0; i < n_properties; i++)
		buf_done(&c->text[i]);
}
#define _cleanup_change_ _cleanup_(change_done)

/* Answers 400 and is false. */
#define refuse(rs, ...) (respond_error(rs, 400, "Request_BadRequest", __VA_ARGS__), false)

static bool may_set(const struct request *rq, enum object_type t, unsigned prop, bool create,
	struct response *rs)
{
	const struct property *p = &properties[prop];
	bool foreign = prop == P_IMMUTABLE_ID && t != TYPE_USER;

	if (p->writer == BY_SERVICE || (p->writer == BY_SYNC && !is_sync(rq)))
		return refuse(rs, "Property '%s' is read-only and cannot be set.", p->name);
	if (foreign && !is_sync(rq))
		return refuse(
			rs, "One or more property values specified are invalid: '%s'.", p->name);
	if (prop == P_UNIQUE_NAME && !create)
		return refuse(
			rs, "Property '%s' can be set only when the object is created.", p->name);
	return true;
}

static bool read_body(const struct request *rq, enum object_type t, bool create, struct change *c,
	struct response *rs)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)rq->body, key, v) {
		int prop = property_find(t, key, strlen(key));
		const char *wrong;

		if (prop < 0) {
			if (streq(key, "members@odata.bind") && t == TYPE_GROUP)
				c->members = v;
			else if (strcasecmp(key, "passwordProfile") == 0 && t == TYPE_USER)
				c->password = json_is_string(json_object_get(v, "password"));
			else if (!streq(key, "@odata.type") &&
				 !(strcasecmp(key, "groupTypes") == 0 && t == TYPE_GROUP &&
					 json_array_size(v) == 0))
				return refuse(rs,
					"Property '%s' does not exist on type "
					"'microsoft.graph.%s'.",
					key, types[t].word);
			continue;
		}
		if (!may_set(rq, t, (unsigned)prop, create, rs))
			return false;
		buf_clear(&c->text[prop]);
		wrong = property_value(&properties[prop], v, &c->text[prop]);
		if (wrong)
			return refuse(rs, "Invalid value specified for property '%s': %s.",
				properties[prop].name, wrong);
		c->given[prop] = true;
	}
	return true;
}

/* The text that the object will have; NULL: null. */
static const char *future(const struct change *c, const struct object *o, unsigned prop, size_t *n)
{
	*n = 0;
	if (c->given[prop]) {
		*n = c->text[prop].len;
		return *n ? c->text[prop].data : NULL;
	}
	return o ? object_prop(o, prop, n) : NULL;
}

static bool is_given(const struct change *c, unsigned prop)
{
	return c->given[prop] && c->text[prop].len;
}

static bool check_required(
	const struct request *rq, enum object_type t, const struct change *c, struct response *rs)
{
	static const unsigned user[] = {P_ACCOUNT_ENABLED, P_DISPLAY_NAME, P_MAIL_NICKNAME, P_UPN};
	static const unsigned group[] = {
		P_DISPLAY_NAME, P_MAIL_ENABLED, P_MAIL_NICKNAME, P_SECURITY_ENABLED};
	static const unsigned synced[] = {P_IMMUTABLE_ID};
	const unsigned *list = is_sync(rq) ? synced : t == TYPE_USER ? user : group;
	unsigned n = is_sync(rq) ? 1 : 4;

	for (unsigned i = 0; i < n; i++)
		if (!is_given(c, list[i]))
			return refuse(rs, "A value is required for property '%s' of resource '%s'.",
				properties[list[i]].name, types[t].word);
	if (t == TYPE_USER && !is_sync(rq) && !c->password)
		return refuse(rs, "A value is required for property '%s' of resource '%s'.",
			"passwordProfile", types[t].word);
	return true;
}

static bool upn_verified(const struct emulator *em, const char *json, size_t n)
{
	const char *at = memrchr(json, '@', n);
	char domain[256];

	if (!at)
		return false;
	snprintf(domain, sizeof(domain), "%.*s", (int)(json + n - at - 2), at + 1);
	return tenant_verified(em->tenant, domain);
}

/*
 * userPrincipalName: an application must use a verified domain; a synchronized one with another
 * suffix becomes mailNickname@initialDomain.
 */
static bool settle_upn(const struct emulator *em, const struct request *rq, const struct object *o,
	struct change *c, struct response *rs)
{
	struct buf b = {0};
	const char *nick;
	size_t n;

	if (!c->given[P_UPN] && o)
		return true;
	if (is_given(c, P_UPN) && upn_verified(em, c->text[P_UPN].data, c->text[P_UPN].len))
		return true;
	if (!is_sync(rq))
		return refuse(rs, "Property userPrincipalName is invalid.");
	nick = future(c, o, P_MAIL_NICKNAME, &n);
	if (!nick && is_given(c, P_UPN)) {
		nick = c->text[P_UPN].data;
		n = strcspn(nick, "@") + 1;
	}
	if (!nick)
		return refuse(rs, "A value is required for property 'userPrincipalName'.");
	buf_add(&b, nick, n - 1);
	buf_addf(&b, "@%s\"", em->tenant->initial_domain);
	buf_done(&c->text[P_UPN]);
	c->text[P_UPN] = b;
	c->given[P_UPN] = true;
	return true;
}

static bool check_key(const struct emulator *em, enum object_type t, const struct object *o,
	enum key_kind kind, const char *text, size_t n, const char *name, struct response *rs)
{
	const struct object *other = directory_key(em->dir, kind, t, text, n);

	if (!other || other == o || other->deleted)
		return true;
	return refuse(
		rs, "Another object with the same value for property %s already exists.", name);
}

static bool check_addresses(const struct emulator *em, enum object_type t, const struct object *o,
	const struct buf *list, struct response *rs)
{
	for (const char *p = list->data; p && *p; p++) {
		const char *end;
		_cleanup_buf_ struct buf b = {0};

		if (*p != '"')
			continue;
		end = strchr(p + 1, '"');
		if (!end)
			return true;
		if (strncasecmp(p + 1, "smtp:", 5) == 0) {
			buf_addc(&b, '"');
			buf_add(&b, p + 6, (size_t)(end - p - 5));
			if (!check_key(em, t, o, KEY_ADDRESS, b.data, b.len, "proxyAddresses", rs))
				return false;
		}
		p = end;
	}
	return true;
}

static bool check_unique(const struct emulator *em, enum object_type t, const struct object *o,
	const struct change *c, struct response *rs)
{
	static const struct {
		unsigned prop;
		enum key_kind kind;
	} keys[] = {
		{P_UPN, KEY_UPN},
		{P_IMMUTABLE_ID, KEY_IMMUTABLE},
		{P_UNIQUE_NAME, KEY_UNIQUE_NAME},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++)
		if (is_given(c, keys[i].prop) &&
			!check_key(em, t, o, keys[i].kind, c->text[keys[i].prop].data,
				c->text[keys[i].prop].len, properties[keys[i].prop].name, rs))
			return false;
	return check_addresses(em, t, o, &c->text[P_PROXIES], rs);
}

/* onPremisesExtensionAttributes: a null inside clears one, what is not named stays. */
static void merge_extensions(const struct object *o, unsigned prop, struct buf *text)
{
	size_t n;
	const char *have = object_prop(o, prop, &n), *key;
	json_t *old = have ? json_loadb(have, n, 0, NULL) : json_object();
	json_t *new = json_loadb(text->data, text->len, 0, NULL), *v;
	char *out;

	json_object_foreach (new, key, v) {
		if (json_is_null(v))
			json_object_del(old, key);
		else
			json_object_set(old, key, v);
	}
	buf_clear(text);
	if (json_object_size(old)) {
		out = json_dumps(old, JSON_COMPACT | JSON_SORT_KEYS);
		buf_adds(text, out);
		free(out);
	}
	json_decref(old);
	json_decref(new);
}

static void apply(struct emulator *em, struct object *o, struct change *c, bool *changed)
{
	for (unsigned i = 0; i < n_properties; i++) {
		if (!c->given[i])
			continue;
		if (properties[i].kind == KIND_EXTENSIONS && c->text[i].len)
			merge_extensions(o, i, &c->text[i]);
		if (object_set(
			    em->dir, o, i, c->text[i].len ? c->text[i].data : NULL, c->text[i].len))
			*changed = true;
	}
}

static void set_now(struct emulator *em, struct object *o, unsigned prop)
{
	char text[TIME_TEXT_SIZE], json[TIME_TEXT_SIZE + 2];

	snprintf(json, sizeof(json), "\"%s\"", time_format(unix_now(), text));
	object_set(em->dir, o, prop, json, strlen(json));
}

static void make_synced(struct emulator *em, struct object *o, bool *changed)
{
	if (object_set(em->dir, o, P_SYNC_ENABLED, "true", 4))
		*changed = true;
	set_now(em, o, P_LAST_SYNC);
}

static bool mail_enabled(const struct change *c, const struct object *o)
{
	size_t n;
	const char *v = future(c, o, P_MAIL_ENABLED, &n);

	return v && *v == 't';
}

void object_restore(struct emulator *em, struct object *o)
{
	o->deleted = false;
	object_set(em->dir, o, P_DELETED, NULL, 0);
	object_keys_add(em->dir, o);
}

static struct object *add_object(struct emulator *em, enum object_type t, const struct change *c)
{
	const struct buf *anchor = &c->text[P_IMMUTABLE_ID];
	unsigned char raw[16];
	char id[GUID_TEXT_SIZE];
	uint64_t hash;

	if (!em->stable_ids || !anchor->len)
		return directory_add(em->dir, t, NULL);
	hash = hash64(anchor->data, anchor->len) + t;
	memcpy(raw, &hash, 8);
	hash = hash64(&hash, sizeof(hash));
	memcpy(raw + 8, &hash, 8);
	guid_format(id, raw);
	return directory_add(em->dir, t, directory_find(em->dir, id, 36) ? NULL : id);
}

bool object_write(struct emulator *em, struct request *rq, enum object_type t, struct object **po,
	bool *ret_changed, struct response *rs)
{
	_cleanup_change_ struct change c = {0};
	struct object *o = *po;
	bool create = o == NULL, fresh = create || (*po)->deleted, changed = false;

	if (!json_is_object(rq->body))
		return refuse(rs, "The body is no JSON object.");
	if (!read_body(rq, t, create, &c, rs) || (create && !check_required(rq, t, &c, rs)))
		return false;
	if (t == TYPE_USER && !settle_upn(em, rq, o, &c, rs))
		return false;
	if (t == TYPE_GROUP && !is_sync(rq) && mail_enabled(&c, o))
		return refuse(rs,
			"Cannot Update a mail-enabled security groups and or distribution "
			"list.");
	if (!check_unique(em, t, o, &c, rs))
		return false;
	if (create)
		o = add_object(em, t, &c);
	if (o->deleted)
		object_restore(em, o);
	if (c.members && !bind_members(em, rq, o, c.members, &changed, rs)) {
		if (create) { /* not in any list yet: as if it had never been */
			o->deleted = o->purged = true;
		}
		return false;
	}
	apply(em, o, &c, &changed);
	if (is_sync(rq))
		make_synced(em, o, &changed);
	if (create)
		set_now(em, o, P_CREATED);
	object_touch(em->dir, o);
	if (fresh)
		o->created = o->seq; /* a delta query shows the whole object */
	*po = o;
	*ret_changed = changed;
	return true;
}
