/*
 * Get-Mailbox: -Identity, or all of them with -Filter and -ResultSize, in pages; $select in the URL
 * leaves properties out.
 */
#include "exchange/answer.h"
#include "exchange/commands.h"
#include "odata/query.h"
#include "tenant/body.h"
#include "tenant/mailbox.h"

#include "base/err.h"

#include <limits.h>
#include <stdio.h>
#include <strings.h>

#define RESULTS_DEFAULT 1000
#define PAGE_DEFAULT 1000
#define TERMS_MAX 8

/* PROPERTY -eq VALUE; all of them must hold. */
struct term {
	char name[64], value[256];
	bool not ;
};

struct wanted {
	struct term terms[TERMS_MAX];
	unsigned n_terms;
	unsigned long results;
};

/* --- one mailbox --- */

static json_t *render(const struct object *o)
{
	_cleanup_json_ json_t *upn =
		mailbox_value(o, mailbox_attribute("MicrosoftOnlineServicesID"));
	_cleanup_free_ char *primary = mailbox_primary(o);
	json_t *v = json_pack("{s:s, s:s, s:s, s:O, s:s, s:s, s:s, s:b, s:b}", "Identity", o->id,
		"Name", o->id, "ExternalDirectoryObjectId", o->id, "UserPrincipalName", upn,
		"PrimarySmtpAddress", primary ? primary : "", "RecipientType", "UserMailbox",
		"RecipientTypeDetails", "UserMailbox", "IsDirSynced", mailbox_synced(o),
		"IsExchangeCloudManaged", mailbox_managed(o));

	for (unsigned i = 0; i < n_mailbox_attributes; i++)
		json_object_set_new(
			v, mailbox_attributes[i].name, mailbox_value(o, &mailbox_attributes[i]));
	return v;
}

/* Is the name one of "A,B"? */
static bool is_selected(const char *select, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = select; *p; p += strcspn(p, ",")) {
		p += *p == ',';
		if (strcspn(p, ",") == n && strncasecmp(p, name, n) == 0)
			return true;
	}
	return false;
}

static void add_mailbox(const struct call *c, const struct object *o, struct buf *items)
{
	_cleanup_json_ json_t *v = render(o);
	const char *select = c->rq->query->select, *key;
	void *next;
	json_t *value;

	if (select)
		json_object_foreach_safe(v, next, key, value) if (!is_selected(select, key))
			json_object_del(v, key);
	if (items->len)
		buf_addc(items, ',');
	body_dump(items, v, JSON_COMPACT);
}

/* --- -Filter --- */

static void blanks(const char **p)
{
	while (**p == ' ')
		(*p)++;
}

static bool word(const char **p, const char *w)
{
	size_t n = strlen(w);

	blanks(p);
	if (strncasecmp(*p, w, n) != 0 || ((*p)[n] && (*p)[n] != ' '))
		return false;
	*p += n;
	return true;
}

static bool copy(const char **p, size_t n, char *ret, size_t size)
{
	if (n == 0 || n >= size)
		return false;
	snprintf(ret, size, "%.*s", (int)n, *p);
	*p += n;
	return true;
}

/* 'text', "text", $true, or a word. */
static bool read_value(const char **p, struct term *t)
{
	char quote;

	blanks(p);
	quote = **p;
	if (quote != '\'' && quote != '"') {
		*p += quote == '$';
		return copy(p, strcspn(*p, " })"), t->value, sizeof(t->value));
	}
	(*p)++;
	if (**p == quote)
		t->value[0] = '\0';
	else if (!copy(p, strcspn(*p, (char[]){quote, '\0'}), t->value, sizeof(t->value)))
		return false;
	return *(*p)++ == quote;
}

static bool read_term(const char **p, struct term *t)
{
	blanks(p);
	if (!copy(p, strcspn(*p, " "), t->name, sizeof(t->name)))
		return false;
	t->not = word(p, "-ne");
	return (t->not || word(p, "-eq")) && read_value(p, t);
}

/* IsExchangeCloudManaged -eq $true -and Alias -eq 'anna'; braces around it. */
static bool read_filter(const char *text, struct wanted *w)
{
	const char *p = text;
	bool braces;

	blanks(&p);
	braces = *p == '{';
	p += braces;
	do {
		if (w->n_terms == TERMS_MAX || !read_term(&p, &w->terms[w->n_terms++]))
			return false;
	} while (word(&p, "-and"));
	blanks(&p);
	if (braces && *p++ != '}')
		return false;
	blanks(&p);
	return *p == '\0';
}

