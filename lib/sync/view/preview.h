/*
 * Preview and lineage: compute what the steps would, from the store, and name the rules and objects
 * that took part. Nothing is written; the store may be open for reading only.
 */
#pragma once

#include "store/store.h"
#include "sync/rules.h"

/*
 * What a synchronization of one connector space object would do now: its rules, and why one is out
 * of scope, the join, every flow, won or lost, the pending export. `connector` NULL: any. -ENOENT:
 * there is no such object. *ret: a new reference.
 */
int preview_object(const struct config *cfg, const struct rules *rules, struct store *store,
	const char *connector, const char *name, json_t **ret, struct err *e) _must_check_;

/*
 * Per attribute of a metaverse object: value, contributing rule, connector and object, and since
 * when it has that value (not for references). *ret: a new reference to a list.
 */
int lineage_object(const struct config *cfg, const struct rules *rules, struct store *store,
	int64_t mv, json_t **ret, struct err *e) _must_check_;
