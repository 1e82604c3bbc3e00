/* The commands about rules: offline, they read the files that the configuration names. */
#include "ctl.h"
#include "base/file.h"
#include "lang/expr/expr.h"
#include "lang/import/offline.h"
#include "lang/rule/check.h"
#include "lang/rule/flow.h"
#include "lang/rule/scope.h"
#include "model/entry_json.h"
#include "print.h"
#include "sync/run.h"

#include <errno.h>
#include <stdio.h>

const char *ctl_metaverse(const struct ctl *c, struct arena *a)
{
	_cleanup_config_ struct config *cfg = NULL;
	struct err ignored;

	const char *path = ADSYNC_DATADIR "/metaverse.json";

	if (c->metaverse)
		return c->metaverse;
	if (config_load(c->config, &cfg, &ignored) == 0)
		path = arena_strdup(a, setting_text(&cfg->adsyncd, "metaverse"));
	return streq(path, ADSYNC_DATADIR "/metaverse.json") && access(path, F_OK) < 0 ? NULL
	                                                                               : path;
}

int ctl_load_rules(const struct ctl *c, int argc, char **argv, struct rules **ret, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	_cleanup_config_ struct config *cfg = NULL;
	int r;

	if (argc)
		return rules_load_files(
			ctl_metaverse(c, &a), (const char *const *)argv, (unsigned)argc, ret, e);
	r = config_load(c->config, &cfg, e);
	return r < 0 ? r : rules_load(cfg, ret, e);
}

static const char *connector_of(const struct rule *r)
{
	return r->connector ? r->connector : r->connector_type;
}

static json_t *rule_row(const struct rule *r)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:s, s:i}", "precedence",
		r->precedence, "direction", r->direction == RULE_INBOUND ? "Inbound" : "Outbound",
		"name", r->name, "connector", connector_of(r), "source", r->source_class, "target",
		r->target_class, "link", link_type_name(r->link), "flows", (int)r->n_flows,
		"disabled", r->disabled, "file", r->file, "line", r->line);
}

int command_rules_list(const struct ctl *c, int argc, char **argv)
{
	static const struct column columns[] = {
		{"PRECEDENCE", "precedence"},
		{"DIRECTION", "direction"},
		{"NAME", "name"},
		{"CONNECTOR", "connector"},
		{"SOURCE", "source"},
		{"TARGET", "target"},
		{"LINK", "link"},
		{"FLOWS", "flows"},
		{"DISABLED", "disabled"},
	};
	_cleanup_rules_ struct rules *rules = NULL;
	const struct rule *const *all;
	struct err e = {0};
	json_t *list;
	unsigned n;

	if (ctl_load_rules(c, argc, argv, &rules, &e) < 0)
		return ctl_fail(&e, CTL_ERRORS);
	all = ruleset_all(rules->set, &n);
	list = json_array();
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(list, rule_row(all[i]));
	if (c->json)
		print_json(list);
	else
		print_table(list, columns, ARRAY_SIZE(columns));
	json_decref(list);
	return 0;
}

static const struct rule *find(const struct ruleset *rules, const char *name)
{
	unsigned n;
	const struct rule *const *all = ruleset_all(rules, &n);

	for (unsigned i = 0; i < n; i++)
		if (strcasecmp(all[i]->name, name) == 0 ||
			(all[i]->id && strcasecmp(all[i]->id, name) == 0))
			return all[i];
	return NULL;
}

int command_rules_show(const struct ctl *c, int argc, char **argv)
{
	_cleanup_rules_ struct rules *rules = NULL;
	const struct rule *r;
	struct err e = {0};
	json_t *o;

	if (ctl_load_rules(c, argc - 1, argv + 1, &rules, &e) < 0)
		return ctl_fail(&e, CTL_ERRORS);
	r = find(rules->set, argv[0]);
	if (!r) {
		fprintf(stderr, "adsyncctl: there is no rule \"%s\"\n", argv[0]);
		return CTL_ERRORS;
	}
	if (!c->json)
		printf("# %s:%d\n", r->file, r->line);
	o = json_loads(r->text, 0, NULL);
	print_json(o);
	json_decref(o);
	return 0;
}

/* --- validate --- */

static void warn(json_t *warnings, const struct rule *r, int line, const char *text)
{
	json_array_append_new(warnings, json_pack("{s:s, s:s, s:i, s:s}", "rule", r->name, "file",
						r->file, "line", line, "warning", text));
}

