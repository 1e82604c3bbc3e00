/* The commands that show something. */
#include "base/json.h"
#include "ctl.h"
#include "print.h"
#include "sync/run.h"
#include "sync/view/control_error.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <time.h>

#define BUSY_TRIES 20
#define BUSY_PAUSE_MS 100

void print_json(const json_t *o)
{
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_ENCODE_ANY);

	puts(text ? text : "null");
	free(text);
}

int ctl_fail(const struct err *e, int code)
{
	char text[1100];

	fprintf(stderr, "adsyncctl: %s\n", err_format(e, text, sizeof(text)));
	return code;
}

bool ctl_number(const char *text, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, 10);
	return isdigit((unsigned char)*text) && !*end && !errno;
}

int ctl_error_exit(const char *error)
{
	return control_error_find(error) == CONTROL_ERROR_ALREADY_RUNNING ? CTL_REFUSED
	                                                                  : CTL_ERRORS;
}

/* Prints an error reply; its exit code. */
static int refused(const char *error, const json_t *parameters)
{
	const char *message = json_string_value(json_object_get(parameters, "message"));

	fprintf(stderr, "adsyncctl: %s\n", message ? message : error);
	return ctl_error_exit(error);
}

/* One call and one reply; parameters are borrowed. Negative with *e when there was no reply. */
static int ask_once(const struct ctl *c, const char *method, json_t *parameters, json_t **ret,
	char **ret_error, struct err *e)
{
	struct client *client = NULL;
	bool more;
	int r = client_open(c->socket, &client, e);

	TRY(r);
	r = client_call(client, method, json_incref(parameters), false, e);
	if (r == 0)
		r = client_reply(client, ret, ret_error, &more, e);
	client_close(client);
	return r;
}

/* The daemon waits for nobody: when it is busy for a moment, the one who asks waits. */
int ctl_ask(const struct ctl *c, const char *method, json_t *parameters, json_t **ret)
{
	const struct timespec pause = {0, BUSY_PAUSE_MS * 1000000L};
	_cleanup_free_ char *error = NULL;
	json_t *reply = NULL;
	struct err e = {0};
	int r;

	for (int i = 0;; i++) {
		r = ask_once(c, method, parameters, &reply, &error, &e);
		if (r < 0 || !error || control_error_find(error) != CONTROL_ERROR_BUSY ||
			i == BUSY_TRIES)
			break;
		json_decref(reply);
		reply = NULL;
		free(steal(&error));
		nanosleep(&pause, NULL);
	}
	json_decref(parameters);
	if (r < 0)
		return ctl_fail(&e, CTL_NO_DAEMON);
	if (error) {
		r = refused(error, reply);
		json_decref(reply);
		return r;
	}
	*ret = reply;
	return CTL_GOOD;
}

int ctl_ask_text(const struct ctl *c, const char *method, json_t *parameters, const char *member,
	json_t **ret)
{
	json_t *o, *shown;
	int r = ctl_ask(c, method, parameters, &o);

	if (r)
		return r;
	shown = json_incref(member ? json_object_get(o, member) : o);
	json_decref(o);
	*ret = c->json ? NULL : shown;
	if (c->json) {
		print_json(shown);
		json_decref(shown);
	}
	return 0;
}

int ctl_show(const struct ctl *c, const char *method, json_t *parameters, const char *key,
	void (*text)(const json_t *o))
{
	json_t *o;
	int r = ctl_ask_text(c, method, parameters, key, &o);

	if (r || c->json)
		return r;
	text(o);
	json_decref(o);
	return 0;
}

int ctl_list(const struct ctl *c, const char *method, json_t *parameters, const char *key,
	const struct column *columns, unsigned n)
{
	json_t *o;
	int r = ctl_ask_text(c, method, parameters, key, &o);

	if (r || c->json)
		return r;
	print_table(o, columns, n);
	json_decref(o);
	return 0;
}

static void show_steps(const json_t *run)
{
	const json_t *steps = json_object_get(run, "steps");
	int wide = print_width(steps, "connector", 24);
	size_t i;
	json_t *st;

	json_array_foreach ((json_t *)steps, i, st) {
		const char *error = json_string_value(json_object_get(st, "error"));

		printf(" %2lld  ", (long long)json_integer_value(json_object_get(st, "step")));
		print_step(st, text_of(st, "result"), wide);
		puts("");
		if (error)
			printf("       %s\n", error);
	}
}

