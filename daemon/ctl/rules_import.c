/*
 * adsyncctl rules import and export: between the files of Get-ADSyncServerConfiguration and ours.
 * Import writes rule files, a metaverse that has the attributes that the rules name, and a proposal
 * for adsyncd.conf; all that has no counterpart is in its report.
 */
#include "ctl.h"
#include "base/file.h"
#include "lang/expr.h"
#include "lang/metaverse.h"
#include "lang/syncrule.h"
#include "model/entry_json.h"
#include "sync/run.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define FILES_MAX 5000

struct import {
	const struct ctl *ctl;
	struct arena a;
	json_t *rules;      /* in order of precedence */
	json_t *connectors; /* of Connectors: {"id", "name", "category", ...} */
	json_t *notes;
	json_t *metaverse; /* {"classes": ...}, with what the rules add */
	unsigned n_files, n_disabled, n_new;
	struct rule_schema schemas[RUN_SCHEMAS_MAX];
	unsigned n_schemas;
};

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static const char *name_of(const json_t *rule)
{
	return text_of(rule, "name");
}

/* --- reading --- */

static json_t *texts_below(
	const struct xml_node *n, const char *list, const char *item, struct arena *a)
{
	const struct xml_node *l = xml_find(n, list);
	json_t *ret = json_array();

	for (const struct xml_node *c = l ? l->first : NULL; c; c = c->next)
		if (streq(c->name, item) && *xml_trim(c->text, a))
			json_array_append_new(ret, json_string(xml_trim(c->text, a)));
	return ret;
}

static void read_partitions(const struct xml_node *root, json_t *o, struct arena *a)
{
	const struct xml_node *data = xml_find(root, "ma-partition-data");
	json_t *list = json_array();

	for (const struct xml_node *p = data ? data->first : NULL; p; p = p->next) {
		const char *selected = xml_text(p, "selected", a), *dn = xml_text(p, "name", a);

		if (!streq(p->name, "partition") || !dn || !selected || !streq(selected, "1"))
			continue;
		json_array_append_new(
			list, json_pack("{s:s, s:o, s:o}", "dn", dn, "inclusions",
				      texts_below(p, "inclusions", "inclusion", a), "exclusions",
				      texts_below(p, "exclusions", "exclusion", a)));
	}
	json_object_set_new(o, "partitions", list);
}

/* <ma-data>: the settings of a connector; passwords are encrypted there and stay behind. */
static void read_connector(struct import *im, const struct xml_node *root)
{
	static const char *const KEYS[] = {
		"forest-name", "forest-login-user", "forest-login-domain"};
	json_t *o = json_object();

	json_object_set_new(o, "id", json_string(xml_text(root, "id", &im->a)));
	json_object_set_new(o, "name", json_string(xml_text(root, "name", &im->a)));
	json_object_set_new(o, "category", json_string(xml_text(root, "category", &im->a)));
	for (unsigned i = 0; i < ARRAY_SIZE(KEYS); i++) {
		const struct xml_node *n = xml_find(root, KEYS[i]);

		if (n)
			json_object_set_new(o, KEYS[i], json_string(xml_trim(n->text, &im->a)));
	}
	read_partitions(root, o, &im->a);
	json_array_append_new(im->connectors, o);
}

static int read_file(struct import *im, const char *path, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	struct xml_node *root;
	json_t *rule;
	size_t len;

	if (++im->n_files > FILES_MAX)
		return err_set(e, -E2BIG, path, 0, "over %d files", FILES_MAX);
	TRY(file_read(path, XML_BYTES_MAX, &text, &len, e));
	TRY(xml_read(path, text, len, &im->a, &root, e));
	if (streq(root->name, "saved-ma-configuration") && xml_child(root, "ma-data"))
		root = (struct xml_node *)xml_child(root, "ma-data");
	if (streq(root->name, "ma-data")) {
		read_connector(im, root);
		return 0;
	}
	if (!streq(root->name, "synchronizationRule")) {
		syncrule_note(im->notes, "", path,
			arena_printf(&im->a,
				"<%s> is neither a rule nor a connector; the file was "
				"left out",
				root->name));
		return 0;
	}
	rule = syncrule_from_xml(path, root, im->notes, &im->a, e);
	if (!rule)
		return -EINVAL;
	if (im->ctl->custom && text_of(rule, "immutableTag"))
		json_decref(rule); /* one that comes with Connect Sync */
	else
		json_array_append_new(im->rules, rule);
	return 0;
}

