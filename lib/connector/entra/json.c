/* Reading and writing Graph objects by the attribute table. */
#include "connector/entra/json.h"
#include "base/codec.h"
#include "base/text.h"
#include "base/timefmt.h"
#include "model/dtyp.h"

#include <ctype.h>
#include <inttypes.h>

#define ID_MAX 128

void entra_select(struct buf *b, enum entra_class class, enum entra_surface surface)
{
	unsigned n;
	const struct entra_attr *all = entra_attrs(&n);
	const char *last = "";

	buf_adds(b, "id");
	for (unsigned i = 0; i < n; i++) {
		if (!entra_attr_used(&all[i], class, surface) || streq(all[i].property, last))
			continue;
		last = all[i].property;
		buf_addf(b, ",%s", last);
	}
}

const char *entra_id(const json_t *json)
{
	const json_t *v = json_object_get(json, "id");
	const char *id = json_string_value(v);
	size_t n = json_string_length(v);

	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)id[i]) && id[i] != '-' && id[i] != '_')
			return NULL;
	return n && n <= ID_MAX ? id : NULL;
}

const char *entra_dn(const char *source_anchor, struct arena *a)
{
	size_t n = strlen(source_anchor);
	char *dn = arena_alloc(a, n * 2 + sizeof("CN={}")), *p = stpcpy(dn, "CN={");

	hex_encode(p, source_anchor, n);
	strcat(p, "}");
	return dn;
}

/* --- reading --- */

/* Of Graph's form to that of Connect Sync: seconds are what both have. */
static const char *add_time(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	char *text = arena_alloc(en->arena, TIME_TEXT_SIZE);
	int64_t t;

	if (!json_is_string(v) || !time_parse(json_string_value(v), &t))
		return "a time was expected";
	entry_set(en, a->id, value_string(gentime_format(t, text)));
	return NULL;
}

static const char *add_sid(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	unsigned char sid[SID_MAX];
	size_t n = json_is_string(v) ? sid_parse(sid, json_string_value(v)) : 0;

	if (!n)
		return "a security identifier was expected";
	entry_set(en, a->id, value_binary(arena_dup(en->arena, sid, n), n));
	return NULL;
}

/* The bytes of a GUID as Active Directory has them, so that both can be joined. */
static const char *add_guid(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	unsigned char guid[16];

	if (!json_is_string(v) || !guid_parse(guid, json_string_value(v)))
		return "a GUID was expected";
	entry_set(en, a->id, value_binary(arena_dup(en->arena, guid, sizeof(guid)), sizeof(guid)));
	return NULL;
}

static const char *add_integer(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	if (!json_is_integer(v))
		return "a whole number was expected";
	entry_set(en, a->id, value_integer(json_integer_value(v)));
	return NULL;
}

static const char *add_text(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	const char *wrong = text_problem(json_string_value(v), json_string_length(v));

	if (!wrong)
		entry_add(en, a->id, value_stringn(json_string_value(v), json_string_length(v)));
	return wrong;
}

static const char *add_scalar(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	if (a->shape == SHAPE_TIME)
		return add_time(en, a, v);
	if (a->shape == SHAPE_SID)
		return add_sid(en, a, v);
	if (a->shape == SHAPE_GUID)
		return add_guid(en, a, v);
	if (a->type == VALUE_INTEGER)
		return add_integer(en, a, v);
	if (a->type == VALUE_BOOLEAN) {
		if (!json_is_boolean(v))
			return "true or false was expected";
		entry_set(en, a->id, value_boolean(json_is_true(v)));
		return NULL;
	}
	if (!json_is_string(v))
		return "a string was expected";
	entry_clear(en, a->id);
	return add_text(en, a, v);
}

static const char *add_list(struct entry *en, const struct entra_attr *a, const json_t *list)
{
	size_t i;
	json_t *v;

	if (!json_is_array(list))
		return "a list was expected";
	entry_clear(en, a->id);
	json_array_foreach (list, i, v) {
		const char *wrong =
			json_is_string(v) ? add_text(en, a, v) : "a list of strings was expected";

		if (wrong)
			return wrong;
	}
	return NULL;
}