/* The kind of directory that a rule is for, and the section of it; both may be unknown (NULL). */
static const struct connector_type *type_of(
	const struct config *cfg, const struct rule *r, const struct connector_config **ret)
{
	const struct connector_type *t =
		r->connector_type ? connector_type_find(r->connector_type) : NULL;

	*ret = cfg && r->connector ? config_connector(cfg, r->connector) : NULL;
	if (*ret)
		return (*ret)->type;
	for (unsigned i = 0; cfg && i < cfg->n_connectors && !*ret; i++)
		if (cfg->connectors[i].type == t)
			*ret = &cfg->connectors[i];
	return t;
}

/* The target's attribute as the connector knows it; NULL: inbound, or an unknown connector. */
static const struct schema_attr *target_attr(
	const struct config *cfg, const struct rule *r, const struct flow *f)
{
	const struct connector_config *cc;
	const struct connector_type *t = type_of(cfg, r, &cc);
	const struct schema_class *class;

	if (!t || r->direction == RULE_INBOUND)
		return NULL;
	class = schema_class_find(t->schema(cc ? &cc->settings : NULL), r->target_class);
	return class ? schema_attr_find(class, attr_name(f->dest)) : NULL;
}

static bool exports(const struct config *cfg, const struct rule *r)
{
	const struct connector_config *cc;
	const struct connector_type *t = type_of(cfg, r, &cc);

	return !t || (t->export && (r->setting || !t->writes_by_setting));
}

#define ANSWERS_MAX 4 /* different answers to "which surfaces send it?" */

/* The flows of a rule with one answer; by 0: no surface. */
struct unsent {
	unsigned by;
	const char *names;
	unsigned n;
};

static unsigned unsent_add(
	struct unsent *all, unsigned n, unsigned by, const char *name, struct arena *a)
{
	unsigned i = 0;

	while (i < n && all[i].by != by)
		i++;
	if (i == ANSWERS_MAX)
		return n;
	if (i == n)
		all[n++] = (struct unsent){.by = by, .names = ""};
	all[i].names = arena_printf(a, "%s%s%s", all[i].names, all[i].n++ ? ", " : "", name);
	return n;
}

/* Is it all there is, in this configuration or in every one? */
static bool is_sent(const struct connector_config *cc, const struct connector_type *t, unsigned by)
{
	unsigned must = t->surface(cc ? &cc->settings : NULL);

	return (by & must) == must;
}

/* Outbound flows to attributes that are not sent: a warning for each answer to "by whom?" */
static void warn_not_sent(const struct config *cfg, const struct rule *r, json_t *warnings)
{
	_cleanup_arena_ struct arena a = {0};
	struct unsent all[ANSWERS_MAX];
	const struct connector_config *cc;
	const struct connector_type *t = type_of(cfg, r, &cc);
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_flows && t && t->surfaces; i++) {
		const struct schema_attr *attr = target_attr(cfg, r, &r->flows[i]);
		unsigned by = attr ? t->surfaces(r->target_class, attr->name) : 0;

		if (attr && !streq(attr->name, "dn") && !is_sent(cc, t, by))
			n = unsent_add(all, n, by, attr->name, &a);
	}
	for (unsigned i = 0; i < n; i++)
		warn(warnings, r, r->line,
			all[i].by ? arena_printf(&a, "%u flow(s) are sent by surface = %s only: %s",
					    all[i].n, t->surfaces_text(all[i].by), all[i].names)
				  : arena_printf(&a,
					    "%u flow(s) are computed and not sent, no surface "
					    "writes: %s",
					    all[i].n, all[i].names));
}

/* The same where there is only one surface: attributes that no export writes. */
static void warn_not_written(const struct config *cfg, const struct rule *r, json_t *warnings)
{
	_cleanup_arena_ struct arena a = {0};
	const struct connector_config *cc;
	const struct connector_type *t = type_of(cfg, r, &cc);
	const char *names = "";
	unsigned n = 0;

	for (unsigned i = 0;
		i < r->n_flows && t && !t->surfaces && !rule_class_any(r->target_class); i++) {
		const struct schema_attr *attr = target_attr(cfg, r, &r->flows[i]);

		if (!attr || attr->flags & SCHEMA_READ_ONLY)
			names = arena_printf(
				&a, "%s%s%s", names, n++ ? ", " : "", attr_name(r->flows[i].dest));
	}
	if (n)
		warn(warnings, r, r->line,
			arena_printf(&a,
				"%u flow(s) are computed and not sent, no export writes: %s", n,
				names));
}

