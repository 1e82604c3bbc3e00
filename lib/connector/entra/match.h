/*
 * Matching on the surface "graph", where the service does not match by itself: before a user is
 * created, a cloud user of its anchor, name or primary address is looked for, and deleted ones of
 * its anchor are restored.
 */
#pragma once

#include "connector/entra/graph.h"

/* Fills c->switches; what may not be read keeps its default. */
enum conn_result entra_read_switches(struct connector *c, struct err *e) _must_check_;
/* Reads switches and deleted users, with nothing in flight. Call entra_ready() before. */
enum conn_result entra_match_begin(
	struct connector *c, struct entra_match **ret, struct err *e) _must_check_;
void entra_match_free(struct entra_match *m);
/* The id of the deleted user of that anchor; NULL: there is none. */
const char *entra_match_deleted(const struct entra_match *m, const char *source_anchor);

enum entra_match_verdict {
	ENTRA_MATCH_NONE,    /* create it */
	ENTRA_MATCH_HARD,    /* it is the same: take it over */
	ENTRA_MATCH_SOFT,    /* so is it, unless it is an administrator */
	ENTRA_MATCH_REFUSED, /* *ret_error, *ret_text */
};

/* Appends the URL that lists the candidates for a user that is to be created. */
void entra_match_url(const struct entry *wanted, struct buf *b);
/* Decides by the list. Strings in the arena; *ret_id is the candidate. */
enum entra_match_verdict entra_match_decide(const struct connector *c, const struct entry *wanted,
	const json_t *list, struct arena *a, const char **ret_id, const char **ret_error,
	const char **ret_text) _must_check_;
