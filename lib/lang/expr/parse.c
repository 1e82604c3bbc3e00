/*
 * From text to tree. Operators of one level are taken from left to right; comparison binds tighter
 * than && and ||, arithmetic tighter than comparison (the fact that the shipped rules rely on).
 */
#include "lang/expr/expr.h"
#include "lang/expr/functions.h"
#include "lang/expr/node.h"
#include "base/buf.h"
#include "base/text.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define ARGS_MAX 200

struct parser {
	const char *text, *p;
	const char *start; /* of the value that is being read, for messages */
	struct expr *x;
	unsigned depth, operators;
	unsigned attrs_cap;
	struct err *e;
	unsigned column; /* of the error */
};

static struct node *parse_level(struct parser *ps, int level);

static struct node *fail(struct parser *ps, const char *at, const char *fmt, ...) _printf_(3, 4);

static struct node *fail(struct parser *ps, const char *at, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (ps->column)
		return NULL; /* the first error is the one */
	ps->column = (unsigned)(at - ps->text) + 1;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(ps->e, -EINVAL, NULL, 0, "column %u: %s", ps->column, text);
	return NULL;
}

static void skip_space(struct parser *ps)
{
	while (*ps->p && isspace((unsigned char)*ps->p))
		ps->p++;
}

static struct node *new_node(struct parser *ps, enum node_kind kind)
{
	struct node *n = arena_zalloc(&ps->x->arena, sizeof(*n));

	n->kind = kind;
	n->column = (unsigned)(ps->start - ps->text) + 1;
	return n;
}

static struct node *constant(struct parser *ps, struct term t)
{
	struct node *n = new_node(ps, NODE_CONSTANT);

	n->constant = t;
	return n;
}

static void note_attr(struct parser *ps, unsigned attr)
{
	struct expr *x = ps->x;

	for (unsigned i = 0; i < x->n_attrs; i++)
		if (x->attrs[i] == attr)
			return;
	if (x->n_attrs == ps->attrs_cap) {
		unsigned *grown;

		ps->attrs_cap = ps->attrs_cap ? ps->attrs_cap * 2 : 8;
		grown = arena_alloc(&x->arena, ps->attrs_cap * sizeof(*grown));
		if (x->n_attrs)
			memcpy(grown, x->attrs, x->n_attrs * sizeof(*grown));
		x->attrs = grown;
	}
	x->attrs[x->n_attrs++] = attr;
}

static struct node *parse_string(struct parser *ps)
{
	const char *start = ps->p++;
	_cleanup_buf_ struct buf b = {0};

	for (; *ps->p != '"'; ps->p++) {
		if (!*ps->p)
			return fail(ps, start, "the string has no closing \"");
		if (*ps->p == '\\' && (ps->p[1] == '\\' || ps->p[1] == '"'))
			ps->p++;
		buf_addc(&b, *ps->p);
	}
	ps->p++;
	if (!utf8_valid(buf_str(&b), b.len))
		return fail(ps, start, "the string is not UTF-8");
	return constant(ps, term_string(arena_dup(&ps->x->arena, buf_str(&b), b.len), b.len));
}

static struct node *parse_number(struct parser *ps)
{
	const char *start = ps->p;
	bool negative = *ps->p == '-';
	uint64_t v = 0;
	int base = 10;

	ps->p += negative;
	if (ps->p[0] == '&' && (ps->p[1] == 'H' || ps->p[1] == 'h')) {
		base = 16;
		ps->p += 2;
	}
	if (base == 16 ? !isxdigit((unsigned char)*ps->p) : !isdigit((unsigned char)*ps->p))
		return fail(ps, start, "a number was expected");
	for (; base == 16 ? isxdigit((unsigned char)*ps->p) : isdigit((unsigned char)*ps->p);
		ps->p++) {
		unsigned d = isdigit((unsigned char)*ps->p)
		                     ? (unsigned)(*ps->p - '0')
		                     : (unsigned)(tolower(*ps->p) - 'a' + 10);

		if (v > ((uint64_t)INT64_MAX - d) / (unsigned)base)
			return fail(ps, start, "the number is too large");
		v = v * (unsigned)base + d;
	}
	return constant(ps, term_number(negative ? -(int64_t)v : (int64_t)v));
}

static struct node *parse_attribute(struct parser *ps)
{
	const char *start = ps->p, *end = strchr(ps->p, ']');
	struct node *n;

	if (!end || end == start + 1)
		return fail(ps, start, "[attribute] was expected");
	n = new_node(ps, NODE_ATTRIBUTE);
	n->attr = attr_internn(start + 1, (size_t)(end - start - 1));
	if (!n->attr)
		return fail(ps, start, "the attribute's name is too long");
	note_attr(ps, n->attr);
	ps->p = end + 1;
	return n;
}

