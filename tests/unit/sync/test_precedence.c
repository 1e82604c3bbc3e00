/*
 * Precedence: whatever the order in which rules stand in a file and connectors are joined, the same
 * flows win. Every permutation of four rules and two connectors is computed.
 */
#include "../check.h"
#include "lang/rule/metaverse.h"
#include "sync/inbound/compute.h"

#include <stdio.h>

#define RULES 4
#define CONNECTORS 2

/* Attribute by attribute, what rules 1 to 4 say; the winner is by number, not by place. */
static const char *const EXPRESSIONS[RULES][5] = {
	{"NULL", "\"one\"", "NULL", "IgnoreThisFlow", "\"a\""},
	{"\"two\"", "\"two\"", "AuthoritativeNull", "\"two\"", "Split(\"b;a\", \";\")"},
	{"\"three\"", "NULL", "\"three\"", "\"three\"", "NULL"},
	{"[cn]", "[cn]", "[cn]", "[cn]", "[cn]"},
};
static const char *const DESTS[] = {"p", "q", "r", "s", "merged"};
static const char METAVERSE[] =
	"{\"classes\": {\"person\": {\"p\": \"string\", \"q\": \"string\", "
	"\"r\": \"string\", \"s\": \"string\", \"merged\": \"string multi\"}}}";

struct world {
	struct schema *metaverse;
	struct schema_attr attrs[1];
	struct schema_class class;
	struct schema schema;
	struct rule_schema schemas[CONNECTORS + 1];
};

static void world_init(struct world *w)
{
	json_t *root = json_loads(METAVERSE, 0, NULL);

	assert_int_equal(metaverse_schema_read("metaverse", root, &w->metaverse, NULL), 0);
	json_decref(root);
	w->attrs[0] = (struct schema_attr){"cn", VALUE_STRING, 0};
	w->class = (struct schema_class){"user", w->attrs, 1};
	w->schema = (struct schema){"ad", &w->class, 1, false};
	w->schemas[0] = (struct rule_schema){"first", "ad", &w->schema};
	w->schemas[1] = (struct rule_schema){"second", "ad", &w->schema};
	w->schemas[2] = (struct rule_schema){.schema = w->metaverse};
}

static struct ruleset *load(const struct world *w, const int *order)
{
	json_t *list = json_array(), *root;
	struct ruleset *rules = NULL;
	struct err e = {0};
	char *text;

	for (unsigned i = 0; i < RULES; i++) {
		unsigned k = (unsigned)order[i];
		json_t *flows = json_array();
		char name[16];

		for (unsigned d = 0; d < ARRAY_SIZE(DESTS); d++)
			json_array_append_new(
				flows, json_pack("{s:s, s:s, s:s}", "dest", DESTS[d], "expression",
					       EXPRESSIONS[k][d], "mergeType",
					       streq(DESTS[d], "merged") ? "Merge" : "Update"));
		snprintf(name, sizeof(name), "Rule %u", k + 1);
		json_array_append_new(list,
			json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:o}", "name", name,
				"precedence", (int)k + 1, "direction", "Inbound", "connectorType",
				"ad", "sourceObjectType", "user", "targetObjectType", "person",
				"linkType", k ? "Join" : "Provision", "flows", flows));
	}
	root = json_pack("{s:o}", "rules", list);
	text = json_dumps(root, 0);
	json_decref(root);
	if (ruleset_load_text("test", text, w->schemas, CONNECTORS + 1, &rules, &e) < 0)
		fail_msg("%s", e.text);
	free(text);
	return rules;
}

static const char *text_of(const struct entry *en, const char *attr, struct arena *a)
{
	const struct attr *at = entry_get(en, attr_intern(attr));
	const char *text = "";

	for (unsigned i = 0; at && i < at->count; i++)
		text = arena_printf(a, "%s%s%s", text, i ? "," : "", value_text(a, &at->values[i]));
	return text;
}

static void source_init(struct sync *s, struct mv_source *src, struct sync_connector *conn,
	const struct ruleset *rules, const char *cn, struct arena *a)
{
	unsigned n;
	const struct rule *const *found = ruleset_find(rules, RULE_INBOUND, conn->name, "user", &n);

	*src = (struct mv_source){
		.conn = conn,
		.ctx = {.sync = s,
			.conn = conn,
			.needs = ruleset_needs(rules, RULE_INBOUND, conn->name, "user")},
	};
	assert_int_equal(src->ctx.needs->n_counted + src->ctx.needs->n_groups, 0);
	src->row.connector = conn->row.id;
	entry_init(&src->entry, a);
	entry_set(&src->entry, attr_intern("cn"), value_string(cn));
	src->rules = arena_alloc(a, n * sizeof(*src->rules));
	memcpy(src->rules, found, n * sizeof(*src->rules));
	src->n_rules = n;
}

static void check_order(const struct world *w, const int *order, bool swap)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_ruleset_ struct ruleset *rules = load(w, order);
	struct sync_connector conns[CONNECTORS] = {{.name = "first"}, {.name = "second"}};
	struct sync s = {.rules = rules, .metaverse = w->metaverse};
	struct mv_source sources[CONNECTORS];
	struct mv_result res;
	struct err e;

	conns[0].row.id = 1;
	conns[1].row.id = 2;
	source_init(&s, &sources[swap], &conns[0], rules, "cn1", &a);
	source_init(&s, &sources[!swap], &conns[1], rules, "cn2", &a);
	assert_int_equal(mv_compute(&s, sources, CONNECTORS, NULL, NULL, &a, &res, &e), 0);
	assert_true(res.held);
	assert_string_equal(text_of(&res.entry, "p", &a), "two"); /* NULL asks the next */
	assert_string_equal(text_of(&res.entry, "q", &a), "one"); /* the lowest number */
	assert_string_equal(text_of(&res.entry, "r", &a), "");    /* AuthoritativeNull */
	assert_string_equal(text_of(&res.entry, "s", &a), "two"); /* IgnoreThisFlow: the next */
	assert_string_equal(text_of(&res.entry, "merged", &a), "a,b,cn1,cn2");
	sync_done(&s);
}

static void permute(const struct world *w, int *order, unsigned n, unsigned *ret_count)
{
	if (n == RULES) {
		check_order(w, order, false);
		check_order(w, order, true);
		*ret_count += 2;
		return;
	}
	for (unsigned i = n; i < RULES; i++) {
		int was = order[n];

		order[n] = order[i];
		order[i] = was;
		permute(w, order, n + 1, ret_count);
		order[i] = order[n];
		order[n] = was;
	}
}

static void test_permutations(void **state)
{
	int order[RULES] = {0, 1, 2, 3};
	struct world w;
	unsigned n = 0;

	world_init(&w);
	permute(&w, order, 0, &n);
	assert_int_equal(n, 48);
	metaverse_schema_free(w.metaverse);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_permutations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
