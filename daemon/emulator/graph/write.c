/*
 * Writing properties. What comes through the provisioning service makes a synchronized object of
 * what it writes; applications cannot write one of these. Both are checked against the property
 * table before anything changes.
 */
#include "graph/write.h"

#include "graph/reference.h"
#include "graph/rights.h"
#include "tenant/body.h"
#include "tenant/change.h"
#include "tenant/clock.h"
#include "tenant/conflict.h"
#include "tenant/lifecycle.h"
#include "tenant/mailbox.h"
#include "tenant/validate.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/timefmt.h"

#include <ctype.h>
#include <stdio.h>

#define PROXIES_MAX 332 /* observed in Entra; about 300 are safe */

/* Answers 400 and is false. */
#define refuse(rs, ...) (respond_error(rs, 400, "Request_BadRequest", __VA_ARGS__), false)

/* Refuses a value; synchronization gets the names of its own errors. */
static bool refuse_value(const struct request *rq, enum object_type t, unsigned prop,
	const char *wrong, struct response *rs)
{
	const char *code = !is_sync(rq)                      ? "Request_BadRequest"
	                   : prop == P_UPN || prop == P_MAIL ? "IdentityDataValidationFailed"
	                                                     : "DataValidationFailed";

	respond_value(rs, code, t, properties[prop].name, wrong);
	return false;
}

/*
 * What came from Active Directory: once the source of authority of a user is in the cloud, an
 * application may change it (learn.microsoft.com/graph/api/resources/user:
 * onPremisesDistinguishedName and so on).
 */
static bool is_kept_by_hand(const struct property *p, const struct object *o)
{
	return p->writer == BY_MASTER && o && (o->type == TYPE_USER || p->extension) &&
	       o->cloud_managed;
}

/*
 * extensionAttribute1 to 15 of a cloud user are Graph's, those of a user who came from Active
 * Directory are left to Exchange (learn.microsoft.com/graph/api/resources/
 * onpremisesextensionattributes).
 */
static bool never_synced(const struct object *o)
{
	size_t n;

	return !o || !object_prop(o, P_LAST_SYNC, &n);
}

static bool may_set(const struct request *rq, enum object_type t, const struct object *o,
	unsigned prop, struct response *rs)
{
	const struct property *p = &properties[prop];

	bool own = p->writer == BY_APPLICATION || (prop == P_MAIL && t == TYPE_USER);

	if (p->sensitive && !may_touch(rq, o)) {
		respond_forbidden(rs);
		return false;
	}
	if (p->writer == BY_LIFECYCLE && !is_sync(rq) && !has_role(rq, ROLE_LIFECYCLE_WRITE)) {
		respond_forbidden(rs);
		return false;
	}
	own = own || p->writer == BY_LIFECYCLE;

	if (p->kind == KIND_EXTENSIONS && !is_sync(rq)) {
		if (t == TYPE_GROUP)
			return refuse(rs,
				"Property '%s' cannot be set: extension attributes 1-15 are not "
				"supported on cloud security groups.",
				p->name);
		own = never_synced(o);
	}
	if (p->writer == BY_SERVICE || !(own || is_sync(rq) || is_kept_by_hand(p, o)))
		return refuse(rs, "Property '%s' is read-only and cannot be set.", p->name);
	if ((prop == P_UNIQUE_NAME || prop == P_DEVICE_ID) && o)
		return refuse(
			rs, "Property '%s' can be set only when the object is created.", p->name);
	return true;
}

/* Keys of a body that are not properties. False: it is not one of them. */
static bool read_special(struct change *c, enum object_type t, const char *key, const json_t *v)
{
	if (strcasecmp(key, "members@odata.bind") == 0 && t == TYPE_GROUP)
		c->members = v;
	else if (strcasecmp(key, "manager@odata.bind") == 0 && type_has_manager(t))
		c->manager = json_is_string(v) ? json_string_value(v) : "";
	else if (strcasecmp(key, "passwordProfile") == 0 && t == TYPE_USER)
		c->password = json_is_string(body_get(v, "password"));
	else if (strcasecmp(key, "@odata.type") != 0)
		return false;
	return true;
}

/* Synchronization says each time which device it is. */
static bool is_same_device(
	const struct request *rq, const struct object *o, int prop, const json_t *v)
{
	_cleanup_buf_ struct buf text = {0};

	return prop == P_DEVICE_ID && o && is_sync(rq) &&
	       !property_value(&properties[prop], v, &text) &&
	       object_prop_is(o, P_DEVICE_ID, buf_str(&text));
}

