/*
 * The state of the emulator: the tenant as it is now. What tests have ordered is behind `orders`,
 * of which this room knows nothing.
 */
#pragma once

#include "tenant/audit.h"
#include "tenant/directory.h"
#include "tenant/extension.h"
#include "tenant/feature.h"
#include "tenant/tenant.h"

/* A change number and when it was reached, for reads that lag behind. */
struct mark {
	int64_t ms;
	uint64_t seq;
};

struct emulator {
	struct tenant *tenant;
	struct directory *dir;
	char epoch[37];                        /* delta tokens of another state are void */
	unsigned char key[32];                 /* signs access tokens */
	const struct object *hint[TYPE_COUNT]; /* where the last delta page ended */
	struct audits audits, skips;           /* see audit.h */
	struct extensions extensions;
	bool features[FEATURE_COUNT];
	bool syncs;          /* the organization's onPremisesSyncEnabled */
	int64_t synced_at;   /* its onPremisesLastSyncDateTime; 0: never */
	int64_t clock;       /* seconds that the tenant's time is ahead of this host's */
	int64_t tokens_from; /* access tokens that are older are expired */
	long lag_ms;         /* lists and delta queries show what was so long ago */
	long visibility_ms;  /* references find what the service has made only after so long */
	struct mark *marks;
	unsigned n_marks, cap_marks;
	struct persist *persist; /* NULL: in memory only */
	unsigned n_quarantined;  /* objects with provisioning errors, at most */
	int64_t last_release;    /* the tenant's time of the last housekeeping */
	bool stable_ids; /* ids follow from the sourceAnchor, so that a recording can be replayed */
	uint32_t n_managed[TYPE_COUNT]; /* objects whose isCloudManaged is true */
	bool exchange_default;          /* ExchangeAttributesCloudManagedByDefault */
	struct orders *orders;          /* see order/orders.h */
};

/* An empty directory, and the features that the tenant's file says; the tenant is borrowed. */
void emulator_init(struct emulator *em, struct tenant *tenant);
/* Frees the objects, audit records and marks; what was borrowed stays. */
void emulator_done(struct emulator *em);
