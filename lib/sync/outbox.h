/* outbox: delivers the events that were stored, and stores those that belong to no change. */
#pragma once

#include "sync/session.h"

/* Delivers what is in the outbox. */
int outbox_deliver(struct sync *s, struct err *e) _must_check_;
/* A warning about a connector, in a transaction of its own. */
int outbox_warn(
	struct sync *s, const char *connector, const char *text, struct err *e) _must_check_;
