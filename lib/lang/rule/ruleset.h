/* A ruleset under construction and in use; private to lang. */
#pragma once

#include "lang/rule/scope.h"

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
	struct rule_attrs *sources, *joins;
	unsigned n_sources, n_joins;
	struct rule_attrs compared; /* metaverse attributes of join clauses beyond the first */
};

/* Reads one file into the set: unsorted, unindexed. */
int rules_read_file(struct ruleset *rs, const char *path, struct err *e);
/* The same for text that is in memory (NUL-terminated); path is for messages. */
int rules_read_text(
	struct ruleset *rs, const char *path, const char *text, size_t len, struct err *e);
/* The keys of a rule and of a flow in a file, NULL at the end. */
extern const char *const rule_file_keys[], *const flow_file_keys[];
/* What only the whole set can show: names, precedence, merge types. */
int ruleset_check(const struct ruleset *rs, struct err *e);
/* Does the rule apply to this connector? */
bool rule_applies(const struct rule *r, const struct rule_schema *connector);
