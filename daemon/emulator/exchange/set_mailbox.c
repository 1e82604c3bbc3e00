/*
 * Set-Mailbox: the flag, alone, or attributes. All of a command is done, or nothing.
 *
 * What is written of a mailbox whose user Active Directory has goes into Exchange's directory only;
 * of a user of the cloud it is Entra's property as well.
 */
#include "exchange/answer.h"
#include "exchange/commands.h"
#include "tenant/body.h"
#include "tenant/conflict.h"
#include "tenant/mailbox.h"
#include "tenant/validate.h"

#include "base/err.h"

#include <stdio.h>
#include <strings.h>

#define FLAG "IsExchangeCloudManaged"
#define TEXT_MAX 1024

/* What a command wants; values by the attribute's place in the table. */
struct command {
	const struct call *call;
	struct object *o;
	json_t **values; /* NULL: not given */
	int flag;        /* -1: not given */
	unsigned n_given;
};

static char *name_of(const struct object *o)
{
	_cleanup_json_ json_t *v = mailbox_value(o, mailbox_attribute("DisplayName"));

	return xstrdup(json_string_value(v));
}

/* --- values --- */

/* "Add": one or several; appended if not there yet, or taken out. In any case of letters. */
static bool edit_list(json_t *list, const json_t *items, bool add)
{
	_cleanup_json_ json_t *one = json_array();
	size_t i;
	json_t *v;

	if (json_is_string(items)) {
		json_array_append(one, (json_t *)items);
		items = one;
	}
	json_array_foreach ((json_t *)items, i, v) {
		size_t k = 0;

		if (!json_is_string(v))
			return false;
		while (k < json_array_size(list) &&
			strcasecmp(json_string_value(json_array_get(list, k)),
				json_string_value(v)) != 0)
			k++;
		if (k < json_array_size(list) && !add)
			json_array_remove(list, k);
		else if (k == json_array_size(list) && add)
			json_array_append(list, v);
	}
	return json_is_array(items) || !items;
}

/* A list, one value, null, or {"Add": ..., "Remove": ...} of what is there. NULL: none of them. */
static json_t *read_list(const json_t *v, json_t *now)
{
	_cleanup_json_ json_t *list = json_array();

	if (json_is_null(v))
		return steal(&list);
	if (json_is_object(v)) {
		json_array_extend(list, now);
		return edit_list(list, body_get(v, "Remove"), false) &&
		                       edit_list(list, body_get(v, "Add"), true)
		               ? steal(&list)
		               : NULL;
	}
	return edit_list(list, v, true) ? steal(&list) : NULL;
}

/* As the mailbox keeps it; NULL: it cannot be read. The caller's. */
static json_t *read_value(
	const struct object *o, const struct mailbox_attribute *a, const json_t *v)
{
	_cleanup_json_ json_t *now = NULL;

	switch (a->kind) {
	case MAILBOX_STRING:
		if (json_is_null(v))
			return json_string("");
		return json_is_string(v) && json_string_length(v) <= TEXT_MAX
		               ? json_incref((json_t *)v)
		               : NULL;
	case MAILBOX_BOOLEAN:
		return read_boolean(v) < 0 ? NULL : json_boolean(read_boolean(v));
	case MAILBOX_STRINGS:
		now = mailbox_value(o, a);
		return read_list(v, now);
	}
	return NULL;
}

static unsigned place(const char *name)
{
	return (unsigned)(mailbox_attribute(name) - mailbox_attributes);
}

/* The list with this primary address; the one before stays as another. */
static json_t *with_primary(const json_t *list, const char *address)
{
	_cleanup_json_ json_t *first = json_sprintf("SMTP:%s", address);
	json_t *out = json_array();
	size_t i;
	json_t *v;

	json_array_append(out, first);
	json_array_foreach ((json_t *)list, i, v) {
		const char *s = json_string_value(v);

		if (strcasecmp(s, json_string_value(first)) == 0)
			continue;
		if (str_starts(s, "SMTP:"))
			json_array_append_new(out, json_sprintf("smtp:%s", s + 5));
		else
			json_array_append(out, v);
	}
	return out;
}

/* WindowsEmailAddress and the primary one of EmailAddresses are one and the same. */
static bool couple_addresses(struct command *m)
{
	json_t **windows = &m->values[place("WindowsEmailAddress")];
	json_t **list = &m->values[place("EmailAddresses")];
	_cleanup_json_ json_t *have = mailbox_value(m->o, mailbox_attribute("EmailAddresses"));
	size_t i;
	json_t *v;

	if (*windows && *list)
		return command_error(m->call->rs, 400, EXCEPTION_PARAMETER,
			"EmailAddresses and WindowsEmailAddress cannot be given in one command.");
	if (*windows)
		*list = with_primary(have, json_string_value(*windows));
	json_array_foreach (*list, i, v)
		if (!*windows && str_starts(json_string_value(v), "SMTP:"))
			*windows = json_string(json_string_value(v) + 5);
	return !*list || *windows ||
	       command_error(m->call->rs, 400, EXCEPTION_OPERATION,
		       "There is no primary SMTP address. Please specify a primary SMTP address.");
}

