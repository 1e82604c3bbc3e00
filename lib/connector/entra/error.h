/*
 * The names under which Connect Sync knows export errors, from what Graph answers
 * (learn.microsoft.com/entra/identity/hybrid/connect/tshoot-connect-sync-errors). A new name is a
 * row of ENTRA_ERRORS; what leads to it, a row of rules[] in error.c. All are tried again alike, by
 * the step, and are told on the object alone.
 */
#pragma once

#include "report/error_type.h"

/*
 * X(enum, word, what to do; NULL: the text says all there is)
 * ENGINES(enum, what to do here): the engine's own word, of ERROR_TYPES; NULL: as it says itself
 */
#define ENTRA_ERRORS(X, ENGINES)                                                                  \
	X(INVALID_HARD_MATCH, "InvalidHardMatch",                                                 \
		"the tenant blocks the takeover of cloud objects by a hard match, "               \
		"which a roll-back of the source of authority is, too: set the feature "          \
		"blockCloudObjectTakeoverThroughHardMatchEnabled of "                             \
		"directory/onPremisesSynchronization to false, let the object be sent "           \
		"again (\"adsyncctl errors retry DN\", then a cycle), and set it to true "        \
		"again")                                                                          \
	X(INVALID_SOFT_MATCH, "InvalidSoftMatch",                                                 \
		"another object with the same address or name belongs to "                        \
		"another object of AD already: remove the duplicate value, or "                   \
		"the other object's onPremisesImmutableId")                                       \
	X(OBJECT_TYPE_MISMATCH, "ObjectTypeMismatch",                                             \
		"an object of another type has the same address: remove it "                      \
		"from one of the two")                                                            \
	ENGINES(DUPLICATE_VALUE, "correct the duplicate value in AD, or remove it from the "      \
				 "other object")                                                  \
	X(IDENTITY_DATA_VALIDATION_FAILED, "IdentityDataValidationFailed",                        \
		"correct userPrincipalName or mail in AD: it has a character "                    \
		"or a form that Entra does not take")                                             \
	X(DATA_VALIDATION_FAILED, "DataValidationFailed",                                         \
		"correct the value in AD: Entra does not take its form, type "                    \
		"or length")                                                                      \
	X(LARGE_OBJECT, "LargeObject",                                                            \
		"reduce the number of values in AD (15 certificates, about 300 "                  \
		"proxyAddresses)")                                                                \
	X(FEDERATED_DOMAIN_CHANGE_ERROR, "FederatedDomainChangeError",                            \
		"rename the user to the tenant's initial domain first, then to "                  \
		"the new federated domain")                                                       \
	X(EXISTING_ADMIN_ROLE_CONFLICT, "ExistingAdminRoleConflict",                              \
		"remove the administrator role from the cloud object, "                           \
		"synchronize, and give it back")                                                  \
	X(DELETING_CLOUD_ONLY_OBJECT_NOT_ALLOWED, "DeletingCloudOnlyObjectNotAllowed",            \
		"the object belongs to the cloud: delete it there if it is to "                   \
		"go")                                                                             \
	ENGINES(NOT_REIMPORTED, "the service, or another application, changes the value again: "  \
				"give it to one of the two, by a rule of your own or over there") \
	X(PERMISSION_ISSUE, "permission-issue",                                                   \
		"give the application the right that is missing, or remove the "                  \
		"object from scope")                                                              \
	X(SENSITIVE_PROPERTY, "sensitive-property",                                               \
		"an application may not change these properties of a user who "                   \
		"holds a role (sensitive actions): give the application a "                       \
		"higher role, change them by hand, or leave them out of the "                     \
		"rules; errors retry sends them again")                                           \
	X(SERVICE_FAILURE, "service-failure",                                                     \
		"the service fails at this object and takes others: ask its "                     \
		"support, with the time and the object's id")                                     \
	X(INVALID_RESPONSE, "invalid-response",                                                   \
		"the service's answer cannot be read: ask its support, with "                     \
		"the time and the object's id")                                                   \
	ENGINES(OBJECT_TOO_LARGE, "reduce the number and size of the object's values, or leave "  \
				  "attributes out of the rules")                                  \
	ENGINES(INVALID_VALUE, "correct the value that the text names where it is mastered")      \
	X(LOOKUP_FAILED, "lookup-failed", NULL)                                                   \
	X(REQUEST_RESOURCE_NOT_FOUND, "Request_ResourceNotFound", NULL)                           \
	ENGINES(UNKNOWN, NULL)

enum entra_error {
#define X(id, ...) ENTRA_ERROR_##id,
	ENTRA_ERRORS(X, X)
#undef X
		ENTRA_ERROR_COUNT
};

const char *entra_error_word(enum entra_error error);
/* The error's name: a word of the table, else the service's own code. Borrowed. */
const char *entra_error_name(long status, const char *code, const char *message);
/* What to do about it; NULL: nothing is known of the name. */
const char *entra_error_advice(const char *name);
