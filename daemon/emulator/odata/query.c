/* Query options of a URL. A new option is a row of the table and a function. */
#include "odata/query.h"

#include "odata/filter.h"
#include "odata/search.h"
#include "odata/url.h"

#include "base/err.h"

#include <stdio.h>

static bool bad(struct response *rs, const char *what, const char *detail)
{
	respond_error(rs, 400, "BadRequest", "%s: %s", what, detail);
	return false;
}

static void replace(char **p, const char *value)
{
	free(*p);
	*p = xstrdup(value);
}

static bool set_select(struct query *q, const char *value, struct response *rs)
{
	replace(&q->select, value);
	return true;
}

static bool set_filter(struct query *q, const char *value, struct response *rs)
{
	const char *why;

	filter_free(q->filter);
	q->filter = filter_parse(value, &why);
	if (!q->filter)
		respond_error(
			rs, 400, "Request_UnsupportedQuery", "Invalid filter clause: %s", why);
	return q->filter != NULL;
}

static bool set_search(struct query *q, const char *value, struct response *rs)
{
	const char *why;

	search_free(q->search);
	q->search = search_parse(value, &why);
	return q->search || bad(rs, "Syntax error in $search", why);
}

static bool set_top(struct query *q, const char *value, struct response *rs)
{
	char *end;

	q->top = strtol(value, &end, 10);
	if (!*value || *end || q->top < 1 || q->top > TOP_MAX)
		return bad(rs, "Invalid page size specified", value);
	return true;
}

static bool set_count(struct query *q, const char *value, struct response *rs)
{
	q->count = strcasecmp(value, "true") == 0;
	return true;
}

static bool set_order(struct query *q, const char *value, struct response *rs)
{
	size_t n = strcspn(value, " ");
	const char *direction = value + n + strspn(value + n, " ");

	if (strchr(value, ','))
		return bad(rs, "Sorting by several properties is not supported", value);
	if (*direction && strcasecmp(direction, "asc") != 0 && strcasecmp(direction, "desc") != 0)
		return bad(rs, "Invalid $orderby clause", value);
	free(q->order_text);
	q->order_text = xstrndup(value, n);
	q->descending = strcasecmp(direction, "desc") == 0;
	return true;
}

/* The term of that name: what is expanded twice is shown once, as OData's own parser joins it. */
static struct expand *expand_named(struct query *q, const char *name, size_t n)
{
	struct expand *x = q->expands;

	while (x < q->expands + q->n_expands &&
		!(strlen(x->name) == n && strncasecmp(x->name, name, n) == 0))
		x++;
	if (x == q->expands + q->n_expands) {
		snprintf(x->name, sizeof(x->name), "%.*s", (int)n, name);
		q->n_expands++;
		x->select = xstrdup("");
	}
	return x;
}

/* NULL: all of the default properties, whatever another term of the name has chosen. */
static void expand_select(struct expand *x, const char *names, size_t n)
{
	char *both = names && x->select ? xasprintf("%s%s%.*s", x->select, *x->select ? "," : "",
						  (int)n, names)
	                                : NULL;

	free(x->select);
	x->select = both;
}

/* "($select=id,displayName)"; its length, 0: it is another one. */
static size_t expand_options(const char *value, const char **ret_names, size_t *ret_n)
{
	static const char *const heads[] = {"($select=", "(select="};
	size_t n = strcspn(value + 1, "();") + 1;

	for (unsigned i = 0; i < ARRAY_SIZE(heads); i++)
		if (strncasecmp(value, heads[i], strlen(heads[i])) == 0 && value[n] == ')') {
			*ret_names = value + strlen(heads[i]);
			*ret_n = n - strlen(heads[i]);
			return n + 1;
		}
	return 0;
}

/* "members($select=id,displayName),manager" */
static bool set_expand(struct query *q, const char *value, struct response *rs)
{
	const char *names;
	size_t n_names = 0;

	for (unsigned terms = 0; *value; terms++) {
		size_t n = strcspn(value, ",("), more;
		struct expand *x;

		if (terms == EXPAND_MAX || n == 0 || n >= sizeof(x->name))
			return bad(rs, "Invalid $expand clause", value);
		x = expand_named(q, value, n);
		value += n;
		names = NULL;
		if (*value == '(') {
			more = expand_options(value, &names, &n_names);
			if (!more)
				return bad(rs, "Only $select is supported inside $expand", value);
			value += more;
		}
		if (*value && *value != ',')
			return bad(rs, "Invalid $expand clause", value);
		expand_select(x, names, n_names);
		value += *value == ',';
	}
	return true;
}

static bool set_skiptoken(struct query *q, const char *value, struct response *rs)
{
	replace(&q->skiptoken, value);
	return true;
}

static bool set_deltatoken(struct query *q, const char *value, struct response *rs)
{
	replace(&q->deltatoken, value);
	return true;
}

static bool set_format(struct query *q, const char *value, struct response *rs)
{
	return strcasestr(value, "json") || bad(rs, "The format is not supported", value);
}

static const struct {
	const char *name;
	bool (*set)(struct query *q, const char *value, struct response *rs);
} options[] = {
	{"select", set_select},
	{"filter", set_filter},
	{"search", set_search},
	{"top", set_top},
	{"count", set_count},
	{"orderby", set_order},
	{"expand", set_expand},
	{"skiptoken", set_skiptoken},
	{"deltatoken", set_deltatoken},
	{"format", set_format},
};

/*
 * The dollar sign may be left out (OData 4.01 part 2, 5.1); and "the same system query option ...
 * MUST NOT be specified more than once" (there as well).
 */
static bool set_option(
	struct query *q, unsigned *given, const char *name, const char *value, struct response *rs)
{
	const char *word = *name == '$' ? name + 1 : name;

	for (unsigned i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcasecmp(options[i].name, word) != 0)
			continue;
		if (*given >> i & 1) {
			respond_error(rs, 400, "BadRequest",
				"Query option '$%s' was specified more than once, but it must be "
				"specified at most once.",
				options[i].name);
			return false;
		}
		*given |= 1u << i;
		return options[i].set(q, value, rs);
	}
	return *name != '$' || bad(rs, "The query parameter is not supported", name);
}

/* Its name, as sent: "$skiptoken", perhaps encoded, or without the dollar sign. */
static bool is_skiptoken(const char *name, size_t n)
{
	static const char word[] = "skiptoken";

	return n >= strlen(word) && n <= strlen(word) + 3 &&
	       strncasecmp(name + n - strlen(word), word, strlen(word)) == 0;
}

bool query_parse(struct query *q, char *text, struct response *rs)
{
	_cleanup_buf_ struct buf kept = {0};
	unsigned given = 0;
	char *save = NULL;

	for (char *p = strtok_r(text, "&", &save); p; p = strtok_r(NULL, "&", &save)) {
		char *value = strchr(p, '=');

		if (!is_skiptoken(p, value ? (size_t)(value - p) : strlen(p)))
			buf_addf(&kept, "&%s", p);
		if (value)
			*value++ = '\0';
		if (!url_decode(p) || (value && !url_decode(value)))
			return bad(rs, "The URL is malformed", "percent-encoding");
		if (!set_option(q, &given, p, value ? value : "", rs))
			return false;
	}
	q->options = buf_steal(&kept);
	return true;
}

void query_done(struct query *q)
{
	if (!q)
		return;
	for (unsigned i = 0; i < q->n_expands; i++)
		free(q->expands[i].select);
	free(q->options);
	free(q->select);
	free(q->order_text);
	free(q->skiptoken);
	free(q->deltatoken);
	filter_free(q->filter);
	search_free(q->search);
	free(q);
}
