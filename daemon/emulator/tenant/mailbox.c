/*
 * The attributes of a mailbox, and whose they are. The Exchange ones are those that Exchange Online
 * lets one edit once IsExchangeCloudManaged is true
 * (learn.microsoft.com/exchange/hybrid-deployment/ enable-exchange-attributes-cloud-management), as
 * far as a mailbox shows them; a correction is a row.
 */
#include "tenant/mailbox.h"

#include "tenant/body.h"

#include "base/err.h"

#include <stdio.h>
#include <strings.h>

#define EXTENSIONS "onPremisesExtensionAttributes"
#define CUSTOM(n)                                                                 \
	{                                                                         \
		"CustomAttribute" #n, MAILBOX_STRING, false, EXTENSIONS, n, false \
	}

const struct mailbox_attribute mailbox_attributes[] = {
	/* identity */
	{"DisplayName", MAILBOX_STRING, true, "displayName", 0, false},
	{"Office", MAILBOX_STRING, true, "officeLocation", 0, false},
	{"MicrosoftOnlineServicesID", MAILBOX_STRING, true, "userPrincipalName", 0, false},
	/* Exchange's */
	{"Alias", MAILBOX_STRING, false, "mailNickname", 0, false},
	{"WindowsEmailAddress", MAILBOX_STRING, false, "mail", 0, false},
	{"EmailAddresses", MAILBOX_STRINGS, false, "proxyAddresses", 0, false},
	{"HiddenFromAddressListsEnabled", MAILBOX_BOOLEAN, false, "showInAddressList", 0, true},
	CUSTOM(1),
	CUSTOM(2),
	CUSTOM(3),
	CUSTOM(4),
	CUSTOM(5),
	CUSTOM(6),
	CUSTOM(7),
	CUSTOM(8),
	CUSTOM(9),
	CUSTOM(10),
	CUSTOM(11),
	CUSTOM(12),
	CUSTOM(13),
	CUSTOM(14),
	CUSTOM(15),
	/* msExchExtensionCustomAttribute1 to 5 */
	{"ExtensionCustomAttribute1", MAILBOX_STRINGS, false, NULL, 0, false},
	{"ExtensionCustomAttribute2", MAILBOX_STRINGS, false, NULL, 0, false},
	{"ExtensionCustomAttribute3", MAILBOX_STRINGS, false, NULL, 0, false},
	{"ExtensionCustomAttribute4", MAILBOX_STRINGS, false, NULL, 0, false},
	{"ExtensionCustomAttribute5", MAILBOX_STRINGS, false, NULL, 0, false},
	/* altRecipient, authOrig, unauthOrig, dLMemSubmitPerms, dLMemRejectPerms, publicDelegates
         */
	{"ForwardingAddress", MAILBOX_STRING, false, NULL, 0, false},
	{"AcceptMessagesOnlyFrom", MAILBOX_STRINGS, false, NULL, 0, false},
	{"RejectMessagesFrom", MAILBOX_STRINGS, false, NULL, 0, false},
	{"AcceptMessagesOnlyFromDLMembers", MAILBOX_STRINGS, false, NULL, 0, false},
	{"RejectMessagesFromDLMembers", MAILBOX_STRINGS, false, NULL, 0, false},
	{"GrantSendOnBehalfTo", MAILBOX_STRINGS, false, NULL, 0, false},
};
const unsigned n_mailbox_attributes = ARRAY_SIZE(mailbox_attributes);

const struct mailbox_attribute *mailbox_attribute(const char *name)
{
	for (unsigned i = 0; i < n_mailbox_attributes; i++)
		if (strcasecmp(mailbox_attributes[i].name, name) == 0)
			return &mailbox_attributes[i];
	return NULL;
}

bool mailbox_kind_good(const struct mailbox_attribute *a, const json_t *v)
{
	size_t i;
	json_t *item;

	switch (a->kind) {
	case MAILBOX_STRING:
		return json_is_string(v);
	case MAILBOX_BOOLEAN:
		return json_is_boolean(v);
	case MAILBOX_STRINGS:
		json_array_foreach ((json_t *)v, i, item)
			if (!json_is_string(item))
				return false;
		return json_is_array(v);
	}
	return false;
}

/* --- what Entra has --- */

/* The property's value; NULL: null. The caller's. */
static json_t *property_json(const struct object *o, const char *name)
{
	int prop = property_find(TYPE_USER, name, strlen(name));
	size_t n;
	const char *text = object_prop(o, (unsigned)prop, &n);

	return text ? json_loadb(text, n, JSON_DECODE_ANY, NULL) : NULL;
}

