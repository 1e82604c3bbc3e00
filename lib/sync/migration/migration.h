/*
 * migration: moving the source of authority of objects to the directory's side and back, and
 * everything that prepares it and tells of it. This room stands on top of the engine: nothing of
 * the engine asks it, only the table of questions does. What the authorities mean is sync/soa.h's.
 *
 * A struct migration is what one question shares: the store, the target, and the connectors that
 * it has opened. "The target" is the connector whose side may have an authority.
 */
#pragma once

#include "model/entry.h"
#include "store/connector_row.h"
#include "store/cs.h"
#include "sync/config.h"
#include "sync/work.h"

struct names;

struct migration {
	const struct config *cfg;
	const struct work_host *host; /* NULL: of a question that is no work */
	struct store *store;
	struct arena arena;         /* for the whole question */
	struct connector_row *rows; /* every connector that the store knows */
	unsigned n_rows;
	const struct connector_config *target;
	struct connector_row target_row;
	struct connector *connector; /* the target, open; NULL: not yet */
	struct connector_host connector_host;
	struct names *names; /* see names.h; NULL: not needed yet */
};

/*
 * Opens the store and finds the target: the connector of this name, or the only one that may have
 * an authority. -ENOENT: no cycle has run yet, there is no such connector. -EINVAL: there are
 * several, or it cannot have one. Call migration_done() in any case.
 */
int migration_open(struct migration *m, const struct config *cfg, const char *connector,
	enum store_mode mode, const struct work_host *host, struct err *e) _must_check_;
void migration_done(struct migration *m);
#define _cleanup_migration_ _cleanup_(migration_done)

/* Signs in to the target, once: m->connector. -ENOTSUP, -EACCES, -EPERM, -EHOSTDOWN, -ECANCELED. */
int migration_connect(struct migration *m, struct err *e) _must_check_;

/* The error of a connector's answer that is not CONN_OK: a negative errno, with *e filled. */
int migration_refused(const struct migration *m, enum conn_result r, struct err *e);

/*
 * What the directory has of a row, as far as is known: see row_entry(). In the arena; -EUCLEAN.
 */
int migration_image(struct migration *m, const struct cs_row *row, struct arena *a,
	struct entry *ret, struct err *e) _must_check_;
/* The name of a connector by its row's id, "?" when it is not known. */
const char *migration_connector_name(const struct migration *m, int64_t id);
