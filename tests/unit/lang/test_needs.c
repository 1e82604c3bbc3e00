/* rule/needs: what rules ask beside the object is known when they are loaded. */
#include "../check.h"
#include "lang/rule/metaverse.h"
#include "lang/rule/ruleset.h"

#define METAVERSE                                                                       \
	"{\"classes\": {\"person\": {\"info\": \"string\", \"manager\": \"reference\"," \
	" \"member\": \"reference multi\", \"owner\": \"reference multi\"}}}"

#define RULE(name, number, direction, from, to, rest)                                      \
	"{\"name\": \"" name "\", \"precedence\": " number ", \"direction\": \"" direction \
	"\", \"connectorType\": \"ad\", \"sourceObjectType\": \"" from                     \
	"\", \"targetObjectType\": \"" to "\", \"linkType\": \"Join\", " rest "}"

static const char
	RULES[] =
		"{\"rules\": [" RULE("Flows", "1", "Inbound", "user", "person",
			"\"flows\": [{\"dest\": \"manager\", \"source\": \"manager\"},"
			" {\"dest\": \"info\", \"expression\": \"IIF(IsPresent([owner]),"
			"CStr(ValueCount(\\\"member\\\")),[cn])\"}]") "," RULE("Scope", "2",
			"Inbound", "user", "person",
			"\"scope\": [[{\"attribute\": \"member\", \"operator\": \"ISNULL\"},"
			" {\"attribute\": \"cn\", \"operator\": \"ISNOTNULL\"},"
			" {\"operator\": \"ISMEMBEROF\", \"value\": \"CN=g,DC=x\"}],"
			" [{\"operator\": \"ISNOTMEMBEROF\", \"value\": \"CN=g,DC=x\"},"
			" {\"operator\": \"ISMEMBEROF\", \"value\": "
                        "\"%Connector.GroupFilteringGroupDn%\"}]]") "," RULE("Off", "3", "Inbound",
			"group", "person",
			"\"disabled\": true, \"flows\": [{\"dest\": \"member\", \"source\": "
                        "\"member\"}]") "," RULE("Out", "4", "Outbound", "person", "user",
			"\"flows\": [{\"dest\": \"manager\", \"source\": \"manager\"},"
			" {\"dest\": \"owner\", \"expression\": \"IIF(True,[owner],NULL)\"}]") "]}";

static struct schema_attr attrs[] = {
	{"cn", VALUE_STRING, 0},
	{"info", VALUE_STRING, 0},
	{"manager", VALUE_REFERENCE, 0},
	{"member", VALUE_REFERENCE, SCHEMA_MULTI},
	{"owner", VALUE_REFERENCE, SCHEMA_MULTI},
};
static struct schema_class classes[] = {{"group", attrs, 5}, {"user", attrs, 5}};
static struct schema schema = {"ad", classes, 2, false};

static bool counts(const struct rule_needs *n, const char *attr)
{
	for (unsigned i = 0; i < n->n_counted; i++)
		if (n->counted[i] == attr_find(attr))
			return true;
	return false;
}

static void test_needs(void **state)
{
	json_t *root = json_loads(METAVERSE, 0, NULL);
	struct schema *metaverse;
	struct rule_schema schemas[2] = {{"one", "ad", &schema}};
	const struct rule_needs *n;
	struct ruleset *rules;
	struct err e = {0};

	assert_int_equal(metaverse_schema_read("metaverse", root, &metaverse, &e), 0);
	json_decref(root);
	schemas[1].schema = metaverse;
	if (ruleset_load_text("test", RULES, schemas, 2, &rules, &e) < 0)
		fail_msg("%s", e.text);
	n = ruleset_needs(rules, RULE_INBOUND, "one", "user");
	assert_int_equal(n->n_counted, 3);
	assert_true(counts(n, "manager") && counts(n, "owner") && counts(n, "member"));
	assert_int_equal(n->n_groups, 2); /* each once */
	assert_string_equal(n->groups[0], "CN=g,DC=x");
	assert_string_equal(n->groups[1], "%Connector.GroupFilteringGroupDn%");
	n = ruleset_needs(rules, RULE_INBOUND, "one", "group"); /* its rule is disabled */
	assert_int_equal(n->n_counted + n->n_groups, 0);
	n = ruleset_needs(rules, RULE_OUTBOUND, "one", "person");
	assert_int_equal(n->n_counted, 1); /* a plain flow of references is not counted there */
	assert_true(counts(n, "owner"));
	n = ruleset_needs(rules, RULE_OUTBOUND, "nobody", "person");
	assert_int_equal(n->n_counted + n->n_groups, 0);
	ruleset_free(rules);
	metaverse_schema_free(metaverse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_needs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
