/*
 * ruleset: all rules, loaded from JSON files, checked against the schemas, compiled, and immutable
 * from then on, with the look-ups that the steps use. A new question that a step asks for each
 * object is a look-up that is built once, in ruleset.c.
 */
#pragma once

#include "base/err.h"
#include "lang/rule/in_force.h"
#include "lang/rule/needs.h"

struct ruleset;

/*
 * Loads every *.json of the folders (or single files), in name order, checks and compiles.
 * Precedence must be unique per direction and connector. Errors name file, line, rule and
 * attribute, and for an expression the column.
 */
int ruleset_load(const char *const *paths, unsigned n_paths, const struct rule_schema *schemas,
	unsigned n_schemas, struct ruleset **ret, struct err *e) _must_check_;
/* Rules that settings make; one without a precedence comes behind all others. */
struct rule_text {
	const char *name; /* what made them, in place of a file's */
	const char *text; /* as in a file; NULL: there are none */
};
/* The same with these behind the files. */
int ruleset_load_with(const char *const *paths, unsigned n_paths, const struct rule_text *made,
	const struct rule_schema *schemas, unsigned n_schemas, struct ruleset **ret,
	struct err *e) _must_check_;
/* The same for the text of one file. */
int ruleset_load_text(const char *name, const char *text, const struct rule_schema *schemas,
	unsigned n_schemas, struct ruleset **ret, struct err *e) _must_check_;
void ruleset_free(struct ruleset *rs);
static inline void ruleset_freep(struct ruleset **rs)
{
	ruleset_free(*rs);
}
#define _cleanup_ruleset_ _cleanup_(ruleset_freep)

/* All rules in order of precedence. */
const struct rule *const *ruleset_all(const struct ruleset *rs, unsigned *ret_n);
/*
 * The enabled rules that may apply to a source object, in order of precedence: inbound, source
 * class is the connector space class; outbound, the metaverse class. Cheap (precomputed).
 */
const struct rule *const *ruleset_find(const struct ruleset *rs, enum rule_direction d,
	const char *connector, const char *source_class, unsigned *ret_n);
/* What evaluation of those rules asks beside the object; never NULL. Cheap (precomputed). */
const struct rule_needs *ruleset_needs(const struct ruleset *rs, enum rule_direction d,
	const char *connector, const char *source_class);
/* Hex digest of the enabled rules of one connector (both directions): a change asks for a full
 * sync. */
void ruleset_digest(const struct ruleset *rs, const char *connector, char ret[65]);
/* Source attributes that the inbound rules of a connector read (scope, join, flows, expressions).
 */
const unsigned *ruleset_source_attrs(
	const struct ruleset *rs, const char *connector, unsigned *ret_n);
/*
 * These, and the attributes that outbound rules in force flow to: without the latter an import
 * could not show what has to be written. In the arena.
 */
const unsigned *ruleset_read_attrs(
	const struct ruleset *rs, const char *connector, struct arena *a, unsigned *ret_n);
/* Is the rule in force for the connector: see rule_in_force(). */
bool ruleset_in_force(const struct ruleset *rs, const struct rule *rule, const char *connector);
/*
 * Classes of a connector's objects that some enabled inbound rule is for, and those that outbound
 * rules make and the connector sends; in the arena.
 */
const char *const *ruleset_read_classes(
	const struct ruleset *rs, const char *connector, struct arena *a, unsigned *ret_n);
/* Does the scope of some rule of the connector ask for membership of a group (ISMEMBEROF)? */
bool ruleset_uses_membership(const struct ruleset *rs, const char *connector);
/* The rule of that name that may apply to the connector; NULL: none. */
const struct rule *ruleset_find_name(
	const struct ruleset *rs, const char *connector, const char *name);
/* Metaverse attributes of a class that some inbound or outbound join looks up. */
const unsigned *ruleset_join_attrs(const struct ruleset *rs, const char *mv_class, unsigned *ret_n);
/* Metaverse attributes that joins compare beside those that they look up. */
const unsigned *ruleset_compared_attrs(const struct ruleset *rs, unsigned *ret_n);
