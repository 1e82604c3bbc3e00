/* A rule file: loads, or one error; what loads is evaluated over an object. */
#include "fuzz.h"
#include "lang/rule/metaverse.h"
#include "lang/import/offline.h"
#include "lang/rule/flow.h"
#include "lang/rule/ruleset.h"
#include "lang/rule/scope.h"
#include "connector/connector.h"

#include <stdlib.h>

static const char METAVERSE[] =
	"{\"classes\": {\"person\": {\"displayName\": \"string\", \"manager\": \"reference\", "
	"\"accountEnabled\": \"boolean\", \"sourceAnchor\": \"string\", \"photo\": \"binary "
	"multi\", "
	"\"countryCode\": \"integer\", \"proxyAddresses\": \"string multi\"}, \"group\": "
	"{\"member\": "
	"\"reference multi\"}}}";

static const struct rule_schema *schemas(unsigned *ret_n)
{
	static struct rule_schema list[8];
	static struct schema *metaverse;
	static unsigned n;
	json_t *root;

	if (!n) {
		root = json_loads(METAVERSE, 0, NULL);
		if (metaverse_schema_read("metaverse", root, &metaverse, NULL) < 0)
			abort();
		json_decref(root);
		list[n++] = (struct rule_schema){.schema = metaverse};
		for (unsigned i = 0; connector_types[i]; i++)
			list[n++] = (struct rule_schema){
				"one", connector_types[i]->name, connector_types[i]->schema(NULL)};
	}
	*ret_n = n;
	return list;
}

static void evaluate(const struct rule *r, struct offline *o)
{
	struct flow_result fr;

	(void)rule_scope_reason(r, &o->eval);
	for (unsigned i = 0; !r->disabled && i < r->n_flows; i++) {
		flow_text(r, &r->flows[i], o->arena);
		flow_eval(r, &r->flows[i], &o->eval, &fr);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_ruleset_ struct ruleset *rules = NULL;
	unsigned n_schemas, n_rules;
	const struct rule_schema *list = schemas(&n_schemas);
	const struct rule *const *all;
	char *text = arena_dup(&a, data, n);
	json_t *sample = json_loads(expr_example, 0, NULL);
	struct err e = {0};
	struct offline o;

	if (offline_init(&o, sample, &a, &e) < 0)
		abort();
	if (ruleset_load_text("fuzz", text, list, n_schemas, &rules, &e) < 0) {
		if (!e.text[0])
			abort();
	} else {
		all = ruleset_all(rules, &n_rules);
		for (unsigned i = 0; i < n_rules; i++)
			evaluate(all[i], &o);
	}
	json_decref(sample);
	return 0;
}
