/* Questions that take long, of the table in question.c. */
#pragma once

#include "sync/config.h"
#include "sync/work.h"

/*
 * What the next export would send; nothing is sent, and the store stays as it is. Each message is
 * told on the way. The lock of a run is held meanwhile.
 */
int view_dry_run(const struct config *cfg, const json_t *p, const struct work_host *host,
	json_t **ret, struct err *e) _must_check_;
