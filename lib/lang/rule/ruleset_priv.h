/* What a ruleset is made of, under construction and in use; private to lang/rule. */
#pragma once

#include "base/arena.h"
#include "lang/rule/in_force.h"
#include "lang/rule/needs.h"

#define RULES_MAX 2000
#define FLOWS_MAX 1000  /* in one rule */
#define CLAUSES_MAX 200 /* in one scope or join group */
#define CONNECTORS_MAX 64

struct rule_index {
	enum rule_direction direction;
	const char *connector;
	const char *class;
	const struct rule **rules;
	unsigned n;
	struct rule_needs needs;
};

struct rule_attrs {
	const char *key; /* connector, or metaverse class */
	unsigned *attrs;
	unsigned n;
};

struct ruleset {
	struct arena arena;
	struct rule **rules; /* in order of precedence */
	unsigned n_rules, cap;
	struct rule_schema *schemas;
	unsigned n_schemas;
	struct rule_index *index;
	unsigned n_index;
	struct rule_attrs *sources, *targets, *joins;
	unsigned n_sources, n_targets, n_joins;
	struct rule_attrs compared; /* metaverse attributes of join clauses beyond the first */
};

/* Builds the look-ups, when all rules are read and in order: index.c. */
void ruleset_index(struct ruleset *rs);
