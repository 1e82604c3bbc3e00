/* The inbound step's own state, shared by inbound.c, join.c and link.c. */
#pragma once

#include "store/mv.h"
#include "sync/inbound/compute.h"

#define JOINED_MAX 64 /* connector space objects joined to one metaverse object */

struct inbound {
	struct sync *sync;
	struct sync_connector *conn;
	bool first;           /* links were never synchronized: no need to touch any */
	bool membership;      /* some scope depends on membership: members are looked at again */
	bool waits;           /* some object waits for a metaverse object: see inbound_wait() */
	struct bitmap failed; /* objects that got an error in this step */
	int64_t now;          /* unix time, for the lineage */
	struct arena arena;   /* of one object */
	/* the object whose links are being walked, see inbound_links() */
	struct arena link_arena;
	int64_t link_cs; /* 0: none */
	int64_t link_mv;
	struct mv_link_source *link_winners;
	unsigned n_link_winners;
};

enum join_outcome {
	JOIN_NONE,    /* stays a disconnector */
	JOIN_FOUND,   /* *ret_mv is the object */
	JOIN_PROJECT, /* a new metaverse object is to be made */
	JOIN_ERROR,   /* object error in *ret_error */
};

/* Join rules for an object that is not joined. *ret_rule is the rule that decided. */
int inbound_join(struct inbound *in, struct mv_source *src, enum join_outcome *ret, int64_t *ret_mv,
	const struct rule **ret_rule, const char **ret_error, struct err *e) _must_check_;

/* The key of a value in mv_key: the hash of its folded text, for both kinds of comparison. */
int64_t inbound_key_hash(struct arena *a, const struct value *v);

/*
 * The class of a joined object may have changed, so that the rule that joined it no longer fits;
 * `all` are the sources of its metaverse object, including itself. 1: a rule for the new class
 * leads to the same metaverse object, and the join is kept. 0: the class is the same, or no rule
 * does: the join ends.
 */
int inbound_rejoin(struct inbound *in, struct mv_source *src, struct mv_source *all, unsigned n,
	const struct mv_row *mv, struct err *e) _must_check_;

/*
 * Keys for later joins, from the new image; `before` NULL for a new object, `after` NULL for one
 * that is deleted. Objects that wait for one of the keys are looked at again.
 */
int inbound_keys(struct inbound *in, int64_t mv, const char *class, const struct entry *before,
	const struct entry *after, struct err *e) _must_check_;

/* No rule joins it: stores the keys of metaverse objects that it could be joined to later. */
int inbound_wait(struct inbound *in, const struct mv_source *src, struct err *e) _must_check_;
/* It does not wait any more. */
int inbound_wait_over(struct inbound *in, int64_t cs, struct err *e) _must_check_;

/* Makes mv_link equal to what the winners' links say, for every reference attribute. */
int inbound_relink(
	struct inbound *in, int64_t mv, const struct mv_result *res, struct err *e) _must_check_;

/* An object has a new join or lost one: links to it are looked at again. */
int inbound_target_changed(
	struct inbound *in, int64_t cs, int64_t old_mv, struct err *e) _must_check_;

/* Evaluates one connector space object, also a deleted one. */
int inbound_object(struct inbound *in, struct cs_row *row, struct err *e) _must_check_;
/* The same by its id, when its groups have changed. */
int inbound_reconsider(struct inbound *in, int64_t cs, struct err *e) _must_check_;

/* Takes the references that changed since the last sync into the metaverse. */
int inbound_links(struct inbound *in, struct err *e) _must_check_;

/* Of one object: those that the last sync has not seen. In a transaction of the caller. */
int inbound_links_of(struct inbound *in, int64_t cs, struct err *e) _must_check_;

/*
 * Sources of a metaverse object, evaluated. *ret_error: why the scope of a source could not be
 * decided; that source is (*ret)[*ret_n], after those that are counted.
 */
int inbound_sources(struct inbound *in, int64_t mv, struct arena *a, struct mv_source **ret,
	unsigned *ret_n, const char **ret_error, struct err *e) _must_check_;
