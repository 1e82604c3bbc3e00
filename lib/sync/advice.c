/* Advice about errors that the engine itself finds; others are the connector's. A row is one. */
#include "sync/advice.h"
#include "connector/connector.h"

static const char *const ADVICE[][2] = {
	{"sync-rule-error-function-triggered",
		"correct the value in the source that the text names, or the rule; "
		"\"adsyncctl preview\" shows what each rule gives"},
	{"ambiguous-import-flow-from-multiple-connectors",
		"two objects of one directory lead to one metaverse object: correct the value that "
		"joins them in one of the two, or take it out of scope"},
	{"duplicate-anchor",
		"two objects have one sourceAnchor: correct mS-DS-ConsistencyGuid of the one that "
		"was copied"},
	{"missing-anchor-component",
		"the object has none of the attributes that sourceAnchor is made of: see the "
		"outbound rules and the source"},
	{"invalid-attribute-value",
		"correct the value in the directory; until then what is known of "
		"the object stays"},
	{"object-too-large", "reduce the values of the object in the source"},
	{"exported-change-not-reimported",
		"the directory keeps another value than was sent: correct the value, or the rule "
		"that gives it"},
	{"MemberRemovalThresholdExceeded",
		"look at \"adsyncctl pending diff\"; if the removals are right: "
		"adsyncctl threshold override-once"},
};

const char *error_advice(const struct error_row *row)
{
	const struct connector_type *type = connector_type_find(row->step_type);
	const char *text = NULL;

	if (type && type->error_advice &&
		(row->phase == ERROR_IMPORT || row->phase == ERROR_EXPORT))
		text = type->error_advice(row->type);
	for (unsigned i = 0; !text && i < ARRAY_SIZE(ADVICE); i++)
		if (streq(ADVICE[i][0], row->type))
			text = ADVICE[i][1];
	return text;
}
