/* The scope of a rule, compiled: groups of clauses; private to lang. */
#pragma once

#include "lang/rule.h"

/* X(enum, word) - the operators of a scoping filter; %Parameters% may stand for values */
#define SCOPE_OPERATORS(X)                              \
	X(EQUAL, "EQUAL")                               \
	X(NOTEQUAL, "NOTEQUAL")                         \
	X(LESSTHAN, "LESSTHAN")                         \
	X(LESSTHAN_OR_EQUAL, "LESSTHAN_OR_EQUAL")       \
	X(GREATERTHAN, "GREATERTHAN")                   \
	X(GREATERTHAN_OR_EQUAL, "GREATERTHAN_OR_EQUAL") \
	X(CONTAINS, "CONTAINS")                         \
	X(NOTCONTAINS, "NOTCONTAINS")                   \
	X(STARTSWITH, "STARTSWITH")                     \
	X(NOTSTARTSWITH, "NOTSTARTSWITH")               \
	X(ENDSWITH, "ENDSWITH")                         \
	X(NOTENDSWITH, "NOTENDSWITH")                   \
	X(ISNULL, "ISNULL")                             \
	X(ISNOTNULL, "ISNOTNULL")                       \
	X(ISIN, "ISIN")                                 \
	X(ISNOTIN, "ISNOTIN")                           \
	X(ISBITSET, "ISBITSET")                         \
	X(ISBITNOTSET, "ISBITNOTSET")                   \
	X(ISMEMBEROF, "ISMEMBEROF")                     \
	X(ISNOTMEMBEROF, "ISNOTMEMBEROF")
enum scope_operator {
#define X(name, word) SCOPE_##name,
	SCOPE_OPERATORS(X)
#undef X
		SCOPE_OPERATOR_COUNT
};

/* -1: there is no such operator. ISBITNOTSET is also written ISNOTBITSET in the documentation. */
int scope_operator_find(const char *name);
const char *scope_operator_name(enum scope_operator op);
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