static bool equals(const json_t *v, const char *text)
{
	size_t i;
	json_t *item;

	if (json_is_boolean(v))
		return strcasecmp(text, json_is_true(v) ? "true" : "false") == 0;
	if (json_is_string(v))
		return strcasecmp(text, json_string_value(v)) == 0;
	json_array_foreach ((json_t *)v, i, item)
		if (strcasecmp(text, json_string_value(item)) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct object *o, const struct wanted *w)
{
	_cleanup_json_ json_t *v = NULL;

	for (unsigned i = 0; i < w->n_terms; i++) /* what is cheap first: most have no flag */
		if (strcasecmp(w->terms[i].name, "IsExchangeCloudManaged") == 0 &&
			w->terms[i].not == ((strcasecmp(w->terms[i].value, "true") == 0) ==
						   mailbox_managed(o)))
			return false;
	if (!mailbox_exists(o))
		return false;
	if (w->n_terms)
		v = render(o);
	for (unsigned i = 0; i < w->n_terms; i++)
		if (equals(body_get(v, w->terms[i].name), w->terms[i].value) == w->terms[i].not )
			return false;
	return true;
}

/* Has Get-Mailbox what the filter names? */
static bool filter_good(const struct wanted *w)
{
	static const char *const others[] = {"Identity", "Name", "ExternalDirectoryObjectId",
		"UserPrincipalName", "PrimarySmtpAddress", "RecipientType", "RecipientTypeDetails",
		"IsDirSynced", "IsExchangeCloudManaged"};

	for (unsigned i = 0; i < w->n_terms; i++) {
		bool known = mailbox_attribute(w->terms[i].name) != NULL;

		for (unsigned k = 0; k < ARRAY_SIZE(others); k++)
			known = known || strcasecmp(others[k], w->terms[i].name) == 0;
		if (!known)
			return false;
	}
	return true;
}

/* --- the list --- */

/* The token of a page is "where.given": the object from which on, and how many came before. */
static bool read_token(const struct call *c, unsigned long *ret_from, unsigned long *ret_given)
{
	const char *token = c->rq->query->skiptoken;
	size_t n = token ? strspn(token, "0123456789") : 0, m;

	*ret_from = *ret_given = 0;
	if (!token)
		return true;
	m = token[n] == '.' ? strspn(token + n + 1, "0123456789") : 0;
	if (n == 0 || n > 9 || m == 0 || m > 9 || token[n + 1 + m]) {
		respond_error(c->rs, 400, "BadRequest", "The page's token is not one of ours.");
		return false;
	}
	*ret_from = strtoul(token, NULL, 10);
	*ret_given = strtoul(token + n + 1, NULL, 10);
	return true;
}

static void list(const struct call *c, const struct wanted *w)
{
	unsigned long page = c->rq->page_size ? (unsigned long)c->rq->page_size : PAGE_DEFAULT;
	unsigned long from, before, given = 0;
	uint32_t i, size = directory_size(c->em->dir);
	_cleanup_buf_ struct buf items = {0};
	char more[32] = "";
	bool cut = false;

	if (!read_token(c, &from, &before))
		return;
	for (i = (uint32_t)from; i < size && !*more && !cut; i++) {
		const struct object *o = directory_get(c->em->dir, i);

		if (!is_wanted(o, w))
			continue;
		cut = before + given >= w->results;
		if (!cut && given == page)
			snprintf(more, sizeof(more), "%u.%lu", i, before + given);
		if (cut || *more)
			continue;
		add_mailbox(c, o, &items);
		given++;
	}
	respond_values(c, &items, *more ? more : NULL,
		cut ? "There are more results available than are currently displayed. To view "
		      "them, increase the value for the ResultSize parameter."
		    : NULL);
}

static bool read_results(const json_t *v, unsigned long *ret)
{
	const char *s = json_string_value(v);
	char *end;

	if (s && strcasecmp(s, "unlimited") == 0) {
		*ret = ULONG_MAX;
		return true;
	}
	if (json_is_integer(v) && json_integer_value(v) > 0) {
		*ret = (unsigned long)json_integer_value(v);
		return true;
	}
	*ret = s && *s >= '1' && *s <= '9' ? strtoul(s, &end, 10) : 0;
	return *ret && !*end;
}

static bool bad_value(const struct call *c, const char *name)
{
	return command_error(c->rs, 400, EXCEPTION_PARAMETER,
		"Cannot process argument transformation on parameter '%.100s'.", name);
}

/* False with the answer filled. */
static bool read_parameter(const struct call *c, const char *key, const json_t *v,
	const char **ret_identity, struct wanted *w)
{
	const char *text = json_string_value(v);

	if (is_common_parameter(key))
		return true;
	if (strcasecmp(key, "Identity") == 0) {
		*ret_identity = text;
		return (text && *text) || bad_value(c, key);
	}
	if (strcasecmp(key, "ResultSize") == 0)
		return read_results(v, &w->results) || bad_value(c, key);
	if (strcasecmp(key, "Filter") == 0)
		return (text && read_filter(text, w) && filter_good(w)) ||
		       command_error(c->rs, 400, EXCEPTION_PARAMETER,
			       "Invalid filter syntax. For a description of the filter parameter "
			       "syntax see the command help.");
	return command_error(c->rs, 400, EXCEPTION_PARAMETER,
		"A parameter cannot be found that matches parameter name '%.100s'.", key);
}

void get_mailbox(const struct call *c)
{
	struct wanted w = {.results = RESULTS_DEFAULT};
	_cleanup_buf_ struct buf item = {0};
	const char *identity = NULL, *key;
	const struct object *o;
	json_t *v;

	json_object_foreach (c->parameters, key, v)
		if (!read_parameter(c, key, v, &identity, &w))
			return;
	if (!identity) {
		list(c, &w);
		return;
	}
	o = mailbox_of_identity(c, identity);
	if (!o)
		return;
	add_mailbox(c, o, &item);
	respond_values(c, &item, NULL, NULL);
}