int command_status(const struct ctl *c, int argc, char **argv)
{
	static const struct column columns[] = {
		{"CONNECTOR", "name"},
		{"TYPE", "type"},
		{"OBJECTS", "objects"},
		{"JOINED", "connectors"},
		{"BLOCKED", "blocked"},
		{"ADD", "pending_add"},
		{"UPDATE", "pending_update"},
		{"DELETE", "pending_delete"},
		{"AWAITING", "awaiting_confirmation"},
		{"ERRORS", "errors"},
		{"LAST IMPORT", "last_import"},
	};
	_cleanup_json_ json_t *head = NULL;
	const json_t *last;
	json_t *o;
	int r = ctl_ask_text(c, "GetStatus", NULL, NULL, &o);

	if (r || c->json)
		return r;
	head = json_copy(o);
	json_object_update(head, json_object_get(o, "scheduler"));
	print_fields(head, "");
	last = json_object_get(o, "last_run");
	if (json_is_object(last)) {
		puts("\nLast run:");
		print_fields(last, "  ");
	}
	puts("");
	print_table(json_object_get(o, "connectors"), columns, ARRAY_SIZE(columns));
	json_decref(o);
	return 0;
}

int command_run_list(const struct ctl *c, int argc, char **argv)
{
	static const struct column columns[] = {
		{"RUN", "run"},
		{"POLICY", "policy"},
		{"STARTED", "started"},
		{"ENDED", "ended"},
		{"RESULT", "result"},
	};

	return ctl_list(c, "ListRuns", NULL, "runs", columns, ARRAY_SIZE(columns));
}

static void print_run(const json_t *run)
{
	print_fields(run, "");
	show_steps(run);
}

int command_run_show(const struct ctl *c, int argc, char **argv)
{
	int64_t number = 0; /* the last one */

	if (argc && !ctl_number(argv[0], &number)) {
		fprintf(stderr,
			"adsyncctl: \"%s\" is not the number of a run; see adsyncctl run list\n",
			argv[0]);
		return CTL_USAGE;
	}
	return ctl_show(
		c, "GetRun", json_pack("{s:I}", "run", (json_int_t)number), "run", print_run);
}

static const struct column object_columns[] = {
	{"CONNECTOR", "connector"},
	{"CLASS", "class"},
	{"STATE", "state"},
	{"BLOCKED", "blocked"},
	{"MV", "mv"},
	{"DN", "dn"},
};

int command_cs_search(const struct ctl *c, int argc, char **argv)
{
	json_t *p = json_pack("{s:s}", "text", argv[0]);

	if (c->connector)
		json_object_set_new(p, "connector", json_string(c->connector));
	return ctl_list(c, "SearchConnectorSpace", p, "objects", object_columns,
		ARRAY_SIZE(object_columns));
}

/* A table with a heading; nothing where it has no rows. */
static void print_part(
	const json_t *rows, const char *heading, const struct column *columns, unsigned n)
{
	if (!json_array_size(rows))
		return;
	printf("\n%s:\n", heading);
	print_table(rows, columns, n);
}

static void print_cs(const json_t *row)
{
	static const struct column references[] = {
		{"ATTRIBUTE", "attribute"},
		{"IMPORTED", "imported"},
		{"WANTED", "wanted"},
		{"STATE", "state"},
		{"TARGET", "target"},
	};
	const json_t *error = json_object_get(row, "error");

	print_fields(row, "");
	if (json_is_object(error)) {
		puts("\nError:");
		print_fields(error, "  ");
	}
	print_attributes(json_object_get(row, "imported"), "Imported", "");
	print_attributes(json_object_get(row, "acknowledged"),
		"Accepted; the directory does not show it", "(sent, and no answer is known)");
	print_attributes(json_object_get(row, "wanted_attributes"), "Wanted", "(cleared)");
	print_changes(json_object_get(row, "pending_export"));
	print_part(json_object_get(row, "references"), "References", references,
		ARRAY_SIZE(references));
}

int command_cs_show(const struct ctl *c, int argc, char **argv)
{
	return ctl_show(c, "GetConnectorSpaceObject",
		json_pack("{s:s, s:s}", "connector", argv[0], "name", argv[1]), "object", print_cs);
}

