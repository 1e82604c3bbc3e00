/*
 * identity: who is meant. What people and other tools write for an object, to the rows that the
 * store has of it: the DN of the source or of the target, the anchor, the target's own id, the
 * sign-in name, the address, or a display name that only one object has. Nothing is guessed: what
 * is not known or fits several objects is told on the item.
 */
#pragma once

#include "sync/migration/place.h"

struct subject {
	const char *identity; /* as it was written; of a group's or OU's objects their DN */
	const char *mode;     /* what a list wants of it; NULL: it does not say */
	int64_t wave;         /* of a plan; 0: none */
	const char *problem;  /* why it is not known, for people; NULL: it is known */
	/* of a known one; strings in the question's arena. No images. */
	struct cs_row target; /* id 0: the target does not have it */
	struct cs_row source; /* id 0: no source has it */
	int64_t mv;           /* 0: not joined */
	const char *name;     /* to show; may be "" */
	enum place place;
};

struct subjects {
	struct subject *items;
	unsigned n, cap;
};
#define SUBJECTS_MAX 100000 /* in one question */

/* One more, known or not. -E2BIG: too many. An error of the store is an error. */
int identity_find(
	struct migration *m, const char *text, struct subject *ret, struct err *e) _must_check_;
/* The subject of a row of the target or of a source. */
int identity_of_row(struct migration *m, const struct cs_row *row, struct subject *ret,
	struct err *e) _must_check_;
/* The direct members of a group, as the source has them (of a group of the target: the target). */
int identity_members(
	struct migration *m, const char *group, struct subjects *list, struct err *e) _must_check_;
/* Every object that rules have joined, at or below a DN of a source, each once. -ENOENT: none. */
int identity_below(
	struct migration *m, const char *dn, struct subjects *list, struct err *e) _must_check_;

/*
 * Whom a question's parameters name, in this order: "objects": a list of texts or of {"identity",
 * "mode", "wave"}; "group": a text; "ou": a text. An object that is named twice is there once.
 * -EINVAL: they name nobody, or are wrong.
 */
int identity_parameters(
	struct migration *m, const json_t *p, struct subjects *ret, struct err *e) _must_check_;
/* Appends to a list that grows in the question's arena. -E2BIG. */
int subjects_add(struct migration *m, struct subjects *list, const struct subject *s,
	struct err *e) _must_check_;

/*
 * {"identity", "name", "class", "dn", "anchor", "source_dn", "connector", "state", "problem",
 * "mode", "wave"}; a new reference. "dn" is the source's, or the target's where no source has it.
 */
json_t *subject_json(const struct migration *m, const struct subject *s) _must_check_;