/* Text in ASCII that stands there as UTF-16, little-endian; NULL: it is something else. */
static char *ascii_of(const unsigned char *raw, size_t n, struct arena *a)
{
	char *text = arena_zalloc(a, n / 2 + 1);

	for (size_t i = 0; i < n; i += 2) {
		if (i + 1 == n || raw[i + 1] || raw[i] < ' ' || raw[i] > '~')
			return NULL;
		text[i / 2] = (char)raw[i];
	}
	return n ? text : NULL;
}

/* As altSecurityIdentities of a device in AD has it ("X509:<SHA1-TP-PUBKEY>..."), else as it is. */
static const char *add_key(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	const json_t *key = json_object_get(v, "key");
	size_t n = json_string_length(key);
	unsigned char *raw = arena_alloc(en->arena, n + 1);
	const char *text;
	ssize_t len;

	if (json_is_null(key))
		return NULL;
	len = json_is_string(key) ? base64_decode(raw, json_string_value(key), n) : -1;
	if (len < 0)
		return "a key in base64 was expected";
	text = ascii_of(raw, (size_t)len, en->arena);
	if (!text)
		return add_text(en, a, key);
	entry_add(en, a->id, value_string(text));
	return NULL;
}

static const char *add_keys(struct entry *en, const struct entra_attr *a, const json_t *list)
{
	const char *wrong = NULL;
	size_t i;
	json_t *v;

	if (!json_is_array(list))
		return "a list was expected";
	entry_clear(en, a->id);
	json_array_foreach (list, i, v)
		if (!wrong)
			wrong = add_key(en, a, v);
	return wrong;
}

/* Each as "ProxyAddresses smtp:a@b". */
static const char *add_errors(struct entry *en, const struct entra_attr *a, const json_t *list)
{
	size_t i;
	json_t *v;

	if (!json_is_array(list))
		return "a list was expected";
	entry_clear(en, a->id);
	json_array_foreach (list, i, v) {
		const char *property =
			json_string_value(json_object_get(v, "propertyCausingError"));
		const char *value = json_string_value(json_object_get(v, "value"));

		if (property && value && !text_problem(property, strlen(property)) &&
			!text_problem(value, strlen(value)))
			entry_add(en, a->id,
				value_string(arena_printf(en->arena, "%s %s", property, value)));
	}
	return NULL;
}

static const json_t *find_phone(const json_t *list, const char *type)
{
	size_t i;
	json_t *p;

	json_array_foreach ((json_t *)list, i, p) {
		const char *t = json_string_value(json_object_get(p, "type"));

		if (t && streq(t, type))
			return json_object_get(p, "number");
	}
	return NULL;
}

/* What a property that holds several attributes must be; NULL: it is. */
static const char *wrong_shape(const struct entra_attr *a, const json_t *v)
{
	switch (a->shape) {
	case SHAPE_NESTED:
		return json_is_object(v) ? NULL : "an object was expected";
	case SHAPE_FIRST:
	case SHAPE_PHONE:
	case SHAPE_ADDRESS:
		return json_is_array(v) ? NULL : "a list was expected";
	case SHAPE_TIME:
	case SHAPE_GUID:
	case SHAPE_SID:
	case SHAPE_PLAIN:
	case SHAPE_LIST:
	case SHAPE_KEYS:
	case SHAPE_ERRORS:
	case SHAPE_REFERENCE:
		break;
	}
	return NULL;
}

/* The scalar of a property that holds several attributes; NULL when it holds none for this one. */
static const json_t *inner(const struct entra_attr *a, const json_t *v)
{
	switch (a->shape) {
	case SHAPE_NESTED:
		return json_object_get(v, a->sub);
	case SHAPE_FIRST:
		return json_array_get(v, 0);
	case SHAPE_PHONE:
		return find_phone(v, a->sub);
	case SHAPE_ADDRESS:
		return json_object_get(json_array_get(v, 0), a->sub);
	case SHAPE_TIME:
	case SHAPE_GUID:
	case SHAPE_SID:
	case SHAPE_PLAIN:
	case SHAPE_LIST:
	case SHAPE_KEYS:
	case SHAPE_ERRORS:
	case SHAPE_REFERENCE:
		break;
	}
	return v;
}

