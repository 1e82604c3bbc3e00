/* What collides, the quarantine, and the way out of it. */
#include "tenant/conflict.h"

#include "tenant/body.h"
#include "tenant/clock.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/timefmt.h"

#include <stdio.h>

/* Says no, and is false. */
#define refuse(ret, ...) refusal_set(ret, "Request_BadRequest", __VA_ARGS__)

/* Who else has the key; NULL: nobody. `text` is JSON. */
static const struct object *holder(const struct emulator *em, enum key_kind kind,
	enum object_type t, const struct object *o, const char *text, size_t n)
{
	const struct object *other = directory_key(em->dir, kind, t, text, n);

	return other && other != o && !other->deleted ? other : NULL;
}

static const struct object *address_holder(
	const struct emulator *em, const struct object *o, const char *proxy)
{
	_cleanup_buf_ struct buf b = {0};

	if (strncasecmp(proxy, "smtp:", 5) != 0)
		return NULL;
	buf_addc(&b, '"');
	buf_add_json(&b, proxy + 5, strlen(proxy + 5));
	buf_addc(&b, '"');
	return holder(em, KEY_ADDRESS, TYPE_USER, o, b.data, b.len);
}

static bool refuse_duplicate(bool sync, const char *name, const char *value, struct refusal *ret)
{
	if (!sync)
		return refuse(ret,
			"Another object with the same value for property %s already exists.", name);
	return refusal_set(ret, "AttributeValueMustBeUnique",
		"Unable to update this object because the following attributes associated with "
		"this object have values that may already be associated with another object in "
		"your local directory services: [%s %.300s;]. Correct or remove the duplicate "
		"values in your local directory.",
		name, value);
}

/* --- the list of provisioning errors of an object --- */

static json_t *errors_of(const struct object *o)
{
	size_t n;
	const char *text = o ? object_prop(o, P_ERRORS, &n) : NULL;
	json_t *list = text ? json_loadb(text, n, 0, NULL) : NULL;

	return list ? list : json_array();
}

/* Forgets what was said of a property. */
static void errors_drop(json_t *list, const char *property)
{
	for (size_t i = json_array_size(list); i-- > 0;) {
		const json_t *e = json_array_get(list, i);

		if (streq(json_string_value(json_object_get(e, "propertyCausingError")), property))
			json_array_remove(list, i);
	}
}

static void errors_add(
	const struct emulator *em, json_t *list, const char *property, const char *value)
{
	char when[TIME_TEXT_SIZE];

	json_array_append_new(
		list, json_pack("{s:s, s:s, s:s, s:s}", "category", "PropertyConflict",
			      "occurredDateTime", time_format(tenant_now(em), when),
			      "propertyCausingError", property, "value", value));
}

static void set_json(struct change *c, unsigned prop, const json_t *v)
{
	buf_clear(&c->text[prop]);
	if (json_array_size(v))
		body_dump(&c->text[prop], v, JSON_COMPACT | JSON_SORT_KEYS);
	c->given[prop] = true;
}

static bool same_errors(const json_t *a, const struct object *o)
{
	_cleanup_json_ json_t *b = errors_of(o);
	bool same = json_array_size(a) == json_array_size(b);

	for (size_t i = 0; same && i < json_array_size(a); i++) {
		const json_t *x = json_array_get(a, i), *y = json_array_get(b, i);

		same = json_equal(json_object_get(x, "propertyCausingError"),
			       json_object_get(y, "propertyCausingError")) &&
		       json_equal(json_object_get(x, "value"), json_object_get(y, "value"));
	}
	return same;
}

/* --- userPrincipalName --- */

static char *plain(const struct buf *json)
{
	_cleanup_json_ json_t *v = json_loadb(json->data, json->len, JSON_DECODE_ANY, NULL);

	return xstrdup(v ? json_string_value(v) : "");
}

/* prefix+4 digits@initial domain */
static void placeholder_upn(const struct emulator *em, const char *upn, const struct change *c,
	const struct object *o, struct buf *b)
{
	size_t n = c->text[P_IMMUTABLE_ID].len;
	const char *anchor =
		n ? c->text[P_IMMUTABLE_ID].data : (o ? object_prop(o, P_IMMUTABLE_ID, &n) : NULL);
	uint64_t hash = hash64(anchor ? anchor : "", n);

	for (unsigned i = 0; i < 10000; i++) {
		buf_clear(b);
		buf_addc(b, '"');
		buf_add_json(b, upn, strcspn(upn, "@"));
		buf_addf(b, "+%04u@%s\"", (unsigned)((hash + i) % 10000),
			em->tenant->initial_domain);
		if (!holder(em, KEY_UPN, TYPE_USER, o, b->data, b->len))
			return;
	}
}

static bool settle_upn(const struct emulator *em, bool sync, const struct object *o,
	struct change *c, json_t *errors, struct refusal *ret)
{
	struct buf *text = &c->text[P_UPN];
	_cleanup_free_ char *upn = NULL;
	struct buf stand_in = {0};