static bool read_body(const struct request *rq, enum object_type t, const struct object *o,
	struct change *c, struct response *rs)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)rq->body, key, v) {
		int prop = is_sync(rq) ? property_find_any(t, key, strlen(key))
		                       : property_find(t, key, strlen(key));
		const char *wrong;

		if (strcasecmp(key, "passwordProfile") == 0 && !may_touch(rq, o)) {
			respond_forbidden(rs);
			return false;
		}

		if (prop < 0) {
			if (read_special(c, t, key, v))
				continue;
			if (strncasecmp(key, "extension_", strlen("extension_")) == 0)
				return refuse(rs,
					"The following extension properties are not available: %s.",
					key);
			return refuse(rs,
				"Property '%s' does not exist on type 'microsoft.graph.%s'.", key,
				object_types[t].word);
		}
		if (is_same_device(rq, o, prop, v))
			continue;
		if (c->given[prop]) /* in another case: body_parse() refuses the same one twice */
			return refuse(rs, "Property '%s' is given more than once.", key);
		if (!may_set(rq, t, o, (unsigned)prop, rs))
			return false;
		if (prop == P_PROXIES && json_array_size(v) > PROXIES_MAX) {
			respond_error(rs, 400, "LargeObject",
				"The object has too many values of proxyAddresses (%zu).",
				json_array_size(v));
			return false;
		}
		buf_clear(&c->text[prop]);
		wrong = property_value(&properties[prop], v, &c->text[prop]);
		if (!wrong)
			wrong = value_wrong((unsigned)prop, v);
		if (!wrong && !is_sync(rq) &&
			streq(properties[prop].name, "onPremisesSecurityIdentifier") &&
			json_is_string(v) && !str_starts(json_string_value(v), "S-1-"))
			wrong = "it is not a SID";
		if (wrong)
			return refuse_value(rq, t, (unsigned)prop, wrong, rs);
		c->given[prop] = true;
	}
	return true;
}

static bool check_required(
	const struct request *rq, enum object_type t, const struct change *c, struct response *rs)
{
	static const unsigned user[] = {P_ACCOUNT_ENABLED, P_DISPLAY_NAME, P_MAIL_NICKNAME, P_UPN};
	static const unsigned group[] = {
		P_DISPLAY_NAME, P_MAIL_ENABLED, P_MAIL_NICKNAME, P_SECURITY_ENABLED};
	static const unsigned device[] = {P_ACCOUNT_ENABLED, P_SECURITY_IDS, P_DEVICE_ID,
		P_DISPLAY_NAME, P_SYSTEM, P_SYSTEM_VERSION};
	static const unsigned synced[] = {P_IMMUTABLE_ID};
	static const struct {
		const unsigned *props;
		unsigned n;
	} lists[TYPE_COUNT] = {
		[TYPE_USER] = {user, ARRAY_SIZE(user)},
		[TYPE_GROUP] = {group, ARRAY_SIZE(group)},
		[TYPE_DEVICE] = {device, ARRAY_SIZE(device)},
	};
	const unsigned *list = is_sync(rq) ? synced : lists[t].props;
	unsigned n = is_sync(rq) ? ARRAY_SIZE(synced) : lists[t].n;

	for (unsigned i = 0; i < n; i++)
		if (!change_has(c, list[i]))
			return refuse(rs, "A value is required for property '%s' of resource '%s'.",
				properties[list[i]].name, object_types[t].word);
	if (t == TYPE_USER && !is_sync(rq) && !c->password)
		return refuse(rs, "A value is required for property '%s' of resource '%s'.",
			"passwordProfile", object_types[t].word);
	return true;
}

/* --- names --- */

/* The first address of proxyAddresses (JSON text) with the prefix; NULL: none. */
static const char *address(const struct change *c, const char *prefix)
{
	const char *p = change_has(c, P_PROXIES) ? strstr(c->text[P_PROXIES].data, prefix) : NULL;

	return p ? p + strlen(prefix) : NULL;
}

/*
 * mailNickname of a user that is synchronized for the first time: mailNickname, the prefix of the
 * primary address, of mail, of userPrincipalName, of another address.
 * learn.microsoft.com/entra/identity/hybrid/connect/plan-connect-userprincipalname
 */
