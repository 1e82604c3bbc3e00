/*
 * rules: the rules of a configuration, or of single files, with the schema of the metaverse that
 * they were checked against. Who loads them owns both. A reload makes a second set; the first stays
 * valid for whoever still uses it. Checks that depend on the connectors are in rules_check().
 */
#pragma once

#include "lang/rule/ruleset.h"
#include "sync/config.h"

struct extensions;

struct rules {
	struct ruleset *set;
	struct extensions *extensions; /* whose attributes and rules are in it; NULL: none */
	struct schema *metaverse;      /* set points into it */
};

/* Loads the rules of a configuration, checked against the connectors' schemas and the metaverse. */
int rules_load(const struct config *cfg, struct rules **ret, struct err *e) _must_check_;
/* Single rule files or folders, for any connectors; metaverse_path NULL: the built-in one. */
int rules_load_files(const char *metaverse_path, const char *const *paths, unsigned n_paths,
	struct rules **ret, struct err *e) _must_check_;
void rules_free(struct rules *r);
static inline void rules_freep(struct rules **r)
{
	rules_free(*r);
}
#define _cleanup_rules_ _cleanup_(rules_freep)

/* The checks that depend on the connectors; cfg NULL: for any connectors. */
int rules_check(const struct config *cfg, const struct ruleset *set, struct err *e) _must_check_;

/* The schemas that rules for any connectors are checked against; returns their number. */
#define RULES_SCHEMAS_MAX 8
unsigned rules_general_schemas(const struct schema *metaverse, struct arena *a,
	struct rule_schema ret[static RULES_SCHEMAS_MAX]);
