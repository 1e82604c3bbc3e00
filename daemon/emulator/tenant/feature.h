/* The switches of the tenant for synchronization, by the names that Graph gives them. */
#pragma once

#include <stdbool.h>

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

/* -1: there is none. Any case. */
int feature_find(const char *name);
const char *feature_name(enum feature f);
/* What a tenant has that says nothing about them. */
void features_default(bool ret[FEATURE_COUNT]);
