/*
 * Scoping filters. Comparisons are of text without regard to case, or of numbers where both sides
 * are numbers. An absent attribute meets the negative operators: NOTEQUAL True holds for an object
 * that has no isCriticalSystemObject, which the default rules depend on.
 */
#include "lang/scope.h"
#include "lang/term.h"
#include "base/text.h"

#include <errno.h>

static const char *const OPERATORS[] = {
#define X(name, word) word,
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

/* 1 holds, 0 not; negative with *e. */
static int clause_holds(const struct scope_clause *c, const struct eval *ev, struct err *e)
{
	const struct attr *attr = entry_get(ev->source, c->attr);
	const char *want = c->value;
	bool present = attr && attr->count;
	bool any = false;

	if (!present && ev->link_count && (c->op == SCOPE_ISNULL || c->op == SCOPE_ISNOTNULL))
		present = ev->link_count(ev->ctx, c->attr) > 0;
	if (c->op == SCOPE_ISNULL)
		return !present;
	if (c->op == SCOPE_ISNOTNULL)
		return present;
	if (want[0] == '%' && want[strlen(want) - 1] == '%' && strlen(want) > 2) {
		const char *name = arena_dup(ev->arena, want + 1, strlen(want) - 2);

		want = ev->parameter ? ev->parameter(ev->ctx, name, ev->arena) : NULL;
		if (!want)
			return err_set(e, -EINVAL, NULL, 0, "there is no parameter %%%s%%", name);
	}
	for (unsigned i = 0; attr && i < attr->count && !any; i++) {
		struct term v = term_from_value(&attr->values[i]);

		any = value_meets(c->op, &v, c, want, ev->arena);
	}
	return is_negative(c->op) ? !any : any;
}

int rule_in_scope(const struct rule *r, const struct eval *ev, struct err *e)
{
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
