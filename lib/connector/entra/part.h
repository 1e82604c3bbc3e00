/*
 * One sub-request of a $batch: what it asks for. How it is made
 * of an export item is item.h's, how it is written is request.h's, what its answer
 * means answer.h's, what is taken out of it refused.h's. A new kind is a row of PART_KINDS.
 */
#pragma once

#include "connector/entra/body.h"
#include "connector/entra/graph.h"

#define PART_ITEMS_MAX 20 /* references in one members@odata.bind (Graph: add members) */

/* X(enum, method, whether it has a body) */
#define PART_KINDS(X)                                                                      \
	X(FIND, "GET", false)     /* look the object up: was an earlier write done? */     \
	X(MATCH, "GET", false)    /* surface graph: is there a cloud user to take over? */ \
	X(ROLES, "GET", false)    /* ... is it an administrator? */                        \
	X(RESTORE, "POST", false) /* out of deletedItems */                                \
	X(CREATE, "POST", true)                                                            \
	X(UPDATE, "PATCH", true)                                                           \
	X(DELETE, "DELETE", false)                                                         \
	X(BIND, "PATCH", true)     /* references of one object added, several at a time */ \
	X(ADD, "POST", true)       /* one reference of several added */                    \
	X(REMOVE, "DELETE", false) /* one reference of several removed */                  \
	X(SET, "PUT", true)        /* the only reference set */                            \
	X(UNSET, "DELETE", false)  /* the only reference removed */                        \
	X(OUTSIDE, "", false)      /* not to be sent: no request at all */

enum part_kind {
#define X(id, method, body) PART_##id,
	PART_KINDS(X)
#undef X
		PART_KIND_COUNT
};

struct part {
	enum part_kind kind;
	struct export_item items[PART_ITEMS_MAX]; /* several only for PART_BIND */
	unsigned n;
	enum entra_class class;
	const struct entra_attr *link; /* of EXPORT_LINK: the row of the reference */
	const char *id;                /* of the object, "" before it is created */
	char *found;                   /* the id that was found, matched or restored; owned */
	bool all;                      /* PART_UPDATE: every owned attribute */
	const char *outside;           /* PART_OUTSIDE: why */
	char *unfit;                   /* PART_OUTSIDE: what cannot be sent to any service; owned */
	bool alone;                    /* its last answer was lost: in a batch by itself */
	const char *problem; /* PART_OUTSIDE: the service would refuse it, with this error */
	/* surface graph: what the service refused, see refused.c; all owned */
	unsigned *refused, n_refused, refusals;
	struct delta reduced; /* what is left to be sent; attrs NULL: nothing was refused */
	char *refusal;
	const char *refusal_name;
	int tries;
	unsigned failed_at; /* its first failure, see suspect.h; 0: none */
	int64_t not_before; /* monotonic ms */
	struct part *next;  /* in a queue */
};

void part_free(struct part *p);
/* What its body is made of: what is wanted, or what changes, without what was refused. */
struct entra_writing part_writing(const struct connector *c, const struct part *p);
/* The HTTP method of a kind, and whether its request has a body. */
const char *part_method(enum part_kind k);
bool part_has_body(enum part_kind k);