static const char *read_attr(struct entry *en, const struct entra_attr *a, const json_t *v)
{
	if (!json_is_null(v) && a->shape == SHAPE_LIST)
		return add_list(en, a, v);
	if (!json_is_null(v) && a->shape == SHAPE_ERRORS)
		return add_errors(en, a, v);
	if (!json_is_null(v) && a->shape == SHAPE_KEYS)
		return add_keys(en, a, v);
	if (!json_is_null(v) && wrong_shape(a, v))
		return wrong_shape(a, v);
	v = json_is_null(v) ? NULL : inner(a, v);
	if (v && !json_is_null(v))
		return add_scalar(en, a, v);
	entry_clear(en, a->id);
	return NULL;
}

/*
 * *ret NULL: devices, service principals. No reference to them is sent, so none is read: a rule
 * that does not know of them must not remove them. False: it cannot be told.
 */
static bool target_anchor(const json_t *item, struct arena *a, const char **ret)
{
	const char *type = json_string_value(json_object_get(item, "@odata.type"));
	const char *id = entra_id(item);
	enum entra_class c = type ? entra_class_of_type(type) : ENTRA_CLASS_COUNT;

	if (!type || !id)
		return false;
	*ret = entra_class_sent(c) ? arena_printf(a, "%s%s", entra_classes[c].anchor_prefix, id)
	                           : NULL;
	return true;
}

struct refs {
	struct ref_change *items;
	unsigned n, cap;
};

static const char *read_refs(
	struct entry *en, const struct entra_attr *a, const json_t *list, struct refs *refs)
{
	size_t i;
	json_t *item;

	if (!json_is_array(list))
		return "a list of references was expected";
	if (json_array_size(list) > ENTRA_REFS_MAX)
		return "too many references in one answer";
	if (!(a->flags & SCHEMA_MULTI))
		entry_clear(en, a->id); /* one value: what is not removed is all there is */
	json_array_foreach ((json_t *)list, i, item) {
		const char *target;
		bool removed = json_object_get(item, "@removed") != NULL;

		if (!target_anchor(item, en->arena, &target))
			return "a reference without type or id";
		if (!target)
			continue;
		if (!(a->flags & SCHEMA_MULTI)) {
			if (!removed)
				entry_set(en, a->id, value_reference(target));
			continue;
		}
		if (refs->n == refs->cap) {
			struct ref_change *old = refs->items;

			refs->cap = refs->cap ? refs->cap * 2 : 32;
			refs->items = arena_alloc(en->arena, refs->cap * sizeof(*old));
			if (old)
				memcpy(refs->items, old, refs->n * sizeof(*old));
		}
		refs->items[refs->n++] = (struct ref_change){a->id, target, !removed};
	}
	return NULL;
}

static const char *name_of(const char *property, bool delta, struct arena *a)
{
	return delta ? arena_printf(a, "%s@delta", property) : property;
}

static void set_dn(struct entry *en)
{
	static unsigned source_anchor;
	const struct attr *a;
	const char *text;

	if (!source_anchor)
		source_anchor = attr_intern("sourceAnchor");
	a = entry_get(en, source_anchor);
	text = entry_string(en, source_anchor);
	if (text && *text)
		en->dn = entra_dn(text, en->arena);
	else
		en->dn = a ? en->anchor : NULL;
}

/*
 * The service replaces a userPrincipalName whose suffix is not a verified domain by one of its
 * initial domain (learn.microsoft.com/entra/identity/hybrid/connect/plan-connect-userprincipalname)
 * and keeps the name that was sent beside it. The connector space holds what was sent, as it does
 * in Connect Sync, so that the export is confirmed.
 */
static void settle_upn(struct entry *en)
{
	static const char initial[] = ".onmicrosoft.com";
	static unsigned upn, sent;
	const char *now, *was;

	if (!upn) {
		upn = attr_intern("userPrincipalName");
		sent = attr_intern("onPremisesUserPrincipalName");
	}
	now = entry_string(en, upn);
	was = entry_string(en, sent);
	if (now && was && strlen(now) > strlen(initial) &&
		strcasecmp(now + strlen(now) - strlen(initial), initial) == 0)
		entry_set(en, upn, value_string(was));
}

