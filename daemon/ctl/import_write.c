/* What an import writes: rule files, the metaverse, a proposal for adsyncd.conf, the report. */
#include "import.h"
#include "base/file.h"

static int write_text(struct import *im, const char *name, const char *text, struct err *e)
{
	const char *path = arena_printf(&im->a, "%s/%s", im->output, name);

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
			if (streq(import_text(rule, "direction"), FILES[i].direction) &&
				streq(import_text(rule, "connectorType"), FILES[i].type))
				json_array_append(part, rule);
		if (json_array_size(part)) {
			_cleanup_free_ char *text = import_wrap(part);

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

	return json_array_size(in) == 1 && strcasecmp(json_string_value(json_array_get(in, 0)),
						   import_text(partition, "dn")) == 0;
}

static void add_ad_section(struct buf *b, const json_t *c, const json_t *partition, bool several)
{
	const char *forest = import_text(c, "forest-name"),
		   *user = import_text(c, "forest-login-user");
	const char *domain = import_text(c, "forest-login-domain"),
		   *dn = import_text(partition, "dn");

	buf_addf(b, "\n[connector \"%s%s%s\"]\ntype = ad\n", import_text(c, "name"),
		several ? " " : "", several ? dn : "");
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
		"# A proposal for " ADSYNC_CONFDIR
		"/adsyncd.conf, made of Connect Sync's connectors.\n"
		"# Look at every line, and check it with: adsyncctl config check FILE\n\n"
		"[adsyncd]\n# Only the imported rules; not the ones that come with adsyncd.\n");
	buf_addf(&b, "rules = %s/rules\nmetaverse = %s/metaverse.json\n", im->output, im->output);
	buf_adds(&b, "\n[export]\n# Look at the first run before anything is exported.\n"
		     "staging_mode = yes\n");
	json_array_foreach (im->connectors, i, c) {
		const char *id = import_text(c, "id");
		const json_t *partitions = json_object_get(c, "partitions");

		if (id && strcasecmp(id, SYNCRULE_ENTRA_ID) == 0) {
			buf_addf(&b, "\n[connector \"%s\"]\ntype = entra\nsurface = graph\n",
				import_text(c, "name"));
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

void import_print_notes(FILE *f, const json_t *notes)
{
	size_t i;
	json_t *n;

	json_array_foreach ((json_t *)notes, i, n) {
		const char *rule = import_text(n, "rule");

		fprintf(f, "%s%s%s: %s\n", rule, *rule ? ": " : "", import_text(n, "what"),
			import_text(n, "reason"));
	}
}

static int write_report(struct import *im, struct err *e)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	import_print_notes(f, im->notes);
	fclose(f);
	return write_text(im, "report.txt", text, e);
}

int import_write(struct import *im, struct err *e)
{
	_cleanup_free_ char *text = NULL;

	TRY(dir_make(im->output, 0755, e));
	TRY(dir_make(arena_printf(&im->a, "%s/rules", im->output), 0755, e));
	TRY(write_rules(im, e));
	text = json_dumps(im->metaverse, JSON_INDENT(1) | JSON_SORT_KEYS);
	TRY(write_text(im, "metaverse.json", text, e));
	TRY(write_config(im, e));
	return write_report(im, e);
}
