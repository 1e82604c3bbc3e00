/*
 * adsyncctl, and start-sync-cycle under that name: clients of the control socket. A new command is
 * a row of commands.inc and a function.
 */
#include "ctl.h"

#include <getopt.h>
#include <stdio.h>

static const struct command commands[] = {
#define COMMAND(group, name, arguments, least, most, function, help, more) \
	{group, name, arguments, help, least, most, command_##function},
#include "commands.inc"
#undef COMMAND
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
#define OPTION(letter, word, argument, help) \
	{word, argument ? required_argument : no_argument, NULL, letter},
#include "commands.inc"
#undef OPTION
		{0},
	};
	struct ctl ctl = {
		.socket = getenv("ADSYNCD_SOCKET"), .config = ADSYNC_CONFDIR "/adsyncd.conf"};
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
		case 'F':
			ctl.file = optarg;
			break;
		case 'G':
			ctl.of_group = optarg;
			break;
		case 'O':
			ctl.ou = optarg;
			break;
		case 'T':
			ctl.filter = optarg;
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
