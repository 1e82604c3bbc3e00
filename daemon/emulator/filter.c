/*
 * $filter: a recursive descent parser to a small tree, and its evaluation over an object of the
 * directory, a JSON object (an audit record) or one element of a collection.
 * OData 4.01 part 2, 5.1.1; what Graph takes: learn.microsoft.com/graph/filter-query-parameter.
 */
#include "query.h"

#include "base/err.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>

#define DEPTH_MAX 20
#define TEXT_MAX 4096
#define NODES_MAX 200
#define LITERALS_MAX 100

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_COMPARE, NODE_ANY };
enum compare_op { OP_EQ, OP_NE, OP_GT, OP_GE, OP_LT, OP_LE, OP_IN, OP_STARTS, OP_ENDS };

struct filter {
	enum node_kind kind;
	enum compare_op op;
	struct filter *left, *right; /* ANY: left is the inside, NULL for any() */
	char property[128];          /* path; inside of any: behind the variable, "" itself */
	char **literals;             /* JSON text; NULL: null */
	unsigned n_literals;
};

struct parser {
	const char *p;
	const char *why;
	int depth, nodes;
	char variable[32]; /* of the lambda that is being read, "" outside */
};

void filter_free(struct filter *f)
{
	if (!f)
		return;
	filter_free(f->left);
	filter_free(f->right);
	for (unsigned i = 0; i < f->n_literals; i++)
		free(f->literals[i]);
	free(f->literals);
	free(f);
}

static struct filter *parse_or(struct parser *ps);

