/*
 * What can be said of AD's attributes without asking the directory: which are its own business, and
 * which no other directory can be given. Another attribute is a row. Names and flags:
 * [MS-ADA1]..[MS-ADA3]; systemFlags 0x1 (not replicated) and 0x4 (constructed): [MS-ADTS] 2.2.10.
 */
#include "connector/ad/schema.h"
#include "base/err.h"

/* X(name, why it cannot be a directory extension): all of them are operational, too */
#define REFUSED(X)                                               \
	X("allowedAttributes", AD_CONSTRUCTED)                   \
	X("allowedAttributesEffective", AD_CONSTRUCTED)          \
	X("allowedChildClasses", AD_CONSTRUCTED)                 \
	X("allowedChildClassesEffective", AD_CONSTRUCTED)        \
	X("canonicalName", AD_CONSTRUCTED)                       \
	X("createTimeStamp", AD_CONSTRUCTED)                     \
	X("modifyTimeStamp", AD_CONSTRUCTED)                     \
	X("msDS-Approx-Immed-Subordinates", AD_CONSTRUCTED)      \
	X("msDS-KeyVersionNumber", AD_CONSTRUCTED)               \
	X("msDS-MembershipForAz", AD_CONSTRUCTED)                \
	X("msDS-NCReplCursors", AD_CONSTRUCTED)                  \
	X("msDS-NCReplInboundNeighbors", AD_CONSTRUCTED)         \
	X("msDS-PrincipalName", AD_CONSTRUCTED)                  \
	X("msDS-ReplAttributeMetaData", AD_CONSTRUCTED)          \
	X("msDS-ReplValueMetaData", AD_CONSTRUCTED)              \
	X("msDS-ResultantPSO", AD_CONSTRUCTED)                   \
	X("msDS-User-Account-Control-Computed", AD_CONSTRUCTED)  \
	X("msDS-UserPasswordExpiryTimeComputed", AD_CONSTRUCTED) \
	X("msDS-isGC", AD_CONSTRUCTED)                           \
	X("msDS-parentdistname", AD_CONSTRUCTED)                 \
	X("parentGUID", AD_CONSTRUCTED)                          \
	X("primaryGroupToken", AD_CONSTRUCTED)                   \
	X("sDRightsEffective", AD_CONSTRUCTED)                   \
	X("structuralObjectClass", AD_CONSTRUCTED)               \
	X("subSchemaSubEntry", AD_CONSTRUCTED)                   \
	X("tokenGroups", AD_CONSTRUCTED)                         \
	X("tokenGroupsGlobalAndUniversal", AD_CONSTRUCTED)       \
	X("tokenGroupsNoGCAcceptable", AD_CONSTRUCTED)           \
	X("badPasswordTime", AD_NOT_REPLICATED)                  \
	X("badPwdCount", AD_NOT_REPLICATED)                      \
	X("bridgeheadServerListBL", AD_NOT_REPLICATED)           \
	X("dSCorePropagationData", AD_NOT_REPLICATED)            \
	X("directReports", AD_NOT_REPLICATED)                    \
	X("distinguishedName", AD_NOT_REPLICATED)                \
	X("lastLogoff", AD_NOT_REPLICATED)                       \
	X("lastLogon", AD_NOT_REPLICATED)                        \
	X("logonCount", AD_NOT_REPLICATED)                       \
	X("managedObjects", AD_NOT_REPLICATED)                   \
	X("memberOf", AD_NOT_REPLICATED)                         \
	X("modifiedCount", AD_NOT_REPLICATED)                    \
	X("msDS-AuthenticatedToAccountlist", AD_NOT_REPLICATED)  \
	X("msDS-RevealedDSAs", AD_NOT_REPLICATED)                \
	X("replPropertyMetaData", AD_NOT_REPLICATED)             \
	X("replUpToDateVector", AD_NOT_REPLICATED)               \
	X("serverReferenceBL", AD_NOT_REPLICATED)                \
	X("uSNChanged", AD_NOT_REPLICATED)                       \
	X("uSNCreated", AD_NOT_REPLICATED)                       \
	X("whenChanged", AD_NOT_REPLICATED)                      \
	X("dBCSPwd", SECRET)                                     \
	X("lmPwdHistory", SECRET)                                \
	X("ntPwdHistory", SECRET)                                \
	X("supplementalCredentials", SECRET)                     \
	X("unicodePwd", SECRET)                                  \
	X("userPassword", SECRET)                                \
	X("ms-Mcs-AdmPwd", SECRET)                               \
	X("msLAPS-Password", SECRET)                             \
	X("msLAPS-EncryptedPassword", SECRET)                    \
	X("msDS-ManagedPassword", SECRET)                        \
	X("nTSecurityDescriptor", AD_SECURITY)                   \
	X("objectClass", IDENTITY)                               \
	X("objectGUID", IDENTITY)

#define SECRET "it holds a password or what is made of one"
#define IDENTITY "it says what the object is, and Entra has its own attribute for that"

static const struct {
	const char *name, *why;
} refused[] = {
#define X(name, why) {name, why},
	REFUSED(X)
#undef X
};

/* Set by the directory, or by signing in; nobody looks for them elsewhere. */
static const char *const operational[] = {"accountExpires", "adminCount", "auditingPolicy", "cn",
	"codePage", "countryCode", "groupType", "instanceType", "isCriticalSystemObject",
	"isDeleted", "isRecycled", "lastKnownParent", "lastLogonTimestamp", "lockoutTime",
	"logonHours", "mS-DS-ConsistencyGuid", "mS-DS-CreatorSID", "maxStorage",
	"msDS-ApproximateLastLogonTimeStamp", "msDS-FailedInteractiveLogonCount",
	"msDS-KeyCredentialLink", "msDS-LastFailedInteractiveLogonTime", "msDS-LastKnownRDN",
	"msDS-LastSuccessfulInteractiveLogonTime", "msDS-SupportedEncryptionTypes", "nTMixedDomain",
	"name", "objectCategory", "objectSid", "objectVersion", "primaryGroupID",
	"proxiedObjectName", "pwdLastSet", "sAMAccountType", "sDRightsEffective", "sIDHistory",
	"showInAddressBook", "showInAdvancedViewOnly", "systemFlags", "userAccountControl",
	"whenCreated"};

const char *ad_attr_refused(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(refused); i++)
		if (strcasecmp(refused[i].name, name) == 0)
			return refused[i].why;
	return NULL;
}

bool ad_attr_operational(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(operational); i++)
		if (strcasecmp(operational[i], name) == 0)
			return true;
	return ad_attr_refused(name) != NULL;
}