	if (!c->given[P_UPN] || !text->len)
		return true;
	upn = plain(text);
	errors_drop(errors, "UserPrincipalName");
	if (!holder(em, KEY_UPN, TYPE_USER, o, text->data, text->len))
		return true;
	if (!sync || !em->features[FEATURE_QUARANTINE_UPN])
		return refuse_duplicate(
			sync, sync ? "UserPrincipalName" : "userPrincipalName", upn, ret);
	placeholder_upn(em, upn, c, o, &stand_in);
	buf_done(text);
	*text = stand_in;
	errors_add(em, errors, "UserPrincipalName", upn);
	return true;
}

/* --- proxyAddresses --- */

static bool settle_proxies(const struct emulator *em, bool sync, enum object_type t,
	const struct object *o, struct change *c, json_t *errors, struct refusal *ret)
{
	_cleanup_json_ json_t *list = NULL, *kept = NULL;
	json_t *v;
	size_t i;

	if (!c->given[P_PROXIES])
		return true;
	errors_drop(errors, "ProxyAddresses");
	if (!c->text[P_PROXIES].len)
		return true;
	list = json_loadb(c->text[P_PROXIES].data, c->text[P_PROXIES].len, 0, NULL);
	kept = json_array();
	json_array_foreach (list, i, v) {
		const char *proxy = json_string_value(v);
		const struct object *other = address_holder(em, o, proxy);

		if (!other) {
			json_array_append(kept, v);
		} else if (sync && other->type == t && em->features[FEATURE_QUARANTINE_PROXY]) {
			errors_add(em, errors, "ProxyAddresses", proxy);
		} else {
			return refuse_duplicate(sync, "ProxyAddresses", proxy, ret);
		}
	}
	if (json_array_size(kept) < json_array_size(list))
		set_json(c, P_PROXIES, kept);
	return true;
}

bool conflicts_settle(const struct emulator *em, bool sync, enum object_type t,
	const struct object *o, struct change *c, struct refusal *ret)
{
	static const struct {
		unsigned prop;
		enum key_kind kind;
	} keys[] = {{P_IMMUTABLE_ID, KEY_IMMUTABLE}, {P_UNIQUE_NAME, KEY_UNIQUE_NAME},
		{P_DEVICE_ID, KEY_DEVICE_ID}};
	_cleanup_json_ json_t *errors = NULL;

	for (unsigned i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct buf *text = &c->text[keys[i].prop];

		if (c->given[keys[i].prop] && text->len &&
			holder(em, keys[i].kind, t, o, text->data, text->len))
			return refuse(ret,
				"Another object with the same value for property %s already "
				"exists.",
				properties[keys[i].prop].name);
	}
	if (!c->given[P_UPN] && !c->given[P_PROXIES])
		return true;
	errors = errors_of(o);
	if (!settle_upn(em, sync, o, c, errors, ret) ||
		!settle_proxies(em, sync, t, o, c, errors, ret))
		return false;
	if (!same_errors(errors, o))
		set_json(c, P_ERRORS, errors);
	return true;
}

const char *conflict_find(const struct emulator *em, const struct object *o)
{
	size_t n, i;
	const char *text = object_prop(o, P_UPN, &n);
	_cleanup_json_ json_t *list = NULL;
	json_t *v;

	if (text && holder(em, KEY_UPN, TYPE_USER, o, text, n))
		return properties[P_UPN].name;
	text = object_prop(o, P_PROXIES, &n);
	list = text ? json_loadb(text, n, 0, NULL) : NULL;
	json_array_foreach (list, i, v)
		if (address_holder(em, o, json_string_value(v)))
			return properties[P_PROXIES].name;
	return NULL;
}

/* --- the way out --- */

static bool release_upn(struct emulator *em, struct object *o, const char *value)
{
	_cleanup_buf_ struct buf b = {0};

	buf_addc(&b, '"');
	buf_add_json(&b, value, strlen(value));
	buf_addc(&b, '"');
	if (holder(em, KEY_UPN, TYPE_USER, o, b.data, b.len))
		return false;
	object_set(em->dir, o, P_UPN, b.data, b.len);
	return true;
}

static bool release_proxy(struct emulator *em, struct object *o, const char *value)
{
	size_t n;
	const char *have = object_prop(o, P_PROXIES, &n);
	_cleanup_json_ json_t *list = NULL;
	_cleanup_buf_ struct buf text = {0};

	if (address_holder(em, o, value))
		return false;
	list = have ? json_loadb(have, n, 0, NULL) : json_array();
	json_array_append_new(list, json_string(value));
	body_dump(&text, list, JSON_COMPACT);
	object_set(em->dir, o, P_PROXIES, text.data, text.len);
	return true;
}

void quarantine_release(struct emulator *em, struct object *o)
{
	_cleanup_json_ json_t *errors = errors_of(o);
	_cleanup_buf_ struct buf text = {0};
	bool any = false;

	for (size_t i = json_array_size(errors); i-- > 0;) {
		const json_t *e = json_array_get(errors, i);
		const char *property =
			json_string_value(json_object_get(e, "propertyCausingError"));
		const char *value = json_string_value(json_object_get(e, "value"));
		bool freed =
			*property == 'U' ? release_upn(em, o, value) : release_proxy(em, o, value);

		if (freed)
			json_array_remove(errors, i);
		any = any || freed;
	}
	if (!any)
		return;
	if (json_array_size(errors))
		body_dump(&text, errors, JSON_COMPACT | JSON_SORT_KEYS);
	object_set(em->dir, o, P_ERRORS, text.data, text.len);
	object_touch(em->dir, o);
}
