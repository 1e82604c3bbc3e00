/*
 * What the steps of one run share: configuration, rules, store, connectors, the step's counters.
 * Owned by run.c; the steps borrow it.
 */
#pragma once

#include "lang/expr/eval.h"
#include "lang/rule/ruleset.h"
#include "store/connector_row.h"
#include "store/cs_link.h"
#include "store/error.h"
#include "store/mv.h"
#include "base/bitmap.h"
#include "sync/run.h"
#include "sync/export/target.h"

#define PAGE 500 /* rows in one transaction of a step */
/* errors that are tried again also when nothing has changed, for rules that ask the clock */
#define IDLE_RETRIES 50

struct sync_connector {
	const struct connector_config *cfg;
	const struct connector_type *type;
	const char *name;
	struct connector_row row; /* strings in the run's arena; written by connector_update() */
	/* its roles, see role.h */
	bool is_source;  /* some inbound rule reads its objects */
	bool is_target;  /* some outbound rule flows to its objects, and it can be written */
	bool provisions; /* some rule makes, and ends, objects in it */
	bool imported;   /* this run's import of it succeeded */
	bool import_bad; /* this cycle's import failed: no sync of it, no export to it */
	bool synced;     /* this run's inbound of it is done */
	/* values of rule_parameters for each partition; NULL: this connector has none */
	const char *(*parameters)[RULE_PARAMETERS_MAX];
	char **partition_keys; /* dn_key() of the partitions */
	unsigned n_partitions; /* at least 1 */
	const char *names;     /* that the directory gave itself; NULL: not known */
};

struct sync {
	const struct config *cfg;
	const struct ruleset *rules; /* these two are of the rules that were loaded */
	const struct schema *metaverse;
	struct store *store;
	const struct run_host *host;
	struct sync_connector *connectors;
	unsigned n_connectors;
	int64_t run;
	struct arena arena;   /* for the whole run */
	struct bitmap errors; /* rows with an error of the step's kind: errors_load() */
	struct bitmap
		fresh; /* metaverse objects that this run has computed from all their sources */
	/* what is used while one object is computed, and keeps its memory for the next */
	struct buf image;
	struct bitmap flow_done;
	/* of the step that runs */
	struct progress progress;
	struct counters counters;
	int64_t last_progress; /* monotonic ms */
	int n_errors;          /* object errors of the step */
};

/* How a step ended and, when not good, text for people. */
struct step_end {
	enum step_result result;
	char error[1024];
};

static inline void sync_count(struct sync *s, enum counter c)
{
	s->counters.n[c]++;
}

static inline bool sync_canceled(const struct sync *s)
{
	return s->host->canceled && s->host->canceled(s->host->ctx);
}

/* Tells the host where the step is, at most twice a second unless `now`. */
void sync_progress(struct sync *s, bool now);

/* Fills c->parameters and c->names from the settings and the store; they live in the run's arena.
 */
int sync_parameters(struct sync *s, struct sync_connector *c, struct err *e) _must_check_;
/* Keeps what the directory says of its names. In a transaction. */
int sync_names_put(
	struct sync *s, struct sync_connector *c, const char *names, struct err *e) _must_check_;
/* Values that are others than before: all objects of the connector are to be evaluated. */
int sync_parameters_check(struct sync *s, struct sync_connector *c, struct err *e) _must_check_;
struct sync_connector *sync_connector_by_id(struct sync *s, int64_t id);

/* An evaluation context for an object of a connector (NULL: of the metaverse). */
struct eval_ctx {
	struct sync *sync;
	const struct sync_connector *conn; /* whose parameters ... */
	const char *dn;                    /* ... for the object with this DN; NULL: none */
	int partition;                     /* where it lies; -1: not looked yet */
	int64_t cs, mv;                    /* the object; one of them */
	const struct rule_needs *needs;    /* what was found out: eval_fetch(); NULL: nothing yet */
	struct eval_facts facts;
};
/*
 * Before the rules of an object are evaluated: finds out in the store what they ask beside it. The
 * class is the object's, in the connector space or (outbound) in the metaverse.
 */
int eval_fetch(struct eval_ctx *ctx, const struct entry *source, const char *class, struct arena *a,
	struct err *e) _must_check_;