static json_t *entra_json(const struct object *o, const struct mailbox_attribute *a)
{
	_cleanup_json_ json_t *all = NULL;
	char name[32];

	if (!a->property)
		return NULL;
	if (!a->extension)
		return property_json(o, a->property);
	all = property_json(o, a->property);
	snprintf(name, sizeof(name), "extensionAttribute%u", a->extension);
	return json_incref(json_object_get(all, name));
}

/* Somebody who has mail and no proxyAddresses has that one. */
static json_t *entra_addresses(const struct object *o)
{
	_cleanup_json_ json_t *mail = property_json(o, "mail");
	json_t *list = property_json(o, "proxyAddresses");

	if (list)
		return list;
	list = json_array();
	if (json_is_string(mail))
		json_array_append_new(list, json_sprintf("SMTP:%s", json_string_value(mail)));
	return list;
}

static json_t *entra_value(const struct object *o, const struct mailbox_attribute *a)
{
	_cleanup_json_ json_t *v = NULL;

	if (a->property && streq(a->property, "proxyAddresses"))
		return entra_addresses(o);
	v = entra_json(o, a);
	if (a->kind == MAILBOX_BOOLEAN)
		return json_boolean(a->negated ? json_is_false(v) : json_is_true(v));
	if (mailbox_kind_good(a, v))
		return steal(&v);
	return a->kind == MAILBOX_STRINGS ? json_array() : json_string("");
}

/* --- what Exchange shows --- */

json_t *mailbox_value(const struct object *o, const struct mailbox_attribute *a)
{
	json_t *own = o->mailbox ? json_object_get(o->mailbox->own, a->name) : NULL;

	return own ? json_incref(own) : entra_value(o, a);
}

char *mailbox_primary(const struct object *o)
{
	_cleanup_json_ json_t *list = mailbox_value(o, mailbox_attribute("EmailAddresses"));
	size_t i;
	json_t *v;

	json_array_foreach (list, i, v)
		if (str_starts(json_string_value(v), "SMTP:"))
			return xstrdup(json_string_value(v) + 5);
	return NULL;
}

bool mailbox_exists(const struct object *o)
{
	_cleanup_free_ char *primary = NULL;

	if (o->type != TYPE_USER || o->deleted || object_prop_is(o, P_USER_TYPE, "\"Guest\""))
		return false;
	primary = mailbox_primary(o);
	return primary != NULL;
}

bool mailbox_synced(const struct object *o)
{
	return object_prop_is(o, P_SYNC_ENABLED, "true");
}

bool mailbox_managed(const struct object *o)
{
	return o->mailbox && o->mailbox->cloud_managed;
}

/* --- changes --- */

static struct mailbox *mailbox_of(struct object *o)
{
	if (!o->mailbox) {
		o->mailbox = xcalloc(1, sizeof(*o->mailbox));
		o->mailbox->own = json_object();
	}
	return o->mailbox;
}

void mailbox_keep(struct object *o, const struct mailbox_attribute *a, json_t *v)
{
	json_object_set_new(mailbox_of(o)->own, a->name, v);
}

void mailbox_manage(struct object *o, bool on)
{
	for (unsigned i = 0; on && i < n_mailbox_attributes; i++) {
		const struct mailbox_attribute *a = &mailbox_attributes[i];

		if (!a->identity && a->property)
			mailbox_keep(o, a, mailbox_value(o, a));
	}
	mailbox_of(o)->cloud_managed = on;
}

void mailbox_follow(const struct emulator *em, struct object *o, const struct change *c, bool had)
{
	if (o->mailbox && !o->mailbox->cloud_managed)
		for (unsigned i = 0; i < n_mailbox_attributes; i++) {
			const struct mailbox_attribute *a = &mailbox_attributes[i];
			int prop = a->property ? property_find(TYPE_USER, a->property,
							 strlen(a->property))
			                       : -1;

			if (prop >= 0 && c->given[prop])
				json_object_del(o->mailbox->own, a->name);
		}
	if (em->exchange_default && !had && mailbox_synced(o) && mailbox_exists(o))
		mailbox_manage(o, true);
}

bool mailbox_own_good(const json_t *own)
{
	const char *key;
	json_t *v;

	json_object_foreach ((json_t *)own, key, v) {
		const struct mailbox_attribute *a = mailbox_attribute(key);

		if (!a || a->identity || !mailbox_kind_good(a, v))
			return false;
	}
	return json_is_object(own);
}
