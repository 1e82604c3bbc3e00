/* The state of the work on one object, shared by its files. */
#pragma once

#include "sync/chosen.h"
#include "sync/context.h"
#include "sync/single/single.h"
#include "sync/step.h"

struct single {
	struct sync s;
	const struct single_request *req;
	struct rules *rules;
	struct found *found;           /* of each connector, in their order */
	struct sync_connector *source; /* that has the object */
	struct lookup_name name;       /* the object there */
	struct entry *everything;      /* all that its directory shows of it */
	struct found shown;            /* ... and where that is kept */
	struct bitmap rows; /* connector space rows that were found or are joined to these */
	struct bitmap mvs;  /* the metaverse objects that they are or were joined to */
	struct arena arena;
	struct err *failures; /* of each connector: why it was not read; code 0: it was */
	enum step_result result;
	int n_steps;
	json_t *report, *previews; /* previews: of each object that was found, by its DN */
};

/* --- gather.c: what the directories have now; nothing is written --- */

/*
 * Finds the object and what it refers to, then what is joined to these in the other connectors.
 * STORE_NONE: it is not there any more, or left out, and notes say so.
 */
int gather(struct single *w, struct err *e) _must_check_;
/* Reads the rows of a target once more, into w->found. */
int gather_again(struct single *w, struct sync_connector *c, struct err *e) _must_check_;

static inline struct found *found_of(struct single *w, const struct sync_connector *c)
{
	return &w->found[c - w->s.connectors];
}
static inline struct err *failure_of(struct single *w, const struct sync_connector *c)
{
	return &w->failures[c - w->s.connectors];
}

/* --- again.c --- */

/*
 * Everything of the object that is ours is to be sent again, wherever the rules have made it. In a
 * transaction.
 */
int send_again(struct single *w, struct err *e) _must_check_;

/* --- confirm.c --- */

/* The same after an export, a few times until what was sent is shown; found_object.late. */
int read_back(struct single *w, struct sync_connector *c, struct err *e) _must_check_;

/* --- report.c --- */

void report_note(struct single *w, const char *fmt, ...) _printf_(2, 3);
void report_result(struct single *w, enum step_result r);
/* What an import, or the confirmation (key), found in the connector. */
void report_found(struct single *w, const char *key, struct sync_connector *c, enum step_result r);
/* What the rules say of each object that was found: after the import, before inbound. */
int report_rules(struct single *w, struct err *e) _must_check_;
/* What an export would send of the chosen rows of the connector; *ret is borrowed. */
int report_pending(
	struct single *w, struct sync_connector *c, json_t **ret, struct err *e) _must_check_;
/* What became of it. */
int report_outcome(struct single *w, struct sync_connector *c, json_t *o, enum step_result r,
	const char *error, struct err *e) _must_check_;

/* --- compare.c --- */

/* Source, wanted and target, value by value, of each chosen row of a target. */
int compare_all(struct single *w, struct err *e) _must_check_;
