/* What tests have ordered, and what they ask about: everything that a real tenant does not have. */
#pragma once

#include "order/faults.h"
#include "order/service_orders.h"
#include "order/stats.h"
#include "order/throttle.h"

struct orders {
	struct fault *faults;
	struct stats stats;
	struct throttle *throttle; /* NULL: none */
	bool lag_reads;            /* reads of single objects lag as lists do (em->lag_ms) */
	bool replay;               /* delta queries repeat objects, in any order */
	struct service_orders service;
	const json_t *service_settings; /* what it begins with; borrowed */
	bool unresolved;                /* an object may have references that wait */
	const char *snapshots;          /* their folder, made when it is needed; borrowed */
};

/* service: the tenant file's settings of the provisioning service, borrowed; NULL: none. */
struct orders *orders_new(const char *snapshots, const json_t *service);
struct orders *orders_free(struct orders *o);
