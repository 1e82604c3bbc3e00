/* What the control interface says about one connector. */
#pragma once

#include "daemon_priv.h"
#include "store/store.h"

/* Settings and, with a store, state and statistics; a new reference. NULL with *e. */
json_t *connector_json(struct daemon *d, const char *name, struct store *s, struct err *e);

/* Starts a test whose findings will be the reply of the call. -EBUSY, -ENOENT ... with *e. */
int connector_test_start(
	struct daemon *d, struct varlink_call *c, const char *name, struct err *e) _must_check_;
