/*
 * Objects as ProvisionAzureADSyncObjects and its second version take them: a bag of typed values
 * under the names of the connector space. An attribute that is not named keeps its value there.
 * Everything is appended to the message as it is: an object is begun, its properties follow, and
 * it is ended.
 */
#pragma once

#include "base/buf.h"
#include "connector/entra/extension.h"
#include "model/delta.h"

/* What the service is to do with an object. X(enum, its word) */
#define SERVICE_OPERATIONS(X)                                    \
	X(SET, "Set")       /* make or change, after matching */ \
	X(DELETE, "Delete") /* by anchor and type */
enum service_operation {
#define X(id, word) SERVICE_##id,
	SERVICE_OPERATIONS(X)
#undef X
};

/* How the attributes of a class are written: made once, so that an object costs little. */
struct service_bag;
/* The class must stay; x: its directory extensions, NULL: none. */
struct service_bag *service_bag_new(
	const struct schema_class *c, const struct entra_extensions *x) _must_check_;
void service_bag_free(struct service_bag *bag); /* NULL is fine */

/* Is it a reference that objects of the class have there, and with several values? */
bool service_bag_has_reference(const struct service_bag *bag, unsigned attr, bool *ret_multi);

/* Whom an object, or a reference, means. */
struct service_name {
	const char *anchor;
	bool is_cloud; /* "User_<id>", of one that is there; else a sourceAnchor */
};

/* Appends syncRequest up to the list of objects, and ends it. Inside an operation's element. */
void service_objects_begin(struct buf *b);
void service_objects_end(struct buf *b);
/* One object between the two; class: its name in the schema, "user". */
void service_object_begin(struct buf *b, const struct service_name *who);
void service_object_end(struct buf *b, const char *class, enum service_operation operation);

/*
 * Inside an object. What of `wanted` has values, or with a delta what it changes; only attributes
 * that the service writes, and no references. The values are text that XML may hold:
 * service_problem().
 */
void service_put_values(struct buf *b, const struct service_bag *bag, const struct entry *wanted,
	const struct delta *delta);
/* A reference with a single value; target NULL: it is cleared. */
void service_put_reference(struct buf *b, const char *attr, const struct service_name *target);
/*
 * Changes of one reference attribute, for the second version alone: a member of 50,000 is one
 * change on the wire.
 */
void service_changes_begin(struct buf *b, const char *attr);
void service_put_change(struct buf *b, const struct service_name *target, bool add);
void service_changes_end(struct buf *b);

/*
 * Is there a value that no message can hold (text with control characters)? The attribute's name,
 * or NULL.
 */
const char *service_problem(const struct entry *wanted, const struct delta *delta) _must_check_;