/*
 * Addresses in quarantine count as there: the service accepted the export and gives them to the
 * object when they are free.
 */
static void settle_proxies(struct entry *en)
{
	static const char word[] = "ProxyAddresses ";
	static unsigned proxies, errors;
	const struct attr *a;

	if (!proxies) {
		proxies = attr_intern("proxyAddresses");
		errors = attr_intern("onPremisesProvisioningErrors");
	}
	a = entry_get(en, errors);
	for (unsigned i = 0; a && i < a->count && entry_get(en, proxies); i++)
		if (str_starts(a->values[i].data, word))
			entry_add(en, proxies, value_string(a->values[i].data + strlen(word)));
}

const char *entra_read(const json_t *json, enum entra_class class, enum entra_surface surface,
	struct entry *en, struct ref_change **ret_changes, unsigned *ret_n)
{
	const char *id = entra_id(json);
	unsigned n;
	const struct entra_attr *all = entra_attrs(&n);
	struct refs refs = {0};

	if (!id)
		return "an object without id";
	en->class = entra_classes[class].name;
	en->anchor = arena_printf(en->arena, "%s%s", entra_classes[class].anchor_prefix, id);
	for (unsigned i = 0; i < n; i++) {
		const struct entra_attr *a = &all[i];
		bool ref = a->shape == SHAPE_REFERENCE;
		const char *wrong = NULL;
		const json_t *v;

		if (!entra_attr_used(a, class, surface))
			continue;
		v = json_object_get(json, name_of(a->property, ref, en->arena));
		if (v)
			wrong = ref ? read_refs(en, a, v, &refs) : read_attr(en, a, v);
		if (wrong)
			return arena_printf(en->arena, "%s: %s", a->property, wrong);
	}
	settle_upn(en);
	settle_proxies(en);
	entra_settle(en->class, en);
	set_dn(en);
	if (entra_class_sent(class))
		entry_set(en, attr_intern("cloudMastered"), value_boolean(false));
	*ret_changes = refs.items;
	*ret_n = refs.n;
	return NULL;
}

/* --- writing --- */

static void write_string(struct buf *b, const struct value *v)
{
	buf_addc(b, '"');
	buf_add_json(b, v->data, v->len);
	buf_addc(b, '"');
}

static void write_binary(struct buf *b, const struct value *v)
{
	_cleanup_free_ char *text = xcalloc(1, base64_len(v->len) + 1);

	base64_encode(text, v->data, v->len);
	buf_addf(b, "\"%s\"", text);
}

static void write_scalar(struct buf *b, const struct value *v)
{
	if (!v)
		buf_adds(b, "null");
	else if (v->type == VALUE_BOOLEAN)
		buf_adds(b, v->num ? "true" : "false");
	else if (v->type == VALUE_INTEGER)
		buf_addf(b, "%" PRId64, v->num);
	else if (v->type == VALUE_BINARY)
		write_binary(b, v);
	else
		write_string(b, v);
}

/* What a rule gave that is none goes as it is: the service names it. */
static void write_time(struct buf *b, const struct value *v)
{
	char text[TIME_TEXT_SIZE];
	int64_t t;

	if (v && gentime_parse(v->data, &t))
		buf_addf(b, "\"%s\"", time_format(t, text));
	else
		write_scalar(b, v);
}

static void write_sid(struct buf *b, const struct value *v)
{
	char text[SID_TEXT_SIZE];

	if (v && sid_format(text, sizeof(text), (const unsigned char *)v->data, v->len))
		buf_addf(b, "\"%s\"", text);
	else
		write_scalar(b, v);
}

static const struct value *first(const struct entry *en, unsigned id)
{
	return entry_first(en, id);
}

static void write_list(struct buf *b, const struct attr *a, unsigned max)
{
	buf_addc(b, '[');
	for (unsigned i = 0; a && i < MIN(a->count, max); i++) {
		if (i)
			buf_addc(b, ',');
		write_string(b, &a->values[i]);
	}
	buf_addc(b, ']');
}

