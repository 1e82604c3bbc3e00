/* The shipped rules load against the connectors' schemas; which objects they filter; the anchor. */
#include "../check.h"
#include "base/codec.h"
#include "connector/connector.h"
#include "connector/entra/schema.h"
#include "lang/rule/metaverse.h"
#include "lang/rule/flow.h"
#include "lang/rule/ruleset.h"
#include "lang/rule/scope.h"

#include <stdio.h>

static struct schema *metaverse;
static struct ruleset *rules;

static struct settings settings_of(const struct connector_type *t, char **values)
{
	return (struct settings){
		.name = "test", .defs = t->options, .n_defs = t->n_options, .values = values};
}

static void load(const char *surface)
{
	const struct connector_type *ad = connector_type_find("ad");
	const struct connector_type *entra = connector_type_find("entra");
	char *values[64] = {0};
	struct settings s = settings_of(entra, values);
	const char *paths[] = {SOURCE_DIR "/conf/rules"};
	struct rule_schema schemas[3];
	struct err e = {0};

	for (unsigned i = 0; i < entra->n_options; i++)
		if (streq(entra->options[i].name, "surface"))
			values[i] = (char *)surface;
	if (!metaverse &&
		metaverse_schema_load(SOURCE_DIR "/schema/metaverse.json", &metaverse, &e) < 0)
		fail_msg("%s", e.text);
	schemas[0] = (struct rule_schema){"contoso.com", "ad", ad->schema(NULL)};
	schemas[1] = (struct rule_schema){"tenant", "entra", entra->schema(&s)};
	schemas[2] = (struct rule_schema){.schema = metaverse};
	if (ruleset_load(paths, 1, schemas, 3, &rules, &e) < 0)
		fail_msg("%s:%d: %s", e.source, e.line, e.text);
}

static void test_shipped_rules_load(void **state)
{
	static const char *const surfaces[] = {"service", "graph"};

	for (unsigned i = 0; i < ARRAY_SIZE(surfaces); i++) {
		unsigned n;

		load(surfaces[i]);
		ruleset_all(rules, &n);
		assert_true(n >= 20);
		ruleset_free(rules);
	}
}

static const char *param(void *ctx, const char *name, struct arena *a)
{
	return "contoso.com";
}

/* The first value that an in-scope inbound rule gives to a metaverse attribute, as text. */
static const char *flowed(const struct entry *en, const char *attr, struct arena *a)
{
	unsigned n;
	const struct rule *const *list =
		ruleset_find(rules, RULE_INBOUND, "contoso.com", en->class, &n);
	struct eval ev = {.source = en, .parameter = param, .arena = a};
	unsigned id = attr_intern(attr);

	for (unsigned i = 0; i < n; i++) {
		struct err e = {0};

		if (rule_in_scope(list[i], &ev, &e) != 1)
			continue;
		for (unsigned k = 0; k < list[i]->n_flows; k++) {
			struct flow_result fr;

			if (list[i]->flows[k].dest != id)
				continue;
			flow_eval(list[i], &list[i]->flows[k], &ev, &fr);
			if (fr.kind == FLOW_RESULT_VALUES)
				return value_text(a, &fr.values[0]);
		}
	}
	return NULL;
}

static const struct {
	const char *attr, *value, *filtered;
} filter_cases[] = {
	{"title", "Clerk", NULL},
	{"sAMAccountName", "SUPPORT_388945a0", "True"},
	{"sAMAccountName", "AAD_1234", "True"},
	{"sAMAccountName", "MSOL_1234", "True"},
	{"mailNickname", "SystemMailbox{e0dc1c29}", "True"},
	{"sAMAccountName", "CAS_{x}", "True"},
	{"sAMAccountName", "CAS_x", NULL},
};

static void test_cloud_filtered(void **state)
{
	load("service");
	for (unsigned i = 0; i < ARRAY_SIZE(filter_cases); i++) {
		_cleanup_arena_ struct arena a = {0};
		struct entry en;
		const char *got;

		entry_init(&en, &a);
		en.class = "user";
		en.dn = "CN=A,DC=contoso,DC=com";
		entry_set(&en, attr_intern("sAMAccountName"), value_string("anna"));
		entry_set(&en, attr_intern("objectGUID"), value_binary("0123456789abcdef", 16));
		entry_set(&en, attr_intern("userAccountControl"), value_integer(512));
		entry_set(&en, attr_intern(filter_cases[i].attr),
			value_string(filter_cases[i].value));
		got = flowed(&en, "cloudFiltered", &a);
		if (filter_cases[i].filtered)
			assert_string_equal(got ? got : "-", filter_cases[i].filtered);
		else
			assert_null(got);
	}
	ruleset_free(rules);
}

/* sourceAnchor: mS-DS-ConsistencyGuid, else objectGUID, in base64. */
static void test_source_anchor(void **state)
{
	_cleanup_arena_ struct arena a = {0};
	unsigned char guid[16] = {0xc7, 0x85, 0x74, 0x8a, 0x26, 0x9e, 0x07, 0xad, 0x0a, 0x5f, 0x18,
		0xdf, 0xb5, 0xcc, 0x1d, 0xec};
	struct entry en;

	load("service");
	entry_init(&en, &a);
	en.class = "user";
	en.dn = "CN=A,DC=contoso,DC=com";
	entry_set(&en, attr_intern("sAMAccountName"), value_string("anna"));
	entry_set(&en, attr_intern("userAccountControl"), value_integer(512));
	entry_set(&en, attr_intern("objectGUID"), value_binary(guid, 16));
	assert_string_equal(flowed(&en, "sourceAnchor", &a), "x4V0iiaeB60KXxjftcwd7A==");
	entry_set(&en, attr_intern("mS-DS-ConsistencyGuid"), value_binary("0123456789abcdef", 16));
	assert_string_equal(flowed(&en, "sourceAnchor", &a), "MDEyMzQ1Njc4OWFiY2RlZg==");
	assert_string_equal(flowed(&en, "sourceAnchorBinary", &a), "MDEyMzQ1Njc4OWFiY2RlZg==");
	/* a linked mailbox has none: its account gives it */
	entry_set(&en, attr_intern("msExchRecipientTypeDetails"), value_integer(2));
	assert_null(flowed(&en, "sourceAnchor", &a));
	assert_null(flowed(&en, "sourceAnchorBinary", &a));
	en.class = "group";
	assert_string_equal(flowed(&en, "sourceAnchor", &a), "MDEyMzQ1Njc4OWFiY2RlZg==");
	/* the documentation's example of the Entra connector space DN */
	assert_string_equal(entra_dn("x4V0iaeB60KXxjftcwd7Hw==", &a),
		"CN={783456306961654236304B58786A6674637764374877"
		"3D3D}");
	ruleset_free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shipped_rules_load),
		cmocka_unit_test(test_cloud_filtered),
		cmocka_unit_test(test_source_anchor),
	};
	int r = cmocka_run_group_tests(tests, NULL, NULL);

	metaverse_schema_free(metaverse);
	return r;
}
