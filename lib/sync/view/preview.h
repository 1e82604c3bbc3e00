/*
 * Preview and lineage: the pure halves of the steps over what the store holds, with everybody who
 * took part named. Nothing is written; the store may be open for reading only.
 */
#pragma once

#include "store/store.h"
#include "sync/rules.h"

/*
 * What a synchronization of one connector space object would do now: rules in scope, and why not,
 * the join, every flow with its winner and losers, the pending export. `connector` NULL: any.
 * -ENOENT when there is no such object. *ret: a new reference.
 */
int preview_object(const struct config *cfg, const struct rules *rules, struct store *store,
	const char *connector, const char *name, json_t **ret, struct err *e) _must_check_;

/*
 * Per attribute of a metaverse object: value, contributing rule, connector and object, and since
 * when it has that value. *ret: a new reference to a list.
 */
int lineage_object(const struct config *cfg, const struct rules *rules, struct store *store,
	int64_t mv, json_t **ret, struct err *e) _must_check_;
