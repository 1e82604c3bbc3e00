/* sync/rules: what a reload sees, and that what was loaded before stays whole. */
#include "../folder.h"
#include "sync/rules.h"

#include <stdio.h>

#define RULE(attr)                                                                        \
	"{\"rules\": [{\"name\": \"One\", \"precedence\": 1, \"direction\": \"Inbound\"," \
	"\"connectorType\": \"ad\", \"sourceObjectType\": \"user\","                      \
	"\"targetObjectType\": \"person\", \"linkType\": \"Join\","                       \
	"\"flows\": [{\"dest\": \"" attr "\", \"source\": \"cn\"}]}]}"

static struct config *configure(const char *metaverse)
{
	char text[600], path[128];
	struct config *cfg;
	struct err e;

	snprintf(text, sizeof(text),
		"[adsyncd]\nrules = %s/rules.json\nmetaverse = %s/%s\n[connector \"a\"]\n"
		"type = ad\nsource = ldif:/a.ldif\nbase_dn = DC=a,DC=example\n",
		folder, folder, metaverse);
	if (config_load(folder_put("adsyncd.conf", text, path), &cfg, &e) < 0)
		fail_msg("%s", e.text);
	return cfg;
}

static enum value_type type_of(const struct rules *r, const char *attr)
{
	const struct schema_class *c = schema_class_find(r->metaverse, "person");
	const struct schema_attr *a = c ? schema_attr_find(c, attr) : NULL;

	assert_non_null(a);
	return a->type;
}

/* The file is edited: the next load is of what it holds now. */
static void test_edited(void **state)
{
	struct config *cfg = configure("mv.json");
	struct rules *before, *after, *none = NULL;
	char path[128];
	struct err e;
	unsigned n;

	folder_put("rules.json", RULE("colour"), path);
	folder_put("mv.json", "{\"classes\": {\"person\": {\"colour\": \"string\"}}}", path);
	assert_int_equal(rules_load(cfg, &before, &e), 0);
	folder_put("mv.json",
		"{\"classes\": {\"person\": {\"colour\": \"string multi\", "
		"\"size\": \"integer\"}}}",
		path);
	assert_int_equal(rules_load(cfg, &after, &e), 0);
	assert_int_equal(type_of(after, "size"), VALUE_INTEGER);
	/* both are whole, in whatever order they go */
	assert_null(schema_attr_find(schema_class_find(before->metaverse, "person"), "size"));
	rules_free(before);
	assert_string_equal(ruleset_all(after->set, &n)[0]->name, "One");
	assert_true(ruleset_all(after->set, &n)[0]->flows[0].dest_multi);
	folder_put("mv.json", "{\"classes\": {\"person\": {\"size\": \"integer\"}}}", path);
	assert_true(rules_load(cfg, &none, &e) < 0);
	assert_non_null(strstr(e.text, "colour"));
	assert_null(none);
	rules_free(after);
	config_free(cfg);
}

/* Another path, and the first again. */
static void test_other_path(void **state)
{
	struct config *one = configure("one.json"), *two = configure("two.json");
	struct rules *a, *b, *c;
	char path[128];
	struct err e;

	folder_put("rules.json", RULE("size"), path);
	folder_put("one.json", "{\"classes\": {\"person\": {\"size\": \"string\"}}}", path);
	folder_put("two.json", "{\"classes\": {\"person\": {\"size\": \"string multi\"}}}", path);
	assert_int_equal(rules_load(one, &a, &e), 0);
	assert_int_equal(rules_load(two, &b, &e), 0);
	assert_int_equal(rules_load(one, &c, &e), 0);
	assert_ptr_not_equal(a->metaverse, c->metaverse);
	assert_int_equal(type_of(a, "size"), type_of(c, "size"));
	rules_free(b);
	rules_free(a);
	rules_free(c);
	config_free(one);
	config_free(two);
}

static void test_files(void **state)
{
	struct rules *r = NULL;
	char path[128];
	const char *paths[] = {path};
	struct err e;

	folder_put("rules.json", RULE("displayName"), path);
	assert_int_equal(rules_load_files(NULL, paths, 1, &r, &e), 0);
	assert_int_equal(type_of(r, "displayName"), VALUE_STRING);
	rules_free(r);
	r = NULL;
	assert_true(rules_load_files("/nonexistent", paths, 1, &r, &e) < 0);
	assert_null(r);
	rules_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edited),
		cmocka_unit_test(test_other_path),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
