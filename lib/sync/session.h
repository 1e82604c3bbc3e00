/*
 * session: what the steps of one run share: configuration, rules, store, connectors, the step's
 * counters. Owned by run.c; the steps borrow it.
 */
#pragma once

#include "base/bitmap.h"
#include "lang/rule/ruleset.h"
#include "store/connector_row.h"
#include "sync/config.h"
#include "sync/progress.h"

#define PAGE 500 /* rows in one transaction of a step */

struct unreadable;

struct sync_connector {
	const struct connector_config *cfg;
	const struct connector_type *type;
	const char *name;
	struct connector_row row; /* strings in the run's arena; written by connector_update() */
	/* its roles, see role.h */
	bool is_source;  /* some inbound rule reads its objects */
	bool is_target;  /* some outbound rule flows to its objects, and it can be written */
	bool provisions; /* some outbound rule makes and deletes objects in it */
	bool lets_go;    /* no rule exports to it any more: wanted attributes are forgotten */
	bool imported;   /* this run's import of it succeeded */
	bool import_bad; /* this cycle's import failed: no sync of it, no export to it */
	bool synced;     /* this run's inbound of it is done */
	/* values of rule_parameters for each partition; NULL: this connector has none */
	const char *(*parameters)[RULE_PARAMETERS_MAX];
	char **partition_keys; /* dn_key() of the partitions */
	unsigned n_partitions; /* at least 1 */
	const char *names;     /* the names that the directory gave itself; NULL: not known */
	/* attributes that it never shows, by class: acknowledged.h; classes without any left out */
	const struct unreadable *unreadable;
	unsigned n_unreadable;
};

struct extensions;

struct sync {
	const struct config *cfg;
	const struct ruleset *rules; /* this and the metaverse: owned by the loaded struct rules */
	const struct schema *metaverse;
	struct extensions *extensions; /* NULL: the rules are not loaded yet */
	struct store *store;
	const struct run_host *host;
	struct sync_connector *connectors;
	unsigned n_connectors;
	int64_t run;
	struct arena arena;   /* for the whole run */
	struct bitmap errors; /* rows with an error of the step's kind: errors_load() */
	struct bitmap
		fresh; /* metaverse objects that this run has computed from all their sources */
	/* connector space rows that an export may send, without deletes; NULL: all that is due */
	const struct bitmap *chosen;
	/* used while one object is computed; their memory is used again for the next */
	struct buf image;
	struct bitmap flow_done;
	/* of the step that runs */
	struct progress progress;
	struct counters counters;
	int64_t last_progress; /* monotonic ms */
	int n_errors;          /* object errors of the step */
};

static inline void sync_count(struct sync *s, enum counter c)
{
	s->counters.n[c]++;
}

static inline bool sync_canceled(const struct sync *s)
{
	return s->host->canceled && s->host->canceled(s->host->ctx);
}

/* Must the next import read everything? There is no cursor, or the last full import has not ended.
 */
static inline bool sync_needs_full_import(const struct sync_connector *c)
{
	return !c->row.cursor_len || c->row.full_import_required || c->row.import_full_running;
}

/* Reports to the host where the step is, at most twice a second unless `now`. */
void sync_progress(struct sync *s, bool now);

struct sync_connector *sync_connector_by_id(struct sync *s, int64_t id);
/* The attribute that holds a group's members there; 0: there are no groups. */
unsigned sync_member_attr(const struct sync_connector *c);

/* Frees the memory of a sync, with its arena. */
void sync_done(struct sync *s);
