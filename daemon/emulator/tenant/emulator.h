/* The state of the emulator: the tenant as it is now, and what tests have ordered. */
#pragma once

#include "tenant/directory.h"
#include "tenant/tenant.h"

/*
 * X(enum, feature, on by default) - onPremisesDirectorySynchronizationFeature. The takeover block
 * is on unless the tenant says otherwise (learn.microsoft.com, "Roll back user SOA").
 */
#define FEATURES(X)                                                                         \
	X(ALLOW_IDENTIFIER_UPDATE, allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled, 0) \
	X(BLOCK_TAKEOVER, blockCloudObjectTakeoverThroughHardMatchEnabled, 1)               \
	X(BLOCK_SOFT_MATCH, blockSoftMatchEnabled, 0)                                       \
	X(BYPASS_OVERRIDES, bypassDirSyncOverridesEnabled, 0)                               \
	X(CLOUD_PASSWORD_POLICY, cloudPasswordPolicyForPasswordSyncedUsersEnabled, 0)       \
	X(CONCURRENT_CREDENTIAL, concurrentCredentialUpdateEnabled, 0)                      \
	X(CONCURRENT_ORGID, concurrentOrgIdProvisioningEnabled, 0)                          \
	X(DEVICE_WRITEBACK, deviceWritebackEnabled, 0)                                      \
	X(DIRECTORY_EXTENSIONS, directoryExtensionsEnabled, 0)                              \
	X(FOPE_CONFLICT, fopeConflictResolutionEnabled, 0)                                  \
	X(GROUP_WRITEBACK, groupWriteBackEnabled, 0)                                        \
	X(PASSWORD_SYNC, passwordSyncEnabled, 0)                                            \
	X(PASSWORD_WRITEBACK, passwordWritebackEnabled, 0)                                  \
	X(QUARANTINE_PROXY, quarantineUponProxyAddressesConflictEnabled, 1)                 \
	X(QUARANTINE_UPN, quarantineUponUpnConflictEnabled, 1)                              \
	X(SOFT_MATCH_UPN, softMatchOnUpnEnabled, 1)                                         \
	X(SYNC_UPN, synchronizeUpnForManagedUsersEnabled, 1)                                \
	X(UNIFIED_WRITEBACK, unifiedGroupWritebackEnabled, 0)                               \
	X(FORCE_PASSWORD_CHANGE, userForcePasswordChangeOnLogonEnabled, 0)                  \
	X(USER_WRITEBACK, userWritebackEnabled, 0)
enum feature {
#define X(id, name, on) FEATURE_##id,
	FEATURES(X)
#undef X
		FEATURE_COUNT
};

struct audit {
	char id[37];
	int64_t time;
	char *activity, *app_id, *app_name, *target_id, *target_name;
	enum object_type target_type;
	bool good;
};

#define AUDITS_MAX 100000
#define LOG_MAX 4096

struct log_entry {
	char method[8];
	char path[160];
	int status;
};

struct stats {
	uint64_t requests, batches, parts;
	uint64_t good, refused, failed; /* 2xx-3xx, 4xx, 5xx */
	uint64_t by_method[8];
	uint64_t writes;     /* object writes that succeeded */
	uint64_t duplicates; /* of these: nothing was different afterwards */
	uint64_t creates, deletes;
};

struct fault {
	struct fault *next;
	char match[256];
	char holds[256]; /* text in the body */
	long skip, count;
	double rate; /* share of the matching requests that it hits */
	int status;
	long retry_after, delay_ms, after_bytes;
	bool reset, batch_part;
};

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
	struct audit *audits;
	unsigned n_audits, audits_gone; /* gone: too old, see audits_purge() */
	struct stats stats;
	bool features[FEATURE_COUNT];
	int64_t clock;       /* seconds that the tenant's time is ahead of this host's */
	int64_t tokens_from; /* access tokens that are older are expired */
	long lag_ms;         /* lists and delta queries show what was so long ago */
	bool lag_reads;      /* and so do reads of single objects */
	bool replay;         /* delta queries tell objects several times and in any order */
	struct mark *marks;
	unsigned n_marks, cap_marks;
	struct throttle *throttle; /* NULL: none */
	struct persist *persist;   /* NULL: in memory only */
	const char *state;         /* folder */
	unsigned n_quarantined;    /* objects with provisioning errors, at most */
	int64_t last_release;      /* the tenant's time of the last housekeeping */
	struct fault *faults;
	struct log_entry log[LOG_MAX];
	uint64_t n_log;
	bool stable_ids; /* ids follow from the sourceAnchor, so that a recording can be replayed */
	int record;      /* descriptor that gets each $batch body on a line, -1: none */
	char base[128];  /* "https://localhost:8443", or as the client called us: in links */
	uint32_t n_managed[TYPE_COUNT]; /* objects whose isCloudManaged is true */
};

/* The tenant's time. */
int64_t now(const struct emulator *em);
/* Objects and changes behind this number are not seen yet. */
uint64_t visible_seq(const struct emulator *em);
/* After each request that may have changed something. */
void marks_add(struct emulator *em);
/* What the clock brings: purges, quarantined values that are free. */
void housekeeping(struct emulator *em);

int feature_find(const char *name); /* -1: there is none */
void features_reset(struct emulator *em);
/* Forgets records that are older. */
void audits_purge(struct emulator *em, int64_t before);
void audits_free(struct emulator *em);