/* The class of the connector that the rule makes objects of; NULL: the connector has none. */
static const struct schema_class *class_of(const struct config *cfg, const struct rule *r)
{
	const struct connector_config *cc;
	const struct connector_type *t = type_of(cfg, r, &cc);

	return t ? schema_class_find(t->schema(cc ? &cc->settings : NULL), r->target_class) : NULL;
}

static void warn_outbound(const struct config *cfg, const struct rule *r, json_t *warnings)
{
	const struct schema_class *class = class_of(cfg, r);

	if (!exports(cfg, r)) {
		warn(warnings, r, r->line,
			"nothing is exported to this connector by a rule without \"setting\": "
			"never "
			"applied");
	} else if (class && class->never_sent) {
		warn(warnings, r, r->line, "its objects stay here: no surface sends this class");
	} else {
		if (class && class->matched_there && r->n_joins)
			warn(warnings, r, r->line,
				"its join conditions are kept and not applied: the service itself "
				"finds whom an object of this class is");
		warn_not_sent(cfg, r, warnings);
		warn_not_written(cfg, r, warnings);
	}
}

static void warn_rule(const struct config *cfg, const struct rule *r, json_t *warnings)
{
	if (r->disabled)
		return;
	if (r->direction == RULE_OUTBOUND)
		warn_outbound(cfg, r, warnings);
	if (r->link == LINK_JOIN_NO_FLOW && r->n_flows)
		warn(warnings, r, r->line, "link type JoinNoFlow: its flows are not applied");
	for (unsigned i = 0; i < r->n_flows; i++)
		if (r->flows[i].kind == FLOW_EXPRESSION && !r->flows[i].once &&
			expr_varies(r->flows[i].expr))
			warn(warnings, r, r->flows[i].line,
				"the value differs at each synchronization, which exports it each "
				"time; executeOnce keeps the first");
}

/* Two rules with join conditions for one object: the first that finds one object wins. */
static void warn_joins(const struct ruleset *rules, json_t *warnings)
{
	_cleanup_arena_ struct arena a = {0};
	unsigned n;
	const struct rule *const *all = ruleset_all(rules, &n);

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = i + 1; k < n; k++)
			if (ruleset_joins_meet(rules, all[i], all[k]))
				warn(warnings, all[k], all[k]->line,
					arena_printf(&a,
						"it has join conditions, and so has \"%s\" "
						"(%s:%d), "
						"which comes first: both can be in scope of one "
						"%s, and "
						"are then tried in order of precedence",
						all[i]->name, all[i]->file, all[i]->line,
						all[k]->source_class));
}

int command_rules_validate(const struct ctl *c, int argc, char **argv)
{
	_cleanup_rules_ struct rules *rules = NULL;
	_cleanup_config_ struct config *cfg = NULL;
	json_t *warnings = json_array(), *w;
	const struct rule *const *all = NULL;
	struct err e = {0}, ignored;
	char text[1100];
	unsigned n = 0;
	size_t i;
	int r = ctl_load_rules(c, argc, argv, &rules, &e);

	if (config_load(c->config, &cfg, &ignored) < 0)
		cfg = NULL;
	if (r == 0)
		all = ruleset_all(rules->set, &n);
	for (i = 0; i < n; i++)
		warn_rule(cfg, all[i], warnings);
	if (r == 0)
		warn_joins(rules->set, warnings);
	if (c->json) {
		json_t *o = json_pack("{s:b, s:s, s:i, s:O}", "good", r == 0, "error",
			r < 0 ? err_format(&e, text, sizeof(text)) : "", "rules", (int)n,
			"warnings", warnings);

		print_json(o);
		json_decref(o);
	} else if (r < 0) {
		ctl_fail(&e, CTL_ERRORS);
	} else {
		json_array_foreach (warnings, i, w)
			printf("%s:%lld: rule \"%s\": %s\n", text_of(w, "file"),
				(long long)json_integer_value(json_object_get(w, "line")),
				text_of(w, "rule"), text_of(w, "warning"));
		printf("good: %u rules, %zu warnings\n", n, json_array_size(warnings));
	}
	json_decref(warnings);
	return r < 0 ? CTL_ERRORS : 0;
}

/* --- diff --- */

static json_t *all_json(const struct ruleset *rules)
{
	unsigned n;
	const struct rule *const *all = ruleset_all(rules, &n);
	json_t *o = json_object();

	for (unsigned i = 0; i < n; i++) {
		char *key = xasprintf("%s (%s)", all[i]->name, connector_of(all[i]));

		json_object_set_new(o, key, json_loads(all[i]->text, 0, NULL));
		free(key);
	}
	return o;
}

