/* Behind the methods GetThreshold, SetThreshold, OverrideThreshold and RetryError. */
#pragma once

#include "daemon_priv.h"
#include "sync/export/threshold.h"

#include <jansson.h>

/* A new reference, or NULL with *e. */
json_t *threshold_json(struct daemon *d, struct store *s, struct err *e);
/* n < 0: as configured. -EBUSY while a run is in progress. */
int threshold_change(struct daemon *d, int64_t n, struct err *e);
/* Lets the next export delete what is staged now. -ENOENT: nothing is. */
int threshold_allow(struct daemon *d, struct threshold_override *ret, struct err *e);
/* An object by DN or anchor, of AD or of Entra. -ENOENT: there is none, or it has no error. */
int error_retry_named(struct daemon *d, const char *connector, const char *name, struct err *e);
