/*
 * The list of mailboxes with IsExchangeCloudManaged, and one mailbox's flag.
 *
 * Get-Mailbox -Filter takes IsDirSynced
 * (learn.microsoft.com/powershell/exchange/filter-properties). IsExchangeCloudManaged is not among
 * the properties that are documented for it, so it is looked at here, of all mailboxes of
 * synchronized users, with three properties each.
 */
#include "connector/entra/mailbox.h"
#include "base/json.h"
#include "base/text.h"
#include "connector/check.h"
#include "connector/entra/call.h"
#include "connector/entra/invoke.h"
#include "connector/entra/read.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#define FLAG "IsExchangeCloudManaged"
#define ID "ExternalDirectoryObjectId"
#define SELECT ID ",IsDirSynced," FLAG
#define ONE_BY_ONE 20 /* users; of more the list is read */
#define READ_BACK 5   /* times: a change takes a while to be seen everywhere */
#define RIGHTS                                                                                     \
	"the application needs the application role Exchange.ManageAsApp and a role in Exchange, " \
	"for example as a member of Exchange Administrator"

static const char *const words[] = {
#define X(id, word) [EXCHANGE_##id] = word,
	EXCHANGE_STATES(X)
#undef X
};

const char *exchange_state_word(enum exchange_state state)
{
	return words[state];
}

enum exchange_state exchange_state_find(const char *word)
{
	for (unsigned i = 0; word && i < ARRAY_SIZE(words); i++)
		if (streq(words[i], word))
			return (enum exchange_state)i;
	return EXCHANGE_NONE;
}

void exchange_list_done(struct exchange_list *list)
{
	free(list->anchors);
	arena_done(&list->arena);
}

/* --- the list --- */

static json_t *list_parameters(void)
{
	return json_pack(
		"{s:s, s:s}", "Filter", "IsDirSynced -eq $true", "ResultSize", "Unlimited");
}

/* The anchor of a mailbox's user; Graph writes its ids in small letters. */
static const char *anchor_of(const json_t *mailbox, struct arena *a)
{
	const char *id = entra_id_in(mailbox, ID);
	char *anchor;

	if (!id)
		return NULL;
	anchor = arena_printf(a, "%s%s", entra_classes[ENTRA_USER].anchor_prefix, id);
	for (char *p = anchor + strlen(entra_classes[ENTRA_USER].anchor_prefix); *p; p++)
		*p = (char)tolower((unsigned char)*p);
	return anchor;
}

static void add_anchor(struct exchange_list *list, const char *anchor)
{
	if (list->n == list->cap) {
		list->cap = MAX(64u, list->cap * 2);
		list->anchors = xrealloc(list->anchors, list->cap * sizeof(char *));
	}
	list->anchors[list->n++] = anchor;
}

/* NULL, or what is wrong with it: a mailbox that cannot be read may be any. */
static const char *add_mailbox(struct exchange_list *list, const json_t *mailbox)
{
	const json_t *flag = json_object_get(mailbox, FLAG);
	const char *anchor;

	if (!json_is_boolean(flag))
		return "has a mailbox without " FLAG;
	if (json_is_false(flag))
		return NULL;
	anchor = anchor_of(mailbox, &list->arena);
	if (!anchor)
		return "has a mailbox without " ID;
	add_anchor(list, anchor);
	return NULL;
}

/* Does Exchange say that it did not give everything? */
static bool is_cut(const json_t *page)
{
	size_t i;
	json_t *v;

	json_array_foreach (json_object_get(page, "@adminapi.warnings"), i, v)
		if (json_is_string(v) && strstr(json_string_value(v), "ResultSize"))
			return true;
	return false;
}

const char *exchange_list_page(struct exchange_list *list, const char *host,
	struct entra_pages *pages, const char *url, const json_t *page, const char **ret_next)
{
	const char *wrong = entra_next_page_of(host, pages, url, page, ret_next);
	json_t *v;
	size_t i;

	if (!wrong && is_cut(page))
		wrong = "does not have all mailboxes";
	json_array_foreach (json_object_get(page, "value"), i, v)
		if (!wrong)
			wrong = add_mailbox(list, v);
	return wrong;
}

static enum conn_result read_all(struct connector *c, struct exchange_list *list, struct err *e)
{
	_cleanup_json_ json_t *parameters = list_parameters();
	_cleanup_free_ char *url = NULL;
	struct entra_pages pages = {0};
	const char *wrong = NULL;

