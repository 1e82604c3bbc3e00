/* From tree to value: the walk over the nodes, and what becomes of the term at its root. */
#include "lang/expr/expr.h"
#include "lang/expr/functions.h"
#include "lang/expr/node.h"
#include "base/text.h"

#include <assert.h>

static struct term eval_attribute(struct run_state *rs, const struct node *node)
{
	static unsigned dn, cloud_anchor;
	const struct entry *source = rs->ev->source;
	unsigned attr = node->attr;
	const struct attr *a = entry_get(source, attr);

	if (a)
		return term_from_attr(a, rs->ev->arena);
	if (node->link)
		return eval_count(rs->ev, attr) > 0 ? (struct term){.type = TERM_LINKS, .num = attr}
		                                    : term_null();
	if (!dn) {
		dn = attr_intern("dn");
		cloud_anchor = attr_intern("cloudAnchor");
	}
	if (attr == dn && source->dn)
		return term_text(source->dn);
	if (attr == cloud_anchor && source->anchor)
		return term_text(source->anchor);
	return term_null();
}

static struct term eval_variable(struct run_state *rs, const char *name)
{
	for (unsigned i = rs->n_vars; i-- > 0;)
		if (streq(rs->vars[i], name))
			return rs->var_values[i];
	return term_error(rs, "there is no variable %s here", name);
}

static struct term concat(struct run_state *rs, const struct term *a, const struct term *b)
{
	size_t n, m;
	const char *x = term_to_text(a, rs->ev->arena, &n), *y = term_to_text(b, rs->ev->arena, &m);
	char *s;

	if (n + m > EXPR_TEXT_MAX)
		return term_error(rs, "the text is over %d bytes", EXPR_TEXT_MAX);
	s = arena_alloc(rs->ev->arena, n + m + 1);
	memcpy(s, x, n);
	memcpy(s + n, y, m);
	s[n + m] = '\0';
	return term_string(s, n + m);
}

static struct term arithmetic(
	struct run_state *rs, enum operator op, const struct term *a, const struct term *b)
{
	int64_t x, y, r = 0;
	bool overflow = false;

	if (!term_to_number(a, &x) || !term_to_number(b, &y)) {
		if (op == OP_ADD)
			return concat(rs, a, b);
		return term_error(rs, "arithmetic needs numbers");
	}
	if (op == OP_ADD)
		overflow = __builtin_add_overflow(x, y, &r);
	else if (op == OP_SUB)
		overflow = __builtin_sub_overflow(x, y, &r);
	else
		overflow = __builtin_mul_overflow(x, y, &r);
	return overflow ? term_error(rs, "the number is too large") : term_number(r);
}

static struct term eval_binary(struct run_state *rs, const struct node *node)
{
	struct term a = node_eval(rs, node->args[0]), b;
	int c;

	if (term_stops(&a))
		return a;
	if (node->op == OP_AND && !term_is_true(&a))
		return term_boolean(false);
	if (node->op == OP_OR && term_is_true(&a))
		return term_boolean(true);
	b = node_eval(rs, node->args[1]);
	if (term_stops(&b))
		return b;
	switch (node->op) {
	case OP_AND:
	case OP_OR:
		return term_boolean(term_is_true(&b));
	case OP_CONCAT:
		return concat(rs, &a, &b);
	case OP_ADD:
		if (a.type == TERM_STRING || b.type == TERM_STRING)
			return concat(rs, &a, &b);
		return arithmetic(rs, node->op, &a, &b);
	case OP_SUB:
	case OP_MUL:
		return arithmetic(rs, node->op, &a, &b);
	case OP_EQ:
	case OP_NE:
	case OP_LT:
	case OP_LE:
	case OP_GT:
	case OP_GE:
	case OP_COUNT:
		break;
	}
	c = term_compare(&a, &b, rs->ev->arena);
	return term_boolean(node->op == OP_EQ   ? c == 0
			    : node->op == OP_NE ? c != 0
			    : node->op == OP_LT ? c < 0
			    : node->op == OP_LE ? c <= 0
			    : node->op == OP_GT ? c > 0
						: c >= 0);
}

static struct term call_mapped(
	struct run_state *rs, const struct function *f, struct term *args, unsigned n)
{
	struct term list = args[0], *out = arena_alloc(rs->ev->arena, list.n_items * sizeof(*out));
	size_t count = 0;

