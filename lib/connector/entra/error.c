/* Names of errors, and which of Graph's answers have them. */
#include "connector/entra/error.h"
#include "base/util.h"

static const struct {
	const char *word; /* NULL: the engine's */
	enum error_type engines;
	const char *advice;
} errors[] = {
#define X(id, word, advice) {word, ERROR_TYPE_COUNT, advice},
#define ENGINES(id, advice) {NULL, ERROR_TYPE_##id, advice},
	ENTRA_ERRORS(X, ENGINES)
#undef X
#undef ENGINES
};

/* First match wins; NULL and 0 match everything. */
static const struct {
	long status;
	const char *code, *text; /* text: part of the message, in any case */
	enum entra_error error;
} rules[] = {
	{0, NULL, "same value for property", ENTRA_ERROR_DUPLICATE_VALUE},
	{0, NULL, "cloud-only object", ENTRA_ERROR_DELETING_CLOUD_ONLY_OBJECT_NOT_ALLOWED},
	{0, NULL, "property userPrincipalName is invalid",
		ENTRA_ERROR_IDENTITY_DATA_VALIDATION_FAILED},
	{0, NULL, "too many values", ENTRA_ERROR_LARGE_OBJECT},
	{0, NULL, "exceeds the maximum", ENTRA_ERROR_LARGE_OBJECT},
	{0, NULL, "specified for property 'userPrincipalName'",
		ENTRA_ERROR_IDENTITY_DATA_VALIDATION_FAILED},
	{0, NULL, "Invalid value specified for property", ENTRA_ERROR_DATA_VALIDATION_FAILED},
	{0, NULL, "property values specified are invalid", ENTRA_ERROR_DATA_VALIDATION_FAILED},
	{0, NULL, "A value is required for property", ENTRA_ERROR_DATA_VALIDATION_FAILED},
	{403, "Authorization_RequestDenied", NULL, ENTRA_ERROR_PERMISSION_ISSUE},
};

const char *entra_error_word(enum entra_error error)
{
	return errors[error].word ? errors[error].word : error_type_word(errors[error].engines);
}

const char *entra_error_advice(const char *name)
{
	for (unsigned i = 0; i < ARRAY_SIZE(errors); i++)
		if (streq(entra_error_word((enum entra_error)i), name))
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
			return entra_error_word(rules[i].error);
	return *code ? code : entra_error_word(ENTRA_ERROR_UNKNOWN);
}