	do {
		_cleanup_json_ json_t *page = NULL;
		const char *next;
		enum conn_result r =
			exchange_invoke(c, "Get-Mailbox", parameters, SELECT, url, &page, e);

		if (r != CONN_OK)
			return r;
		wrong = exchange_list_page(list, c->exchange->host, &pages,
			url ? url : c->exchange->command, page, &next);
		free(url);
		url = next && !wrong ? xstrdup(next) : NULL;
	} while (url);
	if (!wrong)
		return CONN_OK;
	err_set(e, -EPROTO, c->exchange->host, 0, "the answer to Get-Mailbox %s", wrong);
	return CONN_RUN_BAD;
}

/* How reading ended: only a wish to stop ends the import, too. */
static enum conn_result settle(
	struct exchange_list *list, enum conn_result r, const struct err *why, struct err *e)
{
	if (r == CONN_CANCELED) {
		*e = *why;
		return r;
	}
	list->state = r == CONN_OK                                  ? EXCHANGE_READ
	              : why->code == -EACCES || why->code == -EPERM ? EXCHANGE_REFUSED
	                                                            : EXCHANGE_FAILED;
	if (r != CONN_OK) {
		snprintf(list->why, sizeof(list->why), "%.100s: %.400s", why->source, why->text);
		utf8_cut(list->why);
	}
	return CONN_OK;
}

enum conn_result exchange_list_read(struct connector *c, struct exchange_list *list, struct err *e)
{
	struct err why = {0};
	enum conn_result r;

	list->state = EXCHANGE_NONE;
	if (!c->exchange)
		return CONN_OK;
	r = read_all(c, list, &why);
	return settle(list, r, &why, e);
}

/* What has changed since the last import. */
static void tell(
	const struct exchange_list *list, enum exchange_state before, struct import_sink *sink)
{
	_cleanup_free_ char *text = NULL;

	if (list->state == before || !sink->note)
		return;
	switch (list->state) {
	case EXCHANGE_NONE:
		text = xstrdup("exchange is off now: " FLAG " is not asked for any more, and the "
			       "Exchange attributes of all users are sent");
		break;
	case EXCHANGE_READ:
		if (before == EXCHANGE_NONE)
			return;
		text = xstrdup("Exchange Online gives the list of mailboxes again: " FLAG
			       " is up to date");
		break;
	case EXCHANGE_REFUSED:
		text = xasprintf("exchange = yes, but Exchange Online does not let the application "
				 "read mailboxes (%s): " RIGHTS
				 ". Everything else is imported, and "
				 "what is known of " FLAG " stays as it is",
			list->why);
		break;
	case EXCHANGE_FAILED:
		text = xasprintf("Exchange Online did not give the list of mailboxes (%s). "
				 "Everything else is imported, and what is known of " FLAG
				 " stays as it is until it does",
			list->why);
		break;
	}
	sink->note(sink, text);
}

void exchange_list_note(const struct exchange_list *list, struct import_sink *sink)
{
	if (list->state != EXCHANGE_NONE)
		tell(list, EXCHANGE_READ, sink);
}

int exchange_list_deliver(const struct exchange_list *list, enum exchange_state before,
	bool nothing_before, struct import_sink *sink, struct err *e)
{
	unsigned attr = attr_intern("isExchangeCloudManaged");
	const char *class = entra_classes[ENTRA_USER].name;
	/* without the setting nobody has the authority: once is enough */
	bool ends = list->state == EXCHANGE_NONE && (before != EXCHANGE_NONE || nothing_before);

	tell(list, before, sink);
	if (list->state != EXCHANGE_READ && !ends)
		return 0;
	for (unsigned i = 0; i < list->n; i++)
		TRY(sink->flag(sink, class, attr, list->anchors[i], e));
	return sink->flag(sink, class, attr, NULL, e);
}

/* --- one mailbox --- */

static enum conn_result user_of(
	const struct connector *c, const char *anchor, const char **ret_id, struct err *e)
{
	if (!c->exchange) {
		err_set(e, -EINVAL, c->graph, 0,
			"connector \"%s\" has exchange = no: " FLAG " is out of reach",
			c->settings->name);
		return CONN_RUN_BAD;
	}
	if (entra_class_of_anchor(anchor, ret_id) == ENTRA_USER)
		return CONN_OK;
	err_set(e, -EINVAL, c->exchange->host, 0, "%s is no user: only users have " FLAG, anchor);
	return CONN_OBJECT_BAD;
}

