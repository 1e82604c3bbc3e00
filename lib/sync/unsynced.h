/*
 * unsynced: what an object has in its source and no rule brings to a target. Example: before the
 * source of authority of a user is switched, every attribute of interest must be in the
 * target, since nothing can be brought there from the source afterwards. Pure. Which attributes are
 * of no interest is data of the source's type (connector_type.attr_is_operational).
 */
#pragma once

#include "lang/rule/ruleset.h"
#include "sync/config.h"

struct unsynced_attr {
	unsigned attr;   /* its number; the name is attr_name() */
	unsigned n;      /* values */
	const char *why; /* why the setting cannot bring it; NULL: it can */
};

struct unsynced {
	struct unsynced_attr *attrs; /* sorted by name */
	unsigned n;
	/* the line of the source's section that would bring those that can, with what it has
	 * already; NULL: there is none, or the type has no such setting */
	const char *setting;
};

/*
 * The attributes with values that no inbound rule in force for `source` brings into the metaverse,
 * or no outbound rule in force for `target` from there to an attribute that is sent. A rule that
 * only asks for a value (scope, join) does not bring it. `en`: the object with everything in it,
 * references as attributes; its class is set. Memory from the arena.
 */
void unsynced_find(const struct ruleset *rules, const struct connector_config *source,
	const struct connector_config *target, const struct entry *en, struct arena *a,
	struct unsynced *ret);