static void settle_nickname(struct change *c)
{
	const char *sources[] = {
		address(c, "\"SMTP:"),
		change_has(c, P_MAIL) ? c->text[P_MAIL].data + 1 : NULL,
		change_has(c, P_UPN) ? c->text[P_UPN].data + 1 : NULL,
		address(c, "\"smtp:"),
	};

	for (unsigned i = 0; i < ARRAY_SIZE(sources) && !change_has(c, P_MAIL_NICKNAME); i++) {
		size_t n = sources[i] ? strcspn(sources[i], "@\"\\") : 0; /* of JSON text */
		_cleanup_json_ json_t *text = n && n <= 64 ? json_stringn(sources[i], n) : NULL;

		if (text && !value_wrong(P_MAIL_NICKNAME, text))
			change_set_text(c, P_MAIL_NICKNAME, sources[i], n, "");
	}
}

static bool mail_enabled(const struct change *c, const struct object *o)
{
	size_t n;
	const char *v = change_future(c, o, P_MAIL_ENABLED, &n);

	return v && *v == 't';
}

/* The address becomes the primary one of proxyAddresses; the one before stays as another. */
static void add_primary(struct change *c, const struct object *o, const char *address)
{
	size_t n, i;
	const char *have = change_future(c, o, P_PROXIES, &n);
	_cleanup_json_ json_t *old = have ? json_loadb(have, n, 0, NULL) : json_array();
	_cleanup_json_ json_t *list = json_array();
	_cleanup_free_ char *primary = xasprintf("SMTP:%s", address);
	json_t *v;

	json_array_append_new(list, json_string(primary));
	json_array_foreach (old, i, v) {
		_cleanup_free_ char *s = xstrdup(json_string_value(v));

		if (strcasecmp(s, primary) == 0)
			continue;
		if (str_starts(s, "SMTP:"))
			memcpy(s, "smtp:", 5);
		json_array_append_new(list, json_string(s));
	}
	buf_clear(&c->text[P_PROXIES]);
	body_dump(&c->text[P_PROXIES], list, JSON_COMPACT);
	c->given[P_PROXIES] = true;
}

/*
 * What an application writes in the cloud: mail of a user becomes an address of it
 * (learn.microsoft.com/graph/api/resources/user), a Microsoft 365 group gets one when it is
 * created.
 */
static bool settle_mail(const struct emulator *em, const struct request *rq, enum object_type t,
	const struct object *o, struct change *c, struct response *rs)
{
	const struct buf *given = t == TYPE_GROUP ? &c->text[P_MAIL_NICKNAME] : &c->text[P_MAIL];
	_cleanup_free_ char *mail = NULL;
	_cleanup_json_ json_t *v = NULL;

	if (is_sync(rq) || !given->len || (t == TYPE_GROUP && (o || !mail_enabled(c, o))))
		return true;
	v = json_loadb(given->data, given->len, JSON_DECODE_ANY, NULL);
	mail = t == TYPE_GROUP
	               ? xasprintf("%s@%s", json_string_value(v), em->tenant->initial_domain)
	               : xstrdup(json_string_value(v));
	if (!strchr(mail, '@'))
		return refuse_value(rq, t, P_MAIL, "it is not an address", rs);
	if (t == TYPE_GROUP) {
		c->given[P_MAIL] = true;
		buf_addc(&c->text[P_MAIL], '"');
		buf_add_json(&c->text[P_MAIL], mail, strlen(mail));
		buf_addc(&c->text[P_MAIL], '"');
	}
	add_primary(c, o, mail);
	return true;
}

/* The domain of a userPrincipalName (JSON text) in ret; false: it is not valid. */
static bool upn_domain(const char *json, size_t n, char *ret, size_t size)
{
	const char *at = memrchr(json, '@', n);

	if (!at || at == json + 1 || n < 4)
		return false;
	for (const char *p = json + 1; p < at; p++)
		if (!isalnum((unsigned char)*p) && !strchr("'.-_!#^~+", *p))
			return false;
	if (!local_part_is_good(json + 1, (size_t)(at - json - 1)))
		return false;
	snprintf(ret, size, "%.*s", (int)(json + n - at - 2), at + 1);
	return true;
}

static bool federation_differs(
	const struct emulator *em, const struct object *o, const char *domain)
{
	char old[256];
	size_t n;
	const char *have = o ? object_prop(o, P_UPN, &n) : NULL;

	return have && upn_domain(have, n, old, sizeof(old)) && strcasecmp(old, domain) != 0 &&
	       tenant_federated(em->tenant, old) && tenant_federated(em->tenant, domain);
}

