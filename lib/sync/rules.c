/* Loading of rules: which files, and the schemas that they are checked against. */
#include "sync/rules.h"
#include "sync/extension.h"
#include "lang/rule/metaverse.h"

#include <assert.h>
#include <errno.h>

static struct rules *rules_new(void)
{
	return xcalloc(1, sizeof(struct rules));
}

void rules_free(struct rules *r)
{
	if (!r)
		return;
	ruleset_free(r->set);
	metaverse_schema_free(r->metaverse);
	extensions_free(r->extensions);
	free(r);
}

/* Is there a connector to which rules for the type apply? */
static bool type_configured(const struct config *cfg, const struct connector_type *t)
{
	for (unsigned i = 0; i < cfg->n_connectors; i++)
		if (cfg->connectors[i].type == t &&
			!setting_bool(&cfg->connectors[i].settings, "own_rules_only"))
			return true;
	return false;
}

/* The yes/no settings of a type; with `s`, only those that are on there. */
static const char *const *booleans(
	const struct connector_type *t, const struct settings *s, struct arena *a)
{
	const char **ret = arena_zalloc(a, (t->n_options + 1) * sizeof(*ret));
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_options; i++)
		if (t->options[i].kind == OPTION_BOOLEAN &&
			(!s || setting_bool(s, t->options[i].name)))
			ret[n++] = t->options[i].name;
	return ret;
}

/* A type without a connector: no setting is on. */
static struct rule_schema general_schema(const struct connector_type *t, struct arena *a)
{
	return (struct rule_schema){
		.connector = "",
		.connector_type = t->name,
		.schema = t->schema(NULL),
		.settings = booleans(t, NULL, a),
		.writes_by_setting = t->writes_by_setting,
	};
}

/* The schema of a configured connector, and what its settings choose. */
static struct rule_schema schema_of(const struct connector_config *cc, struct arena *a)
{
	const struct settings *s = &cc->settings;
	struct rule_schema ret = {
		.connector = s->name,
		.connector_type = cc->type->name,
		.schema = cc->type->schema(s),
		.settings = booleans(cc->type, NULL, a),
		.settings_on = booleans(cc->type, s, a),
		.writes_by_setting = cc->type->writes_by_setting,
		.own_rules = setting_bool(s, "own_rules_only"),
	};
	const char *setting = cc->type->match_setting;
	int match = setting ? user_match_find(setting_text(s, setting)) : USER_MATCH_ONCE;

	assert(match >= 0); /* the words of the option are those of the rules */
	ret.match = (enum user_match)match;
	if (setting)
		ret.match_attr = setting_text(s, cc->type->match_attr_setting);
	return ret;
}

/*
 * What the rules are checked against: each connector's schema, the metaverse's, and the general
 * schema of each type without a connector, so that rules for it are checked too.
 */
static unsigned rule_schemas(const struct config *cfg, const struct schema *metaverse,
	struct arena *a, struct rule_schema **ret)
{
	unsigned n = 0, max = cfg->n_connectors + 1;

	for (unsigned i = 0; connector_types[i]; i++)
		max++;
	*ret = arena_zalloc(a, max * sizeof(**ret));
	for (unsigned i = 0; i < cfg->n_connectors; i++)
		(*ret)[n++] = schema_of(&cfg->connectors[i], a);
	for (unsigned i = 0; connector_types[i]; i++)
		if (!type_configured(cfg, connector_types[i]))
			(*ret)[n++] = general_schema(connector_types[i], a);
	(*ret)[n++] = (struct rule_schema){.schema = metaverse};
	return n;
}

/* An outbound join can only be on the attribute that the DN is made of. */
static int check_joins(const struct rule *r, const struct connector_type *t,
	const struct schema_class *class, struct err *e)
{
	const char *identity = t->identity_attr ? t->identity_attr : "";

	if (class && class->matched_there)
		return 0;
	for (unsigned g = 0; g < r->n_joins; g++)
		if (r->joins[g].n_clauses != 1 ||
			!streq(attr_name(r->joins[g].clauses[0].cs_attr), identity))
			return err_set(e, -EINVAL, r->file, r->line,
				"rule \"%s\": an outbound rule can join only by %s; put other "
				"joins into an inbound rule",
				r->name, *identity ? identity : "nothing");
	return 0;
}