/* --- may it be written? --- */

/* "The action 'Set-Mailbox', 'Office', can't be performed ..." */
static bool check_scope(const struct command *m, const struct mailbox_attribute *a)
{
	_cleanup_free_ char *name = NULL;

	if (!mailbox_synced(m->o) || (mailbox_managed(m->o) && !a->identity))
		return true;
	name = name_of(m->o);
	return command_error(m->call->rs, 400, EXCEPTION_OPERATION,
		"The operation on mailbox \"%.200s\" failed because it's out of the current user's "
		"write scope. The action 'Set-Mailbox', '%s', can't be performed on the object "
		"'%.200s' because %s. This action should be performed on the object in your "
		"on-premises organization.",
		name, a->name, name,
		mailbox_managed(m->o)
			? "it is an account attribute, not an Exchange attribute, and "
			  "the account is being synchronized from your on-premises "
			  "organization"
			: "the object is being synchronized from your on-premises "
			  "organization");
}

/* What is there must stay; the name to sign in with is left to Graph, which knows its domains. */
static bool check_value(const struct command *m, unsigned i)
{
	static const char *const needed[] = {"DisplayName", "Alias", "WindowsEmailAddress"};
	const char *name = mailbox_attributes[i].name, *text = json_string_value(m->values[i]);

	for (unsigned k = 0; k < ARRAY_SIZE(needed); k++)
		if (streq(name, needed[k]) && !*text)
			return command_error(m->call->rs, 400, EXCEPTION_OPERATION,
				"Property %s can't be empty.", name);
	return !streq(name, "MicrosoftOnlineServicesID") ||
	       command_error(m->call->rs, 400, EXCEPTION_OPERATION,
		       "The emulator changes userPrincipalName through Microsoft Graph only.");
}

/* An address that another mailbox shows; what Entra knows is asked where conflicts are settled. */
static const struct object *holder_of(const struct command *m, const char *proxy)
{
	const struct directory *d = m->call->em->dir;
	size_t k;
	json_t *v;

	for (uint32_t i = 0; strncasecmp(proxy, "smtp:", 5) == 0 && i < directory_size(d); i++) {
		const struct object *o = directory_get(d, i);
		_cleanup_json_ json_t *list = NULL;

		if (o == m->o || !o->mailbox || !mailbox_exists(o))
			continue;
		list = mailbox_value(o, mailbox_attribute("EmailAddresses"));
		json_array_foreach (list, k, v)
			if (strcasecmp(json_string_value(v), proxy) == 0)
				return o;
	}
	return NULL;
}

static bool address_taken(const struct command *m, const char *proxy, const char *by)
{
	return command_error(m->call->rs, 400, EXCEPTION_ADDRESS,
		"The proxy address \"%.200s\" is already being used by the proxy addresses or "
		"LegacyExchangeDN of \"%.200s\". Please choose another proxy address.",
		proxy, by);
}

/* The value of Entra's property that an attribute stands for. The caller's. */
static json_t *property_of(const struct mailbox_attribute *a, json_t *v)
{
	char name[32];

	if (a->extension) {
		snprintf(name, sizeof(name), "extensionAttribute%u", a->extension);
		return json_pack(
			"{s:o}", name, *json_string_value(v) ? json_incref(v) : json_null());
	}
	if (a->kind == MAILBOX_BOOLEAN)
		return json_boolean(a->negated ? !json_is_true(v) : json_is_true(v));
	return json_is_string(v) && !*json_string_value(v) ? json_null() : json_incref(v);
}

/* onPremisesExtensionAttributes as they are, with those of c->text and this one. */
static json_t *merge_extension(
	const struct object *o, const struct change *c, unsigned prop, const json_t *one)
{
	size_t n;
	const char *text = change_future(c, o, prop, &n), *key;
	json_t *all = text ? json_loadb(text, n, 0, NULL) : json_object(), *v;

	json_object_foreach ((json_t *)one, key, v) {
		if (json_is_null(v))
			json_object_del(all, key);
		else
			json_object_set(all, key, v);
	}
	return all;
}

/* Into c, as Entra would take it. */
static bool add_change(const struct command *m, unsigned i, struct change *c)
{
	const struct mailbox_attribute *a = &mailbox_attributes[i];
	unsigned prop = (unsigned)property_find(TYPE_USER, a->property, strlen(a->property));
	_cleanup_json_ json_t *v = property_of(a, m->values[i]);
	_cleanup_json_ json_t *all = a->extension ? merge_extension(m->o, c, prop, v) : NULL;
	struct buf text = {0};
	const char *wrong = property_value(&properties[prop], all ? all : v, &text);

	if (!wrong)
		wrong = value_wrong(prop, v);
	buf_done(&c->text[prop]);
	c->text[prop] = text;
	c->given[prop] = true;
	return !wrong || command_error(m->call->rs, 400, EXCEPTION_OPERATION,
				 "The value of property '%s' is not valid: %s.", a->name, wrong);
}

