/*
 * check: may the source of authority of an object change, and what would be lost? Two halves:
 * check_object() is pure and decides by what is told in a struct check_object; gather.h fills the
 * struct from the store and the directories. What can be found is connector/readiness_table.inc.
 */
#pragma once

#include "connector/readiness.h"
#include "sync/migration/place.h"
#include "sync/unsynced.h"

enum check_purpose {
	CHECK_CONVERT,  /* to the target's side */
	CHECK_EXCHANGE, /* to its side, of some attributes only: the object stays the source's */
	CHECK_ROLLBACK, /* back to the source */
};

/* A reference of the object, or a group that has it as a member. */
struct check_ref {
	const char *attr;       /* NULL for a group that has it */
	const char *dn;         /* of the other one, for people */
	enum subject_kind kind; /* of the other one; OTHER when nothing is known of it */
	bool synced;            /* the target has it, and a rule of ours holds it there */
	bool same_domain;
	bool converted; /* the target's side has the authority over it */
};

/* What is known of one object. Strings that are NULL: there is nothing of the kind. */
struct check_object {
	enum check_purpose purpose;
	const char *problem; /* why it is not known; the rest is then not looked at */
	enum place place;
	enum subject_kind kind;
	const struct readiness_facts *facts; /* of its source; NULL: no source has it */
	const char *pending;                 /* names of attributes that are still to be sent */
	const char *error;                   /* its errors, in words */
	bool awaiting;                       /* what was sent has not been seen yet */
	/* as the source shows it now, everything in it; NULL: it does not have it */
	const struct entry *live;
	bool asked;          /* the source was asked: only then live says something */
	const char *unread;  /* it is there and cannot be read: why */
	const char *changed; /* names of attributes that are not as at the last import */
	int64_t now, wait;   /* seconds that the last change is to be ago */
	const struct check_ref *refs, *parents;
	unsigned n_refs, n_parents;
	const struct unsynced *unsynced; /* NULL: not known */
	/* for a roll-back: what is on the target's side only */
	const char *const *cloud_members, *const *cloud_groups;
	unsigned n_cloud_members, n_cloud_groups;
	const char *unseen; /* why they are not known */
};

#define CHECK_SHOWN 20 /* findings of one kind for one object; the rest are counted */

void check_object(const struct check_object *o, struct readiness_sink *sink);