static char *one_line(const json_t *v)
{
	return v ? json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS) : NULL;
}

static void print_side(char sign, const char *what, const json_t *v)
{
	_cleanup_free_ char *text = one_line(v);

	if (text)
		printf("  %c %s: %s\n", sign, what, text);
}

static const json_t *flow_to(const json_t *flows, const char *dest)
{
	size_t i;
	json_t *f;

	json_array_foreach ((json_t *)flows, i, f)
		if (streq(text_of(f, "dest"), dest))
			return f;
	return NULL;
}

static void diff_flows(const json_t *old, const json_t *new)
{
	size_t i;
	json_t *f;

	json_array_foreach ((json_t *)old, i, f) {
		const char *dest = text_of(f, "dest");
		const json_t *other = flow_to(new, dest);

		if (!other || !json_equal(f, other))
			print_side('-', dest, f);
		if (other && !json_equal(f, other))
			print_side('+', dest, other);
	}
	json_array_foreach ((json_t *)new, i, f) {
		const char *dest = text_of(f, "dest");

		if (!flow_to(old, dest))
			print_side('+', dest, f);
	}
}

static void diff_rule(const char *name, const json_t *old, const json_t *new)
{
	const char *key;
	json_t *v;

	printf("changed: %s\n", name);
	json_object_foreach ((json_t *)old, key, v) {
		const json_t *other = json_object_get(new, key);

		if (streq(key, "flows")) {
			diff_flows(v, other);
		} else if (!other || !json_equal(v, other)) {
			print_side('-', key, v);
			print_side('+', key, other);
		}
	}
	json_object_foreach ((json_t *)new, key, v)
		if (!json_object_get(old, key))
			print_side('+', key, v);
}

static int diff(const struct ctl *c, const json_t *old, const json_t *new)
{
	json_t *report = json_pack("{s:[], s:[], s:[]}", "removed", "added", "changed"), *v;
	bool same = true;
	const char *key;

	json_object_foreach ((json_t *)old, key, v) {
		const json_t *other = json_object_get(new, key);
		const char *list = other ? "changed" : "removed";

		if (other && json_equal(v, other))
			continue;
		same = false;
		json_array_append_new(json_object_get(report, list), json_string(key));
		if (!c->json && other)
			diff_rule(key, v, other);
		else if (!c->json)
			printf("removed: %s\n", key);
	}
	json_object_foreach ((json_t *)new, key, v) {
		if (json_object_get(old, key))
			continue;
		same = false;
		json_array_append_new(json_object_get(report, "added"), json_string(key));
		if (!c->json)
			printf("added: %s\n", key);
	}
	if (c->json)
		print_json(report);
	else if (same)
		puts("the rules are the same");
	json_decref(report);
	return same ? 0 : CTL_ERRORS;
}

int command_rules_diff(const struct ctl *c, int argc, char **argv)
{
	_cleanup_rules_ struct rules *old = NULL, *new = NULL;
	struct err e = {0};
	json_t *a, *b;
	int r;

	if (ctl_load_rules(c, 1, argv, &old, &e) < 0 ||
		ctl_load_rules(c, 1, argv + 1, &new, &e) < 0)
		return ctl_fail(&e, CTL_ERRORS);
	a = all_json(old->set);
	b = all_json(new->set);
	r = diff(c, a, b);
	json_decref(a);
	json_decref(b);
	return r;
}

/* --- explain --- */

static const char *const WHERE[] = {"the metaverse", "the connector space"};

static void explain_scope(const struct rule *r, struct arena *a)
{
	if (!r->scope) {
		puts("  In scope: always.");
		return;
	}
	puts("  In scope when:");
	for (unsigned g = 0; g < r->scope->n_groups; g++) {
		const struct scope_group *group = &r->scope->groups[g];

		printf("    %s", g ? "or " : "");
		for (unsigned i = 0; i < group->n_clauses; i++)
			printf("%s%s", i ? " and " : "", scope_clause_text(&group->clauses[i], a));
		puts("");
	}
}

static void explain_joins(const struct rule *r)
{
	for (unsigned g = 0; g < r->n_joins; g++) {
		printf("  %s", g ? "    else by " : "Joins by ");
		for (unsigned i = 0; i < r->joins[g].n_clauses; i++) {
			const struct join_clause *c = &r->joins[g].clauses[i];

			printf("%s%s = %s%s", i ? " and " : "", attr_name(c->cs_attr),
				attr_name(c->mv_attr), c->case_sensitive ? " (exact case)" : "");
		}
		puts(" (connector space = metaverse), when exactly one object is found.");
	}
}