static bool check(const struct command *m, struct change *c)
{
	struct refusal refusal = {0};
	const struct object *other;
	size_t k;
	json_t *v;

	for (unsigned i = 0; i < n_mailbox_attributes; i++) {
		const struct mailbox_attribute *a = &mailbox_attributes[i];

		if (!m->values[i])
			continue;
		if (!check_value(m, i) || (a->property && !add_change(m, i, c)))
			return false;
	}
	json_array_foreach (m->values[place("EmailAddresses")], k, v) {
		other = holder_of(m, json_string_value(v));
		if (other)
			return address_taken(m, json_string_value(v), other->id);
	}
	return conflicts_settle(m->call->em, false, TYPE_USER, m->o, c, &refusal) ||
	       command_error(m->call->rs, 400, EXCEPTION_ADDRESS, "%s", refusal.text);
}

/* --- doing it --- */

static void apply(const struct command *m, const struct change *c)
{
	bool cloud = !mailbox_synced(m->o);

	for (unsigned prop = 0; cloud && prop < n_properties; prop++)
		if (c->given[prop])
			object_set(m->call->em->dir, m->o, prop,
				c->text[prop].len ? c->text[prop].data : NULL, c->text[prop].len);
	for (unsigned i = 0; i < n_mailbox_attributes; i++)
		if (m->values[i] && !(cloud && mailbox_attributes[i].property))
			mailbox_keep(m->o, &mailbox_attributes[i], json_incref(m->values[i]));
	if (cloud)
		mailbox_follow(m->call->em, m->o, c, true);
	object_touch(m->call->em->dir, m->o);
}

static bool set_flag(const struct command *m)
{
	_cleanup_free_ char *name = name_of(m->o);

	if (m->n_given)
		return command_error(m->call->rs, 400, EXCEPTION_PARAMETER,
			FLAG " cannot be changed together with other properties.");
	if (m->flag == mailbox_managed(m->o))
		return true;
	if (m->flag && !mailbox_synced(m->o))
		return command_error(m->call->rs, 400, EXCEPTION_OPERATION,
			"The operation on mailbox \"%.200s\" failed: " FLAG
			" can be set only for a mailbox that is synchronized from your on-premises "
			"organization.",
			name);
	mailbox_manage(m->o, m->flag);
	object_touch(m->call->em->dir, m->o);
	return true;
}

static bool read_parameter(struct command *m, const char *key, const json_t *v)
{
	const struct mailbox_attribute *a = mailbox_attribute(key);
	bool good = true;
	unsigned i;

	if (is_common_parameter(key) || strcasecmp(key, "Identity") == 0)
		return true;
	if (strcasecmp(key, FLAG) == 0) {
		m->flag = read_boolean(v);
		good = m->flag >= 0;
	} else if (a) {
		i = (unsigned)(a - mailbox_attributes);
		json_decref(m->values[i]); /* in another case of letters */
		m->values[i] = read_value(m->o, a, v);
		m->n_given++;
		good = m->values[i] != NULL;
	} else {
		return command_error(m->call->rs, 400, EXCEPTION_PARAMETER,
			"A parameter cannot be found that matches parameter name '%.100s'.", key);
	}
	return good ||
	       command_error(m->call->rs, 400, EXCEPTION_PARAMETER,
		       "Cannot process argument transformation on parameter '%.100s'.", key);
}

static bool run(struct command *m)
{
	_cleanup_change_ struct change c = {0};
	const char *key;
	json_t *v;

	json_object_foreach (m->call->parameters, key, v)
		if (!read_parameter(m, key, v))
			return false;
	if (m->flag >= 0)
		return set_flag(m);
	for (unsigned i = 0; i < n_mailbox_attributes; i++)
		if (m->values[i] && !check_scope(m, &mailbox_attributes[i]))
			return false;
	if (!couple_addresses(m) || !check(m, &c))
		return false;
	if (m->n_given)
		apply(m, &c);
	return true;
}

void set_mailbox(const struct call *call)
{
	const char *identity = body_text(call->parameters, "Identity");
	struct command m = {.call = call, .flag = -1};

	if (!*identity) {
		command_error(call->rs, 400, EXCEPTION_PARAMETER,
			"Cannot process command because of one or more missing mandatory "
			"parameters: Identity.");
		return;
	}
	m.o = mailbox_of_identity(call, identity);
	if (!m.o)
		return;
	m.values = xcalloc(n_mailbox_attributes, sizeof(json_t *));
	if (run(&m))
		respond_values(call, &(struct buf){0}, NULL, NULL);
	for (unsigned i = 0; i < n_mailbox_attributes; i++)
		json_decref(m.values[i]);
	free(m.values);
}
