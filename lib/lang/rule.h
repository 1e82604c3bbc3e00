/*
 * rule: scope + join + flows + precedence, in one direction; a ruleset is all of them, loaded
 * from JSON files, checked against the schemas, compiled, and immutable from then on. Evaluation
 * is pure: it reads entries and writes to an arena.
 *
 * Semantics: Connect Sync's declarative provisioning. Scope groups are ORed and the clauses in a
 * group ANDed; join groups are tried in order; the lowest precedence number wins per attribute.
 */
#pragma once

#include "base/err.h"
#include "model/entry.h"
#include "model/schema.h"

/* X(enum, word in files) */
#define LINK_TYPES(X)   \
	X(JOIN, "Join") \
	X(PROVISION, "Provision")
enum link_type {
#define X(name, word) LINK_##name,
	LINK_TYPES(X)
#undef X
		LINK_TYPE_COUNT
};

enum rule_direction { RULE_INBOUND, RULE_OUTBOUND };

enum flow_kind { FLOW_DIRECT, FLOW_CONSTANT, FLOW_EXPRESSION };

struct expr; /* a compiled expression */

struct flow {
	unsigned dest; /* attribute of the target */
	enum flow_kind kind;
	unsigned source; /* FLOW_DIRECT */
	enum value_type dest_type;
	bool dest_multi;
	/*
	 * The target is a reference: a link flow. DIRECT, or an EXPRESSION that only guards (it
	 * yields Error, NULL or IgnoreThisFlow, never values).
	 */
	bool reference;
	struct value constant;
	struct expr *expr;
	int line; /* in the rule's file */
};

struct join_clause {
	unsigned cs_attr; /* attribute of the connector space object */
	unsigned mv_attr;
	bool case_sensitive;
};

struct join_group {
	struct join_clause *clauses; /* ANDed */
	unsigned n_clauses;
};

struct scope; /* compiled */

struct rule {
	const char *name; /* "In from AD - User Join" */
	const char *file;
	int line;
	const char *text; /* canonical JSON, for the digest */
	int precedence;
	enum rule_direction direction;
	bool disabled;
	const char *connector_type; /* "ad": applies to each connector of the type; NULL when ... */
	const char *connector;      /* ... it names one connector */
	const char *source_class;   /* "user" or "*" */
	const char *target_class;   /* "person" */
	enum link_type link;
	struct scope *scope; /* NULL: always in scope */
	struct join_group *joins;
	unsigned n_joins;
	struct flow *flows;
	unsigned n_flows;
};

struct ruleset;

/* A schema to check against: a connector's (by name and type) or the metaverse's. */
struct rule_schema {
	const char *connector; /* NULL: the metaverse */
	const char *connector_type;
	const struct schema *schema;
};

/*
 * Loads every *.json of the folders (or single files), in name order, checks and compiles.
 * Precedence must be unique per direction and connector. Errors name file, line, rule and
 * attribute, and for an expression the column.
 */
int ruleset_load(const char *const *paths, unsigned n_paths, const struct rule_schema *schemas,
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
/* Hex digest of the enabled rules of one connector (both directions): a change asks for a full
 * sync. */
void ruleset_digest(const struct ruleset *rs, const char *connector, char ret[65]);
/* Source attributes that the inbound rules of a connector read (scope, join, flows, expressions).
 */
const unsigned *ruleset_source_attrs(
	const struct ruleset *rs, const char *connector, unsigned *ret_n);
/* Metaverse attributes of a class that some inbound or outbound join looks up. */
const unsigned *ruleset_join_attrs(const struct ruleset *rs, const char *mv_class, unsigned *ret_n);

/* What an evaluation may look at. Everything borrowed; callbacks may be NULL. */
struct eval {
	const struct entry *source;
	/* What the import confirmed; NULL: same as source. For ImportedValue(). */
	const struct entry *imported;
	/* %Name% -> text, NULL when unknown. */
	const char *(*parameter)(void *ctx, const char *name, struct arena *a);
	/* Number of links of a reference attribute of the source (ValueCount, IsPresent on them).
	 */
	int64_t (*link_count)(void *ctx, unsigned attr);
	void *ctx;
	struct arena *arena; /* receives all results */
};

/* 1 in scope, 0 not; negative with *e when the source's data make it undecidable. */
int rule_in_scope(const struct rule *r, const struct eval *ev, struct err *e);

/* X(enum, word) */
#define FLOW_RESULTS(X)                                                                        \
	X(VALUES, "values")                                                                    \
	X(NULL_, "NULL") /* no contribution; a lower rule may contribute */                    \
	X(AUTHORITATIVE_NULL, "AuthoritativeNull") /* absent, and lower rules are not asked */ \
	X(IGNORE, "IgnoreThisFlow")                /* as if there were no such flow */         \
	X(ERROR, "Error")                          /* Error("..."), or the data do not fit */
enum flow_result_kind {
#define X(name, word) FLOW_RESULT_##name,
	FLOW_RESULTS(X)
#undef X
};

struct flow_result {
	enum flow_result_kind kind;
	struct value *values; /* VALUES: at least one, converted to the target's type */
	unsigned count;
	const char *error; /* ERROR */
};

/*
 * Evaluates one flow that is not a reference (or a reference flow's guard expression). A direct
 * flow of an absent attribute is NULL_. Never fails otherwise: errors are a result.
 */
void flow_eval(
	const struct rule *r, const struct flow *f, const struct eval *ev, struct flow_result *ret);