static int check_outbound(const struct rule *r, const struct connector_type *t,
	const struct schema_class *class, struct err *e)
{
	if (r->link == LINK_PROVISION && !t->target_dn)
		return err_set(e, -EINVAL, r->file, r->line,
			"rule \"%s\": objects cannot be created in a connector of type %s; use the "
			"linkType Join",
			r->name, t->name);
	return check_joins(r, t, class, e);
}

int rules_check(const struct config *cfg, const struct ruleset *set, struct err *e)
{
	unsigned n;
	const struct rule *const *all = ruleset_all(set, &n);

	for (unsigned i = 0; i < n; i++) {
		const struct rule *r = all[i];
		const struct connector_type *t =
			r->connector_type ? connector_type_find(r->connector_type) : NULL;
		const struct connector_config *cc =
			r->connector && cfg ? config_connector(cfg, r->connector) : NULL;

		const struct schema_class *class;

		t = cc ? cc->type : t;
		class = t ? schema_class_find(t->schema(cc ? &cc->settings : NULL), r->target_class)
		          : NULL;
		if (r->disabled || r->direction != RULE_OUTBOUND || !t || !t->export ||
			(t->writes_by_setting && !r->setting) || /* never in force */
			(class && class->never_sent))
			continue;
		TRY(check_outbound(r, t, class, e));
	}
	return 0;
}

/* Others than those that a setting made? */
static bool has_rules(const struct ruleset *set, const char *made)
{
	unsigned n;
	const struct rule *const *all = ruleset_all(set, &n);

	for (unsigned i = 0; i < n; i++)
		if (!streq(all[i]->file, made))
			return true;
	return false;
}

static int load_rules(const struct config *cfg, struct arena *a, struct rules **ret, struct err *e)
{
	char **paths = setting_list(&cfg->adsyncd, "rules", ',', a);
	_cleanup_rules_ struct rules *rules = rules_new();
	struct rule_schema *schemas;
	struct rule_text made;
	unsigned n = 0, n_schemas;

	TRY(metaverse_schema_load(setting_text(&cfg->adsyncd, "metaverse"), &rules->metaverse, e));
	rules->extensions = extensions_read(cfg);
	extensions_use(rules->extensions, cfg, rules->metaverse);
	made = (struct rule_text){"(made of directory_extensions)",
		extensions_rules(rules->extensions, cfg, rules->metaverse)};
	for (unsigned i = 0; paths[i]; i++)
		if (i == 0 || access(paths[i], F_OK) == 0)
			paths[n++] = paths[i];
	n_schemas = rule_schemas(cfg, rules->metaverse, a, &schemas);
	TRY(ruleset_load_with(
		(const char *const *)paths, n, &made, schemas, n_schemas, &rules->set, e));
	TRY(rules_check(cfg, rules->set, e));
	if (!has_rules(rules->set, made.name)) /* nothing would be in scope, and everything would be
	                                          deprovisioned */
		return err_set(e, -EINVAL, cfg->path, 0, "no rule was found in %s",
			paths[0] ? setting_text(&cfg->adsyncd, "rules") : "an empty list");
	*ret = steal(&rules);
	return 0;
}

int rules_load(const struct config *cfg, struct rules **ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};

	return load_rules(cfg, &a, ret, e);
}

unsigned rules_general_schemas(const struct schema *metaverse, struct arena *a,
	struct rule_schema ret[static RULES_SCHEMAS_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; connector_types[i]; i++) {
		assert(n < RULES_SCHEMAS_MAX - 1);
		ret[n++] = general_schema(connector_types[i], a);
	}
	ret[n++] = (struct rule_schema){.schema = metaverse};
	return n;
}

int rules_load_files(const char *metaverse_path, const char *const *paths, unsigned n_paths,
	struct rules **ret, struct err *e)
{
	_cleanup_rules_ struct rules *rules = rules_new();
	struct rule_schema schemas[RULES_SCHEMAS_MAX];
	_cleanup_arena_ struct arena a = {0};
	unsigned n;

	TRY(metaverse_schema_load(metaverse_path, &rules->metaverse, e));
	n = rules_general_schemas(rules->metaverse, &a, schemas);
	TRY(ruleset_load(paths, n_paths, schemas, n, &rules->set, e));
	TRY(rules_check(NULL, rules->set, e));
	*ret = steal(&rules);
	return 0;
}