static void print_mv(const json_t *row)
{
	static const struct column references[] = {
		{"ATTRIBUTE", "attribute"},
		{"TARGET", "target"},
		{"NAME", "displayName"},
	};
	static const struct column connectors[] = {
		{"CONNECTOR", "connector"},
		{"STATE", "state"},
		{"BLOCKED", "blocked"},
		{"RULE", "rule"},
		{"DN", "dn"},
	};

	print_fields(row, "");
	print_attributes(json_object_get(row, "attributes"), "Attributes", "(cleared)");
	print_part(json_object_get(row, "references"), "References", references,
		ARRAY_SIZE(references));
	puts("\nConnectors:");
	print_table(json_object_get(row, "connectors"), connectors, ARRAY_SIZE(connectors));
}

int command_mv_show(const struct ctl *c, int argc, char **argv)
{
	static const struct column lineage[] = {
		{"ATTRIBUTE", "attribute"},
		{"VALUE", "value", 40},
		{"RULE", "rule"},
		{"CONNECTOR", "connector"},
		{"SINCE", "time"},
		{"OBJECT", "object"},
	};
	json_t *p = json_pack("{s:s}", "name", argv[0]);

	return c->lineage ? ctl_list(c, "GetLineage", p, "lineage", lineage, ARRAY_SIZE(lineage))
	                  : ctl_show(c, "GetMetaverseObject", p, "object", print_mv);
}

int command_errors(const struct ctl *c, int argc, char **argv)
{
	static const struct column columns[] = {
		{"CONNECTOR", "connector"},
		{"PHASE", "phase"},
		{"TARGET", "target"},
		{"TYPE", "type"},
		{"COUNT", "count"},
		{"FIRST", "first"},
		{"LAST", "last"},
		{"RETRY", "retry_at"},
		{"OBJECT", "source_dn"},
		{"DN", "dn"},
		{"TEXT", "text"},
	};

	return ctl_list(c, "ListErrors", NULL, "errors", columns, ARRAY_SIZE(columns));
}

/* What single connectors and classes have of their own. */
static void print_own(const struct settings *s, const char *kind, const char *name)
{
	for (unsigned i = 0; i < s->n_own; i++) {
		const struct setting_own *o = &s->own[i];
		const char *word = setting_word(o->def, strtoll(o->value, NULL, 10));

		printf("[%s%s%s%s] %s = %s (line %d)\n", kind, *name ? " \"" : "", name,
			*name ? "\"" : "", o->written, word ? word : o->value, o->line);
	}
}

static json_t *config_warnings(const struct config *cfg)
{
	json_t *a = json_array();

	for (unsigned i = 0; cfg && i < cfg->n_warnings; i++)
		json_array_append_new(a, json_string(cfg->warnings[i]));
	return a;
}

/* Offline: the file, and the rules that it names. */
int command_config_check(const struct ctl *c, int argc, char **argv)
{
	const char *path = argc ? argv[0] : c->config;
	_cleanup_config_ struct config *cfg = NULL;
	struct rules *rules = NULL;
	struct err e = {0};
	unsigned n = 0;
	char text[1100];
	int r = config_load(path, &cfg, &e);

	if (r == 0)
		r = rules_load(cfg, &rules, &e);
	if (rules)
		ruleset_all(rules->set, &n);
	rules_free(rules);
	if (c->json) {
		json_t *o = json_pack("{s:b, s:s, s:i, s:o}", "good", r == 0, "error",
			r < 0 ? err_format(&e, text, sizeof(text)) : "", "rules", (int)n,
			"warnings", config_warnings(cfg));

		print_json(o);
		json_decref(o);
		return r < 0 ? CTL_ERRORS : 0;
	}
	for (unsigned i = 0; cfg && i < cfg->n_warnings; i++)
		fprintf(stderr, "adsyncctl: warning: %s\n", cfg->warnings[i]);
	if (r < 0)
		return ctl_fail(&e, CTL_ERRORS);
	printf("%s: good; %u connectors, %u rules\n", path, cfg->n_connectors, n);
	print_own(&cfg->export, "export", "");
	for (unsigned i = 0; i < cfg->n_connectors; i++)
		print_own(&cfg->connectors[i].settings, "connector",
			cfg->connectors[i].settings.name);
	return 0;
}
