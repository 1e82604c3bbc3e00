/*
 * What is asked of Graph about one item whose outcome is not known, and what an answer means. A new
 * kind of question is a row of KINDS in question.c: what it asks, and a function that says by the
 * answer: done; or Graph does not show it, or not yet.
 */
#pragma once

#include "connector/entra/graph.h"
#include "connector/entra/many.h"

enum kind {
	KIND_FIND,    /* an object that has no anchor yet, by what identifies it */
	KIND_OBJECT,  /* one that is known: are the values there? */
	KIND_GONE,    /* ... is it deleted? */
	KIND_BIN,     /* ... and if it still shows: is it in the recycle bin? */
	KIND_ONE,     /* a reference with one value */
	KIND_MEMBERS, /* one with several: a list of its own, see struct members */
	KIND_COUNT
};

struct question {
	const struct export_item *item;
	enum kind kind;
	enum entra_class class;
	const char *id; /* of the object; NULL: not known */
	/* KIND_FIND: what identifies it, for a filter */
	const char *property, *value;
	const struct entra_attr *link;
	/*
	 * It sends what Graph never shows (SCHEMA_UNREADABLE), or not to this application, so it
	 * cannot be learnt that all of it was done. It is asked once, for the anchor, and is sent
	 * again: the same values, which changes nothing where they are there.
	 */
	bool unreadable;
	bool open;
	bool done;
	unsigned round; /* KIND_MEMBERS: the last one in which it was asked */
	const char *anchor;
};

struct learner {
	struct connector *c;
	struct question *all;
	unsigned n;
	const struct schema *schema;
	unsigned source_anchor, sync_enabled;
	unsigned round;      /* from 1 */
	struct arena *arena; /* of the answers that are told */
	struct err *e;
};

/* Fills what is asked of the item; not open where nothing can be learnt. */
void question_begin(const struct learner *l, struct question *q, const struct export_item *item);
/* Appends its path; not of KIND_MEMBERS. */
void question_write(const struct learner *l, const struct question *q, struct buf *b);
/* The answer to that path: sets done, and another kind where a second question follows. */
enum conn_result question_judge(
	struct learner *l, struct question *q, const struct entra_question *asked) _must_check_;
/* The id of the item's target; NULL: it has none. */
const char *question_target(const struct question *q);

/* Errors: an answer that cannot be read, and a refusal, which says nothing of what was done. */
enum conn_result question_bad(
	struct learner *l, const struct entra_question *asked, const char *wrong) _must_check_;
enum conn_result question_refused(
	struct learner *l, const struct entra_question *asked) _must_check_;
