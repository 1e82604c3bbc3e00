/* outbox: events that were kept together with the change that they tell of, and their delivery. */
#pragma once

#include "sync/session.h"

/* Delivers what is in the outbox. */
int outbox_deliver(struct sync *s, struct err *e) _must_check_;
