/*
 * What an export has of the provisioning service beside its connection: what it says of the tenant,
 * how objects are written, what is new, and the totals of what was exported.
 */
#pragma once

#include "base/hashset.h"
#include "connector/entra/graph.h"
#include "connector/entra/service/bag.h"
#include "connector/entra/service/call.h"

/* The sum of references in one request: what Connect Sync was seen to be told, and our limit. */
#define SERVICE_LINKS_MAX 15000

struct service_session {
	struct service_bag *bags[ENTRA_CLASS_COUNT]; /* made when they are needed */
	bool configured;
	struct service_configuration configuration; /* without its texts */
	unsigned links_max;                         /* in one request */
	/* of the objects that were sent, for FinalizeExport */
	int64_t exported, good;
	/* new objects, by anchor: references may find them later than the answer to them came */
	struct hashset added;
	int64_t added_at; /* monotonic ms: the last of them */
};

struct service_session *service_session_new(void) _must_check_;
void service_session_free(struct service_session *s); /* NULL is fine */

/*
 * As service_call(), and again a few times when the service is busy or not reached, with growing
 * waits; the stop is asked meanwhile.
 */
enum conn_result service_ask(struct connector *c, const char *operation, service_write *write,
	void *ctx, struct arena *a, struct service_answer *ret, bool *ret_unknown,
	struct err *e) _must_check_;
/* Asks what the tenant allows, once. */
enum conn_result service_configure(struct connector *c, struct err *e) _must_check_;
/* Asks it again: does the service answer at all? */
enum conn_result service_probe(struct connector *c, struct err *e) _must_check_;
/* How objects of the class are written. */
const struct service_bag *service_bag_of(struct connector *c, enum entra_class class);

/* Notes a new object; is the anchor that of one that references may not find yet? */
void service_note_added(struct service_session *s, const char *anchor);
bool service_is_fresh(const struct service_session *s, const char *anchor);
