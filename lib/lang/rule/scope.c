/*
 * Scoping filters. Comparisons are of text without regard to case, or of numbers where both sides
 * are numbers. An absent attribute meets the negative operators: NOTEQUAL True holds for an object
 * that has no isCriticalSystemObject, which the default rules depend on.
 */
#include "lang/rule/scope.h"
#include "base/text.h"
#include "lang/expr/term.h"

#include <assert.h>
#include <errno.h>

static const char *const OPERATORS[] = {
#define X(name, word, help) word,
	SCOPE_OPERATORS(X)
#undef X
};

int scope_operator_find(const char *name)
{
	if (streq(name, "ISNOTBITSET"))
		return SCOPE_ISBITNOTSET;
	for (int i = 0; i < SCOPE_OPERATOR_COUNT; i++)
		if (streq(OPERATORS[i], name))
			return i;
	return -1;
}

static bool contains(const char *s, size_t n, const char *what, size_t m)
{
	for (size_t i = 0; i + m <= n; i++)
		if (text_casecmp(s + i, m, what, m) == 0)
			return true;
	return false;
}

static bool value_meets(enum scope_operator op, const struct term *v, const struct scope_clause *c,
	const char *want, struct arena *a)
{
	struct term w = term_text(want);
	size_t n, m = strlen(want);
	const char *s = term_to_text(v, a, &n);
	int64_t x, y;

	switch (op) {
	case SCOPE_EQUAL:
	case SCOPE_NOTEQUAL:
		return term_compare(v, &w, a) == 0;
	case SCOPE_LESSTHAN:
		return term_compare(v, &w, a) < 0;
	case SCOPE_LESSTHAN_OR_EQUAL:
		return term_compare(v, &w, a) <= 0;
	case SCOPE_GREATERTHAN:
		return term_compare(v, &w, a) > 0;
	case SCOPE_GREATERTHAN_OR_EQUAL:
		return term_compare(v, &w, a) >= 0;
	case SCOPE_CONTAINS:
	case SCOPE_NOTCONTAINS:
		return contains(s, n, want, m);
	case SCOPE_STARTSWITH:
	case SCOPE_NOTSTARTSWITH:
		return n >= m && text_casecmp(s, m, want, m) == 0;
	case SCOPE_ENDSWITH:
	case SCOPE_NOTENDSWITH:
		return n >= m && text_casecmp(s + n - m, m, want, m) == 0;
	case SCOPE_ISIN:
	case SCOPE_ISNOTIN:
		for (unsigned i = 0; i < c->n_list; i++)
			if (text_casecmp(s, n, c->list[i], strlen(c->list[i])) == 0)
				return true;
		return false;
	case SCOPE_ISBITSET:
	case SCOPE_ISBITNOTSET:
		return term_to_number(v, &x) && term_to_number(&w, &y) && (x & y) == y;
	case SCOPE_ISNULL:
	case SCOPE_ISNOTNULL:
	case SCOPE_ISMEMBEROF:
	case SCOPE_ISNOTMEMBEROF:
	case SCOPE_OPERATOR_COUNT:
		break;
	}
	return false;
}

static bool is_negative(enum scope_operator op)
{
	return op == SCOPE_NOTEQUAL || op == SCOPE_NOTCONTAINS || op == SCOPE_NOTSTARTSWITH ||
	       op == SCOPE_NOTENDSWITH || op == SCOPE_ISNOTIN || op == SCOPE_ISBITNOTSET;
}

const char *scope_parameter(const char *value, struct arena *a)
{
	size_t n = strlen(value);

	return n > 2 && value[0] == '%' && value[n - 1] == '%' ? arena_dup(a, value + 1, n - 2)
	                                                       : NULL;
}

/* The value of a clause, with %Parameter% looked up; NULL with *e: there is no such. */
static const char *clause_value(const struct scope_clause *c, const struct eval *ev, struct err *e)
{
	const char *want = c->value, *name = scope_parameter(want, ev->arena);

	if (!name)
		return want;
	want = ev->parameter ? ev->parameter(ev->ctx, name, ev->arena) : NULL;
	if (!want)
		err_set(e, -EINVAL, NULL, 0, "there is no parameter %%%s%%", name);
	return want;
}

