/* $filter: a recursive descent parser to a small tree, and its evaluation. */
#include "query.h"

#include "base/err.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>

#define DEPTH_MAX 20
#define TEXT_MAX 4096

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_COMPARE, NODE_STARTSWITH };

struct filter {
	enum node_kind kind;
	struct filter *left, *right;
	char property[128];
	bool any;      /* property/any(p:p eq ...) */
	bool equal;    /* eq, else ne */
	char *literal; /* JSON text; NULL: null */
};

struct parser {
	const char *p;
	const char *why;
	int depth;
};

void filter_free(struct filter *f)
{
	if (!f)
		return;
	filter_free(f->left);
	filter_free(f->right);
	free(f->literal);
	free(f);
}

static struct filter *parse_or(struct parser *ps);

static void blanks(struct parser *ps)
{
	while (*ps->p == ' ')
		ps->p++;
}

static bool word(struct parser *ps, const char *w)
{
	size_t n = strlen(w);

	blanks(ps);
	if (strncasecmp(ps->p, w, n) != 0 || isalnum((unsigned char)ps->p[n]))
		return false;
	ps->p += n;
	return true;
}

static bool symbol(struct parser *ps, char c)
{
	blanks(ps);
	if (*ps->p != c)
		return false;
	ps->p++;
	return true;
}

static bool name(struct parser *ps, char *ret, size_t size)
{
	size_t n = 0;

	blanks(ps);
	while (isalnum((unsigned char)*ps->p) || *ps->p == '/' || *ps->p == '_') {
		if (n + 1 == size)
			return false;
		ret[n++] = *ps->p++;
	}
	ret[n] = '\0';
	return n > 0;
}

/* 'text' with doubled quotes, true, false, null. */
static bool literal(struct parser *ps, char **ret)
{
	_cleanup_buf_ struct buf b = {0}, json = {0};

	*ret = NULL;
	if (word(ps, "null"))
		return true;
	if (word(ps, "true")) {
		*ret = xstrdup("true");
		return true;
	}
	if (word(ps, "false")) {
		*ret = xstrdup("false");
		return true;
	}
	if (!symbol(ps, '\'')) {
		ps->why = "a literal was expected";
		return false;
	}
	for (;; ps->p++) {
		if (!*ps->p) {
			ps->why = "a quote is missing";
			return false;
		}
		if (*ps->p == '\'') {
			if (ps->p[1] != '\'')
				break;
			ps->p++;
		}
		buf_addc(&b, *ps->p);
	}
	ps->p++;
	buf_addc(&json, '"');
	buf_add_json(&json, buf_str(&b), b.len);
	buf_addc(&json, '"');
	*ret = buf_steal(&json);
	return true;
}

static bool compare(struct parser *ps, struct filter *f)
{
	if (word(ps, "eq"))
		f->equal = true;
	else if (!word(ps, "ne")) {
		ps->why = "eq or ne was expected";
		return false;
	}
	return literal(ps, &f->literal);
}

/* "proxyAddresses/any(p:p eq 'smtp:a@b')": the name has ended at "/any" */
static bool any(struct parser *ps, struct filter *f)
{
	char var[32], again[32];

	f->any = true;
	f->property[strlen(f->property) - 4] = '\0';
	if (!symbol(ps, '(') || !name(ps, var, sizeof(var)) || !symbol(ps, ':') ||
		!name(ps, again, sizeof(again)) || !streq(var, again) || !compare(ps, f))
		return false;
	return symbol(ps, ')');
}

static bool startswith(struct parser *ps, struct filter *f)
{
	f->kind = NODE_STARTSWITH;
	return symbol(ps, '(') && name(ps, f->property, sizeof(f->property)) && symbol(ps, ',') &&
	       literal(ps, &f->literal) && f->literal && symbol(ps, ')');
}

static struct filter *primary(struct parser *ps)
{
	struct filter *f = xcalloc(1, sizeof(*f));
	size_t n;
	bool good;

	if (symbol(ps, '(')) {
		free(f);
		f = parse_or(ps);
		if (f && symbol(ps, ')'))
			return f;
		filter_free(f);
		return NULL;
	}
	if (word(ps, "not")) {
		f->kind = NODE_NOT;
		f->left = primary(ps);
		good = f->left != NULL;
	} else if (word(ps, "startswith")) {
		good = startswith(ps, f);
	} else {
		f->kind = NODE_COMPARE;
		good = name(ps, f->property, sizeof(f->property));
		n = strlen(f->property);
		if (good)
			good = n > 4 && streq(f->property + n - 4, "/any") ? any(ps, f)
			                                                   : compare(ps, f);
	}
	if (good)
		return f;
	filter_free(f);
	return NULL;
}

