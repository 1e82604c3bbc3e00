/*
 * adsyncctl rules import: from the files of Get-ADSyncServerConfiguration to ours. It writes rule
 * files, a metaverse that has the attributes that the rules name, and a proposal for adsyncd.conf;
 * all that has no counterpart is in its report.
 */
#include "import.h"
#include "base/file.h"
#include "lang/import/dsml.h"
#include "lang/rule/metaverse.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#define FILES_MAX 5000

static const char *name_of(const json_t *rule)
{
	return import_text(rule, "name");
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

/* The schema that the file has of a connector or of the metaverse: new attributes get their types.
 */
static void describe(struct import *im, const char *key, const struct xml_node *root)
{
	json_t *classes = key ? dsml_classes(root) : NULL;
	char *lower = arena_strdup(&im->a, key ? key : "");

	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	if (classes)
		json_object_set_new(im->described, lower, classes);
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
	describe(im, import_text(o, "id"), root);
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
	if (streq(root->name, "saved-mv-configuration") || streq(root->name, "mv-data")) {
		describe(im, DESCRIBED_MV, root);
		return 0;
	}
	if (!streq(root->name, "synchronizationRule")) {
		syncrule_remark(im->notes, "", path,
			arena_printf(&im->a,
				"<%s> is neither a rule nor a connector; the file was "
				"not used",
				root->name));
		return 0;
	}
	rule = syncrule_from_xml(path, root, im->notes, &im->a, e);
	if (!rule)
		return -EINVAL;
	if (im->ctl->custom && import_text(rule, "immutableTag"))
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
		if (import_text(c, "id") && strcasecmp(import_text(c, "id"), id) == 0)
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
		const char *id = import_text(r, "connectorId");

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
		const char *id = import_text(r, "connectorId");
		const json_t *c = id ? connector_of_id(im, id) : NULL;
		const char *name = c ? import_text(c, "name") : NULL;

		if (!id || !several)
			continue;
		if (!name) {
			name = arena_printf(&im->a, "ad-%.8s", id + (*id == '{'));
			syncrule_remark(im->notes, name_of(r), "connector",
				arena_printf(&im->a,
					"no file tells the name of connector %s; it is called "
					"\"%s\" here",
					id, name));
		}
		json_object_set_new(r, "connector", json_string(name));
	}
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

/* The metaverse: as JSON first, to add to it, and then as what rules are checked by. */
static int load_schemas(struct import *im, struct schema **ret_extended, struct err *e)
{
	const char *path = ctl_metaverse(im->ctl, &im->a);

	TRY(metaverse_json(path, &im->metaverse, e));
	im->n_schemas = rules_general_schemas(NULL, &im->a, im->schemas);
	import_extend_metaverse(im);
	TRY(metaverse_schema_read(path ? path : "metaverse.json", im->metaverse, ret_extended, e));
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
		import_fit_rules(im);
		r = import_try_rules(im, im->rules, e);
	}
	if (r == 0 && !im->ctl->check)
		r = import_write(im, e);
	metaverse_schema_free(extended);
	return r;
}

/* What became of the rules. */
struct balance {
	unsigned rules, same, changed, lost;
	unsigned flows, other; /* of lost: flows, and what is neither a flow nor a rule */
};

static bool is_changed(const struct import *im, const json_t *rule)
{
	size_t i;
	json_t *n;

	json_array_foreach (im->notes, i, n)
		if (json_is_true(json_object_get(n, "lost")) &&
			streq(import_text(n, "rule"), name_of(rule)))
			return true;
	return false;
}

static struct balance balance(const struct import *im)
{
	struct balance b = {.rules = im->n_left_out};
	size_t i;
	json_t *r, *n;

	json_array_foreach (im->rules, i, r) {
		b.rules++;
		if (is_changed(im, r))
			b.changed++;
		else
			b.same++;
	}
	json_array_foreach (im->notes, i, n) {
		if (!json_is_true(json_object_get(n, "lost")))
			continue;
		b.lost++;
		if (str_starts(import_text(n, "what"), "flow to "))
			b.flows++;
		else if (!streq(import_text(n, "what"), IMPORT_WHOLE_RULE))
			b.other++;
	}
	return b;
}

/* The last line: all in one. */
static void print_balance(const struct import *im, const struct balance *b)
{
	const struct {
		unsigned n;
		const char *one, *many;
	} WHY[] = {
		{b->flows, "flow left out", "flows left out"},
		{b->other, "element left out", "elements left out"},
		{im->n_disabled - im->n_left_out, "rule disabled", "rules disabled"},
		{im->n_left_out, "rule left out", "rules left out"},
	};
	bool any = false;

	printf("%u rules: %u as they were, %u changed", b->rules, b->same,
		b->changed + im->n_left_out);
	for (unsigned i = 0; i < ARRAY_SIZE(WHY); i++) {
		if (!WHY[i].n)
			continue;
		printf("%s%u %s", any ? ", " : " (", WHY[i].n,
			WHY[i].n == 1 ? WHY[i].one : WHY[i].many);
		any = true;
	}
	puts(any ? ")" : "");
}

static void report(const struct import *im, const struct balance *b)
{
	json_t *o;

	if (im->ctl->json) {
		o = json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:O}", "rules",
			(int)json_array_size(im->rules), "as_they_were", (int)b->same, "changed",
			(int)(b->changed + im->n_left_out), "disabled", (int)im->n_disabled,
			"left_out", (int)im->n_left_out, "new_attributes", (int)im->n_new, "notes",
			im->notes);
		print_json(o);
		json_decref(o);
		return;
	}
	import_print_notes(stdout, im->notes);
	printf("%u files were read, %u metaverse attributes are new\n", im->n_files, im->n_new);
	if (!im->ctl->check)
		printf("written to %s: rules/, metaverse.json, adsyncd.conf.proposal, report.txt\n",
			im->output);
	print_balance(im, b);
}

int command_rules_import(const struct ctl *c, int argc, char **argv)
{
	struct import im = {
		.ctl = c,
		.output = c->output,
		.rules = json_array(),
		.connectors = json_array(),
		.notes = json_array(),
		.described = json_object(),
	};
	struct balance b;
	char cwd[4096];
	struct err e = {0};
	int r;

	if (c->output && *c->output != '/' && getcwd(cwd, sizeof(cwd)))
		im.output = arena_printf(&im.a, "%s/%s", cwd, c->output);
	if (!c->check && !c->output) {
		fputs("adsyncctl: say where to with --output DIR, or only --check\n", stderr);
		r = CTL_USAGE;
	} else {
		r = import_all(&im, argc, argv, &e);
		b = balance(&im);
		if (r == 0)
			report(&im, &b);
		else
			import_print_notes(stderr, im.notes);
		r = r < 0 ? ctl_fail(&e, CTL_ERRORS) : c->check && b.lost ? CTL_ERRORS : 0;
	}
	json_decref(im.rules);
	json_decref(im.connectors);
	json_decref(im.notes);
	json_decref(im.described);
	json_decref(im.metaverse);
	arena_done(&im.a);
	return r;
}
