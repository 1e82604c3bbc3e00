/*
 * The pure half of outbound: what the rules in scope want an object to be, flow by flow. No store
 * is asked, no row is written.
 */
#include "../check.h"
#include "connector/connector.h"
#include "lang/rule/metaverse.h"
#include "sync/outbound/outbound.h"

#include <stdio.h>

static const char METAVERSE[] =
	"{\"classes\": {\"person\": {\"cn\": \"string\", \"manager\": \"reference\", "
	"\"sponsor\": \"reference\", \"boss\": \"reference\", \"friend\": \"reference\"}}}";

static struct schema_attr attrs[] = {
	{"p", VALUE_STRING, 0},
	{"q", VALUE_STRING, 0},
	{"r", VALUE_STRING, 0},
	{"s", VALUE_STRING, 0},
	{"filled", VALUE_STRING, SCHEMA_NEVER_EMPTY},
	{"shown", VALUE_STRING, SCHEMA_READ_ONLY},
	{"boss", VALUE_REFERENCE, 0},
	{"friend", VALUE_REFERENCE, 0},
};
static struct schema_class classes[] = {
	{"user", attrs, ARRAY_SIZE(attrs)},
	{"contact", attrs, ARRAY_SIZE(attrs)},
};
static struct schema schema = {"target", classes, ARRAY_SIZE(classes), false};

static const struct schema *target_schema(const struct settings *s)
{
	return &schema;
}

static const char *target_dn(const struct entry *wanted, struct arena *a)
{
	const char *p = entry_string(wanted, attr_intern("p"));

	return p ? arena_printf(a, "CN=%s", p) : NULL;
}

static const struct connector_type target_type = {
	.name = "target", .schema = target_schema, .target_dn = target_dn};
static const struct connector_config target_config;

struct world {
	struct schema *metaverse;
	struct ruleset *rules;
	struct sync_connector conn;
	struct sync sync;
	struct outbound out;
	struct arena arena;
	struct entry entry; /* the metaverse object */
	struct wanted_source src;
};

/* One rule: its number, its link type, its class in the target, its scope ("" or ",...") and flows.
 */
#define RULE(n, link, class, scope, flows)                                                       \
	"{\"name\": \"Rule " #n "\", \"precedence\": " #n ", \"direction\": \"Outbound\","       \
	" \"connectorType\": \"target\", \"sourceObjectType\": \"person\","                      \
	" \"targetObjectType\": \"" class "\", \"linkType\": \"" link "\"" scope ", \"flows\": " \
					  "[" flows "]}"
#define FLOW(dest, expression) "{\"dest\": \"" dest "\", \"expression\": \"" expression "\"}"
#define LINK(dest, source) "{\"dest\": \"" dest "\", \"source\": \"" source "\"}"
#define ONLY_ANNE                                                                     \
	", \"scope\": [[{\"attribute\": \"cn\", \"operator\": \"EQUAL\", \"value\": " \
	"\"Anne\"}]]"

static void world_init(struct world *w, const char *rules)
{
	_cleanup_free_ char *text = xasprintf("{\"rules\": [%s]}", rules);
	json_t *root = json_loads(METAVERSE, 0, NULL);
	struct rule_schema schemas[2];
	struct err e = {0};

	*w = (struct world){0};
	assert_int_equal(metaverse_schema_read("metaverse", root, &w->metaverse, &e), 0);
	json_decref(root);
	schemas[0] = (struct rule_schema){"target", "target", &schema};
	schemas[1] = (struct rule_schema){.schema = w->metaverse};
	if (ruleset_load_text("test", text, schemas, 2, &w->rules, &e) < 0)
		fail_msg("%s", e.text);
	w->conn = (struct sync_connector){.name = "target",
		.type = &target_type,
		.cfg = &target_config,
		.is_target = true,
		.provisions = true};
	w->sync = (struct sync){.rules = w->rules,
		.metaverse = w->metaverse,
		.connectors = &w->conn,
		.n_connectors = 1};
	outbound_init(&w->out, &w->sync, &w->conn);
	entry_init(&w->entry, &w->arena);
	entry_set(&w->entry, attr_intern("cn"), value_string("Anne"));
	w->src = (struct wanted_source){.mv = 1, .class = "person", .entry = &w->entry};
}