struct writer {
	struct buf *b;
	enum entra_class class;
	enum entra_surface surface;
	const struct entry *wanted;
	const struct delta *delta;
	bool clears; /* also what is to be empty */
	const struct entra_attr *all;
	unsigned n_all;
};

static bool is_sent(const struct writer *w, const struct entra_attr *a)
{
	if (!entra_attr_used(a, w->class, w->surface) || a->shape == SHAPE_REFERENCE ||
		a->flags & SCHEMA_READ_ONLY || (w->surface != ENTRA_SYNC && a->sync_only))
		return false;
	if (!w->delta)
		return first(w->wanted, a->id) || (w->clears && entry_get(w->wanted, a->id));
	if (a->flags & SCHEMA_WRITE_ONCE)
		return false;
	for (unsigned i = 0; i < w->delta->n_attrs; i++)
		if (w->delta->attrs[i].id == a->id)
			return true;
	return false;
}

/* Phones and addresses are replaced as a whole: everything wanted goes into the new list. */
static void write_whole(const struct writer *w, const char *property, enum entra_shape shape)
{
	bool any = false;

	buf_adds(w->b, "[");
	for (unsigned i = 0; i < w->n_all; i++) {
		const struct entra_attr *a = &w->all[i];
		const struct value *v = first(w->wanted, a->id);

		if (a->shape != shape || !streq(a->property, property) || !v)
			continue;
		if (shape == SHAPE_PHONE)
			buf_addf(w->b, "%s{\"type\":\"%s\",\"number\":", any ? "," : "", a->sub);
		else
			buf_addf(w->b, "%s\"%s\":", any ? "," : "{", a->sub);
		write_string(w->b, v);
		if (shape == SHAPE_PHONE)
			buf_addc(w->b, '}');
		any = true;
	}
	buf_adds(w->b, any && shape == SHAPE_ADDRESS ? "}]" : "]");
}

static void write_nested(const struct writer *w, unsigned from, const char *property)
{
	bool any = false;

	buf_addc(w->b, '{');
	for (unsigned i = from; i < w->n_all; i++) {
		const struct entra_attr *a = &w->all[i];

		if (a->shape != SHAPE_NESTED || !streq(a->property, property) || !is_sent(w, a))
			continue;
		buf_addf(w->b, "%s\"%s\":", any ? "," : "", a->sub);
		write_scalar(w->b, first(w->wanted, a->id));
		any = true;
	}
	buf_addc(w->b, '}');
}

static void write_property(const struct writer *w, unsigned i)
{
	const struct entra_attr *a = &w->all[i];

	buf_addf(w->b, "\"%s\":", a->property);
	switch (a->shape) {
	case SHAPE_PLAIN:
		write_scalar(w->b, first(w->wanted, a->id));
		break;
	case SHAPE_TIME:
		write_time(w->b, first(w->wanted, a->id));
		break;
	case SHAPE_SID:
		write_sid(w->b, first(w->wanted, a->id));
		break;
	case SHAPE_LIST:
		write_list(w->b, entry_get(w->wanted, a->id), UINT32_MAX);
		break;
	case SHAPE_FIRST:
		write_list(w->b, entry_get(w->wanted, a->id), 1);
		break;
	case SHAPE_NESTED:
		write_nested(w, i, a->property);
		break;
	case SHAPE_PHONE:
	case SHAPE_ADDRESS:
		write_whole(w, a->property, a->shape);
		break;
	case SHAPE_GUID: /* of classes that no surface sends */
	case SHAPE_KEYS:
	case SHAPE_ERRORS:
	case SHAPE_REFERENCE:
		break;
	}
}

unsigned entra_write(struct buf *b, enum entra_class class, enum entra_surface surface,
	const struct entry *wanted, const struct delta *delta, bool clears)
{
	struct writer w = {b, class, surface, wanted, delta, clears};
	const char *last = "";
	unsigned n = 0;

	w.all = entra_attrs(&w.n_all);
	for (unsigned i = 0; i < w.n_all; i++) {
		if (!is_sent(&w, &w.all[i]) || streq(w.all[i].property, last))
			continue;
		last = w.all[i].property;
		if (n++)
			buf_addc(b, ',');
		write_property(&w, i);
	}
	return n;
}
