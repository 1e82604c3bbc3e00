/*
 * What can be said of AD's attributes without asking the directory: which are its own business, and
 * which no other directory can be given. Another attribute is a row. Names and flags:
 * [MS-ADA1]..[MS-ADA3]; systemFlags 0x1 (not replicated) and 0x4 (constructed): [MS-ADTS] 2.2.10.
 */
#include "connector/ad/schema.h"
#include "base/err.h"

/* X(name, why it cannot be a directory extension): all of them are operational, too */
#define REFUSED(X)                                            \
	X("allowedAttributes", CONSTRUCTED)                   \
	X("allowedAttributesEffective", CONSTRUCTED)          \
	X("allowedChildClasses", CONSTRUCTED)                 \
	X("allowedChildClassesEffective", CONSTRUCTED)        \
	X("canonicalName", CONSTRUCTED)                       \
	X("createTimeStamp", CONSTRUCTED)                     \
	X("modifyTimeStamp", CONSTRUCTED)                     \
	X("msDS-Approx-Immed-Subordinates", CONSTRUCTED)      \
	X("msDS-KeyVersionNumber", CONSTRUCTED)               \
	X("msDS-MembershipForAz", CONSTRUCTED)                \
	X("msDS-NCReplCursors", CONSTRUCTED)                  \
	X("msDS-NCReplInboundNeighbors", CONSTRUCTED)         \
	X("msDS-PrincipalName", CONSTRUCTED)                  \
	X("msDS-ReplAttributeMetaData", CONSTRUCTED)          \
	X("msDS-ReplValueMetaData", CONSTRUCTED)              \
	X("msDS-ResultantPSO", CONSTRUCTED)                   \
	X("msDS-User-Account-Control-Computed", CONSTRUCTED)  \
	X("msDS-UserPasswordExpiryTimeComputed", CONSTRUCTED) \
	X("msDS-isGC", CONSTRUCTED)                           \
	X("msDS-parentdistname", CONSTRUCTED)                 \
	X("parentGUID", CONSTRUCTED)                          \
	X("primaryGroupToken", CONSTRUCTED)                   \
	X("sDRightsEffective", CONSTRUCTED)                   \
	X("structuralObjectClass", CONSTRUCTED)               \
	X("subSchemaSubEntry", CONSTRUCTED)                   \
	X("tokenGroups", CONSTRUCTED)                         \
	X("tokenGroupsGlobalAndUniversal", CONSTRUCTED)       \
	X("tokenGroupsNoGCAcceptable", CONSTRUCTED)           \
	X("badPasswordTime", NOT_REPLICATED)                  \
	X("badPwdCount", NOT_REPLICATED)                      \
	X("bridgeheadServerListBL", NOT_REPLICATED)           \
	X("dSCorePropagationData", NOT_REPLICATED)            \
	X("directReports", NOT_REPLICATED)                    \
	X("distinguishedName", NOT_REPLICATED)                \
	X("lastLogoff", NOT_REPLICATED)                       \
	X("lastLogon", NOT_REPLICATED)                        \
	X("logonCount", NOT_REPLICATED)                       \
	X("managedObjects", NOT_REPLICATED)                   \
	X("memberOf", NOT_REPLICATED)                         \
	X("modifiedCount", NOT_REPLICATED)                    \
	X("msDS-AuthenticatedToAccountlist", NOT_REPLICATED)  \
	X("msDS-RevealedDSAs", NOT_REPLICATED)                \
	X("replPropertyMetaData", NOT_REPLICATED)             \
	X("replUpToDateVector", NOT_REPLICATED)               \
	X("serverReferenceBL", NOT_REPLICATED)                \
	X("uSNChanged", NOT_REPLICATED)                       \
	X("uSNCreated", NOT_REPLICATED)                       \
	X("whenChanged", NOT_REPLICATED)                      \
	X("dBCSPwd", SECRET)                                  \
	X("lmPwdHistory", SECRET)                             \
	X("ntPwdHistory", SECRET)                             \
	X("supplementalCredentials", SECRET)                  \
	X("unicodePwd", SECRET)                               \
	X("userPassword", SECRET)                             \
	X("ms-Mcs-AdmPwd", SECRET)                            \
	X("msLAPS-Password", SECRET)                          \
	X("msLAPS-EncryptedPassword", SECRET)                 \
	X("msDS-ManagedPassword", SECRET)                     \
	X("nTSecurityDescriptor", SECURITY)                   \
	X("objectClass", IDENTITY)                            \
	X("objectGUID", IDENTITY)

#define CONSTRUCTED                                                                             \
	"the domain controller computes it at each question (constructed), so no change of it " \
	"is ever told"
#define NOT_REPLICATED \
	"domain controllers do not replicate it, so its value depends on the one that is asked"
#define SECRET "it holds a password or what is made of one"
#define SECURITY "it says who may do what in Active Directory, and means nothing elsewhere"
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

const char *ad_extension_problem(const char *class, const char *name)
{
	static const char *const classes[] = {"user", "inetOrgPerson", "group"};
	const char *why = ad_attr_refused(name);
	unsigned c = 0;

	while (class && c < ARRAY_SIZE(classes) && strcmp(classes[c], class) != 0)
		c++;
	if (c == ARRAY_SIZE(classes))
		return "only users and groups have directory extensions";
	if (why)
		return why;
	return ad_attr_find(name, strlen(name)).type == VALUE_REFERENCE
	               ? "it holds references to other objects, which a directory extension cannot"
	               : NULL;
}