static struct node *parse_parameter(struct parser *ps)
{
	const char *start = ps->p, *end = strchr(ps->p + 1, '%');
	struct node *n;

	if (!end || end == start + 1)
		return fail(ps, start, "%%Parameter%% was expected");
	n = new_node(ps, NODE_PARAMETER);
	n->name = arena_dup(&ps->x->arena, start + 1, (size_t)(end - start - 1));
	ps->p = end + 1;
	return n;
}

static size_t word_length(const char *p)
{
	size_t n = 0;

	while (isalnum((unsigned char)p[n]) || p[n] == '_' || p[n] == '$')
		n++;
	return n;
}

static bool is_quoted_name(const struct node *n)
{
	return n->kind == NODE_CONSTANT && n->constant.type == TERM_STRING;
}

/* ImportedValue("attr") and ValueCount("attr") name an attribute in quotes. */
static struct node *name_argument(struct parser *ps, struct node *call, const char *at)
{
	if (!(call->func->flags & FUNC_NAME))
		return call;
	if (!is_quoted_name(call->args[0]))
		return fail(
			ps, at, "%s takes the name of an attribute in quotes", call->func->name);
	call->attr = attr_internn(call->args[0]->constant.data, call->args[0]->constant.len);
	if (!call->attr)
		return fail(ps, at, "the attribute's name is too long");
	note_attr(ps, call->attr);
	call->args[0]->attr = call->attr;
	return call;
}

static struct node *parse_call(struct parser *ps, const char *name, size_t len)
{
	const struct function *f = function_find(name, len);
	struct node *args[ARGS_MAX], *n;
	unsigned count = 0;

	if (!f)
		return fail(ps, name, "there is no function \"%.*s\"; did you mean %s?", (int)len,
			name, function_nearest(name, len));
	ps->p++; /* the parenthesis */
	skip_space(ps);
	while (*ps->p != ')') {
		if (count == ARGS_MAX)
			return fail(ps, name, "%s has over %d arguments", f->name, ARGS_MAX);
		args[count] = parse_level(ps, 1);
		if (!args[count++])
			return NULL;
		skip_space(ps);
		if (*ps->p == ',')
			ps->p++;
		else if (*ps->p != ')')
			return fail(ps, ps->p, "\",\" or \")\" was expected in the arguments of %s",
				f->name);
		skip_space(ps);
	}
	ps->p++;
	if (count < f->min_args || count > f->max_args)
		return fail(
			ps, name, "%s has %u argument(s); it is %s", f->name, count, f->signature);
	ps->start = name;
	n = new_node(ps, NODE_CALL);
	n->func = f;
	n->n_args = count;
	n->args = arena_alloc(&ps->x->arena, (count + 1) * sizeof(*n->args));
	memcpy(n->args, args, count * sizeof(*n->args));
	return name_argument(ps, n, name);
}

static struct node *parse_word(struct parser *ps)
{
	static const struct {
		const char *word;
		struct term term;
	} WORDS[] = {
		{"True", {.type = TERM_BOOLEAN, .num = 1}},
		{"False", {.type = TERM_BOOLEAN}},
		{"NULL", {.type = TERM_NULL}},
		{"Null", {.type = TERM_NULL}},
		{"AuthoritativeNull", {.type = TERM_AUTHORITATIVE_NULL}},
		{"IgnoreThisFlow", {.type = TERM_IGNORE}},
		{"CRLF", {.type = TERM_STRING, .data = "\r\n", .len = 2}},
		{"vbBinaryCompare", {.type = TERM_NUMBER, .num = 0}},
		{"vbTextCompare", {.type = TERM_NUMBER, .num = 1}},
		{"CaseInsensitive", {.type = TERM_NUMBER, .num = 1}},
		{"CaseSensitive", {.type = TERM_NUMBER, .num = 0}},
		{"Unicode", {.type = TERM_STRING, .data = "Unicode", .len = 7}},
		{"ASCII", {.type = TERM_STRING, .data = "ASCII", .len = 5}},
		{"UTF8", {.type = TERM_STRING, .data = "UTF8", .len = 4}},
		{"DC", {.type = TERM_STRING, .data = "DC", .len = 2}},
	};
	const char *start = ps->p;
	size_t len = word_length(start);
	struct node *n;

	ps->p += len;
	skip_space(ps);
	if (*ps->p == '(')
		return parse_call(ps, start, len);
	if (*start == '$') {
		n = new_node(ps, NODE_VARIABLE);
		n->name = arena_dup(&ps->x->arena, start, len);
		return n;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(WORDS); i++)
		if (strlen(WORDS[i].word) == len && memcmp(WORDS[i].word, start, len) == 0)
			return constant(ps, WORDS[i].term);
	return fail(ps, start, "\"%.*s\" is no constant; an attribute is written [%.*s]", (int)len,
		start, (int)len, start);
}