/*
 * userPrincipalName: an application must use a verified domain; a synchronized one with another
 * suffix, or characters that are not allowed, becomes mailNickname@initialDomain.
 */
static bool settle_upn(const struct emulator *em, const struct request *rq, const struct object *o,
	struct change *c, struct response *rs)
{
	_cleanup_free_ char *suffix = NULL;
	char domain[256];
	const char *nick;
	size_t n;

	if (!c->given[P_UPN] && o)
		return true;
	if (change_has(c, P_UPN) &&
		upn_domain(c->text[P_UPN].data, c->text[P_UPN].len, domain, sizeof(domain)) &&
		tenant_verified(em->tenant, domain)) {
		if (!is_sync(rq) || !federation_differs(em, o, domain))
			return true;
		respond_error(rs, 400, "FederatedDomainChangeError",
			"The suffix of userPrincipalName changes from one federated domain to "
			"another (%s).",
			domain);
		return false;
	}
	if (!is_sync(rq))
		return refuse(rs, "Property userPrincipalName is invalid.");
	if (change_has(c, P_UPN) && strstr(c->text[P_UPN].data, ".@"))
		return refuse_value(
			rq, TYPE_USER, P_UPN, "the name before the @ ends in a dot", rs);
	nick = change_future(c, o, P_MAIL_NICKNAME, &n);
	if (!nick)
		return refuse(rs, "A value is required for property 'userPrincipalName'.");
	suffix = xasprintf("@%s", em->tenant->initial_domain);
	change_set_text(c, P_UPN, nick + 1, n - 2, suffix);
	if (upn_domain(c->text[P_UPN].data, c->text[P_UPN].len, domain, sizeof(domain)))
		return true;
	return refuse_value(rq, TYPE_USER, P_UPN,
		"it and mailNickname have characters that are not allowed", rs);
}

/* --- applying --- */

/* onPremisesExtensionAttributes: a null inside clears one, what is not named stays. */
static void merge_extensions(const struct object *o, unsigned prop, struct buf *text)
{
	size_t n;
	const char *have = object_prop(o, prop, &n), *key;
	_cleanup_json_ json_t *old = have ? json_loadb(have, n, 0, NULL) : json_object();
	_cleanup_json_ json_t *new = json_loadb(text->data, text->len, 0, NULL);
	json_t *v;

	json_object_foreach (new, key, v) {
		if (json_is_null(v))
			json_object_del(old, key);
		else
			json_object_set(old, key, v);
	}
	buf_clear(text);
	if (json_object_size(old))
		body_dump(text, old, JSON_COMPACT | JSON_SORT_KEYS);
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
	em->n_quarantined += change_has(c, P_ERRORS);
}

static void set_now(struct emulator *em, struct object *o, unsigned prop)
{
	char text[TIME_TEXT_SIZE], json[TIME_TEXT_SIZE + 2];

	snprintf(json, sizeof(json), "\"%s\"", time_format(tenant_now(em), text));
	object_set(em->dir, o, prop, json, strlen(json));
}

static void make_synced(struct emulator *em, struct object *o, bool *changed)
{
	if (object_set(em->dir, o, P_SYNC_ENABLED, "true", 4))
		*changed = true;
	set_now(em, o, P_LAST_SYNC);
}

/* An object that comes back: another one may have its values by now. */
static void reclaim(struct change *c, const struct object *o)
{
	static const unsigned unique[] = {P_UPN, P_PROXIES};
	const char *text;
	size_t n;

	for (unsigned i = 0; i < ARRAY_SIZE(unique); i++) {
		text = c->given[unique[i]] ? NULL : object_prop(o, unique[i], &n);
		if (!text)
			continue;
		buf_add(&c->text[unique[i]], text, n);
		c->given[unique[i]] = true;
	}
}

/* userType: Member unless it says Guest (learn.microsoft.com/graph/api/resources/user). */
static bool settle_user_type(
	const struct request *rq, bool create, struct change *c, struct response *rs)
{
	static const char *const kinds[] = {"Member", "Guest"};
	struct buf *text = &c->text[P_USER_TYPE];

	if (create && !change_has(c, P_USER_TYPE))
		change_set_text(c, P_USER_TYPE, kinds[0], strlen(kinds[0]), "");
	if (!change_has(c, P_USER_TYPE))
		return true;
	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++)
		if (text->len == strlen(kinds[i]) + 2 &&
			strncasecmp(text->data + 1, kinds[i], strlen(kinds[i])) == 0) {
			change_set_text(c, P_USER_TYPE, kinds[i], strlen(kinds[i]), "");
			return true;
		}
	return refuse_value(rq, TYPE_USER, P_USER_TYPE, "it is Member or Guest", rs);
}

