/*
 * extension: the setting `directory_extensions` of sources, and what is made of it: attributes of
 * the metaverse, rules in and out, attributes of the targets. What the directories have said about
 * it (an attribute's type, the name that a tenant gives it) is kept in a file beside the database,
 * so that rules can be loaded without asking: a copy of what is known elsewhere, which a run makes
 * again when it is gone. Who asks: extension_learn.c.
 */
#pragma once

#include "lang/rule/ruleset.h"
#include "sync/config.h"

#include <jansson.h>

/* An attribute of one source. */
struct extension_of {
	const struct connector_config *source;
	struct extension item;
	bool known; /* by the source, not guessed */
};

struct extensions {
	struct extension_of *items; /* in the order of the file */
	unsigned n;
	json_t *kept; /* {"sources": {...}, "targets": {...}} */
	char *path;   /* of the file */
	struct arena arena;
};

/* The settings and what is kept; the caller frees. A file that cannot be read counts as absent. */
struct extensions *extensions_read(const struct config *cfg);
void extensions_free(struct extensions *x);
static inline void extensions_freep(struct extensions **x)
{
	extensions_free(*x);
}
#define _cleanup_extensions_ _cleanup_(extensions_freep)

/* The key under which an attribute of a source is kept; in the arena of x. */
const char *extensions_key(struct extensions *x, const char *attr);
/* Fills the items from what is kept, and sorts out those that two sources have differently. */
void extensions_resolve(struct extensions *x);
/* The items of one source; in the arena of x. */
unsigned extensions_of_source(
	struct extensions *x, const struct connector_config *source, struct extension **ret);
/*
 * What a target is to have: each name once, without those that are refused, with what is kept of
 * the target. only_known: without those whose source was not asked yet. In the arena of x.
 */
unsigned extensions_of_target(
	struct extensions *x, const char *target, bool only_known, struct extension **ret);

/* Gives the metaverse and the targets their attributes. */
void extensions_use(struct extensions *x, const struct config *cfg, struct schema *metaverse);
/* The rules as text of a file, for rule_text; NULL: there are none. In the arena of x. */
const char *extensions_rules(
	struct extensions *x, const struct config *cfg, const struct schema *metaverse);
/* A number that changes with what a connector's objects can have; 0: there are no extensions
 * (x NULL, too). */
uint64_t extensions_digest(struct extensions *x, const char *connector);