	for (size_t i = 0; i < list.n_items; i++) {
		args[0] = list.items[i];
		out[count] = f->eager(rs, args, n);
		if (term_stops(&out[count]))
			return out[count];
		count += out[count].type != TERM_NULL;
	}
	return term_list(rs->ev->arena, out, count);
}

static struct term eval_call(struct run_state *rs, const struct node *node)
{
	const struct function *f = node->func;
	struct term *args;

	if (f->flags & FUNC_LAZY)
		return f->lazy(rs, node->args, node->n_args);
	args = arena_alloc(rs->ev->arena, (node->n_args + 1) * sizeof(*args));
	for (unsigned i = 0; i < node->n_args; i++) {
		args[i] = node_eval(rs, node->args[i]);
		if (term_stops(&args[i]))
			return args[i];
	}
	if (node->n_args && (f->flags & FUNC_NULL) && args[0].type == TERM_NULL)
		return term_null();
	if (node->n_args && (f->flags & FUNC_MAP) && args[0].type == TERM_LIST)
		return call_mapped(rs, f, args, node->n_args);
	return f->eager(rs, args, node->n_args);
}

struct term node_eval(struct run_state *rs, const struct node *node)
{
	const char *text;

	if (++rs->steps > EXPR_STEPS_MAX)
		return term_error(rs, "over %d steps of evaluation", EXPR_STEPS_MAX);
	if (rs->ev->arena->total > rs->memory + EXPR_MEMORY_MAX)
		return term_error(rs, "over %d MiB of values", EXPR_MEMORY_MAX / 1048576);
	switch (node->kind) {
	case NODE_CONSTANT:
		return node->constant;
	case NODE_ATTRIBUTE:
		return eval_attribute(rs, node);
	case NODE_PARAMETER:
		text = rs->ev->parameter ? rs->ev->parameter(rs->ev->ctx, node->name, rs->ev->arena)
		                         : NULL;
		return text ? term_text(text)
		            : term_error(rs, "there is no parameter %%%s%%", node->name);
	case NODE_VARIABLE:
		return eval_variable(rs, node->name);
	case NODE_CALL:
		return eval_call(rs, node);
	case NODE_BINARY:
		break;
	}
	return eval_binary(rs, node);
}

static void result_values(const struct eval *ev, const struct term *t, struct flow_result *ret)
{
	const struct term *items;
	size_t n = term_items(t, &items);

	ret->values = arena_alloc(ev->arena, (n + 1) * sizeof(*ret->values));
	ret->count = 0;
	for (size_t i = 0; i < n; i++)
		if (term_to_value(&items[i], ev->arena, &ret->values[ret->count]))
			ret->count++;
	/* an empty string is no value in a directory */
	if (ret->count == 1 && ret->values[0].type == VALUE_STRING && ret->values[0].len == 0)
		ret->count = 0;
	ret->kind = ret->count ? FLOW_RESULT_VALUES : FLOW_RESULT_NULL_;
}

void expr_eval(const struct expr *x, const struct eval *ev, struct flow_result *ret)
{
	struct run_state rs; /* its variables are large: not cleared for each expression */
	struct term t;

	assert(ev->source && ev->arena);
	rs.ev = ev;
	rs.steps = 0;
	rs.memory = ev->arena->total;
	rs.n_vars = 0;
	t = node_eval(&rs, x->root);

	*ret = (struct flow_result){.kind = FLOW_RESULT_NULL_};
	switch (t.type) {
	case TERM_NULL:
		break;
	case TERM_AUTHORITATIVE_NULL:
		ret->kind = FLOW_RESULT_AUTHORITATIVE_NULL;
		break;
	case TERM_IGNORE:
		ret->kind = FLOW_RESULT_IGNORE;
		break;
	case TERM_ERROR:
		ret->kind = FLOW_RESULT_ERROR;
		ret->error = t.data;
		break;
	case TERM_LINKS:
		ret->kind = FLOW_RESULT_LINKS;
		ret->links = (unsigned)t.num;
		break;
	case TERM_STRING:
	case TERM_NUMBER:
	case TERM_BOOLEAN:
	case TERM_BINARY:
	case TERM_REFERENCE:
	case TERM_DATE:
	case TERM_LIST:
		result_values(ev, &t, ret);
		break;
	}
}
