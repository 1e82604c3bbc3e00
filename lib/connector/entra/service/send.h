/*
 * Sends a batch until each of its items has an outcome: again when the service was busy, in halves
 * when something in it is refused, after a look at the directory when no answer came.
 */
#pragma once

#include "connector/entra/service/batch.h"
#include "connector/entra/service/reduce.h"
#include "connector/entra/service/words.h"

struct sender {
	struct connector *c;
	struct export_source *source;
	struct err *e;
	struct arena arena;              /* of the outcome that is reported now */
	struct arena kept;               /* of what lasts until the end of the export */
	struct service_reduced *reduced; /* objects that are sent without something */
	struct service_words refused;    /* whole requests, each with one object or reference */
	unsigned blamed;                 /* objects that the service failed at, likewise */
	uint64_t last, last_good; /* the object that was counted last, when its reference was */
};

void sender_done(struct sender *x);
/* CONN_OK: all items are reported. Otherwise what is not reported was not done, or is not known. */
enum conn_result sender_send(struct sender *x, const struct service_batch *b) _must_check_;
/* The outcome of one item. Negative: stop, *x->e says why. */
int sender_report(struct sender *x, const struct export_item *item,
	const struct export_outcome *o) _must_check_;
