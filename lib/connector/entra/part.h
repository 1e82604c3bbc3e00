/* One sub-request of a $batch: what it asks for, how it is written, what its answer means. */
#pragma once

#include "connector/entra/entra.h"

#define PART_ITEMS_MAX 20 /* references in one members@odata.bind (Graph: add members) */

enum part_kind {
	PART_FIND,    /* look the object up: was an earlier write done? */
	PART_MATCH,   /* surface graph: is there a cloud user to take over? */
	PART_ROLES,   /* ... is it an administrator? */
	PART_RESTORE, /* out of deletedItems */
	PART_CREATE,  /* POST */
	PART_UPDATE,  /* PATCH */
	PART_DELETE,  /* DELETE */
	PART_ADD,     /* references of one group added */
	PART_REMOVE,  /* one reference of a group removed */
	PART_SET,     /* manager set */
	PART_UNSET,   /* manager removed */
	PART_OUTSIDE, /* not to be sent: no request at all */
};

struct part {
	enum part_kind kind;
	struct export_item items[PART_ITEMS_MAX]; /* several only for PART_ADD */
	unsigned n;
	enum entra_class class;
	const char *id;      /* of the object, "" before it is created */
	char *found;         /* the id that was found, matched or restored; owned */
	bool all;            /* PART_UPDATE: every owned attribute */
	const char *outside; /* PART_OUTSIDE: why */
	char *unfit;         /* PART_OUTSIDE: what cannot be sent to any service; owned */
	bool alone;          /* its last answer was lost: in a batch by itself */
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

/* The part for an item; it may take more of the same kind: part_join(). */
struct part *part_new(const struct connector *c, const struct export_item *item);
/* Takes another reference of the same object and attribute. False: it does not fit. */
bool part_join(struct part *p, const struct export_item *item);
void part_free(struct part *p);

/* Appends the sub-request as JSON, with its id. */
void part_write(const struct connector *c, const struct part *p, unsigned id, struct buf *b);

/*
 * A PATCH was refused: takes the properties that are to blame out of it. False: it is not a matter
 * of single properties.
 */
bool part_reduce(const struct connector *c, struct part *p, long status, const char *code,
	const char *message);
/* Takes out of a PATCH what the service would refuse. */
void part_leave_out(const struct connector *c, struct part *p);
/* Is anything left to be sent? */
bool part_has_rest(const struct connector *c, const struct part *p);
/* The outcome of a PATCH of which something was refused. */
void part_refused(const struct connector *c, const struct part *p, bool sent, struct arena *a,
	struct export_outcome *o);

enum part_verdict {
	PART_DONE,    /* *ret_outcome holds for every item */
	PART_AGAIN,   /* overloaded: send the same once more, later */
	PART_UNKNOWN, /* the outcome is not known: look it up */
	PART_CHANGED, /* the part was turned into its next request: send it */
	PART_SPLIT,   /* several references refused as a whole: send them one by one */
};

/*
 * What the answer to a sub-request means. Strings of the outcome live in the arena.
 */
enum part_verdict part_answer(const struct connector *c, struct part *p, long status,
	const json_t *body, struct arena *a, struct export_outcome *ret_outcome);
