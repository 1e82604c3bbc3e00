/*
 * What can be known of an expression before it runs: variables, arguments, types. Types are sets
 * (an attribute that no schema knows may be anything), so an error here is certain: no value of
 * that type could ever be used there. The signatures in functions.c are the rules.
 */
#include "lang/expr/expr.h"
#include "lang/expr/functions.h"
#include "lang/expr/node.h"
#include "base/buf.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#define BIT(t) (1U << TERM_##t)
#define SCALARS \
	(BIT(STRING) | BIT(NUMBER) | BIT(BOOLEAN) | BIT(BINARY) | BIT(REFERENCE) | BIT(DATE))

/* The types of a signature: what they give, and what they take. Text stands for most things. */
static const struct {
	const char *word;
	unsigned gives, takes;
} WORDS[] = {
	{"str", BIT(STRING), SCALARS},
	{"mvstr", BIT(STRING), SCALARS},
	{"num", BIT(NUMBER), BIT(NUMBER) | BIT(BOOLEAN) | BIT(STRING)},
	{"bool", BIT(BOOLEAN), BIT(NUMBER) | BIT(BOOLEAN) | BIT(STRING)},
	{"dt", BIT(DATE), BIT(DATE) | BIT(STRING)},
	{"bin", BIT(BINARY), BIT(BINARY)},
	{"ref", BIT(REFERENCE), BIT(REFERENCE) | BIT(STRING)},
	{"mvref", BIT(REFERENCE), BIT(REFERENCE) | BIT(STRING)},
	{"void", 0, 0},
};

struct checker {
	struct expr *x;
	const struct expr_types *types; /* NULL: nothing is known of attributes */
	const char *vars[EXPR_VARS_MAX];
	unsigned var_types[EXPR_VARS_MAX];
	unsigned n_vars;
	struct err *e;
	unsigned column; /* of the first error; 0: none */
};

static unsigned check(struct checker *c, struct node *node);

static unsigned fail(struct checker *c, const struct node *at, const char *fmt, ...) _printf_(3, 4);

static unsigned fail(struct checker *c, const struct node *at, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (c->column)
		return SCALARS;
	c->column = at->column;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_set(c->e, -EINVAL, NULL, 0, "column %u: %s", at->column, text);
	return SCALARS;
}

const char *expr_types_text(unsigned types, char *buf, size_t size)
{
	static const struct {
		unsigned bit;
		const char *name;
	} NAMES[] = {
		{BIT(STRING), "text"},
		{BIT(NUMBER), "a number"},
		{BIT(BOOLEAN), "true or false"},
		{BIT(BINARY), "bytes"},
		{BIT(REFERENCE), "a DN"},
		{BIT(DATE), "a date"},
		{BIT(LINKS), "references"},
	};
	size_t n = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i < ARRAY_SIZE(NAMES); i++)
		if ((types & NAMES[i].bit) && n < size)
			n += (size_t)snprintf(
				buf + n, size - n, "%s%s", n ? " or " : "", NAMES[i].name);
	return buf;
}

/* The word list ("bin|str") of a part of a signature: 0 the result, then the arguments. */
static const char *signature_part(const char *signature, unsigned part, size_t *ret_len)
{
	const char *p = signature;

	if (part) {
		p = strchr(p, '(') + 1;
		for (unsigned i = 1; i < part; i++) {
			const char *comma = strchr(p, ',');

			if (!comma || strncmp(comma, ", ...", 5) == 0)
				break; /* the last one repeats */
			p = comma + 1;
		}
		p += strspn(p, " [");
	}
	*ret_len = strcspn(p, " ,[)");
	return p;
}

static bool word_types(const char *word, size_t n, unsigned *gives, unsigned *takes)
{
	for (unsigned i = 0; i < ARRAY_SIZE(WORDS); i++)
		if (strlen(WORDS[i].word) == n && memcmp(WORDS[i].word, word, n) == 0) {
			*gives |= WORDS[i].gives;
			*takes |= WORDS[i].takes;
			return true;
		}
	return false;
}

