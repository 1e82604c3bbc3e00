/* Several objects asked for at once: GETs in $batch requests. */
#pragma once

#include "connector/entra/graph.h"

#include <jansson.h>

#define ENTRA_MANY 20 /* sub-requests of one $batch (learn.microsoft.com/graph/json-batching) */

struct entra_question {
	char *path;   /* "/users/{id}?$select=id", behind the version; owned */
	long status;  /* what was answered: 200, or a refusal that is about this one */
	json_t *body; /* of the answer, NULL: none; a reference of its own */
	void *ctx;    /* the caller's */
};

/*
 * Asks all of them, with nothing in flight; what the service is too busy for is asked again a few
 * times. CONN_OK: each has an answer. CONN_DOWN -EAGAIN: it stayed too busy, or answered only a
 * part.
 */
enum conn_result entra_ask_many(
	struct connector *c, struct entra_question *items, unsigned n, struct err *e) _must_check_;
/* Frees paths and bodies, for the next round or for good. */
void entra_questions_clear(struct entra_question *items, unsigned n);