/* 1 holds, 0 not; negative with *e. */
static int clause_holds(const struct scope_clause *c, const struct eval *ev, struct err *e)
{
	const struct attr *attr = entry_get(ev->source, c->attr);
	const char *want;
	bool present = attr && attr->count;
	bool any = false;

	if (!present && c->link && (c->op == SCOPE_ISNULL || c->op == SCOPE_ISNOTNULL))
		present = eval_count(ev, c->attr) > 0;
	if (c->op == SCOPE_ISNULL)
		return !present;
	if (c->op == SCOPE_ISNOTNULL)
		return present;
	want = clause_value(c, ev, e);
	if (!want)
		return -EINVAL;
	if (c->op == SCOPE_ISMEMBEROF || c->op == SCOPE_ISNOTMEMBEROF)
		return eval_is_member(ev, want) == (c->op == SCOPE_ISMEMBEROF);
	for (unsigned i = 0; attr && i < attr->count && !any; i++) {
		struct term v = term_from_value(&attr->values[i]);

		any = value_meets(c->op, &v, c, want, ev->arena);
	}
	return is_negative(c->op) ? !any : any;
}

int rule_in_scope(const struct rule *r, const struct eval *ev, struct err *e)
{
	assert(ev->source && ev->arena);
	if (!r->scope || r->scope->n_groups == 0)
		return 1;
	for (unsigned g = 0; g < r->scope->n_groups; g++) {
		const struct scope_group *group = &r->scope->groups[g];
		bool all = true;

		for (unsigned i = 0; i < group->n_clauses && all; i++) {
			int holds = clause_holds(&group->clauses[i], ev, e);

			if (holds < 0)
				return holds;
			all = holds;
		}
		if (all)
			return 1;
	}
	return 0;
}

const char *scope_clause_text(const struct scope_clause *c, struct arena *a)
{
	bool unary = c->op == SCOPE_ISNULL || c->op == SCOPE_ISNOTNULL;

	return arena_printf(a, "%s %s%s%s", attr_name(c->attr), OPERATORS[c->op], unary ? "" : " ",
		unary ? "" : c->value);
}

static const char *have_text(const struct scope_clause *c, const struct eval *ev)
{
	const struct attr *attr = entry_get(ev->source, c->attr);

	if (c->op == SCOPE_ISMEMBEROF || c->op == SCOPE_ISNOTMEMBEROF)
		return c->op == SCOPE_ISMEMBEROF ? "is no member" : "is a member";
	if (!attr || !attr->count)
		return c->link && eval_count(ev, c->attr) > 0 ? "has references" : "is absent";
	if (attr->count > 1)
		return arena_printf(ev->arena, "has %u values, the first %s", attr->count,
			value_text(ev->arena, &attr->values[0]));
	return arena_printf(ev->arena, "is %s", value_text(ev->arena, &attr->values[0]));
}

const char *rule_scope_reason(const struct rule *r, const struct eval *ev)
{
	const char *reason = "";
	struct err e = {0};
	int in = rule_in_scope(r, ev, &e);

	if (in)
		return in < 0 ? arena_strdup(ev->arena, e.text) : NULL;
	for (unsigned g = 0; g < r->scope->n_groups; g++) {
		const struct scope_group *group = &r->scope->groups[g];

		for (unsigned i = 0; i < group->n_clauses; i++) {
			const struct scope_clause *c = &group->clauses[i];

			if (clause_holds(c, ev, &e))
				continue;
			reason = arena_printf(ev->arena, "%s%s%s (%s)", reason,
				*reason ? "; or " : "", scope_clause_text(c, ev->arena),
				have_text(c, ev));
			break;
		}
	}
	return reason;
}

/* --- do two scopes exclude each other? --- */

/* The operator that holds exactly when this one does not; SCOPE_OPERATOR_COUNT: none. */
static enum scope_operator opposite(enum scope_operator op)
{
	static const enum scope_operator PAIRS[][2] = {
		{SCOPE_EQUAL, SCOPE_NOTEQUAL},
		{SCOPE_CONTAINS, SCOPE_NOTCONTAINS},
		{SCOPE_STARTSWITH, SCOPE_NOTSTARTSWITH},
		{SCOPE_ENDSWITH, SCOPE_NOTENDSWITH},
		{SCOPE_ISNULL, SCOPE_ISNOTNULL},
		{SCOPE_ISIN, SCOPE_ISNOTIN},
		{SCOPE_ISBITSET, SCOPE_ISBITNOTSET},
		{SCOPE_ISMEMBEROF, SCOPE_ISNOTMEMBEROF},
	};

