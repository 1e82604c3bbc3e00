/* What of imported rules fits the engine: attributes, flows, whole rules. */
#include "import.h"
#include "lang/import/dsml.h"
#include "lang/expr/expr.h"

#include <ctype.h>

static const char *name_of(const json_t *rule)
{
	return import_text(rule, "name");
}

/* --- the metaverse --- */

static bool has_attr(const json_t *class, const char *name)
{
	return json_object_get(class, name) != NULL;
}

static const struct schema *schema_of(const struct import *im, const char *type)
{
	for (unsigned i = 0; i < im->n_schemas; i++)
		if (im->schemas[i].connector && streq(im->schemas[i].connector_type, type))
			return im->schemas[i].schema;
	return NULL;
}

/* The type of an attribute as the export describes it; NULL: it does not. */
static const char *described(
	const struct import *im, const char *schema, const char *class, const char *attr)
{
	char key[64];
	size_t n = strlen(schema);

	if (n >= sizeof(key))
		return NULL;
	for (size_t i = 0; i <= n; i++)
		key[i] = (char)tolower((unsigned char)schema[i]);
	return dsml_type(json_object_get(im->described, key), class ? class : DSML_ANY, attr);
}

/* The type of a connector's attribute, as its description or else our schema has it. */
static const char *source_type(struct import *im, const json_t *rule, const char *attr)
{
	const char *id = import_text(rule, "connectorId"),
		   *class = import_text(rule, "sourceObjectType"), *type;
	const struct schema *s = schema_of(im, import_text(rule, "connectorType"));
	const struct schema_class *c = s && class ? schema_class_find(s, class) : NULL;
	const struct schema_attr *a = c ? schema_attr_find(c, attr) : NULL;

	type = described(im, id ? id : SYNCRULE_ENTRA_ID, class, attr);
	if (type || !a)
		return type;
	return arena_printf(
		&im->a, "%s%s", value_type_name(a->type), a->flags & SCHEMA_MULTI ? " multi" : "");
}

/* The type of a flow's value as far as it is known: of its source, or text. */
static const char *guess_type(struct import *im, const json_t *rule, const json_t *flow)
{
	const char *source = import_text(flow, "source");
	const char *type = source ? source_type(im, rule, source) : NULL;

	if (type)
		return type;
	return import_text(flow, "mergeType") ? "string multi" : "string";
}

/* A class of the metaverse that ours lacks, when the export describes it. */
static json_t *class_of(struct import *im, const char *class)
{
	json_t *all = json_object_get(im->metaverse, "classes");

	if (!json_object_get(all, class) && !streq(class, DSML_ANY) &&
		json_object_get(json_object_get(im->described, DESCRIBED_MV), class))
		json_object_set_new(all, class, json_object());
	return json_object_get(all, class);
}

static void add_attr(struct import *im, const json_t *rule, const char *class, const char *attr,
	const char *guess)
{
	const char *type = described(im, DESCRIBED_MV, class, attr);
	json_t *c = class_of(im, class);

	if (!c || has_attr(c, attr) || rule_class_any(class))
		return;
	json_object_set_new(c, attr, json_string(type ? type : guess));
	im->n_new++;
	syncrule_remark(im->notes, name_of(rule),
		arena_printf(&im->a, "metaverse attribute %s of %s", attr, class),
		type ? arena_printf(
			       &im->a, "it is new, and \"%s\" as the export describes it", type)
		     : arena_printf(&im->a,
			       "it is new; metaverse.json has it as \"%s\", see whether that is "
			       "right",
			       guess));
}

/* What an outbound rule reads of the metaverse. */
static void add_read_attrs(struct import *im, const json_t *rule, const char *class)
{
	size_t i, k;
	json_t *f, *g;

	json_array_foreach (json_object_get(rule, "flows"), i, f) {
		const char *source = import_text(f, "source"), *text = import_text(f, "expression");
		struct expr *x;
		unsigned n;

		if (source)
			add_attr(im, rule, class, source, "string");
		if (!text || expr_compile(text, &x, NULL, NULL) < 0)
			continue;
		for (const unsigned *at = expr_attrs(x, &n); n; at++, n--)
			add_attr(im, rule, class, attr_name(*at), "string");
		expr_free(x);
	}
	json_array_foreach (json_object_get(rule, "scope"), i, g)
		json_array_foreach (g, k, f)
			if (import_text(f, "attribute"))
				add_attr(im, rule, class, import_text(f, "attribute"), "string");
}

/* What a rule looks up in the metaverse: of the type of the other side. */
static void add_join_attrs(struct import *im, const json_t *rule, const char *class)
{
	size_t i, k;
	json_t *group, *clause;

	json_array_foreach (json_object_get(rule, "join"), i, group)
		json_array_foreach (group, k, clause) {
			const char *attr = import_text(clause, "mvAttribute");
			const char *cs = import_text(clause, "csAttribute");
			const char *type = cs ? source_type(im, rule, cs) : NULL;

			if (attr)
				add_attr(im, rule, class, attr, type ? type : "string");
		}
}