static void world_done(struct world *w)
{
	outbound_done(&w->out);
	sync_done(&w->sync);
	ruleset_free(w->rules);
	metaverse_schema_free(w->metaverse);
	arena_done(&w->arena);
}

static struct wanted compute(struct world *w)
{
	struct wanted ret;
	struct err e = {0};

	assert_int_equal(wanted_compute(&w->out, &w->src, NULL, &w->arena, &ret, &e), 0);
	return ret;
}

/* The text of the attribute; "(cleared)" when it is to go, "(no word)" when nothing is said. */
static const char *text_of(struct world *w, const struct wanted *wanted, const char *name)
{
	const struct attr *at = entry_get(&wanted->entry, attr_intern(name));

	if (!at)
		return "(no word)";
	return at->count ? value_text(&w->arena, &at->values[0]) : "(cleared)";
}

static bool keeps(const struct wanted *wanted, const char *name)
{
	for (unsigned i = 0; i < wanted->n_kept; i++)
		if (wanted->kept[i] == attr_intern(name))
			return true;
	return false;
}

/* The rule with the lowest number wins, whatever the order in the file. */
static void test_winner(void **state)
{
	static const char *const orders[] = {
		RULE(1, "Provision", "user", "",
			FLOW("p", "[cn]") "," FLOW("q", "NULL") "," FLOW("r",
				"AuthoritativeNull") "," FLOW("s", "IgnoreThisFlow")) "," RULE(2,
			"Join", "user", "",
			FLOW("p", "\\\"two\\\"") "," FLOW("q", "\\\"two\\\"") "," FLOW(
				"r", "\\\"two\\\"") "," FLOW("s", "\\\"two\\\"")),
		RULE(2, "Join", "user", "",
			FLOW("p", "\\\"two\\\"") "," FLOW("q", "\\\"two\\\"") "," FLOW(
				"r", "\\\"two\\\"") "," FLOW("s", "\\\"two\\\"")) "," RULE(1,
			"Provision", "user", "",
			FLOW("p", "[cn]") "," FLOW("q", "NULL") "," FLOW(
				"r", "AuthoritativeNull") "," FLOW("s", "IgnoreThisFlow")),
	};
	for (unsigned i = 0; i < ARRAY_SIZE(orders); i++) {
		struct wanted wanted;
		struct world w;

		world_init(&w, orders[i]);
		wanted = compute(&w);
		assert_true(wanted.provision);
		assert_string_equal(wanted.class, "user");
		assert_string_equal(wanted.rule, "Rule 1");
		assert_string_equal(wanted.dn, "CN=Anne");
		assert_string_equal(text_of(&w, &wanted, "p"), "Anne");
		assert_string_equal(text_of(&w, &wanted, "q"), "two"); /* NULL asks the next */
		assert_string_equal(text_of(&w, &wanted, "r"), "(cleared)");
		assert_string_equal(text_of(&w, &wanted, "s"), "two");
		assert_null(wanted.error);
		world_done(&w);
	}
}

/* Nobody has a value: cleared, but not what the directory fills by itself; ignored: as it is. */
static void test_no_value(void **state)
{
	struct wanted wanted;
	struct world w;

	world_init(&w, RULE(1, "Provision", "user", "",
			       FLOW("q", "NULL") "," FLOW("filled", "NULL") "," FLOW(
				       "s", "IgnoreThisFlow")));
	wanted = compute(&w);
	assert_string_equal(text_of(&w, &wanted, "q"), "(cleared)");
	assert_string_equal(text_of(&w, &wanted, "filled"), "(no word)");
	assert_string_equal(text_of(&w, &wanted, "s"), "(no word)");
	assert_true(keeps(&wanted, "s"));
	assert_false(keeps(&wanted, "q") || keeps(&wanted, "filled"));
	assert_string_equal(text_of(&w, &wanted, "p"), "(no word)"); /* no rule has a flow to it */
	assert_null(wanted.dn);
	world_done(&w);
}