	for (unsigned i = 0; i < ARRAY_SIZE(PAIRS); i++) {
		if (PAIRS[i][0] == op)
			return PAIRS[i][1];
		if (PAIRS[i][1] == op)
			return PAIRS[i][0];
	}
	return SCOPE_OPERATOR_COUNT;
}

static bool same_text(const char *a, const char *b)
{
	return text_casecmp(a, strlen(a), b, strlen(b)) == 0;
}

/* Does the operator ask for a value that is there? */
static bool needs_value(enum scope_operator op)
{
	return !is_negative(op) && op != SCOPE_ISNULL && op != SCOPE_ISMEMBEROF &&
	       op != SCOPE_ISNOTMEMBEROF;
}

/* "Begins with User_own" leaves nothing for "does not begin with User_". */
static bool text_excludes(const struct scope_clause *a, const struct scope_clause *b)
{
	size_t n = strlen(a->value), m = strlen(b->value);
	const char *x = a->value, *y = b->value;

	switch (b->op) {
	case SCOPE_NOTSTARTSWITH:
		return a->op == SCOPE_STARTSWITH && n >= m && text_casecmp(x, m, y, m) == 0;
	case SCOPE_NOTENDSWITH:
		return a->op == SCOPE_ENDSWITH && n >= m && text_casecmp(x + n - m, m, y, m) == 0;
	case SCOPE_NOTCONTAINS:
		return (a->op == SCOPE_STARTSWITH || a->op == SCOPE_ENDSWITH ||
			       a->op == SCOPE_CONTAINS) &&
		       contains(x, n, y, m);
	case SCOPE_STARTSWITH:
		n = MIN(n, m);
		return a->op == SCOPE_STARTSWITH && !a->multi && text_casecmp(x, n, y, n) != 0;
	case SCOPE_EQUAL:
	case SCOPE_NOTEQUAL:
	case SCOPE_LESSTHAN:
	case SCOPE_LESSTHAN_OR_EQUAL:
	case SCOPE_GREATERTHAN:
	case SCOPE_GREATERTHAN_OR_EQUAL:
	case SCOPE_CONTAINS:
	case SCOPE_ENDSWITH:
	case SCOPE_ISNULL:
	case SCOPE_ISNOTNULL:
	case SCOPE_ISIN:
	case SCOPE_ISNOTIN:
	case SCOPE_ISBITSET:
	case SCOPE_ISBITNOTSET:
	case SCOPE_ISMEMBEROF:
	case SCOPE_ISNOTMEMBEROF:
	case SCOPE_OPERATOR_COUNT:
		break;
	}
	return false;
}

/* Can no value meet both? Clauses with parameters are not looked into. */
static bool exclude(const struct scope_clause *a, const struct scope_clause *b)
{
	_cleanup_arena_ struct arena tmp = {0};
	bool membership = a->op == SCOPE_ISMEMBEROF || a->op == SCOPE_ISNOTMEMBEROF;
	struct term v;

	if (a->attr != b->attr && !membership)
		return false;
	if (opposite(a->op) == b->op && same_text(a->value, b->value))
		return true;
	if (a->attr != b->attr)
		return false;
	if (a->op == SCOPE_ISNULL && needs_value(b->op))
		return true;
	if (strchr(a->value, '%') || strchr(b->value, '%'))
		return false;
	if (text_excludes(a, b))
		return true;
	if (a->op != SCOPE_EQUAL || a->multi || b->op == SCOPE_ISMEMBEROF ||
		b->op == SCOPE_ISNOTMEMBEROF)
		return false;
	if (b->op == SCOPE_ISNULL || b->op == SCOPE_ISNOTNULL)
		return b->op == SCOPE_ISNULL;
	v = term_text(a->value); /* the one value that a allows: does it meet b? */
	return value_meets(b->op, &v, b, b->value, &tmp) == is_negative(b->op);
}

static bool groups_exclude(const struct scope_group *a, const struct scope_group *b)
{
	for (unsigned i = 0; i < a->n_clauses; i++)
		for (unsigned k = 0; k < b->n_clauses; k++)
			if (exclude(&a->clauses[i], &b->clauses[k]) ||
				exclude(&b->clauses[k], &a->clauses[i]))
				return true;
	return false;
}

bool scope_overlap(const struct scope *a, const struct scope *b)
{
	if (!a || !b)
		return true;
	for (unsigned i = 0; i < a->n_groups; i++)
		for (unsigned k = 0; k < b->n_groups; k++)
			if (!groups_exclude(&a->groups[i], &b->groups[k]))
				return true;
	return false;
}
