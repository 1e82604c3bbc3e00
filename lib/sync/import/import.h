/*
 * The import step's own state, shared by import.c (the sink and the step), object.c (one
 * object into its row), link.c (references into link rows) and container.c (what lies
 * below a renamed container).
 */
#pragma once

#include "base/buf.h"
#include "connector/connector.h"
#include "base/bitmap.h"
#include "store/cs.h"
#include "sync/session.h"
#include "sync/step.h"

struct import_step {
	struct import_sink sink; /* first: the connector hands it back */
	struct sync *sync;
	struct sync_connector *conn;
	bool full; /* everything was asked for */
	struct import_answer answer;
	int64_t stamp;          /* marks links that this import delivered one by one */
	struct arena arena;     /* of one object */
	struct bitmap seen;     /* rows delivered by this import */
	struct bitmap flagged;  /* rows in the flag list that is being delivered */
	unsigned flag_attr;     /* ... and the attribute that it is of */
	bool by_dn;             /* a reference was resolved that tells a DN alone */
	bool aside;             /* the row of the object that is being delivered has left its DN */
	unsigned links_changed; /* of the object that is being delivered */
	unsigned uncommitted;   /* objects since the last commit */
	int64_t n_objects;
	struct bitmap errors; /* rows that have an import error */
	bool discovery_errors;
	bool unidentified;   /* ... of an object that nothing tells which it is */
	struct buf old_dn;   /* what sink->container() has handed out */
	int fatal;           /* the store's first error: nothing is written any more */
	struct err error;    /* ... its text */
	struct bitmap attrs; /* attributes that rules read: the others are not kept */
};

/* Is everything being delivered? The connector may do so unasked. */
static inline bool import_is_full(const struct import_step *st)
{
	return st->full || st->answer.full;
}

/* Containers; see struct import_sink. */
int import_container(struct import_step *st, const char *anchor, const char *dn, bool sure,
	const char **ret_old, struct err *e) _must_check_;
int import_containers_moved(struct import_step *st, const struct container_move *moves, unsigned n,
	struct err *e) _must_check_;

/* One object delivered: finds or makes its row and stores what changed. */
int import_object(
	struct import_step *st, const struct import_object *o, struct err *e) _must_check_;
/* The object could be read, or is gone: an import error of it is over. */
int import_error_clear(struct import_step *st, int64_t cs, struct err *e) _must_check_;
/* The object of a row could not be read, but is called so: others refer to it by that name. */
int import_rename(
	struct import_step *st, const char *anchor, const char *dn, struct err *e) _must_check_;
/* A row that the directory no longer has. */
int import_gone(struct import_step *st, struct cs_row *row, struct err *e) _must_check_;
/* The row's wanted image against its imported one, after an import. */
int import_confirm(struct import_step *st, struct cs_row *row, struct err *e) _must_check_;
/*
 * What was exported and is not shown: kept on the object with a count, told, and sent again with
 * growing waits, until an import shows it. `silent`: the import did not show the object at all,
 * which may be a delay.
 */
int reimport_missing(struct import_step *st, const struct cs_row *row, const char *what,
	bool silent, struct err *e) _must_check_;
/* After a good import: rows and references that await confirmation, and how many objects lack it.
 */
int reimport_finish(struct import_step *st, struct step_end *end, struct err *e) _must_check_;

/*
 * The row that an anchor or a DN names, *ret; made as a placeholder where the directory has not
 * shown it yet. anchor may be NULL.
 */
int import_placeholder(struct import_step *st, const char *anchor, const char *dn, int64_t *ret,
	struct err *e) _must_check_;
/*
 * A row leaves its DN, or has left it. What objects that were delivered before it refer to by that
 * DN is not this row: a placeholder stands for the object that has the DN now, which comes later.
 */
int import_links_let_go(
	struct import_step *st, const struct cs_row *row, struct err *e) _must_check_;
/* References of one object: whole lists (entry) or single changes. */
int import_links(struct import_step *st, const struct cs_row *row, const struct import_object *o,
	struct err *e) _must_check_;
/* Sets imported of one link; makes the row if need be. */
int import_link_set(struct import_step *st, const struct cs_row *row, unsigned attr, int64_t target,
	bool imported, struct err *e) _must_check_;
/* Removes what a full import did not deliver one by one. */
int import_links_unseen(struct import_step *st, struct err *e) _must_check_;
