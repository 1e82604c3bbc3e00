/*
 * $search="property:text" with AND and OR (learn.microsoft.com/graph/search-query-parameter, "Using
 * $search on directory object collections"): a value matches when one of its words begins with the
 * text.
 */
#include "odata/search.h"

#include "base/err.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>

#define TERMS_MAX 20

struct term {
	char property[64];
	char *text;
	bool either; /* joined to the one before by OR; AND binds tighter */
};

struct search {
	struct term terms[TERMS_MAX];
	unsigned n;
};

void search_free(struct search *s)
{
	if (!s)
		return;
	for (unsigned i = 0; i < s->n; i++)
		free(s->terms[i].text);
	free(s);
}

/* "displayName:text" with its quotes; *p behind it. */
static bool read_term(struct term *t, const char **p)
{
	const char *end, *colon;

	if (**p != '"')
		return false;
	end = strchr(*p + 1, '"');
	colon = end ? memchr(*p + 1, ':', (size_t)(end - *p - 1)) : NULL;
	if (!colon || colon + 1 == end || (size_t)(colon - *p - 1) >= sizeof(t->property))
		return false;
	snprintf(t->property, sizeof(t->property), "%.*s", (int)(colon - *p - 1), *p + 1);
	t->text = xstrndup(colon + 1, (size_t)(end - colon - 1));
	*p = end + 1;
	return true;
}

struct search *search_parse(const char *text, const char **why)
{
	struct search *s = xcalloc(1, sizeof(*s));
	bool either = false;

	*why = "\"property:text\" was expected, joined by AND or OR";
	for (const char *p = text + strspn(text, " ");;) {
		struct term *t = &s->terms[s->n];

		if (s->n == TERMS_MAX || !read_term(t, &p))
			break;
		t->either = either;
		s->n++;
		p += strspn(p, " ");
		if (!*p)
			return s;
		either = strncasecmp(p, "OR ", 3) == 0;
		if (!either && strncasecmp(p, "AND ", 4) != 0)
			break;
		p += either ? 3 : 4;
		p += strspn(p, " ");
	}
	search_free(s);
	return NULL;
}

static bool has_word(const char *json, size_t n, const char *text)
{
	size_t m = strlen(text);

	for (size_t i = 1; i + m < n; i++)
		if (!isalnum((unsigned char)json[i - 1]) && !((unsigned char)json[i - 1] & 0x80) &&
			text_casecmp(json + i, m, text, m) == 0)
			return true;
	return false;
}

static int match_term(const struct term *t, const struct object *o, const char **why)
{
	int prop = property_find(o->type, t->property, strlen(t->property));
	const char *json;
	size_t n;

	*why = t->property;
	if (prop < 0 || properties[prop].extension || properties[prop].kind == KIND_BOOLEAN ||
		properties[prop].kind == KIND_TIME || properties[prop].kind == KIND_INTEGER)
		return -1;
	json = object_prop(o, (unsigned)prop, &n);
	return json && has_word(json, n, t->text);
}

int search_match(const struct search *s, const struct object *o, const char **why)
{
	bool all = true;

	for (unsigned i = 0; i < s->n; i++) {
		int m = match_term(&s->terms[i], o, why);

		if (m < 0)
			return -1;
		if (s->terms[i].either) {
			if (all)
				return 1;
			all = true;
		}
		all = all && m;
	}
	return all;
}
