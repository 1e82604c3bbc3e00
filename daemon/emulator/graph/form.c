/* See form.h. */
#include "graph/form.h"

#include "odata/url.h"
#include "tenant/guid.h"

#include "base/codec.h"
#include "base/err.h"
#include "base/timefmt.h"

#include <stdio.h>

void service_principal_id(const struct emulator *em, const char *app_id, char ret[static 37])
{
	_cleanup_free_ char *text = xasprintf("%s/%s", em->tenant->id, app_id);
	uint64_t hash[2] = {hash64(text, strlen(text)), hash64(text + 1, strlen(text) - 1)};
	unsigned char raw[16];

	memcpy(raw, hash, sizeof(raw));
	guid_write(ret, raw);
}

/* error_codes is the number in "AADSTS700016: ..." */
void token_error(struct response *rs, int status, const char *error, const char *text)
{
	const char *client, *id = request_ids(&client);
	long code = str_starts(text, "AADSTS") ? strtol(text + 6, NULL, 10) : 0;
	char when[TIME_TEXT_SIZE];

	rs->status = status;
	buf_clear(&rs->body);
	buf_addf(&rs->body, "{\"error\":\"%s\",\"error_description\":\"", error);
	add_text(&rs->body, text);
	buf_addf(&rs->body,
		" Trace ID: %s Correlation ID: %s\",\"error_codes\":[%ld],\"timestamp\":\"%s\","
		"\"trace_id\":\"%s\",\"correlation_id\":\"%s\"}",
		id, client, code, time_format(unix_now(), when), id, client);
}

char *form_value(const char *body, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = body; p && *p; p = strchr(p, '&') ? strchr(p, '&') + 1 : NULL)
		if (strncmp(p, name, n) == 0 && p[n] == '=') {
			char *v = xstrndup(p + n + 1, strcspn(p + n + 1, "&"));

			if (!url_decode(v))
				*v = '\0';
			return v;
		}
	return xstrdup("");
}

/* The first of the scopes that ends so; NULL: none does. They are in any order. */
static char *scope_with(const char *scopes, const char *tail)
{
	for (const char *p = scopes; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n < RESOURCE_MAX && n > strlen(tail) && str_starts(p + n - strlen(tail), tail))
			return xstrndup(p, n - strlen(tail));
		p += n;
	}
	return NULL;
}

/*
 * "resource" of version 1.0; of 2.0 what stands in front of "/.default" in "scope". One that is too
 * long for a token is ignored.
 */
char *form_resource(const char *body)
{
	char *resource = form_value(body, "resource"), *found;
	_cleanup_free_ char *scopes = NULL;

	if (*resource && strlen(resource) < RESOURCE_MAX)
		return resource;
	free(resource);
	scopes = form_value(body, "scope");
	found = scope_with(scopes, "/.default");
	return found ? found : xstrdup("");
}