/* A value for a new object only; later it is as the directory has it. */
static void test_once(void **state)
{
	struct wanted wanted;
	struct world w;

	world_init(
		&w, RULE(1, "Provision", "user", "",
			    "{\"dest\": \"p\", \"expression\": \"[cn]\", \"executeOnce\": true}"));
	w.src.creating = true;
	wanted = compute(&w);
	assert_string_equal(text_of(&w, &wanted, "p"), "Anne");
	assert_false(keeps(&wanted, "p"));
	w.src.creating = false;
	wanted = compute(&w);
	assert_string_equal(text_of(&w, &wanted, "p"), "(no word)");
	assert_true(keeps(&wanted, "p"));
	world_done(&w);
}

/* What only the directory writes is not wanted, whatever a rule says. */
static void test_read_only(void **state)
{
	struct wanted wanted;
	struct world w;

	world_init(
		&w, RULE(1, "Provision", "user", "", FLOW("p", "[cn]") "," FLOW("shown", "[cn]")));
	wanted = compute(&w);
	assert_string_equal(text_of(&w, &wanted, "p"), "Anne");
	assert_string_equal(text_of(&w, &wanted, "shown"), "(no word)");
	assert_false(keeps(&wanted, "shown"));
	world_done(&w);
}

/* No rule in scope, or no object any more: nothing is wanted, and that is not an error. */
static void test_out_of_scope(void **state)
{
	struct wanted wanted;
	struct world w;

	world_init(&w, RULE(1, "Provision", "user", ONLY_ANNE, FLOW("p", "[cn]")) "," RULE(
			       2, "Join", "user", "", FLOW("q", "[cn]")));
	wanted = compute(&w);
	assert_true(wanted.provision);
	assert_string_equal(text_of(&w, &wanted, "q"), "Anne");
	entry_set(&w.entry, attr_intern("cn"), value_string("Bob"));
	wanted = compute(&w);
	assert_false(wanted.provision || wanted.attributes);
	assert_null(wanted.class);
	assert_null(wanted.error);
	assert_string_equal(text_of(&w, &wanted, "q"), "(no word)");
	entry_set(&w.entry, attr_intern("cn"), value_string("Anne"));
	w.src.entry = NULL;
	wanted = compute(&w);
	assert_false(wanted.provision || wanted.attributes);
	assert_null(wanted.error);
	world_done(&w);
}

/* The rule that provisions says which class; flows to another class are not of this object. */
static void test_class(void **state)
{
	struct wanted wanted;
	struct world w;

	world_init(&w, RULE(1, "Join", "contact", "", FLOW("p", "\\\"contact\\\"")) "," RULE(
			       2, "Provision", "user", "", FLOW("q", "[cn]")) "," RULE(3,
			       "Provision", "contact", "", FLOW("r", "[cn]")));
	wanted = compute(&w);
	assert_string_equal(wanted.class, "user");
	assert_string_equal(wanted.rule, "Rule 2");
	assert_string_equal(text_of(&w, &wanted, "p"), "(no word)");
	assert_string_equal(text_of(&w, &wanted, "q"), "Anne");
	assert_string_equal(text_of(&w, &wanted, "r"), "(no word)");
	world_done(&w);
}

/* No rule makes the object: flows go to the one that inbound joined, in a connector without such.
 */
