/*
 * What a rule asks beside its object (link counts, membership) is read from the store. When that
 * fails, the answer is an error and never "none": a reference would be removed because of it.
 */
#include "../store/fixture.h"
#include "connector/connector.h"
#include "lang/rule/metaverse.h"
#include "store/connector_row.h"
#include "store/cs.h"
#include "store/mv.h"
#include "store/query.h"
#include "sync/inbound/compute.h"
#include "sync/outbound/outbound.h"

#include <errno.h>

static const char METAVERSE[] =
	"{\"classes\": {\"group\": {\"info\": \"string\", \"member\": \"reference multi\"}}}";
static const char RULES[] =
	"{\"rules\": ["
	"{\"name\": \"In\", \"precedence\": 1, \"direction\": \"Inbound\","
	" \"connectorType\": \"ad\", \"sourceObjectType\": \"group\","
	" \"targetObjectType\": \"group\", \"linkType\": \"Provision\","
	" \"flows\": [{\"dest\": \"member\", \"source\": \"member\"}, {\"dest\": \"info\","
	"  \"expression\": \"IIF(IsPresent([member]),\\\"some\\\",\\\"none\\\")\"}]},"
	"{\"name\": \"In scope\", \"precedence\": 2, \"direction\": \"Inbound\","
	" \"connectorType\": \"ad\", \"sourceObjectType\": \"user\","
	" \"targetObjectType\": \"group\", \"linkType\": \"Join\","
	" \"scope\": [[{\"attribute\": \"dn\", \"operator\": \"ISMEMBEROF\","
	"  \"value\": \"CN=g,DC=x\"}]], \"flows\": [{\"dest\": \"info\", \"constant\": \"in\"}]},"
	"{\"name\": \"Out\", \"precedence\": 3, \"direction\": \"Outbound\","
	" \"connectorType\": \"target\", \"sourceObjectType\": \"group\","
	" \"targetObjectType\": \"group\", \"linkType\": \"Provision\","
	" \"scope\": [[{\"attribute\": \"member\", \"operator\": \"ISNOTNULL\"}]],"
	" \"flows\": [{\"dest\": \"info\", \"source\": \"info\"}]}]}";

static struct schema_attr attrs[] = {
	{"cn", VALUE_STRING, 0},
	{"info", VALUE_STRING, 0},
	{"member", VALUE_REFERENCE, SCHEMA_MULTI},
};
static struct schema_class classes[] = {{"group", attrs, 3}, {"user", attrs, 3}};
static struct schema schema = {"ad", classes, 2, false};

static const struct schema *target_schema(const struct settings *s)
{
	return &schema;
}
static const struct connector_type target_type = {.name = "target", .schema = target_schema};
static const struct connector_type source_type = {
	.name = "ad", .schema = target_schema, .member_attr = "member"};
static const struct connector_config target_config;

struct world {
	struct schema *metaverse;
	struct rule_schema schemas[3];
	struct ruleset *rules;
	struct sync_connector conns[2];
	struct sync sync;
	struct cs_row group, user;
	struct mv_row mv;
};

static void world_init(struct world *w, struct fixture *f)
{
	json_t *root = json_loads(METAVERSE, 0, NULL);

	*w = (struct world){0};
	assert_int_equal(metaverse_schema_read("metaverse", root, &w->metaverse, &f->err), 0);
	json_decref(root);
	w->schemas[0] = (struct rule_schema){"source", "ad", &schema};
	w->schemas[1] = (struct rule_schema){"target", "target", &schema};
	w->schemas[2] = (struct rule_schema){.schema = w->metaverse};
	if (ruleset_load_text("test", RULES, w->schemas, 3, &w->rules, &f->err) < 0)
		fail_msg("%s", f->err.text);
	w->conns[0] = (struct sync_connector){.name = "source", .type = &source_type};
	w->conns[1] = (struct sync_connector){
		.name = "target", .type = &target_type, .cfg = &target_config, .is_target = true};
	w->sync = (struct sync){.rules = w->rules,
		.metaverse = w->metaverse,
		.store = f->store,
		.connectors = w->conns,
		.n_connectors = 2};
	GOOD(store_begin(f->store, &f->err));
	for (unsigned i = 0; i < 2; i++)
		GOOD(connector_ensure(f->store, w->conns[i].name, i ? "target" : "ad", &f->arena,
			&w->conns[i].row, &f->err));
	w->group = (struct cs_row){.connector = w->conns[0].row.id,
		.class = "group",
		.dn = "CN=g,DC=x",
		.anchor = "g"};
	w->user = (struct cs_row){
		.connector = w->conns[0].row.id, .class = "user", .dn = "CN=u,DC=x", .anchor = "u"};
	GOOD(cs_insert(f->store, &w->group, &f->err));
	GOOD(cs_insert(f->store, &w->user, &f->err));
	w->mv = (struct mv_row){.class = "group", .image = ""};
	GOOD(mv_insert(f->store, &w->mv, &f->err));
	GOOD(store_commit(f->store, &f->err));
}

static void world_done(struct world *w)
{
	sync_done(&w->sync);
	ruleset_free(w->rules);
	metaverse_schema_free(w->metaverse);
}

/* From here on every question about references fails. */
static void break_links(struct fixture *f)
{
	assert_int_equal(sqlite3_exec(f->store->db, "DROP TABLE cs_link; DROP TABLE mv_link", NULL,
				 NULL, NULL),
		SQLITE_OK);
}

static int compute_group(struct world *w, struct fixture *f, struct mv_result *ret)
{
	struct mv_source src;
	const char *error;

	TRY(mv_source_init(&w->sync, &src, &w->group, &f->arena, &error, &f->err));
	return mv_compute(&w->sync, &src, 1, NULL, NULL, &f->arena, ret, &f->err);
}

static void test_counts_inbound(void **state)
{
	struct fixture *f = *state;
	struct mv_result res;
	struct world w;

	world_init(&w, f);
	GOOD(compute_group(&w, f, &res));
	assert_int_equal(res.n_links, 0);
	break_links(f);
	assert_true(compute_group(&w, f, &res) < 0);
	assert_true(f->err.code < 0 && f->err.text[0]);
	world_done(&w);
}

static void test_membership(void **state)
{
	struct fixture *f = *state;
	struct mv_source src;
	const char *error;
	struct world w;

	world_init(&w, f);
	GOOD(mv_source_init(&w.sync, &src, &w.user, &f->arena, &error, &f->err));
	assert_int_equal(src.n_rules, 0);
	break_links(f);
	assert_true(mv_source_init(&w.sync, &src, &w.user, &f->arena, &error, &f->err) < 0);
	world_done(&w);
}

static void test_counts_outbound(void **state)
{
	struct fixture *f = *state;
	struct outbound out;
	struct wanted wanted;
	struct cs_row none = {0};
	struct world w;

	world_init(&w, f);
	outbound_init(&out, &w.sync, &w.conns[1]);
	GOOD(wanted_of_row(&out, &w.mv, &none, &f->arena, &wanted, &f->err));
	assert_false(wanted.provision);
	break_links(f);
	assert_true(wanted_of_row(&out, &w.mv, &none, &f->arena, &wanted, &f->err) < 0);
	outbound_done(&out);
	world_done(&w);
}

#define WITH(t) cmocka_unit_test_setup_teardown(t, fixture_up, fixture_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(test_counts_inbound),
		WITH(test_membership),
		WITH(test_counts_outbound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
