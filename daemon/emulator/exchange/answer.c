/* What answers of Exchange look like, and the search for a mailbox. */
#include "exchange/answer.h"

#include "odata/page.h"
#include "odata/query.h"
#include "tenant/body.h"
#include "tenant/mailbox.h"

#include "base/err.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

bool command_error(struct response *rs, int status, const char *exception, const char *fmt, ...)
{
	struct buf *b = &rs->body;
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	rs->status = status;
	buf_clear(b);
	buf_addf(b, "{\"error\":{\"code\":\"%s\",\"message\":\"Error executing request. ",
		status == 404 ? "NotFound" : "BadRequest");
	add_text(b, text);
	buf_addf(b, "\",\"details\":[{\"code\":\"Context\",\"target\":\"\",\"message\":\"%s|%s|",
		status == 404 ? "Ex6F9304" : "", exception);
	add_text(b, text);
	buf_adds(b, "\"}]}}");
	return false;
}

void respond_values(
	const struct call *c, const struct buf *items, const char *more, const char *warning)
{
	const char *select = c->rq->query->select; /* names: exchange_route() */
	struct buf *b = &c->rs->body;

	c->rs->status = 200;
	buf_addf(b,
		"{\"@odata.context\":\"%s/adminapi/beta/%s/$metadata#Collection(Exchange.Dyna"
		"micType)\",\"adminapi.warnings@odata.type\":\"#Collection(String)\","
		"\"@adminapi.warnings\":[",
		c->rq->base, c->em->tenant->id);
	if (warning)
		buf_addf(b, "\"%s\"", warning);
	buf_adds(b, "],");
	if (more)
		buf_addf(b,
			"\"@odata.nextLink\":\"%s/adminapi/beta/%s/InvokeCommand?%%24skiptoken"
			"=%s%s%s\",",
			c->rq->base, c->em->tenant->id, more, select ? "&%24select=" : "",
			select ? select : "");
	buf_adds(b, "\"value\":[");
	buf_add(b, buf_str(items), items->len);
	buf_adds(b, "]}");
}

int read_boolean(const json_t *v)
{
	const char *s = json_string_value(v);

	if (json_is_boolean(v))
		return json_is_true(v);
	if (s && *s == '$')
		s++;
	if (s && strcasecmp(s, "true") == 0)
		return 1;
	return s && strcasecmp(s, "false") == 0 ? 0 : -1;
}

static bool is_value(const struct object *o, const char *attribute, const char *text)
{
	_cleanup_json_ json_t *v = mailbox_value(o, mailbox_attribute(attribute));
	const char *s = json_string_value(v);
	size_t i;
	json_t *item;

	if (s)
		return text_casecmp(s, strlen(s), text, strlen(text)) == 0;
	json_array_foreach (v, i, item) {
		const char *address = json_string_value(item);

		if (strncasecmp(address, "smtp:", 5) == 0 && strcasecmp(address + 5, text) == 0)
			return true;
	}
	return false;
}

/* What is unique in Entra, without a walk. */
static struct object *by_key(const struct emulator *em, const char *identity)
{
	struct object *o = directory_find(em->dir, identity, strlen(identity));
	_cleanup_buf_ struct buf b = {0};

	if (o)
		return o;
	buf_addc(&b, '"');
	buf_add_json(&b, identity, strlen(identity));
	buf_addc(&b, '"');
	return directory_key(em->dir, KEY_UPN, TYPE_USER, b.data, b.len);
}

struct object *mailbox_of_identity(const struct call *c, const char *identity)
{
	static const char *const names[] = {"EmailAddresses", "Alias", "DisplayName"};
	struct object *found = by_key(c->em, identity);
	unsigned n = 0;

	if (found && mailbox_exists(found))
		return found;
	for (unsigned k = 0; k < ARRAY_SIZE(names) && !n; k++)
		for (uint32_t i = 0; i < directory_size(c->em->dir); i++) {
			struct object *o = directory_get(c->em->dir, i);

			if (!mailbox_exists(o) || !is_value(o, names[k], identity))
				continue;
			found = o;
			n++;
		}
	if (n == 1)
		return found;
	if (n)
		command_error(c->rs, 400, EXCEPTION_OPERATION,
			"The operation couldn't be performed because '%.200s' matches multiple "
			"entries.",
			identity);
	else
		command_error(c->rs, 404, EXCEPTION_NOT_FOUND,
			"The operation couldn't be performed because object '%.200s' couldn't be "
			"found on '%s'.",
			identity, c->em->tenant->initial_domain);
	return NULL;
}

bool is_common_parameter(const char *name)
{
	static const char *const names[] = {
		"Confirm", "ErrorAction", "WarningAction", "Verbose", "Force"};

	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(names[i], name) == 0)
			return true;
	return *name == '@';
}
