/* The words of rules: link types, merge types, parameters, keys. */
#include "lang/rule/rule.h"

#include <assert.h>

const char *const rule_parameters[] = {
#define X(name) #name,
	RULE_PARAMETERS(X)
#undef X
		NULL};

bool rule_parameter_known(const char *name)
{
	for (unsigned i = 0; rule_parameters[i]; i++)
		if (streq(rule_parameters[i], name))
			return true;
	return false;
}

static const char *const LINK_NAMES[] = {
#define X(name, word, help) [LINK_##name] = word,
	LINK_TYPES(X)
#undef X
};

const char *link_type_name(enum link_type l)
{
	assert(l < LINK_TYPE_COUNT);
	return LINK_NAMES[l];
}

static const char *const MERGE_NAMES[] = {
#define X(name, word, help) [MERGE_##name] = word,
	MERGE_TYPES(X)
#undef X
};

const char *merge_type_name(enum merge_type m)
{
	assert(m < MERGE_TYPE_COUNT);
	return MERGE_NAMES[m];
}

const char *const rule_file_keys[] = {"name", "precedence", "direction", "connectorType",
	"connector", "setting", "sourceObjectType", "targetObjectType", "linkType", "disabled",
	"description", "scope", "join", "flows", "softDeleteExpiryInterval", "id", "internalId",
	"version", "immutableTag", "precedenceBefore", "precedenceAfter", "enablePasswordSync",
	"connectorId", NULL};

const char *const flow_file_keys[] = {
	"dest", "source", "constant", "expression", "mergeType", "executeOnce", "sources", NULL};