static struct filter *chain(struct parser *ps, const char *op, enum node_kind kind,
	struct filter *(*next)(struct parser *))
{
	struct filter *left = next(ps);

	while (left && word(ps, op)) {
		struct filter *f = xcalloc(1, sizeof(*f));

		f->kind = kind;
		f->left = left;
		f->right = next(ps);
		left = f;
		if (!f->right) {
			filter_free(f);
			return NULL;
		}
	}
	return left;
}

static struct filter *parse_and(struct parser *ps)
{
	return chain(ps, "and", NODE_AND, primary);
}

static struct filter *parse_or(struct parser *ps)
{
	struct filter *f;

	if (++ps->depth > DEPTH_MAX) {
		ps->why = "too deeply nested";
		return NULL;
	}
	f = chain(ps, "or", NODE_OR, parse_and);
	ps->depth--;
	return f;
}

struct filter *filter_parse(const char *text, const char **why)
{
	struct parser ps = {.p = text, .why = "the syntax is not understood"};
	struct filter *f;

	*why = "the text is too long";
	if (strlen(text) > TEXT_MAX)
		return NULL;
	f = parse_or(&ps);
	blanks(&ps);
	if (f && *ps.p) {
		filter_free(f);
		f = NULL;
		ps.why = "something follows the end";
	}
	*why = ps.why;
	return f;
}

static const char soa_name[] = "onPremisesSyncBehavior/isCloudManaged";

bool filter_is_advanced(const struct filter *f)
{
	switch (f->kind) {
	case NODE_AND:
	case NODE_OR:
		return filter_is_advanced(f->left) || filter_is_advanced(f->right);
	case NODE_NOT:
		return true;
	case NODE_STARTSWITH:
		return false;
	case NODE_COMPARE:
		break;
	}
	return !f->equal || strcasecmp(f->property, soa_name) == 0;
}

const char *filter_equals(const struct filter *f, const char *property)
{
	return f->kind == NODE_COMPARE && f->equal && !f->any &&
	                       strcasecmp(f->property, property) == 0
	               ? f->literal
	               : NULL;
}

static bool text_equal(const char *a, size_t an, const char *b)
{
	return a ? b && text_casecmp(a, an, b, strlen(b)) == 0 : !b;
}

static int match_compare(const struct filter *f, const struct object *o, const char **why)
{
	const char *json;
	bool equal;
	int prop;
	size_t n;

	if (strcasecmp(f->property, soa_name) == 0) {
		equal = f->literal && streq(f->literal, o->cloud_managed ? "true" : "false");
		return equal == f->equal;
	}
	if (strcasecmp(f->property, "id") == 0)
		return f->literal && strlen(f->literal) == 38 &&
		       (strncasecmp(f->literal + 1, o->id, 36) == 0) == f->equal;
	prop = property_find(o->type, f->property, strlen(f->property));
	if (prop < 0) {
		*why = f->property;
		return -1;
	}
	json = object_prop(o, (unsigned)prop, &n);
	if (!f->any)
		return text_equal(json, n, f->literal) == f->equal;
	for (const char *p = json; p && p < json + n;) {
		const char *start = memchr(p, '"', (size_t)(json + n - p)), *end;

		end = start ? memchr(start + 1, '"', (size_t)(json + n - start - 1)) : NULL;
		if (!end)
			break;
		if (text_equal(start, (size_t)(end - start + 1), f->literal))
			return f->equal;
		p = end + 1;
	}
	return !f->equal;
}

int filter_match(const struct filter *f, const struct object *o, const char **why)
{
	int l, r;
	size_t n;
	const char *json;

	switch (f->kind) {
	case NODE_AND:
	case NODE_OR:
		l = filter_match(f->left, o, why);
		r = filter_match(f->right, o, why);
		if (l < 0 || r < 0)
			return -1;
		return f->kind == NODE_AND ? l && r : l || r;
	case NODE_NOT:
		l = filter_match(f->left, o, why);
		return l < 0 ? l : !l;
	case NODE_STARTSWITH:
		l = property_find(o->type, f->property, strlen(f->property));
		if (l < 0) {
			*why = f->property;
			return -1;
		}
		json = object_prop(o, (unsigned)l, &n);
		r = (int)strlen(f->literal) - 1;
		return json && n >= (size_t)r &&
		       text_casecmp(json, (size_t)r, f->literal, (size_t)r) == 0;
	case NODE_COMPARE:
		break;
	}
	return match_compare(f, o, why);
}
