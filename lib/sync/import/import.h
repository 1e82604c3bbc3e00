/*
 * The import step's own state, shared by import.c (the sink and the step), object.c (one
 * object into its row), link.c (references into link rows), authority.c (who has the authority over
 * it) and container.c (what lies below a renamed container).
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
	int64_t stamp;         /* marks links that this import delivered one by one */
	struct arena arena;    /* of one object */
	struct bitmap seen;    /* rows delivered by this import */
	struct bitmap flagged; /* rows in the flag list that is being delivered */
	unsigned flag_attr;    /* ... and the attribute that it is of */
	uint64_t unread;       /* classes of the schema that were not read, or not to their end */
	bool by_dn;            /* a reference was resolved that has only a DN */
	bool aside; /* the row of the delivered object stays without its DN (transient) */
	unsigned links_changed; /* of the object that is being delivered */
	unsigned uncommitted;   /* objects since the last commit */
	int64_t n_objects;
	struct bitmap errors; /* rows that have an import error */
	bool discovery_errors;
	bool unidentified;   /* ... of an object that could not be identified */
	struct buf old_dn;   /* memory of what sink->container() returned */
	int fatal;           /* the store's first error: nothing is written any more */
	struct err error;    /* ... its text */
	struct bitmap attrs; /* that rules read; without imports_all, others are not kept */
};

/* Is everything being delivered? The connector may do so unasked. */
static inline bool import_is_full(const struct import_step *st)
{
	return st->full || st->answer.full;
}

/* The bit of a class in import_step.unread; 0: the schema has no such class. */
uint64_t import_class_bit(const struct import_step *st, const char *class);

/* Containers; see struct import_sink. */
int import_container(struct import_step *st, const char *anchor, const char *dn, bool sure,
	const char **ret_old, struct err *e) _must_check_;
int import_containers_moved(struct import_step *st, const struct container_move *moves, unsigned n,
	struct err *e) _must_check_;

/* One object delivered: finds or makes its row and stores what changed. */
int import_object(
	struct import_step *st, const struct import_object *o, struct err *e) _must_check_;
/* The object could be read, or is gone: removes its import error, if it has one. */
int import_error_clear(struct import_step *st, int64_t cs, struct err *e) _must_check_;
/* The object could not be read, but its DN is known: the row gets it, as references use it. */
int import_rename(
	struct import_step *st, const char *anchor, const char *dn, struct err *e) _must_check_;
/* A row that the directory no longer has. */
int import_gone(struct import_step *st, struct cs_row *row, struct err *e) _must_check_;
/* Somebody else has the authority over the object: its row's mask has the bit from now on. */
int import_flag(struct import_step *st, enum authority authority, const char *anchor,
	struct err *e) _must_check_;
/* The list is complete: all other rows of the class lose the bit. */
int import_flag_end(struct import_step *st, enum authority authority, const char *class,
	struct err *e) _must_check_;
/*
 * An image that is delivered shows whether somebody else writes the object: the row's mask, and
 * *ret_changed. The caller writes the row.
 */
int import_foreign(struct import_step *st, struct cs_row *row, const void *image, size_t len,
	bool *ret_changed, struct err *e) _must_check_;
/*
 * The directory no longer shows the object as mastered by us. If somebody else has the authority,
 * the list that follows says so; if not, it was switched and rolled back between two imports, and
 * everything is sent again as after any roll-back.
 */
int import_release(struct import_step *st, struct cs_row *row, const void *image, size_t len,
	struct err *e) _must_check_;
/* The row's wanted image against its imported one, after an import. */
int import_confirm(struct import_step *st, struct cs_row *row, struct err *e) _must_check_;
/*
 * Something was exported and the import does not show it: an error with a count is kept on the
 * object and reported, and it is sent again with growing waits until an import shows it. `silent`:
 * the import did not show the object at all, which may be a delay.
 */
int reimport_missing(struct import_step *st, const struct cs_row *row, const char *what,
	bool silent, struct err *e) _must_check_;
/*
 * What was refused, or was missing, is there now: that ends the object's export error, and what the
 * directory said when it left something out.
 */
int reimport_mended(struct import_step *st, int64_t cs, struct err *e) _must_check_;
/* The object came with other values: when it has all that is wanted, a warning of a success ends.
 */
int reimport_whole(struct import_step *st, const struct cs_row *row, struct err *e) _must_check_;
/* After a good import: checks and counts what awaits confirmation and is not shown. */
int reimport_finish(struct import_step *st, struct step_end *end, struct err *e) _must_check_;

/*
 * The row that an anchor or a DN names, *ret; made as a placeholder where the directory has not
 * shown it yet. anchor may be NULL.
 */
int import_placeholder(struct import_step *st, const char *anchor, const char *dn, int64_t *ret,
	struct err *e) _must_check_;
/*
 * A row has lost its DN to an object that is delivered later. References by that DN, from objects
 * that this import delivered already, mean the later object: they move to a placeholder for it.
 */
int import_links_let_go(
	struct import_step *st, const struct cs_row *row, struct err *e) _must_check_;
/* References of one object: whole lists (entry) or single changes. */
int import_links(struct import_step *st, const struct cs_row *row, const struct import_object *o,
	struct err *e) _must_check_;
/* Sets imported of one link; makes the row if need be. */
int import_link_set(struct import_step *st, const struct cs_row *row, unsigned attr, int64_t target,
	bool imported, struct err *e) _must_check_;
/* Full import, references one by one: removes those that were not delivered. */
int import_links_unseen(struct import_step *st, struct err *e) _must_check_;
