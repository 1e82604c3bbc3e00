/*
 * $filter: a recursive descent parser to a small tree, and what the tree asks for.
 * OData 4.01 part 2, 5.1.1; what Graph takes: learn.microsoft.com/graph/filter-query-parameter.
 */
#include "odata/filter.h"

#include "base/err.h"

#include <ctype.h>
#include <stdio.h>

#define DEPTH_MAX 20
#define TEXT_MAX 4096
#define NODES_MAX 200
#define LITERALS_MAX 100

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
	while (is_name(*ps->p) || *ps->p == '/' || *ps->p == '$') {
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

/* --- what the tree asks for --- */

/* A path of the type; onPremisesExtensionAttributes/x and x/$count are the only steps down. */
static enum filter_need need_of_path(const char *path, enum object_type t)
{
	size_t n = strcspn(path, "/");
	int prop = property_find(t, path, n);
	const struct property *p = prop < 0 ? NULL : &properties[prop];

	if (strcasecmp(path, "id") == 0)
		return NEED_NOTHING;
	if (strcasecmp(path, SOA_FLAG) == 0)
		return t == TYPE_DEVICE ? NEED_PROPERTY : NEED_INDEX;
	if (!p)
		return NEED_PROPERTY;
	if (!path[n] && (p->kind == KIND_EXTENSIONS || (p->kind == KIND_INTEGER && !p->extension)))
		return NEED_PROPERTY;
	if (!path[n])
		return p->advanced >> t & 1 ? NEED_INDEX : NEED_NOTHING;
	if (streq(path + n, COUNT_STEP))
		return property_is_list(p) ? NEED_INDEX : NEED_PROPERTY;
	return p->kind == KIND_EXTENSIONS && extension_number(path + n + 1) ? NEED_INDEX
	                                                                    : NEED_PROPERTY;
}

static bool is_list(const char *path, enum object_type t)
{
	int prop = property_find(t, path, strlen(path));

	return prop >= 0 && property_is_list(&properties[prop]);
}

/* inside: of a lambda, where paths are those of an element. */
static enum filter_need need_of(
	const struct filter *f, enum object_type t, bool inside, const char **why)
{
	enum filter_need need = NEED_NOTHING;

	switch (f->kind) {
	case NODE_NOT:
		need = NEED_INDEX;
		break;
	case NODE_COMPARE:
		if (f->op == OP_NE || f->op == OP_ENDS || !f->literals[0])
			need = NEED_INDEX;
		break;
	case NODE_AND:
	case NODE_OR:
	case NODE_ANY:
		break;
	}
	if (!inside && (f->kind == NODE_COMPARE || f->kind == NODE_ANY)) {
		need = MAX(need, need_of_path(f->property, t));
		if (is_list(f->property, t) != (f->kind == NODE_ANY))
			need = NEED_PROPERTY;
	}
	if (need == NEED_PROPERTY)
		*why = f->property;
	if (f->left && need < NEED_PROPERTY)
		need = MAX(need, need_of(f->left, t, inside || f->kind == NODE_ANY, why));
	if (f->right && need < NEED_PROPERTY)
		need = MAX(need, need_of(f->right, t, inside, why));
	return need;
}

enum filter_need filter_need(const struct filter *f, enum object_type t, const char **why)
{
	return need_of(f, t, false, why);
}

int filter_restricted(const struct filter *f, enum object_type t)
{
	int prop = property_find(t, f->property, strcspn(f->property, "/"));

	if (prop >= 0 && properties[prop].writer == BY_LIFECYCLE)
		return prop;
	prop = f->left ? filter_restricted(f->left, t) : -1;
	return prop < 0 && f->right ? filter_restricted(f->right, t) : prop;
}

bool filter_asks_soa(const struct filter *f)
{
	return strcasecmp(f->property, SOA_FLAG) == 0 || (f->left && filter_asks_soa(f->left)) ||
	       (f->right && filter_asks_soa(f->right));
}

const char *filter_equals(const struct filter *f, const char *property)
{
	return f->kind == NODE_COMPARE && f->op == OP_EQ && strcasecmp(f->property, property) == 0
	               ? f->literals[0]
	               : NULL;
}

unsigned filter_ids(const struct filter *f, struct buf *ret)
{
	const char *id = filter_equals(f, "id");
	unsigned l, r;

	if (id) {
		buf_add(ret, id + 1, strlen(id) - 2);
		buf_addc(ret, ',');
		return 1;
	}
	if (f->kind != NODE_OR)
		return 0;
	l = filter_ids(f->left, ret);
	r = l ? filter_ids(f->right, ret) : 0;
	return r ? l + r : 0;
}
