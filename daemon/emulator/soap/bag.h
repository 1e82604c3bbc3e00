/*
 * The bag of typed values that the provisioning service takes and gives: elements to JSON and back.
 * {"displayName": "x", "accountEnabled": true, "countryCode": 276, "proxyAddresses": ["..."],
 *  "onPremiseSecurityIdentifier": {"base64": "..."}, "userCertificate": {"base64": ["..."]},
 *  "title": null}
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "soap/element.h"

/* A change of single references: a SyncReferenceChangeCollection. */
struct reference_change {
	const char *key; /* "member" */
	const char *anchor;
	bool by_cloud_anchor, add;
	struct reference_change *next;
};

/*
 * Reads PropertyValues. NULL: a value has no type, one that is not known, or one that does not fit;
 * *ret_why names its key, in the arena. *ret_changes: in their order.
 */
json_t *bag_read(const struct element *values, struct arena *a,
	struct reference_change **ret_changes, const char **ret_why);
/* Appends PropertyValues of a bag, its keys with a capital letter in front. */
void bag_write(struct buf *b, const json_t *bag);
/* The key in any case; NULL: none. Borrowed. */
json_t *bag_get(const json_t *bag, const char *key);
/* "" when it is not text. */
const char *bag_text(const json_t *bag, const char *key);
/* What comes in replaces what was kept, key by key; null stays as null. */
void bag_merge(json_t *kept, const json_t *in);