static void explain_rule(const struct rule *r)
{
	static const char *const LINKS[] = {
#define X(name, word, help) [LINK_##name] = help,
		LINK_TYPES(X)
#undef X
	};
	_cleanup_arena_ struct arena a = {0};
	bool in = r->direction == RULE_INBOUND;

	printf("%s (precedence %d, %s:%d)\n", r->name, r->precedence, r->file, r->line);
	if (r->disabled)
		puts("  It is disabled: nothing of this happens.");
	printf("  %s: from \"%s\" of %s (%s) to \"%s\" of %s.\n", in ? "Inbound" : "Outbound",
		r->source_class, in ? WHERE[1] : WHERE[0], connector_of(r), r->target_class,
		in ? WHERE[0] : WHERE[1]);
	explain_scope(r, &a);
	printf("  Link type %s: %s.\n", link_type_name(r->link), LINKS[r->link]);
	explain_joins(r);
	if (r->soft_delete)
		printf("  An object that leaves the scope is deleted after %lld s.\n",
			(long long)r->soft_delete);
	for (unsigned i = 0; i < r->n_flows; i++)
		printf("  %s\n", flow_text(r, &r->flows[i], &a));
}

/* All flows to an attribute, in the order in which they are asked. */
static unsigned explain_attribute(const struct ruleset *rules, const char *name)
{
	_cleanup_arena_ struct arena a = {0};
	unsigned n, found = 0;
	const struct rule *const *all = ruleset_all(rules, &n);

	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < all[i]->n_flows; k++) {
			const struct rule *r = all[i];

			if (!streq(attr_name(r->flows[k].dest), name) || r->disabled)
				continue;
			if (!found++)
				printf("Flows to %s; the lowest precedence number that gives a "
				       "value stands:\n",
					name);
			printf("  %5d  %s (%s, %s to %s)\n         %s\n", r->precedence, r->name,
				connector_of(r), r->source_class, r->target_class,
				flow_text(r, &r->flows[k], &a));
		}
	return found;
}

int command_rules_explain(const struct ctl *c, int argc, char **argv)
{
	_cleanup_rules_ struct rules *rules = NULL;
	const struct rule *r;
	struct err e = {0};

	if (ctl_load_rules(c, argc - 1, argv + 1, &rules, &e) < 0)
		return ctl_fail(&e, CTL_ERRORS);
	r = find(rules->set, argv[0]);
	if (r) {
		explain_rule(r);
		return 0;
	}
	if (explain_attribute(rules->set, argv[0]))
		return 0;
	fprintf(stderr,
		"adsyncctl: there is no rule \"%s\", and no rule flows to an attribute of that "
		"name\n",
		argv[0]);
	return CTL_ERRORS;
}

/* --- eval --- */

static int read_entry(const char *path, json_t **ret, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	json_error_t je;
	size_t len;
	int r = file_read(path, 8 * 1024 * 1024, &text, &len, e);

	if (r < 0)
		return r;
	*ret = json_loadb(text, len, JSON_REJECT_DUPLICATES, &je);
	return *ret ? 0 : err_set(e, -EINVAL, path, je.line, "column %d: %s", je.column, je.text);
}

static int eval(const struct ctl *c, const json_t *entry, struct err *e)
{
	_cleanup_arena_ struct arena a = {0};
	struct flow_result result;
	struct offline o;
	json_t *out;
	int r = offline_init(&o, entry, &a, e);

	if (r == 0)
		r = offline_eval(&o, c->expr, &result, e);
	if (r < 0)
		return r;
	if (result.kind == FLOW_RESULT_ERROR)
		return err_set(e, -EINVAL, NULL, 0, "%s", result.error);
	out = offline_result(&o, &result);
	print_json(out);
	json_decref(out);
	return 0;
}

int command_rules_eval(const struct ctl *c, int argc, char **argv)
{
	json_t *entry = NULL;
	struct err e = {0};
	int r = 0;

	if (!c->expr) {
		fputs("Usage: adsyncctl rules eval --expr 'EXPRESSION' [--entry FILE.json]\n",
			stderr);
		return CTL_USAGE;
	}
	if (c->entry)
		r = read_entry(c->entry, &entry, &e);
	if (r == 0)
		r = eval(c, entry, &e);
	json_decref(entry);
	return r < 0 ? ctl_fail(&e, CTL_ERRORS) : 0;
}
