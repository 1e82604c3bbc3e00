/*
 * The questions about a migration: rows of the table in sync/view/question.c. Parameters and
 * answers are in daemon/adsyncd/org.adsyncd.Control.varlink.
 */
#pragma once

#include "sync/config.h"
#include "sync/work.h"

/* Where objects stand. */
int migration_status(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e) _must_check_;
/* The source of authority of objects to the target's side, and back. */
int migration_convert(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e) _must_check_;
int migration_rollback(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e) _must_check_;
/* What an object was before that, and what is different now. */
int migration_backup(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e) _must_check_;
/* What was not sent since somebody else has the authority. */
int migration_log(
	const struct config *cfg, const json_t *p, json_t **ret, struct err *e) _must_check_;
/* What stands in the way of a switch, or of a roll-back. */
int migration_check(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e) _must_check_;
/* The order in which to switch objects, in waves. */
int migration_plan(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e) _must_check_;
/* All of it for a page: counts, progress, plan and findings. */
int migration_report(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e) _must_check_;