/* Prepares an evaluation over what was found out; it cannot fail. */
void eval_init(struct eval *ev, struct eval_ctx *ctx, const struct entry *source, struct arena *a);

/* Decodes an image; -EUCLEAN with *e naming the object when the row is corrupt. */
int row_entry(struct sync *s, const struct cs_row *row, bool wanted, struct arena *a,
	struct entry *ret, struct err *e) _must_check_;
/* Does the directory show that the object of this imported image is mastered by us? */
int row_is_mastered(struct sync *s, const struct sync_connector *c, const struct cs_row *row,
	struct arena *a, bool *ret, struct err *e) _must_check_;
int mv_entry(struct sync *s, const struct mv_row *row, struct arena *a, struct entry *ret,
	struct err *e) _must_check_;
#define IMAGE_TOO_LARGE 1
#define IMAGE_TOO_LARGE_TEXT "the object is larger than 8 MiB"
/* Encodes, into the arena. IMAGE_TOO_LARGE: over IMAGE_MAX, an error of this object. */
int entry_image(struct sync *s, struct entry *entry, struct arena *a, const void **ret,
	size_t *ret_len, struct err *e) _must_check_;
/* Frees what a sync owns beside its arena. */
void sync_done(struct sync *s);

/* The step-result of a connector that could not go on; `otherwise` where no other word fits. */
enum step_result stop_result(enum conn_result r, const struct err *e, enum step_result otherwise);
/* An error on an object: kept on its row, counted. Not fatal. ERROR_OUTBOUND: of the target. */
int object_error(struct sync *s, int64_t cs, enum error_phase phase, const char *type,
	const char *text, struct err *e) _must_check_;
int object_error_outbound(struct sync *s, const struct sync_connector *target, int64_t cs,
	const char *type, const char *text, struct err *e) _must_check_;
/*
 * Reads which rows have an error of the phase, at the begin of a step that sets and clears them:
 * those of the connector's steps, or of all (NULL).
 */
int errors_load(struct sync *s, enum error_phase phase, const struct sync_connector *c,
	struct err *e) _must_check_;
/* Forgets the row's error of that phase, if it has one. 1: it had. */
int object_good(struct sync *s, enum error_phase phase, const struct sync_connector *target,
	int64_t cs, struct err *e) _must_check_;
/*
 * The step's result, for as long as objects have errors: also those that this step did not look
 * at. A result that is worse already stays.
 */
int tell_errors(struct sync *s, enum error_phase phase, const struct sync_connector *c,
	struct step_end *end, struct err *e) _must_check_;

/* An error of export: what the service accepted is not what an import shows. */
#define NOT_REIMPORTED_ERROR "exported-change-not-reimported"
/* The service accepted: what it said against it before is over. Whether it did it, an import shows.
 */
int export_error_clear(struct sync *s, int64_t cs, struct err *e) _must_check_;
/* Delivers what is in the outbox. */
int outbox_deliver(struct sync *s, struct err *e) _must_check_;

/*
 * An export row whose object turns out to be one that the directory had already (a soft match): it
 * takes over the anchor, what was imported and the references of that row, which goes.
 */
int row_adopt(
	struct sync *s, struct cs_row *row, const struct cs_row *found, struct err *e) _must_check_;
/* Can it be? The one was never imported, nothing manages the other. */
bool row_adoptable(const struct cs_row *row, const struct cs_row *found);
/* Deletes a row, or leaves a placeholder where links still point to it. */
int row_remove(struct sync *s, struct cs_row *row, struct err *e) _must_check_;

/* --- the steps; negative: the run cannot go on (store) --- */
int step_import(struct sync *s, struct sync_connector *c, bool full, struct step_end *end,
	struct err *e) _must_check_;
int step_inbound(struct sync *s, struct sync_connector *c, bool full, struct step_end *end,
	struct err *e) _must_check_;
int step_outbound(struct sync *s, struct sync_connector *c, bool full, struct step_end *end,
	struct err *e) _must_check_;
int step_write_back(
	struct sync *s, struct sync_connector *c, struct step_end *end, struct err *e) _must_check_;
int step_export(
	struct sync *s, struct sync_connector *c, struct step_end *end, struct err *e) _must_check_;
