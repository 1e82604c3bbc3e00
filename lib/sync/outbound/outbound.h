/*
 * The outbound step's own state, shared by outbound.c (one metaverse object), attributes.c (objects
 * that rules do not make), trust.c (objects that were ours before), wanted.c (the pure half: rules
 * to wanted image), anchor.c (two objects with one sourceAnchor), link.c (references) and step.c
 * (the step).
 */
#pragma once

#include "base/bitmap.h"
#include "store/cs.h"
#include "store/mv.h"
#include "sync/session.h"
#include "sync/inbound/observe.h"

/* What the rules want of an object in one connector. */
struct wanted {
	bool provision;     /* an in-scope rule of link type Provision */
	bool attributes;    /* no such rule, but rules flow to an object that inbound joined */
	const char *class;  /* in the connector */
	const char *rule;   /* that provisions; attributes: the first in scope for the class */
	const char *dn;     /* of a new object; NULL: the rules give no value to make it from */
	struct entry entry; /* attributes that rules own; one without values is to be cleared */
	struct {
		unsigned source; /* metaverse */
		unsigned dest;   /* connector */
	} * links;
	unsigned n_links;
	int64_t links_digest;
	unsigned *kept; /* attributes of flows that were ignored: they stay as the directory has
	                   them */
	unsigned n_kept;
	const char *error; /* a flow failed: nothing is staged */
	const char *error_rule;
};

struct outbound {
	struct sync *sync;
	struct sync_connector *conn;
	int64_t now;          /* unix time */
	bool in_error;        /* the object evaluated last got an error */
	struct bitmap failed; /* rows that got an error in this step */
	bool first;           /* nothing was ever synchronized: no need to touch links */
	bool missed;          /* it missed removed references: all are compared */
	bool changed;         /* the current object changed, not only the rules */
	struct arena arena;   /* of one object */
	/* attributes that may be sent, per class of the connector's schema */
	struct outbound_class {
		const char *class;
		struct bitmap attrs;
		struct bitmap never_empty; /* of these: nothing is sent to clear them */
	} * classes;
	unsigned n_classes;
	struct bitmap baseline; /* rows whose wanted image was first computed in this step */
	/* the object whose links are being walked, see outbound_links() */
	struct arena link_arena;
	int64_t link_mv;
	struct wanted link_wanted;
	struct cs_row link_row;  /* id 0: not provisioned */
	struct buf link_changed; /* names of reference attributes that changed while blocked */
};

/* The metaverse object that is to be provisioned. */
struct wanted_source {
	int64_t mv;
	const char *class;
	const struct entry *entry; /* NULL: the object is deleted */
	bool creating;             /* the directory has not shown its object yet */
	const char *joined;        /* class of its object that an inbound rule joined; NULL: none */
};

/* Pure, except that references are counted in the store: scope, attribute flow, precedence. */
int wanted_compute(struct outbound *out, const struct wanted_source *src, const struct observer *ob,
	struct arena *a, struct wanted *ret, struct err *e) _must_check_;
/* The same for a row of the metaverse and the row of the connector that is joined to it. */
int wanted_of_row(struct outbound *out, const struct mv_row *mv, const struct cs_row *row,
	struct arena *a, struct wanted *ret, struct err *e) _must_check_;
/* Fills out->classes from the connector's schema; outbound_done() frees what out owns. */
void outbound_init(struct outbound *out, struct sync *s, struct sync_connector *c);
void outbound_done(struct outbound *out);

/* Decides one metaverse object in the connector. */
int outbound_object(struct outbound *out, struct mv_row *mv, struct err *e) _must_check_;
/* The same where no rule makes objects. 1: the object has other rows there than inbound joined. */
int outbound_attributes(struct outbound *out, const struct mv_row *mv, struct err *e) _must_check_;
/* Did an inbound rule join the row's object? Then outbound neither makes nor deletes it. */
static inline bool row_is_inbounds(const struct cs_row *row)
{
	return (row->want == WANT_NOTHING || row->want == WANT_ATTRIBUTES) && row->imported &&
	       row->join_rule;
}
/*
 * Sets the row's export state, from what is wanted now. `changed`: the wanted image has changed, so
 * a value that the directory shows in a form of its own is sent too.
 */
int outbound_set_state(struct outbound *out, struct cs_row *row, struct wanted *w, bool changed,
	struct err *e) _must_check_;

/* Reports what changed in the wanted image and is not sent; a flow that is ignored now is none. */
int outbound_tell_blocked(struct outbound *out, const struct cs_row *row, const struct wanted *w,
	const char *source_dn, struct err *e) _must_check_;
/*
 * The connector's row that is joined to the metaverse object (id 0: none) and, for messages, the DN
 * of a row in another connector (NULL: none), if possible one that rules did not make.
 */
int outbound_row(struct outbound *out, int64_t mv, struct arena *a, struct cs_row *ret,
	const char **ret_ad_dn, int64_t *ret_ad_cs, struct err *e) _must_check_;

/* *ret: the problem, with both names when another metaverse object has the same sourceAnchor. */
int anchor_named(struct outbound *out, const struct mv_row *mv, const char *source_dn,
	const char *problem, const char **ret, struct err *e) _must_check_;

/* Does another metaverse object want the sourceAnchor of a row that is to be deprovisioned? */
struct anchor_claim {
	enum {
		ANCHOR_FREE, /* no */
		ANCHOR_HEIR, /* it can take the row, and is evaluated when the row is free */
		ANCHOR_HELD, /* it cannot take it yet: the row is kept for it */
	} kind;
	struct mv_row mv;
};
int anchor_claim(struct outbound *out, const struct cs_row *row, struct anchor_claim *ret,
	struct err *e) _must_check_;
/* The row stays as it is, and each outbound step looks at it again. */
int anchor_hold(struct outbound *out, struct cs_row *row, struct err *e) _must_check_;

/* trust.c: an object that is ours already is met for the first time. Changes the row alone. */
int outbound_trust(struct outbound *out, struct cs_row *row, const struct wanted *w,
	struct err *e) _must_check_;
/* An object of ours leaves the rules and stays in the directory. Changes the row alone. */
int outbound_note_left(struct outbound *out, struct cs_row *row, struct err *e) _must_check_;
/* *ret: a reference of the attribute that is new to the row is taken to be in the directory. */
int outbound_trusts_link(struct outbound *out, const struct cs_row *row, unsigned attr, bool *ret,
	struct err *e) _must_check_;
/* Tells how many objects were recognized, or trusted, in this step. In a transaction. */
int outbound_tell_met(struct outbound *out, struct err *e) _must_check_;

/* References of metaverse objects that changed since the last sync; of one, in a transaction. */
int outbound_links(struct outbound *out, int64_t after_seq, struct err *e) _must_check_;
int outbound_links_of(
	struct outbound *out, int64_t mv, int64_t after_seq, struct err *e) _must_check_;
/* Forgets removed references that every target has seen. In a transaction. */
int outbound_links_purge(struct outbound *out, struct err *e) _must_check_;
/* The references of a row that is no longer managed, and those to it, are wanted no longer. */
int outbound_links_drop(struct outbound *out, const struct cs_row *row, struct err *e) _must_check_;
/* Of a row that is taken over: its references are to be as wanted, whatever was done there. */
int outbound_links_overwrite(struct outbound *out, const struct cs_row *row, const struct wanted *w,
	struct err *e) _must_check_;
/* A row may have missed removed references: wanted ones that are gone become unwanted. */
int outbound_links_compare(struct outbound *out, const struct cs_row *row, const struct wanted *w,
	const char *source_dn, struct err *e) _must_check_;