static void blanks(struct parser *ps)
{
	while (*ps->p == ' ')
		ps->p++;
}

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool word(struct parser *ps, const char *w)
{
	size_t n = strlen(w);

	blanks(ps);
	if (strncasecmp(ps->p, w, n) != 0 || is_name(ps->p[n]) || ps->p[n] == '/')
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

/* A path; inside of a lambda without its variable. */
static bool path(struct parser *ps, char *ret, size_t size)
{
	size_t n = 0, v = strlen(ps->variable);

	blanks(ps);
	while (is_name(*ps->p) || *ps->p == '/') {
		if (n + 1 == size)
			return false;
		ret[n++] = *ps->p++;
	}
	ret[n] = '\0';
	if (n == 0 || v == 0)
		return n > 0;
	if (strncmp(ret, ps->variable, v) != 0 || (ret[v] && ret[v] != '/'))
		return false;
	memmove(ret, ret + v + (ret[v] == '/'), n - v + (ret[v] != '/'));
	return true;
}

static char *quoted(const char *s, size_t n)
{
	struct buf b = {0};

	buf_addc(&b, '"');
	buf_add_json(&b, s, n);
	buf_addc(&b, '"');
	return buf_steal(&b);
}

/* 'text' with doubled quotes, true, false, null, or a date without quotes. */
static bool literal(struct parser *ps, char **ret)
{
	_cleanup_buf_ struct buf b = {0};
	size_t n;

	*ret = NULL;
	if (word(ps, "null"))
		return true;
	if (word(ps, "true") || word(ps, "false")) {
		*ret = xstrdup(ps->p[-1] == 'e' && ps->p[-2] == 'u' ? "true" : "false");
		return true;
	}
	blanks(ps);
	n = strspn(ps->p, "0123456789-+:.TZtz");
	if (n) {
		*ret = quoted(ps->p, n);
		ps->p += n;
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
	*ret = quoted(buf_str(&b), b.len);
	return true;
}

static bool add_literal(struct parser *ps, struct filter *f)
{
	if (f->n_literals == LITERALS_MAX) {
		ps->why = "too many values";
		return false;
	}
	f->literals = xrealloc(f->literals, (f->n_literals + 1) * sizeof(*f->literals));
	if (!literal(ps, &f->literals[f->n_literals]))
		return false;
	f->n_literals++;
	return true;
}

static bool compare(struct parser *ps, struct filter *f)
{
	static const char *const words[] = {"eq", "ne", "gt", "ge", "lt", "le"};

	f->kind = NODE_COMPARE;
	for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
		if (word(ps, words[i])) {
			f->op = (enum compare_op)i;
			return add_literal(ps, f);
		}
	if (word(ps, "in")) {
		f->op = OP_IN;
		if (!symbol(ps, '('))
			return false;
		do {
			if (!add_literal(ps, f))
				return false;
		} while (symbol(ps, ','));
		return symbol(ps, ')');
	}
	ps->why = "a comparison was expected";
	return false;
}

/* "proxyAddresses/any(p:p eq 'smtp:a@b')": the name has ended at "/any" */
static bool any(struct parser *ps, struct filter *f)
{
	bool good;

	f->kind = NODE_ANY;
	f->property[strlen(f->property) - 4] = '\0';
	if (!symbol(ps, '(') || ps->variable[0])
		return false;
	if (symbol(ps, ')'))
		return true;
	good = path(ps, ps->variable, sizeof(ps->variable)) && symbol(ps, ':');
	if (good)
		f->left = parse_or(ps);
	ps->variable[0] = '\0';
	return good && f->left && symbol(ps, ')');
}

static bool function(struct parser *ps, struct filter *f, enum compare_op op)
{
	f->kind = NODE_COMPARE;
	f->op = op;
	return symbol(ps, '(') && path(ps, f->property, sizeof(f->property)) && symbol(ps, ',') &&
	       add_literal(ps, f) && f->literals[0] && symbol(ps, ')');
}

static bool is_any(const char *property)
{
	size_t n = strlen(property);

	return n > 4 && streq(property + n - 4, "/any");
}

static struct filter *group(struct parser *ps)
{
	struct filter *f = parse_or(ps);

	if (f && symbol(ps, ')'))
		return f;
	filter_free(f);
	return NULL;
}

static struct filter *primary(struct parser *ps)
{
	struct filter *f;
	bool good;

	if (ps->depth > DEPTH_MAX || ++ps->nodes > NODES_MAX) {
		ps->why = "too long or too deeply nested";
		return NULL;
	}
	if (symbol(ps, '('))
		return group(ps);
	f = xcalloc(1, sizeof(*f));
	if (word(ps, "not")) {
		f->kind = NODE_NOT;
		ps->depth++;
		f->left = primary(ps);
		ps->depth--;
		good = f->left != NULL;
	} else if (word(ps, "startswith")) {
		good = function(ps, f, OP_STARTS);
	} else if (word(ps, "endswith")) {
		good = function(ps, f, OP_ENDS);
	} else {
		good = path(ps, f->property, sizeof(f->property));
		if (good)
			good = is_any(f->property) ? any(ps, f) : compare(ps, f);
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

	ps->depth++;
	f = ps->depth > DEPTH_MAX ? NULL : chain(ps, "or", NODE_OR, parse_and);
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

/* --- what the text asks for --- */

static const char soa_name[] = "onPremisesSyncBehavior/isCloudManaged";

/*
 * learn.microsoft.com/graph/aad-advanced-queries: ne, not, endsWith, and filters on these two
 * properties are served by the index that has to be asked for.
 */
bool filter_is_advanced(const struct filter *f)
{
	switch (f->kind) {
	case NODE_AND:
	case NODE_OR:
		return filter_is_advanced(f->left) || filter_is_advanced(f->right);
	case NODE_NOT:
		return true;
	case NODE_ANY:
		return f->left && filter_is_advanced(f->left);
	case NODE_COMPARE:
		break;
	}
	return f->op == OP_NE || f->op == OP_ENDS || strcasecmp(f->property, soa_name) == 0 ||
	       strncasecmp(f->property, "onPremisesExtensionAttributes/", 30) == 0;
}

const char *filter_equals(const struct filter *f, const char *property)
{
	return f->kind == NODE_COMPARE && f->op == OP_EQ && strcasecmp(f->property, property) == 0
	               ? f->literals[0]
	               : NULL;
}

const char *filter_any_equals(const struct filter *f, const char *property)
{
	return f->kind == NODE_ANY && f->left && strcasecmp(f->property, property) == 0
	               ? filter_equals(f->left, "")
	               : NULL;
}

/* --- evaluation --- */

/* What is looked at: one of the three. */
struct subject {
	const struct object *object;
	const json_t *json;
	const char *text; /* JSON text of an element */
	size_t n;
};

struct found {
	const char *text; /* JSON text; NULL: null */
	size_t n;
	struct buf own; /* when it had to be made */
};

static void found_json(struct found *v, const json_t *json)
{
	char *text;

	if (!json || json_is_null(json))
		return;
	text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY);
	buf_adds(&v->own, text);
	free(text);
	v->text = v->own.data;
	v->n = v->own.len;
}

static const json_t *walk(const json_t *json, const char *path)
{
	while (*path && json) {
		char name[128];
		size_t n = strcspn(path, "/");

		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		json = json_object_get(json, name);
		path += n + (path[n] == '/');
	}
	return json;
}

static bool object_value(const struct object *o, const char *path, struct found *v)
{
	const char *slash = strchr(path, '/'), *text;
	int prop = property_find(o->type, path, slash ? (size_t)(slash - path) : strlen(path));
	json_t *json;
	size_t n;

	if (strcasecmp(path, soa_name) == 0) {
		v->text = o->cloud_managed ? "true" : "false";
		v->n = strlen(v->text);
		return true;
	}
	if (strcasecmp(path, "id") == 0) {
		buf_addf(&v->own, "\"%s\"", o->id);
		v->text = v->own.data;
		v->n = v->own.len;
		return true;
	}
	if (prop < 0 || (slash && properties[prop].kind != KIND_EXTENSIONS))
		return false;
	text = object_prop(o, (unsigned)prop, &n);
	if (slash && text) {
		json = json_loadb(text, n, 0, NULL);
		found_json(v, walk(json, slash + 1));
		json_decref(json);
	} else {
		v->text = text;
		v->n = n;
	}
	return true;
}

static bool value_of(const struct subject *s, const char *path, struct found *v)
{
	json_t *json;

	if (s->object)
		return object_value(s->object, path, v);
	if (s->json) {
		found_json(v, walk(s->json, path));
		return true;
	}
	if (!*path) {
		v->text = s->text;
		v->n = s->n;
		return true;
	}
	json = json_loadb(s->text, s->n, 0, NULL);
	found_json(v, walk(json, path));
	json_decref(json);
	return true;
}

static bool equal(const struct found *v, const char *literal)
{
	if (!v->text || !literal)
		return !v->text && !literal;
	return text_casecmp(v->text, v->n, literal, strlen(literal)) == 0;
}

/* Quotes left out, so that a shorter text sorts before a longer one. */
static int order(const struct found *v, const char *literal)
{
	size_t n = strlen(literal);

	if (v->n < 2 || n < 2)
		return 0;
	return text_casecmp(v->text + 1, v->n - 2, literal + 1, n - 2);
}

static bool starts(const struct found *v, const char *literal)
{
	size_t n = strlen(literal) - 1;

	return v->text && v->n > n && text_casecmp(v->text, n, literal, n) == 0;
}

static bool ends(const struct found *v, const char *literal)
{
	size_t n = strlen(literal) - 1;

	return v->text && v->n > n && text_casecmp(v->text + v->n - n, n, literal + 1, n) == 0;
}

static bool holds(const struct filter *f, const struct found *v)
{
	const char *first = f->literals[0];

	switch (f->op) {
	case OP_EQ:
		return equal(v, first);
	case OP_NE:
		return !equal(v, first);
	case OP_GT:
		return v->text && first && order(v, first) > 0;
	case OP_GE:
		return v->text && first && order(v, first) >= 0;
	case OP_LT:
		return v->text && first && order(v, first) < 0;
	case OP_LE:
		return v->text && first && order(v, first) <= 0;
	case OP_IN:
		for (unsigned i = 0; i < f->n_literals; i++)
			if (equal(v, f->literals[i]))
				return true;
		return false;
	case OP_STARTS:
		return starts(v, first);
	case OP_ENDS:
		return ends(v, first);
	}
	return false;
}

/* A word compared with a boolean, or the other way round. */
static bool types_differ(const struct filter *f, const struct object *o)
{
	int prop = o ? property_find(o->type, f->property, strlen(f->property)) : -1;

	for (unsigned i = 0; prop >= 0 && i < f->n_literals; i++)
		if (f->literals[i] &&
			(f->literals[i][0] != '"') != (properties[prop].kind == KIND_BOOLEAN))
			return true;
	return false;
}

static int match(const struct filter *f, const struct subject *s, const char **why);

static int match_compare(const struct filter *f, const struct subject *s, const char **why)
{
	struct found v = {0};
	int prop =
		s->object ? property_find(s->object->type, f->property, strlen(f->property)) : -1;
	bool list = prop >= 0 && (properties[prop].kind == KIND_STRINGS ||
					 properties[prop].kind == KIND_OBJECTS);
	int r = -1;

	*why = f->property;
	if (!list && !types_differ(f, s->object) && value_of(s, f->property, &v))
		r = holds(f, &v);
	buf_done(&v.own);
	return r;
}

/* The next element of a JSON array's text; false at its end. */
static bool next_element(const char **p, const char *end, const char **ret, size_t *ret_n)
{
	int depth = 0;
	bool text = false;

	while (*p < end && strchr("[, ", **p))
		(*p)++;
	*ret = *p;
	for (; *p < end; (*p)++) {
		if (text && **p == '\\')
			(*p)++;
		else if (**p == '"')
			text = !text;
		else if (!text && strchr("{[", **p))
			depth++;
		else if (!text && depth == 0 && strchr(",]", **p))
			break;
		else if (!text && strchr("}]", **p))
			depth--;
	}
	if (*p > end)
		*p = end;
	*ret_n = (size_t)(*p - *ret);
	return *ret_n > 0;
}

static int match_any(const struct filter *f, const struct subject *s, const char **why)
{
	struct found v = {0};
	struct subject element = {0};
	const char *p;
	int r = 0;

	*why = f->property;
	if (!value_of(s, f->property, &v)) {
		buf_done(&v.own);
		return -1;
	}
	p = v.text;
	while (r == 0 && p && next_element(&p, v.text + v.n, &element.text, &element.n))
		r = f->left ? match(f->left, &element, why) : 1;
	buf_done(&v.own);
	return r;
}

static int match(const struct filter *f, const struct subject *s, const char **why)
{
	int l, r;

	switch (f->kind) {
	case NODE_AND:
	case NODE_OR:
		l = match(f->left, s, why);
		r = l < 0 ? l : match(f->right, s, why);
		if (l < 0 || r < 0)
			return -1;
		return f->kind == NODE_AND ? l && r : l || r;
	case NODE_NOT:
		l = match(f->left, s, why);
		return l < 0 ? l : !l;
	case NODE_ANY:
		return match_any(f, s, why);
	case NODE_COMPARE:
		break;
	}
	return match_compare(f, s, why);
}

int filter_match(const struct filter *f, const struct object *o, const char **why)
{
	struct subject s = {.object = o};

	return match(f, &s, why);
}

int filter_match_json(const struct filter *f, const json_t *json, const char **why)
{
	struct subject s = {.json = json};

	return match(f, &s, why);
}