static void extend_metaverse(struct import *im, bool inbound)
{
	size_t i, k;
	json_t *r, *f;

	json_array_foreach (im->rules, i, r) {
		bool in = streq(
			import_text(r, "direction") ? import_text(r, "direction") : "", "Inbound");
		const char *class = import_text(r, in ? "targetObjectType" : "sourceObjectType");

		if (in != inbound || !class)
			continue;
		add_join_attrs(im, r, class);
		if (!in) {
			add_read_attrs(im, r, class);
			continue;
		}
		json_array_foreach (json_object_get(r, "flows"), k, f)
			add_attr(im, r, class, import_text(f, "dest"), guess_type(im, r, f));
	}
}

void import_extend_metaverse(struct import *im)
{
	extend_metaverse(im, true); /* first: the types are better known there */
	extend_metaverse(im, false);
}

/* --- what does not fit --- */

/* Flows to, or from, attributes that the connector does not have. */
static void drop_flows(struct import *im, json_t *rule)
{
	bool in = streq(
		import_text(rule, "direction") ? import_text(rule, "direction") : "", "Inbound");
	const struct schema *s = schema_of(im, import_text(rule, "connectorType"));
	const char *class = import_text(rule, in ? "sourceObjectType" : "targetObjectType");
	const struct schema_class *c = s && class ? schema_class_find(s, class) : NULL;
	json_t *flows = json_object_get(rule, "flows");

	for (size_t i = 0; c && !s->open && i < json_array_size(flows); i++) {
		const json_t *f = json_array_get(flows, i);
		const char *attr = import_text(f, in ? "source" : "dest");

		if (!attr || schema_attr_find(c, schema_attr_name(s, attr)) || streq(attr, "dn") ||
			streq(attr, "cloudAnchor"))
			continue;
		syncrule_note(im->notes, name_of(rule),
			arena_printf(&im->a, "flow to %s", import_text(f, "dest")),
			arena_printf(&im->a,
				"the connector has no attribute %s of %s; the flow was "
				"left out",
				attr, class));
		json_array_remove(flows, i--);
	}
}

/* A flow of its own kind that the engine makes by itself. */
static void drop_own_dn(struct import *im, json_t *rule)
{
	json_t *flows = json_object_get(rule, "flows");
	const char *type = import_text(rule, "connectorType"), *d = import_text(rule, "direction");

	if (!type || !streq(type, "entra") || !d || !streq(d, "Outbound"))
		return;
	for (size_t i = 0; i < json_array_size(flows); i++) {
		const char *dest = import_text(json_array_get(flows, i), "dest");

		if (dest && streq(dest, "dn"))
			syncrule_remark(im->notes, name_of(rule), "flow to dn",
				"it is kept, and has no effect: the DN is always made of the "
				"sourceAnchor");
	}
}

char *import_wrap(const json_t *rules)
{
	json_t *o = json_pack("{s:O}", "rules", rules);
	char *text = json_dumps(o, JSON_INDENT(1));

	json_decref(o);
	return text;
}

int import_try_rules(struct import *im, const json_t *rules, struct err *e)
{
	_cleanup_free_ char *text = import_wrap(rules);
	_cleanup_ruleset_ struct ruleset *set = NULL;

	TRY(ruleset_load_text("import", text, im->schemas, im->n_schemas, &set, e));
	return rules_check(NULL, set, e);
}

static void disable(struct import *im, json_t *rule, const json_t *alone, const struct err *e)
{
	struct err again;

	json_object_set_new(rule, "disabled", json_true());
	im->n_disabled++;
	if (import_try_rules(im, alone, &again) == 0) {
		syncrule_note(im->notes, name_of(rule), IMPORT_WHOLE_RULE,
			arena_printf(&im->a, "it was disabled: %s", e->text));
		return;
	}
	json_object_set_new(rule, "left-out", json_true());
	im->n_left_out++;
	syncrule_note(im->notes, name_of(rule), IMPORT_WHOLE_RULE,
		arena_printf(&im->a, "it was left out: %s", again.text));
}

void import_fit_rules(struct import *im)
{
	json_t *kept = json_array(), *r;
	size_t i;

	json_array_foreach (im->rules, i, r) {
		json_t *one = json_pack("[O]", r);
		struct err e = {0};

		drop_flows(im, r);
		drop_own_dn(im, r);
		if (import_try_rules(im, one, &e) < 0) {
			disable(im, r, one, &e);
		} else if (streq(import_text(r, "connectorType"), "ad") &&
			   streq(import_text(r, "direction"), "Outbound") &&
			   !import_text(r, "setting")) {
			syncrule_remark(im->notes, name_of(r), IMPORT_WHOLE_RULE,
				"it is kept and checked, and never applied: nothing is exported to "
				"AD by a rule without \"setting\"");
		}
		if (!json_object_get(r, "left-out"))
			json_array_append(kept, r);
		json_decref(one);
	}
	json_decref(im->rules);
	im->rules = kept;
}
