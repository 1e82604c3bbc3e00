/*
 * single: one object, and the objects that it refers to, taken through a whole cycle at once: read
 * from its directory, synchronized, exported, and read back. Nothing is deleted, and no watermark
 * of the cycles moves: the next one is a delta as ever, and finds nothing left to do. It is in the
 * history of runs under the name SINGLE_RUN.
 */
#pragma once

#include "sync/config.h"
#include "sync/progress.h"

#include <jansson.h>

#define SINGLE_RUN "single-object"
#define SINGLE_REFERENCES_MAX 100 /* objects that are taken along */

struct single_request {
	const char *connector; /* NULL: any that knows the object */
	const char *name;      /* its DN or anchor; in a target, too, where it is joined */
	bool preview;          /* nothing is written, anywhere */
	bool everything;       /* all of the object is sent again, not only what differs */
};

/*
 * 0 with *ret also when something went wrong on the way: the report says what. A new reference:
 *
 *   connector, dn, anchor, preview, run (null in a preview), result, notes [text]
 *   import, confirm   [{connector, result, error, objects [{dn, anchor, class, change, error}]}]
 *   synchronization   as adsyncctl preview shows it; null: not synchronized
 *   export            [{connector, result, error, skipped, objects [{operation, changes,
 *                     references, outcome, error ...}]}]
 *   comparison        [{dn, connector, target, state, authority, attributes [{attribute, flow,
 *                     source, wanted, found, verdict}], not_synchronized [{attribute, source}]}]
 *
 * -EBUSY: a run is in progress. -ENOENT: there is no such object. -EAGAIN: a cycle must run first.
 */
int single_execute(const struct config *cfg, const struct single_request *req,
	const struct run_host *host, json_t **ret, struct err *e) _must_check_;
