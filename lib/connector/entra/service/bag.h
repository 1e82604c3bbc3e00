/*
 * Objects as ProvisionAzureADSyncObjects takes them: a bag of typed values under the attribute's
 * name. An attribute that is not named keeps its value there.
 */
#pragma once

#include "base/buf.h"
#include "model/delta.h"
#include "model/schema.h"

/* What the service is to do with an object. X(enum, its word) */
#define SERVICE_OPERATIONS(X)                                    \
	X(SET, "Set")       /* make or change, after matching */ \
	X(DELETE, "Delete") /* by anchor and type */
enum service_operation {
#define X(id, word) SERVICE_##id,
	SERVICE_OPERATIONS(X)
#undef X
};

struct service_object {
	const char *class; /* "user": its name in the schema */
	enum service_operation operation;
	const char *source_anchor; /* who it is; or */
	const char *cloud_anchor;  /* "User_<id>", of one that is there; NULL: not told */
	const struct schema_class *schema;
	const struct entry
		*wanted; /* SET: what is to be sent, if delta is NULL all that has values */
	const struct delta *delta; /* SET: only these; NULL: all */
};

/* One reference attribute of an object as a whole: the anchors replace what was there. */
struct service_references {
	const char *attr;
	const char *const *anchors;
	unsigned n;
	bool multi; /* of an attribute with several values */
};

/* Appends syncRequest up to the list of objects, and ends it. Inside an operation's element. */
void service_objects_begin(struct buf *b);
void service_objects_end(struct buf *b);
/* Appends one object between the two. The values are text that XML may hold: service_problem(). */
void service_put_object(struct buf *b, const struct service_object *o,
	const struct service_references *references, unsigned n_references);
/*
 * Is there a value that no message can hold (text with control characters)? The attribute's name,
 * or NULL.
 */
const char *service_problem(const struct entry *wanted, const struct delta *delta) _must_check_;

/* One change of a reference with several values: a member of 50,000 is one change on the wire. */
struct service_change {
	const char *source_anchor; /* of the target */
	bool add;
};
/* An object of which only references change, for ProvisionAzureADSyncObjects2. */
void service_put_changes(struct buf *b, const char *class, const char *source_anchor,
	const char *attr, const struct service_change *changes, unsigned n);
