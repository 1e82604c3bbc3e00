/* The tenant: its ids, verified domains and applications, read from one JSON file; immutable. */
#pragma once

#include "base/err.h"

#include <jansson.h>

/* X(enum, role) - application roles that the emulator knows */
#define ROLES(X)                                                        \
	X(SYNC, "ADSynchronization.ReadWrite.All")                      \
	X(USER_READ, "User.Read.All")                                   \
	X(USER_WRITE, "User.ReadWrite.All")                             \
	X(GROUP_READ, "Group.Read.All")                                 \
	X(GROUP_WRITE, "Group.ReadWrite.All")                           \
	X(MEMBER_WRITE, "GroupMember.ReadWrite.All")                    \
	X(CONTACT_READ, "OrgContact.Read.All")                          \
	X(DIRECTORY_READ, "Directory.Read.All")                         \
	X(DIRECTORY_WRITE, "Directory.ReadWrite.All")                   \
	X(USER_SOA, "User-OnPremisesSyncBehavior.ReadWrite.All")        \
	X(GROUP_SOA, "Group-OnPremisesSyncBehavior.ReadWrite.All")      \
	X(CONTACT_SOA, "Contacts-OnPremisesSyncBehavior.ReadWrite.All") \
	X(AUDIT_READ, "AuditLog.Read.All")                              \
	X(SYNC_READ, "OnPremDirectorySynchronization.Read.All")         \
	X(SYNC_WRITE, "OnPremDirectorySynchronization.ReadWrite.All")   \
	X(ROLES_WRITE, "RoleManagement.ReadWrite.Directory")            \
	X(LIFECYCLE_READ, "User-LifeCycleInfo.Read.All")                \
	X(LIFECYCLE_WRITE, "User-LifeCycleInfo.ReadWrite.All")          \
	X(DEVICE_READ, "Device.Read.All")                               \
	X(DEVICE_WRITE, "Device.ReadWrite.All")                         \
	X(EXCHANGE, "Exchange.ManageAsApp")                             \
	X(APPLICATION_READ, "Application.Read.All")                     \
	X(APPLICATION_WRITE, "Application.ReadWrite.All")               \
	X(APPLICATION_OWN, "Application.ReadWrite.OwnedBy")             \
	X(ORGANIZATION_READ, "Organization.Read.All")                   \
	X(ORGANIZATION_WRITE, "Organization.ReadWrite.All")
enum role {
#define X(id, name) ROLE_##id,
	ROLES(X)
#undef X
		ROLE_COUNT
};

struct credential;

struct application {
	char *app_id, *secret, *name;    /* secret NULL: none */
	unsigned roles;                  /* bit per role */
	struct credential **credentials; /* certificates, federated identities; see credential.h */
	unsigned n_credentials;
	bool managed_identity;
	bool owns_itself; /* its service principal is an owner of its registration */
};

struct tenant {
	char *id, *initial_domain, *name;
	char **domains; /* verified, with the initial one */
	unsigned n_domains;
	char **federated; /* those of them that are federated */
	unsigned n_federated;
	struct tenant_feature {
		char *name;
		bool on;
	} * features;
	unsigned n_features;
	char *minimum_build;      /* of a client of synchronization; NULL: any */
	bool syncs;               /* the organization's onPremisesSyncEnabled, at the start */
	json_t *service;          /* "provisioningService" as it stands there; NULL: none */
	char *device_app;         /* whose rights a sign-in by a device code has; NULL: nobody's */
	bool soa_roles_to_filter; /* $filter by isCloudManaged asks for the role of the type */
	struct application *apps;
	unsigned n_apps;
};

/* Errors name the file and the line or the key. The caller frees. */
int tenant_load(const char *path, struct tenant **ret, struct err *e) _must_check_;
void tenant_free(struct tenant *t);
const struct application *tenant_app(const struct tenant *t, const char *app_id);
bool tenant_verified(const struct tenant *t, const char *domain);
bool tenant_federated(const struct tenant *t, const char *domain);
const char *role_name(enum role r);
