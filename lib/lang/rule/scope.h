/*
 * scope: the scoping filter of a rule, compiled: groups of clauses. It owns the operators: a new
 * one is a row in the table below, and the compiler names the switches of scope.c.
 */
#pragma once

#include "base/err.h"
#include "lang/expr/eval.h"
#include "lang/rule/rule.h"

/* X(enum, word, when it holds) - the operators of a scoping filter */
#define SCOPE_OPERATORS(X)                                                                  \
	X(EQUAL, "EQUAL", "a value is equal")                                               \
	X(NOTEQUAL, "NOTEQUAL", "no value is equal")                                        \
	X(LESSTHAN, "LESSTHAN", "a value comes before; numbers as numbers, text as text")   \
	X(LESSTHAN_OR_EQUAL, "LESSTHAN_OR_EQUAL", "a value comes before or is equal")       \
	X(GREATERTHAN, "GREATERTHAN", "a value comes behind")                               \
	X(GREATERTHAN_OR_EQUAL, "GREATERTHAN_OR_EQUAL", "a value comes behind or is equal") \
	X(CONTAINS, "CONTAINS", "a value has the text in it")                               \
	X(NOTCONTAINS, "NOTCONTAINS", "no value has the text in it")                        \
	X(STARTSWITH, "STARTSWITH", "a value begins with the text")                         \
	X(NOTSTARTSWITH, "NOTSTARTSWITH", "no value begins with the text")                  \
	X(ENDSWITH, "ENDSWITH", "a value ends with the text")                               \
	X(NOTENDSWITH, "NOTENDSWITH", "no value ends with the text")                        \
	X(ISNULL, "ISNULL", "the attribute is absent; no value is given")                   \
	X(ISNOTNULL, "ISNOTNULL", "the attribute is present; no value is given")            \
	X(ISIN, "ISIN", "a value is one of a list divided by semicolons")                   \
	X(ISNOTIN, "ISNOTIN", "no value is one of the list")                                \
	X(ISBITSET, "ISBITSET", "all bits of the number are set")                           \
	X(ISBITNOTSET, "ISBITNOTSET", "not all bits of the number are set")                 \
	X(ISMEMBEROF, "ISMEMBEROF",                                                         \
		"the object is a direct member of the group with this DN; inbound rules")   \
	X(ISNOTMEMBEROF, "ISNOTMEMBEROF", "it is not; inbound rules")
enum scope_operator {
#define X(name, word, help) SCOPE_##name,
	SCOPE_OPERATORS(X)
#undef X
		SCOPE_OPERATOR_COUNT
};

/* -1: there is no such operator. ISBITNOTSET is also written ISNOTBITSET in the documentation. */
int scope_operator_find(const char *name) _must_check_;
/* The name in a value that is %Name%; NULL: it is none. */
const char *scope_parameter(const char *value, struct arena *a);
/* May objects be in scope of both? False only when that is certain from the clauses alone. */
bool scope_overlap(const struct scope *a, const struct scope *b);

struct scope_clause {
	unsigned attr;
	bool multi; /* the attribute may have several values */
	bool link;  /* ... references */
	enum scope_operator op;
	const char *value; /* "" for ISNULL and ISNOTNULL; may be a %Parameter% */
	const char **list; /* ISIN, ISNOTIN: value split at ";" */
	unsigned n_list;
};

struct scope_group {
	struct scope_clause *clauses; /* ANDed */
	unsigned n_clauses;
};

struct scope {
	struct scope_group *groups; /* ORed */
	unsigned n_groups;
};

/* 1 in scope, 0 not; negative with *e when the source's data make it undecidable. */
int rule_in_scope(const struct rule *r, const struct eval *ev, struct err *e) _must_check_;
/*
 * For people: the clause of each group that does not hold ("isCriticalSystemObject NOTEQUAL True
 * (is True)"), joined by "; or "; NULL when the rule is in scope.
 */
const char *rule_scope_reason(const struct rule *r, const struct eval *ev);
/* A clause in words: "userAccountControl ISBITNOTSET 2". */
const char *scope_clause_text(const struct scope_clause *c, struct arena *a);