static enum conn_result get_flag(struct connector *c, const char *id, bool *ret, struct err *e)
{
	_cleanup_json_ json_t *parameters = json_pack("{s:s}", "Identity", id);
	_cleanup_json_ json_t *json = NULL;
	const json_t *mailbox, *flag;
	const char *found;
	enum conn_result r = exchange_invoke(c, "Get-Mailbox", parameters, SELECT, NULL, &json, e);

	if (r != CONN_OK)
		return r;
	mailbox = json_array_get(json_object_get(json, "value"), 0);
	flag = json_object_get(mailbox, FLAG);
	found = entra_id_in(mailbox, ID);
	if (!found || strcasecmp(found, id) != 0 || !json_is_boolean(flag)) {
		err_set(e, -EPROTO, c->exchange->host, 0,
			"the answer to Get-Mailbox is not the mailbox of %s with " FLAG, id);
		return CONN_RUN_BAD;
	}
	*ret = json_is_true(flag);
	return CONN_OK;
}

enum conn_result entra_exchange_get(
	struct connector *c, const char *anchor, bool *ret, struct err *e)
{
	const char *id;
	enum conn_result r = user_of(c, anchor, &id, e);

	return r == CONN_OK ? get_flag(c, id, ret, e) : r;
}

enum conn_result entra_exchange_set(
	struct connector *c, const char *anchor, bool managed, struct err *e)
{
	_cleanup_json_ json_t *parameters = NULL, *json = NULL;
	const char *id;
	bool now = !managed;
	enum conn_result r = user_of(c, anchor, &id, e);

	if (r != CONN_OK)
		return r;
	parameters = json_pack("{s:s, s:b}", "Identity", id, FLAG, managed);
	r = exchange_invoke(c, "Set-Mailbox", parameters, NULL, NULL, &json, e);
	for (int tries = 1; r == CONN_OK && now != managed && tries <= READ_BACK; tries++) {
		if (tries > 1 && http_sleep(c->http, entra_backoff(tries - 1, -1))) {
			err_set(e, -ECANCELED, c->exchange->host, 0, "the request was stopped");
			return CONN_CANCELED;
		}
		r = get_flag(c, id, &now, e);
	}
	if (r == CONN_OK && now != managed) {
		err_set(e, -EAGAIN, c->exchange->host, 0,
			"Set-Mailbox was accepted, but Get-Mailbox does not show " FLAG " = %s",
			managed ? "true" : "false");
		r = CONN_OBJECT_BAD;
	}
	return r;
}

/* --- chosen users --- */

static enum conn_result read_each(struct connector *c, const char *const *anchors, unsigned n,
	struct exchange_list *list, struct err *e)
{
	for (unsigned i = 0; i < n; i++) {
		bool flagged = false;
		enum conn_result r = entra_exchange_get(c, anchors[i], &flagged, e);

		if (r == CONN_OK && flagged)
			add_anchor(list, arena_strdup(&list->arena, anchors[i]));
		else if (r != CONN_OK && !(r == CONN_OBJECT_BAD && e->code == -ENOENT))
			return r; /* without a mailbox there is no flag */
	}
	return CONN_OK;
}

enum conn_result exchange_list_of(struct connector *c, const char *const *anchors, unsigned n,
	struct exchange_list *list, struct err *e)
{
	struct err why = {0};
	enum conn_result r;

	list->state = EXCHANGE_NONE;
	if (!c->exchange || !n)
		return CONN_OK;
	r = n <= ONE_BY_ONE ? read_each(c, anchors, n, list, &why) : read_all(c, list, &why);
	return settle(list, r, &why, e);
}

/* --- the test --- */

enum conn_result exchange_test(struct connector *c, struct test_sink *sink, struct err *e)
{
	struct exchange_list list = {0};
	enum conn_result r;

	if (!c->exchange)
		return CONN_OK;
	r = exchange_list_read(c, &list, e);
	if (r == CONN_OK && list.state == EXCHANGE_READ)
		finding_tell(sink, "exchange", TEST_GOOD,
			"Exchange Online lets the application read mailboxes; %u users have " FLAG,
			list.n);
	else if (r == CONN_OK)
		finding_tell(sink, "exchange", TEST_BAD, "%s%s%s", list.why,
			list.state == EXCHANGE_REFUSED ? ": " : "",
			list.state == EXCHANGE_REFUSED ? RIGHTS : "");
	exchange_list_done(&list);
	return r;
}