/* Words that are no types (var, exp, the name of a constant) stand for anything. */
static void part_types(const struct function *f, unsigned part, unsigned *gives, unsigned *takes)
{
	size_t len, n;
	const char *p = signature_part(f->signature, part, &len);

	*gives = *takes = 0;
	for (; len; len -= n, p += n) {
		const char *bar = memchr(p, '|', len);

		n = bar ? (size_t)(bar - p) : len;
		if (!word_types(p, n, gives, takes)) {
			*gives = *takes = SCALARS;
			return;
		}
		n += bar != NULL;
	}
}

/* Text that is written down can be looked at. */
static bool constant_fits(const struct node *arg, unsigned takes)
{
	int64_t n;

	if (arg->kind != NODE_CONSTANT || arg->constant.type != TERM_STRING)
		return true;
	if (takes & (BIT(DATE) | BIT(REFERENCE) | BIT(BINARY)))
		return true;
	return !(takes & BIT(NUMBER)) || takes == SCALARS || term_to_number(&arg->constant, &n);
}

static void check_argument(struct checker *c, const struct node *call, unsigned i, unsigned types)
{
	const struct function *f = call->func;
	const struct node *arg = call->args[i];
	unsigned gives, takes;
	char want[128], have[128];
	bool branch = (f->flags & (FUNC_SAME2 | FUNC_SAME3)) && i > 0;

	if (!(f->flags & FUNC_LAZY) || f->flags & FUNC_NAME)
		part_types(f, i + 1, &gives, &takes);
	else
		takes = SCALARS;
	if ((i == 0 && f->flags & FUNC_LINKS) || (f->flags & FUNC_PAIRS && i % 2) ||
		(branch && !(f->flags & FUNC_BIND2 && !streq(f->name, "With"))))
		takes |= BIT(LINKS);
	if (types == 0 || ((types & takes) && constant_fits(arg, takes)))
		return;
	if (types == BIT(LINKS))
		fail(c, arg,
			"argument %u of %s: the attribute holds references, which are no values "
			"here; test them with IsPresent, count them with ValueCount",
			i + 1, f->name);
	else
		fail(c, arg, "argument %u of %s is %s, but %s was expected (%s)", i + 1, f->name,
			expr_types_text(types, have, sizeof(have)),
			expr_types_text(takes, want, sizeof(want)), f->signature);
}

/* Its references are asked for, as far as it may have some. */
static void note_counted(struct checker *c, unsigned attr, int type)
{
	struct expr *x = c->x;

	if (type >= 0 && type != VALUE_REFERENCE)
		return;
	for (unsigned i = 0; i < x->n_counted; i++)
		if (x->counted[i] == attr)
			return;
	assert(x->n_counted < x->n_attrs);
	x->counted[x->n_counted++] = attr;
}

static unsigned check_bound(struct checker *c, struct node *call)
{
	unsigned list, body;

	if (call->args[0]->kind != NODE_VARIABLE)
		return fail(c, call->args[0], "the first argument of %s must be a $variable",
			call->func->name);
	list = check(c, call->args[1]);
	check_argument(c, call, 1, list);
	if (c->n_vars == EXPR_VARS_MAX)
		return fail(c, call, "over %d variables", EXPR_VARS_MAX);
	c->vars[c->n_vars] = call->args[0]->name;
	c->var_types[c->n_vars++] = list;
	body = check(c, call->args[2]);
	c->n_vars--;
	return call->func->flags & FUNC_SAME2 ? list : body;
}

static unsigned check_call(struct checker *c, struct node *call)
{
	const struct function *f = call->func;
	unsigned all[3] = {0}, values = 0, gives, takes;

	if (f->flags & FUNC_BIND2)
		return check_bound(c, call);
	if (f->flags & FUNC_NAME) {
		int type = c->types ? c->types->attr_type(c->types->ctx, call->attr) : -1;

		if (!streq(f->name, "ImportedValue")) {
			note_counted(c, call->attr, type);
			return BIT(NUMBER);
		}
		return type == VALUE_REFERENCE ? fail(c, call,
							 "%s has no values: it holds "
							 "references",
							 attr_name(call->attr))
		                               : expr_value_types(type);
	}
	if (f->flags & FUNC_PAIRS && call->n_args % 2)
		return fail(c, call, "%s: a condition has no value", f->name);
	for (unsigned i = 0; i < call->n_args; i++) {
		unsigned t = check(c, call->args[i]);

		check_argument(c, call, i, t);
		if (i < ARRAY_SIZE(all))
			all[i] = t;
		if (i % 2)
			values |= t;
	}
	if (f->flags & FUNC_PAIRS)
		return values;
	if (f->flags & FUNC_SAME1)
		return all[0];
	if (f->flags & (FUNC_SAME2 | FUNC_SAME3))
		return all[1] | all[2];
	part_types(f, 0, &gives, &takes);
	return gives;
}