static void test_attributes_of_joined(void **state)
{
	struct wanted wanted;
	struct world w;

	world_init(&w, RULE(1, "Join", "user", "", FLOW("p", "[cn]")));
	wanted = compute(&w);
	assert_false(wanted.provision || wanted.attributes); /* nothing is joined */
	w.src.joined = "user";
	wanted = compute(&w);
	assert_false(wanted.attributes); /* others are made here */
	w.conn.provisions = false;
	wanted = compute(&w);
	assert_true(wanted.attributes && !wanted.provision);
	assert_string_equal(wanted.class, "user");
	assert_string_equal(wanted.rule, "Rule 1");
	assert_string_equal(text_of(&w, &wanted, "p"), "Anne");
	w.src.joined = "contact";
	wanted = compute(&w);
	assert_false(wanted.provision || wanted.attributes);
	world_done(&w);
}

/* A flow that fails stops the object, and tells which rule it was; it is not a missing value. */
static void test_error(void **state)
{
	struct wanted wanted;
	struct world w;

	world_init(&w, RULE(1, "Provision", "user", "", FLOW("p", "[cn]")) "," RULE(2, "Join",
			       "user", "", FLOW("q", "Error(\\\"no such office\\\")")) "," RULE(3,
			       "Join", "user", "", FLOW("q", "[cn]") "," FLOW("r", "[cn]")));
	wanted = compute(&w);
	assert_non_null(wanted.error);
	assert_non_null(strstr(wanted.error, "no such office"));
	assert_string_equal(wanted.error_rule, "Rule 2");
	world_done(&w);
}

/* A flow that has lost does not fail the object. */
static void test_error_of_a_loser(void **state)
{
	struct wanted wanted;
	struct world w;

	world_init(&w, RULE(1, "Provision", "user", "", FLOW("p", "[cn]")) "," RULE(
			       2, "Join", "user", "", FLOW("p", "Error(\\\"never asked\\\")")));
	wanted = compute(&w);
	assert_null(wanted.error);
	assert_string_equal(text_of(&w, &wanted, "p"), "Anne");
	world_done(&w);
}

/* References flow as links; the digest tells which go where, and not in which order. */
static void test_links(void **state)
{
	static const struct {
		const char *rules;
		unsigned n;
	} cases[] = {
		{RULE(1, "Provision", "user", "",
			 LINK("boss", "manager") "," LINK("friend", "sponsor")),
			2},
		{RULE(1, "Provision", "user", "",
			 LINK("friend", "sponsor") "," LINK("boss", "manager")),
			2},
		{RULE(1, "Provision", "user", "",
			 LINK("boss", "sponsor") "," LINK("friend", "manager")),
			2},
		{RULE(1, "Provision", "user", "", FLOW("p", "[cn]")), 0},
	};
	int64_t digests[ARRAY_SIZE(cases)];

	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wanted wanted;
		struct world w;

		world_init(&w, cases[i].rules);
		wanted = compute(&w);
		assert_int_equal(wanted.n_links, cases[i].n);
		digests[i] = wanted.links_digest;
		assert_string_equal(text_of(&w, &wanted, "boss"), "(no word)");
		world_done(&w);
	}
	assert_true(digests[0] == digests[1]);
	assert_true(digests[0] != digests[2]);
	assert_int_equal(digests[3], 0);
}

static int64_t digest_of(const char *rules)
{
	struct wanted wanted;
	struct world w;

	world_init(&w, rules);
	wanted = compute(&w);
	assert_int_equal(wanted.n_links, 1);
	world_done(&w);
	return wanted.links_digest;
}

/*
 * A flow and the one that leads the other way have different digests. The digest is stored with
 * each row, so its value is held: another way to compute it would look like changed rules.
 */
static void test_links_direction(void **state)
{
	int64_t there = digest_of(RULE(1, "Provision", "user", "", LINK("boss", "friend")));
	int64_t back = digest_of(RULE(1, "Provision", "user", "", LINK("friend", "boss")));

	assert_true(there != back);
	assert_true(there == 0x75584bf68cb29a25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_winner),
		cmocka_unit_test(test_no_value),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_read_only),
		cmocka_unit_test(test_out_of_scope),
		cmocka_unit_test(test_class),
		cmocka_unit_test(test_attributes_of_joined),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_error_of_a_loser),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_links_direction),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
