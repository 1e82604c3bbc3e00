/*
 * adsyncctl, and start-sync-cycle under that name: clients of the control socket. A new command is
 * a row of the table and a function.
 */
#include "ctl.h"

#include <getopt.h>
#include <stdio.h>

#ifndef ADSYNC_RUNDIR
#define ADSYNC_RUNDIR "/run/adsyncd"
#endif

static const struct command commands[] = {
	{NULL, "status", "", "scheduler, last run, connectors", 0, 0, command_status},
	{NULL, "start-sync-cycle", "[delta|initial] [--wait]", "starts a cycle", 0, 1,
		command_start},
	{NULL, "stop", "", "stops the run in progress, harmlessly", 0, 0, command_stop},
	{NULL, "reload", "", "reads the configuration again", 0, 0, command_reload},
	{"errors", "retry", "DN [--connector NAME]", "the next export sends the object again", 1, 1,
		command_errors_retry},
	{NULL, "errors", "", "errors of objects, and what to do", 0, 0, command_errors},
	{"run", "list", "", "the last runs", 0, 0, command_run_list},
	{"run", "show", "[RUN]", "the steps of a run, with their counters", 0, 1, command_run_show},
	{"run", "start", "PROFILE [--connector NAME] [--wait]", "runs one profile", 1, 1,
		command_run_start},
	{"connector", "list", "", "the connectors and their numbers", 0, 0, command_connector_list},
	{"connector", "show", "NAME", "settings, how changes are found, numbers", 1, 1,
		command_connector_show},
	{"connector", "statistics", "[NAME]", "objects by class", 0, 1,
		command_connector_statistics},
	{"connector", "test", "NAME", "connects, signs in, looks at rights and schema", 1, 1,
		command_connector_test},
	{"cs", "show", "CONNECTOR DN|ANCHOR", "an object of a connector space", 2, 2,
		command_cs_show},
	{"cs", "search", "TEXT [--connector NAME]", "objects whose DN or anchor has the text", 1, 1,
		command_cs_search},
	{"pending", "list", "[--connector NAME]", "objects that the next export would send", 0, 0,
		command_pending_list},
	{"pending", "diff", "[DN] [--connector NAME]", "what it would change, value by value", 0, 1,
		command_pending_diff},
	{"pending", "csv", "[--connector NAME]", "the same for a spreadsheet", 0, 0,
		command_pending_csv},
	{"threshold", "show", "", "the deletion threshold, and what is staged", 0, 0,
		command_threshold_show},
	{"threshold", "set", "NUMBER|default", "sets it; 0 switches it off", 1, 1,
		command_threshold_set},
	{"threshold", "override-once", "", "lets the next export delete what is staged", 0, 0,
		command_threshold_override},
	{"mv", "show", "NUMBER|DN [--lineage]", "an object of the metaverse; which rule gave what",
		1, 1, command_mv_show},
	{NULL, "preview", "DN [--connector NAME]", "what a synchronization of an object would do",
		1, 1, command_preview},
	{"rules", "list", "[FILE|DIR...]", "the rules in order of precedence", 0, 1000,
		command_rules_list},
	{"rules", "show", "RULE [FILE|DIR...]", "a rule as it is written", 1, 1000,
		command_rules_show},
	{"rules", "explain", "RULE|ATTRIBUTE [FILE|DIR...]",
		"what a rule does, or what flows to an attribute", 1, 1000, command_rules_explain},
	{"rules", "validate", "[FILE|DIR...]", "checks rules, and warns", 0, 1000,
		command_rules_validate},
	{"rules", "diff", "OLD NEW", "differences between files or folders of rules", 2, 2,
		command_rules_diff},
	{"rules", "eval", "--expr 'EXPR' [--entry FILE]", "evaluates an expression", 0, 0,
		command_rules_eval},
	{"rules", "import", "[--check] [--custom] [--output DIR] FILE|DIR...",
		"reads Connect Sync's own rules and connectors", 1, 1000, command_rules_import},
	{"rules", "export", "--output DIR [FILE|DIR...]", "writes rules as Connect Sync's XML", 0,
		1000, command_rules_export},
	{"config", "check", "[FILE]", "checks the configuration and its rules", 0, 1,
		command_config_check},
};