static unsigned check_binary(struct checker *c, struct node *node)
{
	for (unsigned i = 0; i < 2; i++) {
		unsigned t = check(c, node->args[i]);
		bool number = node->op == OP_SUB || node->op == OP_MUL;

		if (t == BIT(LINKS))
			fail(c, node->args[i],
				"the attribute holds references, which cannot be compared or "
				"joined to text; test them with IsPresent");
		else if (number && t && !(t & (BIT(NUMBER) | BIT(BOOLEAN) | BIT(STRING))))
			fail(c, node->args[i], "a number was expected");
	}
	if (node->op == OP_CONCAT)
		return BIT(STRING);
	if (node->op == OP_ADD)
		return BIT(STRING) | BIT(NUMBER);
	return node->op == OP_SUB || node->op == OP_MUL ? BIT(NUMBER) : BIT(BOOLEAN);
}

unsigned expr_value_types(int type)
{
	switch (type) {
	case VALUE_STRING:
		return BIT(STRING);
	case VALUE_INTEGER:
		return BIT(NUMBER);
	case VALUE_BOOLEAN:
		return BIT(BOOLEAN);
	case VALUE_BINARY:
		return BIT(BINARY);
	case VALUE_REFERENCE:
		return BIT(LINKS);
	}
	return SCALARS;
}

bool expr_types_fit(unsigned types, enum value_type dest)
{
	switch (dest) {
	case VALUE_STRING:
		return types == 0 || types & SCALARS;
	case VALUE_INTEGER:
	case VALUE_BOOLEAN:
		return types == 0 || types & (BIT(NUMBER) | BIT(BOOLEAN) | BIT(STRING));
	case VALUE_BINARY:
		return types == 0 || types & BIT(BINARY);
	case VALUE_REFERENCE: /* links only: text is no reference that could be followed */
		return !(types & ~BIT(LINKS));
	case VALUE_TYPE_COUNT:
		break;
	}
	return false;
}

static unsigned constant_types(const struct term *t)
{
	return t->type == TERM_NULL || t->type == TERM_AUTHORITATIVE_NULL || t->type == TERM_IGNORE
	               ? 0
	               : 1U << t->type;
}

static unsigned check(struct checker *c, struct node *node)
{
	int type;

	switch (node->kind) {
	case NODE_CONSTANT:
		return constant_types(&node->constant);
	case NODE_ATTRIBUTE:
		type = c->types ? c->types->attr_type(c->types->ctx, node->attr) : -1;
		node->link = type == VALUE_REFERENCE;
		if (node->link)
			note_counted(c, node->attr, type);
		return expr_value_types(type);
	case NODE_PARAMETER:
		if (c->types && c->types->parameter_known && !c->types->parameter_known(node->name))
			return fail(c, node, "there is no parameter %%%s%%", node->name);
		return BIT(STRING);
	case NODE_VARIABLE:
		for (unsigned i = c->n_vars; i-- > 0;)
			if (streq(c->vars[i], node->name))
				return c->var_types[i];
		return fail(c, node, "there is no variable %s here", node->name);
	case NODE_CALL:
		return check_call(c, node);
	case NODE_BINARY:
		break;
	}
	return check_binary(c, node);
}

int expr_check(struct expr *x, const struct expr_types *types, unsigned *ret_types,
	unsigned *ret_column, struct err *e)
{
	struct err local;
	struct checker c = {.x = x, .types = types, .e = e ? e : &local};
	unsigned t;

	x->counted = arena_alloc(&x->arena, (x->n_attrs + 1) * sizeof(*x->counted));
	x->n_counted = 0;
	t = check(&c, x->root);

	if (c.column) {
		if (ret_column)
			*ret_column = c.column;
		return -EINVAL;
	}
	if (ret_types)
		*ret_types = t;
	return 0;
}
