/* Error names: a new one is a row of each table. */
#include "connector/entra/error.h"
#include "base/util.h"

static const struct {
	const char *name, *advice;
} errors[] = {
	{"InvalidHardMatch",
		"the tenant blocks the takeover of cloud objects by a hard match: switch "
		"blockCloudObjectTakeoverThroughHardMatchEnabled off for the time of the takeover"},
	{"InvalidSoftMatch",
		"another object with the same address or name belongs to another object of AD "
		"already: remove the duplicate value, or the other object's onPremisesImmutableId"},
	{"ObjectTypeMismatch",
		"an object of another type has the same address: remove it from one of the two"},
	{"AttributeValueMustBeUnique",
		"correct the duplicate value in AD, or remove it from the other object"},
	{"IdentityDataValidationFailed",
		"correct userPrincipalName or mail in AD: a character or its form cannot be"},
	{"DataValidationFailed", "correct the value in AD: its form, type or length cannot be"},
	{"LargeObject",
		"reduce the number of values in AD (15 certificates, about 300 proxyAddresses)"},
	{"FederatedDomainChangeError",
		"rename the user to the tenant's initial domain first, then to the new federated "
		"domain"},
	{"ExistingAdminRoleConflict",
		"remove the administrator role from the cloud object, synchronize, and give it "
		"back"},
	{"DeletingCloudOnlyObjectNotAllowed",
		"the object is the cloud's: delete it there if it is to go"},
	{"exported-change-not-reimported",
		"the service, or another application, changes the value again: give it to one of "
		"the two, by a rule of your own or over there"},
	{"permission-issue", "give the application the right that is missing, or remove the "
			     "object from scope"},
	{"sensitive-property",
		"an application may not change these properties of a user who holds a role "
		"(sensitive actions): give the application a higher role, change them by hand, or "
		"leave them out of the rules; errors retry sends them again"},
	{"service-failure",
		"the service fails at this object and takes others: ask its support, with the time "
		"and the object's id"},
	{"invalid-response",
		"the service's answer cannot be read: ask its support, with the time and the "
		"object's id"},
	{"object-too-large",
		"reduce the number and size of the object's values, or leave attributes out of the "
		"rules"},
	{"invalid-attribute-value", "correct the value that the text names where it is mastered"},
};

/* First match wins; NULL and 0 match everything. */
static const struct {
	long status;
	const char *code, *text; /* text: part of the message, in any case */
	const char *name;
} rules[] = {
	{0, NULL, "same value for property", "AttributeValueMustBeUnique"},
	{0, NULL, "cloud-only object", "DeletingCloudOnlyObjectNotAllowed"},
	{0, NULL, "property userPrincipalName is invalid", "IdentityDataValidationFailed"},
	{0, NULL, "too many values", "LargeObject"},
	{0, NULL, "exceeds the maximum", "LargeObject"},
	{0, NULL, "specified for property 'userPrincipalName'", "IdentityDataValidationFailed"},
	{0, NULL, "Invalid value specified for property", "DataValidationFailed"},
	{0, NULL, "property values specified are invalid", "DataValidationFailed"},
	{0, NULL, "A value is required for property", "DataValidationFailed"},
	{403, "Authorization_RequestDenied", NULL, "permission-issue"},
};

const char *entra_error_advice(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(errors); i++)
		if (streq(errors[i].name, name))
			return errors[i].advice;
	return NULL;
}

const char *entra_error_name(long status, const char *code, const char *message)
{
	if (entra_error_advice(code))
		return code; /* the service says it by name */
	for (unsigned i = 0; i < ARRAY_SIZE(rules); i++)
		if ((!rules[i].status || rules[i].status == status) &&
			(!rules[i].code || streq(rules[i].code, code)) &&
			(!rules[i].text || strcasestr(message, rules[i].text)))
			return rules[i].name;
	return *code ? code : "unknown-error";
}
