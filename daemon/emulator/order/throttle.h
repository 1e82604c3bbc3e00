/*
 * Throttling as Graph's identity service does it: resource units and writes of an application in a
 * tenant, as token buckets (learn.microsoft.com/graph/throttling-limits, "Identity and access").
 */
#pragma once

#include "odata/request.h"
#include "odata/response.h"
#include "tenant/emulator.h"

struct throttle;

/* writes: per 150 s; units: per 10 s. */
struct throttle *throttle_new(long writes, long units);
void throttle_free(struct throttle *t);
/* What a request costs; also the header x-ms-resource-unit. */
int request_units(const struct request *rq);
/* False with rs filled (429): it is refused. */
bool throttle_take(struct throttle *t, const struct emulator *em, const struct request *rq,
	struct response *rs);