/* Everything that can be said before anything changes. */
static bool check(struct emulator *em, const struct request *rq, enum object_type t,
	const struct object *o, struct change *c, struct response *rs)
{
	struct refusal refusal = {0};
	bool create = o == NULL;
	size_t n;
	const char *kinds;

	if (!json_is_object(rq->body))
		return refuse(rs, "The body is not a JSON object.");
	if (!read_body(rq, t, o, c, rs) || (create && !check_required(rq, t, c, rs)))
		return false;
	if (extension_values(o, c) > EXTENSION_VALUES_MAX)
		return refuse(rs,
			"Only %d extension values, across all types and all applications, can be "
			"written to a single object.",
			EXTENSION_VALUES_MAX);
	if (t == TYPE_USER && is_sync(rq)) {
		if (create || !object_prop(o, P_MAIL_NICKNAME, &n))
			settle_nickname(c);
		else if (c->given[P_MAIL_NICKNAME] && !c->text[P_MAIL_NICKNAME].len)
			c->given[P_MAIL_NICKNAME] = false; /* chosen once, and never removed */
	}
	if (t == TYPE_USER &&
		(!settle_upn(em, rq, o, c, rs) || !settle_user_type(rq, create, c, rs)))
		return false;
	if (t == TYPE_DEVICE && create && !change_has(c, P_PROFILE_TYPE))
		change_set_text(
			c, P_PROFILE_TYPE, "RegisteredDevice", strlen("RegisteredDevice"), "");
	kinds = t == TYPE_GROUP ? change_future(c, o, P_GROUP_TYPES, &n) : NULL;
	if (t == TYPE_GROUP && !is_sync(rq) && mail_enabled(c, o) &&
		!(kinds && strstr(kinds, "\"Unified\"")))
		return refuse(rs,
			"Cannot Update a mail-enabled security groups and or distribution list.");
	if (!settle_mail(em, rq, t, o, c, rs))
		return false;
	if (o && o->deleted)
		reclaim(c, o);
	if (conflicts_settle(em, is_sync(rq), t, o, c, &refusal))
		return true;
	respond_refusal(rs, &refusal);
	return false;
}

static bool bind_all(struct emulator *em, struct request *rq, struct object *o,
	const struct change *c, bool *changed, struct response *rs)
{
	struct object *manager = c->manager ? object_of_url(em, c->manager) : NULL;

	if (c->manager && !(manager && type_has_manager(manager->type))) {
		respond_not_found(rs, c->manager);
		return false;
	}
	if (c->members && !bind_members(em, rq, o, c->members, changed, rs))
		return false;
	if (manager && o->manager != (int64_t)manager->index) {
		object_set_manager(em->dir, o, manager);
		o->manager_seq = directory_seq(em->dir) + 1;
		*changed = true;
	}
	return true;
}

bool object_write(struct emulator *em, struct request *rq, enum object_type t, struct object **po,
	bool *ret_changed, struct response *rs)
{
	_cleanup_change_ struct change c = {0};
	struct object *o = *po;
	bool create = o == NULL, fresh = create || (*po)->deleted, changed = false;
	bool had = o && em->exchange_default && mailbox_exists(o);

	if (!check(em, rq, t, o, &c, rs))
		return false;
	if (create)
		o = object_new(em, t, c.text[P_IMMUTABLE_ID].data, c.text[P_IMMUTABLE_ID].len);
	if (!bind_all(em, rq, o, &c, &changed, rs)) {
		if (create)
			directory_drop(em->dir, o);
		return false;
	}
	if (o->deleted)
		object_restore(em, o);
	apply(em, o, &c, &changed);
	if (is_sync(rq))
		make_synced(em, o, &changed);
	mailbox_follow(em, o, &c, had);
	if (create && properties[P_CREATED].types >> t & 1)
		set_now(em, o, P_CREATED);
	object_touch(em->dir, o);
	if (fresh)
		o->created = o->seq; /* a delta query shows the whole object */
	*po = o;
	*ret_changed = changed;
	return true;
}
