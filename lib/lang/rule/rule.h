/*
 * rule: scope + join + flows + precedence, in one direction, as the loader compiled it; immutable
 * from then on. Here is the data and its words; scope.h and flow.h evaluate, ruleset.h loads.
 *
 * Semantics: Connect Sync's declarative provisioning. Scope groups are ORed and the clauses in a
 * group ANDed; join groups are tried in order; the lowest precedence number wins per attribute.
 */
#pragma once

#include "model/schema.h"
#include "model/value.h"

/* X(enum, word in files, what it does) */
#define LINK_TYPES(X)                                                                              \
	X(JOIN, "Join", "joins to an object that is there, and flows attributes")                  \
	X(PROVISION, "Provision",                                                                  \
		"also makes the object when there is none, and keeps it alive while in scope")     \
	X(STICKY_JOIN, "StickyJoin", "joins, and keeps the metaverse object alive while in scope") \
	X(JOIN_NO_FLOW, "JoinNoFlow", "joins; the flows of the rule are not applied")
enum link_type {
#define X(name, word, help) LINK_##name,
	LINK_TYPES(X)
#undef X
		LINK_TYPE_COUNT
};

const char *link_type_name(enum link_type l);

/* X(enum, word in files, what it does) - how several contributions to an attribute meet */
#define MERGE_TYPES(X)                                                                 \
	X(UPDATE, "Update", "the contribution of the lowest precedence number stands") \
	X(REPLACE, "Replace", "the same as Update")                                    \
	X(MERGE, "Merge", "the values of all contributions, each once")                \
	X(MERGE_CASE_INSENSITIVE, "MergeCaseInsensitive", "the same, without regard to case")
enum merge_type {
#define X(name, word, help) MERGE_##name,
	MERGE_TYPES(X)
#undef X
		MERGE_TYPE_COUNT
};
const char *merge_type_name(enum merge_type m);

enum rule_direction { RULE_INBOUND, RULE_OUTBOUND };

enum flow_kind { FLOW_DIRECT, FLOW_CONSTANT, FLOW_EXPRESSION };

struct expr; /* a compiled expression */

struct flow {
	unsigned dest; /* attribute of the target */
	enum flow_kind kind;
	unsigned source; /* FLOW_DIRECT */
	enum value_type dest_type;
	bool dest_multi;
	bool dest_time; /* SCHEMA_TIME */
	/*
	 * The target is a reference: a link flow. DIRECT, or an EXPRESSION that yields the
	 * references of an attribute, or guards them (Error, NULL, IgnoreThisFlow).
	 */
	bool reference;
	enum merge_type merge;
	bool once; /* execute-once: only while the target is being created */
	struct value constant;
	struct expr *expr;
	const char *text; /* of the expression */
	int line;         /* in the rule's file */
};

/* Do all contributions count, not only the first? */
static inline bool flow_merges(const struct flow *f)
{
	return f->merge == MERGE_MERGE || f->merge == MERGE_MERGE_CASE_INSENSITIVE;
}

struct join_clause {
	unsigned cs_attr; /* attribute of the connector space object */
	unsigned mv_attr;
	bool case_sensitive;
	bool silent; /* a value of it is no reason to project the object */
};

struct join_group {
	struct join_clause *clauses; /* ANDed */
	unsigned n_clauses;
};

struct scope; /* compiled */

struct rule {
	const char *name;                                 /* "In from AD - User Join" */
	const char *id;                                   /* "{GUID}" of the original, or NULL */
	const char *precedence_before, *precedence_after; /* ids, or NULL */
	const char *file;
	int line;
	const char *text; /* canonical JSON, as it was read */
	uint64_t digest;  /* of what matters for synchronization */
	int precedence;
	enum rule_direction direction;
	bool disabled;
	const char *connector_type; /* "ad": applies to each connector of the type; NULL when ... */
	const char *connector;      /* ... it names one connector */
	const char *setting; /* in force only where this yes-or-no setting of the connector is on */
	const char *source_class; /* "user", or RULE_ANY_CLASS */
	const char *target_class; /* "person", or RULE_ANY_CLASS */
	enum link_type link;
	int64_t soft_delete;  /* seconds for which a deprovisioned object is kept; outbound */
	struct scope *scope;  /* NULL: always in scope */
	bool uses_membership; /* its scope asks for members of a group */
	struct join_group *joins;
	unsigned n_joins;
	unsigned match_attr; /* the metaverse attribute that match_attribute names; 0: none */
	struct flow *flows;
	unsigned n_flows;
};

/* What stands in a rule for every class. */
#define RULE_ANY_CLASS "*"
static inline bool rule_class_any(const char *of_rule)
{
	return streq(of_rule, RULE_ANY_CLASS);
}
/* Is a rule's source or target class that of an object? */
static inline bool rule_class_fits(const char *of_rule, const char *class)
{
	return rule_class_any(of_rule) || streq(of_rule, class);
}

/* X(name) - the %Parameters% that expressions and scopes may use; the connectors know the values */
#define RULE_PARAMETERS(X)                 \
	X(Domain.FQDN)                     \
	X(Domain.Netbios)                  \
	X(Domain.LDAP)                     \
	X(Forest.FQDN)                     \
	X(Forest.Netbios)                  \
	X(Forest.LDAP)                     \
	X(Connector.ID)                    \
	X(Connector.GroupFilteringGroupDn) \
	X(ADS_UF_ACCOUNTDISABLE)           \
	X(ADS_GROUP_TYPE_GLOBAL)           \
	X(ADS_GROUP_TYPE_DOMAIN_LOCAL)     \
	X(ADS_GROUP_TYPE_LOCAL)            \
	X(ADS_GROUP_TYPE_UNIVERSAL)        \
	X(ADS_GROUP_TYPE_SECURITY_ENABLED)
#define RULE_PARAMETERS_MAX 16
/* NULL at the end. */
extern const char *const rule_parameters[];
bool rule_parameter_known(const char *name);

/* The keys of a rule and of a flow in a file, NULL at the end. */
extern const char *const rule_file_keys[], *const flow_file_keys[];
