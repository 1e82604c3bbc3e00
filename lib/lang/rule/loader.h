/*
 * loader: the state of reading one rule file, and what load.c, load_join.c and load_flow.c share:
 * messages that name file, line and rule, and attributes looked up in the schemas.
 */
#pragma once

#include "base/err.h"
#include "lang/rule/ruleset_priv.h"

#include <jansson.h>

struct loader {
	struct ruleset *rs;
	const char *path;
	const char *text;
	size_t len;
	size_t offset;  /* in text: of the rule that is being read */
	size_t counted; /* in text: up to here the lines are counted... */
	int line;       /* ... and this one has the place */
	struct rule *rule;
	const struct schema_class *source, *target; /* NULL: any class */
	const struct schema *source_schema;
	const struct schema *target_schema;
	const struct rule_schema *connector; /* of the rule; NULL: not known */
	const char *match_attr;              /* of its "join"; NULL: it names no such attribute */
	struct err *e;
};

/* -EINVAL with file, rule and the line of the first "near" behind the rule's start (NULL: of it).
 */
int rule_bad(struct loader *l, const char *near, const char *fmt, ...) _printf_(3, 4);
/* Unknown keys are errors. */
int rule_keys(
	struct loader *l, json_t *obj, const char *const *known, const char *where) _must_check_;
/* The first "what" in quotes behind the rule's start; NULL: none. */
const char *rule_find(const struct loader *l, const char *what);
const char *rule_text(json_t *obj, const char *key);
/* The line of the first "near" in quotes behind the rule's start. */
int rule_line(struct loader *l, const char *near);
/*
 * An attribute of one side by name. *ret_attr NULL: the schema is open and does not know it. In
 * class "*" (class NULL) it must be known to some class.
 */
int rule_attr(struct loader *l, const char *name, const struct schema *schema,
	const struct schema_class *class, const struct schema_attr **ret_attr,
	unsigned *ret) _must_check_;
/* The line of a place in the text. */
int rule_line_at(struct loader *l, size_t offset);
