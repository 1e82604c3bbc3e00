/*
 * The shape in which the service keeps values, whatever the shape they were sent in. What is read
 * and what rules want are both brought into it, so that only what differs in meaning is sent. Times
 * have one form already: SCHEMA_TIME.
 */
#include "connector/entra/settle.h"
#include "connector/entra/schema.h"

#include <ctype.h>

/* Attributes of which the service keeps upper-case letters: ISO 3166 codes. */
static const char *const upper_case[] = {"usageLocation"};

static bool is_upper_case(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(upper_case); i++)
		if (streq(upper_case[i], name))
			return true;
	return false;
}

static void settle_case(struct arena *a, struct value *v)
{
	char *text = (char *)arena_dup(a, v->data, v->len);

	for (uint32_t i = 0; i < v->len; i++)
		text[i] = (char)toupper((unsigned char)text[i]);
	v->data = text;
}

static bool is_empty(const struct value *v)
{
	return v->type == VALUE_STRING && !v->len;
}

/* Leaves out empty values, which count as absent, and repeated ones. */
static unsigned settle_list(struct value *v, unsigned n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		bool again = is_empty(&v[i]);

		for (unsigned k = 0; k < kept && !again; k++)
			again = value_equal(&v[k], &v[i]);
		if (!again)
			v[kept++] = v[i];
	}
	return kept;
}

/* The values may be those of the metaverse object. */
static void own_values(struct arena *a, struct attr *attr)
{
	struct value *copy = arena_alloc(a, attr->count * sizeof(*copy));

	memcpy(copy, attr->values, attr->count * sizeof(*copy));
	attr->values = copy;
}

void entra_settle(const char *class, struct entry *en)
{
	enum entra_class c = entra_class_find(class);

	if (c == ENTRA_CLASS_COUNT)
		return;
	for (unsigned i = en->n_attrs; i-- > 0;) {
		struct attr *a = &en->attrs[i];
		const struct entra_attr *row = entra_attr_of(a->id, c, ENTRA_SERVICE);
		unsigned had = a->count;

		if (!had || (row ? entra_is_link(row) : entra_is_extension(attr_name(a->id))))
			continue;
		own_values(en->arena, a);
		for (unsigned k = 0; k < a->count; k++)
			if (a->values[k].type == VALUE_STRING && row && is_upper_case(row->name))
				settle_case(en->arena, &a->values[k]);
		a->count = settle_list(a->values, a->count);
		if (!a->count && row && row->flags & SCHEMA_NEVER_EMPTY)
			entry_remove(en, a->id);
	}
}

/* --- what an answer says --- */

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

void entra_settle_read(struct entry *en)
{
	settle_upn(en);
	settle_proxies(en);
	entra_settle(en->class, en);
}