static int only_entries(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static bool is_xml(const char *name)
{
	size_t n = strlen(name);

	return n > 4 && strcasecmp(name + n - 4, ".xml") == 0;
}

/* A folder with its folders: the export has Connectors and SynchronizationRules. */
static int read_path(struct import *im, const char *path, int depth, struct err *e)
{
	struct dirent **names;
	struct stat st;
	int n, r = 0;

	if (stat(path, &st) < 0)
		return err_set(e, -errno, path, 0, "cannot read: %s", strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return read_file(im, path, e);
	if (depth > 3)
		return 0;
	n = scandir(path, &names, only_entries, alphasort);
	if (n < 0)
		return err_set(e, -errno, path, 0, "cannot read: %s", strerror(errno));
	for (int i = 0; i < n; i++) {
		const char *child = arena_printf(&im->a, "%s/%s", path, names[i]->d_name);

		if (r == 0 && stat(child, &st) == 0 &&
			(S_ISDIR(st.st_mode) || is_xml(names[i]->d_name)))
			r = read_path(im, child, depth + 1, e);
		free(names[i]);
	}
	free(names);
	return r;
}

/* --- connectors --- */

static const json_t *connector_of_id(const struct import *im, const char *id)
{
	size_t i;
	json_t *c;

	json_array_foreach (im->connectors, i, c)
		if (text_of(c, "id") && strcasecmp(text_of(c, "id"), id) == 0)
			return c;
	return NULL;
}

static unsigned count_ad_connectors(const struct import *im)
{
	const char *seen = NULL;
	unsigned n = 0;
	size_t i;
	json_t *r;

	json_array_foreach (im->rules, i, r) {
		const char *id = text_of(r, "connectorId");

		if (id && (!seen || strcasecmp(id, seen) != 0))
			n++;
		seen = id ? id : seen;
	}
	return n;
}

/* With several forests, each rule names its connector; with one, "ad" says it all. */
static void name_connectors(struct import *im)
{
	bool several = count_ad_connectors(im) > 1;
	size_t i;
	json_t *r;

	json_array_foreach (im->rules, i, r) {
		const char *id = text_of(r, "connectorId");
		const json_t *c = id ? connector_of_id(im, id) : NULL;
		const char *name = c ? text_of(c, "name") : NULL;

		if (!id || !several)
			continue;
		if (!name) {
			name = arena_printf(&im->a, "ad-%.8s", id + (*id == '{'));
			syncrule_note(im->notes, name_of(r), "connector",
				arena_printf(&im->a,
					"no file tells the name of connector %s; it is called "
					"\"%s\" here",
					id, name));
		}
		json_object_set_new(r, "connector", json_string(name));
	}
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

/* The type of a flow's value as far as it is known: of its source, or text. */
static const char *guess_type(struct import *im, const json_t *rule, const json_t *flow)
{
	const struct schema *s = schema_of(im, text_of(rule, "connectorType"));
	const char *source = text_of(flow, "source"), *class = text_of(rule, "sourceObjectType");
	const struct schema_class *c = s && class ? schema_class_find(s, class) : NULL;
	const struct schema_attr *a = c && source ? schema_attr_find(c, source) : NULL;

	if (a)
		return arena_printf(&im->a, "%s%s", value_type_name(a->type),
			a->flags & SCHEMA_MULTI ? " multi" : "");
	return text_of(flow, "mergeType") ? "string multi" : "string";
}

static void add_attr(struct import *im, const json_t *rule, const char *class, const char *attr,
	const char *type)
{
	json_t *c = json_object_get(json_object_get(im->metaverse, "classes"), class);

	if (!c || has_attr(c, attr) || streq(class, "*"))
		return;
	json_object_set_new(c, attr, json_string(type));
	im->n_new++;
	syncrule_note(im->notes, name_of(rule),
		arena_printf(&im->a, "metaverse attribute %s of %s", attr, class),
		arena_printf(&im->a,
			"it is new; metaverse.json has it as \"%s\", see whether "
			"that is right",
			type));
}

/* What an outbound rule reads of the metaverse. */
static void add_read_attrs(struct import *im, const json_t *rule, const char *class)
{
	size_t i, k;
	json_t *f, *g;

	json_array_foreach (json_object_get(rule, "flows"), i, f) {
		const char *source = text_of(f, "source"), *text = text_of(f, "expression");
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
			if (text_of(f, "attribute"))
				add_attr(im, rule, class, text_of(f, "attribute"), "string");
}

static void extend_metaverse(struct import *im, bool inbound)
{
	size_t i, k;
	json_t *r, *f;

	json_array_foreach (im->rules, i, r) {
		bool in = streq(text_of(r, "direction") ? text_of(r, "direction") : "", "Inbound");
		const char *class = text_of(r, in ? "targetObjectType" : "sourceObjectType");

		if (in != inbound || !class)
			continue;
		if (!in) {
			add_read_attrs(im, r, class);
			continue;
		}
		json_array_foreach (json_object_get(r, "flows"), k, f)
			add_attr(im, r, class, text_of(f, "dest"), guess_type(im, r, f));
		json_array_foreach (json_object_get(r, "join"), k, f) {
			const char *attr = text_of(json_array_get(f, 0), "mvAttribute");

			if (attr)
				add_attr(im, r, class, attr, "string");
		}
	}
}

/* --- what does not fit --- */

/* Flows to, or from, attributes that the connector does not have. */
static void drop_flows(struct import *im, json_t *rule)
{
	bool in = streq(text_of(rule, "direction") ? text_of(rule, "direction") : "", "Inbound");
	const struct schema *s = schema_of(im, text_of(rule, "connectorType"));
	const char *class = text_of(rule, in ? "sourceObjectType" : "targetObjectType");
	const struct schema_class *c = s && class ? schema_class_find(s, class) : NULL;
	json_t *flows = json_object_get(rule, "flows");

	for (size_t i = 0; c && !s->open && i < json_array_size(flows); i++) {
		const json_t *f = json_array_get(flows, i);
		const char *attr = text_of(f, in ? "source" : "dest");

		if (!attr || schema_attr_find(c, attr) || streq(attr, "dn") ||
			streq(attr, "cloudAnchor"))
			continue;
		syncrule_note(im->notes, name_of(rule),
			arena_printf(&im->a, "flow to %s", text_of(f, "dest")),
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
	const char *type = text_of(rule, "connectorType"), *d = text_of(rule, "direction");

	if (!type || !streq(type, "entra") || !d || !streq(d, "Outbound"))
		return;
	for (size_t i = 0; i < json_array_size(flows); i++) {
		const char *dest = text_of(json_array_get(flows, i), "dest");

		if (dest && streq(dest, "dn"))
			syncrule_note(im->notes, name_of(rule), "flow to dn",
				"it is kept, and has no effect: the DN is always made of the "
				"sourceAnchor");
	}
}

static char *wrap(const json_t *rules)
{
	json_t *o = json_pack("{s:O}", "rules", rules);
	char *text = json_dumps(o, JSON_INDENT(1));

	json_decref(o);
	return text;
}

/* Would the engine take the rule by itself? */
static int try_rules(struct import *im, const json_t *rules, struct err *e)
{
	_cleanup_free_ char *text = wrap(rules);
	_cleanup_ruleset_ struct ruleset *set = NULL;

	return ruleset_load_text("import", text, im->schemas, im->n_schemas, &set, e);
}

static void disable(struct import *im, json_t *rule, const json_t *alone, const struct err *e)
{
	struct err again;

	json_object_set_new(rule, "disabled", json_true());
	im->n_disabled++;
	if (try_rules(im, alone, &again) == 0) {
		syncrule_note(im->notes, name_of(rule), "the rule",
			arena_printf(&im->a, "it was disabled: %s", e->text));
		return;
	}
	json_object_set_new(rule, "left-out", json_true());
	syncrule_note(im->notes, name_of(rule), "the rule",
		arena_printf(&im->a, "it was left out: %s", again.text));
}

static void disable_bad(struct import *im)
{
	json_t *kept = json_array(), *r;
	size_t i;

	json_array_foreach (im->rules, i, r) {
		json_t *one = json_pack("[O]", r);
		struct err e = {0};

		drop_flows(im, r);
		drop_own_dn(im, r);
		if (try_rules(im, one, &e) < 0) {
			disable(im, r, one, &e);
		} else if (streq(text_of(r, "connectorType"), "ad") &&
			   streq(text_of(r, "direction"), "Outbound")) {
			syncrule_note(im->notes, name_of(r), "the rule",
				"it is kept, and never applied: nothing is exported to AD");
		}
		if (!json_object_get(r, "left-out"))
			json_array_append(kept, r);
		json_decref(one);
	}
	json_decref(im->rules);
	im->rules = kept;
}

/* --- writing --- */

static int write_text(struct import *im, const char *name, const char *text, struct err *e)
{
	const char *path = arena_printf(&im->a, "%s/%s", im->ctl->output, name);

	return file_write(path, 0644, text, strlen(text), e);
}

/* One file for each direction and kind of connector. */
static int write_rules(struct import *im, struct err *e)
{
	static const struct {
		const char *file, *direction, *type;
	} FILES[] = {
		{"rules/10-in-from-ad.json", "Inbound", "ad"},
		{"rules/20-in-from-aad.json", "Inbound", "entra"},
		{"rules/30-out-to-aad.json", "Outbound", "entra"},
		{"rules/40-out-to-ad.json", "Outbound", "ad"},
	};
	int r = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(FILES) && r == 0; i++) {
		json_t *part = json_array(), *rule;
		size_t k;

		json_array_foreach (im->rules, k, rule)
			if (streq(text_of(rule, "direction"), FILES[i].direction) &&
				streq(text_of(rule, "connectorType"), FILES[i].type))
				json_array_append(part, rule);
		if (json_array_size(part)) {
			_cleanup_free_ char *text = wrap(part);

			r = write_text(im, FILES[i].file, text, e);
		}
		json_decref(part);
	}
	return r;
}

/* A value over several lines is continued by white space at their beginning. */
static void add_list(struct buf *b, const char *key, const json_t *list)
{
	size_t i;
	json_t *v;

	if (json_array_size(list))
		buf_addf(b, "%s = ", key);
	json_array_foreach ((json_t *)list, i, v)
		buf_addf(b, "%s%s\n", i ? "\t" : "", json_string_value(v));
}

static bool is_whole_partition(const json_t *partition)
{
	const json_t *in = json_object_get(partition, "inclusions");

	return json_array_size(in) == 1 &&
	       strcasecmp(json_string_value(json_array_get(in, 0)), text_of(partition, "dn")) == 0;
}

static void add_ad_section(struct buf *b, const json_t *c, const json_t *partition, bool several)
{
	const char *forest = text_of(c, "forest-name"), *user = text_of(c, "forest-login-user");
	const char *domain = text_of(c, "forest-login-domain"), *dn = text_of(partition, "dn");

	buf_addf(b, "\n[connector \"%s%s%s\"]\ntype = ad\n", text_of(c, "name"), several ? " " : "",
		several ? dn : "");
	buf_addf(b, "source = ldaps://%s\nbase_dn = %s\n", forest ? forest : "FILL-IN", dn);
	if (forest)
		buf_addf(b, "forest_fqdn = %s\n", forest);
	if (user)
		buf_addf(b, "bind_dn = %s%s%s\n", user, domain ? "@" : "", domain ? domain : "");
	buf_adds(b, "# The password is not in the export: put it into a file of mode 0600.\n"
		    "password_file = credential:ad-password\n");
	if (!is_whole_partition(partition))
		add_list(b, "include_ou", json_object_get(partition, "inclusions"));
	add_list(b, "exclude_ou", json_object_get(partition, "exclusions"));
}

static int write_config(struct import *im, struct err *e)
{
	_cleanup_buf_ struct buf b = {0};
	size_t i, k;
	json_t *c, *p;

	buf_adds(&b,
		"# A proposal for /etc/adsyncd/adsyncd.conf, made of Connect Sync's connectors.\n"
		"# Look at every line, and check it with: adsyncctl config check FILE\n\n"
		"[adsyncd]\n# Only the imported rules; not the ones that come with adsyncd.\n");
	buf_addf(&b, "rules = %s/rules\nmetaverse = %s/metaverse.json\n", im->ctl->output,
		im->ctl->output);
	buf_adds(&b, "\n[export]\n# Look at the first run before anything is exported.\n"
		     "staging_mode = yes\n");
	json_array_foreach (im->connectors, i, c) {
		const char *id = text_of(c, "id");
		const json_t *partitions = json_object_get(c, "partitions");

		if (id && strcasecmp(id, SYNCRULE_ENTRA_ID) == 0) {
			buf_addf(&b, "\n[connector \"%s\"]\ntype = entra\nsurface = graph\n",
				text_of(c, "name"));
			buf_adds(&b, "# An application of yours: Connect Sync's account cannot be "
				     "used.\ntenant_id = FILL-IN\nclient_id = FILL-IN\n"
				     "client_secret_file = credential:client-secret\n");
			continue;
		}
		json_array_foreach (partitions, k, p)
			add_ad_section(&b, c, p, json_array_size(partitions) > 1);
	}
	if (!json_array_size(im->connectors))
		buf_adds(&b,
			"\n# There was no file of Connectors: the sections of AD and Entra are "
			"yours to write.\n");
	return write_text(im, "adsyncd.conf.proposal", buf_str(&b), e);
}

static void print_notes(FILE *f, const json_t *notes)
{
	size_t i;
	json_t *n;

	json_array_foreach ((json_t *)notes, i, n) {
		const char *rule = text_of(n, "rule");

		fprintf(f, "%s%s%s: %s\n", rule, *rule ? ": " : "", text_of(n, "what"),
			text_of(n, "reason"));
	}
}

static int write_report(struct import *im, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	print_notes(f, im->notes);
	fclose(f);
	return write_text(im, "report.txt", text, e);
}

static int write_all(struct import *im, struct err *e)
{
	_cleanup_free_ char *text = NULL;

	TRY(dir_make(im->ctl->output, 0755, e));
	TRY(dir_make(arena_printf(&im->a, "%s/rules", im->ctl->output), 0755, e));
	TRY(write_rules(im, e));
	text = json_dumps(im->metaverse, JSON_INDENT(1) | JSON_SORT_KEYS);
	TRY(write_text(im, "metaverse.json", text, e));
	TRY(write_config(im, e));
	return write_report(im, e);
}

static int by_precedence(const void *a, const void *b)
{
	json_int_t x = json_integer_value(json_object_get(*(json_t *const *)a, "precedence"));
	json_int_t y = json_integer_value(json_object_get(*(json_t *const *)b, "precedence"));

	return (x > y) - (x < y);
}

static void sort_rules(struct import *im)
{
	size_t n = json_array_size(im->rules);
	json_t **all = xcalloc(n + 1, sizeof(json_t *)), *sorted = json_array();

	for (size_t i = 0; i < n; i++)
		all[i] = json_array_get(im->rules, i);
	qsort(all, n, sizeof(json_t *), by_precedence);
	for (size_t i = 0; i < n; i++)
		json_array_append(sorted, all[i]);
	free(all);
	json_decref(im->rules);
	im->rules = sorted;
}

/* The metaverse is loaded twice: as JSON, to add to it, and then as what rules are checked by. */
static int load_schemas(struct import *im, struct schema **ret_extended, struct err *e)
{
	const char *path = ctl_metaverse(im->ctl, &im->a);
	_cleanup_free_ char *text = NULL;
	json_error_t je;

	TRY(file_read(path, 4 * 1024 * 1024, &text, NULL, e));
	im->metaverse = json_loads(text, 0, &je);
	if (!im->metaverse)
		return err_set(e, -EINVAL, path, je.line, "%s", je.text);
	im->n_schemas = run_general_schemas(path, im->schemas, e);
	if (!im->n_schemas)
		return e->code;
	extend_metaverse(im, true);
	extend_metaverse(im, false);
	TRY(metaverse_schema_read("metaverse.json", im->metaverse, ret_extended, e));
	for (unsigned i = 0; i < im->n_schemas; i++)
		if (!im->schemas[i].connector)
			im->schemas[i].schema = *ret_extended;
	return 0;
}

static int import_all(struct import *im, int argc, char **argv, struct err *e)
{
	struct schema *extended = NULL;
	int r = 0;

	for (int i = 0; i < argc && r == 0; i++)
		r = read_path(im, argv[i], 0, e);
	if (r == 0 && !json_array_size(im->rules))
		r = err_set(e, -ENOENT, argv[0], 0, "no rule was found");
	if (r < 0)
		return r;
	sort_rules(im);
	name_connectors(im);
	r = load_schemas(im, &extended, e);
	if (r == 0) {
		disable_bad(im);
		r = try_rules(im, im->rules, e);
	}
	if (r == 0 && !im->ctl->check)
		r = write_all(im, e);
	metaverse_schema_free(extended);
	return r;
}

static void report(const struct import *im)
{
	json_t *o;

	if (im->ctl->json) {
		o = json_pack("{s:i, s:i, s:i, s:O}", "rules", (int)json_array_size(im->rules),
			"disabled", (int)im->n_disabled, "new_attributes", (int)im->n_new, "notes",
			im->notes);
		print_json(o);
		json_decref(o);
		return;
	}
	print_notes(stdout, im->notes);
	printf("%zu rules of %u files, %u of them disabled because they cannot be run; %u new "
	       "metaverse attributes; %zu notes\n",
		json_array_size(im->rules), im->n_files, im->n_disabled, im->n_new,
		json_array_size(im->notes));
	if (!im->ctl->check)
		printf("written to %s: rules/, metaverse.json, adsyncd.conf.proposal, report.txt\n",
			im->ctl->output);
}

int command_rules_import(const struct ctl *c, int argc, char **argv)
{
	struct import im = {
		.ctl = c,
		.rules = json_array(),
		.connectors = json_array(),
		.notes = json_array(),
	};
	struct err e = {0};
	int r;

	if (!c->check && !c->output) {
		fputs("adsyncctl: say where to with --output DIR, or only --check\n", stderr);
		r = CTL_USAGE;
	} else {
		r = import_all(&im, argc, argv, &e);
		if (r == 0)
			report(&im);
		else
			print_notes(stderr, im.notes);
		r = r < 0 ? ctl_fail(&e, CTL_ERRORS) : 0;
	}
	json_decref(im.rules);
	json_decref(im.connectors);
	json_decref(im.notes);
	json_decref(im.metaverse);
	arena_done(&im.a);
	return r;
}

/* --- export --- */

static int export_rule(const struct ctl *c, const struct rule *r, struct err *e)
{
	_cleanup_buf_ struct buf b = {0};
	_cleanup_free_ char *path = NULL;
	json_t *rule = json_loads(r->text, 0, NULL);
	char id[40];
	int result;

	syncrule_to_xml(rule, &b);
	syncrule_file_id(rule, id);
	json_decref(rule);
	path = xasprintf("%s/SynchronizationRule_%s.xml", c->output, id);
	result = file_write(path, 0644, buf_str(&b), b.len, e);
	return result;
}

int command_rules_export(const struct ctl *c, int argc, char **argv)
{
	_cleanup_ruleset_ struct ruleset *rules = NULL;
	const struct rule *const *all;
	struct err e = {0};
	unsigned n, i = 0;
	int r;

	if (!c->output) {
		fputs("adsyncctl: say where to with --output DIR\n", stderr);
		return CTL_USAGE;
	}
	r = ctl_load_rules(c, argc, argv, &rules, &e);
	if (r == 0)
		r = dir_make(c->output, 0755, &e);
	if (r < 0)
		return ctl_fail(&e, CTL_ERRORS);
	all = ruleset_all(rules, &n);
	for (i = 0; i < n && r == 0; i++)
		r = export_rule(c, all[i], &e);
	if (r < 0)
		return ctl_fail(&e, CTL_ERRORS);
	printf("%u rules written to %s\n", n, c->output);
	return 0;
}