static void usage(FILE *f)
{
	fputs("Usage: adsyncctl [--json] [--socket PATH] COMMAND\n"
	      "       start-sync-cycle [delta|initial] [--wait]\n\n",
		f);
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];
		char line[128];

		snprintf(line, sizeof(line), "%s%s%s %s", c->group ? c->group : "",
			c->group ? " " : "", c->name, c->arguments);
		fprintf(f, "  %-58s %s\n", line, c->help);
	}
	fputs("\nExit codes: 0 good, 1 ended with errors or not found, 2 usage, 3 a run is in\n"
	      "progress already, 4 adsyncd cannot be reached.\n",
		f);
}

static const struct command *find(int argc, char **argv, int *ret_words)
{
	for (unsigned i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *c = &commands[i];

		*ret_words = c->group ? 2 : 1;
		if (argc < *ret_words)
			continue;
		if (c->group ? streq(argv[0], c->group) && streq(argv[1], c->name)
			     : streq(argv[0], c->name))
			return c;
	}
	return NULL;
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	const struct command *c;
	int words;

	if (argc == 0) {
		usage(stderr);
		return CTL_USAGE;
	}
	c = find(argc, argv, &words);
	if (!c) {
		fprintf(stderr, "adsyncctl: unknown command \"%s%s%s\"; see adsyncctl --help\n",
			argv[0], argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
		return CTL_USAGE;
	}
	argc -= words;
	if (argc < c->min || argc > c->max) {
		fprintf(stderr, "Usage: adsyncctl %s%s%s %s\n", c->group ? c->group : "",
			c->group ? " " : "", c->name, c->arguments);
		return CTL_USAGE;
	}
	return c->run(ctl, argc, argv + words);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"json", no_argument, NULL, 'j'},
		{"wait", no_argument, NULL, 'w'},
		{"socket", required_argument, NULL, 's'},
		{"connector", required_argument, NULL, 'c'},
		{"config", required_argument, NULL, 'f'},
		{"metaverse", required_argument, NULL, 'm'},
		{"output", required_argument, NULL, 'o'},
		{"expr", required_argument, NULL, 'e'},
		{"entry", required_argument, NULL, 'n'},
		{"check", no_argument, NULL, 'k'},
		{"custom", no_argument, NULL, 'u'},
		{"lineage", no_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'v'},
		{0},
	};
	struct ctl ctl = {.socket = getenv("ADSYNCD_SOCKET"), .config = ADSYNC_CONFIG};
	const char *self = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	int o;

	ctl.socket = ctl.socket ? ctl.socket : ADSYNC_RUNDIR "/control";
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'j':
			ctl.json = true;
			break;
		case 'w':
			ctl.wait = true;
			break;
		case 's':
			ctl.socket = optarg;
			break;
		case 'c':
			ctl.connector = optarg;
			break;
		case 'f':
			ctl.config = optarg;
			break;
		case 'm':
			ctl.metaverse = optarg;
			break;
		case 'o':
			ctl.output = optarg;
			break;
		case 'e':
			ctl.expr = optarg;
			break;
		case 'n':
			ctl.entry = optarg;
			break;
		case 'k':
			ctl.check = true;
			break;
		case 'u':
			ctl.custom = true;
			break;
		case 'l':
			ctl.lineage = true;
			break;
		case 'h':
			usage(stdout);
			return 0;
		case 'v':
			printf("%s " ADSYNC_VERSION "\n", self);
			return 0;
		default:
			usage(stderr);
			return CTL_USAGE;
		}
	}
	if (streq(self, "start-sync-cycle")) {
		if (argc - optind > 1) {
			fputs("Usage: start-sync-cycle [delta|initial] [--wait]\n", stderr);
			return CTL_USAGE;
		}
		return command_start(&ctl, argc - optind, argv + optind);
	}
	return run(&ctl, argc - optind, argv + optind);
}
