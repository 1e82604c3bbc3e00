/* Answers: errors in Graph's words, with the ids of the request in each. */
#include "odata/response.h"

#include "tenant/clock.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/text.h"
#include "base/timefmt.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

/* Of the request that is being served: requests are served one after the other. */
static char request_id[37], client_request_id[64], request_date[24];

void request_begin(const struct emulator *em, const char *client_id)
{
	char text[TIME_TEXT_SIZE];
	size_t n = 0;

	uuid_random(request_id);
	for (; client_id && client_id[n] && n + 1 < sizeof(client_request_id) &&
		(isalnum((unsigned char)client_id[n]) || client_id[n] == '-');
		n++)
		client_request_id[n] = client_id[n];
	client_request_id[n] = '\0';
	snprintf(request_date, sizeof(request_date), "%.19s", time_format(tenant_now(em), text));
}

const char *request_ids(const char **ret_client)
{
	*ret_client = *client_request_id ? client_request_id : request_id;
	return request_id;
}

void add_text(struct buf *b, const char *s)
{
	while (*s) {
		size_t n = 1;

		while (n < 4 && s[n] && !utf8_valid(s, n))
			n++;
		if (!utf8_valid(s, n)) {
			s++;
			continue;
		}
		buf_add_json(b, s, n);
		s += n;
	}
}

/* `details`: JSON behind the message, or "". */
static void add_error(
	struct response *rs, int status, const char *code, const char *text, const char *details)
{
	rs->status = status;
	rs->type = NULL;
	buf_clear(&rs->body);
	buf_addf(&rs->body, "{\"error\":{\"code\":\"%s\",\"message\":\"", code);
	add_text(&rs->body, text);
	buf_addf(&rs->body,
		"\"%s,\"innerError\":{\"date\":\"%s\",\"request-id\":\"%s\","
		"\"client-request-id\":\"%s\"}}}",
		details, request_date, request_id,
		*client_request_id ? client_request_id : request_id);
}

void respond_error(struct response *rs, int status, const char *code, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	add_error(rs, status, code, text, "");
}

void respond_value(struct response *rs, const char *code, enum object_type t, const char *property,
	const char *why)
{
	static const char *const RESOURCES[TYPE_COUNT] = {
		[TYPE_USER] = "User",
		[TYPE_GROUP] = "Group",
		[TYPE_CONTACT] = "Contact",
		[TYPE_DEVICE] = "Device",
	};
	_cleanup_buf_ struct buf details = {0};
	char text[256];

	snprintf(text, sizeof(text), "Invalid value specified for property '%s' of resource '%s'.",
		property, RESOURCES[t]);
	buf_addf(&details,
		",\"details\":[{\"code\":\"InvalidValue\",\"target\":\"%s\",\"message\":\"",
		property);
	add_text(&details, why);
	buf_adds(&details, ".\"}]");
	add_error(rs, 400, code, text, buf_str(&details));
}

void respond_forbidden(struct response *rs)
{
	respond_error(rs, 403, "Authorization_RequestDenied",
		"Insufficient privileges to complete the operation.");
}

void respond_method(struct response *rs)
{
	respond_error(rs, 405, "Request_BadRequest", "The method is not allowed here.");
}

void respond_not_found(struct response *rs, const char *id)
{
	respond_error(rs, 404, "Request_ResourceNotFound",
		"Resource '%.200s' does not exist or one of its queried reference-property objects "
		"are not present.",
		id);
}

void respond_refusal(struct response *rs, const struct refusal *r)
{
	respond_error(rs, 400, r->code, "%s", r->text);
}
