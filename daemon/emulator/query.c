/* Query options of a URL. */
#include "query.h"

#include "base/codec.h"
#include "base/err.h"

#include <ctype.h>

bool url_decode(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (*s == '%') {
			if (!s[1] || !s[2] || hex_decode(out, s + 1, 2) != 1 || !*out)
				return false;
			out++;
			s += 2;
		} else {
			*out++ = *s == '+' ? ' ' : *s;
		}
	}
	*out = '\0';
	return true;
}

void url_encode(struct buf *b, const char *s)
{
	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || strchr("-._~", *s))
			buf_addc(b, *s);
		else
			buf_addf(b, "%%%02X", (unsigned char)*s);
	}
}

static bool bad(struct response *rs, const char *what, const char *detail)
{
	respond_error(rs, 400, "BadRequest", "%s: %s", what, detail);
	return false;
}

static bool set_option(struct query *q, const char *name, const char *value, struct response *rs)
{
	const char *why;
	char *end;

	if (streq(name, "$select")) {
		free(q->select);
		q->select = xstrdup(value);
	} else if (streq(name, "$filter")) {
		filter_free(q->filter);
		free(q->filter_text);
		q->filter_text = xstrdup(value);
		q->filter = filter_parse(value, &why);
		if (!q->filter) {
			respond_error(rs, 400, "Request_UnsupportedQuery",
				"Invalid filter clause: %s", why);
			return false;
		}
	} else if (streq(name, "$top")) {
		q->top = strtol(value, &end, 10);
		if (!*value || *end || q->top < 1 || q->top > 999)
			return bad(rs, "Invalid page size specified", value);
	} else if (streq(name, "$count")) {
		q->count = streq(value, "true");
	} else if (streq(name, "$skiptoken")) {
		free(q->skiptoken);
		q->skiptoken = xstrdup(value);
	} else if (streq(name, "$deltatoken")) {
		free(q->deltatoken);
		q->deltatoken = xstrdup(value);
	} else if (*name == '$' && !streq(name, "$orderby") && !streq(name, "$expand")) {
		return bad(rs, "The query parameter is not supported", name);
	}
	return true;
}

bool query_parse(struct query *q, char *text, struct response *rs)
{
	char *save = NULL;

	for (char *p = strtok_r(text, "&", &save); p; p = strtok_r(NULL, "&", &save)) {
		char *value = strchr(p, '=');

		if (value)
			*value++ = '\0';
		if (!url_decode(p) || (value && !url_decode(value)))
			return bad(rs, "The URL is malformed", "percent-encoding");
		if (!set_option(q, p, value ? value : "", rs))
			return false;
	}
	return true;
}

void query_done(struct query *q)
{
	if (!q)
		return;
	free(q->select);
	free(q->skiptoken);
	free(q->deltatoken);
	free(q->filter_text);
	filter_free(q->filter);
	free(q);
}

bool query_select(
	struct query *q, const struct request *rq, enum object_type t, struct response *rs)
{
	const char *p = q->select;

	if (!p) {
		for (unsigned i = 0; i < n_properties; i++)
			q->selected[i] = properties[i].by_default;
		return true;
	}
	while (*p) {
		size_t n = strcspn(p, ",");
		int prop = property_find(t, p, n);

		if (n == 7 && strncasecmp(p, "members", n) == 0 && t == TYPE_GROUP)
			q->select_members = true;
		else if (n == 7 && strncasecmp(p, "manager", n) == 0 && t != TYPE_GROUP)
			q->select_manager = true;
		else if (prop >= 0 && (prop != P_IMMUTABLE_ID || t == TYPE_USER || is_sync(rq)))
			q->selected[prop] = true;
		else if (!(n == 2 && strncasecmp(p, "id", n) == 0) && n) {
			respond_error(rs, 400, "BadRequest",
				"Could not find a property named '%.*s' on type "
				"'microsoft.graph.%s'.",
				(int)n, p, types[t].word);
			return false;
		}
		p += n + (p[n] == ',');
	}
	return true;
}
