/* outbox: delivers the events that were stored together with the change that they report. */
#pragma once

#include "sync/session.h"

/* Delivers what is in the outbox. */
int outbox_deliver(struct sync *s, struct err *e) _must_check_;