static struct node *parse_primary(struct parser *ps)
{
	struct node *n;

	skip_space(ps);
	ps->start = ps->p;
	switch (*ps->p) {
	case '"':
		return parse_string(ps);
	case '[':
		return parse_attribute(ps);
	case '%':
		return parse_parameter(ps);
	case '(':
		ps->p++;
		n = parse_level(ps, 1);
		skip_space(ps);
		if (n && *ps->p != ')')
			return fail(ps, ps->p, "\")\" was expected");
		ps->p += n != NULL;
		return n;
	case '\0':
		return fail(ps, ps->p, "the expression ends where a value was expected");
	}
	if (*ps->p == '-' || *ps->p == '&' || isdigit((unsigned char)*ps->p))
		return parse_number(ps);
	if (word_length(ps->p))
		return parse_word(ps);
	return fail(ps, ps->p, "a value was expected, not \"%c\"", *ps->p);
}

static bool next_operator(struct parser *ps, int level, enum operator* ret)
{
	static const struct {
		const char *text;
		int level;
	} OPS[] = {
#define X(name, text, level) [OP_##name] = {text, level},
		OPERATORS(X)
#undef X
	};

	skip_space(ps);
	for (int i = 0; i < OP_COUNT; i++) {
		size_t n = strlen(OPS[i].text);

		if (strncmp(ps->p, OPS[i].text, n) != 0)
			continue;
		if (i == OP_CONCAT && (ps->p[1] == 'H' || ps->p[1] == 'h') &&
			isxdigit((unsigned char)ps->p[2]))
			continue; /* a hexadecimal number stands where an operator should */
		if (OPS[i].level != level)
			return false;
		ps->p += n;
		*ret = (enum operator)i;
		return true;
	}
	return false;
}

static struct node *parse_level(struct parser *ps, int level)
{
	struct node *left, *n;
	enum operator op;

	if (level > 3)
		return parse_primary(ps);
	if (level == 1 && ++ps->depth > EXPR_DEPTH_MAX)
		return fail(ps, ps->p, "nested deeper than %d", EXPR_DEPTH_MAX);
	left = parse_level(ps, level + 1);
	while (left && next_operator(ps, level, &op)) {
		if (++ps->operators > EXPR_OPERATORS_MAX)
			return fail(ps, ps->p, "over %d operators", EXPR_OPERATORS_MAX);
		ps->start = ps->p;
		n = new_node(ps, NODE_BINARY);
		n->op = op;
		n->n_args = 2;
		n->args = arena_alloc(&ps->x->arena, 2 * sizeof(*n->args));
		n->args[0] = left;
		n->args[1] = parse_level(ps, level + 1);
		left = n->args[1] ? n : NULL;
	}
	if (level == 1)
		ps->depth--;
	return left;
}

int expr_compile(const char *text, struct expr **ret, unsigned *ret_column, struct err *e)
{
	struct expr *x = xcalloc(1, sizeof(*x));
	struct err local;
	struct parser ps = {.text = text, .p = text, .x = x, .e = e ? e : &local};

	assert(text && ret);
	if (strlen(text) > EXPR_LENGTH_MAX) {
		fail(&ps, text, "the expression is over %d bytes", EXPR_LENGTH_MAX);
	} else {
		x->root = parse_level(&ps, 1);
		skip_space(&ps);
		if (x->root && *ps.p)
			fail(&ps, ps.p, "an operator or the end was expected, not \"%c\"", *ps.p);
	}
	if (ps.column) {
		expr_free(x);
		if (ret_column)
			*ret_column = ps.column;
		return -EINVAL;
	}
	if (expr_check(x, NULL, NULL, ret_column, ps.e) < 0) {
		expr_free(x);
		return -EINVAL;
	}
	*ret = x;
	return 0;
}

void expr_free(struct expr *x)
{
	if (!x)
		return;
	arena_done(&x->arena);
	free(x);
}

const unsigned *expr_attrs(const struct expr *x, unsigned *ret_n)
{
	*ret_n = x->n_attrs;
	return x->attrs;
}

const unsigned *expr_counted(const struct expr *x, unsigned *ret_n)
{
	*ret_n = x->n_counted;
	return x->counted;
}

static bool node_varies(const struct node *n)
{
	bool varies = n->kind == NODE_CALL && n->func->flags & FUNC_RANDOM;

	for (unsigned i = 0; i < n->n_args && !varies; i++)
		varies = node_varies(n->args[i]);
	return varies;
}

bool expr_varies(const struct expr *x)
{
	return node_varies(x->root);
}
